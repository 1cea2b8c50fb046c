"""
Injects faults into a served process and its children: Python imports this module at their start.

A site is a call of the system, in one process, on one kind of file or peer, made by one function of
ours. Each is noted where it is first passed. A plan, one file that the suite writes and that is
looked at in each call, names a site, a fault, and how long it lasts: from the first time that the
site is passed until so many seconds later, in that process or in any that takes its place.
"""

import asyncio
import builtins
import errno
import functools
import io
import json
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

_DIRECTORY = os.environ.get("FAULTS_DIRECTORY")
_HOME = os.environ.get("LEDGER_HOME", "/nowhere")
_ROOT = os.environ.get("FAULTS_ROOT", "/nowhere")

_NUMBERS = {"ENOSPC": errno.ENOSPC, "EMFILE": errno.EMFILE, "EIO": errno.EIO}


class _Hook:
    """What one process knows of the plan."""

    def __init__(self, directory: str) -> None:
        self.plan_path, self.sites_path = f"{directory}/plan", f"{directory}/sites"
        self.hit_path = f"{directory}/hits"
        self.known: set[str] = set()
        self.within = threading.local()
        # What is patched below, as it is.
        self.stat, self.open, self.write, self.close = os.stat, os.open, os.write, os.close
        self.read = os.read
        self.looked: tuple[int, int] | None = None
        self.epoch = 0
        self.plan: list[dict] = []

    def process(self) -> str:
        """Name this process by what it does."""
        name = multiprocessing.current_process().name
        if name == "MainProcess":
            return "server"
        return "verifier" if name.startswith("SpawnProcess") else name

    def passes(self, call: str, kind: str) -> str | None:
        """Note that a site is passed; return the fault to be injected there now, if any."""
        if getattr(self.within, "busy", False):
            return None
        self.within.busy = True
        try:
            caller = _caller()
            if caller is None:
                return None
            site = f"{self.process()} {call} {kind} {caller}"
            self._look()
            if site not in self.known:
                self.known.add(site)
                self._append(f"{self.sites_path}-{self.epoch}", site)
            return next((self._due(row) for row in self.plan if row["site"] == site), None)
        finally:
            self.within.busy = False

    def _look(self) -> None:
        """Read the plan if it is another one; with its epoch, sites are noted again."""
        try:
            status = self.stat(self.plan_path)
        except OSError:
            self.plan = []
            return
        if self.looked != (status.st_ino, status.st_mtime_ns):
            self.looked = (status.st_ino, status.st_mtime_ns)
            read = json.loads(self._content(self.plan_path))
            self.plan = read["rows"]
            if self.epoch != read["epoch"]:
                self.epoch = read["epoch"]
                self.known.clear()

    def _due(self, row: dict) -> str | None:
        """Say whether a row's fault lasts; its first hit, of any process, is written down."""
        if row.get("over") or not self._begun(row.get("after")):
            return None
        if "until" not in row:
            row["until"] = self._first_hit(row["number"]) + row["for_s"]
        if time.monotonic() <= row["until"]:
            if row["once"]:
                row["over"] = True
            return row["fault"]
        return None

    def _begun(self, after: int | None) -> bool:
        """Say whether the fault that a row waits for is over."""
        if after is None:
            return True
        (before,) = [row for row in self.plan if row["number"] == after]
        try:
            struck = float(self._content(f"{self.hit_path}-{after}") or "inf")
        except FileNotFoundError:
            return False
        return time.monotonic() > struck + (0 if before["once"] else before["for_s"])

    def _first_hit(self, number: int) -> float:
        path = f"{self.hit_path}-{number}"
        now = time.monotonic()  # The machine's: the same in each of its processes.
        try:
            descriptor = self.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return float(self._content(path) or now)
        self.write(descriptor, str(now).encode())
        self.close(descriptor)
        return now

    def _content(self, path: str) -> str:
        descriptor = self.open(path, os.O_RDONLY)
        try:
            return self.read(descriptor, 1 << 16).decode()
        finally:
            self.close(descriptor)

    def _append(self, path: str, line: str) -> None:
        descriptor = self.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self.write(descriptor, f"{line}\n".encode())
        self.close(descriptor)


_PASSED_OVER = ("/tests/", "/.venv/", "/ledger/wire/regular.py")


