"""
What a client checks by itself of a server's answer: the events that it names, and how far it goes.

Nothing of the conclusion: a liar names true events beside a false owner. What is shown is that each
event named is in the log that was signed, cosigned as the policy asks, and that this log continues
what was seen of it before.
"""

import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.follow.client import LedgerClient, WitnessedHead
from ledger.follow.lastseen import LastSeen
from ledger.follow.replies import (
    HistoryChanged,
    NotShown,
    ProblemAnswer,
    ReceiptRefused,
    WrongAnswer,
)
from ledger.log.encoding import write_base64
from ledger.log.tree_head import Checkpoint
from ledger.quoted import listed
from ledger.runtime.faults import reason_of
from ledger.verify.event import RecordedEvent
from ledger.verify.verifier import EntryFindings
from ledger.wire.envelope import payload_hash
from ledger.wire.shown import brief

MOST = 64
"""How many of the events that an answer names are fetched at most."""

SIGNED_WAIT_S = 5.0
"""How long, in seconds, what is answered may be ahead of what is signed and cosigned."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What was checked: events in the log under a checkpoint, which continues one of size `before`.

    `before` is None where none had been kept, `unkept` says why the checkpoint is not; `size` is
    that of the answer; `left` are the positions that were not looked at, `about` the ids that were
    asked about.
    """

    head: WitnessedHead
    before: int | None
    unkept: str
    size: int
    events: tuple[EntryFindings, ...]
    left: tuple[int, ...]
    about: frozenset[str] = frozenset()

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        checkpoint = self.head.checkpoint
        return {
            "checked": [
                {**_event(each), "names": sorted(named_by(each.event, self.about))}
                for each in self.events
            ],
            "unchecked": [
                {"position": position, "what": f"more than {MOST} are named"}
                for position in self.left
            ],
            "seen": {
                "origin": checkpoint.origin,
                "size": checkpoint.size,
                "root": write_base64(checkpoint.root),
                "before": self.before,
            },
        }


@dataclass(frozen=True, slots=True)
class CopyState:
    """What was verified of a copy: its checkpoint, and how many findings are unchecked.

    `demonstration` says that there was a time at which nothing waited in this log.
    """

    origin: str
    size: int
    root: str
    note: str
    unchecked: int
    demonstration: bool


def named_by(event: RecordedEvent, ids: Collection[str]) -> set[str]:
    """Return those of the ids that an event names: in its lists, its body or who signs it."""
    texts = {*event.subjects, *event.signers, *_texts(event.body)}
    texts |= {line.key_id for line in event.entry.signatures}
    names = texts | {text.partition("#")[0] for text in texts}
    return names & {*ids}


def must_say(answer: Any, events: Collection[RecordedEvent]) -> None:
    """Hold what the rows of an answer say of events that were checked to what their bytes say.

    A row is of the event at its `position`, and may name another with its instant.
    Raises `WrongAnswer`.
    """
    said = {event.position: event for event in events}
    for row in rows_of(answer):
        for place, instant in INSTANTS.items():
            if isinstance(at := row.get(place), int) and at in said:
                follows = {instant: said[at].entry.accepted}
                _must_be(row, follows | (_said_of(said[at]) if place == "position" else {}), at)


INSTANTS: Mapping[str, str] = {
    "position": "accepted",
    "given": "given_at",
    "lifted_position": "lifted_at",
    "known_from": "known_from_at",
}
"""Under which names rows have the position of an event, and when it was accepted."""


def _must_be(row: Mapping[str, Any], follows: Mapping[str, Any], position: int) -> None:
    for member, told in follows.items():
        given = row.get(member)
        if given is not None and (sorted(given) if isinstance(given, list) else given) != told:
            says = f"{member} is {given}, and the event at {position} says {told}"
            raise WrongAnswer(brief(says))


def _said_of(event: RecordedEvent) -> dict[str, Any]:
    """Return what an event says of itself, by the names that rows have for it."""
    return {
        "event_id": event.event_id,
        "type": event.type,
        "topic": event.type,
        "payload_hash": payload_hash(event.entry.payload),
        "subjects": event.subjects,
        "signers": sorted(event.signers),
    }


def rows_of(value: Any) -> Iterator[Mapping[str, Any]]:
    """Yield all objects in a JSON value."""
    if isinstance(value, Mapping):
        yield value
    if isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from rows_of(each)


