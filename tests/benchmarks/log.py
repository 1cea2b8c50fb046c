"""
What the log costs as it grows: tiles, proofs, seals, and a round of witnesses.

    python -m tests.benchmarks.log [LARGEST]

Makes logs of 10^3 leaves up to 10^LARGEST (default 6; 7 takes some minutes and 2 GB), hashes and
tags only, in a PostgreSQL of its own, and prints in ms how long a tile, an inclusion proof and a
consistency proof take from it; what a seal costs an entry as the subjects grow; and how long three
witnesses take to cosign. A raw SHA-256 and one query of a row stand beside. No figure passes or
fails.
"""

import io
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from hashlib import sha256
from pathlib import Path
from random import Random
from statistics import median, quantiles
from uuid import UUID

from ledger.log.merkle import Frontier, root_of
from ledger.log.proof import verify_inclusion
from ledger.publish.receipts import Prover
from ledger.store.binarycopy import HEADER, TRAILER, pack_entry, pack_instant
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.connection import Pool
from ledger.store.subject_map import StoredMap
from ledger.store.tree import TreeReader
from tests.support.postgres import home_directory, run_sql, running_server
from tests.support.witnessing import NAME, Bench, asked

SAMPLES = 300
SEALED = 10_000
"""Entries between two seals."""

CHUNK = 100_000


def spread(work: Callable[[], object], samples: int = SAMPLES) -> tuple[float, float]:
    """Return p50 and p99 of a piece of work, in ms."""
    taken = []
    for _ in range(samples):
        began = time.perf_counter()
        work()
        taken.append((time.perf_counter() - began) * 1000)
    return median(taken), quantiles(taken, n=100)[98]


def leaf(position: int) -> bytes:
    return sha256(b"\x00%d" % position).digest()


def fill(dsn: str, start: int, stop: int) -> None:
    """Put leaves [start, stop) and the subtrees that they complete into a database."""
    now = pack_instant(datetime(2026, 11, 27, tzinfo=UTC))
    pool = Pool(dsn, size=1)
    for at in range(start, stop, CHUNK):
        rows = (
            pack_entry(n, now, UUID(int=n), leaf(n), leaf(n), "t", b"%d" % n)
            for n in range(at, min(at + CHUNK, stop))
        )
        raw = io.BytesIO(b"".join((HEADER, *rows, TRAILER)))
        with pool.transaction() as transaction:
            transaction.cursor.copy_expert(
                "COPY ledger.entries FROM STDIN (FORMAT binary)", raw, size=1 << 20
            )
    pool.close()


def nodes(dsn: str, size: int) -> bytes:
    """Store all complete subtrees of a log; return its root."""
    run_sql(dsn, "ALTER TABLE ledger.nodes DISABLE TRIGGER ALL; DELETE FROM ledger.nodes")
    row, level = [leaf(n) for n in range(size)], 0
    edge: list[bytes] = []
    stored: list[tuple[int, int, bytes]] = []
    while row:
        whole = len(row) // 256 * 256
        edge = [*Frontier().extend(row[whole:]).hashes, *edge]
        row = [root_of(row[at : at + 256]) for at in range(0, whole, 256)]
        level += 8
        stored += [(level, index, found) for index, found in enumerate(row)]
    pool = Pool(dsn, size=1)
    with pool.transaction() as transaction:
        lines = "".join(f"{lv}\t{ix}\t\\\\x{found.hex()}\n" for lv, ix, found in stored)
        transaction.cursor.copy_expert("COPY ledger.nodes FROM STDIN", io.StringIO(lines))
    pool.close()
    return Frontier(size, tuple(edge)).root()


def measure_tree(dsn: str, size: int, root: bytes) -> str:
    """Return a line of the table: how long tiles and proofs take at a size."""
    run_sql(dsn, "ANALYZE")
    pool, chance = Pool(dsn, size=1), Random(size)
    reader, prover = TreeReader(pool), Prover(pool)
    checkpoint = StoredCheckpoint(size, root, b"", datetime.now(UTC))
    full = size // 256

    def row() -> object:
        with pool.session() as session:
            session.execute(
                "SELECT leaf_hash FROM ledger.entries WHERE position = %s",
                (chance.randrange(size),),
            )
            return session.fetchone()

    (proven,) = prover.prove([size // 3], checkpoint)
    verify_inclusion(leaf(size // 3), size // 3, size, proven.hashes, root)
    figures = [
        spread(row),
        spread(lambda: reader.fetch(0, chance.randrange(full))),
        spread(lambda: prover.prove([chance.randrange(size)], checkpoint)),
        spread(lambda: prover.prove_prefix(chance.randrange(1, size), checkpoint)),
    ]
    pool.close()
    return f"{size:>11,}" + "".join(f"  {p50:6.2f} {p99:6.2f}" for p50, p99 in figures)


def measure_seals(dsn: str, size: int) -> Iterator[str]:
    """Yield lines: what a seal over 10,000 entries costs each, as subjects grow to `size`."""
    pool = Pool(dsn, size=1)
    stored = StoredMap(pool)
    at = 0
    for subjects in [10**n for n in range(4, 9) if 10**n <= size]:
        while at < subjects:
            at = min(at + SEALED, size)
            began = time.perf_counter()
            stored.advance(at, lambda entry: (f"right:{entry.decode()}",))
            root = stored.root()
            seconds = time.perf_counter() - began
        assert root[0] == at
        p50, p99 = spread(partial(_proof, stored, Random(at), at), 30)
        each = seconds / SEALED * 1e6
        yield f"{at:>11,}  {each:8.1f}  {p50:8.1f} {p99:8.1f}"
    pool.close()


def _proof(stored: StoredMap, chance: Random, subjects: int) -> object:
    return stored.prove([f"right:{chance.randrange(subjects)}"])


def measure_witness() -> str:
    """Return how long a witness takes to judge and cosign one checkpoint, by both keys."""
    with tempfile.TemporaryDirectory() as directory:
        bench = Bench(Path(directory) / "book.sqlite")
        sizes = iter(range(1, 41))
        bodies = [asked(size - 1, size) for size in sizes]
        taken = []
        for body in bodies:
            began = time.perf_counter()
            answer = bench.witness.add_checkpoint(body)
            taken.append((time.perf_counter() - began) * 1000)
            assert answer.status == 200, answer
        bench.book.close()
    return f"{NAME}: p50 {median(taken):.2f} ms, longest {max(taken):.2f} ms, by both keys, durably"


def main() -> None:
    """Print the tables."""
    largest = int(sys.argv[1]) if sys.argv[1:] else 6
    began, raw = time.perf_counter(), bytes(65)
    for _ in range(200_000):
        sha256(raw).digest()
    print(f"SHA-256 of a node: {(time.perf_counter() - began) / 0.2:.2f} µs")
    print("      leaves   one row, ms    tile of 256    inclusion      consistency     (p50 p99)")
    with home_directory() as home, running_server(home) as server:
        dsn, size = server.superuser_dsn.replace("/postgres?", "/techledger?"), 0
        for power in range(3, largest + 1):
            fill(dsn, size, 10**power)
            size = 10**power
            print(measure_tree(dsn, size, nodes(dsn, size)), flush=True)
        print(f"   subjects  a seal over {SEALED:,}, µs an entry  proof of a subject, ms (p50 p99)")
        for line in measure_seals(dsn, min(size, 10**6)):
            print(line, flush=True)
    print(measure_witness())


if __name__ == "__main__":
    main()
