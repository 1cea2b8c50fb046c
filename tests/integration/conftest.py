"""A ledger that was founded and runs nowhere yet: its settings, its home, who trades on it."""

from pathlib import Path

import pytest

from ledger.home import Home
from ledger.settings import Settings
from tests.support.node import found, settings_for
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
