r"""
The map of all subjects: what a seal commits to, and proofs of what is in it and what is not.

A subject's value is how many entries are tagged with it, the position of the last, and a chain of
hashes over their leaves. Who shows a subject's entries and this value shows that there are no
others below the size that the seal covers.

    key    = SHA-256( subject ), whose bits, the most significant first, are the path
    chain  = SHA-256( "techledger/chain/v1\n" || subject ), then SHA-256( chain || leaf hash )
    value  = {"chain":"sha256:<hex>","count":<n>,"last":<position>}
    leaf   = SHA-256( 0x00 || key || SHA-256( value ) )
    node   = SHA-256( 0x01 || left || right )
    empty  = 32 zero bytes

A binary trie: the node at depth d parts its keys by bit d. A part with one key is that key's leaf,
one without keys is empty. So a path ends where it is alone, at a depth of about log2 of their
number, and depth and direction of every step are given by the key: nothing is left to a prover.
"""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Final, NamedTuple

from ledger.log.merkle import HASH_SIZE

EMPTY: Final = bytes(HASH_SIZE)
"""The hash of a part without keys."""

KEY_BITS: Final = 256
TOP: Final = 16
"""Depth at which the map is cut into buckets, for who stores it."""


@dataclass(frozen=True, slots=True)
class History:
    """A subject's value: entries tagged with it, position of the last, chain over their leaves."""

    count: int
    last: int
    chain: bytes

    def canonical(self) -> bytes:
        """Return the bytes that the map's leaf commits to."""
        return b'{"chain":"sha256:%b","count":%d,"last":%d}' % (
            self.chain.hex().encode(),
            self.count,
            self.last,
        )

    def and_then(self, position: int, leaf: bytes) -> "History":
        """Return the value after one more entry."""
        return History(self.count + 1, position, sha256(self.chain + leaf).digest())


def untouched(subject: str) -> History:
    """Return what comes before a subject's first entry; no map holds it."""
    chain = sha256(b"techledger/chain/v1\n" + subject.encode()).digest()
    return History(0, -1, chain)


def key_of(subject: str) -> bytes:
    """Return a subject's path."""
    return sha256(subject.encode()).digest()


def map_leaf(key: bytes, value_hash: bytes) -> bytes:
    """Return the hash of a leaf, given the SHA-256 of its value's canonical bytes."""
    return sha256(b"\x00" + key + value_hash).digest()


def leaf_of(key: bytes, history: History) -> bytes:
    """Return the hash of a subject's leaf."""
    return map_leaf(key, sha256(history.canonical()).digest())


class Branch(NamedTuple):
    """A part of the map: whether it holds no key, one, or more (0, 1, 2), and its hash."""

    keys: int
    hash: bytes


NOTHING: Final = Branch(0, EMPTY)


def join(left: Branch, right: Branch) -> Branch:
    """Return the part that two halves make."""
    if not left.keys or not right.keys:
        alone = left if left.keys else right
        return alone if alone.keys < 2 else Branch(2, _node(left.hash, right.hash))  # noqa: PLR2004
    return Branch(2, _node(left.hash, right.hash))


def part_of(items: Sequence[tuple[bytes, bytes]], depth: int = 0) -> Branch:
    """Return the part that (key, leaf) pairs make, sorted, all alike in their first bits."""
    if len(items) < 2:  # noqa: PLR2004
        return Branch(1, items[0][1]) if items else NOTHING
    middle = _middle(items, depth)
    return join(part_of(items[:middle], depth + 1), part_of(items[middle:], depth + 1))


@dataclass(frozen=True, slots=True)
class MapProof:
    """
    The path of a key: the hashes beside it, from the root down, and what stands at its end.

    `other` is the (key, SHA-256 of its value) of a leaf that is there instead, None where the path
    ends at nothing, or at the subject's own leaf.
    """

    siblings: tuple[bytes, ...]
    other: tuple[bytes, bytes] | None = None


