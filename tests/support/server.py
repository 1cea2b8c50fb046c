"""
A real server: `python -m api.cli serve` as a process of its own, over a ledger of its own.

The ledger lives in a fresh short directory with its embedded PostgreSQL, the server in a session
of its own on a port that the kernel chose. What is killed is killed by process id, and only what
was started here; a watcher ends both processes should the tests themselves be killed.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from http import HTTPStatus
from pathlib import Path

import httpx2

from ledger.follow.client import read_trust
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.genesis import initialise
from ledger.verify.trust import Trust
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.postgres import home_directory

ROOT = Path(__file__).parents[2]
"""The project: where `python -m api.cli` finds it."""

READY_S = 60.0
"""How long a server may take to be ready, in seconds."""

PID_FILE = "serve.pid"

GONE_S = 10.0
"""How long the children of a killed server may take to follow it, in seconds."""


class ServerFailed(Exception):
    """The server did not do what it must; the message ends with what it wrote."""


class Server:
    """One ledger, and the process that serves it while there is one."""

    def __init__(
        self,
        home: Home,
        port: int,
        environment: Mapping[str, str],
        *flags: str,
        root: Path = ROOT,
    ) -> None:
        """Give `serve` these flags; its code lies in `root`."""
        self.home = home
        self._flags, self._root = flags, root
        self.url = f"http://127.0.0.1:{port}"
        self.stderr = home.path / "serve.stderr"
        self._environment = {**environment, "LEDGER_PORT": str(port)}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """Process id of the server; its session's as well."""
        assert self._process is not None, "the server has not been started"
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self._process is not None and self._process.poll() is None

    @property
    def _pid_file(self) -> Path:
        return self.home.path / f"{self.url.rpartition(':')[2]}-{PID_FILE}"

    @property
    def trust(self) -> Trust:
        """What its receipts are verified against."""
        return read_trust(self.home.trust)

    @property
    def words(self) -> str:
        """The end of what it wrote to standard error."""
        return self.stderr.read_text("utf-8", "replace")[-4000:]

    def start(self) -> None:
        """Start the server; return once it is ready."""
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        """Start the server, ready or not."""
        with self.stderr.open("ab") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "api.cli", "serve", *self._flags],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                env=environment(self.home.path, self._environment, self._root),
                cwd=self._root,
                start_new_session=True,
            )
        self._pid_file.write_text(f"{self.pid}\n")

    def await_ready(self) -> None:
        """Return once the server says that it is ready. Raises `ServerFailed` if it never does."""
        deadline = time.monotonic() + READY_S
        answer = "nothing"
        while self.runs and time.monotonic() < deadline:
            with suppress(httpx2.TransportError):
                response = httpx2.get(f"{self.url}/health/ready", timeout=5)
                if response.status_code == HTTPStatus.OK:
                    return
                answer = response.text
            time.sleep(0.05)
        raise ServerFailed(f"not ready; it answered {answer} and wrote:\n{self.words}")

    def kill(self) -> None:
        """Kill the server with SIGKILL, which it cannot notice."""
        assert self._process is not None, "the server has not been started"
        os.kill(self.pid, signal.SIGKILL)
        self._process.wait()
        self._pid_file.unlink()

    def await_end(self, seconds: float = 30) -> None:
        """Return once a process that was killed has ended, as it has almost at once.

        Raises `subprocess.TimeoutExpired`.
        """
        assert self._process is not None, "the server has not been started"
        self._process.wait(seconds)

    def stop(self) -> int:
        """Have the server end in order; return its exit code."""
        assert self._process is not None, "the server has not been started"
        self._process.send_signal(signal.SIGTERM)
        code = self._process.wait(30)
        self._pid_file.unlink()
        return code

    def await_no_orphans(self) -> dict[int, str]:
        """Wait until nothing of the killed server's session is left; return what stays anyway."""
        deadline = time.monotonic() + GONE_S
        while (left := _of_session(self.pid)) and time.monotonic() < deadline:
            time.sleep(0.02)
        return left

    @property
    def workers(self) -> list[int]:
        """Process ids of the server's own processes that check signatures or fold."""
        return [pid for pid, command in _of_session(self.pid).items() if "spawn_main" in command]

    @property
    def postmaster(self) -> int:
        """Process id of the embedded PostgreSQL server, 0 where none has begun."""
        for lock in self.home.path.glob("postgres-*/postmaster.pid"):
            with suppress(FileNotFoundError, IndexError, ValueError):
                return int(lock.read_text().splitlines()[0])
        return 0

    def kill_postmaster(self) -> int:
        """Kill PostgreSQL's first process with SIGKILL; return its process id."""
        pid = self.postmaster
        os.kill(pid, signal.SIGKILL)
        return pid