def _caller() -> str | None:
    """Return the nearest function of ours that is on the stack, and not the means to read files."""
    frame = sys._getframe(3)
    while frame is not None:
        path = frame.f_code.co_filename
        if path.startswith(_ROOT) and not any(each in path for each in _PASSED_OVER):
            module = path.removeprefix(_ROOT).strip("/").removesuffix(".py").replace("/", ".")
            return f"{module}.{frame.f_code.co_qualname}"
        frame = frame.f_back
    return None


def _kind_of(path: object) -> str | None:
    """Return which kind of file of the ledger a path names, None for one that is not of it."""
    if isinstance(path, int):
        try:
            path = os.readlink(f"/proc/self/fd/{path}")
        except OSError:
            return None
    name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    if not name.startswith(_HOME):
        return None
    inside = Path(name.removeprefix(_HOME).lstrip("/"))
    parts = inside.parts
    if not parts:
        return "home"
    if parts[0].startswith(("postgres-", "new-postgres-")) and len(parts) > 1:
        return "/".join(("pgdata", "log" if parts[1] == "log" else parts[1]))
    return "/".join(parts)


def _raise(fault: str, *, system: bool) -> None:
    """Do to this process what a fault does; `system` for calls that fail by a number."""
    if fault == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "cancel":
        raise asyncio.CancelledError
    if fault == "ENOMEM":
        if system:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))
        raise MemoryError
    raise OSError(_NUMBERS[fault], os.strerror(_NUMBERS[fault]))


def _patch(module, name: str, call: str, kind_of, *, system: bool = True) -> None:
    """Wrap a function: before it does its work, its site is passed."""
    whole = getattr(module, name)

    @functools.wraps(whole)
    def wrapped(*arguments, **named):
        kind = kind_of(*arguments, **named)
        if kind is not None and (fault := _HOOK.passes(call, kind)):
            _raise(fault, system=system)
        return whole(*arguments, **named)

    setattr(module, name, wrapped)


class _File:
    """A file open for writing, whose writes and flushes are sites."""

    def __init__(self, file, kind: str) -> None:
        self._file, self._kind = file, kind

    def write(self, data):
        if fault := _HOOK.passes("write", self._kind):
            _raise(fault, system=True)
        return self._file.write(data)

    def __getattr__(self, name):
        return getattr(self._file, name)

    def __enter__(self):
        self._file.__enter__()
        return self

    def __exit__(self, *error):
        return self._file.__exit__(*error)

    def __iter__(self):
        return iter(self._file)


def _patch_open(module) -> None:
    whole = module.open

    @functools.wraps(whole)
    def opened(file, mode="r", *arguments, **named):
        kind = _kind_of(file)
        if kind is not None and not isinstance(file, int) and (fault := _HOOK.passes("open", kind)):
            _raise(fault, system=True)
        result = whole(file, mode, *arguments, **named)
        if kind is not None and set(mode) & set("wax+"):
            return _File(result, kind)
        return result

    module.open = opened


def _patch_files() -> None:
    _patch_open(io)
    builtins.open = io.open
    _patch(os, "open", "open", lambda path, *_a, **_n: _kind_of(path))
    _patch(os, "pwrite", "write", lambda descriptor, *_a: _kind_of(descriptor))
    for name in ("fsync", "fdatasync"):
        _patch(os, name, "fsync", lambda descriptor: _kind_of(descriptor))
    for name in ("replace", "rename"):
        _patch(os, name, "rename", lambda _old, new, **_n: _kind_of(new))
    for name in ("unlink", "mkdir"):
        _patch(os, name, name, lambda path, *_a, **_n: _kind_of(path))


def _thread_name(thread: threading.Thread) -> str:
    return thread.name.partition(" (")[0].rstrip("0123456789_-").replace(" ", "-")


def _patch_starts() -> None:
    start = threading.Thread.start

    def started(self):
        if fault := _HOOK.passes("thread", _thread_name(self)):
            if fault == "ENOMEM":
                raise RuntimeError("can't start new thread")
            _raise(fault, system=True)
        return start(self)

    threading.Thread.start = started
    _patch(subprocess, "Popen", "exec", lambda command, **_n: Path(command[0]).name)
    whole = multiprocessing.process.BaseProcess.start

    def process_started(self):
        name = "verifier" if self.name.startswith("SpawnProcess") else self.name
        if fault := _HOOK.passes("spawn", name):
            _raise(fault, system=True)
        return whole(self)

    multiprocessing.process.BaseProcess.start = process_started


