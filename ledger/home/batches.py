"""
Which rows are of this ledger's own processes: a MAC over each batch, and over what a seal goes by.

The key is not in the database: anyone who has the application's role can write rows, but no such
MAC. The publisher signs nothing that no sequencer judged, the sealer nothing that none of us kept,
and nothing is dead that none of us refused.
Every process that appends to this ledger, folds or seals it has the same key, `keys/batches.key`,
made with the ledger; who adds a host copies it.
"""

import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ledger.home.keystore import KeyFileMissing, KeyFileUnsafe, read_private, write_private
from ledger.store.refusals import DeadPayload

KEY_FILE = "batches.key"
KEY_BYTES = 32

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class BatchKey:
    """The key of a ledger's processes, and the origin of the log that they write to."""

    origin: str
    secret: bytes = field(repr=False)

    def mac(self, first: int, leaves: Sequence[bytes]) -> bytes:
        """Return the MAC of a batch: the leaf hashes of its entries, and the first's position."""
        head = f"techledger/batch/v1\n{self.origin}\n{first}\n{len(leaves)}\n"
        return hmac.digest(self.secret, head.encode() + b"".join(leaves), "sha256")

    def made(self, first: int, leaves: Sequence[bytes], mac: bytes) -> bool:
        """Say whether a MAC is of this batch, by this key."""
        return hmac.compare_digest(self.mac(first, leaves), mac)

    def refusal_mac(self, refused: DeadPayload) -> bytes:
        """Return the MAC of what is kept of a refusal for good."""
        head = f"techledger/refusal/v1\n{self.origin}\n"
        return hmac.digest(self.secret, head.encode() + refused.content, "sha256")

    def kept_mac(self, what: bytes, size: int, state: bytes) -> bytes:
        """Return the MAC of what is kept of the first `size` entries, and moves on with them."""
        head = b"techledger/kept/v1\n%b\n%d\n%d\n%b\n"
        said = head % (self.origin.encode(), size, len(what), what)
        return hmac.digest(self.secret, said + state, "sha256")

    def backup_mac(self, manifest: bytes) -> str:
        """Return the MAC of what a backup says of itself, in hex."""
        head = b"techledger/backup/v1\n%b\n" % self.origin.encode()
        return hmac.digest(self.secret, head + manifest, "sha256").hex()


def is_ours(refused: DeadPayload, key: BatchKey | None) -> bool:
    """Say whether one of the ledger's own processes refused that; without a key it is believed."""
    return key is None or hmac.compare_digest(key.refusal_mac(refused), refused.mac)


def ours(dead: Mapping[bytes, DeadPayload], key: BatchKey | None) -> dict[bytes, DeadPayload]:
    """Return, by its hash, what the ledger's own processes refused for good; log what is not."""
    for payload_sha256, refused in dead.items():
        if not is_ours(refused, key):
            _log.error("refusal_disregarded", payload=f"sha256:{payload_sha256.hex()}")
    return {name: refused for name, refused in dead.items() if is_ours(refused, key)}


def load_batch_key(directory: Path, origin: str) -> BatchKey:
    """Return the key. Raises `KeyFileMissing`, `KeyFileUnsafe`."""
    try:
        secret = bytes.fromhex(read_private(directory / KEY_FILE).decode("ascii"))
    except ValueError:
        secret = b""
    if len(secret) != KEY_BYTES:
        raise KeyFileUnsafe(f"{directory / KEY_FILE} is no key of {KEY_BYTES} bytes, in hex")
    return BatchKey(origin, secret)


def make_batch_key(directory: Path, origin: str) -> BatchKey:
    """Return the key, made where there is none yet: once, with the ledger."""
    try:
        return load_batch_key(directory, origin)
    except KeyFileMissing:
        write_private(directory / KEY_FILE, secrets.token_hex(KEY_BYTES).encode())
        return load_batch_key(directory, origin)
