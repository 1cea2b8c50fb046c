"""
The making of a log: its identity, its keys, its first entry, its first checkpoint.

`ledger.opened/1` stands at position 0 and names what a verifier has to trust: the origin, the
log's keys, the policy, the edition of the rules, the first parties with their keys. It is signed
by every key it names.

The steps stand in `initialise`, in their order. Each leaves something durable by which the next
run knows that it is done, so after a kill or a power cut anywhere the same command finishes what
was begun: `config.toml`, the key files, `genesis.json`, entry 0, the checkpoint, `trust.json`.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger import durable
from ledger.antirollback import CheckpointFile
from ledger.clock import Clock
from ledger.compose import compose
from ledger.datakeys import DataKeys
from ledger.domain.ledger import LedgerOpened
from ledger.faults import Passing
from ledger.home import AlreadyInitialised, Home, Identity, NotInitialised, new_origin
from ledger.intake import decode, read_envelope
from ledger.judging import Recorded
from ledger.keystore import KeyFileExists, create_log_keys, load_key, load_log_keys, save_key
from ledger.lawbook import shipped
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.node import batch_key, open_database
from ledger.publisher import LogSigner, publish_first
from ledger.sequencer import Sequencer
from ledger.settings import Settings
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from ledger.store.migrate import initialise_head, migrate
from ledger.vault import Vault
from ledger.verify.outcome import Refused
from ledger.verify.trust import Trust, parse_trust
from ledger.wire.base64 import b64encode
from ledger.wire.envelope import Envelope, envelope_from_object, envelope_to_object, sign_envelope
from ledger.wire.keys import PrivateKey

EDITION = "0-dev"
"""The rules' edition until the first release; released versions refuse such logs."""


DEFAULT_HOST = "ledger.example.vn"
DEFAULT_OPERATOR = "party:vn.exchange"
DEFAULT_REGISTRAR = "party:vn.department"


class AppendRefused(Exception):
    """A rule forbids the event; nothing was recorded."""


class GenesisError(Exception):
    """Superclass of what keeps a log from being made. Never raised itself."""


class BegunOtherwise(GenesisError):
    """Another log was begun in this home; it is finished, or its home is given up."""


class KeysOfAnother(GenesisError):
    """The log in the database was opened with other keys than those in the home."""


class EntriesLost(GenesisError):
    """Something was signed over entries that the database does not hold any more."""


class TrustDiffers(GenesisError):
    """`trust.json` names another log, or another beginning, than the one in the database."""


@dataclass(frozen=True, slots=True)
class Founder:
    """A party that is there from the start, and the file of its first key."""

    party: str
    name: str
    kind: str
    roles: tuple[str, ...]
    key_file: str


def founders(identity: Identity) -> tuple[Founder, Founder]:
    """Return the exchange's operator and the registrar of the State."""
    return (
        Founder(
            identity.operator, "Exchange operator", "organisation", ("operator",), "operator.pem"
        ),
        Founder(
            identity.registrar, "State registrar", "state_body", ("registrar",), "registrar.pem"
        ),
    )


def initialise(
    settings: Settings, host: str | None, operator: str | None, registrar: str | None
) -> Identity:
    """Make a new log in the home of `settings`, or finish making it.

    `host` begins the origin; what is None is the default, or as it was when this was begun. Raises
    `AlreadyInitialised` where there is a whole log already, `BegunOtherwise`, `KeysOfAnother`,
    `EntriesLost`, and `KeyFileMissing` for the keys of a log that has its first entry.
    """
    home = Home(settings.home)
    file = CheckpointFile(home.checkpoints)
    with home.alone():
        identity = _identity(home, host, operator, registrar)
        if file.read() is not None and _trusts(home.trust, identity.origin):
            raise AlreadyInitialised(f"{home.path} holds the log {identity.origin}")
        database = open_database(settings)
        try:
            migrate(database.owner_dsn)
            initialise_head(database.owner_dsn, identity.origin)
            with closing(Pool(database.app_dsn, size=2)) as pool:
                _found(settings, file, pool, identity)
                write_trust(home, pool)
        finally:
            database.stop()
    return identity


def _found(settings: Settings, file: CheckpointFile, pool: Pool, identity: Identity) -> None:
    """Make the keys, the first entry and the first checkpoint, those that are not there yet."""
    home = Home(settings.home)
    size = read_head(pool).size
    if size > 1 and file.read() is not None:
        return  # It has been served already.
    if size == 0:
        if file.read() is not None:
            raise EntriesLost("checkpoints were signed, and the database is empty: restore it")
        _make_keys(home, identity)
        vault, kek = settings.vault or home.vault, settings.kek_file or home.kek
        DataKeys.create(vault, kek, identity.origin)
        append_unpublished(pool, home, _begun(home, identity))
    signer = LogSigner(identity.origin, *load_log_keys(home.keys))
    if _opened(pool).log_keys != signer.vkeys[:2]:
        raise KeysOfAnother(f"entry 0 names other keys than those in {home.keys}")
    publish_first(pool, signer, file, lambda: datetime.now(UTC))


