"""
What a grant covers, as a box: acts, territory, field, time, and at most so many units.

Two grants on one right can only conflict where their boxes overlap on all four sides, and a
sublicence must lie within its head's box. Codes form trees: `world` contains every country,
`iso:VN` every Vietnamese unit; an IPC section contains its classes, a VSIC division its groups.
IPC symbols of different editions are compared as they stand.

Vietnamese units of both editions are sets of the same places (`territory`). Where the relation of
two fields is not known here, the answer is the cautious one: they may overlap, and neither contains
the other. That is so for VSIC codes of different editions, for codes of different schemes, for the
subgroups of one IPC main group, whose nesting is by dots that the symbol does not show, and for
what is said in words: it may meet any field, and contains none but what the same words say.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import AfterValidator, StringConstraints, model_validator

from ledger.domain.core.territory import known_place, path, places
from ledger.domain.core.types import DISTINCT, FROM_LIST, NOT_EMPTY, Model

Act = Literal[
    "make", "use", "sell", "offer_for_sale", "import", "export", "copy", "adapt", "distribute"
]
Exclusivity = Literal["exclusive", "sole", "non_exclusive"]
"""`sole` is exclusive with leave to the licensor to use: other licensees are shut out alike.

The law knows no sole licence (IP Law art. 143); the market does.
"""

GrantKind = Exclusivity | Literal["compulsory"]
"""A compulsory licence is given by the State alone, and excludes nobody (art. 146)."""

Acts = Annotated[tuple[Act, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
TerritoryCode = Annotated[
    str,
    StringConstraints(pattern=r"^(world|iso:[A-Z]{2}|vn-2025:[0-9]{2}|vn-2004:VN-[0-9A-Z]{2})$"),
    AfterValidator(known_place),
]

_SYMBOLS = {
    "ipc": re.compile(r"[A-H]([0-9]{2}([A-Z]( [1-9][0-9]{0,3}(/[0-9]{2,6})?)?)?)?"),
    "vsic": re.compile(r"[0-9]{2,5}"),
}
_IPC_EDITIONS = (
    *("1968.09", "1974.07", "1980.01", "1985.01", "1990.01", "1995.01", "2000.01"),
    *("2007.10", "2008.04", r"20(0[6-9]|1[0-9]|2[0-6])\.01"),
)
"""Editions of the IPC by the month from which each is in force: since 2006 one a January.

