"""
What seals say of the read models, held against a replay: for auditors.

A seal covers a size below its own position, so the digests are taken when the replay is there and
compared when the seal comes. A read model of another version than this software's is not checked:
only software that has the old one can render it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ledger.domain.core.event import Logged
from ledger.domain.government.seal import LedgerSealed
from ledger.follow.audit import Forgotten, RuleBroken
from projections.engine.digest import Replay
from projections.engine.projection import ReadModel
from projections.engine.row_cache import Touched


@dataclass(slots=True)
class HeldToSeals:
    """How many digests were compared, what could not be, and those of seals that are to come."""

    compared: int = 0
    unchecked: list[tuple[int, str]] = field(default_factory=list)
    taken: dict[int, Mapping[str, str]] = field(default_factory=dict)


class FoldedModels(Protocol):
    """Read models after the first `size` entries: in memory here, on disk in `run.folded`."""

    held: HeldToSeals

    @property
    def size(self) -> int:
        """How many entries were folded."""
        ...  # pragma: no cover

    def fold(self, logged: Logged) -> None:
        """Fold in the next event."""
        ...  # pragma: no cover

    def digests(self) -> Mapping[str, str]:
        """Return the digest of each read model."""
        ...  # pragma: no cover


class FoldedInMemory:
    """Read models in memory, all rows of them."""

    def __init__(self, models: Sequence[ReadModel]) -> None:
        self.size, self.held = 0, HeldToSeals()
        self._replays = [Replay(model) for model in models]
        self._touched = Touched(self._replays)

    def fold(self, logged: Logged) -> None:
        """Fold in the next event."""
        for each in self._touched[type(logged.event.body)]:
            each.fold(logged)
        self.size += 1

    def digests(self) -> Mapping[str, str]:
        """Return the digest of each read model."""
        return {each.model.name: each.result() for each in self._replays}


class SealCheck:
    """Follows a replay that folds read models, and holds seals, of these sizes, against them."""

    def __init__(
        self, folded: FoldedModels, models: Sequence[ReadModel], sizes: Collection[int]
    ) -> None:
        self._folded, self._sizes, self._began = folded, sizes, folded.size
        self._versions = {model.name: model.version for model in models}

    @property
    def digests(self) -> int:
        """How many digests were compared."""
        return self._folded.held.compared

    def follow(self, logged: Logged) -> None:
        """Take in the next event, unless that is done already.

        Raises `RuleBroken` for a seal that lies, and `Forgotten`.
        """
        held, body = self._folded.held, logged.event.body
        if logged.position < self._folded.size:
            return
        if logged.position in self._sizes:
            held.taken[logged.position] = self._folded.digests()
        if isinstance(body, LedgerSealed) and body.size in self._sizes:
            self._compare(body, logged.position)
            del held.taken[body.size]
        self._folded.fold(logged)

    def _compare(self, body: LedgerSealed, position: int) -> None:
        held = self._folded.held
        if body.size < self._began and body.size not in held.taken:
            raise Forgotten(f"a seal covers {body.size} entries, before where this audit went on")
        for said in body.projections:
            if self._versions.get(said.projection) != said.version:
                what = f"{said.projection}, version {said.version}, is not one of this software"
                held.unchecked.append((position, what))
            elif held.taken[body.size].get(said.projection) != said.sha256:
                reason = f"{said.projection} has another digest at size {body.size}"
                raise RuleBroken(position, "SEAL_MISMATCH", reason)
            else:
                held.compared += 1
