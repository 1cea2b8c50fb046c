"""
What a question names: parties, places and fields that there are.

A tax code that does not check, a province or a country that is none, a symbol that its scheme does
not have, is a slip of the pen: no answer about it is given, and what may be meant is offered.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from itertools import pairwise
from typing import Annotated, Literal

from fastapi import Path, Query
from pydantic import AfterValidator, StringConstraints, ValidationError
from pydantic_core import PydanticCustomError

from api.describe.titles import titles
from api.problems import BadParameter
from api.reads.common import today
from ledger.domain.core.codes import FieldUnknown, must_be_fields
from ledger.domain.core.dated_law import Law
from ledger.domain.core.forms import first_fault
from ledger.domain.core.money import MINOR_UNITS
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.scope import Field, Territory, is_edition
from ledger.domain.core.territory import NEW_UNITS, OLD_UNITS, WORLD
from ledger.domain.parties.identifier import BY_TAX_CODE, checks, must_be_a_legal_person
from ledger.powers import TABLE

NEAR_MAX = 20
"""Values that are offered in the place of one that is none."""

_DIGITS = 10


def none_such(says: str, near: Iterable[str]) -> PydanticCustomError:
    """Return what is raised for a value that is none, with what may be meant by it."""
    offered = list(dict.fromkeys(near))[:NEAR_MAX]
    return PydanticCustomError("none_such", "{says}", {"says": says, "near": offered})


def _known_party(subject: str) -> str:
    """Let through what may be a party's id.

    Raises `PydanticCustomError` for a tax code that is none, or a branch's.
    """
    try:
        must_be_a_legal_person(subject)
    except Refusal as error:
        raise none_such(error.detail, _tax_codes_near(subject)) from None
    return subject


def _tax_codes_near(party: str) -> Iterator[str]:
    """Yield the legal person of a branch; else ids one slip away whose tax codes check."""
    digits = party.removeprefix(BY_TAX_CODE)[:_DIGITS]
    if len(digits) == _DIGITS and digits.isdecimal():
        yield from (f"{BY_TAX_CODE}{each}" for each in _digits_near(digits) if checks(each))


def _digits_near(digits: str) -> Iterator[str]:
    """Yield digits as they are, with another check digit, with two exchanged, with another one."""
    yield digits
    yield from (f"{digits[:-1]}{last}" for last in range(10))
    for at, (one, other) in enumerate(pairwise(digits)):
        yield f"{digits[:at]}{other}{one}{digits[at + 2 :]}"
    for at in range(_DIGITS):
        yield from (f"{digits[:at]}{each}{digits[at + 1 :]}" for each in range(10))


def _known_place(code: str) -> str:
    """Let through the code of a place. Raises `PydanticCustomError` for what is none."""
    if code in _places():
        return code
    raise none_such(
        "a place is world, a country iso:XX (ISO 3166-1), one of the 34 units vn-2025:NN, or of the"
        " 63 before them vn-2004:VN-NN",
        _places_near(code),
    )


@cache
def _places() -> Mapping[str, tuple[str, ...]]:
    """Return the names of each place, by its code."""
    countries = {f"iso:{code}": (said.vi, said.en) for code, said in titles("countries").items()}
    units = {f"vn-2025:{code}": (name,) for code, name in NEW_UNITS.items()}
    before = {f"vn-2004:{code}": (name,) for code, name in OLD_UNITS.items()}
    return {WORLD: (), **countries, **units, **before}


def _places_near(code: str) -> Iterator[str]:
    """Yield places of that name or number, then codes that are spelt much like it."""
    asked, unit = _plain(code), code.rpartition(":")[2].upper()
    for each, names in _places().items():
        if asked in map(_plain, names) or each.rpartition(":")[2] == unit:
            yield each
    yield from get_close_matches(code, _places(), 6)


def _plain(text: str) -> str:
    """Return a text without accents, case and what stands between its words."""
    bare = unicodedata.normalize("NFD", text.casefold().replace("đ", "d"))
    return "".join(each for each in bare if each.isalnum())


def _known_country(code: str) -> str:
    """Let through the code of a country. Raises `PydanticCustomError` for what is none."""
    if code in _places() and code.startswith("iso:"):
        return code
    near = (each for each in _places_near(code) if each.startswith("iso:"))
    raise none_such("a country is iso:XX (ISO 3166-1)", near)


def _known_topic(topic: str) -> str:
    """Let through a type of event. Raises `PydanticCustomError` for what is none."""
    if topic in _TOPICS:
        return topic
    says = "a topic is a type of event without its version, such as contract.concluded"
    raise none_such(says, get_close_matches(topic, _TOPICS, 6))


_TOPICS = sorted({each.partition("/")[0] for each in TABLE})


def _known_currency(code: str) -> str:
    """Let through the code of a currency. Raises `PydanticCustomError` for what is none."""
    if code in MINOR_UNITS:
        return code
    near = get_close_matches(code.upper(), MINOR_UNITS, 6)
    raise none_such("a currency is an active code of ISO 4217, such as VND", near)


Topic = Annotated[
    str, StringConstraints(pattern=r"^[a-z]+\.[a-z_]+$"), AfterValidator(_known_topic)
]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$"), AfterValidator(_known_currency)]
Party = Annotated[
    str, StringConstraints(pattern=r"^party:[a-z0-9.-]{1,80}$"), AfterValidator(_known_party)
]
Subject = Annotated[
    str, StringConstraints(pattern=r"^[a-z]+:[a-z0-9.-]{1,80}$"), AfterValidator(_known_party)
]
Place = Annotated[str, AfterValidator(_known_place)]
Country = Annotated[str, AfterValidator(_known_country)]

PartyPath = Annotated[Party, Path(examples=["party:vn.mst.0100047516"])]
SubjectPath = Annotated[Subject, Path(examples=["right:us.15145443"])]

PlaceText = Annotated[
    Place | None,
    Query(description="world, iso:XX, vn-2025:NN or vn-2004:VN-NN", examples=["vn-2025:48"]),
]
SymbolText = Annotated[
    str | None, Query(description="Symbol of the scheme, e.g. A61K; default: any field")
]
SchemeText = Annotated[
    Literal["ipc", "vsic"] | None, Query(description="Of the symbol; default: ipc")
]
EditionText = Annotated[str | None, Query(description="Of the scheme; default: the one in use")]

ANYWHERE = Territory.model_validate({"codes": [WORLD]})
ANY_FIELD = Field.model_validate({"scheme": "any", "edition": None, "codes": []})


def read_place(code: str | None) -> Territory | None:
    """Return a place as a territory; None for none."""
    return None if code is None else Territory.model_validate({"codes": [code]})


def read_field(
    law: Law, symbol: str | None, scheme: str | None, edition: str | None
) -> Field | None:
    """Return a symbol as a field; None for none.

    Who names no edition means the one in use. Raises `BadParameter` for an edition that is none,
    for a scheme or an edition of no symbol, and for what the scheme does not have, as far down as
    the law data know it; `LawSilent` where they say of no edition that it is in use.
    """
    if symbol is None:
        for name, value in (("scheme", scheme), ("edition", edition)):
            if value is not None:
                raise BadParameter(name, value, "it is that of a symbol: name one by field")
        return None
    scheme = scheme or "ipc"
    edition = edition or _edition_in_use(law, scheme)
    codes = law.find("field.codes", today(), scheme=scheme, edition=edition)
    if codes is None or not is_edition(scheme, edition):
        in_use = _edition_in_use(law, scheme)
        raise BadParameter("edition", edition, f"{scheme} has no such edition", [in_use])
    try:
        field = Field.model_validate({"scheme": scheme, "edition": edition, "codes": [symbol]})
        must_be_fields(field, today(), law)
    except (ValidationError, FieldUnknown) as error:
        says = error.detail if isinstance(error, FieldUnknown) else first_fault(error)[1]
        known = [*codes.names("heads"), *_SUBCLASSES.get(scheme, ())]
        raise BadParameter("field", symbol, says, _symbols_near(symbol.upper(), known)) from None
    return field


def _edition_in_use(law: Law, scheme: str) -> str:
    return str(law.rule("field.edition", today(), scheme=scheme).values["edition"])


_SUBCLASSES = {"ipc": [code for code in titles("ipc") if len(code) == len("A61K")]}


def _symbols_near(symbol: str, known: Sequence[str]) -> list[str]:
    """Return what a symbol lies within, what differs from it by a letter, what is much like it."""
    alike = (each for each in known if len(each) == len(symbol) and _differ(each, symbol) == 1)
    near = (
        *sorted((each for each in known if symbol.startswith(each)), key=len, reverse=True),
        *alike,
        *get_close_matches(symbol, known, 6),
    )
    return list(dict.fromkeys(near))[:NEAR_MAX]


def _differ(one: str, other: str) -> int:
    return sum(left != right for left, right in zip(one, other, strict=True))
