"""
Runs a PostgreSQL server of its own below the ledger's home, for anyone who has none.

What it takes care of, because the wrappers around server wheels do not: passwords instead of
trust, checksums, no TCP, a socket directory that only its owner may enter, readiness proven by a
connection, a server that outlived its starter (taken over), one that was killed (even as a zombie
that nobody reaps), and root, as whom PostgreSQL refuses to run.

    server = EmbeddedPostgres(home)
    dsn = server.start()
    ...
    server.stop()
"""

import fcntl
import json
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection

from ledger.runtime import durable
from ledger.runtime.faults import NeedsOperator, Passing
from ledger.store.attest import DatabaseUnfit, unsafe_settings
from ledger.store.binaries import Binaries, find_binaries
from ledger.store.connection import StoreError, owned
from ledger.store.postmaster import Postmaster, find_postmaster, last_socket_directory
from ledger.store.server_user import server_user
from ledger.wire.regular import read_regular
from ledger.wire.strict import MalformedJson, load_json

SUPERUSER = "postgres"
OWNER = "ledger_owner"
APPLICATION = "ledger_app"

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "max_wal_size": "4GB",
    "jit": "off",  # Short statements gain nothing from it.
    "timezone": "UTC",
    "log_timezone": "UTC",
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",  # A week of logs, each overwritten by its successor.
    "log_truncate_on_rotation": "on",
    "log_rotation_size": "0",
    # Statements, parameters and details hold what is sealed, and the salts that seal it.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
    "log_statement": "none",
    "log_min_duration_statement": "-1",
}

LETTING_GO_S = 10.0
"""How long the sessions of a server that was killed may take to end as well."""

_FINAL = ("authentication failed", "No space left on device")
"""What a server says to a new session that no waiting for it mends."""

_VERSION = re.compile(rb"[0-9]{1,3}\n?")

_SOCKET_PREFIX = "tl-"
_LONGEST_SOCKET_DIR = 80
"""Bytes: the path of a socket ends at 103 (macOS) or 107 (Linux), its name included."""


class ServerFailed(StoreError, Passing):
    """The server did not start, or did not stop; the message ends with its last words."""


class NotReachable(StoreError, NeedsOperator):
    """The user that the server runs as cannot enter a directory it needs."""


class PasswordsLost(StoreError, NeedsOperator):
    """There is a data directory, but the file with its passwords is gone, or holds none."""


class NoVersion(StoreError, NeedsOperator):
    """There is a data directory that does not say of which version."""


