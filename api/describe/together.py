"""
Members that are said as one: the days of a term, a sum and its currency, a place less a place.

Each holds for every record that has them all.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from api.describe import days, money
from api.describe.labels import label
from api.describe.language import Said
from api.describe.law_words import law_value, topic_name
from api.describe.measures import measure_of
from api.describe.places import but, places
from api.describe.saying import Line, Members, Speech, Word, deduction, field_said, sealed
from api.describe.shape import members_of_kind
from api.describe.titles import country
from api.describe.values import value_name


@dataclass(frozen=True, slots=True)
class Together:
    """Members that are said as one, in every record that has them all."""

    members: tuple[str, ...]
    say: Callable[[Any, Members, Speech], Iterable[Line]]


def _day(value: str | None) -> date | None:
    return None if value is None else date.fromisoformat(value)


def _span(called: str, start: str, end: str, open_end: Said | None = None) -> Together:
    def say(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
        if members[start] is None and members[end] is None:
            return
        first, after = (
            None if members[m] is None else date.fromisoformat(members[m]) for m in (start, end)
        )
        words = (
            days.until(after, speech.language)
            if first is None
            else days.span(first, after, speech.language, open_end)
        )
        yield Line(label(kind.__name__, called, speech.language), (Word(words),))

    return Together((start, end), say)


def _sum_or_sealed(
    called: str, amount: str, currency: str, commitment: str | None, none: Said | None = None
) -> Together:
    def say(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
        name = label(kind.__name__, called, speech.language)
        if members[amount] is not None:
            said = money.sum_of(members[amount], members[currency], speech.language)
            yield Line(name, (Word(said),))
        elif commitment is not None and members[commitment] is not None:
            yield Line(name, sealed({"commitment": members[commitment]}, speech))
        elif none is not None:
            yield Line(name, speech.said(none))

    return Together(tuple(filter(None, (amount, currency, commitment))), say)


def _say_royalty(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say a rate in the open, or what it is sealed as."""
    name = label(kind.__name__, "royalty_rate", speech.language)
    if members["royalty_ppm"] is not None:
        yield Line(name, (Word(money.percent(members["royalty_ppm"], speech.language)),))
    elif members["royalty_commitment"] is not None:
        yield Line(name, sealed({"commitment": members["royalty_commitment"]}, speech))


