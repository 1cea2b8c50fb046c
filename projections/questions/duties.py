"""
What is to be done by when: duties that law data or a contract sets a last day to.

Serves `GET /v1/duties`. What waits for a permit or a registration is filed with the State within
the days of the law, and answered within those of the State; what a licensee agreed to report is
due once a period is over, and what it reported is due with it. Nothing of it is an event: it
follows from what was agreed, the calendar, the law, and what has been done.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Literal

from ledger.domain.contracts.contract import Contract
from ledger.domain.core.dated_law import Law
from ledger.domain.core.ground import Ground
from ledger.domain.core.periods import end_of_days, end_of_working_days
from ledger.domain.core.types import Sealed
from ledger.domain.revenue.distribution import RevenueDistributed
from ledger.domain.revenue.payment import PaymentConfirmed, RefundMade
from ledger.domain.revenue.report import RevenueReported
from projections.engine.answer import Verdict
from projections.engine.event_bodies import EventBody
from projections.engine.view import (
    RECORDED,
    STANDS,
    Known,
    TooMany,
    View,
    bound_parameters,
    positions_of,
)
from projections.questions.arrears import (
    Schedule,
    distributions_of,
    paid_by_report,
    reports_in_force,
    schedules_before,
    terms_by,
    unpaid_sums,
    unreported_periods,
)
from projections.questions.before_the_state import in_force_by, waiting_in
from projections.questions.listed import NAMED_BY, Listed, leaf_of, names_in
from projections.questions.terms import OVER, standing_on
from projections.tables.basis import answering, told
from projections.tables.contract_events import contract_events, folded
from projections.tables.contract_parties import contract_parties
from projections.tables.grants import contracts
from projections.tables.money_events import MoneyEvent, money_events, money_of, said_as
from projections.tables.reader import Reader
from projections.tables.registrations import ground_of
from projections.tables.status import status

Kind = Literal["permit", "registration", "answer", "report", "payment"]

LOOKED_AT = 1_000
"""Contracts, and periods not reported, that an answer looks at."""

_PRIVATE: frozenset[Kind] = frozenset({"report", "payment"})
"""What parties of a contract owe each other, by its schedule."""

_LONGEST = timedelta(days=366)
"""Within which every period ends that has begun."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedDuty:
    """What is to be done under a contract, by whom and until when, as it stood on a day.

    What is owed to nobody is owed to the State's authority, and what nobody owes by that.
    """

    contract: str
    kind: Kind
    """What is to be done: a contract filed for a `permit` or a `registration`, the `answer` of the
    State, a `report` or the `payment` of what was reported."""
    due_on: date
    days_late: int
    """Days from the last day to the day asked about; 0 is not late."""
    owed_by: tuple[str, ...] = ()
    """Ids of the parties that have to do it; none: the State's authority has."""
    owed_to: tuple[str, ...] = ()
    """Ids of the parties to whom it is owed; none: the State's authority."""
    period_from: date | None = None
    """First day of the period that is reported; null for what is filed."""
    period_to: date | None = None
    """First day after that period; null for what is filed."""
    report: str | None = None
    """Id of the report whose sum is to be paid; null of any other kind."""
    unpaid: int | None = None
    """What of that sum is not paid, in minor units of `currency`; null of any other kind."""
    currency: str | None = None
    """Currency (ISO 4217) of that sum; null of any other kind."""
    rule: Ground | None = None
    """The rule of law that sets the last day; null: the parties agreed on it."""
    amendment: str | None = None
    """Payload hash of the amendment that is to be registered; null: it is not about one."""
    follows_from: tuple[int, ...]
    """Positions of the events from which it follows."""


