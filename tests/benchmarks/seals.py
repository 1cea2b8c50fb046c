"""
What a seal costs as the log grows: CPU time of one over 10,000 new entries, at each size.

    python -m tests.benchmarks.seals [SIZE ...]

Makes the log of `tests.support.big_log` in a PostgreSQL of its own, by default to 10^4 and to 10^5
entries, with all read models. At each size the log is sealed, 10,000 entries are added and folded,
and it is sealed again; printed is the CPU time of the second seal, in seconds: what the projector
spent on moving the digests with the rows, the sealing process (map and draft), and its database
backend. Beside them a raw SHA-256 and what a scan of all rows takes. No figure passes or fails.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from unittest.mock import patch

from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.engine.digest import Digest, stored_digest
from projections.engine.row_cache import Changes
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import outdated, rebuild
from projections.run.seals import draft_seal
from tests.support.big_ledger import fill
from tests.support.postgres import fresh_database, home_directory, run_sql, running_server

NEW = 10_000
"""Entries between two seals."""


def raw() -> float:
    """Return the µs of a SHA-256 of a tree node."""
    began, node = time.process_time(), bytes(65)
    for _ in range(100_000):
        sha256(node).digest()
    return (time.process_time() - began) * 10


def backend_s(pool: Pool) -> float:
    """Return the CPU time of the database backend that a pool of one connection uses (Linux)."""
    with pool.session() as session:
        session.execute("SELECT pg_backend_pid()")
        (pid,) = session.fetchone() or (0,)
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def spent(pool: Pool, work: Callable[[], object]) -> tuple[float, float]:
    """Return the CPU time of a piece of work, here and in the database."""
    here, there = time.process_time(), backend_s(pool)
    work()
    return time.process_time() - here, backend_s(pool) - there


@contextmanager
def upkeep() -> Iterator[list[float]]:
    """Collect the CPU time that moving digests takes in this thread."""
    taken, move = [0.0], Digest.move

    def timed(digest: Digest, changes: Changes) -> None:
        began = time.thread_time()
        move(digest, changes)
        taken[0] += time.thread_time() - began

    with patch.object(Digest, "move", timed):
        yield taken


def fold(pool: Pool) -> None:
    """Bring all read models up to the log."""
    rebuild(pool, outdated(pool, READ_MODELS), decode)
    Runner(pool, READ_MODELS, decode).catch_up()


def scanned(pool: Pool) -> None:
    """Digest every row of every read model, as seals did once."""
    for model in READ_MODELS:
        stored_digest(pool, model)


def measured(app_dsn: str, superuser_dsn: str, sizes: list[int]) -> Iterator[str]:
    """Yield a line of the table for each size."""
    many, one = Pool(app_dsn, size=4), Pool(app_dsn, size=1)
    for size in sizes:
        fill(many, size)
        fold(many)
        run_sql(superuser_dsn, "ANALYZE")
        assert draft_seal(one, 0) is not None
        fill(many, size + NEW)
        with upkeep() as kept:
            fold(many)
        run_sql(superuser_dsn, "ANALYZE")
        here, there = spent(one, lambda: draft_seal(one, 0))
        scan = sum(spent(one, lambda: scanned(one)))
        whole = kept[0] + here + there
        yield (
            f"{size + NEW:>10,}  {kept[0]:9.2f}  {here:8.2f}  {there:8.2f}  {whole:8.2f}"
            f"  {scan:11.1f}  {raw():9.2f}"
        )
    many.close()
    one.close()


def main() -> None:
    """Print the table."""
    sizes = sorted(map(int, sys.argv[1:])) or [10_000, 100_000]
    print(f"CPU seconds of a seal over {NEW:,} new entries; SHA-256 before: {raw():.2f} µs")
    print("   entries    digests    sealer  database     whole  scan of rows  SHA-256 µs")
    with (
        home_directory() as home,
        running_server(home) as server,
        fresh_database(server) as database,
    ):
        for line in measured(database.app_dsn, database.superuser_dsn, sizes):
            print(line, flush=True)


if __name__ == "__main__":
    main()
