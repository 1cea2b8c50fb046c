"""
What was reported, distributed and paid for a right that had ended before anybody here knew.

Serves `GET /v1/rights/{id}/lapse-effects`. An end may have effect from a day long before it is
recorded (IP Law art. 95(2)), and a licence ends with its right (art. 148(4)). What was paid in
between is disputed money: it is listed, never silently computed again.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from ledger.domain.core.event import Logged
from ledger.domain.core.scope import territory_region
from ledger.domain.rights.right_status import (
    DisclosureRecorded,
    OfficeEventRecorded,
    OfRight,
    RightCancelled,
    RightFeePaid,
    RightLapsed,
    RightLimited,
    RightPublished,
    RightRestored,
    RightSurrendered,
    effect_of,
)
from projections.engine.answer import Answer
from projections.engine.projection import Journal, Tells
from projections.engine.view import DATED, Known, View, bound_parameters, positions_of
from projections.tables.basis import answering, told
from projections.tables.contract_revenue import (
    PayableRow,
    PaymentRow,
    ReportRow,
    payables,
    payments,
    reports,
)
from projections.tables.grants import encumbrances, grants
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class StandingRow:
    """A row of `read.standings`: the title ended or was restored, with effect from a day."""

    subject: str
    position: int
    accepted: datetime
    outcome: str
    territory: str | None
    effective_from: date
    published_on: date | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Paid:
    """What was paid in one currency, in minor units."""

    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class LapseEffects:
    """An end of a right, and the money of later days that was recorded before the end was.

    `restored_from` is the day from which the title was in force again, if it was.
    """

    end: StandingRow
    restored_from: date | None
    reports: tuple[ReportRow, ...]
    payables: tuple[PayableRow, ...]
    payments: tuple[PaymentRow, ...]
    paid: tuple[Paid, ...]


@dataclass(frozen=True, slots=True)
class Lapses(Answer):
    """What the ends of a right touched, as known; folded up to `size` entries."""

    right: str
    size: int
    ends: tuple[LapseEffects, ...]
    positions: tuple[int, ...]


def _standing(logged: Logged) -> list[StandingRow]:
    body = logged.event.body
    assert isinstance(body, OfRight | DisclosureRecorded)
    effect = effect_of(body)
    if effect is None:
        return []
    outcome, day = effect
    territory, said_on = (
        (body.territory, body.said_on()) if isinstance(body, OfRight) else (None, None)
    )
    row = StandingRow(
        body.right,
        logged.position,
        logged.accepted,
        outcome,
        territory,
        day,
        said_on,
        getattr(body, "reason", None),
    )
    return [row]


standings = Journal(
    name="standings",
    version=1,
    row=StandingRow,
    emit=_standing,
    bodies=frozenset(
        {RightLapsed, RightRestored, RightSurrendered, RightCancelled, DisclosureRecorded}
    ),
    tells={
        "right": Tells(
            ("status",),
            rest="status",
            unaffected_by={
                "the right begins with none, and stands as it stood": (
                    *(RightPublished, RightFeePaid, RightLimited, OfficeEventRecorded),
                )
            },
        ),
    },
)


def lapse_effects(reader: Reader, right: str) -> Lapses:
    """Return what each end of a right touched before it was recorded here, the first end first.

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    models = (standings, encumbrances, grants, reports, payables, payments)
    with answering(reader, *models) as view:
        known = reader.as_of(view)
        asked: dict[str, object] = {"right": right, **bound_parameters(known)}
        said = view.recorded(standings, known, subject=right)
        places = _places(view, asked)
        money = _money(view, sorted(places), known)
        ends = tuple(_effects(end, said, places, money) for end in _first_words(said))
        answer = Lapses(right, view.size, ends, positions_of(*map(_proof, ends)))
        return told(view, answer, known, right)


Places = Mapping[str, Sequence[tuple[str, ...]]]
"""Where a right is licensed, by contract: the territories of the grants on it."""

Money = tuple[Sequence[ReportRow], Sequence[PayableRow], Sequence[PaymentRow]]


def _places(view: View, asked: Mapping[str, object]) -> Places:
    burdens = view.rows(encumbrances, "subject = %(right)s", asked, order="position, ref")
    refs = {"refs": [burden.ref for burden in burdens]}
    held = view.rows(grants, f"ref = ANY(%(refs)s) AND {DATED}", {**asked, **refs}, order="ref, n")
    places: dict[str, list[tuple[str, ...]]] = {}
    for grant in held:
        places.setdefault(grant.subject, []).append(grant.territory)
    return places


def _money(view: View, contracts: list[str], known: Known) -> Money:
    owed = view.recorded(payables, known, "position, payee", contract=contracts)
    distributions = sorted({row.subject for row in owed})
    return (
        view.recorded(reports, known, contract=contracts),
        owed,
        view.recorded(payments, known, distribution=distributions),
    )


def _first_words(said: Sequence[StandingRow]) -> list[StandingRow]:
    """Return the ends, each by the event that first told of it: gazettes repeat one another."""
    first: dict[tuple[str | None, date], StandingRow] = {}
    for row in said:
        if row.outcome != "restored":
            first.setdefault((row.territory, row.effective_from), row)
    return sorted(first.values(), key=lambda row: (row.effective_from, row.position))


def _effects(
    end: StandingRow, said: Sequence[StandingRow], places: Places, money: Money
) -> LapseEffects:
    restored_from = _restored(end, said)
    licensed = {contract for contract, held in places.items() if _reaches(held, end.territory)}
    filed, owed, paid = money
    touched = tuple(
        report
        for report in filed
        if report.contract in licensed
        and report.position < end.position
        and report.period_to > end.effective_from
        and (restored_from is None or report.period_from < restored_from)
    )
    named = {report.subject for report in touched}
    shared = tuple(
        row for row in owed if row.position < end.position and not named.isdisjoint(row.reports)
    )
    distributions = {row.subject for row in shared}
    done = tuple(
        row for row in paid if row.position < end.position and row.distribution in distributions
    )
    return LapseEffects(end, restored_from, touched, shared, done, _totals(done))


def _restored(end: StandingRow, said: Sequence[StandingRow]) -> date | None:
    again = (
        row.effective_from
        for row in said
        if row.outcome == "restored"
        and row.territory in {None, end.territory}
        and (row.effective_from, row.position) > (end.effective_from, end.position)
    )
    return min(again, default=None)


def _reaches(held: Iterable[tuple[str, ...]], state: str | None) -> bool:
    """Whether a grant may have been used where the title ended."""
    if state is None:
        return True
    place = territory_region((state,))
    return any(territory_region(codes).overlaps(place) for codes in held)


def _totals(done: Iterable[PaymentRow]) -> tuple[Paid, ...]:
    sums: dict[str, int] = {}
    for payment in done:
        sums[payment.currency] = sums.get(payment.currency, 0) + payment.amount
    return tuple(Paid(currency, amount) for currency, amount in sorted(sums.items()))


def _proof(effects: LapseEffects) -> tuple[int, ...]:
    return positions_of(
        [effects.end.position],
        [row.position for row in effects.reports],
        [row.position for row in effects.payables],
        [row.position for row in effects.payments],
    )
