"""
Private keys on disk: PKCS#8 PEM, readable by their owner only.

A file that others can read is refused, not repaired: nobody knows who read it meanwhile.
"""

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from ledger.wire.keys import PrivateKey


class KeystoreError(Exception):
    """Superclass of the errors of the key store. Never raised itself."""


class KeyFileMissing(KeystoreError):
    """There is no such key file."""


class KeyFileUnsafe(KeystoreError):
    """Others than the owner may read the key file."""


class KeyFileExists(KeystoreError):
    """A key file is never overwritten."""


def read_private(path: Path) -> bytes:
    """Return a key file's bytes. Raises `KeyFileMissing`, `KeyFileUnsafe`."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeyFileMissing(f"no key file {path}") from None
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileUnsafe(f"{path} may be read by others: chmod 600, if nobody has")
    return path.read_bytes()


def write_private(path: Path, pem: bytes) -> None:
    """Write a new key file, mode 0600, durably. Raises `KeyFileExists`."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileExists(f"{path} is there already") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())


def load_key(path: Path, password: bytes | None = None) -> PrivateKey:
    """Return a party's private key."""
    return PrivateKey.from_pem(read_private(path), password)


def save_key(path: Path, key: PrivateKey, password: bytes | None = None) -> None:
    """Write a party's private key to a new file."""
    write_private(path, key.to_pem(password))


def create_log_keys(directory: Path) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Make the log's two keys: Ed25519 and ML-DSA-44, `log-ed25519.pem` and `log-mldsa44.pem`."""
    return create_pair(directory, "log")


def create_pair(directory: Path, whose: str) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Make two keys: Ed25519 and ML-DSA-44, `<whose>-ed25519.pem` and `<whose>-mldsa44.pem`."""
    pair = Ed25519PrivateKey.generate(), MLDSA44PrivateKey.generate()
    save_pair(directory, whose, *pair)
    return pair


def save_pair(
    directory: Path, whose: str, classical: Ed25519PrivateKey, quantum: MLDSA44PrivateKey
) -> None:
    """Write two keys to new files."""
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(directory / f"{whose}-ed25519.pem", classical.private_bytes(*form))
    write_private(directory / f"{whose}-mldsa44.pem", quantum.private_bytes(*form))


def add_log_keys(directory: Path) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Make the next two keys of the log, beside those that are there: `log-2-…`."""
    return create_pair(directory, f"log-{len(_log_pairs(directory)) + 1}")


def load_log_keys(directory: Path) -> tuple[Ed25519PrivateKey | MLDSA44PrivateKey, ...]:
    """Return all keys of the log that are there, the first two first. Raises `KeyFileMissing`."""
    pairs = _log_pairs(directory) or ["log"]
    return tuple(key for whose in pairs for key in load_pair(directory, whose))


def _log_pairs(directory: Path) -> list[str]:
    """Return the names of the log's pairs of keys, in the order in which they were made."""
    names = [path.name.removesuffix("-ed25519.pem") for path in directory.glob("log*-ed25519.pem")]
    return sorted(names, key=lambda name: (len(name), name))


def load_pair(directory: Path, whose: str) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Return two keys as `create_pair` made them."""
    classical = load_pem_private_key(read_private(directory / f"{whose}-ed25519.pem"), None)
    quantum = load_pem_private_key(read_private(directory / f"{whose}-mldsa44.pem"), None)
    if not isinstance(classical, Ed25519PrivateKey) or not isinstance(quantum, MLDSA44PrivateKey):
        raise KeyFileMissing(f"the keys of {whose} are one Ed25519 and one ML-DSA-44 key")
    return classical, quantum
