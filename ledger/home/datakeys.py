"""
The keys of the vault, in files outside the database: what is destroyed here is destroyed.

A database cannot forget: what a row held is in dead tuples, in the WAL, in every backup. So the
keys by which openings are read lie in a directory of their own, one file a key, and never enter
the database. To erase a person is to overwrite one file in its place (decision 25).

    <LEDGER_VAULT>/ledger          the ledger's own key, which every opening needs
    <LEDGER_VAULT>/<32 hex>        a person's; the name is a MAC of its token under the ledger's key
    <LEDGER_VAULT>/applied         the last erasure of the log that was applied here
    <LEDGER_VAULT>/since           the size of the log when the keys were made again, if ever
    <LEDGER_KEK_FILE>              the key-encryption key that all of them are wrapped under

A file is `techledger-data-key/1 <KEK id> <base64>` or, for good, `techledger-data-key/1 erased`.
The wrapping is AES-256-GCM; its associated data are the origin and the file's name, so a file that
was renamed or brought from another ledger does not open.
"""

import fcntl
import hashlib
import hmac
import os
import re
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ledger.home.keystore import KeyFileMissing, KeyFileUnsafe, read_private
from ledger.runtime import durable
from ledger.runtime.faults import NeedsOperator
from ledger.wire.base64 import MalformedBase64, b64decode, b64encode
from ledger.wire.regular import read_regular

KEY_BYTES, NONCE_BYTES = 32, 12

KEYS_CACHED = 10_000
"""Data keys that are kept unwrapped in memory: about 2 MB."""

LEDGER = "ledger"
"""Name of the key that every opening of the ledger needs."""

_MARK = b"techledger-data-key/1 "
_ERASED = _MARK + b"erased"
_KEK_MARK = b"techledger-kek/1 "
_NAME = re.compile(r"ledger|[0-9a-f]{32}")


class DataKeyError(NeedsOperator):
    """Superclass of the errors of the vault's keys. Never raised itself; `code` is stable."""

    code: ClassVar[str]
    exit_code = 78

    def __str__(self) -> str:
        return f"{self.code}: {super().__str__()}"


class KekMissing(DataKeyError):
    """There is no key-encryption key where the settings say, or others may read it."""

    code = "KEK_MISSING"


class KekWrong(DataKeyError):
    """The data keys are wrapped under another key-encryption key than the one at hand."""

    code = "KEK_WRONG"


class VaultMissing(DataKeyError):
    """There is no directory of data keys where the settings say, or no key of the ledger in it."""

    code = "VAULT_MISSING"


class DataKeyDamaged(DataKeyError):
    """A data key's file was altered, or is that of another person or ledger."""

    code = "DATA_KEY_DAMAGED"


class VaultExists(DataKeyError):
    """There are keys already; new ones would open nothing that was kept under them."""

    code = "VAULT_EXISTS"


@dataclass(frozen=True, slots=True, repr=False)
class Kek:
    """A key-encryption key."""

    key: bytes

    @property
    def id(self) -> str:
        """16 hex digits that say which key it is, and nothing about it."""
        return hashlib.sha256(b"techledger/kek/v1\n" + self.key).hexdigest()[:16]

    def wrap(self, key: bytes, place: bytes) -> bytes:
        """Return the content of a data key's file."""
        nonce = os.urandom(NONCE_BYTES)
        sealed = nonce + AESGCM(self.key).encrypt(nonce, key, place)
        return b"".join((_MARK, self.id.encode(), b" ", b64encode(sealed).encode(), b"\n"))

    def unwrap(self, sealed: bytes, place: bytes) -> bytes:
        """Return a data key. Raises `InvalidTag`."""
        return AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place)


