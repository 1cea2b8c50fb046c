"""
Reads a mapped agreement into the terms of a contract, and says how: read, assumed, left out.

What a contract of this ledger cannot say is left out and named; where it has to say something that
the mapping does not, the cautious reading is taken and named too. Nothing is guessed silently.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from api.importers.cuad_records import Agreement, unread
from ledger.domain.royalty import Royalty, royalty_on

ALL_ACTS = ("make", "use", "sell", "offer_for_sale", "import")
_ACTS = {
    "make": ("make",),
    "have_made": ("make",),
    "use": ("use",),
    "sell": ("sell",),
    "offer": ("offer_for_sale",),
    "offer_for_sale": ("offer_for_sale",),
    "import": ("import",),
    "export": ("export",),
    "copy": ("copy",),
    "reproduce": ("copy",),
    "modify": ("adapt",),
    "adapt": ("adapt",),
    "distribute": ("distribute",),
    "manufacture": ("make",),
    "develop": ("make", "use"),
    "commercialise": ("sell", "offer_for_sale", "import"),
    "commercialize": ("sell", "offer_for_sale", "import"),
}
_SUBLICENSING = {
    "forbidden": "no",
    "no": "no",
    "with_consent": "consent",
    "consent": "consent",
    "affiliates": "affiliates",
    "allowed": "free",
    "free": "free",
}
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
_VOID = {"a": "VOID_IMPROVEMENT_BACK", "b": "VOID_EXPORT_BAN", "c": "VOID_TIED_PURCHASE"} | {
    "d": "VOID_NO_CHALLENGE"
}
_ARTICLE = "vn_art144_2"
_EVERYWHERE = frozenset({"WORLD", "WORLDWIDE", "GLOBAL"})
_EU = "AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE"


@dataclass(slots=True)
class Reading:
    """How an agreement was read: into what, by which assumptions, without what.

    `breaches` are all clauses that the mapping calls void, with the code of each.
    """

    read: list[str] = field(default_factory=list)
    assumed: list[str] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    breaches: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Grantable:
    """A grant as the mapping has it: who gives, and the members of a grant that it says."""

    giver: str
    taker: str
    what: str | None
    members: Mapping[str, Any]


class Unmappable(Exception):
    """The mapping does not say what the contract cannot do without."""


def grants_of(agreement: Agreement, reading: Reading) -> tuple[Grantable, ...]:
    """Return the grants of an agreement, in its order. Raises `Unmappable`."""
    return tuple(
        _grant(agreement, item, f"g{number}", reading)
        for number, item in enumerate(agreement.items("grants"), start=1)
    )


_GRANT_MEMBERS = frozenset(
    {"from", "to", "what", "exclusivity", "territory", "rights", "purpose", "sublicensing"}
) | {"transferable", "field", "royalty"}


def _grant(agreement: Agreement, item: Mapping[str, Any], name: str, reading: Reading) -> Grantable:
    roles = ("licensor", "licensee") if agreement.text("licensor") else ("assignor", "assignee")
    giver, taker = item.get("from", roles[0]), item.get("to", roles[1])
    for said in unread(item, _GRANT_MEMBERS):
        reading.left_out.append(f"{name} {said}")
    if "field" in item:
        reading.left_out.append(f"{name} field, in words only: {item['field']}; granted for any")
    exclusivity = item.get("exclusivity")
    if exclusivity not in ("exclusive", "sole", "non_exclusive"):
        reading.assumed.append(f"{name} is non-exclusive: the mapping says {exclusivity}")
        exclusivity = "non_exclusive"
    codes, excluded = _places(item, name, reading)
    members: dict[str, Any] = {
        "grant": name,
        "acts": list(_acts(item, name, reading)),
        "exclusivity": exclusivity,
        "territory": {"codes": codes},
        "field": {"scheme": "any", "edition": None, "codes": []},
        **({} if excluded is None else {"excluded": excluded}),
        "sublicensing": _sublicensing(item, name, reading),
        "transferable": item.get("transferable") is True,
    }
    reading.read.append(f"{name}: {exclusivity}, {', '.join(codes)}")
    return Grantable(giver, taker, item.get("what"), members)


def _acts(item: Mapping[str, Any], name: str, reading: Reading) -> Iterator[str]:
    words = list(item.get("rights") or str(item.get("purpose") or "").replace("+", " ").split())
    found = [act for word in words for act in _ACTS.get(word, ())]
    strange = [word for word in words if word not in _ACTS]
    if strange:
        reading.left_out.append(f"{name} acts: {', '.join(strange)}")
    if not found:
        reading.assumed.append(f"{name} is of all acts of use: the mapping names none")
    yield from dict.fromkeys(found or ALL_ACTS)


def _territory(listed: Any, name: str) -> Iterator[str]:
    """Yield the codes of places in words of the mapping. Raises `Unmappable`."""
    for word in [listed] if isinstance(listed, str) else list(listed):
        place = str(word).upper()
        if place in _EVERYWHERE:
            yield "world"
        elif place == "EU":
            yield from (f"iso:{member}" for member in _EU.split())
        elif len(place) == 2 and place.isalpha():  # noqa: PLR2004  (ISO 3166-1 alpha-2)
            yield f"iso:{place}"
        else:
            raise Unmappable(f"{name}: {word} is no territory code")


def _places(
    item: Mapping[str, Any], name: str, reading: Reading
) -> tuple[list[str], dict[str, Any] | None]:
    """Return where a grant is for, and what it excludes there."""
    said = item.get("territory")
    if said is None:
        reading.assumed.append(f"{name} is worldwide: the mapping names no territory")
        return ["world"], None
    if not isinstance(said, dict):
        return list(dict.fromkeys(_territory(said, name))), None
    inside = list(dict.fromkeys(_territory(said.get("include", "WORLD"), name)))
    outside = list(dict.fromkeys(_territory(said.get("exclude", ()), name)))
    return inside, {"territory": {"codes": outside}} if outside else None


def _sublicensing(item: Mapping[str, Any], name: str, reading: Reading) -> str:
    said = item.get("sublicensing")
    if said in _SUBLICENSING:
        return _SUBLICENSING[said]
    reading.assumed.append(f"{name} is not passed on: the mapping says {said} (IP Law art. 142)")
    return "no"


def money_of(agreement: Agreement, reading: Reading) -> dict[str, Any]:
    """Return price, royalty and currency as members of a contract; without them, a sealed price."""
    parts = agreement.items("consideration")
    currency = next((part["currency"] for part in parts if "currency" in part), "USD")
    price, schedule = (
        _price(parts, currency, reading),
        _schedule(agreement, parts, currency, reading),
    )
    if price is None and schedule is None and _is_paid_up(agreement):
        price = {"amount": 0, "currency": currency}
        reading.read.append("price: fully paid, nothing further is due")
    if price is None and schedule is None:
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


def _is_paid_up(agreement: Agreement) -> bool:
    return any(item.get("royalty") in ("fully_paid", "free") for item in agreement.items("grants"))


def _price(
    parts: tuple[Mapping[str, Any], ...], currency: str, reading: Reading
) -> dict[str, Any] | None:
    lumps = [
        part
        for part in parts
        if part.get("type") in _LUMPS
        and type(part.get("amount_minor")) is int
        and part.get("currency", currency) == currency
    ]
    if not lumps:
        return None
    total = sum(part["amount_minor"] for part in lumps)
    reading.read.append(f"price: {total} {currency} minor units, in {len(lumps)} sum(s)")
    return {"amount": total, "currency": currency}


def _schedule(
    agreement: Agreement,
    parts: tuple[Mapping[str, Any], ...],
    currency: str,
    reading: Reading,
) -> dict[str, Any] | None:
    """Return the royalty schedule, if the mapping has a rate; else what it says is left out."""
    schedule: dict[str, Any] = {}
    for part in parts:
        kind = str(part.get("type"))
        read = _READERS.get(kind)
        if kind in _LUMPS:
            continue
        if read is None or not read(schedule, part):
            reading.left_out.append(f"consideration {_words(part)}")
            continue
        reading.read.append(f"consideration {_words(part)}")
    if "tiers" not in schedule and "per_unit" not in schedule:
        return None
    if "due_days" not in schedule:
        reading.assumed.append("royalties are due when their period ends: no days are mapped")
    _read_late(agreement, schedule, reading)
    _read_audit(agreement, schedule, reading)
    whole = {"currency": currency, "period": "year", "due_days": 0, **schedule}
    try:
        Royalty.model_validate(whole)
    except ValueError as error:
        reading.left_out.append(f"royalty, which has another form: {str(error).splitlines()[-2]}")
        return None
    return whole


def _words(part: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in part.items())


def _running(schedule: dict[str, Any], part: Mapping[str, Any]) -> bool:
    rate = part.get("rate_ppm")
    tiers = part.get("tiers")
    tiered = isinstance(tiers, list) and all(
        isinstance(tier, dict) and {"upto_minor", "rate_ppm"} <= tier.keys() for tier in tiers
    )
    if "tiers" in schedule or (type(rate) is not int and not tiered):
        return False
    schedule["base"] = _BASES.get(str(part.get("base")), "other")
    schedule["tiers"] = (
        [{"upto": tier["upto_minor"], "rate_ppm": tier["rate_ppm"]} for tier in tiers]
        if isinstance(tiers, list) and tiered
        else [{"upto": None, "rate_ppm": rate}]
    )
    if part.get("period") in ("month", "quarter", "half_year", "year"):
        schedule["period"] = part["period"]
    days = part.get("due_days_after_period_end")
    if type(days) is int:
        schedule["due_days"] = days
    return True


def _per_unit(schedule: dict[str, Any], part: Mapping[str, Any]) -> bool:
    amount = part.get("amount_minor", part.get("per_unit_minor"))
    if "tiers" in schedule or type(amount) is not int:
        return False
    schedule["base"], schedule["per_unit"] = "unit", amount
    return True


def _minimum(schedule: dict[str, Any], part: Mapping[str, Any]) -> bool:
    if type(part.get("amount_minor")) is not int:
        return False
    credit = str(part.get("credit", ""))
    same = "non-cumulative" in credit or "that year" in credit
    schedule["minimum"] = {
        "amount": part["amount_minor"],
        "credit": "same_year" if same else "carried_forward",
    }
    return True


def _stacking(schedule: dict[str, Any], part: Mapping[str, Any]) -> bool:
    names = ("credit_ppm", "floor_ppm_of_royalty")
    if not all(type(part.get(name)) is int for name in names):
        return False
    schedule["stacking"] = {"credit_ppm": part[names[0]], "floor_ppm": part[names[1]]}
    return True


def _milestone(schedule: dict[str, Any], part: Mapping[str, Any]) -> bool:
    reached, amount = part.get("trigger_annual_net_sales_minor"), part.get("amount_minor")
    if type(reached) is not int or type(amount) is not int:
        return False
    found = schedule.setdefault("milestones", [])
    found.append({"milestone": f"m{len(found) + 1}", "yearly_base": reached, "amount": amount})
    return True


def _cap(schedule: dict[str, Any], part: Mapping[str, Any]) -> bool:
    if type(part.get("amount_minor")) is not int:
        return False
    per = "year" if part.get("per") == "year" else "term"
    schedule["cap"] = {"amount": part["amount_minor"], "per": per}
    return True


def _zero_rated(schedule: dict[str, Any], part: Mapping[str, Any]) -> bool:
    place = str(part.get("territory"))
    if len(place) != 2 or not place.isalpha():  # noqa: PLR2004  (ISO 3166-1 alpha-2)
        return False
    schedule.setdefault("zero_rated", []).append(f"iso:{place.upper()}")
    return True


_READERS: Mapping[str, Callable[[dict[str, Any], Mapping[str, Any]], bool]] = {
    "running_royalty": _running,
    "tiered_royalty": _running,
    "royalty": _running,
    "per_unit_royalty": _per_unit,
    "unit_royalty": _per_unit,
    "minimum_annual": _minimum,
    "minimum": _minimum,
    "stacking_credit": _stacking,
    "sales_milestone": _milestone,
    "cap": _cap,
    "royalty_cap": _cap,
    "zero_rate_territory": _zero_rated,
}


def _read_late(agreement: Agreement, schedule: dict[str, Any], reading: Reading) -> None:
    late = agreement.said.get("late_interest")
    if isinstance(late, dict) and type(late.get("annual_ppm")) is int:
        yearly = "year" in str(late.get("compounding", ""))
        schedule["late"] = {
            "yearly_ppm": late["annual_ppm"],
            "from_day": late.get("from_day_after_due", 1),
            "compounding": "yearly" if yearly else "none",
        }
        reading.read.append(f"late interest {_words(late)}")
    elif late is not None:
        reading.left_out.append(f"late interest: {late}")


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
        reading.left_out.append(f"audit {_words(rest)}")


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


def clauses_of(agreement: Agreement, reading: Reading) -> dict[str, Any]:
    """Return what the agreement asks of the licensee, as members of a contract."""
    said: dict[str, Any] = {}
    for clause in agreement.items("clauses"):
        for letter in (key.removeprefix(_ARTICLE) for key in clause if key.startswith(_ARTICLE)):
            _read_clause(said, clause, letter, reading)
    back = agreement.said.get("grant_back")
    if isinstance(back, dict) and "improvements" not in said:
        exclusivity = back.get("exclusivity")
        said["improvements"] = {
            "owner": "licensee",
            "licence_back": "exclusive" if exclusivity == "exclusive" else "non_exclusive",
            "paid": back.get("royalty") not in ("free", "fully_paid", None),
        }
        reading.read.append(f"grant back {_words(back)}")
    return said


def _read_clause(
    said: dict[str, Any], clause: Mapping[str, Any], letter: str, reading: Reading
) -> None:
    text = f"{clause.get('ref', '?')}: {clause.get('what', '')}"
    if letter == "a":
        said["improvements"] = {
            "owner": "licensor",
            "licence_back": "none",
            "paid": False,
            "clause": text,
        }
    elif letter == "b":
        ban = {"territory": "world", "right": None, "clause": text}
        said.setdefault("export_bans", []).append(ban)
    elif letter == "c":
        tied = {"item": str(clause.get("what", text)), "quality_reason": None, "clause": text}
        said.setdefault("tied_purchases", []).append(tied)
    elif letter == "d":
        said["no_challenge"] = text
    else:
        reading.left_out.append(f"clause {text}")
        return
    reading.read.append(f"clause {text}")
    if str(clause[f"{_ARTICLE}{letter}"]).startswith("VOID"):
        reading.breaches.append(f"{_VOID[letter]} ({clause.get('ref', '?')})")
