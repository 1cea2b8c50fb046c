"""
Entries as the log holds them, made from bodies, and put into a database in one go.

Their signature lines are planted: nothing that reads the log back checks them again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from uuid import UUID

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.domain.core.types import format_instant
from ledger.events.intake import decode
from ledger.log.merkle import leaf_hash
from ledger.store.append import NewEntry, appending
from ledger.store.connection import Pool
from ledger.store.entries import read_entries
from ledger.wire import canonical
from ledger.wire.entry import Entry, format_entry
from ledger.wire.envelope import PAYLOAD_TYPE, Signature
from tests.support.builders import ORIGIN

NOON = datetime(2026, 11, 2, 5, tzinfo=UTC)

SIGNATURE = Signature(hashlib.sha256(b"a key").hexdigest(), bytes(64))


@dataclass(frozen=True)
class Written:
    """An event with its bytes."""

    event_id: str
    topic: str
    subjects: tuple[str, ...]
    payload: bytes


def written(body: Body, number: int, signers: Iterable[str] = ()) -> Written:
    """Return the payload of the event with this number; its id derives from that."""
    event_id = f"01890000-0000-7000-8000-{number:012x}"
    subjects = tuple(sorted(body.subjects()))
    issued_at = datetime.fromisoformat("2026-11-02T02:59:59.000Z")
    payload = canonical.dump(
        {
            "ledger": ORIGIN,
            "event_id": event_id,
            "type": body.TOPIC,
            "issued_at": format_instant(issued_at),
            "not_after": format_instant(issued_at + timedelta(days=30)),
            "nonce": "AAAAAAAAAAAAAAAAAAAAAA",
            "subjects": list(subjects),
            "signers": sorted(signers) or ["party:vn.someone"],
            "body": body.model_dump(mode="json"),
        }
    )
    return Written(event_id, body.TOPIC, subjects, payload)


def frame_of(event: Written, accepted: datetime) -> bytes:
    """Return the entry's bytes."""
    return format_entry(Entry(format_instant(accepted), PAYLOAD_TYPE, (SIGNATURE,), event.payload))


def written_again(events: Sequence[Logged]) -> list[Written]:
    """Return the bytes of events that a specification made."""
    return [written(each.event.body, each.position, each.event.signers) for each in events]


def append_all(
    pool: Pool, events: Iterable[Written], accepted: datetime, *, batch: int = 1_000
) -> None:
    """Append events to the log of a database; each batch is accepted a second after the last."""
    for number, group in enumerate(_groups(events, batch)):
        at = accepted + timedelta(seconds=number)
        with appending(pool) as append:
            append.write([_new_entry(event, at) for event in group], at)


def put(pool: Pool, events: Sequence[Logged], *, batch: int = 7) -> list[Logged]:
    """Append the events of a specification and return them as the log gives them back."""
    append_all(pool, written_again(events), NOON, batch=batch)
    return [decode(each.entry, each.position) for each in read_entries(pool, 0, None, 10**6)]


def _new_entry(event: Written, accepted: datetime) -> NewEntry:
    entry = frame_of(event, accepted)
    return NewEntry(
        UUID(event.event_id),
        hashlib.sha256(event.payload).digest(),
        event.topic,
        entry,
        leaf_hash(entry),
        event.subjects,
    )


def _groups(events: Iterable[Written], size: int) -> Iterator[list[Written]]:
    remaining = iter(events)
    while group := list(islice(remaining, size)):
        yield group
