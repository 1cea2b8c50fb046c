"""
Whether an operator kept its word about one event: a signed refusal, or a promise to answer.

Neither stands in the log; the key that signs them does, and the log shows what became of it all. So
a log that goes on past the time of a promise, with neither the event nor a refusal of it, is the
evidence that an event was kept out; and one that holds what was refused for good, that the operator
said one thing and did another.

That a rule forbade what was refused is its word alone: the rules are run by `techledger audit`.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from typing import Any

from ledger.log.checkpoint import log_times
from ledger.log.merkle import LogError
from ledger.log.note import parse_vkey
from ledger.log.statement import Promise, SignedRefusal, Statement, open_statement
from ledger.log.tiles import TILE_WIDTH, parse_bundle, tile_width
from ledger.verify.event import CLOCK_TOLERANCE, RecordedEvent, read_event
from ledger.verify.files import read_bundle, read_checkpoint
from ledger.verify.outcome import Check, Refused, Verified
from ledger.verify.verifier import verify_export
from ledger.wire.instant import format_instant


class Kept(StrEnum):
    """What the log shows of the operator's word."""

    STANDS = "refused, and not in the log"
    MENDED = "refused at first, and recorded later"
    RECORDED = "recorded in time"
    ANSWERED = "refused in time"
    OPEN = "the log does not reach the time of the answer yet"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Word:
    """A statement by the key of a log, held to that log as it stands at `size`.

    `log_time` is the instant at which the log's key signed that size, `position` where the event
    stands, if it does; `unchecked` is what could not be checked of the log, and of a refusal.
    """

    statement: Statement
    kept: Kept
    why: str
    size: int
    log_time: str
    position: int | None = None
    unchecked: tuple[tuple[int, str], ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        said = {"said": self.statement.MAGIC, **asdict(self.statement)}
        broken = self.kept is Kept.BROKEN
        return {
            "verified": not broken,
            "kept": self.kept.name,
            "why": self.why,
            "statement": said,
            "size": self.size,
            "log_time": self.log_time,
            "position": self.position,
            "unchecked": [{"position": at, "what": what} for at, what in self.unchecked],
        }

    def report(self) -> str:
        """Return the answer as lines of text, the verdict last."""
        said = {"said": self.statement.MAGIC, **asdict(self.statement)}
        return "\n".join(
            [
                *(f"{name} {value}" for name, value in said.items()),
                *(f"unchecked: position {at}, {what}" for at, what in self.unchecked),
                f"{self.kept.name}: {self.why}; log at size {self.size}, signed {self.log_time}",
            ]
        )


def verify_word(
    raw: bytes,
    directory: Path,
    trust_root: bytes,
    *,
    refusal: bytes | None = None,
    previous: bytes | None = None,
    workers: int | None = None,
) -> Word:
    """Verify a refusal or a promise, and hold it to an exported log, which is verified whole.

    `refusal` is what the operator answered to a promise, if it did; `previous` an earlier
    checkpoint of the log. Raises `Refused`: by the step of the log that fails, or by step 2 where
    no key for refusals of this log has signed, what is shown as the answer is none, or a refusal is
    of an instant before the log's first entry, or ahead of one's own clock.
    """
    verified = verify_export(directory, trust_root, previous=previous, workers=workers)
    statement, size = _opened(raw, verified), verified.checkpoint.size
    answer = _opened(refusal, verified) if refusal is not None else None
    refusals = [each for each in (statement, answer) if isinstance(each, SignedRefusal)]
    _, first = next(_entries(directory, size))
    for each in refusals:
        check_instant(each, read_event(first, 0, each.origin).entry.accepted)
    log_time = format_instant(_signed_at(read_checkpoint(directory), verified))
    event = _recorded(statement, directory, size)
    kept, why = _kept(statement, event, _answer_to(statement, answer), log_time)
    position = event.position if event else None
    reason = "whether a rule forbids the event, and when it was said: {}, {} is the operator's word"
    unread = [(size, reason.format(each.code, each.refused)) for each in refusals]
    unchecked = (*verified.unchecked, *unread)
    return Word(statement, kept, why, size, log_time, position, unchecked)


def check_instant(said: SignedRefusal, began: str) -> None:
    """Refuse (step 2) a refusal of before the log `began`, or of a time that is still to come."""
    now = datetime.now(UTC)
    # Instants have one spelling and one length, so they compare as texts.
    if not began <= said.refused <= format_instant(now + CLOCK_TOLERANCE):
        told = f"the log began at {began}, by this clock it is {format_instant(now)}"
        raise Refused(Check.CHECKPOINT, f"the statement says refused {said.refused}: {told}")


def _answer_to(said: Statement, answer: Statement | None) -> SignedRefusal | None:
    """Return what was answered to a promise. Raises `Refused` (step 2) for what answers it not.

    A refusal that is not final answers what was received before it. One for good answers these
    bytes whenever it was said, and is said again with its first instant.
    """
    if answer is None:
        return None
    if not isinstance(said, Promise) or not isinstance(answer, SignedRefusal):
        raise Refused(
            Check.CHECKPOINT,
            "a promise is answered by a refusal, and nothing else is: "
            f"{type(answer).__name__} to {type(said).__name__}",
        )
    if answer.payload != said.payload:
        raise Refused(
            Check.CHECKPOINT,
            f"what is shown as the answer is no refusal of these bytes, but of {answer.payload}",
        )
    if answer.final == "no" and answer.refused < said.received:
        raise Refused(
            Check.CHECKPOINT,
            f"what is shown as the answer was said before the promise, {answer.refused}",
        )
    return answer


def _kept(
    said: Statement, event: RecordedEvent | None, answer: SignedRefusal | None, log_time: str
) -> tuple[Kept, str]:
    """Judge one statement, and the answer to it."""
    named = {"the statement": said.event_id}
    named |= {"the answer": answer.event_id} if answer else {}
    named |= {"the log": event.event_id} if event else {}
    if len(set(named.values())) > 1:
        told = ", ".join(f"{who} {event_id}" for who, event_id in named.items())
        return Kept.BROKEN, f"one payload is that of one event, and it is said to be: {told}"
    if isinstance(said, SignedRefusal):
        return _refusal_kept(said, event)
    if answer is not None and event is not None:
        kept, why = _refusal_kept(answer, event)
        if kept is Kept.BROKEN:
            return kept, why
    return _promise_kept(said, event, answer, log_time)


def _refusal_kept(said: SignedRefusal, event: RecordedEvent | None) -> tuple[Kept, str]:
    if event is None:
        return Kept.STANDS, f"{said.code}, {said.refused}"
    accepted = event.entry.accepted
    if said.final == "yes" or accepted < said.refused:
        return Kept.BROKEN, f"refused at {said.refused}, final {said.final}; recorded at {accepted}"
    return Kept.MENDED, f"{said.code} at {said.refused}, recorded at {accepted}"


def _promise_kept(
    said: Promise, event: RecordedEvent | None, answer: SignedRefusal | None, log_time: str
) -> tuple[Kept, str]:
    if event is not None:
        accepted = event.entry.accepted
        return _in_time(said, accepted, Kept.RECORDED, f"recorded at {accepted}")
    if answer is not None:
        return _in_time(said, answer.refused, Kept.ANSWERED, f"{answer.code} at {answer.refused}")
    if log_time <= said.answer_by:
        return Kept.OPEN, f"to be answered by {said.answer_by}"
    return Kept.BROKEN, f"neither recorded nor, as far as is shown, refused by {said.answer_by}"


def _in_time(said: Promise, when: str, kept: Kept, what: str) -> tuple[Kept, str]:
    """Hold the instant of an answer to the promise."""
    if when <= said.answer_by:
        return kept, what
    return Kept.BROKEN, f"{what}, promised by {said.answer_by}"


def _opened(raw: bytes, verified: Verified) -> Statement:
    """Return a statement that a key for refusals of this log has signed. Raises `Refused`."""
    try:
        statement = open_statement(raw, map(parse_vkey, verified.refusal_keys))
    except LogError as error:
        raise Refused(Check.CHECKPOINT, f"the statement: {error}") from None
    if statement.origin != verified.checkpoint.origin:
        raise Refused(Check.CHECKPOINT, f"the statement is of another log, {statement.origin}")
    return statement


def _signed_at(note: bytes, verified: Verified) -> datetime:
    """Return the instant that the log's own timed line states under its checkpoint."""
    times = log_times(note, [parse_vkey(vkey) for vkey in verified.log_keys])
    if not times:
        raise Refused(Check.CHECKPOINT, "no key of the log states a time")
    return datetime.fromtimestamp(min(times), UTC)


def _recorded(statement: Statement, directory: Path, size: int) -> RecordedEvent | None:
    """Return the event of these very bytes, if it stands in the log, whatever its id."""
    digest = bytes.fromhex(statement.payload.removeprefix("sha256:"))
    for position, entry in _entries(directory, size):
        if sha256(entry.partition(b"\n\n")[2]).digest() == digest:
            return read_event(entry, position, statement.origin)
    return None


def _entries(directory: Path, size: int) -> Iterator[tuple[int, bytes]]:
    for n in range(-(-size // TILE_WIDTH)):
        width = tile_width(0, n, size)
        yield from enumerate(parse_bundle(read_bundle(directory, n, width), width), n * TILE_WIDTH)
