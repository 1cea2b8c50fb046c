"""
Late interest: what accrues on a sum that was due by a report and not paid in time.

Agreed interest keeps to the cap of the law in force when it is agreed and when it accrues; where no
rate is agreed, the statute has one (Civil Code arts. 357, 468). Days are counted, not months, over
the days that the law data gives a year; with yearly compounding, interest joins the principal at
the end of each calendar year. All is rounded down.
Read in this order: arithmetic, events, state, refusals, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from ledger.domain.contracts.contract import Contract, must_license
from ledger.domain.contracts.contract_terms import ContractId, Terms
from ledger.domain.contracts.royalty import LateInterest, LateRateCap, Royalty, must_respect_the_cap
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened, recall, reveal
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    must_stand_under,
    not_in_future,
    require_days,
    require_known,
    require_new,
)
from ledger.domain.core.ground import Ground
from ledger.domain.core.money import PPM, CurrencyMismatch, Money, Price, in_currency
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, Sealed, legal_day, of_kind
from ledger.domain.revenue.report import Report
from ledger.domain.revenue.report_lines import ReportId

KIND = "interest"

InterestId = Annotated[str, of_kind(KIND)]
RuleName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]
Compounding = Literal["none", "yearly"]


def interest_on(
    principal: int,
    yearly_ppm: int,
    since: date,
    until: date,
    *,
    days_a_year: int,
    compounding: Compounding,
) -> int:
    """Return the interest on `principal` minor units for the days `[since, until)`."""
    if compounding == "none":
        return principal * yearly_ppm * (until - since).days // (PPM * days_a_year)
    total, start = principal, since
    while start < until:
        end = min(until, date(start.year + 1, 1, 1))
        total += total * yearly_ppm * (end - start).days // (PPM * days_a_year)
        start = end
    return total - principal


class InterestAccrued(Body):
    """On `principal`, due by a report and unpaid, interest accrued in `[since, until)`."""

    TOPIC: ClassVar[str] = "interest.accrued/1"
    TITLE = "Late interest accrued"
    TITLE_VI = "Tính lãi chậm trả"
    SUBJECTS = "interest contract report claimed_by"
    SIGNERS = "claimed_by"
    COMMITS = "sum:amount"

    interest: InterestId
    """Id of the new claim."""
    contract: ContractId
    """Contract under which it is owed."""
    report: ReportId
    """Report by which the principal is due."""
    due_on: Day
    """Day on which the principal was due."""
    principal: Price
    """What is unpaid, in the contract's currency."""
    since: Day
    """First day of interest."""
    until: Day
    """Day after the last day of interest."""
    yearly_ppm: Annotated[int, Field(ge=0)]
    """Rate a year, in parts per million."""
    compounding: Compounding
    """`yearly`: interest joins the principal at the end of each calendar year; `none`: it does
    not.
    """
    amount: Money
    """The interest, rounded down, in the contract's currency."""
    rule: RuleName
    """Name of the row of law data whose rate or cap decided."""
    claimed_by: PartyId
    """Licensor that claims it."""
    royalty: Royalty | Sealed | None = None
    """The contract's royalty once more, open or sealed, where it is sealed; else null or
    absent.
    """

    def reads(self, state: State) -> Iterable[str]:
        """Return nothing more."""
        del state
        return ()


@dataclass(frozen=True, slots=True)
class Interest:
    """Interest that accrued."""

    position: int


class InterestMismatch(Refusal):
    """The interest does not follow from what was agreed, or from the statute."""

    code = "INTEREST_MISMATCH"
    title_vi = "Tiền lãi không khớp với thỏa thuận hoặc quy định của luật"


@admits(InterestAccrued)
def _admit(body: InterestAccrued, state: State, context: Context) -> None:
    """Refuse interest on what is not due, for no time, at another rate, or wrongly computed."""
    require_new(state, body.interest)
    contract = require_known(state, body.contract, Contract)
    report = require_known(state, body.report, Report)
    _must_be_owed(body, contract, report)
    require_days(body.since, body.until, "/body/until")
    not_in_future(context.accepted, until=body.until - timedelta(days=1))
    today = legal_day(context.accepted)
    must_respect_the_cap(context.law, body.yearly_ppm, today, "/body/yearly_ppm")
    with if_opened(context, InterestMismatch, LateRateCap):
        _must_be_agreed(body, contract, context)
    _must_be_reckoned(body, context)


