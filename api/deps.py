"""What routes are given: the node and the submitter that `create_app` put into the application."""

from fastapi import Request

from api.metrics import Metrics
from ledger.node import Node
from ledger.submit import Submitter


def node_of(request: Request) -> Node:
    """Return this process's node."""
    node = request.app.state.node
    assert isinstance(node, Node)
    return node


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
