"""
The library `eventsourcing` on the ledger's tables: its DCB recorder, its tracking, its factory.

The product appends through `append.py` and reads through `entries.py`. This lets anything written
for the library run on the same log, its projection runner above all. The library's own PostgreSQL
module would need another driver, takes positions from a sequence, and loses events where commits
cross. Here an append holds the head row's lock from its condition to its commit.

The library counts positions from 1: they are ours + 1. An event's `type` is the topic, its `data`
the entry, its `tags` the subjects, which come back sorted. What a frame looks like, and what an id
means, is checked above the recorder.

    PERSISTENCE_MODULE=ledger.store.recorder  LEDGER_DATABASE_URL=postgresql://...
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NoReturn
from uuid import UUID, uuid4

from eventsourcing.dcb.api import (
    DCBAppendCondition,
    DCBEvent,
    DCBQuery,
    DCBQueryItem,
    DCBReadResponse,
    DCBRecorder,
    DCBSequencedEvent,
    DCBSubscription,
)
from eventsourcing.dcb.persistence import DCBInfrastructureFactory
from eventsourcing.persistence import (
    DataError,
    InfrastructureFactory,
    InfrastructureFactoryError,
    IntegrityError,
    ProgrammingError,
    Tracking,
    TrackingRecorder,
)
from eventsourcing.utils import Environment, EnvType
from psycopg2.extensions import cursor

from ledger.log.merkle import leaf_hash
from ledger.log.tiles import MAX_ENTRY
from ledger.store.append import NewEntry, appending
from ledger.store.connection import Conflict, Pool
from ledger.store.entries import read_head
from ledger.store.subscription import POLL_S, Listener

_PAGE = 500


@dataclass
class IdentifiedEvent(DCBEvent):
    """An event with an id of its caller's: appending it twice raises `IntegrityError`."""

    event_id: UUID = field(default_factory=uuid4)


class _Response(DCBReadResponse):
    """Events as they are read, page by page. `head` is as the library defines it."""

    def __init__(self, events: Iterator[DCBSequencedEvent], head: int | None) -> None:
        self._events = events
        self._head = head
        self._follows = head is None

    @property
    def head(self) -> int | None:
        """The last position of the log, or with a limit that of the last event read."""
        return self._head

    def __next__(self) -> DCBSequencedEvent:
        event = next(self._events)
        if self._follows:
            self._head = event.position
        return event


class TechledgerDCBRecorder(DCBRecorder):
    """Events of the library in `ledger.entries`."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool

    def read(
        self,
        query: DCBQuery | None = None,
        *,
        after: int | None = None,
        limit: int | None = None,
    ) -> DCBReadResponse:
        """Return what matches behind position `after`. The log is read up to its present end."""
        size = read_head(self.pool).size
        events = self._events(query or DCBQuery(), after or 0, size, limit)
        return _Response(events, size if limit is None and size else None)

    def append(
        self, events: Sequence[DCBEvent], condition: DCBAppendCondition | None = None
    ) -> int:
        """Append events unless the condition fails; return the position of the last one.

        Raises `IntegrityError` if events match that must not, or an id is stored already.
        """
        if not events:
            raise ProgrammingError("at least one event is appended")
        if any(len(event.data) > MAX_ENTRY for event in events):
            raise DataError(f"an event's data has at most {MAX_ENTRY} bytes")
        try:
            with appending(self.pool) as append:
                if condition and _matches(append.cursor, condition, append.head.size):
                    raise IntegrityError(condition)
                now = datetime.now(UTC)
                now = now.replace(microsecond=now.microsecond // 1000 * 1000)
                accepted = max(now, append.head.earliest or now)
                return append.write([_new_entry(event) for event in events], accepted).size
        except Conflict as error:
            raise IntegrityError(str(error)) from error

    def subscribe(
        self, query: DCBQuery | None = None, *, after: int | None = None
    ) -> "TechledgerDCBSubscription":
        """Return an iterator over what matches behind `after`, which waits for what will come."""
        return TechledgerDCBSubscription(self, query, after)

    def _events(
        self, query: DCBQuery, after: int, size: int, limit: int | None
    ) -> Iterator[DCBSequencedEvent]:
        left = size if limit is None else limit
        while left > 0:
            asked = min(left, _PAGE)
            with self.pool.session() as session:
                page = _select(session, query, after, size, asked)
            yield from page
            if len(page) < asked:
                return
            after, left = page[-1].position, left - asked


class TechledgerDCBSubscription(DCBSubscription[TechledgerDCBRecorder]):
    """The library's subscription: LISTEN first, then read, then wait; hints and a poll."""

    def __init__(
        self, recorder: TechledgerDCBRecorder, query: DCBQuery | None, after: int | None
    ) -> None:
        super().__init__(recorder, query, after)
        self._listener = Listener(recorder.pool)
        self._page: Iterator[DCBSequencedEvent] = iter(())

    def stop(self) -> None:
        """End the iteration, from any thread."""
        super().stop()
        self._listener.stop()

    def __next__(self) -> DCBSequencedEvent:
        while not self._has_been_stopped:
            event = next(self._page, None)
            if event is not None:
                self._last_position = event.position
                return event
            self._listener.listen()
            page = list(self._recorder.read(self._query, after=self._last_position, limit=_PAGE))
            if not page:
                self._listener.wait(POLL_S)
            self._page = iter(page)
        self._listener.close()
        raise StopIteration


