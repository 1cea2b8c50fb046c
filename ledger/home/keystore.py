"""
Private keys on disk: PKCS#8 PEM, readable by their owner only.

A file that others can read is refused, not repaired: nobody knows who read it meanwhile.
"""

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

from ledger.runtime import durable
from ledger.wire.regular import read_regular
from ledger.wire.signing_keys import KeyRefused, PrivateKey
from ledger.wire.told import Told


class KeystoreError(Told):
    """Superclass of the errors of the key store. Never raised itself."""


class KeyFileMissing(KeystoreError):
    """There is no such key file."""


class KeyFileUnsafe(KeystoreError):
    """Others than the owner may read the key file."""


class KeyFileRefused(KeystoreError):
    """What lies in a key file does not open to a key of the kind that belongs there."""


class KeyFileExists(KeystoreError):
    """A key file is never overwritten."""


def read_private(path: Path) -> bytes:
    """Return a key file's bytes. Raises `KeyFileMissing`, `KeyFileUnsafe`."""
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise KeyFileMissing(
            f"no key file {path}: name the one that techledger keys new made, or make one"
        ) from None
    if not stat.S_ISREG(mode):
        raise KeyFileUnsafe(f"{path} is no regular file: name the PEM file of the private key")
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileUnsafe(f"{path} may be read by others: chmod 600, if nobody has")
    return read_regular(path)


def write_private(path: Path, pem: bytes) -> None:
    """Write a new key file, mode 0600, durably. Raises `KeyFileExists`."""
    durable.make_directories(path.parent)
    try:
        durable.create(path, pem)
    except FileExistsError:
        raise KeyFileExists(f"{path} is there already") from None


def load_key(path: Path, password: bytes | None = None) -> PrivateKey:
    """Return a party's private key. Raises `KeystoreError`."""
    pem = read_private(path)
    try:
        return PrivateKey.from_pem(pem, password)
    except KeyRefused as error:
        helps = "a PEM file of PKCS#8 is wanted, as techledger keys new makes"
        raise KeyFileRefused(f"{path}: {error}; {helps}") from None


def save_key(path: Path, key: PrivateKey, password: bytes | None = None) -> None:
    """Write a party's private key to a new file."""
    write_private(path, key.to_pem(password))


def create_log_keys(directory: Path) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Make the log's two keys: Ed25519 and ML-DSA-44, `log-ed25519.pem` and `log-mldsa44.pem`."""
    return create_pair(directory, "log")


def create_pair(directory: Path, whose: str) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Make two keys: Ed25519 and ML-DSA-44, `<whose>-ed25519.pem` and `<whose>-mldsa44.pem`.

    One that a kill left alone signed nothing, and is taken up; the Ed25519 file is written last,
    and by it a pair is known. Raises `KeyFileExists` for a whole pair.
    """
    classical_file, quantum_file = _pair_files(directory, whose)
    if classical_file.exists() and quantum_file.exists():
        raise KeyFileExists(f"{classical_file} is there already")
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    if not quantum_file.exists():
        write_private(quantum_file, MLDSA44PrivateKey.generate().private_bytes(*form))
    if not classical_file.exists():
        write_private(classical_file, Ed25519PrivateKey.generate().private_bytes(*form))
    return load_pair(directory, whose)


def save_pair(
    directory: Path, whose: str, classical: Ed25519PrivateKey, quantum: MLDSA44PrivateKey
) -> None:
    """Write two keys to new files."""
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    classical_file, quantum_file = _pair_files(directory, whose)
    write_private(quantum_file, quantum.private_bytes(*form))
    write_private(classical_file, classical.private_bytes(*form))


def add_log_keys(directory: Path) -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Make the next two keys of the log, beside those that are there: `log-2-…`."""
    numbers = (whose.removeprefix("log-") for whose in _log_pairs(directory))
    # Not by their count: those that signed before may be destroyed.
    last = max((int(number) for number in numbers if number.isdecimal()), default=1)
    return create_pair(directory, f"log-{last + 1}")


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
    classical, quantum = map(_load_pem, _pair_files(directory, whose))
    if not isinstance(classical, Ed25519PrivateKey) or not isinstance(quantum, MLDSA44PrivateKey):
        raise KeyFileRefused(f"the keys of {whose} are one Ed25519 and one ML-DSA-44 key")
    return classical, quantum


def _load_pem(path: Path) -> object:
    try:
        return load_pem_private_key(read_private(path), None)
    except (ValueError, TypeError):
        raise KeyFileRefused(f"{path}: the PEM does not open to a private key") from None


def _pair_files(directory: Path, whose: str) -> tuple[Path, Path]:
    return directory / f"{whose}-ed25519.pem", directory / f"{whose}-mldsa44.pem"
