"""
Whether a right was in force, on which day, as known when. Serves `GET /v1/rights/{id}/status`.

A lapse has effect from a day that may be long past when the gazette publishes it, so status has all
three axes. Of several lapses and restorations the one with the latest day of effect governs a day,
as in `ledger.domain.right.lapse_on`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from typing import Literal

from ledger.domain.event import Logged
from ledger.domain.protection import term_of
from ledger.domain.right import (
    OfRight,
    RightFiled,
    RightGranted,
    RightLapsed,
    RightRestored,
)
from ledger.store.connection import Pool
from projections.axes import Change, Dated, believed, revise
from projections.projection import On, Projection
from projections.view import (
    DATED,
    TRUE_ON,
    Known,
    KnownAt,
    KnownBy,
    View,
    knowing,
    positions_of,
    viewing,
)


@dataclass(frozen=True, slots=True)
class StatusRow(Dated):
    """A row of `read.status`. `term_ends` is the first day after the longest possible term.

    `changed_from` is the day of effect of the lapse or restoration that governs; the positions are
    those of the filing, of the grant and of that change.
    """

    office: str
    kind: str
    application_no: str
    title_no: str | None
    filed_on: date
    term_ends: date | None
    lapsed: bool
    changed_from: date | None
    reason: str | None
    filed_position: int
    granted_position: int | None
    changed_position: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """A right's status on a day, from what was known; folded up to `size` entries.

    `status` is None if nothing was known of the right, or it was not filed by then.
    """

    right: str
    true_on: date
    size: int
    status: Literal["filed", "in_force", "lapsed", "expired"] | None
    since: date | None
    reason: str | None
    positions: tuple[int, ...]


Rows = tuple[StatusRow, ...]


def _filed(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightFiled)
    row = StatusRow(
        right,
        *believed(Change(logged, body.filed_on, body.filed_on)),
        office=body.office,
        kind=body.kind,
        application_no=body.application_no,
        title_no=body.title_no,
        filed_on=body.filed_on,
        term_ends=_term_ends(body.kind, body.filed_on, None),
        lapsed=False,
        changed_from=None,
        reason=None,
        filed_position=logged.position,
        granted_position=None,
        changed_position=None,
    )
    return (*rows, row)


@lru_cache(maxsize=4096)
def _term_ends(kind: str, filed_on: date, expires_on: date | None) -> date | None:
    return term_of(kind, filed_on, expires_on)


def _granted(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightGranted)
    del right

    def grant(held: Rows) -> Rows:
        return tuple(
            replace(
                row,
                title_no=body.title_no,
                term_ends=_term_ends(row.kind, row.filed_on, body.expires_on),
                granted_position=logged.position,
            )
            for row in held
        )

    return revise(rows, Change(logged, body.in_force_from, body.granted_on), _any, grant)


def _lapsed(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightLapsed)
    del right
    return _governed(rows, Change(logged, body.effective_from, body.published_on), body.reason)


def _restored(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightRestored)
    del right
    return _governed(rows, Change(logged, body.effective_from, body.published_on), None)


def _governed(rows: Rows, change: Change, lapsed_for: str | None) -> Rows:
    """Return the rows after a lapse, which has a reason, or a restoration, which has none."""

    def govern(held: Rows) -> Rows:
        governing = held[0].changed_from
        if governing is not None and governing > change.effective:
            return held
        return tuple(
            replace(
                row,
                lapsed=lapsed_for is not None,
                reason=lapsed_for,
                changed_from=change.effective,
                changed_position=change.logged.position,
            )
            for row in held
        )

    return revise(rows, change, _any, govern)


def _any(row: StatusRow) -> bool:
    del row
    return True


def _the_right(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, RightFiled | OfRight)
    return (body.right,)


status = Projection(
    name="status",
    version=1,
    row=StatusRow,
    on={
        RightFiled: On(_the_right, _filed),
        RightGranted: On(_the_right, _granted),
        RightLapsed: On(_the_right, _lapsed),
        RightRestored: On(_the_right, _restored),
    },
)


def status_of(
    pool: Pool,
    right: str,
    *,
    true_on: date,
    known_at: KnownAt = None,
    known_by: KnownBy = "ledger",
) -> Status:
    """Return a right's status on a legal day, from what was known at a point of either register.

    Raises `NotFolded` or `NotAsked` (`projections.view`).
    """
    with viewing(pool, status) as view:
        found = status_rows(view, [right], true_on, view.known(known_at, known_by))
        return status_on(right, true_on, found.get(right), view.size)


def status_rows(
    view: View, rights: Sequence[str], true_on: date, known: Known
) -> dict[str, StatusRow]:
    """Return the row that holds on a day for each of the rights of which something is known."""
    asked = {"rights": list(rights), "true_on": true_on, **knowing(known)}
    rows = view.rows(
        status, f"subject = ANY(%(rights)s) AND {TRUE_ON} AND {DATED}", asked, order="subject"
    )
    return {row.subject: row for row in rows}


def status_on(right: str, true_on: date, row: StatusRow | None, size: int) -> Status:
    """Return what a row that holds on the day says about it."""
    if row is None:
        return Status(right, true_on, size, None, None, None, ())
    positions = positions_of([row.filed_position, row.granted_position, row.changed_position])
    if row.lapsed:
        return Status(right, true_on, size, "lapsed", row.changed_from, row.reason, positions)
    if row.term_ends is not None and row.term_ends <= true_on:
        return Status(right, true_on, size, "expired", row.term_ends, None, positions)
    stage: Literal["filed", "in_force"] = "filed" if row.granted_position is None else "in_force"
    return Status(right, true_on, size, stage, row.true_from, None, positions)
