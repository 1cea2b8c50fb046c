"""
Who owned which fraction of a right, on which day, as known when.

Serves `GET /v1/rights/{id}/title`. How title passes is in `projections.tables.title_events`.
"""

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.domain.core.types import legal_day
from ledger.domain.rights.title import BY_AGREEMENT
from projections.engine.answer import Answer
from projections.engine.bitemporal import Effect
from projections.engine.view import (
    DATED,
    TRUE_ON,
    Known,
    KnownBy,
    View,
    bound_parameters,
    positions_of,
)
from projections.questions.dispute_record import holds, known_orders
from projections.tables.basis import answering, told
from projections.tables.chain import MOVES_NOTHING, ChainRow, chain, is_on_record, links
from projections.tables.reader import Reader
from projections.tables.title_events import TitleRow, title


@dataclass(frozen=True, slots=True)
class Owner:
    """A party's fraction of a right, and by which record it came to it."""

    party: str
    share: Fraction
    by: str


@dataclass(frozen=True, slots=True)
class PendingAssignment:
    """An agreed assignment that waits for its registration; fractions of the whole title.

    `kept_until` is the last day on which a priority notice keeps the shares, if it has one.
    """

    assignment: str
    agreed_on: date
    kept_until: date | None
    given: tuple[tuple[str, Fraction], ...]
    taken: tuple[tuple[str, Fraction], ...]


@dataclass(frozen=True, slots=True)
class Title(Answer):
    """Who owned a right on a day, in order of the parties' ids; folded up to `size` entries.

    No owners: nothing was known of the right, or it was not filed by then. The positions are those
    of the events by which title moved up to that day.
    """

    right: str
    true_on: date
    known_by: KnownBy
    effect: Effect
    size: int
    owners: tuple[Owner, ...]
    pending: tuple[PendingAssignment, ...]
    positions: tuple[int, ...]


def title_of(reader: Reader, right: str, *, true_on: date, effect: Effect = "parties") -> Title:
    """Return who owned a right on a legal day, from what was known.

    `effect` asks between whom.
    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, title, chain) as view:
        known = reader.as_of_either(view)
        asked = {"right": right, "effect": effect, "true_on": true_on, **bound_parameters(known)}
        rows = view.rows(
            title,
            f"subject = %(right)s AND effect IN (%(effect)s, 'agreed') AND {TRUE_ON} AND {DATED}",
            asked,
            order="party, n",
        )
        owners = tuple(Owner(row.party, row.share, row.by) for row in rows if row.effect == effect)
        found = links(view, right, known)
        moves = _moves(found, true_on, effect)
        answer = Title(
            right,
            true_on,
            reader.known_by,
            effect,
            view.size,
            owners,
            _pending(rows, effect),
            positions_of(moves),
            doubted=_under_freeze(view, right, found, known, moves),
        )
        return told(view, answer, known, right, recorded=is_on_record(view, right, known))


def _under_freeze(
    view: View, right: str, found: Iterable[ChainRow], known: Known, moves: Container[int]
) -> tuple[int, ...]:
    """Return the moves that an office registered under an order that forbids them and stands."""
    asked = {"right": right, **bound_parameters(known)}
    freezes = known_orders(view, "subject = %(right)s AND effect = 'FREEZE_TITLE'", asked)
    standing = [order for order in freezes if order.lifted_position is None]
    return positions_of(
        [
            link.position
            for link in found
            if link.link == "registered" and link.position in moves
            if any(
                order.position < link.position and holds(order, legal_day(link.accepted))
                for order in standing
            )
        ]
    )


def _moves(chain_links: Sequence[ChainRow], true_on: date, effect: Effect) -> list[int]:
    """Return the positions of the links that bear on who owned, agreements among them."""
    bearing = []
    for link in chain_links:
        day = link.opposable_from if effect == "third_parties" else link.true_from
        if link.link == "agreed":
            day = link.true_from
        if link.link not in MOVES_NOTHING and day is not None and day <= true_on:
            bearing.append(link.position)
    return bearing


def _pending(rows: Iterable[TitleRow], effect: Effect) -> tuple[PendingAssignment, ...]:
    """Return what waits for the register: not what has passed between the parties as agreed."""
    by_assignment: dict[str, list[TitleRow]] = {}
    for row in rows:
        passed = effect == "parties" and row.right_kind in BY_AGREEMENT
        if row.effect == "agreed" and not passed:
            by_assignment.setdefault(row.by, []).append(row)
    return tuple(
        PendingAssignment(
            assignment,
            terms[0].true_from,
            terms[0].kept_until,
            given=tuple((row.party, -row.share) for row in terms if row.share < 0),
            taken=tuple((row.party, row.share) for row in terms if row.share > 0),
        )
        for assignment, terms in sorted(by_assignment.items())
    )
