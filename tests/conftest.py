"""Fixtures that every suite may ask for."""

import sys
from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
import structlog
from hypothesis import settings

from ledger.domain.registry import ADMITS
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from tests.support.listed import hold_to_the_list
from tests.support.postgres import Database, fresh_database, home_directory, running_server

_NUMBERS = count()

settings.register_profile("no timing is a test", deadline=None)
settings.load_profile("no timing is a test")

LONG = (
    *("e2e/", "attacks/", "foreign/", "golden/test_golden_flips.py"),
    *(f"unit/test_{name}.py" for name in ("court", "differential", "verify_flips")),
    *(f"property/test_{name}.py" for name in ("domain_robust", "domain_whole", "projection_axes")),
    *(f"integration/test_{name}" for name in ("at_the_limits", "dry_runs", "evidence", "feeder")),
    *(f"integration/test_{name}" for name in ("fsck", "init_", "overlays", "projections_runner")),
    *("integration/promises/", "integration/test_rollback.py", "integration/test_superuser"),
    *("integration/test_vault.py", "integration/test_whole_read.py"),
)
"""What takes longest: `pytest` alone leaves it to the gate."""

MANY = {
    **dict.fromkeys(
        (
            *("attacks/test_attacks.py", "golden/test_golden_flips.py"),
            *("property/test_rules_told.py", "unit/test_verify_flips.py"),
            *(
                f"integration/test_{name}.py"
                for name in ("fsck_beside", "named_paths", "superuser", "superuser_gone")
            ),
        ),
        3,
    ),
    "e2e/test_howtos.py": 1,
}
"""Where one thing is tried on each of many: the gate takes so many and an eighth, at random."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the gate ask for all, and anyone who has an hour for each of many."""
    parser.addoption("--all", action="store_true", help="run what takes longest, too: the gate")
    parser.addoption("--each", action="store_true", help="leave out none where many are alike")


def pytest_configure(config: pytest.Config) -> None:
    """Anyone who names a test wants it run. Here, because workers are given names at all times."""
    if config.args_source is not pytest.Config.ArgsSource.TESTPATHS:
        config.option.all = config.option.each = True


def left_to_each(number: int, taken: int) -> bool:
    """Say whether the gate leaves out one of many that are alike, by its number among them."""
    return number >= taken and number % 8 != 0


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with what is long, lest one worker has it at the end; or leave it out, and say so."""
    here = Path(__file__).parent
    long, rest, left_out = [], [], []
    alike: Counter[str] = Counter()
    for each in items:
        path = each.path.relative_to(here).as_posix()
        function = each.nodeid.partition("[")[0]
        most = MANY.get(path)
        if most and not config.option.each and left_to_each(alike[function], most):
            left_out.append(each)
        else:
            (long if path.startswith(LONG) else rest).append(each)
        alike[function] += 1
    items[:] = [*long, *rest] if config.option.all else rest
    config.hook.pytest_deselected(items=left_out if config.option.all else [*left_out, *long])


@pytest.fixture(autouse=True)
def own_state(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what commands note for their user out of the user's own directories."""
    # Of each test: logs of one origin are made that are not the same.
    directory = tmp_path_factory.getbasetemp() / f"state-{next(_NUMBERS)}"
    monkeypatch.setenv("XDG_STATE_HOME", str(directory))


@pytest.fixture(scope="session", autouse=True)
def logs_apart() -> None:
    """Have what a server in this process logs be no output of a command that a test runs."""
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.__stderr__))


@pytest.fixture(scope="session", autouse=True)
def rules_refuse_as_listed() -> None:
    """Hold what a test sees a rule refuse to the list of what refuses such an event."""
    hold_to_the_list(ADMITS)


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
