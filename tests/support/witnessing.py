"""A witness over a log in memory, and the bodies that a feeder posts to it."""

from pathlib import Path

from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.encoding import write_base64
from ledger.log.merkle import root_of
from ledger.log.proof import prove_consistency
from ledger.witness.book import Book, create_book
from ledger.witness.witness import Answer, Witness
from tests.support.log import (
    ORIGIN,
    TIME,
    MemoryHashes,
    ed25519_key,
    leaves,
    log_signers,
    ml_dsa_key,
    verifiers,
)

NAME = "witness.example.vn/state"
LEAVES = leaves(40)


def signers() -> tuple[CosignatureV1Signer, MLDSA44Signer]:
    return CosignatureV1Signer(NAME, ed25519_key(NAME)), MLDSA44Signer(NAME, ml_dsa_key(NAME))


def note(size: int, root: bytes | None = None, origin: str = ORIGIN) -> bytes:
    """Return a checkpoint of the log, signed by both of its keys."""
    found = root_of(LEAVES[:size]) if root is None else root
    return sign_checkpoint(Checkpoint(origin, size, found), log_signers(origin), TIME)


def asked(old: int, size: int, *, proof: list[bytes] | None = None, raw: bytes = b"") -> bytes:
    """Return the body of `add-checkpoint`."""
    proved = _proof(old, size) if proof is None else proof
    lines = [f"old {old}", *map(write_base64, proved)]
    return "\n".join(lines).encode() + b"\n\n" + (raw or note(size))


def _proof(old: int, size: int) -> list[bytes]:
    return prove_consistency(old, size, MemoryHashes(LEAVES)) if 0 < old < size else []


class Bench:
    """A witness with a clock that is set by hand."""

    def __init__(self, path: Path, *, fresh: bool = True) -> None:
        if fresh:
            create_book(path)
        self.book, self.now = Book(path), TIME
        logs = {ORIGIN: verifiers(log_signers())}
        self.witness = Witness(*signers(), logs, self.book, lambda: self.now)

    def add(self, old: int, size: int) -> Answer:
        return self.witness.add_checkpoint(asked(old, size))