def environment(home: Path, more: Mapping[str, str], root: Path = ROOT) -> dict[str, str]:
    """Return the environment of a command on a ledger of its own, nothing of ours in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    paths = [str(root), *filter(None, [kept.get("PYTHONPATH")])]
    return {**kept, "LEDGER_HOME": str(home), "PYTHONPATH": os.pathsep.join(paths), **more}


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@contextmanager
def ledger_home() -> Iterator[Home]:
    """Lend a fresh directory for a ledger; what still runs in it at the end is ended."""
    with home_directory() as path, _watched(path):
        try:
            yield Home(path)
        finally:
            _end_postgres(path)


@contextmanager
def served_ledger(**variables: str) -> Iterator[Server]:
    """Make a ledger and serve it, ready; both processes end with the block.

    `variables` are further `LEDGER_*` variables, in lower case and without the prefix.
    """
    with ledger_home() as home:
        settings = Settings(home=home.path, database_url=None)
        initialise(settings, "e2e.example.vn", OPERATOR, REGISTRAR, delay_s=0)
        more = {f"LEDGER_{name.upper()}": value for name, value in variables.items()}
        # Nothing is to be in the log that no client sent, unless the test asks for seals.
        own = {"LEDGER_VERIFIER_PROCESSES": "1", "LEDGER_SEAL_ENTRIES": "0"}
        own["LEDGER_ADDRESS_RATE"] = "1000000"  # All tests come from one address.
        server = Server(home, free_port(), {**own, **more})
        try:
            server.start()
            yield server
        finally:
            if server.runs:
                server.kill()


def _of_session(session: int) -> dict[int, str]:
    """Return the processes of a session, zombies aside, each with its command."""
    found = {}
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            state, _parent, _group, its = _stat(process)[:4]
            if int(its) == session and state != "Z":
                command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                found[int(process.name)] = command
    return found


def children(parent: int) -> list[int]:
    """Return the process ids of a process's children."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(_stat(process)[1]) == parent:
                found.append(int(process.name))
    return found


def _stat(process: Path) -> list[str]:
    """Return the fields of proc(5) stat behind the name: state, parent, group, session, ..."""
    return (process / "stat").read_text().rpartition(")")[2].split()


def _end_postgres(home: Path) -> None:
    """Stop the PostgreSQL of a home at once, if one runs; nothing in it is needed any more."""
    for lock in home.glob("postgres-*/postmaster.pid"):
        pid = int(lock.read_text().splitlines()[0])
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGQUIT)
        while lock.exists() and _alive(pid):
            time.sleep(0.02)


def _alive(pid: int) -> bool:
    with suppress(OSError):
        return _stat(Path(f"/proc/{pid}"))[0] != "Z"
    return False


@contextmanager
def _watched(home: Path) -> Iterator[None]:
    """Have the processes of a home ended even if this one is killed: the watcher's input ends."""
    script = (
        f"read end && exit; for p in $(cat {home}/*{PID_FILE}; head -qn1 {home}/*/postmaster.pid);"
        " do kill -KILL $p; done"
    )
    with subprocess.Popen(
        ["sh", "-c", script],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as watcher:
        yield
        watcher.communicate(b"stopped\n")
