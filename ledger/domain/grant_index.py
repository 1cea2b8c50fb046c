"""
The grants that burden one right, found by where and for what they are, and which forbid another.

A right may carry thousands of grants, so they are kept in persistent maps: to add one, to end one
and to find those near a box costs the same whether it is the tenth or the ten-thousandth. A grant
is filed under every place and field that contains it ("within") and under its own ("at"); what is
near a box is what is within its own places and fields, or at one that contains them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from operator import attrgetter

from rpds import HashTrieMap, HashTrieSet

from ledger.domain.scope import Box, HeldGrant, Region

Key = tuple[str, int]
"""The ref of a grant and the position of the event that made it so: an amended grant has two."""

Bucket = tuple[str, str, str, str]
"""How a place and a field are filed: `within` or `at`, and which."""

_FEW = 8
"""Places or fields of one grant that are filed one by one; of more, what contains them all is."""


def key_of(grant: HeldGrant) -> Key:
    """Return what tells a grant from the others on its right."""
    return grant.ref, grant.position


@dataclass(frozen=True, slots=True)
class GrantIndex:
    """Grants on a right: by key, by ref, by what they sit under, by where and for what they are."""

    held: "HashTrieMap[Key, HeldGrant]" = HashTrieMap()
    refs: "HashTrieMap[str, HashTrieSet[Key]]" = HashTrieMap()
    contracts: "HashTrieMap[str, HashTrieSet[Key]]" = HashTrieMap()
    heads: "HashTrieMap[str, HashTrieSet[Key]]" = HashTrieMap()
    holders: "HashTrieMap[str, HashTrieSet[Key]]" = HashTrieMap()
    exclusive: "HashTrieMap[Bucket, HashTrieSet[Key]]" = HashTrieMap()
    others: "HashTrieMap[Bucket, HashTrieSet[Key]]" = HashTrieMap()

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
        near = _near(self.exclusive, box)
        if not exclusive_only:
            near |= _near(self.others, box)
        found = [held for key in near if (held := self.held[key]).box.overlaps(box)]
        return sorted(found, key=attrgetter("position", "ref"))

    def add(self, grant: HeldGrant) -> "GrantIndex":
        """Return the index with a further grant."""
        key = key_of(grant)
        filed = self.exclusive if grant.exclusive else self.others
        for bucket in _buckets(grant.box):
            filed = filed.insert(bucket, _with(filed.get(bucket), key))
        contract = grant.ref.partition("#")[0]
        return GrantIndex(
            self.held.insert(key, grant),
            self.refs.insert(grant.ref, _with(self.refs.get(grant.ref), key)),
            self.contracts.insert(contract, _with(self.contracts.get(contract), key)),
            self.heads
            if grant.head is None
            else self.heads.insert(grant.head, _with(self.heads.get(grant.head), key)),
            self.holders.insert(grant.licensee, _with(self.holders.get(grant.licensee), key)),
            filed if grant.exclusive else self.exclusive,
            self.others if grant.exclusive else filed,
        )

    def remove(self, grant: HeldGrant) -> "GrantIndex":
        """Return the index without a grant that is in it."""
        key = key_of(grant)
        grant = self.held[key]
        filed = self.exclusive if grant.exclusive else self.others
        for bucket in _buckets(grant.box):
            filed = filed.insert(bucket, filed[bucket].discard(key))
        contract = grant.ref.partition("#")[0]
        return GrantIndex(
            self.held.remove(key),
            self.refs.insert(grant.ref, self.refs[grant.ref].discard(key)),
            self.contracts.insert(contract, self.contracts[contract].discard(key)),
            self.heads
            if grant.head is None
            else self.heads.insert(grant.head, self.heads[grant.head].discard(key)),
            self.holders.insert(grant.licensee, self.holders[grant.licensee].discard(key)),
            filed if grant.exclusive else self.exclusive,
            self.others if grant.exclusive else filed,
        )

    def _all(self, keys: "HashTrieSet[Key] | None") -> list[HeldGrant]:
        return [self.held[key] for key in keys or ()]


def _with(keys: "HashTrieSet[Key] | None", key: Key) -> "HashTrieSet[Key]":
    return (HashTrieSet() if keys is None else keys).insert(key)


def _buckets(box: Box) -> Iterable[Bucket]:
    """Return where a grant is filed."""
    places, fields = _few(box.territory), _few(box.field)
    for (how, where), (on, what) in product(_filed(places), _filed(fields)):
        yield how, where, on, what


def _filed(paths: Iterable[tuple[str, ...]]) -> set[tuple[str, str]]:
    filed = set()
    for path in paths:
        filed.add(("at", path[0]))
        filed.update(("within", node) for node in path)
    return filed


def _near(filed: "HashTrieMap[Bucket, HashTrieSet[Key]]", box: Box) -> set[Key]:
    """Return the keys of the grants that may overlap with a box."""
    places, fields = _sought(_few(box.territory)), _sought(_few(box.field))
    fields.update(("within", doubt) for doubt in box.field.doubts)
    near: set[Key] = set()
    for (how, where), (on, what) in product(places, fields):
        near.update(filed.get((how, where, on, what)) or ())
    return near


def _sought(paths: Iterable[tuple[str, ...]]) -> set[tuple[str, str]]:
    sought = set()
    for path in paths:
        sought.add(("within", path[0]))
        sought.update(("at", node) for node in path[1:])
    return sought


def _few(region: Region) -> tuple[tuple[str, ...], ...]:
    """Return the coarse paths of a region: few enough to be filed one by one."""
    paths = tuple(dict.fromkeys(region.coarse))
    while len(paths) > _FEW:
        paths = tuple(dict.fromkeys(path[1:] or path for path in paths))
    return paths


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