def _must_be_owed(body: InterestAccrued, contract: Contract, report: Report) -> None:
    must_stand_under(body.contract, body.report, report)
    must_license(contract, body.contract, body.claimed_by)
    if {body.principal.currency, body.amount.currency} != {contract.currency}:
        raise CurrencyMismatch(
            f"{body.contract} is in {contract.currency}",
            positions=(contract.position,),
            step=in_currency(
                contract.currency, "/body/principal/currency", "/body/amount/currency"
            ),
        )
    if body.principal.amount > report.due:
        raise InterestMismatch(
            f"{report.due} was due",
            positions=(report.position,),
            pointer="/body/principal",
            step=_said({"/body/principal/amount": max(report.due, 0)}),
        )


def _said(change: dict[str, Any]) -> Step:
    told = (f"{pointer.removeprefix('/body/')} {value}" for pointer, value in change.items())
    return Step({"what": ", ".join(told)}, change=change)


def _late_terms(terms: Terms, body: InterestAccrued, context: Context) -> LateInterest | None:
    """Return what is agreed on late payment, from the contract or as the event repeats it."""
    agreed = terms.royalty
    if agreed is None:
        return None
    if isinstance(agreed, Sealed) and body.royalty is not None:
        return reveal(body.royalty, "/body/royalty", context, Royalty.model_validate).late
    return recall(agreed, body.contract, context, Royalty.model_validate).late


def _ground(late: LateInterest | None, contract: Contract, law: Law, today: date) -> Ground:
    if late is None:
        return law.rule("money.late_interest_default", today)
    agreed = (contract.position, *(change.position for change in contract.changes))
    return must_respect_the_cap(law, late.yearly_ppm, today, None, agreed)


def _expected(late: LateInterest | None, ground: Ground) -> tuple[int, Compounding]:
    if late is None:
        return ground.number("ppm_a_year"), "none"
    return late.yearly_ppm, late.compounding


def _must_be_agreed(body: InterestAccrued, contract: Contract, context: Context) -> None:
    """Hold the rate and the first day to what the contract says of late payment, or the law."""
    late = _late_terms(contract.terms_on(body.due_on), body, context)
    ground = _ground(late, contract, context.law, legal_day(context.accepted))
    expected = _expected(late, ground)
    if (body.yearly_ppm, body.compounding, body.rule) != (*expected, ground.rule):
        raise InterestMismatch(
            f"the rate is {expected[0]} ppm a year by {ground.rule}",
            positions=(contract.position,),
            ground=ground,
            pointer="/body/yearly_ppm",
            step=_said(
                {
                    "/body/yearly_ppm": expected[0],
                    "/body/compounding": expected[1],
                    "/body/rule": ground.rule,
                }
            ),
        )
    first = body.due_on + timedelta(days=1 if late is None else late.from_day)
    if body.since < first:
        raise InterestMismatch(
            f"interest runs from {first}",
            positions=(contract.position,),
            ground=ground,
            pointer="/body/since",
            step=_said({"/body/since": first.isoformat()}),
        )


def _must_be_reckoned(body: InterestAccrued, context: Context) -> None:
    default = context.law.rule("money.late_interest_default", legal_day(context.accepted))
    amount = interest_on(
        body.principal.amount,
        body.yearly_ppm,
        body.since,
        body.until,
        days_a_year=default.number("days_a_year"),
        compounding=body.compounding,
    )
    if body.amount.amount != amount:
        raise InterestMismatch(
            f"it comes to {amount}, not {body.amount.amount}",
            ground=default,
            pointer="/body/amount",
            step=_said({"/body/amount/amount": amount}),
        )


@evolves(KIND, InterestAccrued)
def _evolve(_body: InterestAccrued, logged: Logged) -> Interest:
    return Interest(logged.position)
