"""Two PostgreSQL servers, the second a synchronous standby: lost, back again, promoted."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx2
import psycopg2
import pytest

from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.node import Node, NoStandby, open_node
from ledger.store.embedded import EmbeddedPostgres
from tests.support.builders import FIRM, INSTITUTE, RIVAL, technology_registered
from tests.support.http import serving
from tests.support.node import found, running, settings_for
from tests.support.postgres import Database, fresh_database, home_directory
from tests.support.world import World

WAIT_S = 60


def execute(dsn: str, statement: str) -> None:
    with closing(psycopg2.connect(dsn)) as session:
        session.autocommit = True
        with session.cursor() as cursor:
            cursor.execute(statement)


def await_(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@dataclass
class Pair:
    """A primary and its standby, on which the database of a ledger is."""

    primary: EmbeddedPostgres
    standby: EmbeddedPostgres
    database: Database

    def on_standby(self) -> Database:
        """Return the same database, on the standby."""
        host = f"host={_host(self.primary)}", f"host={_host(self.standby)}"
        made = self.database
        dsns = (made.app_dsn, made.owner_dsn, made.superuser_dsn)
        return Database(made.name, *(dsn.replace(*host) for dsn in dsns))


def _host(server: EmbeddedPostgres) -> str:
    return urlsplit(server.superuser_dsn).query.partition("host=")[2].partition("&")[0]


@pytest.fixture
def pair() -> Iterator[Pair]:
    with home_directory() as first, home_directory() as second:
        primary, standby = EmbeddedPostgres(first), EmbeddedPostgres(second)
        primary.start()
        try:
            with fresh_database(primary) as database:
                primary.stop()
                subprocess.run(["cp", "-a", f"{first}/.", str(second)], check=True)
                primary.start()
                (data,) = second.glob("postgres-*/PG_VERSION")
                _follow(data.parent, primary)
                standby.start()
                yield Pair(primary, standby, database)
                primary.start()  # The database is dropped there, and nobody is to be waited for.
                execute(primary.superuser_dsn, "ALTER SYSTEM RESET synchronous_standby_names")
                execute(primary.superuser_dsn, "SELECT pg_reload_conf()")
        finally:
            for server in (standby, primary):
                with suppress(AssertionError):
                    server.stop()


def _follow(data: Path, primary: EmbeddedPostgres) -> None:
    """Make a copy of a primary's data directory follow it."""
    url = urlsplit(primary.superuser_dsn)
    host = parse_qs(url.query)["host"][0]
    conninfo = f"host={host} port=5432 user={url.username} password={url.password}"
    with (data / "postgresql.auto.conf").open("a") as settings:
        settings.write(f"primary_conninfo = '{conninfo}'\n")
    (data / "standby.signal").touch()
    owner = data.stat()
    os.chown(data / "standby.signal", owner.st_uid, owner.st_gid)


@contextmanager
def client_of(node: Node) -> Iterator[httpx2.Client]:
    with serving(node) as url, httpx2.Client(base_url=url, timeout=30) as http:
        yield http


def end_at_once(server: EmbeddedPostgres) -> None:
    pid = server.pid
    os.kill(pid, signal.SIGQUIT)
    await_(lambda: not server.is_running())


def test_a_synchronous_standby_that_is_lost_comes_back_and_is_promoted(pair: Pair, tmp_path: Path):
    settings = settings_for(pair.database, tmp_path / "home")
    home = found(settings)
    world = World.of(home)
    declared = settings.model_copy(update={"replication": "sync"})
    refuses_to_start(declared, "synchronous_standby_names is empty")
    execute(pair.primary.superuser_dsn, "ALTER SYSTEM SET synchronous_standby_names = '*'")
    execute(pair.primary.superuser_dsn, "SELECT pg_reload_conf()")
    with running(declared) as node, client_of(node) as http:
        receipts = acknowledged(http, world)
        while_it_is_lost(pair, node, http, world)
        receipts += acknowledged(http, world, registered=True)
    end_at_once(pair.standby)
    refuses_to_start(declared, "no synchronous standby confirmed")
    pair.standby.start()
    end_at_once(pair.primary)
    promoted_keeps_all(pair, home, world, receipts)


def refuses_to_start(settings: Settings, why: str) -> None:
    node = open_node(settings)
    with pytest.raises(NoStandby, match=why):
        node.start()
    node.close()


def acknowledged(http: httpx2.Client, world: World, *, registered: bool = False) -> list[dict]:
    """Submit events that all get their receipt."""
    many = [] if registered else world.registrations((INSTITUTE, FIRM))
    many += [
        world.sign(technology_registered(technology=f"technology:{os.urandom(8).hex()}"), INSTITUTE)
        for _ in range(5)
    ]
    answers = [http.post("/v1/events", content=signed.to_json()) for signed in many]
    assert {201} == {answer.status_code for answer in answers}, answers[-1].text
    return [answer.json() for answer in answers]


def while_it_is_lost(pair: Pair, node: Node, http: httpx2.Client, world: World) -> None:
    """Clients are told in time, nothing is signed; once it is back, what was sent is receipted."""
    end_at_once(pair.standby)
    signed = node.file.read()
    rival = world.registration(RIVAL).to_json()
    began = time.monotonic()
    answer = http.post("/v1/events", content=rival)
    assert 503 == answer.status_code
    assert "retry-after" in answer.headers
    assert 20 > time.monotonic() - began
    assert 503 == http.get("/health/ready").status_code
    assert node.halted is None
    assert signed == node.file.read(), "nothing that no standby has is signed"
    pair.standby.start()
    await_(lambda: http.post("/v1/events", content=rival).status_code == 201)
    await_(lambda: http.get("/health/ready").status_code == 200)


def promoted_keeps_all(pair: Pair, home: Home, world: World, receipts: list[dict]) -> None:
    """Promote the standby: what was acknowledged is there, and the ledger goes on there."""
    database = pair.on_standby()
    execute(pair.standby.superuser_dsn, "SELECT pg_promote()")
    execute(pair.standby.superuser_dsn, "ALTER SYSTEM SET synchronous_standby_names = ''")
    execute(pair.standby.superuser_dsn, "SELECT pg_reload_conf()")
    with running(settings_for(database, home.path)) as node, client_of(node) as http:
        for receipt in receipts:
            again = http.get(f"/v1/events/{receipt['event_id']}/receipt")
            assert receipt == again.json()
        acknowledged(http, world, registered=True)
