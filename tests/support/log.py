"""What the tests of `ledger.log` share: naive oracles, a log in memory, and keys of fixed seeds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.merkle import Frontier, leaf_hash, root_of, split_point
from ledger.log.note import Ed25519NoteSigner, Signer, Verifier, format_vkey, parse_vkey
from ledger.log.tiles import TileHashes, split_tile

GOLDEN = Path(__file__).parents[1] / "golden" / "log"
SHARED_VECTORS = Path(__file__).parents[3] / "shared" / "vectors"

ORIGIN = "ledger.example.vn/techledger/0badcafe"
TIME = 1_795_000_000


def shared_vectors(name: str) -> Any:
    """Read a file of the foreign test vectors that lie beside the project; skip without them."""
    path = SHARED_VECTORS / name
    if not path.exists():
        pytest.skip(f"the foreign test vectors {name} are not beside this checkout")
    return json.loads(path.read_text(encoding="utf-8"))


def seed(label: str) -> bytes:
    return sha256(f"techledger test seed {label}".encode()).digest()


def ed25519_key(label: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(seed(label))


def ml_dsa_key(label: str) -> MLDSA44PrivateKey:
    return MLDSA44PrivateKey.from_seed_bytes(seed(label))


def log_signers(origin: str = ORIGIN) -> tuple[Ed25519NoteSigner, MLDSA44Signer]:
    """Return the two keys of the log, in the order of its lines."""
    return (
        Ed25519NoteSigner(origin, ed25519_key("log")),
        MLDSA44Signer(origin, ml_dsa_key("log-pq")),
    )


def witness(name: str) -> CosignatureV1Signer:
    return CosignatureV1Signer(name, ed25519_key(name))


def verifiers(signers: Sequence[Signer]) -> tuple[Verifier, ...]:
    return tuple(parse_vkey(format_vkey(signer)) for signer in signers)


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(f"entry {position}".encode()) for position in range(size)]


def naive_path(position: int, row: Sequence[bytes]) -> list[bytes]:
    """PATH(m, D[n]) of RFC 6962, section 2.1.1, word for word."""
    if len(row) == 1:
        return []
    split = split_point(len(row))
    if position < split:
        return [*naive_path(position, row[:split]), root_of(row[split:])]
    return [*naive_path(position - split, row[split:]), root_of(row[:split])]


def naive_subproof(start: int, end: int, row: Sequence[bytes], *, known: bool) -> list[bytes]:
    """SUBTREE_SUBPROOF of draft-ietf-plants-merkle-tree-certs; with start 0 that of RFC 6962."""
    if start == 0 and end == len(row):
        return [] if known else [root_of(row)]
    split = split_point(len(row))
    below, above = row[:split], row[split:]
    if end <= split:
        return [*naive_subproof(start, end, below, known=known), root_of(above)]
    if start >= split:
        rest = naive_subproof(start - split, end - split, above, known=known)
        return [*rest, root_of(below)]
    return [*naive_subproof(0, end - split, above, known=False), root_of(below)]


class MemoryHashes:
    """A `HashReader` by definition: it hashes the leaves again for each question."""

    def __init__(self, row: Sequence[bytes]) -> None:
        self._row = row

    def subtree(self, level: int, index: int) -> bytes:
        found = self._row[index << level : (index + 1) << level]
        assert 1 << level == len(found), "asked for a subtree that is not complete"
        return root_of(found)


@dataclass
class TiledLog:
    """A log of `size` entries as tiles in a dict; `fetched` records what was asked for."""

    size: int

    def __post_init__(self) -> None:
        self.leaves = leaves(self.size)
        self.fetched: list[tuple[int, int, int]] = []
        self.tiles: dict[tuple[int, int], bytes] = {}
        row, level = self.leaves, 0
        while row:
            full = [row[at : at + 256] for at in range(0, len(row), 256)]
            self.tiles.update({(level, n): b"".join(part) for n, part in enumerate(full)})
            row, level = [root_of(part) for part in full if len(part) == 256], level + 1

    @cached_property
    def root(self) -> bytes:
        return Frontier().extend(self.leaves).root()

    def fetch(self, level: int, n: int, width: int) -> bytes:
        self.fetched.append((level, n, width))
        return self.tiles[level, n][: 32 * width]

    def hashes(self, tiles: int = 1024) -> TileHashes:
        return TileHashes(self.fetch, tiles=tiles)

    def replace(self, level: int, n: int, at: int) -> None:
        """Flip the lowest bit of one byte of a tile."""
        self.tiles[level, n] = flip(self.tiles[level, n], at)

    def tile_hashes(self, level: int, n: int) -> list[bytes]:
        return split_tile(self.tiles[level, n])


def flip(raw: bytes, at: int, mask: int = 1) -> bytes:
    """Return `raw` with some bits of one byte flipped."""
    return raw[:at] + bytes((raw[at] ^ mask,)) + raw[at + 1 :]


def signed_checkpoint(size: int = 300, cosigners: Sequence[Signer] = ()) -> bytes:
    """Sign a checkpoint of `leaves(size)` by the log's two keys and those of `cosigners`."""
    checkpoint = Checkpoint(ORIGIN, size, root_of(leaves(size)))
    return sign_checkpoint(checkpoint, (*log_signers(), *cosigners), TIME)
