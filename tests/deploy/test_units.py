"""The systemd units: well formed, confined, and what they start runs under their limits."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

import httpx2
import pytest

from tests.deploy.conftest import DEPLOY
from tests.support.postgres import home_directory
from tests.support.server import ROOT, free_port

UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
PROGRAM = "/opt/techledger/bin/techledger"
USER = "games"
"""A user of every Debian with no rights at all, as `techledger` is."""

EXPOSURE = 1.5
"""What `systemd-analyze security` may say at most, of 10."""

ids = pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)


def values(unit: Path, name: str) -> list[str]:
    """Return what a unit says for a name, in order."""
    return re.findall(rf"^{name}=(.*)$", unit.read_text(), re.MULTILINE)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a file system with the units, the program, and what systemd brings along."""
    root = tmp_path_factory.mktemp("root")
    shutil.copytree("/usr/lib/systemd/system", root / "usr/lib/systemd/system", symlinks=True)
    for unit in UNITS:
        shutil.copy(unit, root / "usr/lib/systemd/system")
    for program in (PROGRAM, "/bin/sh"):
        path = root / program.lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    (root / "etc").mkdir()
    (root / "etc/passwd").write_text(
        "root:x:0:0::/:/bin/sh\ntechledger:x:990:990::/var/lib/techledger:/bin/false\n"
    )
    (root / "etc/group").write_text("root:x:0:\ntechledger:x:990:\n")
    return root


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_nothing_wrong(unit: Path, root: Path) -> None:
    command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={root}"]
    done = subprocess.run(
        [*command, str(root / "usr/lib/systemd/system" / unit.name)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (0, "") == (done.returncode, done.stderr)


@ids
def test_it_is_confined(unit: Path) -> None:
    command = ["systemd-analyze", "security", "--offline=true", f"--threshold={EXPOSURE * 10:.0f}"]
    done = subprocess.run([*command, str(unit)], capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout[-300:]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return an installation of this software that any user can run, as `/opt/techledger` is."""
    where = Path("/opt") / f"techledger-test-{os.getpid()}"
    subprocess.run(["/usr/bin/python3", "-m", "venv", str(where)], check=True)
    wheels = tmp_path_factory.mktemp("wheel")
    pip = [str(where / "bin/python"), "-m", "pip", "--quiet", "--disable-pip-version-check"]
    source = tmp_path_factory.mktemp("source") / "techledger"
    ignored = shutil.ignore_patterns(".venv", ".git", ".foreign", "*.egg-info", "build")
    shutil.copytree(ROOT, source, ignore=ignored)
    try:
        subprocess.run([*pip, "wheel", "--no-deps", "-w", str(wheels), str(source)], check=True)
        subprocess.run([*pip, "install", f"{next(wheels.iterdir())}[server]"], check=True)
        yield where
    finally:
        shutil.rmtree(where)


def commands(unit: Path, installed: Path, state: Path) -> list[str]:
    """Return what a unit starts, on another place of the disk."""
    (start,) = values(unit, "ExecStart")
    start = start.replace("/opt/techledger", str(installed)).replace("/var/lib", str(state))
    return shlex.split(start.replace("/srv/techledger", str(state)))


def confined(unit: Path, command: list[str]) -> list[str]:
    """Return the command under the user, the limits and the capabilities of a unit."""
    files = (values(unit, "LimitNOFILE") or ["1024"])[0]
    assert ["techledger"] == values(unit, "User")
    drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", "--no-new-privs"]
    drop += ["--inh-caps=-all", "--bounding-set=-all"]
    return ["prlimit", f"--nofile={files}", "--core=0", *drop, *command]


def test_each_program_that_is_started_exists(installed: Path, tmp_path: Path) -> None:
    for unit in SERVICES:
        words = commands(unit, installed, tmp_path)
        help_of = [word for word in words[: words.index(next_option(words))] if "/" not in word]
        run = [words[0], *help_of, "--help"]
        done = subprocess.run(confined(unit, run), capture_output=True, text=True, check=False)
        assert 0 == done.returncode, done.stderr
        for option in (word for word in words if word.startswith("--")):
            assert option in done.stdout, f"{unit.name}: {option}"


def next_option(words: list[str]) -> str:
    """Return the first option, or the last word where there is none."""
    return next((word for word in words if word.startswith("--")), words[-1])


SERVER, BACKUP = (DEPLOY / "systemd" / f"techledger{name}.service" for name in ("", "-backup"))


@pytest.fixture
def state() -> Iterator[Path]:
    """Lend the directories that the units have, each the server's user's own."""
    with home_directory() as state:
        for name in ("techledger", "run", "backups"):
            (state / name).mkdir(mode=0o700)
            shutil.chown(state / name, USER, USER)
        yield state


def variables(state: Path) -> dict[str, str]:
    """Return the environment that the units give."""
    run, home = state / "run", state / "techledger"
    more = {"LEDGER_PORT": str(free_port()), "TMPDIR": str(run), "PATH": "/usr/bin:/bin"}
    return {"LEDGER_HOME": str(home), **more}


def test_the_server_and_its_backup_run_as_the_units_run_them(installed: Path, state: Path) -> None:
    environment = variables(state)
    program = str(installed / "bin/techledger")

    def run(*words: str) -> None:
        done = subprocess.run(
            confined(BACKUP, [program, *words]),
            env=environment,
            cwd="/",
            capture_output=True,
            text=True,
            check=False,
        )
        assert 0 == done.returncode, done.stdout + done.stderr

    run("operate", "init", "--host", "units.example.vn")
    traced = state / "run/syscalls"
    serve = confined(SERVER, ["strace", "-f", "-c", "-o", str(traced), program, "serve"])
    with subprocess.Popen(serve, env=environment, cwd="/") as server:
        try:
            await_ready(int(environment["LEDGER_PORT"]))
            run(*commands(BACKUP, installed, state)[1:])
        finally:
            children = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            os.kill(int(children[0]), signal.SIGTERM)
        assert 0 == server.wait(30)
    assert list((state / "backups").glob("*/manifest.json"))
    used = set(re.findall(r"(\w+)$", traced.read_text(), re.MULTILINE)) - {"syscall", "total"}
    assert len(used) > 50
    assert set() == used - allowed(SERVER)


def await_ready(port: int) -> None:
    for _ in range(1200):
        with suppress(httpx2.TransportError):
            answer = httpx2.get(f"http://127.0.0.1:{port}/health/ready", timeout=5)
            if answer.status_code == HTTPStatus.OK:
                return
        time.sleep(0.1)
    raise AssertionError("it is never ready")


def allowed(unit: Path) -> set[str]:
    """Return the system calls that a unit's filters let through."""
    calls: set[str] = set()
    for line in values(unit, "SystemCallFilter"):
        for group in line.lstrip("~").split():
            members = members_of(group)
            calls = calls - members if line.startswith("~") else calls | members
    return calls


def members_of(group: str) -> set[str]:
    """Return the system calls of a group, with those of the groups within."""
    command = ["systemd-analyze", "syscall-filter", group]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found: set[str] = set()
    for line in said.splitlines()[1:]:
        name = line.strip()
        if name.startswith("@"):
            found |= members_of(name)
        elif name and not name.startswith("#"):
            found.add(name)
    return found
