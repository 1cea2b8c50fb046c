"""The clients of docs/clients, written from the documents alone, against a served ledger."""

import base64
import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest

from ledger.home.paths import Home
from ledger.node.node import Node
from ledger.wire.envelope import envelope_from_object, envelope_to_object, sign_envelope
from ledger.wire.signing_keys import load_public
from tests.foreign.conftest import ROOT
from tests.support.builders import OPERATOR
from tests.support.world import World

CLIENTS = ROOT / "docs" / "clients"
LONGEST = 150

Served = tuple[str, Node, World]
Client = Callable[..., list[str]]


@pytest.fixture(params=["client.mjs", "client.go"])
def client(request: pytest.FixtureRequest, build_go: Callable[[Path], str]) -> list[str]:
    source = CLIENTS / request.param
    return ["node", str(source)] if source.suffix == ".mjs" else [build_go(source)]


def played(client: list[str], served: Served, trust: Path) -> list[str]:
    """Let the client play; the operator signs its registration. Return what it prints then."""
    url, _, world = served
    with subprocess.Popen(
        [*client, "play", url, str(trust)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as run:
        assert run.stdout is not None
        sent = json.loads(run.stdout.readline())
        officer = sign_envelope(envelope_from_object(sent).payload, [world.key(OPERATOR)])
        sent["signatures"] += envelope_to_object(officer)["signatures"]
        said, _ = run.communicate(json.dumps(sent) + "\n", timeout=60)
    assert 0 == run.returncode, said
    return said.splitlines()


def test_it_registers_records_and_verifies_what_it_is_told(client: list[str], served: Served):
    url, _, _ = served
    registered, recorded, again = played(client, served, Home(served[1].settings.home).trust)
    assert registered.startswith("verified position 1 of ")
    assert "Ed25519 line verified, ML-DSA-44 line there, not verified" in recorded
    assert f"{recorded}, replayed" == again
    position = recorded.split()[2]
    entry = httpx2.get(f"{url}/v1/entries/{position}").json()
    assert "technology.registered/1" == entry["payload"]["type"]


def test_it_says_no_to_what_was_changed(client: list[str], served: Served, tmp_path: Path):
    url, _, _ = served
    trust = Home(served[1].settings.home).trust
    played(client, served, trust)
    whole = base64.b64decode(httpx2.get(f"{url}/v1/entries/2").json()["entry"])
    proof = httpx2.get(f"{url}/v1/entries/2/proof").content

    def says(entry: bytes, proof: bytes) -> tuple[int, str]:
        for name, content in (("entry", entry), ("proof", proof)):
            (tmp_path / name).write_bytes(content)
        done = subprocess.run(
            [*client, "verify", str(tmp_path / "entry"), str(tmp_path / "proof"), str(trust)],
            capture_output=True,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout.partition(" ")[0]

    assert (0, "verified") == says(whole, proof)
    head, _, note = proof.partition(b"\n\n")
    text, _, lines = note.partition(b"\n\n")
    first, *others = lines.split(b"\n")
    flipped = base64.b64decode(first.rpartition(b" ")[2])
    forged = b" ".join(
        [first.rpartition(b" ")[0], base64.b64encode(flipped[:-1] + bytes([flipped[-1] ^ 1]))]
    )
    post_quantum = next(each for each in others if len(each) > 3000)
    changed = {
        "an entry": (whole.replace(b'"trl":4', b'"trl":5'), proof),
        "a place": (whole, proof.replace(b"index 2", b"index 1")),
        "a hash more": (whole, head + b"\n" + head.split(b"\n")[-1] + b"\n\n" + note),
        "a hash less": (whole, head.rpartition(b"\n")[0] + b"\n\n" + note),
        "another size": (whole, proof.replace(text, text.replace(b"\n3\n", b"\n4\n"))),
        "a signature": (whole, b"\n\n".join([head, text, b"\n".join([forged, *others])])),
        "none of the log": (whole, b"\n\n".join([head, text, b"\n".join(others)])),
        "no proof": (whole, b"c2sp.org/tlog-proof@v2" + proof[22:]),
        "without ML-DSA": (whole, proof.replace(post_quantum + b"\n", b"")),
        "a text behind": (whole, proof + b"and more\n"),
        "a line behind": (whole, proof + b"\n" + lines),
        "no last line feed": (whole, proof[:-1]),
        "another index": (whole, proof.replace(b"index 2", b"index 02")),
        "a signed index": (whole, proof.replace(b"index 2", b"index +2")),
        "an index with more": (whole, proof.replace(b"index 2", b"index 2 ")),
        "a hexadecimal index": (whole, proof.replace(b"index 2", b"index 0x2")),
    }
    for what, (entry, receipt) in changed.items():
        assert (entry, receipt) != (whole, proof), what
        assert (1, "refused:") == says(entry, receipt), what


@pytest.mark.parametrize("name", ["client.mjs", "client.go"])
def test_it_is_short_enough_to_be_read_at_once(name: str):
    assert LONGEST >= len((CLIENTS / name).read_text("utf-8").splitlines())


SIGN = """
import { generateKeyPairSync, sign } from "node:crypto";
const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
const said = [publicKey.export({ type: "spki", format: "der" })];
for (let i = 0; i < 40; i++) {
  said.push(lowS(sign("sha256", Buffer.from("x"), { key: privateKey, dsaEncoding: "ieee-p1363" })));
}
console.log(JSON.stringify(said.map((each) => each.toString("base64"))));
"""


def test_the_low_s_of_the_document_is_one(tmp_path: Path):
    """Of forty signatures half were high, or not one in 2^40 runs of this test."""
    (shown,) = re.findall(r"```js\n(.*?)```", (ROOT / "docs/spec/event.md").read_text(), re.DOTALL)
    program = tmp_path / "low_s.mjs"
    program.write_text(shown + SIGN)
    run = subprocess.run(["node", str(program)], capture_output=True, text=True, check=True)
    spki, *signatures = map(base64.b64decode, json.loads(run.stdout))
    key = load_public("ecdsa-p256-sha256", spki)
    assert 40 == len(signatures)
    for each in signatures:
        key.verify(each, b"x")
