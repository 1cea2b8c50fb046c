"""
What a restart costs as the log grows: parties that the sequencer has to fold again.

    python -m tests.benchmarks.cold [SIZE ...]

Makes the log of `tests.support.big_log` in a PostgreSQL of its own, by default to 10^4 and to 10^5
entries. At each size a sequencer starts with nothing folded: printed is how long the first event of
a party takes that a third of all entries name, and the next one, when it is warm; the events a
second of a bulk over 200 parties, forgotten and then warm; how long evidence of the busy party
takes until it is refused; and the memory of this process. Signatures are not checked. No figure
passes or fails.
"""

import resource
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from bench.appending import append_all, sequencing
from ledger.events.compose import compose, uuid7
from ledger.events.intake import Submission, read_envelope
from ledger.publish.bundle_builder import BundleBuilder, TooMuch
from ledger.publish.receipts import Prover
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_head
from ledger.store.subject_map import StoredMap
from ledger.wire.envelope import sign_envelope
from tests.support import builders as b
from tests.support.big_ledger import fill
from tests.support.big_log import BUSY, TRADES, trade_of
from tests.support.postgres import (
    ORIGIN,
    Database,
    fresh_database,
    home_directory,
    run_sql,
    running_server,
)
from tests.support.sample_log import party_key

BULK = 2_000
"""Events of a bulk."""


def technology(owner: str) -> Submission:
    """Return an event by which a party registers a technology of its own."""
    body = b.technology_registered(technology=f"technology:{uuid7()}", owners=[b.held(owner)])
    payload = compose(ORIGIN, body.TOPIC, body.model_dump(mode="json"), [owner])
    return read_envelope(sign_envelope(payload, [party_key(owner)]))


def bulk() -> Sequence[Submission]:
    """Return events of 200 parties in turn."""
    owners = [trade_of(2 * number + 1).institute for number in range(TRADES)]
    return [technology(owners[number % TRADES]) for number in range(BULK)]


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def evidence(pool: Pool) -> None:
    """Ask for the busy party's bundle, which is refused."""
    head = read_head(pool)
    checkpoint = StoredCheckpoint(head.size, head.root, b"", datetime.now(UTC))
    try:
        BundleBuilder(pool, Prover(pool), ORIGIN, StoredMap(pool)).gather(checkpoint, [BUSY])
    except TooMuch:
        return
    raise AssertionError("a third of the log is no bundle")


def measured(pool: Pool, size: int) -> str:
    """Return a line of the table."""
    with sequencing(pool) as sequencer:
        first, second = (
            seconds(lambda: append_all(sequencer, [technology(BUSY)], 60)) for _ in range(2)
        )
    forgotten, warm = bulk(), bulk()
    with sequencing(pool) as sequencer:
        cold_s, warm_s = (
            seconds(lambda many=many: append_all(sequencer, many, 600))  # type: ignore[misc]
            for many in (forgotten, warm)
        )
    refused = seconds(lambda: evidence(pool))
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return (
        f"{size:>10,}  {first * 1000:8.0f}  {second * 1000:7.1f}  {BULK / cold_s:9,.0f}"
        f"  {BULK / warm_s:8,.0f}  {refused * 1000:12.1f}  {megabytes:6.0f}"
    )


def line(database: Database, size: int) -> str:
    """Return a line of the table, measured on a log that is made for it."""
    pool = Pool(database.app_dsn, size=4)
    fill(pool, size)
    run_sql(database.superuser_dsn, "ANALYZE")
    told = measured(pool, size)
    pool.close()
    return told


def main() -> None:
    """Print the table."""
    sizes = sorted(map(int, sys.argv[1:])) or [10_000, 100_000]
    print("   entries  cold, ms  warm, ms  bulk cold  and warm  evidence, ms  memory, MB")
    with home_directory() as home, running_server(home) as server:
        for size in sizes:
            with fresh_database(server) as database:
                print(line(database, size), flush=True)


if __name__ == "__main__":
    main()
