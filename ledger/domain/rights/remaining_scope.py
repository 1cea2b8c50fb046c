"""
What may still be granted on a right: all that it covers, less what its grants take.

The space is cut along every code and day that a grant names, into cells in each of which every
grant covers all or nothing; those that no grant forbids are put together again. A cell of a field
leaves out every other code that some grant names, so that what is only perhaps the same field is
not offered as free.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from ledger.domain.core.scope import IN_WORDS, Box, HeldGrant, Region, field_region
from ledger.domain.core.territory import WORLD, named

CELLS_MAX = 50_000
"""Cells that a space is cut into at most."""

CODES_MAX = 200_000
"""Codes that all the boxes of an answer leave out, at most."""

CHECKS_MAX = 1_000_000
"""Cells times grants, at most: each cell is held against each grant."""

_ELSEWHERE = "elsewhere"
"""Stands for all the places of the world that no grant names."""


class TooFinelyCut(Exception):
    """The grants name so many places, fields and days that an answer would be of no use."""


@dataclass(frozen=True, slots=True)
class Free:
    """A box that may still be granted: acts, places, a field without some codes, and days.

    `territory` are codes of places; where it is the world, `outside` are the places that are not
    free. The field is `any`, or one code; `without` are the codes that do not belong to the box.
    Days are `[start, end)`.
    """

    acts: tuple[str, ...]
    territory: tuple[str, ...]
    outside: tuple[str, ...]
    field: str
    without: tuple[str, ...]
    start: date
    end: date | None


Cell = tuple[str, str, int]
"""A place, a field and a span of days, by its number."""


def ungranted(space: Box, held: Iterable[HeldGrant], *, exclusive: bool) -> tuple[Free, ...]:
    """Return what of `space` a new grant can still cover, as boxes that do not overlap.

    Where the new grant is to be exclusive, every grant is in its way; else only the exclusive and
    the sole ones. Raises `TooFinelyCut`.
    """
    against = [
        _settled(grant.box)
        for grant in held
        if (exclusive or grant.exclusive) and grant.box.overlaps(space)
    ]
    spans = _spans(space, against)
    places = _places(space, against)
    fields = _fields(space, against)
    cells = len(places) * len(fields) * len(spans)
    if cells > CELLS_MAX or cells * len(against) > CHECKS_MAX:
        raise TooFinelyCut(f"the grants cut what is asked about into {cells} cells")
    free: dict[Cell, frozenset[str]] = {}
    for place in places:
        there = [box for box in against if _holds(box.territory.codes, _above_place(place))]
        for field, path in fields.items():
            for_it = [box for box in there if _holds(box.field.codes, path)]
            for number, (start, _) in enumerate(spans):
                taken = [box.acts for box in for_it if _covers(box, place, path, start)]
                acts = space.acts.difference(*taken)
                if acts:
                    free[place, field, number] = acts
    boxes = []
    left_out = 0
    for each in _joined(free, places, fields, spans):
        boxes.append(each)
        left_out += len(each.without) + len(each.outside)
        if left_out > CODES_MAX:
            raise TooFinelyCut(f"what is free leaves out more than {CODES_MAX} codes")
    return tuple(boxes)


def _settled(box: Box) -> Box:
    """Return a box whose field codes settle: what is said in words may be any of them."""
    in_words = any(code.startswith(IN_WORDS) for code in box.field.codes)
    return replace(box, field=field_region("any", None, ())) if in_words else box


def _covers(box: Box, place: str, path: frozenset[str], start: date) -> bool:
    """Whether a box whose place and field contain a cell's covers it on a day."""
    if not (box.start <= start and (box.end is None or start < box.end)):
        return False
    hole = box.hole
    return hole is None or not (
        (hole.territory is None or _holds(hole.territory.codes, _above_place(place)))
        and (hole.field is None or _holds(hole.field.codes, path))
    )


def _holds(codes: frozenset[str], path: frozenset[str]) -> bool:
    return not codes.isdisjoint(path)


def _above_place(place: str) -> frozenset[str]:
    return frozenset((place, WORLD))


def _spans(space: Box, against: Sequence[Box]) -> list[tuple[date, date | None]]:
    """Return the days of the space, cut where a grant begins or ends."""
    cuts = {space.start}
    for box in against:
        cuts.update(day for day in (box.start, box.end) if day is not None)
    inside = [
        day for day in sorted(cuts) if day >= space.start and (space.end is None or day < space.end)
    ]
    return [*pairwise(inside), (inside[-1], space.end)]


def _places(space: Box, against: Sequence[Box]) -> list[str]:
    """Return the places of the space; of the whole world, those named and the rest."""
    if WORLD not in space.territory.codes:
        return sorted(space.territory.codes)
    found: set[str] = set()
    for box in against:
        found |= box.territory.codes
        if box.hole is not None and box.hole.territory is not None:
            found |= box.hole.territory.codes
    return [*sorted(found - {WORLD}), _ELSEWHERE]


def _fields(space: Box, against: Sequence[Box]) -> Mapping[str, frozenset[str]]:
    """Return the fields that are named in the space, and its own, each with all that contain it."""
    own = _paths(space.field)
    found = dict(own)
    for box in against:
        found.update(_within(own, box.field))
        if box.hole is not None and box.hole.field is not None:
            found.update(_within(own, box.hole.field))
    return found


def _within(own: Mapping[str, frozenset[str]], field: Region) -> dict[str, frozenset[str]]:
    """Return the codes of a field that lie in the space, each with all that contain it."""
    return {code: path for code, path in _paths(field).items() if not path.isdisjoint(own)}


def _paths(field: Region) -> dict[str, frozenset[str]]:
    return {_self(path): path for path in field.ancestry}


def _self(path: frozenset[str]) -> str:
    """Return the code whose path it is: the longest one."""
    return max(path, key=lambda code: (code != "any", len(code)))


def _joined(
    free: Mapping[Cell, frozenset[str]],
    all_places: Sequence[str],
    fields: Mapping[str, frozenset[str]],
    spans: Sequence[tuple[date, date | None]],
) -> Iterable[Free]:
    """Yield the free cells put together: over days that follow each other, then over places."""
    runs: dict[tuple[str, int, int, frozenset[str]], list[str]] = {}
    for place, field in sorted({(place, field) for place, field, _ in free}):
        start = 0
        while start < len(spans):
            acts = free.get((place, field, start))
            end = start + 1
            while end < len(spans) and free.get((place, field, end)) == acts:
                end += 1
            if acts:
                runs.setdefault((field, start, end - 1, acts), []).append(place)
            start = end
    for (field, first, last, acts), found in sorted(
        runs.items(), key=lambda run: (run[0][:3], sorted(run[0][3]))
    ):
        elsewhere = _ELSEWHERE in found
        yield Free(
            acts=tuple(sorted(acts)),
            territory=(WORLD,) if elsewhere else named(found),
            outside=named(set(all_places).difference(found)) if elsewhere else (),
            field=field,
            without=tuple(sorted(code for code in fields if code not in fields[field])),
            start=spans[first][0],
            end=spans[last][1],
        )
