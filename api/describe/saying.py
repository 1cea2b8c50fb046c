"""
Single things in words: a sum, a rate, a day, a place, an id, a value of a list, a sealed value.

What a number measures and what a text names is told by the member that it stands in (`measures`).
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal, get_args, get_origin

from api.describe import days, money
from api.describe.event_names import event_name
from api.describe.labels import label
from api.describe.language import Language, Said
from api.describe.law_words import instrument_name
from api.describe.measures import FRACTIONS, LAST_DAYS, LAST_INSTANTS, NAMINGS, measure_of
from api.describe.places import office, places
from api.describe.shape import bare
from api.describe.titles import country, symbol, tongue
from api.describe.values import VALUES, value_name
from ledger.domain.core.dated_law import Law
from ledger.domain.core.money import Money
from ledger.domain.core.scope import Field, Territory
from ledger.domain.core.types import Sealed, parse_instant

Members = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Word:
    """Some text; what it names, for a link: a subject, or an entry; and how a machine writes it."""

    text: str
    subject: str | None = None
    entry: int | None = None
    exact: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said: what it is, in words, and what more there is to say of it."""

    label: str
    words: tuple[Word, ...] = ()
    under: tuple["Line", ...] = ()

    @property
    def text(self) -> str:
        """Return its words."""
        return "".join(word.text for word in self.words)


@dataclass(frozen=True, slots=True)
class Speech:
    """How things are said: in which language, by which law data, in which currency sums are."""

    language: Language
    law: Law
    currency: str | None = None

    def said(self, both: Said) -> tuple[Word, ...]:
        """Return it in the language that is spoken."""
        return (Word(both.in_(self.language)),)


def words_of(owner: str, member: str, of: Any, value: Any, speech: Speech) -> tuple[Word, ...]:
    """Return a plain value, or a list of such, in words."""
    place = f"{owner}.{member}"
    if place in FRACTIONS:
        return _fraction(owner, member, value, speech)
    if isinstance(value, list) and of is not Fraction:
        kinds = get_args(of) or (Any,)
        each = [words_of(owner, member, bare(kinds[0], item), item, speech) for item in value]
        return tuple(_joined(each))
    if get_origin(of) is Literal:
        return (Word(value_name(owner, member, str(value), speech.language)),)
    return _PLAIN.get(of, _text)(owner, member, value, speech)


def _joined(each: Iterable[tuple[Word, ...]]) -> Iterator[Word]:
    for number, words in enumerate(each):
        if number:
            yield Word(", ")
        yield from words


def _number(owner: str, member: str, value: int, speech: Speech) -> tuple[Word, ...]:
    measure = measure_of(owner, member)
    if measure == "entry":
        return (Word(str(value), entry=value),)
    if measure == "sum":
        return (Word(money.sum_of(value, speech.currency, speech.language)),)
    if measure == "rate":
        return (Word(money.percent(value, speech.language)),)
    unit = _UNITS.get(measure or "number")
    counted = str(value) if unit is None else money.number(value, speech.language)
    said = (unit or _AS_IT_IS).in_(speech.language).format(counted)
    one_in_english = value == 1 and speech.language == "en"
    return (Word(said.removesuffix("s") if one_in_english else said),)


_AS_IT_IS = Said("{}", "{}")
_UNITS: Mapping[str, Said] = {
    "number": _AS_IT_IS,
    "seconds": Said("{} giây", "{} seconds"),
    "days": Said("{} ngày", "{} days"),
    "months": Said("{} tháng", "{} months"),
    "years": Said("{} năm", "{} years"),
    "times": Said("{} lần", "{} times"),
    "units": Said("{} đơn vị sản phẩm", "{} units"),
}
"""What is counted; a year, or the number of a day, is written without marks between thousands."""


def _day(owner: str, member: str, value: str, speech: Speech) -> tuple[Word, ...]:
    if {member, f"{owner}.{member}"} & LAST_DAYS:
        return (Word(days.until(date.fromisoformat(value), speech.language)),)
    return (Word(days.day(date.fromisoformat(value), speech.language), exact=value),)


def _instant(owner: str, member: str, value: str, speech: Speech) -> tuple[Word, ...]:
    del owner
    if member in LAST_INSTANTS:
        return (Word(days.up_to(parse_instant(value), speech.language), exact=value),)
    return (Word(days.moment(parse_instant(value), speech.language), exact=value),)


def _fraction(owner: str, member: str, value: Sequence[int], speech: Speech) -> tuple[Word, ...]:
    del owner, member
    numerator, denominator = map(int, value)
    return (Word(money.share(numerator, denominator, speech.language)),)


def _bool(owner: str, member: str, value: bool, speech: Speech) -> tuple[Word, ...]:  # noqa: FBT001  (a value of an answer)
    return speech.said(_BOOLS.get(f"{owner}.{member}", _YES_NO)[0 if value else 1])


def _as_json(owner: str, member: str, value: object, speech: Speech) -> tuple[Word, ...]:
    del owner, member, speech
    return (Word(json.dumps(value, ensure_ascii=False)),)


_ID = re.compile(r"([a-z_]+:[a-z0-9.-]{1,80})(#.*)?")