Trust: S for the first six (the Guide to the IPC, 6th edition) and for 2006.01, 2008.01, 2008.04,
2009.01 (papers and news of WIPO) and 2026.01 (its symbols); M, from memory, for the others.
The next one comes with its symbols, as that of VSIC does.
"""

_EDITIONS = {"ipc": re.compile("|".join(_IPC_EDITIONS)), "vsic": re.compile("2018|2025")}
_TEXTS, _LONGEST = 8, 400

IN_WORDS = "words:"
"""How the code of a field begins that is said in words."""


class Territory(Model):
    """Where: `world`, countries (ISO 3166-1), Vietnamese units of an edition of the units."""

    codes: Annotated[tuple[TerritoryCode, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    """Places taken together: `world`, `iso:VN` (ISO 3166-1), one of the 34 Vietnamese units
    such as `vn-2025:48`, or one of the 63 of before 2025-07-01 such as `vn-2004:VN-DN`
    (ISO 3166-2). A unit is of the list in use on the day of recording, unless it stood there
    before."""


class Field(Model):
    """For what: symbols of one edition of a scheme (IPC or VSIC), `words`, or any field at all."""

    scheme: Literal["ipc", "vsic", "words", "any"]
    """Which list the codes are of: `ipc` (International Patent Classification), `vsic`
    (Vietnam's classification of economic activities), `words` for what is said in words, `any`
    for all fields."""
    edition: str | None
    """Edition of the list: of IPC the month from which it is in force, such as `2026.01`, of
    VSIC `2018` or `2025`; null for `words` and `any`."""
    codes: Annotated[tuple[str, ...], FROM_LIST, DISTINCT]
    """Symbols, spelt as the scheme spells them (`A61K 31/00`, `2610`). Of `words` 1 to 8 texts
    of at most 400 characters, all of which limit the field; of `any` none."""

    @model_validator(mode="after")
    def _of_its_scheme(self) -> "Field":
        if self.scheme == "any":
            if self.edition is not None or self.codes:
                told = f"edition {self.edition or 'null'}, {len(self.codes)} codes"
                raise ValueError(f"any field has neither edition nor codes: {told}")
            return self
        if self.scheme == "words":
            sizes = [len(words) for words in self.codes]
            if self.edition is not None or not 1 <= len(sizes) <= _TEXTS:
                raise ValueError(f"a field in words has 1 to {_TEXTS} texts, and no edition")
            if not 1 <= min(sizes) <= max(sizes) <= _LONGEST:
                raise ValueError(f"a field in words has texts of 1 to {_LONGEST} characters")
            return self
        if self.edition is None or not is_edition(self.scheme, self.edition):
            raise ValueError(f"{self.edition} is not an edition of {self.scheme}")
        if not self.codes or not all(map(_SYMBOLS[self.scheme].fullmatch, self.codes)):
            raise ValueError(f"a field needs codes, each spelt as {self.scheme} spells it")
        return self


def is_edition(scheme: str, edition: str) -> bool:
    """Say whether a text is an edition of IPC or VSIC."""
    return _EDITIONS[scheme].fullmatch(edition) is not None


@dataclass(frozen=True, slots=True)
class Region:
    """A set of codes, made ready for comparison.

    `ancestry` holds for each code its path: itself and all that contain it. `marks` and `reach`
    decide overlap: `reach` holds every mark that the region meets. An index files the region by
    `coarse`, few paths from nodes that contain all its codes up to the root; what it may meet
    beyond these lies within `doubts`.
    """

    codes: frozenset[str]
    ancestry: tuple[frozenset[str], ...]
    marks: frozenset[str]
    reach: frozenset[str]
    coarse: tuple[tuple[str, ...], ...]
    doubts: frozenset[str]

    def overlaps(self, other: "Region") -> bool:
        """Whether the two may share a place or a field."""
        return not (self.marks.isdisjoint(other.reach) and other.marks.isdisjoint(self.reach))

    def contains(self, other: "Region") -> bool:
        """Whether all of the other certainly lies within this one."""
        return self.codes >= other.codes or not any(
            self.codes.isdisjoint(path) for path in other.ancestry
        )


@dataclass(frozen=True, slots=True)
class Hole:
    """What lies within a box and is not in it: some places, some fields, or some fields there."""

    territory: Region | None
    field: Region | None

    def swallows(self, territory: Region, field: Region) -> bool:
        """Whether all of what these reach certainly lies in the hole."""
        return (self.territory is None or self.territory.contains(territory)) and (
            self.field is None or self.field.contains(field)
        )

    def touches(self, territory: Region, field: Region) -> bool:
        """Whether some of what these reach may lie in the hole."""
        return (self.territory is None or self.territory.overlaps(territory)) and (
            self.field is None or self.field.overlaps(field)
        )

    def within(self, other: "Hole") -> bool:
        """Whether all of this hole certainly lies in the other."""
        return _part(self.territory, other.territory) and _part(self.field, other.field)


def _part(inner: Region | None, outer: Region | None) -> bool:
    return outer is None or (inner is not None and outer.contains(inner))


@dataclass(frozen=True, slots=True)
class Box:
    """The reach of a grant: acts, territory, field and the days `[start, end)`; None has no end.

    `hole` is what is not granted of it; `quantity` how many units, None being any number.
    """

    acts: frozenset[str]
    territory: Region
    field: Region
    start: date
    end: date | None
    hole: Hole | None = None
    quantity: int | None = None

    def overlaps(self, other: "Box") -> bool:
        """Whether some act, somewhere, for something, on some day, may be covered by both."""
        return (
            (other.end is None or self.start < other.end)
            and (self.end is None or other.start < self.end)
            and not self.acts.isdisjoint(other.acts)
            and self.territory.overlaps(other.territory)
            and self.field.overlaps(other.field)
            and not _swallowed(self.hole, other)
            and not _swallowed(other.hole, self)
        )

    def contains(self, other: "Box") -> bool:
        """Whether this box covers all of the other."""
        return (
            self.start <= other.start
            and not self.outlasted_by(other)
            and self.acts >= other.acts
            and self.territory.contains(other.territory)
            and self.field.contains(other.field)
            and self._leaves_room_for(other)
            and (self.quantity is None or _at_most(other.quantity, self.quantity))
        )

    def _leaves_room_for(self, other: "Box") -> bool:
        """Whether what the other covers is clear of this one's hole."""
        hole = self.hole
        if hole is None or not hole.touches(other.territory, other.field):
            return True
        return other.hole is not None and hole.within(other.hole)

    def outlasted_by(self, other: "Box") -> bool:
        """Whether the other's term ends after this one's."""
        return self.end is not None and (other.end is None or other.end > self.end)


def _swallowed(hole: Hole | None, other: Box) -> bool:
    return hole is not None and hole.swallows(other.territory, other.field)


def _at_most(units: int | None, allowed: int) -> bool:
    return units is not None and units <= allowed


@dataclass(frozen=True, slots=True)
class HeldGrant:
    """A grant as the right that it burdens remembers it.

    `ref` is `contract:<id>#<grant>`; `head` is the ref of the grant that a sublicence sits under;
    `accepts` are the refs of earlier grants that this one takes as encumbrances; `position` is
    that of the contract. `exclusive` is true of a sole grant, too: it differs only in what the
    licensor itself may do. `recorded` is the legal day on which the ledger took it, `registered`
    that of its entry in the office's register of licences; `direct_licence` lets those below live
    on when it ends. `passable`: its holder may offer it to others, by transfer or by sublicence.
    """

    ref: str
    licensor: str
    licensee: str
    exclusive: bool
    box: Box
    position: int
    head: str | None
    accepts: frozenset[str]
    kind: GrantKind
    recorded: date
    registered: date | None = None
    direct_licence: bool = False
    passable: bool = False

    def under(self, contract: str) -> bool:
        """Whether it is a grant of this contract."""
        return self.ref.startswith(f"{contract}#")


@lru_cache(maxsize=4096)
def territory_region(codes: tuple[str, ...]) -> Region:
    """Return territory codes ready for comparison."""
    parts = dict.fromkeys(place for code in codes for place in places(code))
    paths = [path(place) for place in parts]
    return _region(((each, _NONE, _NONE) for each in paths), paths)


@lru_cache(maxsize=4096)
def field_region(scheme: str, edition: str | None, codes: tuple[str, ...]) -> Region:
    """Return the symbols of a field ready for comparison."""
    if scheme == "any":
        return _region([(("any",), _NONE, _NONE)], [("any",)])
    if scheme == "words":
        # All the texts are one limit, which only the very same texts stay within.
        limit = IN_WORDS + json.dumps(sorted(codes), ensure_ascii=False)
        return _region([((limit, "any"), frozenset({"any"}), _NONE)], [("any",)])
    if scheme == "vsic":
        nodes = ((_vsic_path(code, edition), *_vsic_doubt(edition)) for code in codes)
        own, other = f"vsic-{edition}", _other_vsic(edition)
        coarse = [(f"{own}:{code[:2]}", own, "vsic", "any") for code in codes]
        return _region(nodes, coarse, frozenset({"ipc", other}))
    nodes = ((_ipc_path(code), *_ipc_doubt(code)) for code in codes)
    return _region(nodes, map(_coarse_ipc, codes), frozenset({"vsic"}))


def box(
    acts: Iterable[str], territory: Territory, field: Field, start: date, end: date | None
) -> Box:
    """Return the box of a grant that runs from `start` up to, not including, `end`."""
    return Box(
        frozenset(acts),
        territory_region(territory.codes),
        field_region(field.scheme, field.edition, field.codes),
        start,
        end,
    )


_Node = tuple[tuple[str, ...], frozenset[str], frozenset[str]]
"""A code's path from itself up to the root, its doubtful mark, and the doubtful marks it meets."""

_NONE: frozenset[str] = frozenset()


def _region(
    nodes: Iterable[_Node],
    coarse: Iterable[tuple[str, ...]],
    doubts: frozenset[str] = frozenset(),
) -> Region:
    paths, marks, reach = zip(*nodes, strict=True)
    codes = frozenset(path[0] for path in paths)
    return Region(
        codes=codes,
        ancestry=tuple(map(frozenset, paths)),
        marks=codes.union(*marks),
        reach=frozenset().union(*paths, *reach),
        coarse=_few(coarse),
        doubts=doubts,
    )


_FEW = 8
"""Places or fields of one region that are filed one by one; of more, what contains them all is."""


def _few(paths: Iterable[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    """Return paths of a region that are few enough to be filed one by one."""
    few = tuple(dict.fromkeys(paths))
    while len(few) > _FEW:
        few = tuple(dict.fromkeys(path[1:] or path for path in few))
    return few


def _ipc_path(symbol: str) -> tuple[str, ...]:
    """Section A, class A61, subclass A61K, main group `A61K 31` or `A61K 31/00`, its subgroups.

    A symbol shorter than a group comes more than once on its path, which makes no difference.
    """
    group, _, subgroup = symbol.partition("/")
    subclass = group.partition(" ")[0]
    own = symbol if subgroup.strip("0") else group
    return (own, group, *(subclass[:size] for size in (4, 3, 1)), "any")


def _coarse_ipc(symbol: str) -> tuple[str, ...]:
    above = (symbol[0], "ipc", "any")
    return above if len(symbol) == 1 else (symbol[:3], *above)


def _ipc_doubt(symbol: str) -> tuple[frozenset[str], frozenset[str]]:
    group, _, subgroup = symbol.partition("/")
    siblings = frozenset({f"{group}/?"}) if subgroup.strip("0") else _NONE
    return siblings | {"ipc:?"}, siblings | {"vsic:?"}


def _vsic_path(code: str, edition: str | None) -> tuple[str, ...]:
    sizes = range(len(code), 1, -1)
    return (*(f"vsic-{edition}:{code[:size]}" for size in sizes), "any")


def _vsic_doubt(edition: str | None) -> tuple[frozenset[str], frozenset[str]]:
    return frozenset({"vsic:?", f"vsic-{edition}:?"}), frozenset(
        {"ipc:?", f"{_other_vsic(edition)}:?"}
    )


def _other_vsic(edition: str | None) -> str:
    return "vsic-2018" if edition == "2025" else "vsic-2025"