def _texts(value: Any) -> Iterator[str]:
    """Yield all texts in a JSON value."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | list):
        for each in value.values() if isinstance(value, Mapping) else value:
            yield from _texts(each)


def _event(held: EntryFindings) -> dict[str, Any]:
    event = held.event
    return {
        "position": event.position,
        "event_id": event.event_id,
        "type": event.type,
        "accepted": event.entry.accepted,
        "subjects": event.subjects,
        "signers": sorted(event.signers),
        "signatures": held.signatures,
        "unchecked": held.unread,
    }


class Checking:
    """Holds one answer of a ledger to what the log has signed, now and `before` (None: nothing)."""

    def __init__(self, ledger: LedgerClient, seen: LastSeen) -> None:
        """Begin with the newest checkpoint, which must continue the one that was kept.

        Raises `HistoryChanged` where it does not, `OddFile`, `OSError` for what is kept, and what
        the ledger raises.
        """
        self._ledger, self._seen, self._unkept = ledger, seen, ""
        kept = seen.read()
        self.before = kept.size if kept else None
        self._head = self._signed(self.before or 0)

    def check(
        self,
        size: int | None,
        positions: Sequence[int],
        least: int = 0,
        about: Collection[str] = (),
    ) -> Checked:
        """Check the events at the positions that an answer names, and its size, `least` at least.

        An answer of no size is one as of what is signed. `about` are the ids that were asked about.

        Raises `WrongAnswer` for an answer that cannot be of this log, `NotShown` for an event that
        the log is not shown to hold, `HistoryChanged`, and what the ledger raises.
        """
        named = [*positions]
        if named != sorted({*named}):
            raise WrongAnswer(f"its positions are not in order, each once: {listed(named)}")
        size = self._head.checkpoint.size if size is None else size
        if size < least:
            raise WrongAnswer(f"as of size {size}, where {least} was asked for")
        if named and not 0 <= named[0] <= named[-1] < size:
            raise WrongAnswer(f"a position that no log of {size} entries has")
        if size > self._head.checkpoint.size:
            self._head = self._signed(size)
        if named and named[-1] >= self._head.checkpoint.size:
            signed = f"of the log {self._head.checkpoint.size} entries are signed"
            raise NotShown(f"the answer names position {named[-1]}, and {signed}")
        events = tuple(self._event(position) for position in named[:MOST])
        seen = self._head, self.before, self._unkept
        return Checked(*seen, size, events, tuple(named[MOST:]), frozenset(about))

    def _event(self, position: int) -> EntryFindings:
        try:
            return self._ledger.entry_under(self._head, position)
        except (ReceiptRefused, ProblemAnswer) as error:
            raise NotShown(f"the event at position {position}, which is named: {error}") from error

    def _signed(self, size: int) -> WitnessedHead:
        """Return the newest checkpoint, in a while one of a size; hold it to what is kept."""
        deadline = time.monotonic() + SIGNED_WAIT_S
        head = self._ledger.head()
        while head.checkpoint.size < size and time.monotonic() < deadline:
            time.sleep(0.1)
            head = self._ledger.head()
        while not self._continues(head):
            pass
        return head

    def _continues(self, head: WitnessedHead) -> bool:
        """Hold a checkpoint to what is kept, and keep it; False where another was kept by now."""
        kept, new = self._seen.read(), head.checkpoint
        if kept == new:
            return True
        if kept is not None:
            self._must_continue(kept, head)
        try:
            return self._seen.swap(kept, head.note)
        except OSError as error:
            self._unkept = reason_of(error)
            return True

    def _must_continue(self, kept: Checkpoint, head: WitnessedHead) -> None:
        if head.checkpoint.size < kept.size:
            shown = f"{head.checkpoint.size} entries are shown, and {kept.size} were signed before"
            raise HistoryChanged(f"HISTORY_CHANGED: {shown} ({self._seen.file})")
        try:
            self._ledger.prove_continued(kept, head.checkpoint)
        except HistoryChanged as error:
            beside = self._seen.keep_beside(head.note)
            told = f"{self._seen.file} and {beside} contradict each other; keep both"
            raise HistoryChanged(f"HISTORY_CHANGED: {error}: {told}") from None
