"""
What a right's status was held to be, for all days, as more and more of it was recorded.

Serves `GET /v1/rights/{id}/status-history`. Each entry that changes it makes a belief: how the
right stands on every day, from what is known from that entry on until the next.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from ledger.domain.core.dated_law import Law
from ledger.domain.rights.protection import term_of
from projections.engine.answer import Answer
from projections.engine.view import AT_OFFICE, bound_parameters, positions_of
from projections.tables.basis import answering, told
from projections.tables.chain import chain, is_on_record
from projections.tables.reader import Reader
from projections.tables.status import Stage, StatusRow, rows_on, status, status_on


@dataclass(frozen=True, slots=True)
class Spell:
    """The days `[start, end)` on which a right stands so."""

    status: Stage
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Belief:
    """How a right stands on all days, as known from the entry at `position` on."""

    position: int
    accepted: datetime
    spells: tuple[Spell, ...]
    """How it stands from which day to which, in order."""


@dataclass(frozen=True, slots=True)
class StatusHistory(Answer):
    """What was believed of a right's status; folded up to `size` entries."""

    right: str
    size: int
    beliefs: tuple[Belief, ...]
    """Each time that more was known of it, the earliest first."""

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that changed it."""
        return positions_of([each.position for each in self.beliefs])


def status_history(reader: Reader, right: str) -> StatusHistory:
    """Return what was believed of the status of a right as a whole, of what is known.

    What changes how it stands on no day, as a fee does, is no new belief. The longest term is that
    of the law in force, for all of them.
    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    law = reader.law
    with answering(reader, status, chain) as view:
        known = reader.as_of(view)
        rows = view.rows(
            status,
            f"""subject = %(right)s AND known_from <= %(known_position)s
                AND known_from_at <= %(known_accepted)s AND {AT_OFFICE}""",
            {"right": right, **bound_parameters(known)},
            order="known_from, true_from, territory",
        )
        beliefs = tuple(_beliefs(right, rows, law))
        answer = StatusHistory(right, view.size, beliefs)
        return told(view, answer, known, right, recorded=is_on_record(view, right, known))


def _beliefs(right: str, rows: Sequence[StatusRow], law: Law) -> Iterator[Belief]:
    held: tuple[Spell, ...] = ()
    for at, accepted in sorted({(row.known_from, row.known_from_at) for row in rows}):
        spells = tuple(_spells(right, _believed(rows, at), law))
        if spells != held:
            yield Belief(at, accepted, spells)
        held = spells


def _believed(rows: Iterable[StatusRow], at: int) -> Sequence[StatusRow]:
    """Return the rows that are believed from an entry on."""
    return [
        row for row in rows if row.known_from <= at and (row.known_to is None or at < row.known_to)
    ]


def _spells(right: str, rows: Sequence[StatusRow], law: Law) -> Iterator[Spell]:
    """Yield how a right stands from turn to turn; what does not differ is one spell."""
    turns = _turns(rows, law)
    stages = [(turn, status_on(right, turn, rows_on(rows, turn), law).status) for turn in turns]
    changes = [next(same) for _, same in groupby(stages, lambda each: each[1])]
    ends = [*(turn for turn, _ in changes[1:]), None]
    for (turn, stage), end in zip(changes, ends, strict=True):
        if stage is not None:
            yield Spell(stage, turn, end)


def _turns(rows: Sequence[StatusRow], law: Law) -> Sequence[date]:
    """Return the days on which it can begin to stand otherwise, in order.

    How long a title lasts at most is said by the law of the day, which may begin after its filing.
    """
    first = min((row.true_from for row in rows), default=date.max)
    days = {row.true_from for row in rows} | {day for day in law.turns("right.term") if day > first}
    ends = {term_of(row, law, day).end for row in rows for day in days}
    return sorted(days.union(end for end in ends if end is not None))
