"""
Witnesses for tests.

One over a log in memory, with the bodies that a feeder posts to it, and real ones that are served
on loopback for a ledger under test.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import uvicorn

from api.witness_app import witness_app
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.merkle import root_of
from ledger.log.note import Verifier
from ledger.log.proof import prove_consistency
from ledger.log.witness_request import format_add_checkpoint
from ledger.witness.directory import policy_lines
from ledger.witness.state import WitnessState, create_book
from ledger.witness.witness import Witness, WitnessResponse
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
    return format_add_checkpoint(old, proved, raw or note(size))


def _proof(old: int, size: int) -> list[bytes]:
    return prove_consistency(old, size, MemoryHashes(LEAVES)) if 0 < old < size else []


class Bench:
    """A witness with a clock that is set by hand."""

    def __init__(self, path: Path, *, fresh: bool = True) -> None:
        if fresh:
            create_book(path)
        self.book, self.now = WitnessState(path), TIME
        logs = {ORIGIN: verifiers(log_signers())}
        self.witness = Witness(*signers(), logs, self.book, lambda: self.now)

    def add(self, old: int, size: int) -> WitnessResponse:
        return self.witness.add_checkpoint(asked(old, size))

    def close(self) -> None:
        self.book.close()


class Member:
    """A witness of some group, served over HTTP as long as the test wants it."""

    def __init__(self, label: str, directory: Path, log_keys: Sequence[Verifier]) -> None:
        self.label, self.name = label, f"witness.example.vn/{label}"
        self.book_path, self._log_keys = directory / f"{label}.sqlite", tuple(log_keys)
        self.now: Callable[[], int] = lambda: int(time.time())
        create_book(self.book_path)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._signers = (
            CosignatureV1Signer(self.name, ed25519_key(self.name)),
            MLDSA44Signer(self.name, ml_dsa_key(self.name)),
        )

    @property
    def policy(self) -> str:
        """Its lines of a policy, the URL included."""
        lines = policy_lines(self.label, self._signers).splitlines()
        return "".join(f"{line} {self.url}\n" for line in lines)

    @contextmanager
    def served(self) -> Iterator[None]:
        book, logs = WitnessState(self.book_path), {self._log_keys[0].name: self._log_keys}
        witness = Witness(*self._signers, logs, book, self.now)
        app = witness_app(witness)
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", http="httptools"))
        listening = self._socket.dup()
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield
        finally:
            server.should_exit = True
            thread.join()
            book.close()

    def close(self) -> None:
        self._socket.close()


GROUPS = ("state", "institute", "firm")


@contextmanager
def members(directory: Path, log_keys: Sequence[Verifier]) -> Iterator[dict[str, Member]]:
    """Make a witness for each of the three groups; none is served yet."""
    with ExitStack() as stack:
        made = {label: Member(label, directory, log_keys) for label in GROUPS}
        for member in made.values():
            stack.callback(member.close)
        yield made


def policy_of(made: dict[str, Member]) -> str:
    """Return a policy that asks for a cosignature of each kind by each of the three groups."""
    lines = [member.policy for member in made.values()]
    groups = [f"group {label}s all {label}-ed25519 {label}-mldsa44\n" for label in made]
    everyone = " ".join(f"{label}s" for label in made)
    return "".join([*lines, *groups, f"group everyone all {everyone}\nquorum everyone\n"])
