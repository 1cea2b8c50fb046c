"""
A royalty schedule as agreed, and what it makes due: exact, in minor units, recomputable by anyone.

What is due on a base is R(base so far with it) less what was due before, where R is the sum of the
tiers' rates on their parts of the cumulative base, rounded down once, towards zero. So whoever
reports in quarters owes what one yearly report would owe, to the unit, and a correction takes back
what was due on what it takes back (Decree 76/2018 art. 4; Technology Transfer Law
art. 27 list the ways to pay).
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from ledger.domain.event import DISTINCT, FROM_LIST, NOT_EMPTY, Day, Days, Model, Refusal, Text
from ledger.domain.law import Ground, Law
from ledger.domain.money import PPM, Currency
from ledger.domain.scope import TerritoryCode

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
    """`amount` is due once, in the year whose base first reaches `yearly_base`."""

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


def flat(rate_ppm: int, base: str, currency: str, deductions: Collection[str]) -> Royalty:
    """Return one rate as a schedule. Such a contract lists no deductions, so these are allowed."""
    return Royalty.model_validate(
        {
            "currency": currency,
            "base": base,
            "tiers": [{"upto": None, "rate_ppm": rate_ppm}],
            "tiers_over": "term",
            "period": "quarter",
            "due_days": 0,
            "deductions": sorted(deductions),
        }
    )


class LateRateCap(Refusal):
    """A rate of late interest is above what the law allows."""

    code = "LATE_RATE_CAP"
    members = ("yearly_ppm", "royalty", "changes")
    title_vi = "Lãi suất chậm trả vượt quá mức tối đa theo luật"
    article = "Bộ luật Dân sự, Điều 357, Điều 468"


@dataclass(frozen=True, slots=True)
class Running:
    """What was reported and due before: in the tiers' span, in this year, over the term.

    `royalty` is what was due on the base `spanned`, before set-off and cap.
    """

    spanned: int = 0
    royalty: int = 0
    year: int = 0
    due_year: int = 0
    due_term: int = 0
    reached: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Sales:
    """What a report adds: base and units on which a royalty is due, what third parties got.

    Only a correction takes back what was due; where returns exceed sales, the base is carried on.
    """

    base: int = 0
    units: int = 0
    stacked: int = 0
    correction: bool = False


@dataclass(frozen=True, slots=True)
class Due:
    """What is due on a report, line by line; `total` is what is paid."""

    royalty: int
    stacking: int
    capped: int
    milestones: tuple[Milestone, ...]

    @property
    def earned(self) -> int:
        """Return the running royalty after set-off and cap."""
        return self.royalty - self.stacking - self.capped

    @property
    def total(self) -> int:
        """Return the running royalty and the milestones reached."""
        return self.earned + sum(each.amount for each in self.milestones)


def royalty_on(schedule: Royalty, base: int) -> int:
    """Return R: what is due on a cumulative base from 0, rounded down; R(-b) is -R(b)."""
    assert schedule.tiers is not None, "a schedule by units has no base in money"
    size, start, parts = abs(base), 0, 0
    for tier in schedule.tiers:
        end = size if tier.upto is None else min(size, tier.upto)
        parts += max(0, end - start) * tier.rate_ppm
        start = end
    return parts // PPM if base >= 0 else -(parts // PPM)


def due_on(schedule: Royalty, before: Running, sales: Sales) -> Due:
    """Return what a report makes due, after what was reported before."""
    royalty = _running(schedule, before, sales)
    stacking = _set_off(schedule.stacking, royalty, sales.stacked)
    milestones = tuple(
        each
        for each in schedule.milestones
        if each.milestone not in before.reached and before.year + sales.base >= each.yearly_base
    )
    capped = _above(schedule.cap, before, royalty - stacking)
    return Due(royalty, stacking, capped, milestones)


def _running(schedule: Royalty, before: Running, sales: Sales) -> int:
    if schedule.per_unit is not None:
        return schedule.per_unit * sales.units
    due = royalty_on(schedule, before.spanned + sales.base) - before.royalty
    return due if sales.correction else max(0, due)


def _set_off(stacking: Stacking | None, royalty: int, stacked: int) -> int:
    if stacking is None or royalty <= 0:
        return 0
    floor = -(-royalty * stacking.floor_ppm // PPM)  # What stays due is rounded up.
    return min(stacked * stacking.credit_ppm // PPM, royalty - floor)


def _above(cap: Cap | None, before: Running, earned: int) -> int:
    """Return how much of what was earned is above the cap; a correction gives it back first."""
    if cap is None:
        return 0
    paid = before.due_year if cap.per == "year" else before.due_term
    return max(0, paid + earned - cap.amount)


def shortfall(schedule: Royalty, earned: int, carried: int = 0) -> int:
    """Return what is still owed for a year so that its minimum is met.

    `carried` is what earlier years earned above their minimum; it counts only if it is so agreed.
    """
    if schedule.minimum is None:
        return 0
    counted = earned + (carried if schedule.minimum.credit == "carried_forward" else 0)
    return max(0, schedule.minimum.amount - counted)


def year_of(schedule: Royalty, day: date) -> int:
    """Return the year to which a day belongs: by the calendar, or by the schedule's own start."""
    start = schedule.year_from
    if start is None or (day.month, day.day) >= (start.month, start.day):
        return day.year
    return day.year - 1


def kinds_of(schedule: Royalty, kinds: Collection[str]) -> frozenset[str]:
    """Return those of the kinds of deduction that the schedule does not allow."""
    return frozenset(kinds).difference(schedule.deductions)


def must_respect_the_cap(law: Law, yearly_ppm: int, on: date) -> Ground:
    """Return the cap in force on a day, or raise `LateRateCap` if the rate is above it."""
    cap = law.rule("money.late_interest_cap", on)
    if yearly_ppm > cap.number("max_ppm_a_year"):
        raise LateRateCap(
            f"{yearly_ppm} ppm a year is more than {cap.number('max_ppm_a_year')}", ground=cap
        )
    return cap
