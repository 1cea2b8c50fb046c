"""
A witness's directory: `witness.toml`, its two keys, its book.

    name = "witness.example.vn/state"
    host = "127.0.0.1"
    port = 8021
    logs = ["ledger.example.vn/techledger/0badcafe+…"]    # vkeys; those of one name are one log

The name stands in every cosignature and in every policy that counts on them: it is chosen once.
"""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ledger.home.keystore import create_pair, load_pair
from ledger.log.cosignature import CosignatureV1Signer, MLDSA44Signer
from ledger.log.key import ED25519, MLDSA44, MalformedKey, is_name
from ledger.log.note import Verifier, format_vkey, parse_vkey
from ledger.quoted import quoted
from ledger.runtime import durable
from ledger.wire.regular import OddFile, read_regular
from ledger.wire.told import Told
from ledger.witness.state import create_book


class WitnessError(Told):
    """Superclass of the errors of a witness's directory. Never raised itself."""


class NoWitness(WitnessError):
    """There is no witness in this directory."""


class WitnessExists(WitnessError):
    """There is a witness in this directory; another would cosign a second history."""


class BadConfig(WitnessError):
    """`witness.toml` does not say what it has to."""


@dataclass(frozen=True, slots=True)
class Config:
    """What `witness.toml` says; `logs` are the keys of each log by its origin."""

    name: str
    host: str
    port: int
    logs: Mapping[str, tuple[Verifier, ...]]


@dataclass(frozen=True, slots=True)
class WitnessDirectory:
    """The paths of one witness."""

    path: Path

    @property
    def config_file(self) -> Path:
        """`witness.toml`."""
        return self.path / "witness.toml"

    @property
    def book(self) -> Path:
        """What it must never forget."""
        return self.path / "book.sqlite"

    @property
    def keys(self) -> Path:
        """Private keys, PKCS#8 PEM, mode 0600."""
        return self.path / "keys"

    def create(self, name: str, logs: tuple[str, ...], host: str, port: int) -> None:
        """Make a witness, once. Raises `WitnessExists`, and `BadConfig` for a name or a vkey."""
        if self.config_file.exists() or self.book.exists():
            raise WitnessExists(f"there is a witness in {self.path}")
        text = "".join(
            f"{member} = {json.dumps(value, ensure_ascii=False)}\n"
            for member, value in (("name", name), ("host", host), ("port", port), ("logs", logs))
        )
        _parse(text)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        create_pair(self.keys, "witness")
        create_book(self.book)
        durable.create(self.config_file, text.encode(), 0o644)

    def config(self) -> Config:
        """Read `witness.toml`. Raises `NoWitness`, `BadConfig`."""
        try:
            return _parse(read_regular(self.config_file).decode())
        except FileNotFoundError:
            raise NoWitness(f"no witness in {self.path}: run techledger witness init") from None
        except (OddFile, UnicodeDecodeError) as error:
            raise BadConfig(f"{self.config_file}: {error}") from None

    def signers(self, name: str) -> tuple[CosignatureV1Signer, MLDSA44Signer]:
        """Return what cosigns, by Ed25519 and by ML-DSA-44."""
        classical, quantum = load_pair(self.keys, "witness")
        return CosignatureV1Signer(name, classical), MLDSA44Signer(name, quantum)


def policy_lines(label: str, signers: tuple[CosignatureV1Signer, MLDSA44Signer]) -> str:
    """Return the lines of a policy that name the keys of this witness, one for each."""
    kinds = ("ed25519", "mldsa44")
    return "".join(
        f"witness {label}-{kind} {format_vkey(signer)}\n"
        for kind, signer in zip(kinds, signers, strict=True)
    )


def _parse(text: str) -> Config:
    try:
        values = tomllib.loads(text)
        name, host, port = values["name"], values["host"], values["port"]
        verifiers = [parse_vkey(vkey) for vkey in values["logs"]]
    except (tomllib.TOMLDecodeError, KeyError, MalformedKey, TypeError) as error:
        raise BadConfig(f"witness.toml: {error}") from error
    if not isinstance(name, str) or not is_name(name):
        raise BadConfig(f"witness.toml: name is one line without spaces and plus: {quoted(name)}")
    logs: dict[str, tuple[Verifier, ...]] = {}
    for verifier in verifiers:
        if verifier.key_type not in (ED25519, MLDSA44):
            raise BadConfig(f"witness.toml: {verifier.name} does not sign as a log does")
        logs[verifier.name] = (*logs.get(verifier.name, ()), verifier)
    return Config(name, host, port, logs)
