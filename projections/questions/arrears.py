"""
What a licensee is late with: reports that are missing, sums that are unpaid, minimums not met.

Serves `GET /v1/contracts/{id}/overdue` and `GET /v1/contracts/{id}/minimum`. Nothing of it is an
event: it follows from the schedule in force, the calendar, and what was reported and paid.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import chain, pairwise

from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.royalty import Royalty, agreed_period, due_day, year_of, year_start
from ledger.domain.core.dated_law import Law
from ledger.domain.core.ground import Ground
from ledger.domain.core.types import Sealed
from ledger.domain.revenue.distribution import RevenueDistributed
from ledger.domain.revenue.interest import Compounding, interest_on
from ledger.domain.revenue.payment import PaymentConfirmed, RefundMade
from ledger.domain.revenue.report import RevenueReported
from projections.engine.answer import Answer, Verdict, YesOrNo, yes_or_no
from projections.engine.view import View, positions_of
from projections.questions.terms import OVER, standing_on
from projections.tables.basis import answering, told
from projections.tables.contract_events import contract_events, events_of, folded
from projections.tables.money_events import MoneyEvent, money_events, money_of, said_as
from projections.tables.reader import Reader
from projections.tables.status import status as rights_status


@dataclass(frozen=True, slots=True)
class MissingReport:
    """A period for which a licensee has not reported by its due day."""

    licensee: str
    period_from: date
    period_to: date
    due_on: date
    days_late: int


@dataclass(frozen=True, slots=True)
class UnpaidReport:
    """A report whose sum was due and is not, or not wholly, paid; and the interest so far."""

    report: str
    position: int
    due_on: date
    days_late: int
    due: int
    unpaid: int
    currency: str
    yearly_ppm: int
    since: date
    compounding: Compounding
    days_a_year: int
    interest: int
    rule: Ground

    def accrued_by(self, until: date) -> int:
        """Return the interest before a day; it runs from the day `since`."""
        if until <= self.since:
            return 0
        return interest_on(
            self.unpaid,
            self.yearly_ppm,
            self.since,
            until,
            days_a_year=self.days_a_year,
            compounding=self.compounding,
        )


@dataclass(frozen=True, slots=True)
class Overdue(Answer):
    """What is overdue under a contract on a day, as known; folded up to `size` entries.

    `sealed` says that the schedule is sealed, so that nothing could be derived from it.
    """

    contract: str
    true_on: date
    size: int
    sealed: bool
    unreported: tuple[MissingReport, ...]
    unpaid: tuple[UnpaidReport, ...]
    positions: tuple[int, ...]

    def at_odds(self) -> Iterator[str]:
        """Yield what is said of a sealed schedule, and what is computed wrongly."""
        late: tuple[MissingReport | UnpaidReport, ...] = (*self.unreported, *self.unpaid)
        if self.sealed and late:
            yield "it is sealed, and something is late by it"
        for row in late:
            days = (self.true_on - row.due_on).days
            if days < 1 or row.days_late != days:
                yield f"days_late {row.days_late}, and {days} from {row.due_on} to {self.true_on}"
        for each in self.unpaid:
            if not 0 < each.unpaid <= each.due:
                yield f"unpaid {each.unpaid} of {each.due}"
            if each.since <= each.due_on or each.days_a_year < 1:
                yield f"interest since {each.since} on what was due on {each.due_on}"
            elif each.interest != (accrued := each.accrued_by(self.true_on)):
                yield f"interest {each.interest}, and {accrued} accrued"

    @property
    def _says(self) -> Verdict:
        return "unknown" if self.sealed else "answered"


@dataclass(frozen=True, slots=True)
class MinimumMet(YesOrNo):
    """Whether a licensee earned the minimum of a year: what counted, what is still owed.

    The year is the schedule's own, of the days `[year_from, year_to)`. `sealed` says that the
    schedule is sealed: nobody can tell whether there is a minimum.
    """

    contract: str
    licensee: str
    year: int
    year_from: date | None
    year_to: date | None
    size: int
    sealed: bool
    minimum: int | None
    currency: str | None
    credit: str | None
    earned: int
    carried: int
    reports: tuple[str, ...]
    positions: tuple[int, ...]

    def at_odds(self) -> Iterator[str]:
        """Yield what is said of a schedule that is sealed, or of a minimum that there is not."""
        year = self.year_from, self.year_to, self.currency
        if self.sealed and (any((*year, self.earned, self.reports)) or self.minimum is not None):
            yield "it is sealed, and its members are given"
        if len({each is None for each in year}) > 1:
            yield "its year is not one with both ends and a currency"
        if (self.minimum is None) != (self.credit is None):
            yield "a minimum and how it is credited go together"
        if self.carried < 0 or (self.carried and self.credit != "carried_forward"):
            yield "carried from earlier years, where nothing is"

    @property
    def short(self) -> int:
        """Return what is still owed so that it is met."""
        return max(0, (self.minimum or 0) - self.earned - self.carried)

    @property
    def met(self) -> bool | None:
        """Say whether it is met; None where there is no minimum, or it is sealed."""
        return None if self.minimum is None else self.short == 0

    @property
    def _says(self) -> Verdict:
        if self.met is None:
            return "unknown" if self.sealed else "answered"
        return yes_or_no(self.met)


def overdue_of(reader: Reader, contract: str, *, true_on: date) -> Overdue:
    """Return what is overdue on a legal day. Raises `NotFolded` or `NotAsked`."""
    law = reader.law
    with answering(reader, money_events, contract_events, rights_status) as view:
        known = reader.as_of(view)
        value = folded(contract, events_of(view, contract, known))
        rows = money_of(view, (contract,), known)
        schedules = [] if value is None else schedules_before(value, true_on)
        sealed = any(isinstance(each.royalty, Sealed) for each in schedules)
        if value is None or sealed or not schedules:
            nothing = Overdue(contract, true_on, view.size, sealed, (), (), ())
            return told(view, nothing, known, contract)
        reports = reports_in_force(rows)
        rows = money_of(view, (contract, *distributions_of(rows)), known)
        ended = set[int]()

        def is_over(day: date) -> bool:
            status, by = standing_on(view, value, day, known, law)
            ended.update(by)
            return status in OVER

        own = [body for _, body in reports]
        periods = unreported_periods(value, schedules, own)
        unreported = tuple(
            MissingReport(licensee, first, until, due_on, (true_on - due_on).days)
            for licensee, first, until, due_on in periods
            if due_on < true_on and not is_over(first)
        )
        unpaid = tuple(_unpaid(value, reports, rows, law, true_on))
        answer = Overdue(
            contract,
            true_on,
            view.size,
            sealed,
            unreported,
            unpaid,
            positions_of(
                terms_by(value, true_on),
                [row.position for row, _ in reports],
                _paid_by(rows),
                sorted(ended),
            ),
        )
        return told(view, answer, known, contract)


def minimum_of(
    reader: Reader, contract: str, *, year: int, licensee: str | None = None
) -> MinimumMet:
    """Return whether the minimum of a year was met. Raises `NotFolded` or `NotAsked`."""
    with answering(reader, money_events, contract_events) as view:
        known = reader.as_of(view)
        value = folded(contract, events_of(view, contract, known))
        royalty, sealed = _royalty(value, date(year, 12, 31))
        if royalty is not None and not _runs_in(value, royalty, year):
            royalty = None
        who = licensee or next(iter(sorted(value.licensees())), "") if value else ""
        if royalty is None:
            nothing = MinimumMet(
                contract=contract,
                licensee=who,
                year=year,
                year_from=None,
                year_to=None,
                size=view.size,
                sealed=sealed,
                minimum=None,
                currency=None,
                credit=None,
                earned=0,
                carried=0,
                reports=(),
                positions=(),
            )
            return told(view, nothing, known, contract, licensee)
        reports = [
            (row, body)
            for row, body in reports_in_force(money_of(view, (contract,), known))
            if body.reported_by == who
        ]
        assert value is not None, "a schedule is that of a contract"
        found = _minimum(view, contract, who, royalty, reports, year)
        agreed = terms_by(value, date(year, 12, 31))
        answer = replace(found, positions=positions_of(agreed, found.positions))
        return told(view, answer, known, contract, licensee)


def _runs_in(value: Contract | None, royalty: Royalty, year: int) -> bool:
    """Whether a contract is in force on a day of a royalty year, as things stand."""
    if value is None or value.in_force_from is None:
        return False
    if value.in_force_from >= year_start(royalty, year + 1):
        return False
    return value.over_from is None or value.over_from > year_start(royalty, year)


def terms_by(value: Contract, on: date) -> list[int]:
    """Return the positions of the contract and of the changes of its schedule in force on a day."""
    changes = [
        change.position
        for change in value.changes
        if change.effective_from is not None
        and change.effective_from <= on
        and "royalty" in change.changes.model_fields_set
    ]
    return [value.position, *changes]


def _paid_by(rows: Sequence[MoneyEvent]) -> list[int]:
    """Return the positions of what was distributed, paid and paid back."""
    return [
        row.position
        for kind in (RevenueDistributed, PaymentConfirmed, RefundMade)
        for row, _ in said_as(rows, kind)
    ]


def _minimum(
    view: View,
    contract: str,
    licensee: str,
    royalty: Royalty,
    reports: Sequence[tuple[MoneyEvent, RevenueReported]],
    year: int,
) -> MinimumMet:
    earned: dict[int, int] = {}
    for _, body in reports:
        of_year = year_of(royalty, body.period_from)
        earned[of_year] = earned.get(of_year, 0) + _earned(body)
    least = royalty.minimum
    carried = _carried(royalty, earned, year)
    counted = [(row, body) for row, body in reports if year_of(royalty, body.period_from) == year]
    return MinimumMet(
        contract,
        licensee,
        year,
        year_start(royalty, year),
        year_start(royalty, year + 1),
        view.size,
        False,  # noqa: FBT003  (a schedule that is read is open)
        None if least is None else least.amount,
        royalty.currency,
        None if least is None else least.credit,
        earned.get(year, 0),
        carried,
        tuple(body.report for _, body in counted),
        positions_of([row.position for row, _ in counted]),
    )


def _carried(royalty: Royalty, earned: Mapping[int, int], year: int) -> int:
    """Return what earlier years earned above their minimum, where that counts."""
    least = royalty.minimum
    if least is None or least.credit != "carried_forward":
        return 0
    carried = 0
    for each in range(min(earned, default=year), year):
        carried = max(0, earned.get(each, 0) + carried - least.amount)
    return carried


def _earned(body: RevenueReported) -> int:
    said = body.stated_reckoning()
    return said.royalty - said.set_off - said.capped


def _royalty(value: Contract | None, on: date) -> tuple[Royalty | None, bool]:
    """Return the schedule in force on a day, if there is an open one, and whether it is sealed."""
    agreed = None if value is None else value.terms_on(on).royalty
    if isinstance(agreed, Sealed):
        return None, True
    return agreed, False


def reports_in_force(rows: Sequence[MoneyEvent]) -> list[tuple[MoneyEvent, RevenueReported]]:
    """Return the reports that no correction has taken the place of."""
    reports = said_as(rows, RevenueReported)
    corrected = {body.corrects for _, body in reports}
    return [(row, body) for row, body in reports if body.report not in corrected]


def distributions_of(rows: Sequence[MoneyEvent]) -> set[str]:
    """Return the distributions of what was reported."""
    return {body.distribution for _, body in said_as(rows, RevenueDistributed)}


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule and the days `[begins, ends)` of which it is in force."""

    begins: date
    ends: date
    royalty: Royalty | Sealed


