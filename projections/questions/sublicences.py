"""
The tree of sublicences under a contract, on a day, as known when.

A sublicence stands below the grant that it passes on, tier by tier. One whose head is over falls
with it, unless the head grant let it live on; both are told. Serves
`GET /v1/contracts/{id}/sublicences`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from projections.engine.answer import Answer
from projections.engine.view import (
    DATED,
    ROWS_MAX,
    Known,
    TooMany,
    View,
    bound_parameters,
    positions_of,
)
from projections.tables.basis import answering, told
from projections.tables.grants import GrantRow, grants, told_of
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class Below:
    """A grant at a tier below the contract: 1 sits directly under one of its grants.

    `current` says whether its own days contain the day; `fallen`, that a head above it does not
    hold any more and it goes with it.
    """

    tier: int
    grant: GrantRow
    current: bool
    fallen: bool


@dataclass(frozen=True, slots=True)
class Tree(Answer):
    """All grants below those of a contract, tier by tier; folded up to `size` entries."""

    contract: str
    true_on: date
    size: int
    grants: tuple[Below, ...]
    positions: tuple[int, ...]


def sublicences_of(reader: Reader, contract: str, *, true_on: date) -> Tree:
    """Return the sublicences under a contract's grants, as known at a position or instant."""
    with answering(reader, grants) as view:
        known = reader.as_of(view)
        asked = {"contract": contract, **bound_parameters(known)}
        own = view.rows(grants, f"subject = %(contract)s AND {DATED}", asked, order="ref, n")
        found = tuple(_tiers(view, own, true_on, known))
        proof = positions_of(*map(told_of, own), *(told_of(below.grant) for below in found))
        answer = Tree(contract, true_on, view.size, found, proof)
        return told(view, answer, known, contract)


def _tiers(view: View, top: Sequence[GrantRow], day: date, known: Known) -> list[Below]:
    found: list[Below] = []
    # A head is alive if its own days contain the day and nothing above it has fallen.
    alive = {ref: _is_current(top, ref, day) for ref in _refs(top)}
    lets_live = {row.ref for row in top if row.direct_licence}
    level, tier = _refs(top), 1
    while level:
        if tier > TIERS_MAX or len(found) > ROWS_MAX:
            raise TooMany(f"more than {TIERS_MAX} tiers, or {ROWS_MAX} grants, lie below")
        asked = {"heads": level, **bound_parameters(known)}
        rows = view.rows(grants, f"head = ANY(%(heads)s) AND {DATED}", asked, order="ref, n")
        for ref in _refs(rows):
            same = [row for row in rows if row.ref == ref]
            row = next((row for row in same if _holds_on(row, day)), same[-1])
            assert row.head is not None, "a grant below has a head"
            fallen = not alive[row.head] and row.head not in lets_live
            current = _holds_on(row, day)
            alive[ref] = current and not fallen
            found.append(Below(tier, row, current, fallen))
        lets_live |= {row.ref for row in rows if row.direct_licence}
        level, tier = _refs(rows), tier + 1
    return found


TIERS_MAX = 200
"""Tiers of sublicences that an answer goes down at most."""


def _refs(rows: Sequence[GrantRow]) -> list[str]:
    return sorted({row.ref for row in rows})


def _is_current(rows: Sequence[GrantRow], ref: str, day: date) -> bool:
    return any(row.ref == ref and _holds_on(row, day) for row in rows)


def _holds_on(row: GrantRow, day: date) -> bool:
    return row.true_from <= day and (row.true_to is None or day < row.true_to)
