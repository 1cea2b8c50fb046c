"""What the embedded server gives away: no secret in its log, nothing to other users."""

import os
import pwd
import signal
import stat
import threading
import time
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
import pytest

from ledger.store import server_user
from ledger.store.embedded import EmbeddedPostgres
from tests.support.postgres import closing_server, home_directory, run_sql


@pytest.fixture(scope="module")
def made_home():
    with home_directory() as home:
        yield home


@pytest.fixture(scope="module")
def server(made_home):
    running = EmbeddedPostgres(made_home)
    running.start()
    with closing_server(running):
        yield running


@pytest.fixture
def data(server, made_home):
    assert server.is_running()
    return next(made_home.glob("postgres-[0-9]*"))


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


PATIENCE = 60.0
"""Seconds."""

CANARY = "a-price-that-is-sealed-83150"

FAILING = [
    f"SELECT '{CANARY}' FROM",
    f"CREATE TEMP TABLE t (v text PRIMARY KEY); INSERT INTO t VALUES ('{CANARY}'), ('{CANARY}')",
    f"CREATE TEMP TABLE t (v text, w int NOT NULL); INSERT INTO t VALUES ('{CANARY}', NULL)",
    f"CREATE TEMP TABLE t (v text CHECK (v = '')); INSERT INTO t VALUES ('{CANARY}')",
    f"SET statement_timeout = 20; SELECT pg_sleep(60), '{CANARY}'",
    f"PREPARE p (text) AS SELECT 1 / (length($1) - {len(CANARY)}); EXECUTE p('{CANARY}')",
    f"DO $$ BEGIN RAISE division_by_zero USING DETAIL = '{CANARY}', HINT = '{CANARY}'; END $$",
]


@pytest.mark.parametrize("statement", FAILING)
def test_what_a_statement_holds_does_not_reach_the_log(server, made_home, statement):
    with pytest.raises(psycopg2.Error):
        run_sql(server.superuser_dsn, statement)
    assert CANARY not in _logged(made_home, "ERROR:")


def test_what_a_killed_session_ran_does_not_reach_the_log(server, made_home):
    with closing(psycopg2.connect(server.superuser_dsn)) as session:
        pid = session.info.backend_pid
        running = threading.Thread(target=_run_until_killed, args=(session,))
        running.start()
        busy = "SELECT count(*) FROM pg_stat_activity WHERE pid = %s AND query LIKE '%%sealed%%'"
        while run_sql(server.superuser_dsn, busy, (pid,)) != [(1,)]:
            time.sleep(0.02)
        os.kill(pid, signal.SIGKILL)
        running.join()
    assert CANARY not in _logged(made_home, "was terminated by signal 9")
    _wait_until_it_has_recovered(server)


def _wait_until_it_has_recovered(server):
    """One killed session restarts all: until then nobody is let in, and the next test least."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with suppress(psycopg2.OperationalError):
            return run_sql(server.superuser_dsn, "SELECT 1")
        time.sleep(0.05)
    raise AssertionError("the server lets nobody in after a session was killed")


def _run_until_killed(session):
    with pytest.raises(psycopg2.Error):
        session.cursor().execute(f"SELECT pg_sleep(600), '{CANARY}'")


def _logged(home, word):
    """Return all that the server has logged, once it has said a word."""
    said, deadline = "", time.monotonic() + PATIENCE
    while word not in said:
        assert time.monotonic() < deadline, f"{word!r} was never logged: {said!r}"
        time.sleep(0.02)
        logs = [home / "postgres.log", *home.glob("postgres-*/log/*.log")]
        said = "".join(log.read_text("utf-8", "replace") for log in logs)
    assert {0o600} == {_mode(log) for log in logs}
    return said


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as somebody else")
def test_as_root_it_runs_as_a_user_of_its_own(server, data):
    assert "techledger" == pwd.getpwuid(data.stat().st_uid).pw_name
    assert data.stat().st_uid == Path(f"/proc/{server.pid}").stat().st_uid
    assert 0o700 == _mode(data)


def test_a_user_that_cannot_be_made_is_asked_for(monkeypatch):
    monkeypatch.setattr(server_user, "NAME", "techledger-no-such:user")
    with pytest.raises(server_user.NoServerUser, match="make a system user"):
        server_user.server_user()
