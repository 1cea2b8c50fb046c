"""A node, in this process, on a fresh database: the whole ledger but for HTTP."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ledger.client import Signed
from ledger.genesis import initialise
from ledger.home import Home, Identity
from ledger.judging import Outcome
from ledger.node import Node, open_node
from ledger.settings import Settings
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
    initialise(settings, None, None, None)
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


def append(node: Node, *many: Signed) -> Sequence[Outcome]:
    """Give verified events to the sequencer; return their outcomes."""
    return node.sequencer.submit([submission(signed) for signed in many]).result(timeout=30)
