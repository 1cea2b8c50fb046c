"""A run: which figures there are, their order, and what each of them is held against."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from bench import raw, rows
from bench.appending import append_all, appended, judged, sequencing
from bench.figure import Figure, Goal, Result
from bench.processes import Server, serving
from bench.scratch import Scratch
from bench.serving import (
    CONCURRENCY,
    LANES,
    REQUEST,
    bulk,
    flood_in_bulk,
    flood_singly,
    raw_posts,
    single,
)
from bench.stock import stock_figures
from bench.verifying import export, sign_head, verified
from bench.workload import DEAL, Prepared, deals, offers, registrations
from ledger.events.intake import read
from ledger.store.entries import read_entries, read_head
from projections.run.rebuild import rebuild_all
from projections.run.waiting import wait_until_folded

GOALS = (
    Goal("bulk", "ed25519", 0.3),
    Goal("mix.signatures", "ed25519", 0.3),
    Goal("append", "rows.copy", None),
    *(Goal(f"single.{clients}", "ed25519", 0.1) for clients in CONCURRENCY[1:]),
    *(Goal(f"single.{clients}", "stock.single", 1.0) for clients in CONCURRENCY),
    *(Goal(f"single.{clients}", "http", None) for clients in CONCURRENCY),
    Goal("verify", "ed25519", 0.6),
    Goal("rebuild", "stock.runner", 5.0),
)

BULK_SUPPLY = 0.7
SINGLE_SUPPLY = 0.3
"""Events made beforehand for a second, as shares of the signature limit: more than can be sent."""

LOG_MIN = 20_000
"""Entries that the log has at least where the whole of it is verified or replayed."""

JUDGED = 10_000
"""Entries whose admission is timed."""

WARMING = 2 * REQUEST
"""Events sent to a server that was just started, before the clock is."""

FOLDED_S = 120.0
"""How long to wait, in seconds, for the read models after a flood."""


@dataclass
class Run:
    """What the steps of one run share. `limit` is the signature limit, once it is known."""

    scratch: Scratch
    seconds: float
    limit: float = 0.0

    def append(self, prepared: Iterable[Prepared]) -> None:
        """Append events without the clock, and have the log's head signed."""
        submissions = [read(each.body, self.scratch.cast.origin) for each in prepared]
        with self.scratch.pool() as pool:
            with sequencing(pool) as sequencer:
                append_all(sequencer, submissions, 600.0)
            sign_head(self.scratch, pool)

    def fill(self) -> None:
        """See to it that the log has `LOG_MIN` entries."""
        with self.scratch.pool() as pool:
            missing = LOG_MIN - read_head(pool).size
        if missing > 0:
            self.append(deals(self.scratch.cast, missing // DEAL))

    def supply(self, share: float) -> int:
        """Return how many events to make for a step: more than it can use."""
        return max(1_000, int(share * self.limit * self.seconds))


def signature_limit(run: Run) -> Iterator[Result]:
    """Time Ed25519 alone, on both cores."""
    run.limit = raw.ed25519_on_both_cores(run.seconds / 2)
    yield _limit(run.limit, "2 processes, 800 bytes")


def signature_limit_again(run: Run) -> Iterator[Result]:
    """Time it once more: figures of a machine that was busy at times stand beside the mean."""
    again = raw.ed25519_on_both_cores(run.seconds / 2)
    detail = f"2 processes, 800 bytes; {run.limit:,.0f} at first, {again:,.0f} at last"
    yield _limit((run.limit + again) / 2, detail)


def _limit(value: float, detail: str) -> Figure:
    return Figure("ed25519", "Ed25519 checks, both cores", value, "signatures/s", detail)


def disk(run: Run) -> Iterator[Result]:
    """Time the disk alone."""
    value = raw.flushes(run.scratch.settings.home, min(run.seconds, 2.0))
    yield Figure("fsync", "Flushes of 8 kB", value, "flushes/s", "fdatasync where the home is")


def database(run: Run) -> Iterator[Result]:
    """Time the database alone."""
    with run.scratch.pool(owner=True) as owner:
        copied = rows.copied(owner, run.seconds / 2)
        yield Figure("rows.copy", "Rows by COPY", copied, "rows/s", f"{rows.BATCH} a commit")
        inserted = rows.inserted(owner, run.seconds / 2)
        yield Figure("rows.insert", "Rows by INSERT", inserted, "rows/s", "1 a commit")


def web(run: Run) -> Iterator[Result]:
    """Time the web framework alone."""
    (typical,) = offers(run.scratch.cast, 1)
    module = ("bench.raw_post", "{port}")
    with serving(run.scratch.settings, module, "/openapi.json") as server:
        yield raw_posts(server.port, typical.body, CONCURRENCY[1], run.seconds)


def sequencer(run: Run) -> Iterator[Result]:
    """Time the append without HTTP and signatures."""
    scratch = run.scratch
    with scratch.pool() as pool:
        prepared = offers(scratch.cast, run.supply(BULK_SUPPLY))
        yield appended(pool, scratch.cast.origin, prepared, run.seconds)
        sign_head(scratch, pool)


def bulk_over_http(run: Run) -> Iterator[Result]:
    """Time bulk submission: events of one signature, then whole deals."""
    scratch = run.scratch
    supply = run.supply(BULK_SUPPLY) // LANES
    with served(scratch) as server:
        for name, says, make, count in (
            ("bulk", "Bulk over HTTP, offers", offers, supply),
            ("mix", "Bulk over HTTP, whole deals", deals, supply // DEAL),
        ):
            lanes = [make(scratch.cast, count) for _ in range(LANES)]
            flood = flood_in_bulk(server.port, lanes, run.seconds)
            yield from bulk(scratch.trust, flood, name, says)
            let_fold(scratch)


def singly_over_http(run: Run) -> Iterator[Result]:
    """Time single submission, each with its receipt in the answer."""
    scratch = run.scratch
    prepared = iter(offers(scratch.cast, len(CONCURRENCY) * run.supply(SINGLE_SUPPLY)))
    with served(scratch) as server:
        for clients in CONCURRENCY:
            flood = flood_singly(server.port, prepared, clients, run.seconds)
            yield single(scratch.trust, flood)
            let_fold(scratch)


@contextmanager
def served(scratch: Scratch, *module: str) -> Iterator[Server]:
    """Serve the scratch ledger, by `techledger serve` unless another module is named; warmed up."""
    warming = offers(scratch.cast, WARMING)
    with serving(scratch.settings, module or ("api.cli", "serve"), "/health/ready") as server:
        # The first requests start processes and fold what traders have done so far.
        bulk(scratch.trust, flood_in_bulk(server.port, [warming], 60.0), "warming", "")
        let_fold(scratch)
        yield server


def let_fold(scratch: Scratch) -> None:
    """Wait until the read models are where the log is: the next figure is not to pay for it."""
    with scratch.pool() as pool:
        wait_until_folded(pool, read_head(pool).size, FOLDED_S)


def rules(run: Run) -> Iterator[Result]:
    """Time the rules and the folds alone."""
    run.fill()
    with run.scratch.pool() as pool:
        entries = [each.entry for each in read_entries(pool, 0, JUDGED, JUDGED)]
    yield from judged(entries)


def verification(run: Run) -> Iterator[Result]:
    """Time the offline verifier over the whole log."""
    run.fill()
    with TemporaryDirectory(prefix="techledger-bench-") as directory, run.scratch.pool() as pool:
        export(pool, Path(directory))
        yield from verified(Path(directory), run.scratch)


def replay(run: Run) -> Iterator[Result]:
    """Time the rebuild of all read models from the whole log."""
    run.fill()
    with run.scratch.pool() as pool:
        size = read_head(pool).size
    start = perf_counter()
    digests = rebuild_all(run.scratch.database.app_dsn)
    value = size / (perf_counter() - start)
    detail = f"{size} entries into {len(digests)} read models, swapped in, digests included"
    yield Figure("rebuild", "All read models rebuilt", value, "events/s", detail)


def stock(run: Run) -> Iterator[Result]:
    """Time the stock library on the same server, with payloads of the same bytes."""
    payloads = [each.payload for each in offers(run.scratch.cast, 1_000)]
    with run.scratch.pool(owner=True) as owner:
        yield from stock_figures(
            owner, run.scratch.database.owner_dsn, payloads, min(run.seconds, 4.0)
        )


STEPS: Mapping[str, Callable[[Run], Iterator[Result]]] = {
    "ed25519": signature_limit,
    "fsync": disk,
    "rows": database,
    "http": web,
    "stock": stock,
    "append": sequencer,
    "bulk": bulk_over_http,
    "single": singly_over_http,
    "admission": rules,
    "verify": verification,
    "rebuild": replay,
}
"""The steps in their order: raw limits, the stock library, then the product."""

BESIDE = {
    "append": ("rows",),
    "bulk": ("ed25519",),
    "single": ("ed25519", "http", "stock"),
    "verify": ("ed25519",),
    "rebuild": ("stock",),
}
"""What else must be measured in a run, for a step's figures to stand beside."""


def chosen(only: Iterable[str]) -> list[str]:
    """Return the steps to run, in order: those named with what they are held against, or all."""
    named = set(only)
    if not named:
        return list(STEPS)
    named |= {beside for name in named for beside in BESIDE.get(name, ())}
    # The supply of every served or appended step is sized by the signature limit.
    return [name for name in STEPS if name in named | {"ed25519"}]


def measured(scratch: Scratch, steps: Iterable[str], seconds: float) -> Iterator[Result]:
    """Run the steps; yield each result as soon as there is one. A later one replaces an earlier."""
    run = Run(scratch, seconds)
    run.append(registrations(scratch.cast))
    for name in steps:
        yield from STEPS[name](run)
    yield from signature_limit_again(run)
