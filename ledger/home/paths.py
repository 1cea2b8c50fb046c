"""
A ledger's home directory: which file lies where, and the identity made once at initialisation.

The origin is made once, `<host>/techledger/<8 hex>`, kept here and in the genesis event, and never
defaulted: a reused origin with new keys looks like a fork (docs/spec/log.md).
"""

import fcntl
import json
import os
import secrets
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from ledger.home.datakeys import DataKeys
from ledger.runtime import durable
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.told import Told


class HomeError(Told):
    """Superclass of the errors of a ledger's home. Never raised itself."""


class HomeNotInitialised(HomeError):
    """There is no ledger in this directory; `techledger operate init` makes one."""


class ConfigDamaged(HomeError):
    """`config.toml` is there and says nothing; a new origin beside an old log would be a fork."""


class DirectoryOccupied(HomeError):
    """A ledger is to be made where something else lies, or where `config.toml` was lost."""


class AlreadyInitialised(HomeError):
    """There is a ledger in this directory already; a second one would look like a fork."""


_BEFOREHAND = {
    *("keys", "checkpoints", "vault", "law", "policy", "fallback-policy", "registrar.json"),
    *("erasures", "lost+found"),
}
"""What may lie in a home before `config.toml` does."""


@dataclass(frozen=True, slots=True)
class Identity:
    """What `config.toml` holds: the log's origin and the two parties that genesis names."""

    origin: str
    operator: str
    registrar: str


@dataclass(frozen=True, slots=True)
class Home:
    """The paths of one ledger."""

    path: Path

    @property
    def config(self) -> Path:
        """`config.toml`: origin, operator, registrar."""
        return self.path / "config.toml"

    @property
    def keys(self) -> Path:
        """Private keys, PKCS#8 PEM, mode 0600."""
        return self.path / "keys"

    @property
    def checkpoints(self) -> Path:
        """The anti-rollback store: the last signed checkpoint, and the halt if there is one."""
        return self.path / "checkpoints"

    @property
    def vault(self) -> Path:
        """The data keys of the vault, wrapped; never in a backup of the database."""
        return self.path / "vault"

    @property
    def kek(self) -> Path:
        """The key-encryption key that the data keys are wrapped under; in no backup with them."""
        return self.keys / "vault-kek"

    def data_keys(self, directory: Path | None = None, kek_file: Path | None = None) -> DataKeys:
        """Return the vault's keys, unopened: those of the home, or those that lie elsewhere."""
        return DataKeys(directory or self.vault, kek_file or self.kek, self.identity().origin)

    @property
    def erasures(self) -> Path:
        """Who was ordered to be erased since the log was closed, an order in a file."""
        return self.path / "erasures"

    @property
    def law(self) -> Path:
        """Sets of law data beside the shipped one, each in a directory of its own."""
        return self.path / "law"

    @property
    def policy(self) -> Path:
        """`policy`: the trust policy by whose witnesses this log is cosigned, if there is one."""
        return self.path / "policy"

    @property
    def fallback(self) -> Path:
        """`fallback-policy`: the policy of grade `degraded`, if there is one."""
        return self.path / "fallback-policy"

    @property
    def trust(self) -> Path:
        """`trust.json`: what a verifier must have got out of band."""
        return self.path / "trust.json"

    def trust_root(self) -> bytes:
        """Return what `trust.json` holds. Raises `HomeNotInitialised` without one, `OddFile`."""
        try:
            return read_regular(self.trust)
        except FileNotFoundError:
            told = f"NO_TRUST_ROOT: {self.trust} is not there: techledger operate trust writes it"
            raise HomeNotInitialised(f"{told} again, from the database") from None

    def identity(self) -> Identity:
        """Read `config.toml`. Raises `HomeNotInitialised` where there is none, `ConfigDamaged`."""
        try:
            values = tomllib.loads(read_regular(self.config).decode())["ledger"]
            return Identity(*(values[each.name] for each in fields(Identity)))
        except FileNotFoundError:
            raise HomeNotInitialised(
                f"NO_LEDGER: none in {self.path}: techledger operate init"
            ) from None
        except (OddFile, ValueError, LookupError, TypeError) as error:
            # Which member is missing, or at which line it is none; no text of the file.
            why = f"[ledger] has no {error}" if isinstance(error, LookupError) else error
            what = "put it back from a backup; without one, the origin is in entry 0"
            raise ConfigDamaged(f"{self.config} cannot be read ({why}): {what}") from None

    @property
    def registrar(self) -> Path:
        """`registrar.json`: the registrar's public keys, where the private ones are elsewhere."""
        return self.path / "registrar.json"

    @property
    def genesis(self) -> Path:
        """`genesis.json`: the first event, from when it is made and signed until it is recorded."""
        return self.path / "genesis.json"

    def create(self, identity: Identity) -> None:
        """Write `config.toml`, once. Raises `AlreadyInitialised` if it is there."""
        self.make_directories()
        lines = [
            "# Made once. A reused origin with new keys would look like a fork.",
            "[ledger]",
            *(f"{name} = {json.dumps(value)}" for name, value in asdict(identity).items()),
        ]
        try:
            durable.create(self.config, "".join(f"{line}\n" for line in lines).encode())
        except FileExistsError:
            raise AlreadyInitialised(f"{self.config} is there already") from None

    def make_directories(self) -> None:
        """Make the home and the directories in it, where they are missing."""
        durable.make_directories(self.path, 0o755)
        for directory in (self.keys, self.checkpoints):
            durable.make_directories(directory)

    def must_be_free(self) -> None:
        """Raise `DirectoryOccupied` where nothing says that this is a ledger's, and something is.

        What an operator lays out before there is a ledger is not in the way, nor are dot files.
        """
        if self.config.exists() or not self.path.exists():
            return
        others = sorted(each.name for each in self.path.iterdir() if each.name not in _BEFOREHAND)
        if others := [name for name in others if not name.startswith(".")]:
            raise DirectoryOccupied(
                f"{self.path} has no config.toml and holds {', '.join(others[:3])}"
                f"{' and more' if others[3:] else ''}: set LEDGER_HOME to a new directory"
                " (or put config.toml back, if this was a ledger)"
            )

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Let one process at a time make a ledger here; others wait. Raises `DirectoryOccupied`."""
        self.must_be_free()
        self.make_directories()
        descriptor = os.open(self.path, os.O_RDONLY)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            for directory in (self.path, self.keys, self.checkpoints, self.vault, self.erasures):
                durable.remove_unfinished(directory)
            yield
        finally:
            os.close(descriptor)


def new_origin(host: str) -> str:
    """Return a fresh origin, `<host>/techledger/<8 hex>`."""
    return f"{host}/techledger/{secrets.token_hex(4)}"
