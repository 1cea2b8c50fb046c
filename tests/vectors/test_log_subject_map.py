"""The vectors of the map of subjects, as they stand in docs/spec/seal.md's format."""

import json
from pathlib import Path
from typing import Any

import pytest

from ledger.log.subject_map import History, MapProof, SubjectMap
from tests.support.reference_map import verify_absence, verify_history

VECTORS = Path(__file__).parents[1] / "golden" / "log" / "subject_map.json"


def cases() -> list[dict[str, Any]]:
    read: list[dict[str, Any]] = json.loads(VECTORS.read_text("utf-8"))
    return read


def proof_of(case: dict[str, Any]) -> MapProof:
    other = case["other"] and tuple(map(bytes.fromhex, case["other"]))
    return MapProof(tuple(map(bytes.fromhex, case["siblings"])), other)


@pytest.mark.parametrize("case", cases(), ids=lambda case: str(case["name"]))
def test_vector(case: dict[str, Any]) -> None:
    subjects = SubjectMap()
    for position, (subject, leaf) in enumerate(case["touches"]):
        subjects.touch(subject, position, bytes.fromhex(leaf))
    root = bytes.fromhex(case["root"])
    assert root == subjects.root()
    for asked in case["proofs"]:
        proof = proof_of(asked)
        assert subjects.prove(asked["subject"]) == proof
        if asked["value"] is None:
            verify_absence(root, asked["subject"], proof)
            continue
        value = json.loads(asked["value"])
        chain = bytes.fromhex(value["chain"].removeprefix("sha256:"))
        history = History(value["count"], value["last"], chain)
        assert asked["value"].encode() == history.canonical()
        verify_history(root, asked["subject"], history, proof)
