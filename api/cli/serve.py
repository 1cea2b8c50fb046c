"""`techledger serve`: the HTTP server with its sequencer, publisher and projections."""

import gc
import ipaddress
import os
import resource
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType
from typing import Annotated

import structlog
import typer
import uvicorn
from fastapi import FastAPI

from api.cli.keeper import Keeper
from api.cli.logs import log_uncaught
from api.cli.projector import projector
from api.cli.sealer import sealer
from api.limits.guarded import Guard, Limits, guarded
from api.main import create_app
from ledger.domain import registry
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node, NodeError, batch_key, open_node

SWITCH_INTERVAL_S = 0.0001
"""Threads of one process hand over sooner than Python's 5 ms: receipts wait for each other."""

COLLECTED = (20_000, 10, 10)
"""After how many new objects the garbage collector looks at them, and at those it looked at before.

What the server is made of is none of that once it serves: to look at it, too, stopped every thread
for 100 to 230 ms, several times a minute.
"""

LOOK_S = 0.2
"""How often, in seconds, a server looks for the process that it must not outlive."""

LATE_S = 4.5
"""How long, in seconds, the workers may take to end once the last request is answered."""

STOP_S = 1.5
"""How long, in seconds, the embedded database may then take to end."""

OWN_DESCRIPTORS = 96
"""Descriptors that are no client's: files, databases, processes, witnesses."""

_log = structlog.get_logger(__name__)


class TooFewDescriptors(NodeError):
    """Clients could take the descriptors that the workers need."""


class NotLoopback(NodeError):
    """Everything can be read by anyone who reaches the server: that must be said by hand."""


class PortTaken(NodeError):
    """Where it is to be served, it cannot be: another program listens there, or may not be."""


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
    log_uncaught()
    settings = Settings()
    check_reach(settings)
    must_be_bound(settings.host, settings.port)
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    # uvicorn raises the signal again once it has stopped; then the workers stop in their order.
    signal.signal(signal.SIGTERM, _interrupt)
    with serving_node(settings, publishes=publisher, projects=projections) as node:
        server = http_server(node)
        with suppress(KeyboardInterrupt):
            server.run()
        _end_in_time(node)


def _end_in_time(node: Node) -> None:
    """Have this process end, should its workers still wait for what does not come."""

    def end() -> None:
        _log.error("ended_late", after_s=LATE_S)
        stopping = threading.Thread(target=node.database.stop, daemon=True)
        stopping.start()
        stopping.join(STOP_S)
        os._exit(1)  # As after a kill: what was acknowledged is committed and signed.

    late = threading.Timer(LATE_S, end)
    late.daemon = True
    late.start()


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


def must_be_bound(host: str, port: int) -> None:
    """Raise `PortTaken` if nothing can listen there: before anything is started."""
    try:
        kind, *_rest, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(kind) as tried:
            tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            tried.bind(address)
    except OSError as error:
        raise PortTaken(
            f"{host}:{port} cannot be listened on ({error.strerror}): end what listens there, or"
            " set LEDGER_PORT and LEDGER_HOST"
        ) from None


@contextmanager
def serving_node(settings: Settings, *, publishes: bool, projects: bool) -> Iterator[Node]:
    """Run a node, and its projections in a process of their own; stop the last started first."""
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # Memory holds keys, and what they open.
    node = open_node(settings, publishes=publishes)
    with ExitStack() as running:
        running.callback(node.database.stop)
        running.callback(node.stop)
        node.start()
        if projects:
            home = Home(settings.home)
            key = batch_key(home, publishes=publishes)
            dsn, level = node.database.app_dsn, settings.log_level
            _keep(running, node, projector(dsn, home.law, level, key))
        if publishes:
            _keep(running, node, sealer(settings, node.database.app_dsn, node.clock.anchor))
        yield node


def _keep(running: ExitStack, node: Node, keeper: Keeper | None) -> None:
    if keeper:
        keeper.start()
        node.supervisor.watch(keeper.loop)
        running.callback(keeper.stop)


class Server(uvicorn.Server):
    """The HTTP server of a node. It says that it serves once it does."""

    def __init__(self, node: Node, app: FastAPI, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._node = node
        self._app = app

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Bind the port and say so."""
        await super().startup(sockets)
        if self.started:
            registry.build()
            gc.freeze()
            gc.set_threshold(*COLLECTED)
            port = self.servers[0].sockets[0].getsockname()[1]
            print(f"techledger serves {self._node.identity.origin} on port {port}", flush=True)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is under way end; streams would never."""
        self._app.state.followers.end()
        await super().shutdown(sockets)


def http_server(node: Node) -> Server:
    """Return the HTTP server over a started node."""
    settings = node.settings
    limits = Limits(
        connections=connections_of(settings.connections),
        share=settings.connections_per_address,
        unsent=settings.unsent_bytes,
        proxies=tuple(settings.trusted_proxies.split()),
    )
    app, guard = create_app(node), Guard(limits)
    app.state.guard = guard
    return Server(node, app, guarded(app, guard, host=settings.host, port=settings.port))


def connections_of(wanted: int) -> int:
    """Return how many connections there may be, so that descriptors are left for the workers.

    The process takes as many descriptors as it may. Raises `TooFewDescriptors`.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted + OWN_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < most:
        soft = most if hard == resource.RLIM_INFINITY else min(hard, most)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    if soft != resource.RLIM_INFINITY and soft <= OWN_DESCRIPTORS:
        raise TooFewDescriptors(
            f"{soft} descriptors may be open, the workers need {OWN_DESCRIPTORS}: raise ulimit -n"
        )
    return wanted if soft == resource.RLIM_INFINITY else min(wanted, soft - OWN_DESCRIPTORS)