def _peer(sock: socket.socket) -> str:
    try:
        name = sock.getpeername()
    except OSError:
        return "peer"
    return "client" if isinstance(name, tuple) else "socket"


def _patch_sockets() -> None:
    for name, call in (("connect", "connect"), ("sendall", "send"), ("recv", "receive")):
        whole = getattr(socket.socket, name)

        def wrapped(self, *arguments, _whole=whole, _call=call, **named):
            if fault := _HOOK.passes(_call, "peer" if _call == "connect" else _peer(self)):
                _raise(fault, system=True)
            return _whole(self, *arguments, **named)

        setattr(socket.socket, name, wrapped)


def _patch_driver(psycopg2) -> None:
    """Make the database's connections, and the statements and answers on them, sites."""
    from psycopg2 import errors, extensions

    connect = psycopg2.connect

    def connected(*arguments, **named):
        if fault := _HOOK.passes("connect", "database"):
            if fault == "ENOMEM":
                raise MemoryError
            if fault == "kill":
                _raise(fault, system=True)
            raise psycopg2.OperationalError(f"could not create socket: {fault}\n\tIs it running?")
        named["cursor_factory"] = disturbing(named.get("cursor_factory", extensions.cursor))
        return connect(*arguments, **named)

    def disturbed(fault: str, cursor) -> None:
        match fault:
            case "ENOSPC":
                raise errors.DiskFull("could not extend file: No space left on device\nHINT: free")
            case "EIO":
                raise errors.IoError("could not read block 0\nDETAIL: Input/output error")
            case "EMFILE":
                raise errors.lookup("53000")("out of file descriptors")
            case "cut":
                socket.socket(fileno=os.dup(cursor.connection.fileno())).shutdown(socket.SHUT_RDWR)
            case _:
                _raise(fault, system=False)

    @functools.cache
    def disturbing(base):
        class Cursor(base):
            """A cursor whose statements are sent, and whose answers are received, through sites."""

            def execute(self, query, arguments=None):
                kind = _statement(query)
                if fault := _HOOK.passes("send", kind):
                    disturbed(fault, self)
                result = super().execute(query, arguments)
                if fault := _HOOK.passes("receive", kind):
                    if fault == "cut":
                        disturbed(fault, self)
                        raise psycopg2.DatabaseError("server closed the connection unexpectedly\n")
                    _raise("kill" if fault == "kill" else "ENOMEM", system=False)
                return result

            def copy_expert(self, *arguments, **named):
                if fault := _HOOK.passes("send", "COPY"):
                    disturbed(fault, self)
                return super().copy_expert(*arguments, **named)

        return Cursor

    psycopg2.connect = connected


def _statement(query: object) -> str:
    text = query.decode("utf-8", "replace") if isinstance(query, bytes) else str(query)
    if text.rstrip("; ").endswith("COMMIT"):
        return "NOTIFY" if "NOTIFY" in text else "COMMIT"
    return "BEGIN" if text.startswith("BEGIN") else "statement"


def _patch_awaits(submit) -> None:
    """Where a request of ours waits, its task can be cancelled."""
    from ledger.node.signature_checks import CheckQueue

    for owner, name in (
        (submit.Pending, "wait"),
        (CheckQueue, "check"),
        (submit.Submitter, "submit"),
        (submit.Submitter, "_read"),
        (submit.Submitter, "_verify"),
    ):
        whole = getattr(owner, name)

        def wrapped(self, *arguments, _whole=whole, _name=name, **named):
            async def waiting():
                if fault := _HOOK.passes("await", _name):
                    _raise(fault, system=False)
                return await _whole(self, *arguments, **named)

            return waiting()

        setattr(owner, name, wrapped)


class _Importer:
    """Patches two modules as soon as they have been imported."""

    def __init__(self) -> None:
        self._waiting = {"psycopg2": _patch_driver, "ledger.node.submit": _patch_awaits}

    def find_spec(self, name, path=None, target=None):
        if name not in self._waiting:
            return None
        patch = self._waiting.pop(name)
        spec = importlib.util.find_spec(name)
        execute = spec.loader.exec_module

        def exec_module(module):
            execute(module)
            patch(module)

        spec.loader.exec_module = exec_module
        return spec


if _DIRECTORY is not None:
    import importlib.util

    _HOOK = _Hook(_DIRECTORY)
    _patch_files()
    _patch_starts()
    _patch_sockets()
    sys.meta_path.insert(0, _Importer())
