"""One node and its HTTP surface for all API tests of a module; each test brings its own parties."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx2
import pytest

from api.cli.story import chapters
from ledger.domain.core.types import legal_day
from ledger.events.intake import decode
from ledger.follow.client import LedgerClient, read_trust
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node
from ledger.store.embedded import EmbeddedPostgres
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.builders import FIRM, INSTITUTE, RIVAL
from tests.support.http import serving
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import fresh_database
from tests.support.tale import Loaded, Tale, cast, cast_of, loaded_at, play
from tests.support.world import World


@pytest.fixture(scope="module")
def settings(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: EmbeddedPostgres
) -> Iterator[Settings]:
    with fresh_database(postgres_server) as database:
        yield settings_for(database, tmp_path_factory.mktemp("ledger") / "home")


@pytest.fixture(scope="module")
def home(settings: Settings) -> Home:
    return found(settings)


@pytest.fixture(scope="module")
def node(settings: Settings, home: Home) -> Iterator[Node]:
    assert home.trust.exists(), "the log was founded"
    with running(settings) as started:
        deadline = time.monotonic() + 30
        while not started.checker.up:  # Until then it is not ready, and says so.
            assert time.monotonic() < deadline
            time.sleep(0.02)
        yield started


@pytest.fixture
def fold(node: Node) -> Callable[[], None]:
    """Fold everything into the read models, as the projections' process does beside a server."""
    return lambda: rebuild(node.pool, READ_MODELS, decode, key=node.key)


@pytest.fixture(scope="module")
def world(node: Node, home: Home) -> World:
    everyone = World.of(home)
    append(node, *everyone.registrations((INSTITUTE, FIRM, RIVAL)))
    return everyone


@pytest.fixture(scope="module")
def url(node: Node) -> Iterator[str]:
    with serving(node) as served:
        yield served


@pytest.fixture(scope="module")
def tale(url: str, home: Home, node: Node, world: World) -> Tale:
    """Play the story and fold it."""
    with LedgerClient(url, read_trust(home.trust)) as ledger:
        played = play(ledger, world, cast_of(world))
    rebuild(node.pool, READ_MODELS, decode, key=node.key)
    return played


@pytest.fixture(scope="module")
def loaded(url: str, home: Home, node: Node) -> Loaded:
    """Tell all chapters of the story; anyone who asks does so in the words of the document."""
    world, today = World.of(home), legal_day(datetime.now(UTC))
    with LedgerClient(url, read_trust(home.trust)) as ledger:
        tale = play(ledger, world, cast(world, {}, {}, today), *chapters())
        rebuild(node.pool, READ_MODELS, decode, key=node.key)
        return loaded_at(ledger, url, home.trust, tale)


@pytest.fixture
def http(url: str) -> Iterator[httpx2.Client]:
    with httpx2.Client(base_url=url, timeout=30) as client:
        yield client


@pytest.fixture
def ledger(url: str, home: Home) -> Iterator[LedgerClient]:
    with LedgerClient(url, read_trust(home.trust)) as client:
        yield client
