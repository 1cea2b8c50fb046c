"""
What rests on keys that officers vouched for: events, marked as every verifier marks them.

The read models say which entries can matter: those that brought the keys by which an event is
signed, and those that gave the mandates, as far back as they lead. Whether an event rests on them
is judged by `ledger.verify` from these entries. Most events lead to no such key: then none is read.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from ledger.store.connection import Pool
from ledger.store.entries import read_at
from ledger.verify import authority
from ledger.verify.authority import Authority
from ledger.verify.event import read_event
from ledger.verify.outcome import Refused
from projections.engine.view import (
    ROWS_MAX,
    NotFolded,
    TooMany,
    View,
    positions_of,
    read_snapshot,
)
from projections.questions.dispute_record import Dispute, dispute_of
from projections.questions.histories import Timeline, timeline_of
from projections.questions.party_keys import Signed, SignedBy
from projections.tables.dispute_events import Step
from projections.tables.key_events import keys, signed
from projections.tables.mandates import mandates
from projections.tables.offers import offers
from projections.tables.party_facts import parties
from projections.tables.reader import Reader
from projections.tables.timeline import EventRow, events

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

JUDGED_MAX = 4_000
"""Entries that one answer reads to judge its events, at most."""

_READ = 500
"""Entries that are read at once."""

_MODELS = (events, signed, keys, mandates, offers, parties)

_FOLLOWED = frozenset(
    (
        authority.OPENED,
        authority.REGISTERED,
        authority.PARTY_STOPPED,
        authority.KEY_ADDED,
        authority.MANDATE_GIVEN,
        authority.MANDATE_ENDED,
        *authority.OFFERS,
    )
)
"""The types of events that can matter to what an event rests on."""

# Of an event, for each of its signers: the keys of its lines, and the mandates between the two. So
# on for the events that brought and gave them; a key that officers vouched for leads no further.
# OFFSET 0 and ARRAY have every step look into an index, whatever the planner expects of the steps.
# Only the events asked for and the genesis are reached for several parties; of others, more than
# `most` are more than an answer looks at.
REACHED = """position = ANY(ARRAY(
    WITH RECURSIVE reached (position, party, mandated) AS (
        SELECT e.position, signer, true
        FROM read.events e CROSS JOIN unnest(e.signers) AS signer
        WHERE e.position = ANY(%(positions)s)
      UNION
        SELECT next.position, next.party, next.mandated
        FROM reached r
        CROSS JOIN LATERAL
            (SELECT subject FROM read.signed WHERE position = r.position OFFSET 0) AS s
        CROSS JOIN LATERAL
            (SELECT * FROM read.keys WHERE subject = s.subject AND fact = 'added' OFFSET 0) AS k
        CROSS JOIN LATERAL (
            SELECT k.position, CASE WHEN k.by IS NULL THEN k.party END, false
            WHERE k.position < r.position AND (r.mandated OR k.party = r.party)
          UNION ALL
            SELECT m.position, CASE WHEN NOT m.ended THEN m.subject END, true
            FROM read.mandates m
            WHERE r.mandated AND m.subject = r.party AND m.holder = k.party
                AND k.party <> r.party AND m.position < r.position
        ) AS next (position, party, mandated)
        WHERE r.party IS NOT NULL
    )
    SELECT position FROM reached LIMIT %(most)s + (
        SELECT sum(cardinality(signers)) FROM read.events
        WHERE position = ANY(%(positions)s) OR position = 0
    )
))"""


@dataclass(frozen=True, slots=True)
class Vouched:
    """Where keys were vouched for on which events rest, by the position of the event.

    Of events at `size` and behind it, nothing is known: the read models have not folded them, or
    (`size` 0) are not answered from, or there is more than one answer looks at.
    """

    size: int
    places: Mapping[int, tuple[int, ...]]

    def at(self, position: int) -> tuple[int, ...] | None:
        """Return it for an event; empty where it rests on no such key, None if not known."""
        return self.places.get(position, ()) if position < self.size else None


@dataclass(frozen=True, slots=True)
class MarkedEvent(EventRow):
    """An event, and where keys were vouched for on which it rests; None where that is not known."""

    vouched_at: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class MarkedStep(Step):
    """A step of a dispute, marked likewise."""

    vouched_at: tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class MarkedTimeline(Timeline):
    """A page of a subject's events, marked."""

    events: tuple[MarkedEvent, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events, and those at which keys were vouched for."""
        return positions_of(
            super(MarkedTimeline, self).positions, *(each.vouched_at or () for each in self.events)
        )


@dataclass(frozen=True, slots=True)
class MarkedDispute(Dispute):
    """A dispute, its steps marked."""

    steps: tuple[MarkedStep, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the steps, and those at which keys were vouched for."""
        return positions_of(
            super(MarkedDispute, self).positions, *(each.vouched_at or () for each in self.steps)
        )


@dataclass(frozen=True, slots=True)
class MarkedSigned(Signed):
    """An event that a key signed, marked."""

    event: MarkedEvent


@dataclass(frozen=True, slots=True)
class MarkedSignedBy(SignedBy):
    """A page of what a key signed, marked."""

    signed: tuple[MarkedSigned, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions that prove the answer, and those at which keys were vouched for."""
        vouched = (each.event.vouched_at or () for each in self.signed)
        return positions_of(super(MarkedSignedBy, self).positions, *vouched)


def marked_timeline_of(
    reader: Reader, subject: str, *, after: int = -1, limit: int = 100
) -> MarkedTimeline:
    """Do what `timeline_of` does, and mark the events."""
    found = timeline_of(reader, subject, after=after, limit=limit)
    vouched = vouched_for(reader, found.positions)
    return _with(MarkedTimeline, found, events=_marked(MarkedEvent, found.events, vouched))


def marked_events_at(reader: Reader, positions: Collection[int]) -> tuple[MarkedEvent, ...]:
    """Return the events at these positions, marked. Raises `NotFolded`, `TooMany`."""
    with read_snapshot(reader.pool, events) as view:
        rows = view.rows(events, "position = ANY(%(at)s)", {"at": [*positions]}, order="position")
    return _marked(MarkedEvent, rows, vouched_for(reader, positions))


def marked_dispute_of(reader: Reader, dispute: str) -> MarkedDispute:
    """Do what `dispute_of` does, and mark the steps."""
    found = dispute_of(reader, dispute)
    vouched = vouched_for(reader, found.positions)
    return _with(MarkedDispute, found, steps=_marked(MarkedStep, found.steps, vouched))


def mark_signed(reader: Reader, found: SignedBy) -> MarkedSignedBy:
    """Mark the events of what `signed_by` has found."""
    rows = [each.event for each in found.signed]
    vouched = vouched_for(reader, [row.position for row in rows])
    marked = zip(found.signed, _marked(MarkedEvent, rows, vouched), strict=True)
    those = tuple(_with(MarkedSigned, each, event=event) for each, event in marked)
    return _with(MarkedSignedBy, found, signed=those)


M = TypeVar("M")


def _marked(kind: type[M], rows: Iterable[EventRow | Step], vouched: "Vouched") -> tuple[M, ...]:
    return tuple(_with(kind, row, vouched_at=vouched.at(row.position)) for row in rows)


def _with(kind: type[M], found: "DataclassInstance", **more: Any) -> M:
    """Return what was found as another kind of it, of which some fields are new."""
    return kind(**{each.name: getattr(found, each.name) for each in fields(found)} | more)


def vouched_for(reader: Reader, positions: Collection[int]) -> Vouched:
    """Return on what the events at these positions rest, as far as the read models know."""
    try:
        with read_snapshot(reader.pool, *_MODELS) as view:
            size, reached = view.size, _reached(view, positions)
    except NotFolded:
        return Vouched(0, {})
    return _judged(reader, size, positions, reached)


def _reached(view: View, positions: Collection[int]) -> frozenset[int] | None:
    """Return where the entries are that can matter to events; none if no key was vouched for.

    None where they are more than one answer looks at.
    """
    asked = {"positions": [each for each in positions if each < view.size], "most": ROWS_MAX + 1}
    try:
        lines = view.rows(signed, REACHED, asked, order="position, subject")
        by = {"keys": sorted({line.subject for line in lines})}
        added = view.rows(keys, "subject = ANY(%(keys)s) AND fact = 'added'", by, order="position")
        if not any(key.by for key in added):
            return frozenset()
        named = "subject IN (SELECT unnest(subjects) FROM read.events"
        named += " WHERE position = ANY(%(positions)s))"
        made = view.rows(offers, named, asked, order="position")
        whose = {"parties": sorted({key.party for key in added})}
        stops = "subject = ANY(%(parties)s) AND fact = 'stopped'"
        stopped = view.rows(parties, stops, whose, order="position")
    except TooMany:
        return None
    return frozenset(row.position for rows in (lines, added, made, stopped) for row in rows)


def _judged(
    reader: Reader,
    size: int,
    positions: Collection[int],
    reached: frozenset[int] | None,
) -> Vouched:
    if reached is None or len(reached) > JUDGED_MAX:
        return Vouched(0, {})
    judge, asked = Authority(), {*positions}
    found = dict[int, tuple[int, ...]]()
    for position, raw in _entries(reader.pool, sorted(reached)):
        event = read_event(raw, position, reader.origin)
        if event.type in _FOLLOWED:
            # What ends a mandate or a registration that matters to none of them ends nothing here.
            with suppress(Refused):
                judge.follow(event)
        if position in asked and (places := judge.vouched(event)):
            found[position] = tuple(places)
    return Vouched(size, found)


def _entries(pool: Pool, positions: list[int]) -> Iterator[tuple[int, bytes]]:
    """Yield the entries at these positions, in order; memory holds some of them."""
    rest = iter(positions)
    while part := list(islice(rest, _READ)):
        for stored in read_at(pool, part):
            yield stored.position, stored.entry