class DataKeys:
    """The data keys of one ledger. Processes share the directory; one at a time changes it."""

    def __init__(self, directory: Path, kek_file: Path, origin: str) -> None:
        self.directory = directory
        self._kek_file = kek_file
        self._origin = origin
        self._keks: dict[str, Kek] = {}
        self._unwrapped: OrderedDict[str, bytes] = OrderedDict()

    @classmethod
    def create(cls, directory: Path, kek_file: Path, origin: str) -> "DataKeys":
        """Make the key-encryption key and the ledger's own data key, those that are not there.

        For a ledger that keeps no opening yet: it says nothing of data keys that are gone. Raises
        `KekMissing` or `KekWrong` where there are data keys that cannot be read.
        """
        keys = cls(directory, kek_file, origin)
        durable.make_directories(directory)
        if not (directory / LEDGER).exists():
            durable.make_directories(kek_file.parent)
            if not kek_file.exists():
                _write_kek(kek_file, Kek(os.urandom(KEY_BYTES)))
            keys.get_or_make(LEDGER)
        keys.open()
        return keys

    def begin_again(self, size: int) -> None:
        """Give up the data keys that are there, and make a ledger's key at this size of its log."""
        durable.make_directories(self.directory)
        with self._alone():
            for name in self._names():
                (self.directory / name).unlink()
            durable.replace(self.directory / "since", b"%d\n" % size)
        self.create(self.directory, self._kek_file, self._origin)

    def open(self) -> None:
        """Raise `KekMissing`, `KekWrong`, `VaultMissing` or `DataKeyDamaged` unless all is here."""
        self.forget()
        if not (self.directory / LEDGER).exists():
            raise VaultMissing(f"no data keys in {self.directory}")
        self._load_keks()
        self.ledger_key()

    def ledger_key(self) -> bytes:
        """Return the key that every opening needs."""
        key = self.get(LEDGER)
        if key is None:
            raise VaultMissing(f"no data keys in {self.directory}")
        return key

    def name_of(self, token: str) -> str:
        """Return the name of a person's key, which tells nobody without our keys whose it is."""
        told = b"techledger/holder/v1\n" + token.encode()
        return hmac.new(self.ledger_key(), told, hashlib.sha256).hexdigest()[:32]

    def get(self, name: str) -> bytes | None:
        """Return a data key; None where there is none, or it was erased."""
        if (known := self._unwrapped.get(name)) is not None:
            self._unwrapped.move_to_end(name)
            return known
        try:
            content = read_regular(self.directory / name)
        except FileNotFoundError:
            return None
        if content.startswith(_ERASED):
            return None
        return self._remember(name, self._unwrap(name, content))

    def get_or_make(self, name: str) -> bytes | None:
        """Return a data key, made where there is none; None where it was erased."""
        if (key := self.get(name)) is not None:
            return key
        with self._alone():
            if not (self.directory / name).exists():
                key = os.urandom(KEY_BYTES)
                content = self._newest_kek().wrap(key, self._place(name))
                durable.create(self.directory / name, content)
                return self._remember(name, key)
        return self.get(name)

    def erase(self, name: str) -> bool:
        """Destroy a data key for good, durably; say whether there was one.

        It is overwritten in its place: a new file would leave the old one's blocks on the disk.
        No key of that name is ever made again.
        """
        assert name != LEDGER, "every opening needs it"
        path = self.directory / name
        self._unwrapped.pop(name, None)
        with self._alone():
            for unfinished in self.directory.glob(f".{name}*"):
                _overwrite(unfinished, b"\0" * unfinished.stat().st_size)
                unfinished.unlink()
            if not path.exists():
                durable.create(path, _ERASED + b"\n")
                return False
            content = read_regular(path)
            if content.startswith(_ERASED):
                return False
            _overwrite(path, _ERASED.ljust(len(content) - 1) + b"\n")
            return True

    def forget(self) -> None:
        """Drop every unwrapped key from memory: what others erased meanwhile is not used again."""
        self._unwrapped.clear()

    @property
    def applied(self) -> int:
        """The position of the last erasure that was applied to these files, -1 before the first."""
        return self._number("applied", -1)

    @property
    def since(self) -> int:
        """From which position on persons are named by the ledger's key of now."""
        return self._number("since", 0)

    def _number(self, name: str, default: int) -> int:
        try:
            return int(read_regular(self.directory / name))
        except (FileNotFoundError, ValueError):
            return default

    def mark(self, position: int) -> None:
        """Note that all erasures up to this one have been applied."""
        with self._alone():
            if position > self.applied:
                durable.replace(self.directory / "applied", b"%d\n" % position)

    def rotate(self) -> str:
        """Wrap every data key under a new key-encryption key, destroy the old one; return its id.

        A server may run meanwhile: what it makes is wrapped under the new key from the moment that
        this lies beside the old one. Interrupted at any point, the next call finishes it.
        """
        before, after = self._files
        with self._alone():
            self._load_keks()
            durable.remove_unfinished(self.directory)
            # A second name of a key that is in use, or one that never was: nothing is overwritten.
            for unfinished in self._kek_file.parent.glob(f".{self._kek_file.name}*"):
                unfinished.unlink()
            if not after.exists() and not before.exists():
                _write_kek(after, Kek(os.urandom(KEY_BYTES)))
            new = self._newest_kek()
        for name in self._names():
            with self._alone():
                self._rewrap(name, new)
        with self._alone():
            for name in self._names():  # Nothing is left to the old one, whatever was missed.
                self._rewrap(name, new)
            if after.exists():
                if not before.exists():
                    os.link(self._kek_file, before)
                after.replace(self._kek_file)
                durable.flush_directory(self._kek_file.parent)
            if not before.samefile(self._kek_file):
                _overwrite(before, b"\0" * before.stat().st_size)
            before.unlink()
            durable.flush_directory(before.parent)
            self._load_keks()
        return new.id

    @property
    def _files(self) -> tuple[Path, Path]:
        """Where the old and the new key-encryption key lie while one takes the other's place."""
        name = self._kek_file.name
        return self._kek_file.with_name(f"{name}.old"), self._kek_file.with_name(f"{name}.next")

    def _names(self) -> list[str]:
        return [each.name for each in self.directory.iterdir() if _NAME.fullmatch(each.name)]

    def _rewrap(self, name: str, kek: Kek) -> None:
        path = self.directory / name
        content = read_regular(path)
        if content.startswith((_ERASED, _MARK + kek.id.encode())):
            return
        durable.replace(path, kek.wrap(self._unwrap(name, content), self._place(name)))

    def _unwrap(self, name: str, content: bytes) -> bytes:
        try:
            kek_id, sealed = content.removeprefix(_MARK).decode("ascii").split()
            raw = b64decode(sealed)
        except (ValueError, MalformedBase64):
            raise DataKeyDamaged(f"{self.directory / name} is no data key") from None
        if kek_id not in self._keks:
            self._load_keks()  # It was rotated by another process, perhaps.
        if kek_id not in self._keks:
            raise KekWrong(f"the data keys are wrapped under {kek_id}, not {', '.join(self._keks)}")
        try:
            return self._keks[kek_id].unwrap(raw, self._place(name))
        except InvalidTag:
            raise DataKeyDamaged(f"{self.directory / name} is not what was written") from None

    def _remember(self, name: str, key: bytes) -> bytes:
        self._unwrapped[name] = key
        while len(self._unwrapped) > KEYS_CACHED:
            self._unwrapped.popitem(last=False)
        return key

    def _load_keks(self) -> None:
        before, after = self._files
        keks = [self._read_kek(self._kek_file)]
        if after.exists():
            keks.append(self._read_kek(after))
        if before.exists():
            with suppress(KekWrong):  # It may be half destroyed.
                keks.append(self._read_kek(before))
        self._keks = {kek.id: kek for kek in keks}

    def _newest_kek(self) -> Kek:
        _, after = self._files
        return self._read_kek(after if after.exists() else self._kek_file)

    def _read_kek(self, path: Path) -> Kek:
        try:
            content = read_private(path)
        except (KeyFileMissing, KeyFileUnsafe) as error:
            raise KekMissing(str(error)) from None
        try:
            key = b64decode(content.removeprefix(_KEK_MARK).decode("ascii").removesuffix("\n"))
        except (ValueError, MalformedBase64):
            key = b""
        if not content.startswith(_KEK_MARK) or len(key) != KEY_BYTES:
            raise KekWrong(f"{path} is no key-encryption key")
        return Kek(key)

    def _place(self, name: str) -> bytes:
        return f"techledger/data-key/v1\n{self._origin}\n{name}".encode()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let one process, and one thread, at a time change the files."""
        descriptor = os.open(self.directory, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def _write_kek(path: Path, kek: Kek) -> None:
    durable.create(path, b"".join((_KEK_MARK, b64encode(kek.key).encode(), b"\n")))


def _overwrite(path: Path, content: bytes) -> None:
    """Write over a file's bytes where they lie on the disk, and flush them."""
    descriptor = os.open(path, os.O_WRONLY)
    try:
        os.pwrite(descriptor, content, 0)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
