"""Reads what a run was answered, when the clock has stopped, and verifies a sample of it.

Every answer must say that its event is in the log; the proofs of a sample, spread over the whole
run, are verified against the trust root, as a client would.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.figure import WrongAnswer
from bench.workload import Prepared
from ledger.log.checkpoint import Checkpoint, open_checkpoint
from ledger.log.merkle import leaf_hash
from ledger.log.proof import verify_inclusion
from ledger.log.receipt import TlogProof, parse_tlog_proof
from ledger.verify.trust import Trust
from ledger.wire.base64 import b64decode
from ledger.wire.entry import Entry, format_entry
from ledger.wire.envelope import envelope_from_object

SAMPLE = 500
"""Receipts whose proofs are verified, of each run."""


@dataclass(frozen=True, slots=True)
class Answered:
    """A submission and the receipt that came for it; `proof` is in the tlog-proof format."""

    prepared: Prepared
    receipt: Mapping[str, Any]
    proof: bytes | TlogProof


def single_answer(prepared: Prepared, status: int, body: bytes) -> Answered:
    """Read the answer to a single submission. Raises `WrongAnswer` unless it is a receipt."""
    if status != 201:  # noqa: PLR2004  (Created)
        raise WrongAnswer(f"{status}: {body.decode(errors='replace')[:300]}")
    receipt = json.loads(body)
    return Answered(prepared, receipt, receipt["proof"].encode())


def bulk_answers(prepared: Sequence[Prepared], status: int, body: bytes) -> list[Answered]:
    """Read the answer to a bulk submission. Raises `WrongAnswer` unless each one was admitted."""
    if status != 200:  # noqa: PLR2004  (OK)
        raise WrongAnswer(f"{status}: {body.decode(errors='replace')[:300]}")
    answers: list[Answered] = []
    checkpoint = b""
    for line in body.splitlines():
        members = json.loads(line)
        if "checkpoint" in members:
            checkpoint = members["checkpoint"].encode()
            continue
        if members["status"] != "admitted":
            raise WrongAnswer(f"line {members['line']}: {line.decode(errors='replace')[:300]}")
        receipt = members["receipt"]
        hashes = tuple(b64decode(each) for each in receipt["inclusion"])
        proof = TlogProof(receipt["position"], hashes, checkpoint)
        answers.append(Answered(prepared[len(answers)], receipt, proof))
    if len(answers) != len(prepared):
        raise WrongAnswer(f"{len(prepared)} events were sent, {len(answers)} answered")
    return answers


def verify_sample(trust: Trust, answered: Sequence[Answered], sample: int = SAMPLE) -> int:
    """Verify the proofs of a sample, spread evenly; return how many hold.

    Raises `WrongAnswer` where two events were given one position, and the errors of `ledger.log`
    where a proof does not hold.
    """
    if len({each.receipt["position"] for each in answered}) != len(answered):
        raise WrongAnswer("two events stand at one position")
    chosen = answered[:: max(1, len(answered) // sample)][:sample]
    return sum(_verify(trust, chosen))


def _verify(trust: Trust, answered: Iterable[Answered]) -> Iterable[bool]:
    opened: dict[bytes, Checkpoint] = {}
    verifiers = trust.verifiers
    for each in answered:
        proof = each.proof if isinstance(each.proof, TlogProof) else parse_tlog_proof(each.proof)
        note = proof.checkpoint_raw
        if note not in opened:
            opened[note] = open_checkpoint(note, trust.origin, verifiers)
        checkpoint = opened[note]
        leaf = leaf_hash(_entry(each))
        verify_inclusion(leaf, proof.index, checkpoint.size, proof.hashes, checkpoint.root)
        yield proof.index == each.receipt["position"]


def _entry(answered: Answered) -> bytes:
    """Return the entry that must be in the log: what was sent, in its frame."""
    envelope = envelope_from_object(json.loads(answered.prepared.body)["envelope"])
    return format_entry(
        Entry(
            answered.receipt["accepted"],
            envelope.payload_type,
            envelope.signatures,
            envelope.payload,
        )
    )
