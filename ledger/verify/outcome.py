"""What a verification ends with: `Verified`, or `Refused` with the step and the first bad position.

There is no third way: what could not be checked is listed as such, and never counts as passed.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from ledger.court import DEMONSTRATION, Delays, dated, delays_told, spelled
from ledger.log.encoding import write_base64
from ledger.log.merkle import LogError
from ledger.log.tree_head import Checkpoint
from ledger.wire.canonical import WireError
from ledger.wire.shown import visible
from ledger.wire.told import Told


class Check(StrEnum):
    """The steps of a verification, in order: what each one makes sure of."""

    TRUST = "the trust root is pinned"
    CHECKPOINT = "the checkpoint is signed by every key of the log"
    TREE = "every entry hashes into its tile, and every tile up to the root"
    GENESIS = "entry 0 is the trusted genesis"
    FORM = "every entry is a strict frame around a canonical payload"
    IDENTITY = "every event is meant for this ledger, in time, and there once"
    LISTS = "subjects and signers are sorted"
    SIGNATURES = "every signature verifies, and binds by a key in force at its position"
    CONSISTENCY = "the earlier checkpoint is of a prefix"
    HISTORY = "what is shown of a subject is its whole history, up to the size of the seal"
    OPENINGS = "every opening is of what an entry is committed to"

    @property
    def number(self) -> int:
        """Return the step's number, from 1."""
        return list(Check).index(self) + 1


class CheckState(StrEnum):
    """How a step ended that did not fail."""

    PASSED = "passed"
    UNCHECKED = "unchecked"
    """It found nothing wrong, and something of it could not be checked: that is listed."""
    NOT_RUN = "not run"


def states(
    unchecked: Collection[Check] = (), idle: Collection[Check] = ()
) -> tuple[CheckState, ...]:
    """Return how each step ended, in order: passed, where it is neither unchecked nor idle."""
    said = {
        **dict.fromkeys(unchecked, CheckState.UNCHECKED),
        **dict.fromkeys(idle, CheckState.NOT_RUN),
    }
    return tuple(said.get(step, CheckState.PASSED) for step in Check)


class VerifyError(Told):
    """Superclass of the errors of this package. Never raised itself."""


class Refused(VerifyError):
    """A step fails. `position` is the first bad one, `path` the file at fault, where known."""

    def __init__(
        self, step: Check, reason: str, position: int | None = None, path: str | None = None
    ) -> None:
        # All four are the exception's arguments, so it survives the way from another process.
        super().__init__(step, reason, position, path)
        self.step, self.reason, self.position, self.path = step, reason, position, path

    def __str__(self) -> str:
        at = "" if self.position is None else f", entry {self.position}"
        where = f", {self.path}" if self.path else ""
        return visible(f"step {self.step.number} ({self.step}){at}{where}: {self.reason}")

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        step = {"step": self.step.number, "label": str(self.step)}
        where = {"position": self.position, "path": self.path}
        return {"verified": False, **step, **where, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Verified:
    """No step fails, up to a checkpoint; of a receipt, for the entry at `position`.

    `steps` has the state of each step, in order; `signatures` counts those of parties; `unchecked`
    has what could not be checked, and where; `log_keys` are the vkeys that sign this log's
    checkpoints from there on, `refusal_keys` those that ever signed refusals and promises;
    `histories` are subjects of which everything was shown below a size.
    `vouched` has the positions of events that rest on a vouched key, each with where that was;
    `delays` are the one that holds as it is signed and the least that was ever adopted, in seconds;
    `demonstration` says that there is a time at which nothing waits, None that this is not shown;
    `times` are when the checkpoint was signed, and by whom.
    `shown` is what was verified beside, as JSON members; `lines` are the same for people, `text`
    is all of it, where the one file for courts has said it.
    """

    checkpoint: Checkpoint
    steps: tuple[CheckState, ...]
    signatures: int
    unchecked: tuple[tuple[int, str], ...] = ()
    position: int | None = None
    log_keys: tuple[str, ...] = ()
    refusal_keys: tuple[str, ...] = ()
    vouched: tuple[tuple[int, int], ...] = ()
    demonstration: bool | None = False
    delays: Delays | None = None
    times: tuple[tuple[datetime, str], ...] = field(default=(), compare=False)
    histories: tuple[tuple[str, int], ...] = ()
    shown: Mapping[str, Any] = field(default_factory=dict, compare=False)
    lines: tuple[str, ...] = ()
    text: str = field(default="", compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        steps = zip(Check, self.steps, strict=True)
        return {
            "verified": True,
            "origin": self.checkpoint.origin,
            "size": self.checkpoint.size,
            "root": write_base64(self.checkpoint.root),
            "position": self.position,
            "steps": [{"step": s.number, "label": str(s), "state": str(at)} for s, at in steps],
            "signatures": self.signatures,
            "demonstration": self.demonstration,
            "delay": self.delays and dict(zip(("seconds", "least"), self.delays, strict=True)),
            "signed": [{"by": name, "at": spelled(at)} for at, name in self.times],
            "vouched": [{"position": at, "vouched_at": since} for at, since in self.vouched],
            **self.shown,
            "histories": [{"subject": name, "below": size} for name, size in self.histories],
            "unchecked": [{"position": at, "what": what} for at, what in self.unchecked],
        }

    def report(self) -> str:
        """Return the answer as lines of text, the verdict last but one."""
        if self.text:
            return self.text
        steps = zip(Check, self.steps, strict=True)
        checkpoint = self.checkpoint.size, write_base64(self.checkpoint.root)
        lines = [
            *(f"{step.number:>2}  {state:<9}  {step}" for step, state in steps),
            *map(dated, self.times),
            *self.lines,
            *([delays_told(*self.delays)] if self.delays else []),
            *([DEMONSTRATION] if self.demonstration else []),
            *(f"position {at}, VOUCHED at {since}" for at, since in self.vouched),
            *(f"unchecked: position {at}, {what}" for at, what in self.unchecked),
            "VERIFIED: {} at size {}, root {}".format(self.checkpoint.origin, *checkpoint),
            f"{self.signatures} signatures of parties verified",
        ]
        return "\n".join(map(visible, lines))


@contextmanager
def refusing(step: Check, position: int | None = None, path: str | None = None) -> Iterator[None]:
    """Turn any error of `ledger.log` and `ledger.wire` into the refusal of a step."""
    try:
        yield
    except (LogError, WireError) as error:
        raise Refused(step, str(error), position, path) from error
