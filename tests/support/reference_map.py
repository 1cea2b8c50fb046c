"""
What the map of subjects proves, verified step by step (docs/spec/seal.md).

The product's own verifier of it is `ledger.court.check_history`; this is the second opinion.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

from ledger.log.merkle import HASH_SIZE, LogError
from ledger.log.subject_map import (
    EMPTY,
    KEY_BITS,
    History,
    MapProof,
    key_of,
    leaf_of,
    map_leaf,
    untouched,
)


class MapProofRefused(LogError):
    """A proof does not lead to the root of the map, or is not one for this subject."""


def verify_history(root: bytes, subject: str, history: History, proof: MapProof) -> None:
    """Raise `MapProofRefused` unless the map of this root holds this value of the subject."""
    if proof.other is not None or history.count < 1:
        raise MapProofRefused("a proof that something is there names it alone")
    _must_lead(root, key_of(subject), leaf_of(key_of(subject), history), proof.siblings)


def verify_absence(root: bytes, subject: str, proof: MapProof) -> None:
    """Raise `MapProofRefused` unless the map of this root holds no value of the subject."""
    key, end = key_of(subject), EMPTY
    if proof.other is not None:
        other, value_hash = proof.other
        depths = range(len(proof.siblings))
        fits = len(other) == HASH_SIZE and other != key and len(depths) <= KEY_BITS
        if not fits or any(_bit(key, depth) != _bit(other, depth) for depth in depths):
            raise MapProofRefused("the leaf shown instead does not lie on this subject's path")
        end = map_leaf(other, value_hash)
    _must_lead(root, key, end, proof.siblings)


def verify_whole(
    root: bytes,
    subject: str,
    history: History | None,
    proof: MapProof,
    leaves: Iterable[tuple[int, bytes]],
) -> None:
    """Raise `MapProofRefused` unless (position, leaf hash) pairs are all that the map says of one.

    `history` is what is stated of the subject, None that it is not in the map.
    """
    if history is None:
        verify_absence(root, subject, proof)
    else:
        verify_history(root, subject, history, proof)
    found = untouched(subject)
    for position, leaf in leaves:
        found = found.and_then(position, leaf)
    if found != (history or untouched(subject)):
        raise MapProofRefused(f"the entries shown are not the history of {subject}")


def read_root(text: object) -> bytes:
    """Read `sha256:<hex>` as a seal states it, or raise `MapProofRefused`."""
    digits = text.removeprefix("sha256:") if isinstance(text, str) else ""
    if len(digits) != 2 * HASH_SIZE or text != f"sha256:{digits.lower()}":
        raise MapProofRefused("a seal states a root as sha256 and 64 hex digits")
    try:
        return bytes.fromhex(digits)
    except ValueError:
        raise MapProofRefused("a seal states a root as sha256 and 64 hex digits") from None


def _must_lead(root: bytes, key: bytes, end: bytes, siblings: Sequence[bytes]) -> None:
    if len(siblings) > KEY_BITS or any(len(each) != HASH_SIZE for each in siblings):
        raise MapProofRefused(f"a path has at most {KEY_BITS} hashes of {HASH_SIZE} bytes")
    found = end
    for depth in reversed(range(len(siblings))):
        beside = siblings[depth]
        found = (
            sha256(b"\x01" + beside + found).digest()
            if _bit(key, depth)
            else sha256(b"\x01" + found + beside).digest()
        )
    if found != root:
        raise MapProofRefused("the path does not lead to the root of the map")


def _bit(key: bytes, depth: int) -> int:
    return key[depth >> 3] >> (7 - (depth & 7)) & 1
