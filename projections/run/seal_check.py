"""
What seals say of the read models, held against a replay: for auditors.

A seal covers a size below its own position, so the digests are taken when the replay is there and
compared when the seal comes. A read model of another version than this software's is not checked:
only software that has the old one can render it.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from ledger.domain.core.event import Logged
from ledger.domain.government.seal import LedgerSealed
from ledger.follow.audit import RuleBroken
from projections.engine.digest import Replay
from projections.engine.projection import ReadModel
from projections.engine.row_cache import Touched


@dataclass(slots=True)
class SealCheck:
    """Follows a replay; `digests` counts those that were compared, `unchecked` says which not."""

    models: Sequence[ReadModel]
    sizes: Collection[int]
    digests: int = 0
    unchecked: list[tuple[int, str]] = field(default_factory=list)

    def follow(self, events: Iterable[Logged]) -> Iterator[Logged]:
        """Yield the events as they come. Raises `RuleBroken` for a seal that lies."""
        replays = {model.name: Replay(model) for model in self.models}
        touched, taken = Touched(list(replays.values())), dict[int, dict[str, str]]()
        for logged in events:
            if logged.position in self.sizes:
                taken[logged.position] = {name: each.result() for name, each in replays.items()}
            body = logged.event.body
            if isinstance(body, LedgerSealed) and body.size in self.sizes:
                self._compare(body, logged.position, taken.pop(body.size, {}))
            for each in touched[type(body)]:
                each.fold(logged)
            yield logged

    def _compare(self, body: LedgerSealed, position: int, ours: dict[str, str]) -> None:
        versions = {model.name: model.version for model in self.models}
        for said in body.projections:
            if versions.get(said.projection) != said.version:
                what = f"{said.projection}, version {said.version}, is not one of this software"
                self.unchecked.append((position, what))
            elif ours.get(said.projection) != said.sha256:
                reason = f"{said.projection} has another digest at size {body.size}"
                raise RuleBroken(position, "SEAL_MISMATCH", reason)
            else:
                self.digests += 1
