"""
An evidence bundle: one file with which a court checks what a ledger recorded (docs/spec/bundle.md).

JSON in exactly one spelling: members sorted, no spaces, one LF at the end. Nothing in it is
believed; this module only takes it apart and puts it together.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, TypeVar

from ledger.log.encoding import read_base64, read_hash, write_base64
from ledger.log.merkle import LogError
from ledger.log.subject_map import History, MapProof
from ledger.quoted import first_difference, quoted

FORMAT: Final = "techledger-bundle/v1"

MAX_EVIDENCE: Final = 1 << 28
"""Bytes of a bundle at most."""

T = TypeVar("T")


class MalformedEvidence(LogError):
    """Bytes are not those of an evidence bundle."""


@dataclass(frozen=True, slots=True)
class ShownEntry:
    """An entry, and its inclusion proof under the bundle's checkpoint."""

    position: int
    raw: bytes
    proof: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ShownHistory:
    """What the sealed map says of a subject, None for nothing, and its proof."""

    subject: str
    history: History | None
    proof: MapProof


@dataclass(frozen=True, slots=True)
class Evidence:
    """
    A bundle taken apart.

    `checkpoint` is the signed note, `policy` the file by which its cosignatures count. `earlier`
    are older notes with consistency proofs; `seal` is the position of the seal that `histories`
    are under; `openings` are (position, opening as JSON).
    """

    checkpoint: bytes
    policy: bytes
    entries: tuple[ShownEntry, ...]
    earlier: tuple[tuple[bytes, tuple[bytes, ...]], ...] = ()
    seal: int | None = None
    histories: tuple[ShownHistory, ...] = ()
    openings: tuple[tuple[int, dict[str, Any]], ...] = ()


def format_evidence(evidence: Evidence) -> bytes:
    """Write a bundle."""
    members = {
        "checkpoint": evidence.checkpoint.decode("utf-8", "surrogateescape"),
        "earlier": [
            {"checkpoint": note.decode("utf-8", "surrogateescape"), "proof": _hashes(proof)}
            for note, proof in evidence.earlier
        ],
        "entries": [
            {
                "entry": write_base64(each.raw),
                "position": each.position,
                "proof": _hashes(each.proof),
            }
            for each in evidence.entries
        ],
        "format": FORMAT,
        "histories": [_history(each) for each in evidence.histories],
        "openings": [
            {"opening": opening, "position": position} for position, opening in evidence.openings
        ],
        "policy": evidence.policy.decode("utf-8", "surrogateescape"),
        "seal": evidence.seal,
    }
    text = json.dumps(members, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return text.encode("utf-8", "surrogateescape") + b"\n"


def parse_evidence(raw: bytes) -> Evidence:
    """Read a bundle, or raise `MalformedEvidence`. Nothing in it is verified."""
    if len(raw) > MAX_EVIDENCE:
        raise MalformedEvidence(f"a bundle has at most {MAX_EVIDENCE} bytes")
    try:
        evidence = _evidence(json.loads(raw.decode("utf-8", "surrogateescape")))
        written = format_evidence(evidence)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MalformedEvidence(f"not of a bundle's form: {error!r:.100}") from None
    positions = [each.position for each in evidence.entries]
    subjects = [each.subject for each in evidence.histories]
    for before, after in (*pairwise(positions), *pairwise(subjects)):
        if not before < after:  # type: ignore[operator]  # two of one kind
            raise MalformedEvidence(
                "entries and histories are shown in order, each once: "
                f"{quoted(after)} stands behind {quoted(before)}"
            )
    # One spelling: so every byte of the file matters, and nothing can hide between the members.
    if written != raw:
        at = first_difference(written, raw)
        raise MalformedEvidence(f"a bundle is written in one way: this differs from byte {at} on")
    return evidence


def _evidence(members: Any) -> Evidence:
    if members["format"] != FORMAT:
        raise MalformedEvidence(f"a bundle of a format other than {FORMAT}")
    return Evidence(
        _octets(members["checkpoint"]),
        _octets(members["policy"]),
        tuple(
            ShownEntry(
                _count(each["position"]),
                read_base64(each["entry"], MalformedEvidence),
                _read_hashes(each["proof"]),
            )
            for each in members["entries"]
        ),
        tuple(
            (_octets(each["checkpoint"]), _read_hashes(each["proof"]))
            for each in members["earlier"]
        ),
        _optional(members["seal"], _count),
        tuple(map(_read_history, members["histories"])),
        tuple((_count(each["position"]), dict(each["opening"])) for each in members["openings"]),
    )


def _history(shown: ShownHistory) -> dict[str, Any]:
    value, other = shown.history, shown.proof.other
    return {
        "other": other and {"key": other[0].hex(), "value_sha256": other[1].hex()},
        "siblings": _hashes(shown.proof.siblings),
        "subject": shown.subject,
        "value": value
        and {"chain": f"sha256:{value.chain.hex()}", "count": value.count, "last": value.last},
    }


def _read_history(members: Any) -> ShownHistory:
    def value(found: Any) -> History:
        chain = bytes.fromhex(str(found["chain"]).removeprefix("sha256:"))
        return History(_count(found["count"]), _count(found["last"]), chain)

    def other(found: Any) -> tuple[bytes, bytes]:
        return bytes.fromhex(found["key"]), bytes.fromhex(found["value_sha256"])

    subject = str(members["subject"])
    if not subject.isascii():
        raise MalformedEvidence(f"a subject is written in ASCII: {quoted(subject)}")
    return ShownHistory(
        subject,
        _optional(members["value"], value),
        MapProof(_read_hashes(members["siblings"]), _optional(members["other"], other)),
    )


def _optional(value: Any, read: Callable[[Any], T]) -> T | None:
    return None if value is None else read(value)


def _count(value: Any) -> int:
    if type(value) is not int or value < 0:
        raise MalformedEvidence(
            f"a position or a count is an integer of 0 or more: {quoted(value)}"
        )
    return value


def _octets(text: Any) -> bytes:
    return str(text).encode("utf-8", "surrogateescape")


def _hashes(hashes: tuple[bytes, ...]) -> list[str]:
    return [write_base64(each) for each in hashes]


def _read_hashes(texts: Any) -> tuple[bytes, ...]:
    return tuple(read_hash(text, MalformedEvidence) for text in texts)
