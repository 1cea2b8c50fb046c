"""What those who watch over the ledger are told of its database: one look for all who ask."""

from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from prometheus_client import generate_latest

from api.measures import measure
from api.shared import Shared
from api.writepath import WritePath
from ledger.node import Node
from ledger.store.connection import StoreError
from ledger.store.entries import read_head
from ledger.store.overlays import overlays
from projections.waiting import folded, troubles_of, unserved

LAG_MAX = 1000
"""Entries that a projection may be behind while the ledger is ready."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look at the database found: why nothing could be appended, and how far all is."""

    reasons: list[str]
    state: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Watch:
    """The looks that are shared: at the database, and at all that is measured."""

    database: Shared[Seen]
    measured: Shared[bytes]

    @classmethod
    def over(cls, app: FastAPI) -> "Watch":
        """Return the looks at what an application has."""
        node, metrics = app.state.node, app.state.metrics
        write_path = WritePath(node)

        def measured() -> bytes:
            measure(app)
            return generate_latest(metrics.registry)

        return cls(
            Shared("readiness", lambda: _look(node, write_path)), Shared("metrics", measured)
        )

    def close(self) -> None:
        """Look no more."""
        self.database.close()
        self.measured.close()


def _look(node: Node, write_path: WritePath) -> Seen:
    """Look at the database. Blocks. One that fails is not asked more."""
    reasons: list[str] = []
    try:
        with node.probe.session() as session:
            reasons += overlays(session)
        if older := node.vintage.look():
            reasons.append(f"software older: {older}")
        head = read_head(node.probe)
        models = folded(node.probe)
        reasons += [f"read model {name} {why}" for name, why in unserved(node.probe).items()]
    except StoreError as error:
        return Seen([*reasons, f"database: {type(error).__name__}"])
    reasons += troubles_of(models)
    lags = {name: head.size - each.size for name, each in models.items()}
    reasons += [f"{name} is {lag} behind" for name, lag in lags.items() if lag > LAG_MAX]
    if why := write_path.trouble():
        reasons.append(why)
    return Seen(reasons, {"size": head.size, "projection_lag": lags})
