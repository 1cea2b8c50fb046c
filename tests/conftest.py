"""Fixtures that every suite may ask for."""

from collections.abc import Iterator

import pytest

from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from tests.support.postgres import Database, fresh_database, home_directory, running_server


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what commands note for their user out of the user's own directories."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path_factory.getbasetemp() / "state"))


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedPostgres]:
    """Run one PostgreSQL server; under pytest-xdist one a worker."""
    with home_directory() as home, running_server(home) as server:
        yield server


@pytest.fixture
def database(postgres_server: EmbeddedPostgres) -> Iterator[Database]:
    """Lend a fresh database, migrated, with the empty log of `tests.support.postgres.ORIGIN`."""
    with fresh_database(postgres_server) as fresh:
        yield fresh


@pytest.fixture
def pool(database: Database) -> Iterator[Pool]:
    """Lend a pool of connections of the application's role to the test's own database."""
    opened = Pool(database.app_dsn, size=8, patience_s=10)
    yield opened
    opened.close()
