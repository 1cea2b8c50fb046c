"""
A royalty schedule as agreed: rates, years and periods (Decree 76/2018 art. 4).

What it makes due on what was sold is reckoned in `ledger.domain.contracts.reckoning`.
"""

from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ledger.domain.core.ground import Ground
from ledger.domain.core.law import Law
from ledger.domain.core.money import PPM, Currency
from ledger.domain.core.periods import months_later
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.scope import TerritoryCode
from ledger.domain.core.types import DISTINCT, FROM_LIST, NOT_EMPTY, Day, Days, Model, Text

Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Tier(Model):
    """`rate_ppm` of the part of the cumulative base up to `upto` minor units; null has no end."""

    upto: Positive | None
    rate_ppm: Annotated[int, Field(ge=0, le=PPM)]


def _rising(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    ends = [tier.upto for tier in tiers]
    bounded = [end for end in ends[:-1] if end is not None]
    if ends[-1] is not None or len(bounded) != len(ends) - 1 or sorted(set(bounded)) != bounded:
        raise ValueError("tiers rise, and the last one has no end")
    return tiers


class Minimum(Model):
    """A least sum for each year; `credit` says which earned royalties count towards it."""

    amount: Positive
    credit: Literal["same_year", "carried_forward"]


class Cap(Model):
    """The most that is due, in each year or over the whole term."""

    amount: Positive
    per: Literal["year", "term"]


class Stacking(Model):
    """What third parties get is set off, by `credit_ppm` of it, down to `floor_ppm` of the due."""

    credit_ppm: Annotated[int, Field(ge=0, le=PPM)]
    floor_ppm: Annotated[int, Field(ge=0, le=PPM)]


class Milestone(Model):
    """`amount` is due once, in the year whose base first reaches `yearly_base`.

    The base is money, gross less deductions, of a sum for each unit as well.
    """

    milestone: Name
    yearly_base: Positive
    amount: Positive


class LateInterest(Model):
    """What is owed on late payment: a yearly rate, from the n-th day after the due day."""

    yearly_ppm: Annotated[int, Field(ge=0)]
    from_day: Annotated[Days, Field(ge=1)]
    compounding: Literal["none", "yearly"]


class FxRule(Model):
    """Whose rate turns another currency into the contract's, of which day."""

    source: Text
    on: Literal["period_end", "due_day", "invoice_day"]


MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
"""How many months an agreed period has."""


class Audit(Model):
    """How long records are kept; from which error on the licensee bears the audit's cost."""

    records_years: Positive
    cost_shift_ppm: Annotated[int, Field(ge=0, le=PPM)]


class Royalty(Model):
    """A schedule. Amounts are minor units of `currency`, rates parts per million of the base.

    `unit` is the base of a sum for each unit (`per_unit`); the other bases have tiers. Tiers,
    milestones and minimum run by the year: the calendar year, or from the day and month of
    `year_from`; with `tiers_over` "term" the tiers never start again. Nothing is due on sales
    before `holiday_until` and in `zero_rated` territories.
    """

    currency: Currency
    base: Literal["net_selling_price", "net_revenue", "pre_tax_profit", "unit", "other"]
    tiers: Annotated[tuple[Tier, ...], FROM_LIST, NOT_EMPTY, AfterValidator(_rising)] | None = None
    tiers_over: Literal["year", "term"] = "year"
    per_unit: Positive | None = None
    year_from: Day | None = None
    minimum: Minimum | None = None
    cap: Cap | None = None
    stacking: Stacking | None = None
    milestones: Annotated[tuple[Milestone, ...], FROM_LIST] = ()
    holiday_until: Day | None = None
    zero_rated: Annotated[tuple[TerritoryCode, ...], FROM_LIST, DISTINCT] = ()
    period: Literal["month", "quarter", "half_year", "year"]
    due_days: Days
    late: LateInterest | None = None
    fx: FxRule | None = None
    deductions: Annotated[tuple[Name, ...], FROM_LIST, DISTINCT] = ()
    audit: Audit | None = None

    @model_validator(mode="after")
    def _of_its_base(self) -> "Royalty":
        if (self.base == "unit") != (self.per_unit is not None):
            raise ValueError("a sum for each unit, and nothing else, is based on units")
        if (self.base == "unit") == (self.tiers is not None):
            raise ValueError("tiers are of a base in money")
        if len({each.milestone for each in self.milestones}) < len(self.milestones):
            raise ValueError("a milestone is named twice")
        return self


@lru_cache(maxsize=256)
def flat(rate_ppm: int, base: str, currency: str) -> Royalty:
    """Return one rate as a schedule: no deductions, no places or days without it, no years."""
    return Royalty.model_validate(
        {
            "currency": currency,
            "base": base,
            "tiers": [{"upto": None, "rate_ppm": rate_ppm}],
            "tiers_over": "term",
            "period": "quarter",
            "due_days": 0,
        }
    )


class LateRateCap(Refusal):
    """A rate of late interest is above what the law allows."""

    code = "LATE_RATE_CAP"
    members = ("yearly_ppm", "royalty", "changes")
    title_vi = "Lãi suất chậm trả vượt quá mức tối đa theo luật"
    article = "Bộ luật Dân sự, Điều 357, Điều 468"


def parts_on(schedule: Royalty, base: int | Fraction) -> int | Fraction:
    """Return what is due on a cumulative base of 0 or more, exact, in millionths of a unit."""
    assert schedule.tiers is not None, "a schedule by units has no base in money"
    start, parts = 0, Fraction(0) if isinstance(base, Fraction) else 0
    for tier in schedule.tiers:
        end = base if tier.upto is None else min(base, tier.upto)
        if end <= start:
            break
        parts += (end - start) * tier.rate_ppm
        start = tier.upto or 0
    return parts


def royalty_on(schedule: Royalty, base: int) -> int:
    """Return what is due on a cumulative base of 0 or more, rounded down."""
    return int(parts_on(schedule, base) // PPM)


def year_start(schedule: Royalty, year: int) -> date:
    """Return the first day of a royalty year: of the calendar, or of the schedule's own."""
    first = schedule.year_from
    if first is None:
        return date(year, 1, 1)
    return months_later(first, 12 * (year - first.year))


def year_of(schedule: Royalty, day: date) -> int:
    """Return the royalty year to which a day belongs, by the calendar year in which it begins."""
    return day.year if day >= year_start(schedule, day.year) else day.year - 1


def agreed_period(schedule: Royalty, day: date) -> tuple[date, date]:
    """Return the agreed period of a day, half-open: royalty years are made of whole periods."""
    first, months = year_start(schedule, year_of(schedule, day)), MONTHS[schedule.period]
    past = 12 * (day.year - first.year) + day.month - first.month
    number = past // months
    if months_later(first, number * months) > day:
        number -= 1
    return months_later(first, number * months), months_later(first, (number + 1) * months)


def due_day(schedule: Royalty, until: date) -> date:
    """Return the last day to report and pay for a period `[.., until)`.

    It is `due_days` after the period's last day, which is not counted (Civil Code art. 147).
    """
    return until + timedelta(days=schedule.due_days - 1)


def must_respect_the_cap(
    law: Law, yearly_ppm: int, on: date, pointer: str | None, agreed: tuple[int, ...] = ()
) -> Ground:
    """Return the cap in force on a day, or raise `LateRateCap` if the rate is above it.

    `pointer` is where the payload says the rate; None where it was `agreed` before, by events at
    those positions.
    """
    cap = law.rule("money.late_interest_cap", on)
    if yearly_ppm > cap.number("max_ppm_a_year"):
        most = cap.number("max_ppm_a_year")
        raise LateRateCap(
            f"{yearly_ppm} ppm a year is more than {most}",
            ground=cap,
            positions=agreed,
            step=Step({"most": most}, case="agreed")
            if pointer is None
            else Step({"most": most}, change={pointer: most}),
        )
    return cap
