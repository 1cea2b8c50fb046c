"""What is measured when it is asked for: ages, lines, room. Alerts are made of these."""

import shutil
from datetime import UTC, datetime
from importlib.metadata import version

from fastapi import FastAPI

from api.guarded import Guard
from api.metrics import Metrics
from api.traffic import Traffic
from ledger.backup import last_backup
from ledger.home import Home
from ledger.node import Node
from ledger.store.entries import read_head
from ledger.store.promises import count_waiting
from ledger.submit import Submitter
from ledger.supervisor import trouble_of
from projections.seals import last_seal
from projections.waiting import folded


def measure(app: FastAPI) -> None:
    """Set all gauges. Blocks, on two connections that are there for such questions."""
    node, metrics = app.state.node, app.state.metrics
    assert isinstance(node, Node)
    assert isinstance(metrics, Metrics)
    metrics.build.labels(version("techledger")).set(1)
    _log(node, metrics)
    _ages(node, metrics)
    _lines(app.state.traffic, app.state.submitter, metrics)
    metrics.lines.labels("dry-runs").set(app.state.dry_runs.waiting)
    metrics.bytes.labels("bulk-answers").set(app.state.uploads.answers)
    metrics.lines.labels("sequencer").set(node.sequencer.outstanding)
    waiting, late = count_waiting(node.probe, datetime.now(UTC))
    metrics.lines.labels("promises").set(waiting)
    metrics.promises_late.set(late)
    if isinstance(guard := getattr(app.state, "guard", None), Guard):
        metrics.lines.labels("connections").set(guard.connections)
        metrics.bytes.labels("unsent").set(guard.unsent)
        for reason, times in guard.refused.items():
            metrics.cut.labels(reason).set(times)
    room = shutil.disk_usage(node.settings.home)
    metrics.disk_free.set(room.free)
    metrics.disk_size.set(room.total)


def _log(node: Node, metrics: Metrics) -> None:
    size = read_head(node.probe).size
    metrics.tree_size.set(size)
    latest, witnessed = node.feed.latest, node.witnessed.latest
    metrics.checkpoint_size.set(latest.size if latest else 0)
    metrics.witnessed_size.set(witnessed.size if witnessed else 0)
    for target in node.feeder.targets if node.feeder else ():
        metrics.witness_size.labels(target.url).set(target.size)
        metrics.witness_frozen.labels(target.url).set(int(target.frozen is not None))
    for name, each in folded(node.probe).items():
        metrics.projection_lag.labels(name).set(size - each.size)
        metrics.projection_halted.labels(name).set(int(each.halted is not None))
    for loop in node.supervisor.loops:
        metrics.worker_restarts.labels(loop.name).set(loop.restarts)
        metrics.worker_failing.labels(loop.name).set(int(trouble_of(loop) is not None))


def _ages(node: Node, metrics: Metrics) -> None:
    """Set how old the newest ones are; of what never was there is no age."""
    now = datetime.now(UTC)
    newest: dict[str, datetime] = {"seal": last_seal(node.probe, node.identity.origin).accepted}
    if node.feed.newest:
        newest["checkpoint"] = node.feed.newest.created
    if backup := last_backup(Home(node.settings.home)):
        newest["backup"] = datetime.fromisoformat(backup["made"])
    for what, made in newest.items():
        metrics.age.labels(what).set((now - made).total_seconds())


def _lines(traffic: Traffic, submitter: Submitter, metrics: Metrics) -> None:
    for lane in (traffic.reads, traffic.replays):
        metrics.lines.labels(lane.name).set(lane.waiting)
    metrics.lines.labels("folding").set(traffic.folding.waiting)
    metrics.lines.labels("checks").set(submitter.checks.waiting)
    metrics.bytes.labels("submissions").set(submitter.bytes)
    metrics.bytes.labels("keys").set(submitter.keys.bytes)
