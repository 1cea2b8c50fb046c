"""`techledger serve`: the HTTP server with its sequencer, publisher and projections."""

import ipaddress
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Annotated

import typer
import uvicorn

from api.cli.keeper import Keeper
from api.cli.projector import projector
from api.cli.sealer import sealer
from api.main import create_app
from ledger.node import Node, NodeError, open_node
from ledger.settings import Settings

SWITCH_INTERVAL_S = 0.0005
"""Threads of one process hand over sooner than Python's 5 ms: receipts wait for each other."""


LOOK_S = 0.2
"""How often, in seconds, a server looks for the process that it must not outlive."""


class NotLoopback(NodeError):
    """Everything can be read by whoever reaches the server: that must be said by hand."""


def serve(
    publisher: Annotated[
        bool, typer.Option("--publisher/--no-publisher", help="Hold the log's keys and sign.")
    ] = True,
    projections: Annotated[
        bool, typer.Option("--projections/--no-projections", help="Fold the read models.")
    ] = True,
    parent: Annotated[
        int | None, typer.Option(hidden=True, help="End when this process, the parent, has ended.")
    ] = None,
) -> None:
    """Serve the ledger over HTTP until interrupted."""
    settings = Settings()
    check_reach(settings)
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # uvicorn raises the signal again once it has stopped; then the workers stop in their order.
    signal.signal(signal.SIGTERM, _interrupt)
    with serving_node(settings, publishes=publisher, projects=projections) as node:
        server = http_server(node)
        print(f"techledger serves {node.identity.origin} on port {settings.port}", flush=True)
        with suppress(KeyboardInterrupt):
            server.run()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(LOOK_S)
    os.kill(os.getpid(), signal.SIGTERM)


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def check_reach(settings: Settings) -> None:
    """Refuse to bind beyond loopback unless `LEDGER_ENTRIES=open` was set by hand."""
    try:
        loopback = ipaddress.ip_address(settings.host).is_loopback
    except ValueError:
        loopback = settings.host == "localhost"
    if not loopback and settings.entries != "open":
        raise NotLoopback(f"{settings.host} is not loopback; set LEDGER_ENTRIES=open to mean it")


@contextmanager
def serving_node(settings: Settings, *, publishes: bool, projects: bool) -> Iterator[Node]:
    """Run a node, and its projections in a process of their own; stop the last started first."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    node = open_node(settings, publishes=publishes)
    with ExitStack() as running:
        running.callback(node.database.stop)
        running.callback(node.stop)
        node.start()
        if projects:
            _keep(running, projector(node.database.app_dsn, settings.log_level))
        if publishes:
            _keep(running, sealer(settings, node.database.app_dsn))
        yield node


def _keep(running: ExitStack, keeper: Keeper | None) -> None:
    if keeper:
        keeper.start()
        running.callback(keeper.stop)


def http_server(node: Node) -> uvicorn.Server:
    """Return the HTTP server over a started node."""
    return uvicorn.Server(
        uvicorn.Config(
            create_app(node),
            host=node.settings.host,
            port=node.settings.port,
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_level="warning",
            timeout_graceful_shutdown=10,
        )
    )