class Top:
    """The map above its buckets, of 2^16 parts: what changes with a bucket is its path alone."""

    def __init__(self, buckets: Mapping[int, Branch]) -> None:
        row = [buckets.get(bucket, NOTHING) for bucket in range(1 << TOP)]
        self._levels = [row]
        while len(row) > 1:
            row = list(map(join, row[::2], row[1::2]))
            self._levels.append(row)
        self._levels.reverse()

    @property
    def root(self) -> bytes:
        """The root of the map."""
        return self.part(0, 0).hash

    def part(self, depth: int, index: int) -> Branch:
        """Return the part at a depth whose keys begin with the bits of `index`."""
        return self._levels[depth][index]

    def put(self, buckets: Mapping[int, Branch]) -> None:
        """Replace buckets."""
        for bucket, part in buckets.items():
            self._levels[TOP][bucket] = part
        indices = set(buckets)
        for depth in reversed(range(TOP)):
            indices = {index >> 1 for index in indices}
            for index in indices:
                self._rejoin(depth, index)

    def _rejoin(self, depth: int, index: int) -> None:
        left, right = self.part(depth + 1, 2 * index), self.part(depth + 1, 2 * index + 1)
        self._levels[depth][index] = join(left, right)

    def siblings(self, key: bytes) -> list[bytes]:
        """Return the hashes beside a key's path, down to where it is alone or to its bucket."""
        found, bucket = [], bucket_of(key)
        for depth in range(TOP):
            if self.part(depth, bucket >> (TOP - depth)).keys < 2:  # noqa: PLR2004
                break
            found.append(self.part(depth + 1, (bucket >> (TOP - depth - 1)) ^ 1).hash)
        return found


def bucket_of(key: bytes) -> int:
    """Return the bucket of a key: its first 16 bits."""
    return int.from_bytes(key[: TOP // 8])


def path_below(items: Sequence[tuple[bytes, bytes]], key: bytes, depth: int) -> list[bytes]:
    """Return the hashes beside a key's path among sorted (key, leaf) pairs, from a depth down."""
    found = []
    while len(items) > 1:
        middle = _middle(items, depth)
        own, beside = (
            (items[middle:], items[:middle])
            if _bit(key, depth)
            else (
                items[:middle],
                items[middle:],
            )
        )
        found.append(part_of(beside, depth + 1).hash)
        items, depth = own, depth + 1
    return found


def _middle(items: Sequence[tuple[bytes, bytes]], depth: int) -> int:
    """Return where the keys with bit `depth` set begin."""
    return bisect_left(items, 1, key=lambda item: _bit(item[0], depth))


def _bit(key: bytes, depth: int) -> int:
    return key[depth >> 3] >> (7 - (depth & 7)) & 1


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


class SubjectMap:
    """The whole map in memory: for an auditor who replays a log."""

    def __init__(self) -> None:
        self.histories: dict[str, History] = {}
        self._buckets: dict[int, dict[bytes, str]] = {}
        self._changed: set[int] = set()
        self._top = Top({})

    def touch(self, subject: str, position: int, leaf: bytes) -> None:
        """Take in an entry that is tagged with the subject."""
        before = self.histories.get(subject) or untouched(subject)
        self.histories[subject] = before.and_then(position, leaf)
        key = key_of(subject)
        bucket = bucket_of(key)
        self._buckets.setdefault(bucket, {})[key] = subject
        self._changed.add(bucket)

    def buckets(self) -> dict[int, tuple[Branch, list[tuple[bytes, bytes]]]]:
        """Return the parts at depth 16 that hold any key, and the (key, leaf) pairs of each."""
        leaves = {bucket: self._leaves(bucket) for bucket in self._buckets}
        return {bucket: (part_of(items, TOP), items) for bucket, items in leaves.items()}

    def root(self) -> bytes:
        """Return the root of the map as it is now."""
        self._top.put({bucket: part_of(self._leaves(bucket), TOP) for bucket in self._changed})
        self._changed.clear()
        return self._top.root

    def prove(self, subject: str) -> MapProof:
        """Return the proof that a subject is in the map, or is not."""
        self.root()
        key = key_of(subject)
        siblings = self._top.siblings(key)
        below = self._leaves(bucket_of(key))
        if len(siblings) == TOP:
            siblings += path_below(below, key, TOP)
        return MapProof(tuple(siblings), self._other(key, len(siblings)))

    def _leaves(self, bucket: int) -> list[tuple[bytes, bytes]]:
        subjects = sorted(self._buckets.get(bucket, {}).items())
        return [(key, leaf_of(key, self.histories[subject])) for key, subject in subjects]

    def _other(self, key: bytes, depth: int) -> tuple[bytes, bytes] | None:
        """Return the leaf of another key at the end of a path, if one is there."""
        shift = KEY_BITS - depth
        for bucket, subjects in self._buckets.items():
            if depth and bucket >> max(0, TOP - depth) != bucket_of(key) >> max(0, TOP - depth):
                continue
            for other, subject in subjects.items():
                if int.from_bytes(other) >> shift == int.from_bytes(key) >> shift:
                    value = self.histories[subject].canonical()
                    return None if other == key else (other, sha256(value).digest())
        return None
