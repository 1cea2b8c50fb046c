"""
What is posted to a witness: the bodies of `add-checkpoint` and `sign-subtree` (C2SP tlog-witness).

    old 20852014                            subtree 8 13
    PlRNCrwHpqhGrupue0L7gxbjbMiKA9t…        mbsQCg+dEIMGlpqeGgk94JutQwKKS2Lo5IuDhKmDjiU=
                                            CD82D2LDm0phY0+xKbHyZfq3Hw21lVkuV7Zis5EFg0k=
    example.com/behind-the-sofa
    …                                       example.com/behind-the-sofa …

A first line that says what is asked, hashes, an empty line, and a signed checkpoint, verbatim.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ledger.log.encoding import read_decimal, read_hash, write_base64
from ledger.log.merkle import LogError
from ledger.quoted import quoted

MAX_PROOF: Final = 63
"""Hashes of a proof at most: no tree is higher."""

_GAP = b"\n\n"


class MalformedRequest(LogError):
    """A body is not of the form that the protocol asks for."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A checkpoint to cosign, and the proof that it continues the tree of `old` entries."""

    old: int
    proof: tuple[bytes, ...]
    note: bytes


@dataclass(frozen=True, slots=True)
class SignSubtree:
    """A subtree [start, end) to cosign, and the proof that it is one of a cosigned tree."""

    start: int
    end: int
    root: bytes
    proof: tuple[bytes, ...]
    note: bytes


def format_add_checkpoint(old: int, proof: Sequence[bytes], note: bytes) -> bytes:
    """Write the body of `add-checkpoint`, as a feeder posts it."""
    lines = [f"old {old}", *map(write_base64, proof)]
    return "\n".join(lines).encode() + _GAP + note


def parse_add_checkpoint(body: bytes) -> AddCheckpoint:
    """Read the body of `add-checkpoint`, or raise `MalformedRequest`."""
    first, lines, note = _parts(body)
    word, _, old = first.partition(" ")
    if word != "old":
        raise MalformedRequest(f"the first line is `old`, a space and a size: {quoted(first)}")
    return AddCheckpoint(read_decimal(old, MalformedRequest), _proof(lines), note)


def parse_sign_subtree(body: bytes) -> SignSubtree:
    """Read the body of `sign-subtree`, or raise `MalformedRequest`."""
    first, lines, note = _parts(body)
    word, _, numbers = first.partition(" ")
    start, _, end = numbers.partition(" ")
    if word != "subtree" or not lines:
        raise MalformedRequest(
            f"the first line is `subtree`, start and end, the second its hash: {quoted(first)}"
        )
    root, *proof = lines
    return SignSubtree(
        read_decimal(start, MalformedRequest),
        read_decimal(end, MalformedRequest),
        read_hash(root, MalformedRequest),
        _proof(proof),
        note,
    )


def _parts(body: bytes) -> tuple[str, list[str], bytes]:
    """Return the first line, those up to the first empty line, and the note below it."""
    head, gap, note = body.partition(_GAP)
    if not gap or not head.isascii():
        raise MalformedRequest(
            f"a request is lines of ASCII, an empty line, and a checkpoint: {quoted(body)}"
        )
    first, *lines = head.decode("ascii").split("\n")
    return first, lines, note


def _proof(lines: list[str]) -> tuple[bytes, ...]:
    if len(lines) > MAX_PROOF:
        raise MalformedRequest(f"a proof has at most {MAX_PROOF} hashes")
    return tuple(read_hash(line, MalformedRequest) for line in lines)
