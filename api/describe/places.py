"""Places in words with their codes: countries, the 34 units of Việt Nam, the 63 before them."""

from collections.abc import Mapping, Sequence

from api.describe.language import Language, Said
from api.describe.titles import country
from ledger.domain.core.territory import NEW_UNITS, OLD_UNITS, WORLD
from ledger.domain.core.territory import places as made_of

_WORLD = Said("toàn thế giới", "the whole world")
_NOW_IN = Said("nay thuộc", "now in")
_BEFORE = Said("trước ngày 01/7/2025", "before 1 July 2025")
_EXCEPT = Said("trừ", "except")
_OFFICE_OF = Said("cơ quan sở hữu trí tuệ của", "intellectual property office of")

_TODAY: Mapping[str, str] = {
    old: code for unit in NEW_UNITS for code in (f"vn-2025:{unit}",) for old in made_of(code)
}
"""The unit of today in which each of those before lies."""


def place(code: str, language: Language) -> str:
    """Return a place in words with its code; a code that names none stands as it is."""
    edition, _, unit = code.partition(":")
    if code == WORLD:
        return f"{_WORLD.in_(language)} ({code})"
    if edition == "iso":
        name = country(unit, language)
        return code if name == unit else f"{name} ({code})"
    if edition == "vn-2025" and unit in NEW_UNITS:
        return f"{NEW_UNITS[unit]} ({code})"
    if edition == "vn-2004" and unit in OLD_UNITS:
        today = _TODAY[code]
        now = f"{_NOW_IN.in_(language)} {NEW_UNITS[today.partition(':')[2]]}, {today}"
        return f"{OLD_UNITS[unit]} {_BEFORE.in_(language)} ({code}; {now})"
    return code


def places(codes: Sequence[str], language: Language) -> str:
    """Return several places."""
    return ", ".join(place(code, language) for code in codes)


def but(whole: str, without: str, language: Language) -> str:
    """Return the whole without a part of it."""
    return f"{whole}, {_EXCEPT.in_(language)} {without}" if without else whole


_OFFICES = {
    "vn": Said("Cục Sở hữu trí tuệ Việt Nam", "Intellectual Property Office of Việt Nam"),
    "ep": Said("Cơ quan Sáng chế châu Âu", "European Patent Office"),
    "wo": Said(
        "Tổ chức Sở hữu trí tuệ Thế giới (WIPO)", "World Intellectual Property Organization"
    ),
    "ea": Said("Cơ quan Sáng chế Á-Âu", "Eurasian Patent Office"),
    "ap": Said(
        "Tổ chức Sở hữu trí tuệ khu vực châu Phi (ARIPO)",
        "African Regional Intellectual Property Organization",
    ),
    "oa": Said(
        "Tổ chức Sở hữu trí tuệ châu Phi (OAPI)", "African Intellectual Property Organization"
    ),
    "gc": Said("Cơ quan Sáng chế vùng Vịnh (GCC)", "Gulf Cooperation Council Patent Office"),
    "em": Said(
        "Cơ quan Sở hữu trí tuệ Liên minh châu Âu", "European Union Intellectual Property Office"
    ),
    "eu": Said("Liên minh châu Âu", "European Union"),
    "us": Said("Cơ quan Sáng chế và Nhãn hiệu Hoa Kỳ", "United States Patent and Trademark Office"),
}


def office(code: str, language: Language) -> str:
    """Return an office in words with its code (WIPO ST.3); an authority's name as it is."""
    head, _, _part = code.partition(".")
    if not (len(head) == 2 and head.isascii() and head.islower()):  # noqa: PLR2004  (ST.3)
        return code
    if head in _OFFICES:
        return f"{_OFFICES[head].in_(language)} ({code})"
    name = country(head.upper(), language)
    return code if name == head.upper() else f"{_OFFICE_OF.in_(language)} {name} ({code})"