def schedules_before(value: Contract, on: date) -> list[Schedule]:
    """Return the schedules in force before a day, each with its days; no days are without end."""
    start = min(value.in_force_from or on, on)
    changed = {change.effective_from for change in value.changes}
    days = sorted({start, *(day for day in changed if day is not None and start < day < on)})
    found = list[Schedule]()
    for begins, ends in pairwise([*days, on]):
        royalty = value.terms_on(begins).royalty
        last = found[-1] if found else None
        if last is not None and (last.ends, last.royalty) == (begins, royalty):
            found[-1] = replace(last, ends=ends)
        elif royalty is not None:
            found.append(Schedule(begins, ends, royalty))
    return found


def unreported_periods(
    value: Contract, schedules: Sequence[Schedule], reports: Sequence[RevenueReported]
) -> Iterator[tuple[str, date, date, date]]:
    """Yield who has not reported which period `[from, to)`, and by when it is due.

    Each is a period of the schedule in force on its days, which ends where that does; none begins
    once the contract is over.
    """
    if value.in_force_from is None:
        return
    end = value.over_from or date.max
    for licensee in sorted(value.licensees()):
        own = [body for body in reports if body.reported_by == licensee]
        for first, last, due_on in chain.from_iterable(map(_periods, schedules)):
            until = min(end, last)
            covered = any(body.period_from < until and first < body.period_to for body in own)
            if first < end and not covered:
                yield licensee, first, until, due_on