class EmbeddedPostgres:
    """The server of one home directory. Several processes may start it; the first one runs it."""

    def __init__(
        self,
        home: Path,
        *,
        bin_dir: Path | None = None,
        database: str = "techledger",
        settings: Mapping[str, str] | None = None,
        patience_s: float = 300.0,
    ) -> None:
        self._home = home.absolute()
        self._bin_dir = bin_dir
        self._database = database
        self._settings = {**_SETTINGS, **(settings or {})}
        self._patience_s = patience_s
        self._process: subprocess.Popen[bytes] | None = None
        self._postmaster: Postmaster | None = None
        self._sockets: Path | None = None  # Where our clients look for the server.

    @property
    def app_dsn(self) -> str:
        """DSN of the application's role, once the server has been started."""
        return self._dsn(APPLICATION, self._database)

    @property
    def owner_dsn(self) -> str:
        """DSN of the role that owns the schema, for migrations."""
        return self._dsn(OWNER, self._database)

    @property
    def superuser_dsn(self) -> str:
        """DSN of the server's superuser, for its administration."""
        return self._dsn(SUPERUSER, "postgres")

    @property
    def data_directory(self) -> Path:
        """Where the running server keeps its data."""
        return self._running().data

    @property
    def pid(self) -> int:
        """Process id of the server that runs."""
        return self._running().pid

    def is_running(self) -> bool:
        """Say whether the server that was started or taken over still accepts connections."""
        if self._process is not None:
            self._process.poll()  # Nobody else would reap it.
        if self._postmaster is None or self._postmaster.has_ended():
            return False  # Another process may have brought it back, at the same place.
        return self._postmaster.listens()

    def start(self) -> str:
        """Make the database if there is none, run the server if none runs; return `app_dsn`.

        Raises `NoBinaries`, `NotReachable`, `Unreachable`, `ServerFailed`, `PasswordsLost`,
        `NoVersion`, or `DatabaseUnfit` if the server was told not to flush what it commits.
        """
        self._home.mkdir(mode=0o755, parents=True, exist_ok=True)
        with self._alone():
            data, binaries = self._data_directory()
            launched = self._bring_up(data, binaries)
            try:
                self._set_up()
            except BaseException:
                if launched:
                    self.stop()
                raise
        return self.app_dsn

    def stop(self) -> None:
        """Stop the server, no matter who started it: clients are cut off, everything is flushed.

        Raises `ServerFailed` if it does not end within a minute.
        """
        postmaster, self._postmaster = self._postmaster, None
        if postmaster is None:
            return
        with suppress(ProcessLookupError):
            os.kill(postmaster.pid, signal.SIGINT)  # Fast shutdown.
        deadline = time.monotonic() + 60
        while not self._has_ended(postmaster):
            if time.monotonic() > deadline:
                raise ServerFailed(f"process {postmaster.pid} does not end")
            time.sleep(0.02)
        postmaster.remove_socket()

    def _has_ended(self, postmaster: Postmaster) -> bool:
        if self._process is not None and self._process.pid == postmaster.pid:
            return self._process.poll() is not None
        return postmaster.has_ended()

    def _running(self) -> Postmaster:
        assert self._postmaster is not None, "the server has not been started"
        return self._postmaster

    def _dsn(self, role: str, database: str) -> str:
        password = read_passwords(self._home)[role]
        directory = quote(str(self._running().socket_directory), safe="")
        return f"postgresql://{role}:{password}@/{database}?host={directory}&port=5432"

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep other processes from starting the same server at the same time."""
        with (self._home / "postgres.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _data_directory(self) -> tuple[Path, Binaries]:
        """Return the data directory, made if need be, and binaries of its version."""
        made = data_directories(self._home)
        if not made:
            binaries = find_binaries(self._bin_dir)
            return self._initialise(binaries), binaries
        data = made[-1].parent
        read_passwords(self._home)  # Before anything runs that nobody could get into.
        version = read_regular(made[-1])
        if not _VERSION.fullmatch(version):
            raise NoVersion(f"{made[-1]} names no version of PostgreSQL: the database is damaged")
        return data, find_binaries(self._bin_dir, int(version))

    def _initialise(self, binaries: Binaries) -> Path:
        data = self._home / f"postgres-{binaries.major}"
        make_passwords(self._home)
        identity = _identity(None)
        binaries = self._within_reach(binaries, identity)
        # Under another name until it is whole: a kill in between leaves nothing half made.
        unfinished = self._home / f"new-{data.name}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        _give(unfinished, identity)
        with self._password_file(identity) as password:
            command = [str(binaries.directory / "initdb"), "-D", str(unfinished), "-U", SUPERUSER]
            command += ["--auth=scram-sha-256", f"--pwfile={password}", "--data-checksums"]
            command += ["--encoding=UTF8", "--locale=C", "--no-instructions"]
            done = subprocess.run(  # noqa: S603  (our own words)
                command, check=False, capture_output=True, text=True, env=_ENV, **identity
            )
        if done.returncode:
            raise ServerFailed(f"initdb failed: {done.stderr.strip()[-2000:]}")
        unfinished.rename(data)
        durable.flush_directory(self._home)
        return data

    def _within_reach(self, binaries: Binaries, identity: dict[str, Any]) -> Binaries:
        """Return binaries that the server's user can run. Raises `NotReachable`."""
        _check_reachable(identity, self._home)
        try:
            _check_reachable(identity, binaries.directory)
        except NotReachable:
            copied = binaries.copy_wheel(self._home)
            if copied is None:
                raise
            return copied
        return binaries

    @contextmanager
    def _password_file(self, identity: dict[str, Any]) -> Iterator[Path]:
        path = self._home / "initdb-password"
        path.unlink(missing_ok=True)
        _write_secret(path, read_passwords(self._home)[SUPERUSER])
        _give(path, identity)
        try:
            yield path
        finally:
            path.unlink()

    def _bring_up(self, data: Path, binaries: Binaries) -> bool:
        """Take over the server that runs, or launch one; say whether it was launched."""
        began = time.monotonic()
        while True:
            sockets = self._last_sockets(data)
            found = find_postmaster(data, self._patience_s)
            self._postmaster = found or self._launch(data, binaries, sockets)
            self._sockets = self._postmaster.socket_directory
            if self._wait_until_ready(began + self._patience_s):
                return found is None
            # One that was found was about to end. The sessions of one that was killed take a
            # moment to notice it, and keep its memory until then.
            if found is None:
                said = _last_words(self._log, data)
                if "still in use" not in said or time.monotonic() > began + LETTING_GO_S:
                    raise ServerFailed(f"the server ended: {said}")
            time.sleep(0.1)

    def _last_sockets(self, data: Path) -> Path | None:
        """Return where the server listened that was killed: its clients go on looking there."""
        return self._sockets or last_socket_directory(data)

    def _launch(self, data: Path, binaries: Binaries, sockets_before: Path | None) -> Postmaster:
        if self._process is not None:
            self._process.wait()  # It has ended, or is about to: nobody else would reap it.
        identity = _identity(data)
        binaries = self._within_reach(binaries, identity)
        sockets = _socket_directory(identity, sockets_before)
        command = [str(binaries.directory / "postgres"), "-D", str(data), "-k", str(sockets)]
        for name, value in self._settings.items():
            command += ["-c", f"{name}={value}"]
        with self._log.open("wb") as log:
            os.fchmod(log.fileno(), 0o600)
            # A session of its own: what is typed at our terminal is not meant for the server.
            self._process = subprocess.Popen(  # noqa: S603  (our own words)
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd="/",
                env=_ENV,
                start_new_session=True,
                **identity,
            )
        return Postmaster(self._process.pid, data, sockets)

    @property
    def _log(self) -> Path:
        """What the server says before its log collector runs."""
        return self._home / "postgres.log"

    def _wait_until_ready(self, deadline: float) -> bool:
        """Wait until a session can be opened, also through a long crash recovery.

        Return False if the server ended instead.
        """
        while True:
            try:
                self._connect(self.superuser_dsn).close()
            except psycopg2.OperationalError as error:
                if self._has_ended(self._running()):
                    return False
                # It is left running: it may have much to recover, and is taken over next time.
                if time.monotonic() > deadline or any(each in str(error) for each in _FINAL):
                    raise ServerFailed(f"no session could be opened: {error}") from error
            else:
                return True
            time.sleep(0.02)

    def _set_up(self) -> None:
        """Make the roles and the database, where they are missing."""
        passwords = read_passwords(self._home)
        with closing(self._connect(self.superuser_dsn)) as server, server.cursor() as session:
            if findings := unsafe_settings(session):
                raise DatabaseUnfit(findings)
            for role in (OWNER, APPLICATION):
                session.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,))
                if not session.rowcount:
                    make = sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}")
                    name, password = sql.Identifier(role), sql.Literal(passwords[role])
                    session.execute(make.format(name, password))
            session.execute("SELECT FROM pg_database WHERE datname = %s", (self._database,))
            if not session.rowcount:
                make = sql.SQL("CREATE DATABASE {} OWNER {}")
                session.execute(make.format(sql.Identifier(self._database), sql.Identifier(OWNER)))

    @staticmethod
    def _connect(dsn: str) -> connection:
        name = "techledger supervisor"
        server = psycopg2.connect(owned(dsn), connect_timeout=10, application_name=name)
        server.autocommit = True
        return server


