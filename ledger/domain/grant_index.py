"""
The grants that burden one right, found by where and for what they are, and which forbid another.

A right may carry thousands of grants, so they are kept in persistent maps: to add one, to end one
and to find those near a box costs the same whether it is the tenth or the ten-thousandth. A grant
is filed under every place that contains it ("within") and under its own ("at"), and so by its
fields, and by its days; what is near a box is what is within its own places, or at one that
contains them. A search goes the way, by place, field or days, on which it meets fewest.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain, islice
from operator import attrgetter, itemgetter

from rpds import HashTrieMap, HashTrieSet

from ledger.domain.scope import Box, HeldGrant
from ledger.domain.spans import Spans

Key = tuple[str, int]
"""The ref of a grant and the position of the event that made it so: an amended grant has two."""

Bucket = tuple[str, str, str]
"""What is filed, `place` or `field`, how, `within` or `at`, and which."""

_HANDFUL = 16
"""Grants that are looked at one by one, without asking whether fewer have the same days."""


def key_of(grant: HeldGrant) -> Key:
    """Return what tells a grant from the others on its right."""
    return grant.ref, grant.position


@dataclass(frozen=True, slots=True)
class Filed:
    """The keys of grants by where they are, by what they are for, and by their days."""

    buckets: "HashTrieMap[Bucket, HashTrieSet[Key]]" = HashTrieMap()
    spans: Spans[Key] = field(default_factory=Spans)

    def plus(self, key: Key, box: Box) -> "Filed":
        """Return the files with a further grant."""
        buckets = self.buckets
        for bucket in _buckets(box):
            buckets = buckets.insert(bucket, _with(buckets.get(bucket), key))
        return Filed(buckets, self.spans.plus(key, box.start, box.end))

    def minus(self, key: Key, box: Box) -> "Filed":
        """Return the files without a grant that is in them."""
        buckets = self.buckets
        for bucket in _buckets(box):
            buckets = buckets.insert(bucket, buckets[bucket].discard(key))
        return Filed(buckets, self.spans.minus(key, box.start, box.end))

    def near(self, box: Box, ways: Iterable[Iterable[Bucket]]) -> set[Key]:
        """Return the keys of all grants that may overlap with a box, and of some others."""
        found = [
            [keys for each in sought if (keys := self.buckets.get(each)) is not None]
            for sought in ways
        ]
        many, there = min(((sum(map(len, way)), way) for way in found), key=itemgetter(0))
        if many > _HANDFUL:
            then = set(islice(self.spans.near(box.start, box.end), many))
            if len(then) < many:
                return then
        return set().union(*there)


@dataclass(frozen=True, slots=True)
class GrantIndex:
    """Grants on a right: by key, by ref, by what they sit under, by where and for what they are."""

    held: "HashTrieMap[Key, HeldGrant]" = HashTrieMap()
    refs: "HashTrieMap[str, HashTrieSet[Key]]" = HashTrieMap()
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
        return max(self._all(self.refs.get(ref)), key=attrgetter("position"), default=None)

    def named(self, ref: str) -> list[HeldGrant]:
        """Return the grants of a ref: one, or as many as it was amended to be."""
        return self._all(self.refs.get(ref))

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
        ways = _ways(box)
        near = self.exclusive.near(box, ways)
        if not exclusive_only:
            near |= self.others.near(box, ways)
        found = [held for key in near if (held := self.held[key]).box.overlaps(box)]
        return sorted(found, key=attrgetter("position", "ref"))

    def add(self, grant: HeldGrant) -> "GrantIndex":
        """Return the index with a further grant."""
        key = key_of(grant)
        contract = grant.ref.partition("#")[0]
        return GrantIndex(
            self.held.insert(key, grant),
            self.refs.insert(grant.ref, _with(self.refs.get(grant.ref), key)),
            self.contracts.insert(contract, _with(self.contracts.get(contract), key)),
            self.heads
            if grant.head is None
            else self.heads.insert(grant.head, _with(self.heads.get(grant.head), key)),
            self.holders.insert(grant.licensee, _with(self.holders.get(grant.licensee), key)),
            self.exclusive.plus(key, grant.box) if grant.exclusive else self.exclusive,
            self.others if grant.exclusive else self.others.plus(key, grant.box),
        )

    def remove(self, grant: HeldGrant) -> "GrantIndex":
        """Return the index without a grant that is in it."""
        key = key_of(grant)
        grant = self.held[key]
        contract = grant.ref.partition("#")[0]
        return GrantIndex(
            self.held.remove(key),
            self.refs.insert(grant.ref, self.refs[grant.ref].discard(key)),
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


def _with(keys: "HashTrieSet[Key] | None", key: Key) -> "HashTrieSet[Key]":
    return (HashTrieSet() if keys is None else keys).insert(key)


def _buckets(box: Box) -> Iterator[Bucket]:
    """Yield where a grant is filed."""
    return chain(_filed("place", box.territory.coarse), _filed("field", box.field.coarse))


def _filed(what: str, paths: Iterable[tuple[str, ...]]) -> set[Bucket]:
    filed = set()
    for path in paths:
        filed.add((what, "at", path[0]))
        filed.update((what, "within", node) for node in path)
    return filed


def _ways(box: Box) -> tuple[set[Bucket], set[Bucket]]:
    """Return where grants are filed that may overlap with a box: by place, and by field."""
    fields = _meeting("field", box.field.coarse)
    fields.update(("field", "within", doubt) for doubt in box.field.doubts)
    return _meeting("place", box.territory.coarse), fields


def _meeting(what: str, paths: Iterable[tuple[str, ...]]) -> set[Bucket]:
    sought = set()
    for path in paths:
        sought.add((what, "within", path[0]))
        sought.update((what, "at", node) for node in path[1:])
    return sought


def conflicts(new: HeldGrant, earlier: GrantIndex, consenting: frozenset[str]) -> list[HeldGrant]:
    """Return those of the earlier grants on one right that forbid the new one.

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