class TechledgerTrackingRecorder(TrackingRecorder):
    """How far projections have come, in `read.tracking`. Views of the library derive from it.

    A view writes its rows and calls `track` in one transaction of `pool`.
    """

    def __init__(self, pool: Pool, name: str = "") -> None:
        self.pool = pool
        self._name = name

    def insert_tracking(self, tracking: Tracking) -> None:
        """Record a position. Raises `IntegrityError` unless it is beyond the last one."""
        with self.pool.transaction() as transaction:
            self.track(transaction.cursor, tracking)

    def track(self, session: cursor, tracking: Tracking) -> None:
        """Do what `insert_tracking` does, in the transaction of a view's rows."""
        session.execute(
            "INSERT INTO read.tracking AS known VALUES (%s, %s, 1)"
            " ON CONFLICT (name) DO UPDATE SET position = excluded.position, updated = now()"
            " WHERE known.position < excluded.position",
            (self._row(tracking.application_name), tracking.notification_id - 1),
        )
        if not session.rowcount:
            raise IntegrityError(f"not beyond what is tracked: {tracking}")

    def max_tracking_id(self, application_name: str) -> int | None:
        """Return the last position recorded for an application, counted from 1."""
        with self.pool.session() as session:
            session.execute(
                "SELECT position + 1 FROM read.tracking WHERE name = %s",
                (self._row(application_name),),
            )
            row = session.fetchone()
        return None if row is None else int(row[0])

    def _row(self, application_name: str) -> str:
        return f"{self._name}/{application_name}"


class TechledgerDCBFactory(
    InfrastructureFactory[TechledgerTrackingRecorder],
    DCBInfrastructureFactory[TechledgerTrackingRecorder],
):
    """Makes the recorders on the database that `LEDGER_DATABASE_URL` names."""

    def __init__(self, env: Environment | EnvType | None) -> None:
        super().__init__(env)
        dsn = self.env.get("LEDGER_DATABASE_URL")
        if not dsn:
            raise InfrastructureFactoryError("LEDGER_DATABASE_URL is not set")
        self.pool = Pool(dsn)

    def dcb_recorder(self) -> TechledgerDCBRecorder:
        """Return the recorder of the log."""
        return TechledgerDCBRecorder(self.pool)

    def tracking_recorder(
        self, tracking_recorder_class: type[TechledgerTrackingRecorder] | None = None
    ) -> TechledgerTrackingRecorder:
        """Return a recorder, or view, whose rows are named after this environment."""
        kind = tracking_recorder_class or TechledgerTrackingRecorder
        return kind(self.pool, self.env.name)

    def aggregate_recorder(self, purpose: str = "events") -> NoReturn:
        """Raise: there is one log, and no streams of aggregates."""
        raise InfrastructureFactoryError(f"the ledger has no aggregates, so no {purpose} of theirs")

    def application_recorder(self) -> NoReturn:
        """Raise: there is one log, and no streams of aggregates."""
        self.aggregate_recorder()

    def process_recorder(self) -> NoReturn:
        """Raise: there is one log, and no streams of aggregates."""
        self.aggregate_recorder()

    def close(self) -> None:
        """Close the database connections."""
        self.pool.close()


def _new_entry(event: DCBEvent) -> NewEntry:
    return NewEntry(
        event_id=event.event_id if isinstance(event, IdentifiedEvent) else uuid4(),
        payload_sha256=hashlib.sha256(event.data).digest(),
        topic=event.type,
        entry=event.data,
        leaf_hash=leaf_hash(event.data),
        subjects=tuple(sorted(set(event.tags))),
    )


def _matches(session: cursor, condition: DCBAppendCondition, size: int) -> bool:
    query = condition.fail_if_events_match
    return bool(_select(session, query, condition.after or 0, size, 1))


def _select(
    session: cursor, query: DCBQuery, after: int, size: int, limit: int
) -> list[DCBSequencedEvent]:
    """Return the events behind `after` that match, at most `limit`, of a log of `size`."""
    bounds = {"after": after, "size": size, "limit": limit}
    session.execute(
        "SELECT position, topic, entry FROM ledger.entries"  # noqa: S608  (our own words)
        f" WHERE position >= %(after)s AND position < %(size)s AND ({_condition(query)})"
        " ORDER BY position LIMIT %(limit)s",
        {**bounds, **_arguments(query)},
    )
    rows = session.fetchall()
    tags = _tags(session, [row[0] for row in rows])
    return [
        DCBSequencedEvent(DCBEvent(topic, bytes(entry), tags.get(position, [])), position + 1)
        for position, topic, entry in rows
    ]


def _condition(query: DCBQuery) -> str:
    """Write a query as SQL: some item matches, by one of its types and all of its tags."""
    items = [_item(number, item) for number, item in enumerate(query.items)]
    return " OR ".join(items) or "true"


def _item(number: int, item: DCBQueryItem) -> str:
    parts = ["true"]
    if item.types:
        parts.append(f"topic = ANY(%(types{number})s)")
    if item.tags:
        parts.append(
            f"position IN (SELECT position FROM ledger.tags WHERE subject = ANY(%(tags{number})s)"  # noqa: S608
            " AND position >= %(after)s AND position < %(size)s"
            f" GROUP BY position HAVING count(*) = %(count{number})s)"
        )
    return f"({' AND '.join(parts)})"


def _arguments(query: DCBQuery) -> dict[str, Any]:
    arguments: dict[str, Any] = {}
    for number, item in enumerate(query.items):
        tags = sorted(set(item.tags))
        arguments |= {
            f"types{number}": item.types,
            f"tags{number}": tags,
            f"count{number}": len(tags),
        }
    return arguments


def _tags(session: cursor, positions: Sequence[int]) -> dict[int, list[str]]:
    if not positions:
        return {}
    session.execute(
        "SELECT position, array_agg(subject ORDER BY subject) FROM ledger.tags"
        " WHERE position = ANY(%s) GROUP BY position",
        (list(positions),),
    )
    return dict(session.fetchall())