PASSWORDS = "postgres-passwords.json"
"""File of the roles' passwords, below the home."""

_ROLES = (SUPERUSER, OWNER, APPLICATION)

_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}
"""Nothing of our environment is meant for the server: PGPORT or PGDATA would change it."""


def read_passwords(home: Path) -> dict[str, str]:
    """Return the roles' passwords. Raises `PasswordsLost`."""
    file = home / PASSWORDS
    try:
        passwords = load_json(read_regular(file))
        return {role: str(passwords[role]) for role in _ROLES}
    except FileNotFoundError:
        raise PasswordsLost(f"a database is there, and {file} is not: bring it back") from None
    except (MalformedJson, TypeError, KeyError):
        raise PasswordsLost(f"{file} does not hold the passwords of {', '.join(_ROLES)}") from None


def data_directories(home: Path) -> list[Path]:
    """Return the files that name the versions of the databases in a home; the last one counts."""
    return sorted(home.glob("postgres-*/PG_VERSION"))


def make_passwords(home: Path) -> None:
    """Make the roles' passwords, once."""
    if not (home / PASSWORDS).exists():
        secret = json.dumps({role: secrets.token_hex(24) for role in _ROLES})
        # Durable before the data directory is: that is worth nothing without its passwords.
        durable.replace(home / PASSWORDS, secret.encode())


