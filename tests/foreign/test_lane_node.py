"""JavaScript: Node's Ed25519, noble's ML-DSA-44, sigstore's Merkle code, on notes and receipts."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.foreign.conftest import FLIPS_A_FILE, Sample

CLIENT = Path(__file__).parent / "node" / "client.mjs"
RECEIPT = ["checkpoint", "receipt.tlog-proof", "entry"]


def test_node(sample: Sample, node_modules: Callable[..., Path], ask: Callable[..., Any]) -> None:
    home = node_modules("node", "@sigstore/verify@3.1.1", "@noble/post-quantum@0.7.1")
    job = {**sample.job, "flips": sample.flips(7, RECEIPT)}
    said = ask(["node", str(CLIENT), str(home)], job)
    assert ("verified", []) == (said["honest"], said["accepted"])
    assert FLIPS_A_FILE * len(RECEIPT) == said["tried"]
