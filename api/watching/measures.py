"""What is measured when it is asked for: ages, lines, room. Alerts are made of these."""

import shutil
from datetime import UTC, datetime

from fastapi import FastAPI

from api.limits.guarded import Guard
from api.limits.traffic import Traffic
from api.metrics import Metrics, OfDatabase, OfDisk
from ledger.home.paths import Home
from ledger.node.backup import last_backup
from ledger.node.node import Node
from ledger.node.submit import Submitter
from ledger.node.supervisor import trouble_of
from ledger.store.entries import read_head
from ledger.store.stored_promises import count_waiting
from projections.run.seals import last_seal
from projections.run.waiting import folded


def measure(app: FastAPI) -> None:
    """Set what the process knows by itself. Asks nothing that could hang."""
    node, metrics = app.state.node, app.state.metrics
    assert isinstance(node, Node)
    assert isinstance(metrics, Metrics)
    _log(node, metrics)
    _lines(app.state.traffic, app.state.submitter, metrics)
    metrics.lines.labels("dry-runs").set(app.state.dry_runs.waiting)
    metrics.bytes.labels("bulk-answers").set(app.state.uploads.answers)
    metrics.streams.set(app.state.followers.count)
    metrics.lines.labels("sequencer").set(node.sequencer.outstanding)
    if isinstance(guard := getattr(app.state, "guard", None), Guard):
        metrics.lines.labels("connections").set(guard.connections)
        metrics.bytes.labels("unsent").set(guard.unsent)
        for reason, times in guard.refused.items():
            metrics.cut.labels(reason).set(times)


def _log(node: Node, metrics: Metrics) -> None:
    latest, newest, witnessed = node.feed.latest, node.feed.newest, node.witnessed.latest
    metrics.checkpoint_size.set(latest.size if latest else 0)
    metrics.witnessed_size.set(witnessed.size if witnessed else 0)
    if newest:  # Of what never was there is no age.
        metrics.age.labels("checkpoint").set(_age_s(newest.created))
    for target in node.feeder.targets if node.feeder else ():
        metrics.witness_size.labels(target.url).set(target.size)
        metrics.witness_frozen.labels(target.url).set(int(target.frozen is not None))
    for loop in node.supervisor.loops:
        metrics.worker_restarts.labels(loop.name).set(loop.restarts)
        metrics.worker_failing.labels(loop.name).set(int(trouble_of(loop) is not None))


def _lines(traffic: Traffic, submitter: Submitter, metrics: Metrics) -> None:
    for lane in (traffic.reads, traffic.replays):
        metrics.lines.labels(lane.name).set(lane.waiting)
    metrics.lines.labels("folding").set(traffic.folding.waiting)
    metrics.lines.labels("checks").set(submitter.checks.waiting)
    metrics.bytes.labels("submissions").set(submitter.bytes)
    metrics.bytes.labels("keys").set(submitter.keys.bytes)


def ask_database(node: Node, of: OfDatabase) -> None:
    """Set what the database says. Blocks, on the connections that are there for such questions."""
    size = read_head(node.probe).size
    of.tree_size.set(size)
    for name, each in folded(node.probe).items():
        of.projection_lag.labels(name).set(size - each.size)
        of.projection_halted.labels(name).set(int(each.halted is not None))
    of.age.labels("seal").set(_age_s(last_seal(node.probe, node.identity.origin).accepted))
    waiting, late = count_waiting(node.probe, datetime.now(UTC))
    of.lines.labels("promises").set(waiting)
    of.promises_late.set(late)


def ask_disk(node: Node, of: OfDisk) -> None:
    """Set what the disk says. Blocks."""
    room = shutil.disk_usage(node.settings.home)
    of.free.set(room.free)
    of.size.set(room.total)
    if backup := last_backup(Home(node.settings.home)):
        of.age.labels("backup").set(_age_s(datetime.fromisoformat(backup["made"])))


def _age_s(made: datetime) -> float:
    return (datetime.now(UTC) - made).total_seconds()
