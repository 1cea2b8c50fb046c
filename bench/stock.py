"""
The stock `eventsourcing` library on its own PostgreSQL module, doing what it does.

Unsigned and unproven: an aggregate a record, with the same bytes for a payload, saved to the same
server. Its PostgreSQL module needs psycopg 3, which the product does not use: where it is missing,
its figures are absent.
"""

import time
from collections.abc import Sequence
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from eventsourcing.application import Application
from eventsourcing.domain import Aggregate
from eventsourcing.persistence import Tracking, TrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

from bench.figure import Absent, BenchError, Figure, Result
from bench.raw import rate
from ledger.store.connection import Pool

BATCH = 100
SCHEMA = "stock"


class Record(Aggregate):
    """An event with a text for its payload, as the library's users would store one."""

    def __init__(self, payload: str) -> None:
        self.payload = payload


class Records(Application[UUID]):
    """The application that saves records."""


class Counted(Projection[TrackingRecorder]):
    """A read model that does nothing but say, for each event, that it has been there."""

    def process_event(self, domain_event: object, tracking: Tracking) -> None:
        """Write the tracking row, in a commit of its own, as the library's runner does."""
        del domain_event
        self.view.insert_tracking(tracking)


class NotFollowed(BenchError):
    """The stock runner did not reach the last event in time."""


def environment(owner_dsn: str) -> dict[str, str]:
    """Return the library's settings for a database, in a schema apart from the ledger's."""
    parts = urlsplit(owner_dsn)
    query = parse_qs(parts.query)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": parts.path.removeprefix("/"),
        "POSTGRES_HOST": query["host"][0],
        "POSTGRES_PORT": query["port"][0],
        "POSTGRES_USER": parts.username or "",
        "POSTGRES_PASSWORD": parts.password or "",
        "POSTGRES_SCHEMA": SCHEMA,
    }


def stock_figures(
    pool: Pool, owner_dsn: str, payloads: Sequence[bytes], seconds: float
) -> list[Result]:
    """Return single saves, batches of 100, and the projection runner; `pool` is the owner's."""
    says = (
        ("stock.single", "eventsourcing, one unsigned save"),
        ("stock.batch", f"eventsourcing, batches of {BATCH}"),
        ("stock.runner", "eventsourcing, ProjectionRunner"),
    )
    try:
        import eventsourcing.postgres  # noqa: F401, PLC0415  (psycopg 3 may be missing)
    except ImportError:
        return [Absent(name, what, "psycopg 3 is not installed") for name, what in says]
    with pool.session() as session:
        session.execute(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}")
    env = environment(owner_dsn)
    texts = [payload.decode() for payload in payloads]
    with Records(env=env) as records:
        single = _single(records, texts, seconds)
        batches = _batches(records, texts, seconds)
    values = (single, batches, _follow(env, seconds))
    return [
        Figure(name, what, value, "events/s", "no signature, no proof")
        for (name, what), value in zip(says, values, strict=True)
    ]


def _single(records: Records, texts: Sequence[str], seconds: float) -> float:
    supply = _Supply(texts)
    return rate(lambda: _save(records, supply.take(1)), seconds)


def _batches(records: Records, texts: Sequence[str], seconds: float) -> float:
    supply = _Supply(texts)
    return rate(lambda: _save(records, supply.take(BATCH)), seconds)


def _save(records: Records, texts: Sequence[str]) -> int:
    records.save(*(Record(text) for text in texts))
    return len(texts)


class _Supply:
    """The same texts, round and round."""

    def __init__(self, texts: Sequence[str]) -> None:
        self._texts = texts
        self._at = 0

    def take(self, count: int) -> Sequence[str]:
        start, self._at = self._at, (self._at + count) % (len(self._texts) - BATCH)
        return self._texts[start : start + count]


def _follow(env: dict[str, str], seconds: float) -> float:
    """Return how many of the saved events the stock runner follows in a second."""
    from eventsourcing.postgres import PostgresTrackingRecorder  # noqa: PLC0415  (see above)

    start = time.perf_counter()
    with ProjectionRunner(
        application_class=Records,
        projection_class=Counted,
        view_class=PostgresTrackingRecorder,
        env=env,
    ) as runner:
        time.sleep(seconds)
        followed = runner.projection.view.max_tracking_id(Records.name)
        elapsed = time.perf_counter() - start
    if not followed:
        raise NotFollowed("the stock runner followed nothing")
    return followed / elapsed