def write_trust(home: Home, pool: Pool) -> Trust:
    """Write `trust.json` as entry 0 has it, where it is missing or damaged; return what it says.

    Raises `TrustDiffers` for another trust root: then somebody relies on what is not this log.
    """
    (genesis,) = read_entries(pool, 0, 1, 1)
    made = trust_root(home.identity().origin, _opened(pool).log_keys, genesis.entry)
    trust = parse_trust(json.dumps(made).encode())
    if _trusts(home.trust, trust.origin):
        if parse_trust(home.trust.read_bytes()) != trust:
            raise TrustDiffers(f"{home.trust} is not the trust root of the log in the database")
    else:
        durable.replace(home.trust, (json.dumps(made, indent=1) + "\n").encode())
    return trust


def trust_root(origin: str, log_keys: Sequence[str], genesis_entry: bytes) -> dict[str, Any]:
    """Return what a verifier must have got out of band."""
    return {
        "origin": origin,
        "log_keys": list(log_keys),
        "genesis_sha256": hashlib.sha256(genesis_entry).hexdigest(),
        "policy": QUORUM_NONE_POLICY.decode(),
    }


def _trusts(path: Path, origin: str) -> bool:
    """Say whether a trust root of this origin is there and whole."""
    try:
        return parse_trust(path.read_bytes()).origin == origin
    except (FileNotFoundError, Refused):
        return False


def _identity(
    home: Home, host: str | None, operator: str | None, registrar: str | None
) -> Identity:
    """Return the identity that was begun, or begin one."""
    try:
        begun = home.identity()
    except NotInitialised:
        origin = new_origin(host or DEFAULT_HOST)
        begun = Identity(origin, operator or DEFAULT_OPERATOR, registrar or DEFAULT_REGISTRAR)
        home.create(begun)
        return begun
    names = {"host": host, "operator": operator, "registrar": registrar}
    was = (begun.origin.partition("/")[0], begun.operator, begun.registrar)
    for (name, asked), kept in zip(names.items(), was, strict=True):
        if asked not in (None, kept):
            raise BegunOtherwise(f"{home.config} was made for the {name} {kept}, not {asked}")
    return begun


def _make_keys(home: Home, identity: Identity) -> None:
    """Make the keys that are missing. The log is empty: so far they have signed nothing."""
    with suppress(KeyFileExists):
        create_log_keys(home.keys)
    for each in founders(identity):
        with suppress(KeyFileExists):
            save_key(home.keys / each.key_file, PrivateKey.generate())


def _begun(home: Home, identity: Identity) -> Envelope:
    """Return the first event as it was begun, the same bytes each time, or begin it."""
    with suppress(FileNotFoundError):
        begun = envelope_from_object(json.loads(home.genesis.read_bytes()))
        if datetime.now(UTC) < read_envelope(begun).event.not_after:
            return begun
    signer = LogSigner(identity.origin, *load_log_keys(home.keys))
    keys = {each.party: load_key(home.keys / each.key_file) for each in founders(identity)}
    made = _genesis(identity, signer, keys)
    durable.replace(home.genesis, json.dumps(envelope_to_object(made)).encode())
    return made


def _opened(pool: Pool) -> LedgerOpened:
    (genesis,) = read_entries(pool, 0, 1, 1)
    body = decode(genesis.entry, 0).event.body
    assert isinstance(body, LedgerOpened), "entry 0 opens the ledger"
    return body


def _genesis(identity: Identity, signer: LogSigner, keys: dict[str, PrivateKey]) -> Envelope:
    body = {
        "origin": identity.origin,
        "log_keys": list(signer.vkeys),
        "policy_sha256": _sha256(QUORUM_NONE_POLICY),
        "edition": EDITION,
        "law_data_sha256": shipped().sha256,
        "operator": identity.operator,
        "registrar": identity.registrar,
        "parties": [
            {
                "party": each.party,
                "name": each.name,
                "kind": each.kind,
                "roles": list(each.roles),
                "seat": "VN",
                "keys": [key_record(keys[each.party])],
            }
            for each in founders(identity)
        ],
    }
    payload = compose(identity.origin, LedgerOpened.TOPIC, body, keys)
    return sign_envelope(payload, keys.values())


def key_record(key: PrivateKey) -> dict[str, str]:
    """Return a public key as it stands in `party.registered/1`, `key.added/1` and genesis."""
    return {
        "key_id": key.key_id,
        "algorithm": key.algorithm,
        "public_key": b64encode(key.spki),
    }


def append_unpublished(
    pool: Pool,
    home: Home,
    envelope: Envelope,
    vault: Vault | None = None,
    clock: Clock | None = None,
) -> Recorded:
    """Append one event while nobody publishes; the next publisher signs it.

    Raises `AppendRefused` where a rule forbids it, or what passes: a database away, a clock ahead.
    """
    sequencer = Sequencer(
        pool, lambda: None, vault=vault, key=batch_key(home), clock=(clock or Clock()).now
    )
    sequencer.start()
    try:
        (outcome,) = sequencer.submit([read_envelope(envelope)]).result()
    finally:
        sequencer.stop()
    if isinstance(outcome, Passing):
        raise outcome
    if not isinstance(outcome, Recorded):
        raise AppendRefused(str(outcome)) from outcome
    return outcome


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