def _write_secret(path: Path, secret: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
        file.flush()
        os.fsync(file.fileno())


def _identity(data: Path | None) -> dict[str, Any]:
    """Return the arguments that make a process run as the server's user.

    Anybody but root runs it as oneself. As root it is the owner of the data directory; for a new
    one a system user of its own. Raises `NoServerUser`.
    """
    if os.geteuid() != 0:
        return {}
    if data is not None:
        owner = data.stat()
        return {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    user = server_user()
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def _give(path: Path, identity: dict[str, Any]) -> None:
    if identity:
        os.chown(path, identity["user"], identity["group"])


def as_server_user() -> dict[str, Any]:
    """Return the arguments that make a process run as the user of a new server."""
    return _identity(None)


def give_tree(path: Path) -> None:
    """Make a directory and all below it the server's user's own, where that is not who we are."""
    identity = _identity(None)
    for each in (path, *path.rglob("*")):
        _give(each, identity)


def _check_reachable(identity: dict[str, Any], path: Path) -> None:
    """Check that the server's user can enter `path` and all above it. Raises `NotReachable`."""
    if not identity:
        return
    for directory in (path.resolve(), *path.resolve().parents):
        status = directory.stat()
        shift = 6 if status.st_uid == identity["user"] else 0
        if status.st_gid == identity["group"]:
            shift = max(shift, 3)
        if not status.st_mode >> shift & 1:
            raise NotReachable(
                f"user {identity['user']}, whom the server runs as, cannot enter {directory}:"
                " allow it (chmod o+x), or choose another place"
            )


def _socket_directory(identity: dict[str, Any], before: Path | None) -> Path:
    """Return the directory `before` if it is ours, or can be made again; else a fresh one."""
    if before is not None and _is_private(before, identity):
        return before
    if before is not None:
        with suppress(OSError):
            before.mkdir(mode=0o700)
            _give(before, identity)
            return before
    where = tempfile.gettempdir()
    if len(os.fsencode(where)) > _LONGEST_SOCKET_DIR:
        where = "/tmp"  # noqa: S108  (the directory made in it has a random name and mode 0700)
    directory = Path(tempfile.mkdtemp(prefix=_SOCKET_PREFIX, dir=where))
    _give(directory, identity)
    return directory


def _is_private(directory: Path, identity: dict[str, Any]) -> bool:
    """Say whether nobody but the server's user, and root, can have put anything there."""
    try:
        status = directory.lstat()
    except OSError:
        return False
    owner = identity.get("user", os.geteuid())
    return (stat.S_ISDIR(status.st_mode), stat.S_IMODE(status.st_mode), status.st_uid) == (
        True,
        0o700,
        owner,
    )


def _last_words(log: Path, data: Path) -> str:
    """Return the end of what the server said before it ended."""
    logs = sorted((data / "log").glob("*.log"), key=lambda path: path.stat().st_mtime)
    said = log.read_text("utf-8", "replace")
    if logs and not re.search("FATAL|PANIC", said):
        said = logs[-1].read_text("utf-8", "replace")
    return said.strip()[-2000:]
