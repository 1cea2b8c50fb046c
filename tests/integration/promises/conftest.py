"""A log whose process has a key for promises, at work and served."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.home.settings import Settings
from ledger.node.node import Node
from ledger.node.promises import Promises
from tests.support.http import serving
from tests.support.node import found, settings_for
from tests.support.postgres import Database
from tests.support.promising import at_work, world_of_promises
from tests.support.world import World


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return settings_for(database, tmp_path / "home", promise_s=20)


@pytest.fixture
def world(settings: Settings) -> World:
    """Return the world of a log whose process has a key for promises."""
    return world_of_promises(found(settings))


@pytest.fixture
def node(settings: Settings, world: World) -> Iterator[Node]:
    with at_work(settings, world) as started:
        yield started


@pytest.fixture
def url(node: Node) -> Iterator[str]:
    with serving(node) as served:
        yield served


@pytest.fixture
def held(node: Node) -> Promises:
    """Return a node's promises, given and not kept: its loop stands still."""
    assert node.promises
    node.promises.stop()
    return node.promises
