"""A node, in this process, on a fresh database: the whole ledger but for HTTP."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.follow.client import Signed
from ledger.home.paths import Home, Identity
from ledger.home.settings import Settings
from ledger.node.genesis import initialise
from ledger.node.node import Node, open_node
from ledger.sequence.judging import Outcome
from ledger.store.checkpoints import StoredCheckpoint
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.postgres import ORIGIN, Database
from tests.support.world import submission


def settings_for(database: Database, home: Path, **overrides: Any) -> Settings:
    """Return the settings of a ledger in `home` on a test's own database."""
    return Settings(
        home=home,
        database_url=database.app_dsn,
        database_owner_url=database.owner_dsn,
        **{"verifier_processes": 1, "address_rate": 1e6, **overrides},
    )


def found(settings: Settings) -> Home:
    """Make the log: keys, genesis entry, first checkpoint."""
    home = Home(settings.home)
    home.create(Identity(ORIGIN, OPERATOR, REGISTRAR))
    initialise(settings, None, None, None, delay_s=0)
    return home


@contextmanager
def running(settings: Settings, *, publishes: bool = True) -> Iterator[Node]:
    """Run a node to the end of the block."""
    node = open_node(settings, publishes=publishes)
    node.start()
    try:
        yield node
    finally:
        node.stop()


def rest(node: Node) -> StoredCheckpoint:
    """Have the head signed again, as if nothing had come for a minute; return that checkpoint."""
    publisher, deadline = node.publisher, time.monotonic() + 30
    assert publisher is not None
    before = node.feed.newest
    while node.feed.newest is before:
        assert time.monotonic() < deadline
        publisher._timed_at = float("-inf")
        publisher.hint()
        time.sleep(0.02)
    newest = node.feed.newest
    assert newest is not None
    return newest


def append(node: Node, *many: Signed) -> Sequence[Outcome]:
    """Give verified events to the sequencer; return their outcomes."""
    return node.sequencer.submit([submission(signed) for signed in many]).result(timeout=30)
