"""A ledger that was founded: its settings, its home, who trades on it, and a node to run it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node
from tests.support.node import found, running, settings_for
from tests.support.postgres import Database
from tests.support.world import World


@pytest.fixture
def settings(database: Database, tmp_path: Path) -> Settings:
    return settings_for(database, tmp_path / "home")


@pytest.fixture
def home(settings: Settings) -> Home:
    return found(settings)


@pytest.fixture
def world(home: Home) -> World:
    return World.of(home)


@pytest.fixture
def node(settings: Settings, home: Home) -> Iterator[Node]:
    assert home.trust.exists(), "the log was founded"
    with running(settings) as started:
        yield started
