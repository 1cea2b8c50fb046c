"""
Every byte of what a frozen ledger handed out: flip one, and it is refused, with its step.

`FLIPS` is how many bytes of each bundle are tried, seeded; the whole of one is a run of its own.
"""

import json
import os
import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from ledger.verify.evidence_check import verify_evidence
from ledger.verify.outcome import Refused
from ledger.verify.verifier import verify_receipt
from tests.golden.test_golden_ledger import LEDGERS
from tests.support.log import flip

FLIPS = int(os.environ.get("FLIPS", "500"))
SHARDS = 8

ledgers = pytest.mark.parametrize("ledger", LEDGERS, ids=lambda path: path.name)


def steps_of(raw: bytes, places: list[int], verify: Callable[[bytes], object]) -> Counter[int]:
    """Flip a bit of each of these bytes; return how often which step refused. None may pass."""
    chance, steps = random.Random(len(places)), Counter[int]()
    for at in places:
        flipped = flip(raw, at, 1 << chance.randrange(8))
        try:
            verify(flipped)
        except Refused as refused:
            steps[refused.step.number] += 1
        else:
            raise AssertionError(f"byte {at}: {flipped[max(0, at - 40) : at + 40]!r}")
    return steps


@ledgers
@pytest.mark.parametrize("name", ["bundle.json", "charter.json"])
@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_byte_of_a_bundle_counts(ledger: Path, name: str, shard: int) -> None:
    raw, trust = (ledger / name).read_bytes(), (ledger / "trust.json").read_bytes()
    places = list(range(shard, len(raw), SHARDS))
    some = random.Random(shard).sample(places, min(FLIPS // SHARDS, len(places)))
    steps = steps_of(raw, some, lambda flipped: verify_evidence(flipped, trust))
    assert {2, 3, 5} <= set(steps)


@ledgers
def test_every_byte_of_a_witnessed_receipt_counts(ledger: Path) -> None:
    """As a tlog-proof: of the JSON around it nothing is believed that is not proved."""
    entry, trust = (ledger / "entry").read_bytes(), (ledger / "trust.json").read_bytes()
    charter = (ledger / "charter.json").read_bytes()
    raw = json.loads((ledger / "receipt.json").read_bytes())["proof"].encode()

    def verify(flipped: bytes) -> object:
        return verify_receipt(flipped, entry, trust, charter)

    verify(raw)
    some = random.Random(7).sample(range(len(raw)), min(FLIPS // 2, len(raw)))
    assert {2, 3} <= set(steps_of(raw, some, verify))


@ledgers
def test_every_byte_of_an_entry_counts(ledger: Path) -> None:
    entry, trust = (ledger / "entry").read_bytes(), (ledger / "trust.json").read_bytes()
    receipt = (ledger / "receipt.tlog-proof").read_bytes()
    steps = steps_of(
        entry, list(range(len(entry))), lambda flipped: verify_receipt(receipt, flipped, trust)
    )
    assert {3} == set(steps)
