"""
The grants that burden one right, found by where and for what they are, and which forbid another.

A right may carry thousands of grants, so they are kept in persistent maps: to add one, to end one
and to find those near a box costs the same whether it is the tenth or the ten-thousandth. A grant
is in the cell of its places and fields, and filed by its days. A cell is filed under every place
that contains one of its own ("within") and under its own ("at"), and so by its fields; what is near
a box is what is within its own places, or at one that contains them. A search goes the way, by
place, field or days, on which it meets fewest.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from operator import attrgetter, itemgetter
from typing import TypeVar

from rpds import HashTrieMap, HashTrieSet

from ledger.domain.core.scope import Box, HeldGrant
from ledger.domain.core.spans import Spans

Key = tuple[str, int]
"""The ref of a grant and the position of the event that made it so: an amended grant has two."""

Bucket = tuple[str, str, str]
"""What is filed, `place` or `field`, how, `within` or `at`, and which."""

N = TypeVar("N", bound=Hashable)
V = TypeVar("V", bound=Hashable)

Paths = tuple[tuple[str, ...], ...]
"""Of places or fields, each from itself up to the root."""

Cell = tuple[Paths, Paths]
"""The places and the fields of a grant, as it is filed: many grants on a right have the same."""

_HANDFUL = 16
"""Grants that are looked at one by one, without asking whether fewer have the same days."""


def key_of(grant: HeldGrant) -> Key:
    """Return what tells a grant from the others on its right."""
    return grant.ref, grant.position


@dataclass(frozen=True, slots=True)
class Filed:
    """The keys of grants by the cell that they are in, and by their days; cells by bucket."""

    cells: "HashTrieMap[Cell, HashTrieSet[Key]]" = HashTrieMap()
    buckets: "HashTrieMap[Bucket, HashTrieSet[Cell]]" = HashTrieMap()
    spans: Spans[Key] = field(default_factory=Spans)

    def plus(self, grants: Sequence[HeldGrant]) -> "Filed":
        """Return the files with further grants."""
        if not grants:
            return self
        keyed = [(key_of(grant), grant.box) for grant in grants]
        added = {cell for _key, box in keyed if (cell := _cell(box)) not in self.cells}
        return Filed(
            _with(self.cells, ((_cell(box), key) for key, box in keyed)),
            _with(self.buckets, ((each, cell) for cell in added for each in _buckets(*cell))),
            self.spans.plus((key, box.start, box.end) for key, box in keyed),
        )

    def minus(self, key: Key, box: Box) -> "Filed":
        """Return the files without a grant that is in them."""
        cell, cells, buckets = _cell(box), self.cells, self.buckets
        if left := cells[cell].discard(key):
            cells = cells.insert(cell, left)
        else:
            cells = cells.remove(cell)
            for bucket in _buckets(*cell):
                buckets = buckets.insert(bucket, buckets[bucket].discard(cell))
        return Filed(cells, buckets, self.spans.minus(key, box.start, box.end))

    def near(self, box: Box, ways: Iterable[Iterable[Bucket]]) -> set[Key]:
        """Return the keys of all grants that may overlap with a box, and of some others."""
        found = [
            [
                self.cells[cell]
                for cell in set().union(*(self.buckets.get(each, ()) for each in way))
            ]
            for way in ways
        ]
        many, there = min(((sum(map(len, way)), way) for way in found), key=itemgetter(0))
        if many > _HANDFUL:
            then = set(islice(self.spans.near(box.start, box.end), many))
            if len(then) < many:
                return then
        return set().union(*there)


@dataclass(frozen=True, slots=True)
class GrantIndex:
    """Grants on one thing: by key, contract, head and holder, by where and for what they are."""

    held: "HashTrieMap[Key, HeldGrant]" = HashTrieMap()
    contracts: "HashTrieMap[str, HashTrieSet[Key]]" = HashTrieMap()
    heads: "HashTrieMap[str, HashTrieSet[Key]]" = HashTrieMap()
    holders: "HashTrieMap[str, HashTrieSet[Key]]" = HashTrieMap()
    exclusive: Filed = field(default_factory=Filed)
    others: Filed = field(default_factory=Filed)

    def __iter__(self) -> Iterator[HeldGrant]:
        return iter(sorted(self.held.values(), key=attrgetter("position", "ref")))

    def __len__(self) -> int:
        return len(self.held)

    def get(self, ref: str) -> HeldGrant | None:
        """Return the grant of a ref as it was last made, or None."""
        return max(self.named(ref), key=attrgetter("position"), default=None)

    def named(self, ref: str) -> list[HeldGrant]:
        """Return the grants of a ref: one, or as many as it was amended to be."""
        return [held for held in self.of(_contract_of(ref)) if held.ref == ref]

    def of(self, contract: str) -> list[HeldGrant]:
        """Return the grants of a contract."""
        return self._all(self.contracts.get(contract))

    def held_by(self, party: str) -> list[HeldGrant]:
        """Return the grants to a party."""
        return self._all(self.holders.get(party))

    def below(self, ref: str) -> list[HeldGrant]:
        """Return the grants that sit right under one."""
        return self._all(self.heads.get(ref))

    def overlapping(self, box: Box, *, exclusive_only: bool) -> list[HeldGrant]:
        """Return the grants whose boxes overlap with a box, in the order of the log."""
        ways = _ways(box.territory.coarse, box.field.coarse, box.field.doubts)
        near = self.exclusive.near(box, ways)
        if not exclusive_only:
            near |= self.others.near(box, ways)
        found = [held for key in near if (held := self.held[key]).box.overlaps(box)]
        return sorted(found, key=attrgetter("position", "ref"))

    def add(self, grants: Sequence[HeldGrant]) -> "GrantIndex":
        """Return the index with further grants."""
        keyed = [(key_of(grant), grant) for grant in grants]
        return GrantIndex(
            self.held.update(keyed),
            _with(self.contracts, ((_contract_of(grant.ref), key) for key, grant in keyed)),
            _with(
                self.heads, ((grant.head, key) for key, grant in keyed if grant.head is not None)
            ),
            _with(self.holders, ((grant.licensee, key) for key, grant in keyed)),
            self.exclusive.plus([grant for grant in grants if grant.exclusive]),
            self.others.plus([grant for grant in grants if not grant.exclusive]),
        )

    def remove(self, grant: HeldGrant) -> "GrantIndex":
        """Return the index without a grant that is in it."""
        key = key_of(grant)
        grant = self.held[key]
        contract = _contract_of(grant.ref)
        return GrantIndex(
            self.held.remove(key),
            self.contracts.insert(contract, self.contracts[contract].discard(key)),
            self.heads
            if grant.head is None
            else self.heads.insert(grant.head, self.heads[grant.head].discard(key)),
            self.holders.insert(grant.licensee, self.holders[grant.licensee].discard(key)),
            self.exclusive.minus(key, grant.box) if grant.exclusive else self.exclusive,
            self.others if grant.exclusive else self.others.minus(key, grant.box),
        )

    def _all(self, keys: "HashTrieSet[Key] | None") -> list[HeldGrant]:
        return [self.held[key] for key in keys or ()]


def _with(
    filed: "HashTrieMap[N, HashTrieSet[V]]", added: Iterable[tuple[N, V]]
) -> "HashTrieMap[N, HashTrieSet[V]]":
    """Return what is filed, and these by these names. Each name is looked up once."""
    values: defaultdict[N, list[V]] = defaultdict(list)
    for name, value in added:
        values[name].append(value)
    return filed.update(
        {name: filed.get(name, HashTrieSet()).update(theirs) for name, theirs in values.items()}
    )


def _contract_of(ref: str) -> str:
    return ref.partition("#")[0]


def _cell(box: Box) -> Cell:
    return box.territory.coarse, box.field.coarse


@lru_cache(maxsize=1024)  # A contract grants the same of many rights.
def _buckets(places: Paths, fields: Paths) -> frozenset[Bucket]:
    """Return where a cell is filed."""
    return frozenset(_filed("place", places) | _filed("field", fields))


def _filed(what: str, paths: Paths) -> set[Bucket]:
    filed = {(what, "at", path[0]) for path in paths}
    filed.update((what, "within", node) for path in paths for node in path)
    return filed


@lru_cache(maxsize=1024)
def _ways(places: Paths, fields: Paths, doubts: frozenset[str]) -> tuple[set[Bucket], set[Bucket]]:
    """Return where grants are filed that may overlap with a box: by place, and by field."""
    by_field = _meeting("field", fields)
    by_field.update(("field", "within", doubt) for doubt in doubts)
    return _meeting("place", places), by_field


def _meeting(what: str, paths: Paths) -> set[Bucket]:
    sought = set()
    for path in paths:
        sought.add((what, "within", path[0]))
        sought.update((what, "at", node) for node in path[1:])
    return sought


def conflicts(new: HeldGrant, earlier: GrantIndex, consenting: frozenset[str]) -> list[HeldGrant]:
    """Return those of the earlier grants on one thing that forbid the new one.

    Boxes that overlap conflict if one of the two grants is exclusive (IP Law art. 143), unless

    * the new grant sits under the other in the sublicence tree, or under one that the other
      accepted,
    * the earlier exclusive holder is among `consenting`, who sign the new contract,
    * the new exclusive grant accepts the earlier one as an encumbrance, or both have one holder.
    """
    # A right may carry thousands of non-exclusive grants, which cannot forbid each other.
    rivals = [
        held
        for held in earlier.overlapping(new.box, exclusive_only=not new.exclusive)
        if _forbids(held, new, consenting)
    ]
    if not rivals or new.head is None:
        return rivals
    tree = _ancestors(new, earlier)
    return [held for held in rivals if held.ref not in tree and tree.isdisjoint(held.accepts)]


def _forbids(held: HeldGrant, new: HeldGrant, consenting: frozenset[str]) -> bool:
    if held.exclusive and held.licensee not in consenting:
        return True
    return new.exclusive and held.ref not in new.accepts and held.licensee != new.licensee


def _ancestors(new: HeldGrant, earlier: GrantIndex) -> frozenset[str]:
    found: set[str] = set()
    ref = new.head
    while ref is not None:
        found.add(ref)
        held = earlier.get(ref)
        ref = None if held is None else held.head
    return frozenset(found)
