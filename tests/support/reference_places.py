"""Places and fields as the plain references compare them."""

from collections.abc import Iterable
from typing import Any

_MADE_OF = {"vn-2025:48": ("vn-2004:VN-27", "vn-2004:VN-DN")}


def field_codes_meet(one: str, other: str) -> bool:
    """Whether one of two IPC symbols, no deeper than a subclass, contains the other."""
    return one.startswith(other) or other.startswith(one)


def places_meet(one: str, other: str) -> bool:
    """Whether two places share ground."""
    return reaches(one, other) or reaches(other, one)


def places_of(grant: dict[str, Any]) -> list[str]:
    """Return the codes of places that a grant names."""
    codes: list[str] = grant["territory"]["codes"]
    return codes


def reaches(outer: str, inner: str) -> bool:
    """Whether a place contains another: Vietnam does its provinces."""
    vietnam = outer == "iso:VN" and inner.startswith("vn-")
    return outer == inner or vietnam or inner in _MADE_OF.get(outer, ())


def same_ground(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two territories are the same ground, by whichever list of units."""
    return _ground(one["codes"]) == _ground(other["codes"])


def _ground(codes: list[str]) -> set[str]:
    return {place for code in codes for place in _MADE_OF.get(code, (code,))}


def in_use(code: str, day: str) -> bool:
    """Whether the list of units that a code is of was in use on a day."""
    old = day < "2025-07-01"
    return not code.startswith("vn-2025" if old else "vn-2004")


def codes_in_use(
    grant: dict[str, Any], day: str, stood: Iterable[dict[str, Any]] = ()
) -> str | None:
    """Judge codes: one that stood before, or in what was offered or lies above, stands."""
    before = [*stood]
    places = [code for each in before for code in places_of(each)]
    if any(not in_use(each, day) and each not in places for each in places_of(grant)):
        return "TERRITORY_EDITION"
    fields = [code for each in before for code in each["field"]["codes"]]
    new = [code for code in grant["field"]["codes"] if code not in fields]
    return "FIELD_UNKNOWN" if "A02" in new else None
