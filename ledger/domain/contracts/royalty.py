"""
A royalty schedule as agreed: rates, years and periods (Decree 76/2018 art. 4).

What it makes due on what was sold is computed in `ledger.domain.contracts.royalty_due`.
"""

from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ledger.domain.core.dated_law import Law
from ledger.domain.core.ground import Ground
from ledger.domain.core.money import PPM, Currency
from ledger.domain.core.periods import months_later
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.scope import TerritoryCode
from ledger.domain.core.types import DISTINCT, FROM_LIST, NOT_EMPTY, Day, Days, Model, Text
from ledger.quoted import repeated

Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]


class Tier(Model):
    """`rate_ppm` of the part of the cumulative base up to `upto` minor units; null has no end."""

    upto: Positive | None
    """The tier ends with this cumulative base, in minor units, and begins where the one before
    ends; null, of the last tier alone, has no end."""
    rate_ppm: Annotated[int, Field(ge=0, le=PPM)]
    """Rate of the part of the base that lies in the tier, in parts per million."""


def _rising(tiers: tuple[Tier, ...]) -> tuple[Tier, ...]:
    if (end := tiers[-1].upto) is not None:
        raise ValueError(f"the last tier has no end, and tier {len(tiers)} ends at {end}")
    below = None
    for number, tier in enumerate(tiers[:-1], start=1):
        if tier.upto is None:
            raise ValueError(f"tier {number} has no end, and tier {number + 1} follows it")
        if below is not None and tier.upto <= below:
            raise ValueError(
                f"tier {number} ends at {tier.upto}, not above tier {number - 1} at {below}"
            )
        below = tier.upto
    return tiers


class Minimum(Model):
    """A least sum for each year; `credit` says which earned royalties count towards it."""

    amount: Positive
    """The least sum for a royalty year, in minor units of the schedule's currency."""
    credit: Literal["same_year", "carried_forward"]
    """Which royalties count towards it: `same_year`, those that the year earned,
    `carried_forward`, also what earlier years earned above their minimum."""


class Cap(Model):
    """The most that is due, in each year or over the whole term."""

    amount: Positive
    """The most that royalties come to, after what is set off and beside milestones, in minor
    units of the schedule's currency."""
    per: Literal["year", "term"]
    """Over what it holds: each royalty `year`, or the whole `term`."""


class Stacking(Model):
    """What third parties get is set off, by `credit_ppm` of it, down to `floor_ppm` of the due."""

    credit_ppm: Annotated[int, Field(ge=0, le=PPM)]
    """How much of what third parties get for the same sales is set off, in parts per million of
    it."""
    floor_ppm: Annotated[int, Field(ge=0, le=PPM)]
    """How much of the royalty stays due whatever is set off, in parts per million of it."""


class Milestone(Model):
    """`amount` is due once, in the year whose base first reaches `yearly_base`."""

    milestone: Name
    """Name of the milestone, its own within the schedule, by which reports name it."""
    yearly_base: Positive
    """The base of a royalty year that reaches it, in minor units: gross less deductions, also
    where a sum for each unit is paid."""
    amount: Positive
    """What is due when it is reached, in minor units of the schedule's currency."""


class LateInterest(Model):
    """What is owed on late payment: a yearly rate, from the n-th day after the due day."""

    yearly_ppm: Annotated[int, Field(ge=0)]
    """Rate a year in parts per million; at most what the law allows (Civil Code arts. 357,
    468)."""
    from_day: Annotated[Days, Field(ge=1)]
    """On which day after the due day interest begins to run; 1 is the next day."""
    compounding: Literal["none", "yearly"]
    """`yearly`: interest joins the principal at the end of each calendar year; `none`:
    never."""


class FxRule(Model):
    """Whose rate turns another currency into the contract's, of which day."""

    source: Text
    """Whose rate it is, in words that a report in another currency repeats."""
    on: Literal["period_end", "due_day", "invoice_day"]
    """Of which day the rate is: the last day of the period, the day when payment is due, or
    that of the invoice."""


MONTHS = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
"""How many months an agreed period has."""


class Audit(Model):
    """How long records are kept; from which error on the licensee bears the audit's cost."""

    records_years: Positive
    """For how many years the licensee keeps its records."""
    cost_shift_ppm: Annotated[int, Field(ge=0, le=PPM)]
    """From which error on the licensee bears the audit's cost, in parts per million."""


class Royalty(Model):
    """A schedule. Amounts are minor units of `currency`, rates parts per million of the base."""

    currency: Currency
    """The currency of all amounts of the schedule (ISO 4217)."""
    base: Literal["net_selling_price", "net_revenue", "pre_tax_profit", "unit", "other"]
    """What is counted: net selling price, net revenue or pre-tax profit (Decree 76/2018
    art. 4), units, or another base in money that the parties' paper defines."""
    tiers: Annotated[tuple[Tier, ...], FROM_LIST, NOT_EMPTY, AfterValidator(_rising)] | None = None
    """Rates by the cumulative base: they rise, and the last one has no end; a single rate is
    one tier. Null or absent for the base `unit`."""
    tiers_over: Literal["year", "term"] = "year"
    """Over what the base of the tiers adds up: it starts again with each royalty `year`, or
    never in the `term`."""
    per_unit: Positive | None = None
    """Sum due for each unit, in minor units of the schedule's currency: of the base `unit`
    alone, else null or absent."""
    year_from: Day | None = None
    """Royalty years begin on the day and month of this legal day; null or absent: they are
    calendar years."""
    minimum: Minimum | None = None
    """The least that is owed for each royalty year; null or absent is none."""
    cap: Cap | None = None
    """The most that is owed in a royalty year or over the term; null or absent is none."""
    stacking: Stacking | None = None
    """How royalties to third parties are set off; null or absent: they are not."""
    milestones: Annotated[tuple[Milestone, ...], FROM_LIST] = ()
    """Sums that are due once, when a year's base reaches an amount."""
    holiday_until: Day | None = None
    """Nothing is due on sales before this legal day; null or absent: there is no holiday."""
    zero_rated: Annotated[tuple[TerritoryCode, ...], FROM_LIST, DISTINCT] = ()
    """Places, by the codes of a territory, on whose sales nothing is due."""
    period: Literal["month", "quarter", "half_year", "year"]
    """How long a period is for which the licensee reports and pays; royalty years are made of
    whole ones."""
    due_days: Days
    """Within how many days after the last day of a period, which is not counted (Civil Code
    art. 147), it is reported and paid."""
    late: LateInterest | None = None
    """Interest on late payment; null or absent: as the law has it."""
    fx: FxRule | None = None
    """How sales in another currency are exchanged; null or absent: reports are in the
    contract's."""
    deductions: Annotated[tuple[Name, ...], FROM_LIST, DISTINCT] = ()
    """Kinds of deduction that a report may take off the gross, by names that the parties
    choose; other kinds are refused (Decree 76/2018 art. 4)."""
    audit: Audit | None = None
    """What is agreed on records and audits; null or absent is nothing."""

    @model_validator(mode="after")
    def _of_its_base(self) -> "Royalty":
        if (self.base == "unit") != (self.per_unit is not None):
            given = "without a sum" if self.per_unit is None else "with a sum"
            raise ValueError(
                f"a sum for each unit, and nothing else, is based on units: {self.base}, {given}"
            )
        if (self.base == "unit") == (self.tiers is not None):
            given = "without" if self.tiers is None else "with"
            raise ValueError(f"tiers are of a base in money: {self.base}, {given} tiers")
        if (twice := repeated(each.milestone for each in self.milestones)) is not None:
            raise ValueError(f"a milestone is named twice: {twice}")
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
