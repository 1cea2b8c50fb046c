"""What those who watch over the ledger are told of it: one look for all who ask."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fastapi import FastAPI
from prometheus_client.metrics_core import Metric

from api.metrics import Metrics
from api.watching.checks import Check, Looks, looks_at_database, looks_at_files, see, unseen
from api.watching.measures import ask_database, ask_disk, measure
from api.watching.shared import WITHIN_S, Shared
from api.watching.writepath import WritePath
from ledger.home.antirollback import Halted
from ledger.node.node import Node
from ledger.runtime.faults import reason_of
from ledger.store.attest import unsafe_settings
from ledger.store.connection import StoreError
from ledger.store.entries import read_entries, read_head
from ledger.store.overlays import overlays
from ledger.wire.instant import format_instant
from projections.run.waiting import folded, troubles_of, unserved

LAG_MAX = 1000
"""Entries that a projection may be behind while the ledger is ready."""


UNSIGNED_MAX = timedelta(seconds=10)
"""How long an entry may wait for the one who signs the log while this process is ready."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the database found: why nothing could be appended, and how far all is."""

    reasons: list[str]
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """The looks that are shared: whether it is ready, and what is measured, source by source.

    `text` writes out what the sources said, which takes ten milliseconds. `checks` are those of
    `operate status`, with the names of what they look at.
    """

    app: FastAPI
    database: Shared[[], Seen]
    sources: Mapping[str, Shared[[], Sequence[Metric]]]
    text: Shared[[Sequence[Sequence[Metric]]], bytes]
    checks: Sequence[tuple[Sequence[str], Shared[[], list[Check]]]]

    @classmethod
    def over(cls, app: FastAPI) -> "Watch":
        """Return the looks at what an application has."""
        node, metrics = app.state.node, app.state.metrics
        assert isinstance(metrics, Metrics)
        write_path = WritePath(node)

        def database() -> Sequence[Metric]:
            ask_database(node, metrics.database)
            return list(metrics.database.registry.collect())

        def disk() -> Sequence[Metric]:
            ask_disk(node, metrics.disk)
            return list(metrics.disk.registry.collect())

        return cls(
            app,
            Shared("readiness", lambda: _look(node, write_path)),
            {"database": Shared("database", database), "disk": Shared("disk", disk)},
            Shared("metrics", metrics.exposed, kept=False),
            [
                _checked("files", lambda: looks_at_files(node.settings)),
                _checked(
                    "checks", lambda: looks_at_database(node.settings, node.database, node.probe)
                ),
            ],
        )

    async def checked(self) -> list[Check]:
        """Return what `operate status` sees; what does not answer in time is told so."""
        found = await asyncio.gather(*(_in_time(*each) for each in self.checks))
        return [check for checks in found for check in checks]

    async def measured(self) -> bytes:
        """Return all metrics; what a source does not say in time is left out, and told."""
        metrics = self.app.state.metrics
        assert isinstance(metrics, Metrics)
        found = await asyncio.gather(*(_read(each) for each in self.sources.values()))
        for name, read in zip(self.sources, found, strict=True):
            metrics.measured.labels(name).set(int(read is not None))
        measure(self.app)
        return await self.text.get([read for read in found if read is not None])

    def close(self) -> None:
        """Look no more."""
        self.database.close()
        self.text.close()
        for _, checks in self.checks:
            checks.close()
        for each in self.sources.values():
            each.close()


async def _read(source: Shared[[], Sequence[Metric]]) -> Sequence[Metric] | None:
    """Return what a source says, None where it says nothing in time, or nothing that is read."""
    try:
        return await source.get()
    except (StoreError, OSError, ValueError):  # `TimeoutError` is an `OSError`.
        return None


def _checked(
    name: str, looks: Callable[[], Looks]
) -> tuple[Sequence[str], Shared[[], list[Check]]]:
    return tuple(looks()), Shared(name, lambda: see(looks()))


async def _in_time(names: Sequence[str], checks: Shared[[], list[Check]]) -> list[Check]:
    try:
        return await checks.get()
    except TimeoutError:
        return [unseen(name, f"no answer for {WITHIN_S:.0f} s") for name in names]


def _halted(node: Node) -> list[str]:
    """Say whether somebody halted the log, which a publisher that rests learns of later."""
    try:
        node.file.check_not_halted()
    except (Halted, OSError) as error:
        return [] if node.halted else [f"halted: {reason_of(error)}"]
    return []


def _unsigned(node: Node) -> list[str]:
    """Say of a process that leaves signing to another one since when entries wait for that."""
    signed = node.feed.latest.size if node.feed.latest else 0
    now = datetime.now(UTC)
    waiting = read_entries(node.probe, signed, signed + 1, 1) if node.follower else []
    return [
        f"unsigned: entry {each.position}, since {format_instant(each.accepted)}: does the"
        " publisher run, or is the log halted?"
        for each in waiting
        if now - each.accepted > UNSIGNED_MAX
    ]


def _look(node: Node, write_path: WritePath) -> Seen:
    """Look at the halt, and at the database. Blocks. One that fails is not asked more."""
    reasons = _halted(node)
    try:
        with node.probe.session() as session:
            reasons += [*overlays(session), *unsafe_settings(session)]
        if older := node.vintage.look():
            reasons.append(f"software older: {older}")
        head = read_head(node.probe)
        models = folded(node.probe)
        reasons += [f"read model {name} {why}" for name, why in unserved(node.probe).items()]
        reasons += _unsigned(node)
    except StoreError as error:
        return Seen([*reasons, f"database: {type(error).__name__}"])
    reasons += troubles_of(models)
    lags = {name: head.size - each.size for name, each in models.items()}
    reasons += [f"{name} is {lag} behind" for name, lag in lags.items() if lag > LAG_MAX]
    if why := write_path.trouble():
        reasons.append(why)
    return Seen(reasons, {"size": head.size, "projection_lag": lags})
