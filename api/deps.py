"""What routes are given: the node and the submitter that `create_app` put into the application."""

from fastapi import Request

from api.metrics import Metrics
from ledger.domain.law import Law
from ledger.node import Node
from ledger.submit import Submitter
from projections.editions import law_in_force


def node_of(request: Request) -> Node:
    """Return this process's node."""
    node = request.app.state.node
    assert isinstance(node, Node)
    return node


def law_of(node: Node) -> Law:
    """Return the law data by which the ledger judges now. Raises `NotFolded`."""
    return law_in_force(node.pool, node.laws)


def submitter_of(request: Request) -> Submitter:
    """Return this event loop's submitter."""
    submitter = request.app.state.submitter
    assert isinstance(submitter, Submitter)
    return submitter


def metrics_of(request: Request) -> Metrics:
    """Return this process's metrics."""
    metrics = request.app.state.metrics
    assert isinstance(metrics, Metrics)
    return metrics
