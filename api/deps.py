"""What routes are given: the node and the submitter that `create_app` put into the application."""

from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar, cast

from fastapi import Request

from api.limits.dryruns import DryRunTurns
from api.limits.quotas import Quotas
from api.limits.traffic import Traffic
from api.limits.uploads import Uploads
from api.metrics import Metrics
from api.watching.followers import Followers
from api.watching.watch import Watch
from ledger.domain.core.dated_law import Law
from ledger.node.node import Node
from ledger.node.submit import Submitter
from ledger.store.connection import Pool
from projections.engine.view import KnownAt, KnownBy
from projections.tables.reader import Reader

T = TypeVar("T")


class Questioned(Protocol):
    """What questions are put to: a node, or the copy of a log that somebody has of their own."""

    @property
    def reads(self) -> Pool:
        """The database of the read models."""
        ...  # pragma: no cover

    @property
    def origin(self) -> str:
        """The name of the log."""
        ...  # pragma: no cover

    @property
    def laws(self) -> Mapping[str, Law]:
        """The sets of law data at hand, by digest."""
        ...  # pragma: no cover

    @property
    def published(self) -> int:
        """Up to which size the log is signed."""
        ...  # pragma: no cover

    @property
    def replay_max(self) -> int:
        """How many entries one question may have replayed."""
        ...  # pragma: no cover


def questioned_of(request: Request) -> Questioned:
    """Return what a question is put to."""
    return cast(Questioned, request.app.state.node)


def node_of(request: Request) -> Node:
    """Return this process's node."""
    node = request.app.state.node
    assert isinstance(node, Node)
    return node


def reader_of(
    questioned: Questioned, known_at: KnownAt = None, known_by: KnownBy = "ledger"
) -> Reader:
    """Return what answers questions: by the law in force, as known by then."""
    return Reader(questioned.reads, questioned.origin, questioned.laws, known_at, known_by)


def submitter_of(request: Request) -> Submitter:
    """Return this event loop's submitter."""
    submitter = request.app.state.submitter
    assert isinstance(submitter, Submitter)
    return submitter


def dry_runs_of(request: Request) -> DryRunTurns:
    """Return this event loop's dry runs."""
    dry_runs = request.app.state.dry_runs
    assert isinstance(dry_runs, DryRunTurns)
    return dry_runs


def watch_of(request: Request) -> Watch:
    """Return the looks that all who watch over the ledger share."""
    watch = request.app.state.watch
    assert isinstance(watch, Watch)
    return watch


def followers_of(request: Request) -> Followers:
    """Return this event loop's streams."""
    followers = request.app.state.followers
    assert isinstance(followers, Followers)
    return followers


def metrics_of(request: Request) -> Metrics:
    """Return this process's metrics."""
    metrics = request.app.state.metrics
    assert isinstance(metrics, Metrics)
    return metrics


def traffic_of(request: Request) -> Traffic:
    """Return this event loop's lanes."""
    traffic = request.app.state.traffic
    assert isinstance(traffic, Traffic)
    return traffic


def quotas_of(request: Request) -> Quotas:
    """Return this event loop's quotas."""
    quotas = request.app.state.quotas
    assert isinstance(quotas, Quotas)
    return quotas


def uploads_of(request: Request) -> Uploads:
    """Return this event loop's bulk requests."""
    uploads = request.app.state.uploads
    assert isinstance(uploads, Uploads)
    return uploads


async def look(request: Request, work: Callable[[], T]) -> T:
    """Do what reads, and blocks, on a thread for it. Raises `Busy` or `Throttled`."""
    return await traffic_of(request).reads.run(address_of(request), work)


def address_of(request: Request) -> str:
    """Return whom the client counts as: its address, in IPv6 its /64 (`group_of`)."""
    address = request.state.address
    assert isinstance(address, str)
    return address
