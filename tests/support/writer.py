"""A process that appends: `python -m tests.support.writer DSN NAME SEED BATCHES THREADS`.

Each thread appends batches of 1 to 9 entries whose bytes say who wrote them, in which batch, and
at which place in it.
"""

import random
import sys
import threading

from ledger.store.append import appending
from ledger.store.connection import Pool
from tests.support.store import NOON, new_entry


def write(pool: Pool, name: str, seed: int, batches: int) -> None:
    """Append `batches` batches as the writer `name`."""
    sizes = random.Random(seed)
    for batch in range(batches):
        number = sizes.randrange(1, 10)
        with appending(pool) as log:
            log.write(
                [new_entry(f"{name} {batch} {place} {number}") for place in range(number)], NOON
            )


def main(dsn: str, name: str, seed: str, batches: str, threads: str) -> None:
    """Run the threads to their end."""
    pool = Pool(dsn, int(threads))
    running = [
        threading.Thread(target=write, args=(pool, f"{name}-{n}", int(seed) + n, int(batches)))
        for n in range(int(threads))
    ]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    pool.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
