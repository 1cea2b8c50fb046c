"""How what stands in an answer or an event may be written in words, in either language."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any, get_args

from api.describe.days import day, moment
from api.describe.labels import LABELS
from api.describe.language import Language
from api.describe.measures import LISTED, PAIRS, measure_of
from api.describe.money import share
from api.describe.saying import Line
from api.describe.titles import country
from api.describe.values import VALUES, value_said
from ledger.domain.core.types import parse_day, parse_instant
from tests.support.answers import alternatives, is_record, literals

ENDS = frozenset(
    {
        *("year_to", "valid_to", "period_to", "effective_to", "end", "sell_off_to"),
        *("holiday_until", "used_to", "suspended_to", "InterestAccrued.until", "NdaSigned.until"),
        "LookedAt.until",
    }
)
"""Members that are the first day after: people read the last."""


def text_of(lines: tuple[Line, ...]) -> str:
    return "\n".join(f"{line.label}: {line.text}\n{text_of(line.under)}" for line in lines)


def leaves(owner: str, member: str, of: Any, value: Any) -> Iterator[tuple[Any, Any, str]]:
    """Yield the plain values in a member that have a form of their own, each with its type.

    A record is walked as itself; of yes or no it is seen that it makes a difference.
    """
    (of, *_), place = alternatives(of), f"{owner}.{member}"
    if isinstance(value, list) and of is not Fraction:
        kinds = [each for each in get_args(of) if each is not Ellipsis]
        names = [member] * len(value)
        if place in PAIRS:
            owner, names, kinds, value = place, [*PAIRS[place]], [*get_args(kinds[0])], value[0]
        for name, kind, each in zip(names, kinds, value, strict=True):
            yield from leaves(owner, name, kind, each)
    elif isinstance(value, Mapping) and not is_record(of):
        yield from ((each, Any, member) for pair in value.items() for each in pair)
    elif not isinstance(value, Mapping | bool):
        yield value, of, place


def forms(place: str, of: Any, value: Any, language: Language) -> Iterator[str]:
    """Yield how a value may be written."""
    owner, _, member = place.rpartition(".")
    if of is date:
        on = parse_day(value)
        yield day(on - timedelta(days=1) if {member, place} & ENDS else on, language)
    elif of is datetime:
        yield moment(parse_instant(value), language)
    elif of is Fraction:
        yield f"{value[0]}/{value[1]}" if value[0] != value[1] else share(1, 1, language)
    elif of is int:
        yield from _numbers(place, value, language)
    elif place in LISTED or [*literals(of)]:
        said = value_said(owner, member, value)
        assert said is not None, f"{place} {value} has no words"
        yield said.in_(language)
        yield value.upper()
    else:
        yield str(value).upper() if member.endswith("scheme") else str(value)
        yield country(str(value).removeprefix("iso:"), language)
        yield from named_otherwise(str(value), language)


def named_otherwise(value: str, language: Language) -> Iterator[str]:
    """Yield the words of a member of the terms, of a kind of deduction, of a code of a field."""
    for words in (LABELS.get(value), VALUES.get(value), VALUES.get(f"deduction.{value}")):
        if words is not None:
            yield words.in_(language)
    yield value.rpartition(" of ")[2] if " of " in value else value.rpartition(": ")[2]
    if value.startswith("vsic-"):
        yield f"(VSIC 2025 {value.partition(':')[2]})"


def _numbers(place: str, value: int, language: Language) -> Iterator[str]:
    owner, _, member = place.rpartition(".")
    measure = measure_of(owner, member)
    point, comma = (",", ".") if language == "vi" else (".", ",")
    if measure == "sum" or owner == "Money" or "amount" in member:
        yield f"{value // 100:,}".replace(",", comma) + f"{point}{value % 100:02d}"
        yield f"VND {value:,}" if language == "en" else f"{value:,} VND".replace(",", comma)
    elif measure == "rate" or member == "rate_ppm":
        yield f"{value // 10_000}{point}{value % 10_000:04d}".rstrip("0").rstrip(point) + "%"
    elif measure in ("entry", "year", "day_of") or (measure is None and member in BARE):
        yield str(value)
    else:
        yield f"{value:,}".replace(",", comma)


BARE = frozenset({"numerator", "denominator", "share", "state_share", "doubt"})
