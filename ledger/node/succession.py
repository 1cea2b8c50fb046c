"""
From a log that was closed to the one that follows it, without breaking one old proof.

The old log ends by `ledger.closed/1`; behind it nothing stands, and it verifies for ever as it is.
The new one, with an origin and keys of its own, names the old one's last checkpoint in its
`ledger.succession_declared/1` at position 1, before anything else: who trusts the new log has then
been told which history is the one before it, and the log cannot name another later.
"""

from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ledger.domain.core.body import Body
from ledger.domain.government.governance import LedgerClosed, SuccessionDeclared
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.intake import Invalid, decode
from ledger.follow.audit import exported_entries
from ledger.log.tree_head import Checkpoint
from ledger.verify.files import read_checkpoint
from ledger.verify.verifier import verify_export
from ledger.wire.told import Told


class SuccessionError(Told):
    """Superclass of the errors of this module. Never raised itself."""


class NotClosed(SuccessionError):
    """The log does not end by `ledger.closed/1`: what follows it could still change its end."""


class AnotherSuccessor(SuccessionError):
    """The log was closed in favour of another one than this."""


class NotDeclared(SuccessionError):
    """The log does not say, at position 1, that it follows this end of that other log."""


@dataclass(frozen=True, slots=True)
class ClosedLog:
    """A verified log that was closed: its last checkpoint, the note's SHA-256, who follows it."""

    checkpoint: Checkpoint
    note_sha256: str
    successor: str | None

    def declared_by(self, origin: str) -> SuccessionDeclared:
        """Return the event by which the log of this origin says that it follows this one.

        Raises `AnotherSuccessor`.
        """
        if self.successor not in (None, origin):
            raise AnotherSuccessor(f"{self.checkpoint.origin} is followed by {self.successor}")
        return SuccessionDeclared(
            ledger=ledger_subject(origin),
            predecessor=self.checkpoint.origin,
            size=self.checkpoint.size,
            root=f"sha256:{self.checkpoint.root.hex()}",
            checkpoint_sha256=f"sha256:{self.note_sha256}",
        )


def read_closed(directory: Path, trust_root: bytes) -> ClosedLog:
    """Verify an export of a log that was closed. Raises `Refused`, `NotClosed`."""
    checkpoint = verify_export(directory, trust_root).checkpoint
    (last,) = exported_entries(directory, checkpoint.size - 1)
    body = _body_of(last, checkpoint.size - 1)
    if not isinstance(body, LedgerClosed):
        raise NotClosed(f"{checkpoint.origin} does not end by {LedgerClosed.TOPIC}")
    note = read_checkpoint(directory)
    return ClosedLog(checkpoint, sha256(note).hexdigest(), body.successor)


def check_succession(directory: Path, trust_root: bytes, closed: ClosedLog) -> Checkpoint:
    """Verify that a log follows one that was closed; return its checkpoint.

    Witnesses may have added to the old note since, so its digest is not compared, only what it
    says. Raises `Refused`, `AnotherSuccessor`, `NotDeclared`.
    """
    checkpoint = verify_export(directory, trust_root).checkpoint
    wanted = closed.declared_by(checkpoint.origin)
    said = next(iter(exported_entries(directory, 1)), None)
    body = _body_of(said, 1) if said else None
    if not isinstance(body, SuccessionDeclared):
        raise NotDeclared(f"{checkpoint.origin} does not say at position 1 which log it follows")
    seen = body.model_copy(update={"checkpoint_sha256": wanted.checkpoint_sha256})
    if seen != wanted:
        raise NotDeclared(f"{checkpoint.origin} follows {body.predecessor} at size {body.size}")
    return checkpoint


def _body_of(entry: bytes, position: int) -> Body | None:
    """Return what an entry says, None where it is of a type that this software does not know."""
    try:
        return decode(entry, position).event.body
    except Invalid:
        return None