def _periods(schedule: Schedule) -> Iterator[tuple[date, date, date]]:
    """Yield the agreed periods of a schedule's days, cut at both ends, and when each was due."""
    royalty = schedule.royalty
    assert not isinstance(royalty, Sealed), "what is sealed says no periods"
    first, last = agreed_period(royalty, schedule.begins)
    while first < schedule.ends:
        begins, until = max(first, schedule.begins), min(last, schedule.ends)
        yield begins, until, due_day(royalty, last)
        first, last = agreed_period(royalty, last)


def _unpaid(
    value: Contract,
    reports: Sequence[tuple[MoneyEvent, RevenueReported]],
    rows: Sequence[MoneyEvent],
    law: Law,
    on: date,
) -> Iterator[UnpaidReport]:
    paid = paid_by_report(rows)
    default = law.rule("money.late_interest_default", on)
    cap = law.rule("money.late_interest_cap", on)
    for filed, body, royalty, due_on, unpaid in unpaid_sums(value, reports, paid):
        if due_on >= on:
            continue
        late = royalty.late
        row = UnpaidReport(
            body.report,
            filed.position,
            due_on,
            (on - due_on).days,
            body.due.amount,
            unpaid,
            body.due.currency,
            default.number("ppm_a_year") if late is None else late.yearly_ppm,
            due_on + timedelta(days=1 if late is None else late.from_day),
            "none" if late is None else late.compounding,
            default.number("days_a_year"),
            0,
            default if late is None else cap,
        )
        yield replace(row, interest=row.accrued_by(on))