def _say_reach(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say where and for what, less what is excluded: places, fields, or fields in places."""
    yield from _reach(
        kind,
        members["territory"]["codes"],
        members["field"],
        members.get("excluded") or {},
        speech,
    )


def _say_row_s_reach(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say the same of a row, whose columns are plain."""
    without: dict[str, Any] = {}
    if members["excluded_territory"] is not None:
        without["territory"] = {"codes": members["excluded_territory"]}
    if members["excluded_codes"] is not None:
        without["field"] = {
            "scheme": members["excluded_scheme"],
            "edition": members["excluded_edition"],
            "codes": members["excluded_codes"],
        }
    field = {
        "scheme": members["field_scheme"],
        "edition": members["field_edition"],
        "codes": members["field_codes"],
    }
    yield from _reach(kind, members["territory"], field, without, speech)


_THERE = Said("{} tại {}", "{} in {}")


def _reach(
    kind: Any, territory: Sequence[str], field: Members, without: Members, speech: Speech
) -> Iterator[Line]:
    language, owner = speech.language, kind.__name__
    where, what = places(territory, language), field_said(field, speech)[0].text
    not_where = without.get("territory") and places(without["territory"]["codes"], language)
    not_what = without.get("field") and field_said(without["field"], speech)[0].text
    if not (not_where and not_what):
        where, what = but(where, not_where or "", language), but(what, not_what or "", language)
    yield Line(label(owner, "territory", language), (Word(where),))
    yield Line(label(owner, "field", language), (Word(what),))
    if not_where and not_what:
        there = _THERE.in_(language).format(not_what, not_where)
        yield Line(label(owner, "excluded", language), (Word(there),))


def _say_deductions(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say each deduction with its sum."""
    pairs = zip(members["deduction_kinds"], members["deduction_amounts"], strict=True)
    said = tuple(
        Line(
            deduction(name, speech.language),
            (Word(money.sum_of(amount, speech.currency, speech.language)),),
        )
        for name, amount in pairs
    )
    if said:
        yield Line(label(kind.__name__, "deductions", speech.language), (), said)


def _say_parts(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say each party with its part, or what the parts are sealed as."""
    name = label(kind.__name__, "parts", speech.language)
    if members["parts_commitment"] is not None:
        yield Line(name, sealed({"commitment": members["parts_commitment"]}, speech))
        return
    parties, rates = members["parties"] or (), members["parts_ppm"] or ()
    said = (
        Line(
            label("Part", "party", speech.language),
            (Word(party, party), Word(f" {money.percent(rate, speech.language)}")),
        )
        for party, rate in zip(parties, rates, strict=True)
    )
    yield Line(name, (), tuple(said))


def _say_fact(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say what was said of a party, under what it is: a name, a number of a register, a country."""
    owner, fact, value = kind.__name__, members["fact"], members["value"]
    if fact == "seat":
        said = f"{country(value, speech.language)} ({value})"
    elif fact in ("kind", "role"):
        said = value_name(owner, fact, value, speech.language)
    else:
        said = " ".join(filter(None, (members["scheme"], value)))
    yield Line(value_name(owner, "fact", fact, speech.language), (Word(said),))


def _say_law(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say what a rule is of, and what it gives: each value by what it measures there."""
    owner, topic = kind.__name__, members["topic"]
    yield Line(label(owner, "topic", speech.language), (Word(topic_name(topic, speech.language)),))
    said = tuple(
        Line(called, (Word(words),))
        for called, words in (
            law_value(topic, name, value, speech.language)
            for name, value in members["values"].items()
        )
    )
    if said:
        yield Line(label(owner, "values", speech.language), (), said)


def _say_share(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say a fraction that stands in two columns."""
    if members["numerator"] is not None:
        said = money.share(members["numerator"], members["denominator"], speech.language)
        yield Line(label(kind.__name__, "share", speech.language), (Word(said),))


def _say_term(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say to when a contract runs: where that is not agreed, as long as the last of its grants."""
    ends = [grant["valid_to"] for grant in members.get("grants", ())]
    by_grants = members["effective_to"] is None and ends and None not in ends
    end = max(ends) if by_grants else members["effective_to"]
    words = [Word(days.until(_day(end), speech.language))]
    if by_grants:
        words.append(Word(f", {_BY_GRANTS.in_(speech.language)}"))
    yield Line(label(kind.__name__, "effective_to", speech.language), tuple(words))


_BY_GRANTS = Said("cùng quyền cấp cuối cùng", "with the last of its grants")


def _say_tiers_over(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say over what tiers run, where there are any: a sum for each unit has none."""
    if members["tiers"] is not None:
        owner, over = kind.__name__, members["tiers_over"]
        said = value_name(owner, "tiers_over", over, speech.language)
        yield Line(label(owner, "tiers_over", speech.language), (Word(said),))


def _say_currency(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say a currency, unless a sum beside it names it."""
    owner, currency = kind.__name__, members["currency"]
    sums = (each for each in members_of_kind(kind) if measure_of(owner, each) == "sum")
    named = any(type(members.get(each)) is int for each in sums)
    if currency is not None and not named:
        yield Line(label(owner, "currency", speech.language), (Word(currency),))


def _say_rate(kind: Any, members: Members, speech: Speech) -> Iterator[Line]:
    """Say an exchange rate by whole minor units of both currencies, and whose it is."""
    owner, language = kind.__name__, speech.language
    given, of = (money.number(members[each], language) for each in ("numerator", "denominator"))
    yield Line(label(owner, "numerator", language), (Word(f"{given} : {of}"),))
    yield Line(label(owner, "source", language), (Word(members["source"]),))


_AS_ITS_GRANTS = Said("đến khi các quyền cấp hết hạn", "as long as its grants run")
_TILL_RESUMED = Said("đến khi tiếp tục thực hiện", "until it is resumed")
_NO_CEILING = Said("không giới hạn", "no ceiling")

_TOGETHER = (
    _span("valid_span", "valid_from", "valid_to"),
    _span("period_span", "period_from", "period_to"),
    _span("effective_span", "effective_from", "effective_to", _AS_ITS_GRANTS),
    _span("year_span", "year_from", "year_to"),
    _span("span", "start", "end"),
    _span("used_span", "used_from", "used_to"),
    _span("suspended_span", "suspended_from", "suspended_to", _TILL_RESUMED),
    _span("accrued_span", "since", "until"),
    _sum_or_sealed("price", "price_amount", "price_currency", "price_commitment"),
    _sum_or_sealed("ceiling", "ceiling_amount", "ceiling_currency", None, _NO_CEILING),
    Together(("royalty_ppm", "royalty_commitment"), _say_royalty),
    Together(
        (
            *("territory", "field_scheme", "field_edition", "field_codes"),
            *("excluded_territory", "excluded_scheme", "excluded_edition", "excluded_codes"),
        ),
        _say_row_s_reach,
    ),
    Together(("territory", "field", "excluded"), _say_reach),
    Together(("deduction_kinds", "deduction_amounts"), _say_deductions),
    Together(("parties", "parts_ppm", "parts_commitment"), _say_parts),
    Together(("numerator", "denominator", "source"), _say_rate),
    Together(("numerator", "denominator"), _say_share),
    Together(("fact", "scheme", "value"), _say_fact),
    Together(("topic", "values"), _say_law),
    Together(("currency",), _say_currency),
    Together(("effective_to",), _say_term),
    Together(("tiers_over",), _say_tiers_over),
)


def together_with(member: str, kinds: Mapping[str, Any]) -> Together | None:
    """Return what a member is said together with, in a record that has all of it."""
    return next(
        (each for each in _TOGETHER if member in each.members and kinds.keys() >= {*each.members}),
        None,
    )
