"""
Territories as sets of places that do not overlap.

The finest places known are the 63 provinces of before 2025-07-01, of which each of the 34 since is
made whole (Resolution 202/2025/QH15), and the other countries. So `vn-2025:48` (Đà Nẵng) is the
same place as `vn-2004:VN-DN` and `vn-2004:VN-27` together, and `iso:VN` is all 63.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib import resources

from ledger.domain.core.office import FORMER_STATES, STATES

WORLD = "world"
VIETNAM = "iso:VN"

_LISTS = json.loads(
    (resources.files("ledger.domain.core") / "code_lists" / "vn_units.json").read_text("utf-8")
)

OLD_UNITS: Mapping[str, str] = _LISTS["vn-2004"]
"""The name of each of the 63 provinces, by the part of its ISO 3166-2 code."""

NEW_UNITS: Mapping[str, str] = {code: unit["name"] for code, unit in _LISTS["vn-2025"].items()}
"""The name of each of the 34 units, by its national code."""

_MADE_OF: Mapping[str, tuple[str, ...]] = {
    code: tuple(f"vn-2004:{old}" for old in unit["made_of"])
    for code, unit in _LISTS["vn-2025"].items()
}
_NOW_IN: Mapping[str, str] = {
    old: f"vn-2025:{code}" for code, parts in _MADE_OF.items() for old in parts
}
_ALL_OF_VIETNAM = tuple(f"vn-2004:{old}" for old in OLD_UNITS)
_STATES = frozenset(f"iso:{state.upper()}" for state in STATES)
_PLACES = _STATES.union((WORLD,), _ALL_OF_VIETNAM, (f"vn-2025:{code}" for code in NEW_UNITS))
_EVER_STATES = _STATES.union(f"iso:{state.upper()}" for state in FORMER_STATES)


def known_place(code: str) -> str:
    """Let through a place that there is, by whichever list. Raises `ValueError` for any other."""
    return _known(code, _PLACES, "place")


def known_state(code: str) -> str:
    """Let through a State that there is, or was: offices tell of both. Raises `ValueError`."""
    return _known(code, _EVER_STATES, "State")


def _known(code: str, codes: Collection[str], what: str) -> str:
    if code in codes:
        return code
    near = get_close_matches(code, sorted(codes))
    raise ValueError(f"{code} is no {what}; near: {', '.join(near) or 'none'}")


@lru_cache(maxsize=1024)
def places(code: str) -> tuple[str, ...]:
    """Return the places that a code is made of; a code that is not known stands for itself."""
    if code == VIETNAM:
        return _ALL_OF_VIETNAM
    edition, _, unit = code.partition(":")
    if edition == "vn-2025":
        return _MADE_OF.get(unit, (code,))
    return (code,)


def in_the_other_list(code: str) -> tuple[str, ...]:
    """Return the units of the other list that a unit lies in, or is made of; none if it is none."""
    edition, _, unit = code.partition(":")
    if edition == "vn-2025":
        return _MADE_OF.get(unit, ())
    return (_NOW_IN[code],) if code in _NOW_IN else ()


def path(place: str) -> tuple[str, ...]:
    """Return a place and all that contain it, the nearest first."""
    if place == WORLD:
        return (WORLD,)
    return (place, WORLD) if place.startswith("iso:") else (place, VIETNAM, WORLD)


def named(found: Iterable[str]) -> tuple[str, ...]:
    """Return places as few codes: Vietnam where all of it is there, the new units where whole."""
    left = set(found)
    if WORLD in left:
        return (WORLD,)
    if left.issuperset(_ALL_OF_VIETNAM):
        left = left.difference(_ALL_OF_VIETNAM) | {VIETNAM}
    for code, parts in _MADE_OF.items():
        if left.issuperset(parts):
            left = left.difference(parts) | {f"vn-2025:{code}"}
    return tuple(sorted(left))