def unpaid_sums(
    value: Contract,
    reports: Iterable[tuple[MoneyEvent, RevenueReported]],
    paid: Mapping[str, int],
) -> Iterator[tuple[MoneyEvent, RevenueReported, Royalty, date, int]]:
    """Yield the reports whose sum is not wholly paid, by which schedule, when due, what is open."""
    for filed, body in reports:
        royalty = value.terms_on(body.period_from).royalty
        unpaid = body.due.amount - paid.get(body.report, 0)
        if isinstance(royalty, Royalty) and unpaid > 0:
            due_on = due_day(royalty, agreed_period(royalty, body.period_from)[1])
            yield filed, body, royalty, due_on, unpaid


def paid_by_report(rows: Sequence[MoneyEvent]) -> Mapping[str, int]:
    """Return what was paid of each report: of a distribution of several, the oldest first."""
    confirmed: dict[str, int] = {}
    for _, made in said_as(rows, PaymentConfirmed):
        confirmed[made.distribution] = confirmed.get(made.distribution, 0) + made.amount.amount
    for _, back in said_as(rows, RefundMade):
        confirmed[back.distribution] = confirmed.get(back.distribution, 0) - back.amount.amount
    due = {body.report: body.due.amount for _, body in said_as(rows, RevenueReported)}
    paid: dict[str, int] = {}
    for _, body in said_as(rows, RevenueDistributed):
        left = confirmed.get(body.distribution, 0)
        for report in _oldest_first(body.reports, rows):
            part = min(left, due.get(report, 0))
            paid[report] = paid.get(report, 0) + part
            left -= part
    return paid


def _oldest_first(reports: Iterable[str], rows: Sequence[MoneyEvent]) -> list[str]:
    filed = {body.report: row.position for row, body in said_as(rows, RevenueReported)}
    return sorted(reports, key=lambda report: filed.get(report, 0))
