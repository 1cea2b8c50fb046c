"""
Receipts: an entry's place, its inclusion proof, and the first checkpoint that covers it.

The first one, and log signatures only, so that a retried request gets the same bytes for ever.
"""

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import attrgetter

from ledger.log.proof import prove_consistency, prove_inclusions
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.log.tiles import TileHashes
from ledger.publish.publisher import PublishedCheckpoint
from ledger.runtime.pending import Pending
from ledger.store.checkpoints import StoredCheckpoint, checkpoint_covering
from ledger.store.connection import Pool
from ledger.store.tree import TreeReader

RECENT = 1024
"""Checkpoints that are kept in memory for those who wait or ask again soon."""

TILE = 256


@dataclass(frozen=True, slots=True)
class Proof:
    """An inclusion proof: the hashes from leaf to root at the size of a checkpoint."""

    position: int
    checkpoint: StoredCheckpoint
    hashes: tuple[bytes, ...]

    @property
    def parsed(self) -> TlogProof:
        """The proof and its checkpoint, taken apart."""
        return TlogProof(self.position, self.hashes, self.checkpoint.note)

    def tlog_proof(self) -> bytes:
        """Return the proof and its checkpoint in the c2sp.org/tlog-proof format."""
        return format_tlog_proof(self.parsed)


class CheckpointFeed:
    """Who waits for a checkpoint, and the last ones published. Thread-safe."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._lock = threading.Lock()
        self._recent: deque[StoredCheckpoint] = deque(maxlen=RECENT)
        self._waiting: list[tuple[int, Pending[StoredCheckpoint]]] = []
        self._failed: Exception | None = None
        self._again: StoredCheckpoint | None = None

    def tell(self, checkpoint: StoredCheckpoint) -> None:
        """Take in the next checkpoint and answer those that it covers."""
        with self._lock:
            if self._recent and checkpoint.size <= self._recent[-1].size:
                return
            self._recent.append(checkpoint)
            covered = [each for position, each in self._waiting if position < checkpoint.size]
            self._waiting = [item for item in self._waiting if item[0] >= checkpoint.size]
        for each in covered:
            each.give(checkpoint)

    def tell_again(self, checkpoint: StoredCheckpoint) -> None:
        """Take in a checkpoint of a size that was told, with a later time; no receipt has it."""
        self._again = checkpoint

    def fail(self, error: Exception) -> None:
        """Answer all who wait, now and later, that no checkpoint will come."""
        with self._lock:
            self._failed = error
            waiting, self._waiting = self._waiting, []
        for _position, each in waiting:
            each.fail(error)

    @property
    def latest(self) -> StoredCheckpoint | None:
        """The last checkpoint that was told, if any, as it was signed first."""
        return self._recent[-1] if self._recent else None

    @property
    def newest(self) -> StoredCheckpoint | None:
        """The last checkpoint that was told, if any, as it was signed last."""
        latest, again = self.latest, self._again
        return again if latest and again and again.size == latest.size else latest

    @property
    def waited_for(self) -> bool:
        """Whether anybody waits."""
        return bool(self._waiting)

    def covering(self, position: int) -> Pending[StoredCheckpoint]:
        """Return the first checkpoint with a size above `position`, as soon as there is one."""
        pending = Pending[StoredCheckpoint]()
        with self._lock:
            self._waiting = [item for item in self._waiting if not item[1].left]
            found = self._find_recent(position)
            if found is None and (not self._recent or self._recent[-1].size <= position):
                if self._failed:
                    raise self._failed
                self._waiting.append((position, pending))
                return pending
        if found is None:
            found = checkpoint_covering(self._pool, position)
        assert found is not None, "a later checkpoint was told, so an earlier one is stored"
        pending.give(found)
        return pending

    def _find_recent(self, position: int) -> StoredCheckpoint | None:
        index = bisect_right(self._recent, position, key=attrgetter("size"))
        # The oldest kept one may not be the first that covers: then the database knows.
        return self._recent[index] if 0 < index < len(self._recent) else None


class Edge:
    """The newest leaf hashes, so that fresh receipts need no query. Thread-safe."""

    def __init__(self, fetch: Callable[[int, int, int], bytes]) -> None:
        self._fetch = fetch
        # One value, replaced whole: readers in other threads see the old pair or the new one.
        self._kept: tuple[int, list[bytes]] = (0, [])

    def tell(self, published: PublishedCheckpoint) -> None:
        """Take in the leaves of a checkpoint; keep the tile before the edge and what follows."""
        first, leaves = self._kept
        if published.first_new != first + len(leaves):
            first, leaves = published.first_new, []
        drop = max(0, (published.first_new // TILE - 1) * TILE - first)
        self._kept = (first + drop, leaves[drop:] + list(published.new_leaves))

    def fetch(self, level: int, index: int, width: int) -> bytes:
        """Return a tile's hashes, from memory where it is at the edge, else from the store."""
        first, leaves = self._kept
        start = index * TILE - first
        if level == 0 and start >= 0 and start + width <= len(leaves):
            return b"".join(leaves[start : start + width])
        return self._fetch(level, index, width)


class Prover:
    """Inclusion proofs over the stored tree."""

    def __init__(self, pool: Pool) -> None:
        self.edge = Edge(TreeReader(pool).fetch)
        self._hashes = TileHashes(self.edge.fetch)

    def prove(self, positions: Sequence[int], checkpoint: StoredCheckpoint) -> list[Proof]:
        """Return the proofs of several positions at one checkpoint, sharing what they share."""
        proofs = prove_inclusions(positions, checkpoint.size, self._hashes)
        return [
            Proof(position, checkpoint, tuple(hashes))
            for position, hashes in zip(positions, proofs, strict=True)
        ]

    def prove_prefix(self, old: int, checkpoint: StoredCheckpoint) -> list[bytes]:
        """Return the consistency proof that the tree of size `old` is a prefix (RFC 6962, 2.1.2).

        Raises `ProofRefused` if the checkpoint is smaller.
        """
        return prove_consistency(old, checkpoint.size, self._hashes)