@dataclass(frozen=True, slots=True)
class DutiesByDeadline(Listed):
    """A page of what is to be done, as things stood on a day; what is due first comes first.

    Only of a `kind`, of what is `late`, of the contracts of a `party`, or of one `contract`, if
    that was asked. `sealed` are contracts whose schedule is sealed: what is due under them is not
    known.
    """

    true_on: date
    kind: Kind | None
    """Kind of duty that was asked for; null is all."""
    late: bool
    """Whether only what is late was asked for."""
    party: str | None
    """Id of the party whose contracts were asked about; null is all."""
    contract: str | None
    """Id of the contract that was asked about; null is all."""
    duties: tuple[DatedDuty, ...]
    """What is to be done, by its last day."""
    sealed: tuple[str, ...]
    """Ids of contracts of which a schedule of royalties is sealed; none if the kind asked for
    follows from none."""

    def at_odds(self) -> Iterator[str]:
        """Yield what is not late by the days that are said, not in order, or was not asked for."""
        for each in self.duties:
            if each.days_late != max(0, (self.true_on - each.due_on).days):
                yield f"days_late {each.days_late} of what was due on {each.due_on}"
            if self.late and not each.days_late:
                yield "what is not late, where only what is late was asked for"
            if self.kind not in (None, each.kind):
                yield f"a duty of the kind {each.kind}, where {self.kind} was asked for"
        if [*self.duties] != sorted(self.duties, key=_by_deadline):
            yield "what is due later stands before what is due first"

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events from which they follow."""
        return positions_of(*(each.follows_from for each in self.duties))

    def untold(self) -> tuple[str, ...]:
        """Return the ids that are unknown, and the contracts of which a schedule is sealed."""
        return *self.unknown, *self.sealed

    @property
    def _says(self) -> Verdict:
        return "unknown" if self.sealed and not self.count else "answered"


def _by_deadline(duty: DatedDuty) -> tuple[object, ...]:
    return duty.due_on, duty.contract, duty.kind, duty.owed_by, duty.report or duty.amendment or ""


def duties_by_deadline(  # noqa: PLR0913  (each is a parameter of the question)
    reader: Reader,
    *,
    true_on: date,
    kind: Kind | None = None,
    late: bool = False,
    party: str | None = None,
    contract: str | None = None,
    after: str | None = None,
    limit: int = 50,
) -> DutiesByDeadline:
    """Return a page of what is to be done by when, as things stood on a day.

    Raises `NotFolded` or `NotAsked`, the latter also for a cursor of another question; `TooMany`
    where it would look at more contracts or periods than an answer does: ask of a party.
    """
    law = reader.law
    with answering(reader, *_MODELS, *NAMED_BY) as view:
        asked = reader.as_of(view)
        question = ("duties", true_on, kind, late, party, contract, limit)
        leaf = leaf_of(reader, view, asked, after, *question)
        agreed = _agreed(view, leaf.known, true_on, party, contract)
        owed = [] if kind in _PRIVATE else [*_of_the_state(view, leaf.known, agreed, true_on, law)]
        sealed: tuple[str, ...] = ()
        if kind is None or kind in _PRIVATE:
            reporting = [*_reporting(view, leaf.known, agreed, true_on)]
            owed += _of_licensees(view, leaf.known, reporting, true_on, law)
            sealed = tuple(_sealed(view, leaf.known, reporting, true_on, law))
        found = [
            each for each in owed if kind in (None, each.kind) and (each.days_late or not late)
        ]
        page = sorted(found, key=_by_deadline)[leaf.behind : leaf.behind + limit]
        named = {each for duty in page for each in (*duty.owed_by, *duty.owed_to)}
        answer = DutiesByDeadline(
            true_on=true_on,
            kind=kind,
            late=late,
            party=party,
            contract=contract,
            duties=tuple(page),
            sealed=sealed,
            size=view.size,
            count=len(found),
            names=names_in(view, leaf.known, named.union(filter(None, [party])), true_on),
            after=after,
            limit=limit,
            next_after=leaf.next_of(len(page), len(found)),
        )
        return told(view, answer, asked, party, contract)


_MODELS = (contracts, contract_parties, contract_events, money_events, status)

_Agreed = tuple[Contract, Sequence[EventBody]]
"""A contract, and its events."""


def _agreed(
    view: View, known: Known, on: date, party: str | None, contract: str | None
) -> Mapping[str, _Agreed]:
    """Return the contracts that were concluded by a day, by id; of a party or one alone."""
    asked = {"on": on, "party": party, "contract": contract, **bound_parameters(known)}
    where = [f"concluded_on <= %(on)s AND {RECORDED}"]
    if contract is not None:
        where.append("subject = %(contract)s")
    if party is not None:
        bound = f"party = %(party)s AND {RECORDED} AND {STANDS}"
        where.append(f"subject IN (SELECT subject FROM read.contract_parties WHERE {bound})")  # noqa: S608
    made = view.rows(contracts, " AND ".join(where), asked, "subject", LOOKED_AT + 1)
    if len(made) > LOOKED_AT:
        raise TooMany(f"more than {LOOKED_AT} contracts: ask of a party or of a contract")
    ids = [row.subject for row in made]
    rows = view.recorded(contract_events, known, "subject, position", subject=ids)
    found = {each: [*events] for each, events in groupby(rows, lambda row: row.subject)}
    return {
        each: (value, events)
        for each, events in found.items()
        if (value := folded(each, events)) is not None
    }


def _of_the_state(
    view: View, known: Known, agreed: Mapping[str, _Agreed], on: date, law: Law
) -> Iterator[DatedDuty]:
    """Yield what is still to be filed with the State, and what it has still to answer.

    What is void or over is filed no more. What was filed before is answered all the same.
    """
    for contract, (value, events) in agreed.items():
        parties = tuple(sorted(value.parties))
        for each in waiting_in(events):
            rule = ground_of(each.purpose, each.recorded_on, law)
            if rule is None or on < each.concluded_on:
                continue
            if each.to_file(on):
                if standing_on(view, value, on, known, law)[0] in OVER:
                    continue
                due_on = end_of_days(law, each.concluded_on, rule.number("days"))
                yield DatedDuty(
                    contract=contract,
                    kind="permit" if each.purpose == "permit" else "registration",
                    amendment=each.amendment,
                    due_on=due_on,
                    days_late=_days_late(due_on, on),
                    owed_by=parties,
                    rule=rule,
                    follows_from=(each.position,),
                )
            elif (filed := each.to_answer(on)) is not None:
                due_on = end_of_working_days(law, filed[0], rule.number("answer_working_days"))
                yield DatedDuty(
                    contract=contract,
                    kind="answer",
                    amendment=each.amendment,
                    due_on=due_on,
                    days_late=_days_late(due_on, on),
                    owed_to=parties,
                    rule=rule,
                    follows_from=positions_of([each.position, filed[1]]),
                )


def _days_late(due_on: date, on: date) -> int:
    return max(0, (on - due_on).days)


@dataclass(frozen=True, slots=True)
class _Reporting:
    """A contract under which is reported: by which schedules, what was, and what was paid of it."""

    contract: str
    value: Contract
    schedules: Sequence[Schedule]
    reports: Sequence[tuple[MoneyEvent, RevenueReported]]
    paid: Mapping[str, int]
    in_force_by: Sequence[int]
    paid_by: Mapping[str, Sequence[int]]

    @property
    def sealed_from(self) -> Iterator[date]:
        """Yield the first days of schedules that are sealed: of theirs nothing can be derived."""
        end = self.value.over_from or date.max
        for each in self.schedules:
            if isinstance(each.royalty, Sealed) and each.begins < end:
                yield each.begins

    def to_report(self, on: date) -> Iterator[DatedDuty]:
        """Yield the periods that have begun and are not reported."""
        own = [body for _, body in self.reports]
        told = [each for each in self.schedules if not isinstance(each.royalty, Sealed)]
        for licensee, first, until, due_on in unreported_periods(self.value, told, own):
            if first <= on:
                yield DatedDuty(
                    contract=self.contract,
                    kind="report",
                    due_on=due_on,
                    days_late=_days_late(due_on, on),
                    owed_by=(licensee,),
                    owed_to=self._licensors(licensee),
                    period_from=first,
                    period_to=until,
                    follows_from=positions_of(terms_by(self.value, first), self.in_force_by),
                )

    def to_pay(self, on: date) -> Iterator[DatedDuty]:
        """Yield the reports whose sum is not wholly paid."""
        for filed, body, _, due_on, unpaid in unpaid_sums(self.value, self.reports, self.paid):
            yield DatedDuty(
                contract=self.contract,
                kind="payment",
                due_on=due_on,
                days_late=_days_late(due_on, on),
                owed_by=(body.reported_by,),
                owed_to=self._licensors(body.reported_by),
                period_from=body.period_from,
                period_to=body.period_to,
                report=body.report,
                unpaid=unpaid,
                currency=body.due.currency,
                follows_from=positions_of(
                    terms_by(self.value, body.period_from),
                    self.in_force_by,
                    [filed.position],
                    self.paid_by.get(body.report, ()),
                ),
            )

    def _licensors(self, licensee: str) -> tuple[str, ...]:
        grants = self.value.grants.values()
        return tuple(sorted({each.licensor for each in grants if each.licensee == licensee}))


def _reporting(
    view: View, known: Known, agreed: Mapping[str, _Agreed], on: date
) -> Iterator[_Reporting]:
    """Yield each contract with its schedules, what was reported under it, and what was paid."""
    rows = money_of(view, agreed, known)
    moved = money_of(view, (*agreed, *distributions_of(rows)), known)
    paid, paid_by = paid_by_report(moved), _paid_by(moved)
    reports = defaultdict[str, list[tuple[MoneyEvent, RevenueReported]]](list)
    for row, body in reports_in_force(rows):
        reports[body.contract].append((row, body))
    for contract, (value, events) in agreed.items():
        schedules = schedules_before(value, on + _LONGEST)
        by = in_force_by(events)
        yield _Reporting(contract, value, schedules, reports[contract], paid, by, paid_by)


def _paid_by(rows: Sequence[MoneyEvent]) -> Mapping[str, Sequence[int]]:
    """Return the positions of what was distributed, paid and paid back, by report."""
    made = said_as(rows, RevenueDistributed)
    moved = [*said_as(rows, PaymentConfirmed), *said_as(rows, RefundMade)]
    found = defaultdict[str, list[int]](list)
    for row, body in made:
        own = [each.position for each, said in moved if said.distribution == body.distribution]
        for report in body.reports:
            found[report] += [row.position, *own]
    return found


def _sealed(
    view: View, known: Known, reporting: Iterable[_Reporting], on: date, law: Law
) -> Iterator[str]:
    """Yield the contracts of which a schedule is sealed that was in force by a day."""
    for each in reporting:
        begun = (day for day in each.sealed_from if day <= on)
        if any(standing_on(view, each.value, day, known, law)[0] not in OVER for day in begun):
            yield each.contract


def _of_licensees(
    view: View, known: Known, reporting: Iterable[_Reporting], on: date, law: Law
) -> Iterator[DatedDuty]:
    """Yield what licensees are to report and to pay, by schedules that are open.

    What was over when a period began, by the contract or what it rests on, needs no report of it.
    """
    periods = [(each.value, duty) for each in reporting for duty in each.to_report(on)]
    if len(periods) > LOOKED_AT:
        raise TooMany(f"more than {LOOKED_AT} periods: ask of a party or of a contract")
    for value, duty in periods:
        assert duty.period_from is not None, "a report is of a period"
        if standing_on(view, value, duty.period_from, known, law)[0] not in OVER:
            yield duty
    for each in reporting:
        yield from each.to_pay(on)
