"""
Reads what a mapped agreement pays into price and royalty, as a contract of this ledger says them.

What a contract cannot say as agreed is refused: of two rates one would be overwritten, interest
that is compounded monthly would bear none. What nobody can read is left out and named.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from api.importers.cuad_records import Agreement, in_words, unread
from api.importers.cuad_terms import NotCarried, Reading
from ledger.domain.contracts.royalty import Royalty, royalty_on

_BASES = {
    "net_sales": "net_revenue",
    "annual_net_sales": "net_revenue",
    "net_revenue": "net_revenue",
    "net_selling_price": "net_selling_price",
    "pre_tax_profit": "pre_tax_profit",
}
_LUMPS = frozenset(
    {"lump_sum", "upfront", "upfront_fee", "licence_fee", "license_fee", "fixed_fee"}
)


def money_of(agreement: Agreement, reading: Reading) -> dict[str, Any]:
    """Return price, royalty and currency as members of a contract; without them, a sealed price.

    Raises `NotCarried` for what they cannot say as agreed.
    """
    parts = agreement.items("consideration")
    currency = _currency(parts, reading)
    lumps = [part for part in parts if part.get("type") in _LUMPS]
    price = _price(lumps, currency, reading)
    schedule = _schedule(agreement, parts, currency, reading)
    if not parts and _is_paid_up(agreement):
        price = {"amount": 0, "currency": currency}
        reading.read.append("price: fully paid, nothing further is due")
    if price is None and (lumps or schedule is None):
        reading.assumed.append("price: not in the mapping, so it stands as a sealed section")
        price = {"commitment": agreement.sha256}
    _must_work_out(agreement, schedule, reading)
    return {
        "price": price,
        "royalty": schedule,
        "royalty_ppm": None,
        "royalty_base": "none",
        "currency": currency,
    }


def _currency(parts: tuple[Mapping[str, Any], ...], reading: Reading) -> str:
    named = sorted({str(part["currency"]) for part in parts if "currency" in part})
    if len(named) > 1:
        raise NotCarried(f"it is paid in {' and '.join(named)}, and a contract has one currency")
    if parts and not named:
        reading.assumed.append("currency: USD, the mapping names none")
    return named[0] if named else "USD"


def _is_paid_up(agreement: Agreement) -> bool:
    """Whether all grants are fully paid: what one of them costs is no price of another."""
    grants = agreement.items("grants")
    return bool(grants) and all(item.get("royalty") in ("fully_paid", "free") for item in grants)


def _price(
    lumps: list[Mapping[str, Any]], currency: str, reading: Reading
) -> dict[str, Any] | None:
    """Return the sum of the lump sums; None if one of them is not in the mapping, or none is."""
    for part in lumps:
        for strange in unread(part, _LUMP | _ASIDE):
            raise NotCarried(f"consideration {part['type']}: {strange}")
    amounts = [part.get("amount_minor") for part in lumps]
    if not amounts or not all(type(amount) is int for amount in amounts):
        return None
    total = sum(amount for amount in amounts if type(amount) is int)
    reading.read.append(f"price: {total} {currency} minor units, in {len(lumps)} sum(s)")
    return {"amount": total, "currency": currency}


def _schedule(
    agreement: Agreement,
    parts: tuple[Mapping[str, Any], ...],
    currency: str,
    reading: Reading,
) -> dict[str, Any] | None:
    """Return the royalty schedule, if the mapping has a rate; else what it says is left out.

    Raises `NotCarried` for what a schedule has once and the agreement twice, or in other words.
    """
    _must_be_one_each(parts)
    schedule = _payments(parts, reading)
    if "tiers" not in schedule and "per_unit" not in schedule:
        if "late_interest" in agreement.said:
            reading.left_out.append(f"late interest: {agreement.said['late_interest']}")
        return None
    if "due_days" not in schedule:
        reading.assumed.append("royalties are due when their period ends: no days are mapped")
    _read_late(agreement, schedule, reading)
    _read_audit(agreement, schedule, reading)
    whole = {"currency": currency, "period": "year", "due_days": 0, **schedule}
    try:
        Royalty.model_validate(whole)
    except ValueError as error:
        raise NotCarried(f"royalty, of another form: {str(error).splitlines()[-2]}") from None
    return whole


def _payments(parts: tuple[Mapping[str, Any], ...], reading: Reading) -> dict[str, Any]:
    """Return the members of a schedule that the parts of a consideration say, but lump sums."""
    schedule: dict[str, Any] = {}
    for part in parts:
        kind = str(part.get("type"))
        payment = _PAYMENTS.get(kind)
        if kind in _LUMPS:
            continue
        read = payment is not None and payment.read(schedule, part, reading)
        if payment is not None and not read and payment.once in ("a minimum", "a cap"):
            raise NotCarried(f"consideration {in_words(part)}: {payment.once} that is not told")
        if payment is None or not read:
            reading.left_out.append(f"consideration {in_words(part)}")
            continue
        strange = list(unread(part, payment.members | _ASIDE))
        if strange:
            raise NotCarried(f"consideration {kind}: {'; '.join(strange)}")
        reading.read.append(f"consideration {in_words(part)}")
    return schedule


def _must_be_one_each(parts: tuple[Mapping[str, Any], ...]) -> None:
    """Raise `NotCarried` for two payments where a schedule has room for one."""
    kinds = [payment for part in parts if (payment := _PAYMENTS.get(str(part.get("type"))))]
    counts = Counter(payment.once for payment in kinds if payment.once is not None)
    for what, count in counts.items():
        if count > 1:
            raise NotCarried(f"consideration: {count} times {what}, and a schedule has one")


def _running(schedule: dict[str, Any], part: Mapping[str, Any], reading: Reading) -> bool:
    del reading
    rate = part.get("rate_ppm")
    tiers = part.get("tiers")
    tiered = isinstance(tiers, list) and all(
        isinstance(tier, dict) and {"upto_minor", "rate_ppm"} == tier.keys() for tier in tiers
    )
    if type(rate) is not int and not tiered:
        return False
    if rate is not None and tiers is not None:
        raise NotCarried("royalties are by a rate and by tiers")
    schedule["base"] = _BASES.get(str(part.get("base")), "other")
    schedule["tiers"] = (
        [{"upto": tier["upto_minor"], "rate_ppm": tier["rate_ppm"]} for tier in tiers]
        if isinstance(tiers, list) and tiered
        else [{"upto": None, "rate_ppm": rate}]
    )
    period, days = part.get("period", "year"), part.get("due_days_after_period_end")
    if period not in ("month", "quarter", "half_year", "year"):
        raise NotCarried(f"royalties are reported by {period}")
    if "period" in part:
        schedule["period"] = period
    if type(days) is int:
        schedule["due_days"] = days
    elif days is not None:
        raise NotCarried(f"royalties are due {days} after their period")
    return True


def _per_unit(schedule: dict[str, Any], part: Mapping[str, Any], reading: Reading) -> bool:
    del reading
    amount = part.get("amount_minor", part.get("per_unit_minor"))
    if type(amount) is not int:
        return False
    if part.get("unit", "unit") != "unit":
        raise NotCarried(f"royalties are for each {part['unit']}, and a schedule knows units only")
    schedule["base"], schedule["per_unit"] = "unit", amount
    return True


def _minimum(schedule: dict[str, Any], part: Mapping[str, Any], reading: Reading) -> bool:
    if type(part.get("amount_minor")) is not int:
        return False
    credit = part.get("credit")
    same = "non-cumulative" in str(credit) or "that year" in str(credit)
    if credit is None:
        reading.assumed.append("minimum: what is earned above it is carried forward, none says")
    elif not same and "carried" not in str(credit):
        raise NotCarried(f"what counts towards the minimum: {credit}")
    schedule["minimum"] = {
        "amount": part["amount_minor"],
        "credit": "same_year" if same else "carried_forward",
    }
    return True


def _stacking(schedule: dict[str, Any], part: Mapping[str, Any], reading: Reading) -> bool:
    del reading
    names = ("credit_ppm", "floor_ppm_of_royalty")
    if not all(type(part.get(name)) is int for name in names):
        return False
    schedule["stacking"] = {"credit_ppm": part[names[0]], "floor_ppm": part[names[1]]}
    return True


def _milestone(schedule: dict[str, Any], part: Mapping[str, Any], reading: Reading) -> bool:
    del reading
    reached, amount = part.get("trigger_annual_net_sales_minor"), part.get("amount_minor")
    if type(reached) is not int or type(amount) is not int:
        return False
    if part.get("once") not in (None, True):
        raise NotCarried(f"a milestone at {reached} is due more than once")
    found = schedule.setdefault("milestones", [])
    found.append({"milestone": f"m{len(found) + 1}", "yearly_base": reached, "amount": amount})
    return True


def _cap(schedule: dict[str, Any], part: Mapping[str, Any], reading: Reading) -> bool:
    if type(part.get("amount_minor")) is not int:
        return False
    per = part.get("per")
    if per is None:
        reading.assumed.append("cap: over the whole term, the mapping names no year")
    elif per not in ("year", "term"):
        raise NotCarried(f"a cap for each {per}")
    schedule["cap"] = {"amount": part["amount_minor"], "per": per or "term"}
    return True


def _zero_rated(schedule: dict[str, Any], part: Mapping[str, Any], reading: Reading) -> bool:
    del reading
    place = str(part.get("territory"))
    if len(place) != 2 or not place.isalpha():  # noqa: PLR2004  (ISO 3166-1 alpha-2)
        return False
    schedule.setdefault("zero_rated", []).append(f"iso:{place.upper()}")
    return True


@dataclass(frozen=True, slots=True)
class _Payment:
    """How a kind of payment is read, of which members; `once` is what a schedule has one of."""

    read: Callable[[dict[str, Any], Mapping[str, Any], Reading], bool]
    members: frozenset[str]
    once: str | None = None


_ASIDE = frozenset({"type", "currency", "note", "comment", "due_days_after_anniversary"})
"""Members of a payment that change no sum."""

_LUMP = frozenset({"amount_minor", "due_days_after_effective", "refundable", "creditable"})

_RATE = _Payment(
    _running,
    frozenset({"rate_ppm", "tiers", "base", "period", "due_days_after_period_end"}),
    "a rate",
)
_UNIT = _Payment(_per_unit, frozenset({"amount_minor", "per_unit_minor", "unit"}), "a rate")
_LEAST = _Payment(_minimum, frozenset({"amount_minor", "credit"}), "a minimum")
_MOST = _Payment(_cap, frozenset({"amount_minor", "per"}), "a cap")
_PAYMENTS: Mapping[str, _Payment] = {
    "running_royalty": _RATE,
    "tiered_royalty": _RATE,
    "royalty": _RATE,
    "per_unit_royalty": _UNIT,
    "unit_royalty": _UNIT,
    "minimum_annual": _LEAST,
    "minimum": _LEAST,
    "stacking_credit": _Payment(
        _stacking, frozenset({"credit_ppm", "floor_ppm_of_royalty"}), "a set-off"
    ),
    "sales_milestone": _Payment(
        _milestone, frozenset({"trigger_annual_net_sales_minor", "amount_minor", "once"})
    ),
    "cap": _MOST,
    "royalty_cap": _MOST,
    "zero_rate_territory": _Payment(_zero_rated, frozenset({"territory"})),
}

_COMPOUNDING = {
    None: "none",
    "none": "none",
    "simple": "none",
    "not compounded": "none",
    "yearly": "yearly",
    "yearly, last day of calendar year": "yearly",
}
"""As the ledger computes: simple, by days of the calendar, or compounded as each year ends."""


def _read_late(agreement: Agreement, schedule: dict[str, Any], reading: Reading) -> None:
    late = agreement.said.get("late_interest")
    if late is None:
        return
    if (
        not isinstance(late, dict)
        or type(late.get("annual_ppm")) is not int
        or late.get("compounding") not in _COMPOUNDING
        or not late.keys() <= {"annual_ppm", "from_day_after_due", "compounding"}
    ):
        raise NotCarried(f"late interest: {late}")
    schedule["late"] = {
        "yearly_ppm": late["annual_ppm"],
        "from_day": late.get("from_day_after_due", 1),
        "compounding": _COMPOUNDING[late.get("compounding")],
    }
    reading.read.append(f"late interest {in_words(late)}")


def _read_audit(agreement: Agreement, schedule: dict[str, Any], reading: Reading) -> None:
    audit = agreement.said.get("audit")
    if not isinstance(audit, dict):
        return
    shift, years = audit.get("cost_shift_if_error_ppm_at_least"), audit.get("records_years")
    if type(shift) is int and type(years) is int:
        schedule["audit"] = {"records_years": years, "cost_shift_ppm": shift}
        reading.read.append(f"audit: {years} years of records, cost shifts at {shift} ppm")
    carried = ("records_years", "cost_shift_if_error_ppm_at_least")
    rest = {name: value for name, value in audit.items() if name not in carried}
    if rest:
        reading.left_out.append(f"audit {in_words(rest)}")


def _must_work_out(agreement: Agreement, schedule: dict[str, Any] | None, reading: Reading) -> None:
    """Say whether the example that the mapping works out comes out to the unit."""
    example = agreement.said.get("worked_example")
    if schedule is None or not isinstance(example, dict):
        return
    base, expected = example.get("annual_net_sales_minor"), example.get("royalty_minor")
    if type(base) is int and type(expected) is int:
        due = royalty_on(Royalty.model_validate(schedule), base)
        outcome = "as worked out" if due == expected else f"but {expected} was worked out"
        reading.read.append(f"on net sales of {base} the royalty is {due}, {outcome}")