def _text(owner: str, member: str, value: str, speech: Speech) -> tuple[Word, ...]:
    """Return a text: what it names, in words with its code; an id, to be followed."""
    naming = NAMINGS.get(f"{owner}.{member}") or NAMINGS.get(member)
    if naming is not None:
        return (Word(_NAMED[naming](value, speech)),)
    found = _ID.fullmatch(f"key:{value}" if member in ("key", "key_id") else value)
    return (Word(value, subject=found[1] if found else None),)


_PLAIN: Mapping[Any, Callable[[str, str, Any, Speech], tuple[Word, ...]]] = {
    int: _number,
    bool: _bool,
    datetime: _instant,
    date: _day,
    Fraction: _fraction,
    Any: _as_json,
}


def _law(code: str, language: Language) -> str:
    """Return the law of a country, or of a part of one."""
    return f"{country(code[:2], language)} ({code})"


def _coded(name: str, code: str) -> str:
    return f"{name} ({code})"


def _field_code(code: str, language: Language) -> str:
    """Return a code as it is kept for comparison: `any`, an IPC symbol, `vsic-2025:62`."""
    if code == "any":
        return value_name("", "field", code, language)
    scheme, _, own = code.partition(":")
    if own and scheme.startswith("vsic-"):
        return symbol("vsic", scheme.removeprefix("vsic-"), own, language)
    return symbol("ipc", None, code, language)


def member_name(path: str, language: Language) -> str:
    """Return what a member of the terms is called; of a grant, which."""
    head, _, name = path.partition("/")
    called = label("Terms", head, language)
    return f"{label('', 'grant', language)} {name}" if head == "grants" and name else called


def _awaited(value: str, language: Language) -> str:
    """Return what a grant waits for; of a registration, of which event, by its hash."""
    what, _, of = value.partition(" of ")
    name = value_name("GrantRow", "waits", what, language)
    return _coded(name, of) if of else name


_CONDITION = re.compile(r"(\S+) ([a-z_]+): (.*)", re.DOTALL)


def _condition(value: str, language: Language) -> str:
    """Return what a funder keeps: who, of what kind, in which words."""
    found = _CONDITION.fullmatch(value)
    if found is None:
        return value
    return f"{found[1]}, {value_name('FundingView', 'terms', found[2], language)}: {found[3]}"


def deduction(kind: str, language: Language) -> str:
    """Return what is deducted; a kind is the parties' own name, which stands beside its words."""
    said = VALUES.get(f"deduction.{kind}")
    return f"“{kind}”" if said is None else _coded(said.in_(language), kind)


def _known(value: str, language: Language) -> str:
    """Return what bounds what was known: a position, a day, or an instant."""
    if value.isdecimal():
        return _ENTRY.in_(language).format(value)
    if "T" in value:
        return days.moment(parse_instant(value), language)
    return days.day(date.fromisoformat(value), language)


_ENTRY = Said("mục {}", "entry {}")

_BY_LANGUAGE: Mapping[str, Callable[[str, Language], str]] = {
    "place": lambda code, language: places((code,), language),
    "country": lambda code, language: _coded(country(code, language), code),
    "law": _law,
    "tongue": lambda code, language: _coded(tongue(code, language), code),
    "office": office,
    "event": lambda topic, language: _coded(event_name(topic, language), topic),
    "field_code": _field_code,
    "member": member_name,
    "awaited": _awaited,
    "condition": _condition,
    "known": _known,
    "deduction": deduction,
}


def _spoken(name: Callable[[str, Language], str]) -> Callable[[str, Speech], str]:
    return lambda value, speech: name(value, speech.language)


_NAMED: Mapping[str, Callable[[str, Speech], str]] = {
    **{naming: _spoken(name) for naming, name in _BY_LANGUAGE.items()},
    "instrument": lambda number, speech: instrument_name(number, speech.law, speech.language),
}


_SEALED = Said("niêm phong", "sealed")


def _money(value: Members, speech: Speech) -> tuple[Word, ...]:
    return (Word(money.sum_of(value["amount"], value["currency"], speech.language)),)


def sealed(value: Members, speech: Speech) -> tuple[Word, ...]:
    """Return that a value is sealed, and as what."""
    return (Word(f"{_SEALED.in_(speech.language)} ({value['commitment']})"),)


def _territory(value: Members, speech: Speech) -> tuple[Word, ...]:
    return (Word(places(value["codes"], speech.language)),)


def field_said(value: Members, speech: Speech) -> tuple[Word, ...]:
    """Return what something is for."""
    return (Word(field_in_words(value, speech.language)),)


WHOLE: Mapping[Any, Callable[[Members, Speech], tuple[Word, ...]]] = {
    Money: _money,
    Sealed: sealed,
    Territory: _territory,
    Field: field_said,
}


def field_in_words(value: Members, language: Language) -> str:
    """Return a field: any at all, words, or symbols with their titles."""
    scheme, codes = value["scheme"], value["codes"]
    if scheme == "any":
        return value_name("", "scheme", scheme, language)
    if scheme == "words":
        return ", ".join(f"“{text}”" for text in codes)
    return "; ".join(symbol(scheme, value["edition"], code, language) for code in codes)


_YES_NO = (Said("có", "yes"), Said("không", "no"))

_BOOLS: Mapping[str, tuple[Said, Said]] = {
    "Computation.recomputed": (
        Said("ra đúng số đã ký", "the same as was signed"),
        Said("KHÁC số đã ký", "NOT what was signed"),
    ),
}
