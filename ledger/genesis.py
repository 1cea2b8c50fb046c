"""
The making of a log: its identity, its keys, its first entry, its first checkpoint.

`ledger.opened/1` stands at position 0 and names what a verifier has to trust: the origin, the
log's keys, the policy, the edition of the rules, the first parties with their keys. It is signed
by every key it names. Every step can be repeated: a crash in between leaves nothing to clean up.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ledger.antirollback import CheckpointFile
from ledger.compose import compose
from ledger.datakeys import DataKeys
from ledger.domain.ledger import LedgerOpened
from ledger.home import AlreadyInitialised, Home, Identity, NotInitialised, new_origin
from ledger.intake import read_envelope
from ledger.keystore import KeyFileMissing, create_log_keys, load_key, load_log_keys, save_key
from ledger.lawbook import shipped
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.node import open_database
from ledger.publisher import LogSigner, publish_first
from ledger.sequencer import Recorded, Sequencer
from ledger.settings import Settings
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from ledger.store.migrate import initialise_head, migrate
from ledger.vault import Vault
from ledger.wire.base64 import b64encode
from ledger.wire.envelope import Envelope, sign_envelope
from ledger.wire.keys import PrivateKey

EDITION = "0-dev"
"""The rules' edition until the first release; released versions refuse such logs."""


class AppendRefused(Exception):
    """A rule forbids the event; nothing was recorded."""


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


def initialise(settings: Settings, host: str, operator: str, registrar: str) -> Identity:
    """Make a new log in the home of `settings`, or finish making it.

    `host` begins the origin. Raises `AlreadyInitialised` where there is a whole log already.
    """
    home = Home(settings.home)
    file = CheckpointFile(home.checkpoints)
    identity = _identity(home, file, host, operator, registrar)
    log_keys = _log_keys(home)
    signer = LogSigner(identity.origin, *log_keys)
    keys = {each.party: _key(home.keys / each.key_file) for each in founders(identity)}
    DataKeys.create(settings.vault or home.vault, settings.kek_file or home.kek, identity.origin)
    database = open_database(settings)
    try:
        migrate(database.owner_dsn)
        initialise_head(database.owner_dsn, identity.origin)
        pool = Pool(database.app_dsn, size=2)
        if read_head(pool).size == 0:
            append_unpublished(pool, _genesis(identity, signer, keys))
        publish_first(pool, signer, file, lambda: datetime.now(UTC))
        (genesis,) = read_entries(pool, 0, 1, 1)
        pool.close()
    finally:
        database.stop()
    _write_trust(home.trust, trust_root(identity.origin, signer.vkeys, genesis.entry))
    return identity


def trust_root(origin: str, log_keys: Sequence[str], genesis_entry: bytes) -> dict[str, Any]:
    """Return what a verifier must have got out of band."""
    return {
        "origin": origin,
        "log_keys": list(log_keys),
        "genesis_sha256": hashlib.sha256(genesis_entry).hexdigest(),
        "policy": QUORUM_NONE_POLICY.decode(),
    }


def _identity(
    home: Home, file: CheckpointFile, host: str, operator: str, registrar: str
) -> Identity:
    try:
        identity = home.identity()
    except NotInitialised:
        identity = Identity(new_origin(host), operator, registrar)
        home.create(identity)
        return identity
    if file.read() is not None and home.trust.exists():
        raise AlreadyInitialised(f"{home.path} holds the log {identity.origin}")
    return identity


def _log_keys(home: Home) -> Any:
    try:
        return load_log_keys(home.keys)
    except KeyFileMissing:
        return create_log_keys(home.keys)


def _key(path: Path) -> PrivateKey:
    try:
        return load_key(path)
    except KeyFileMissing:
        key = PrivateKey.generate()
        save_key(path, key)
        return key


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


def append_unpublished(pool: Pool, envelope: Envelope, vault: Vault | None = None) -> Recorded:
    """Append one event while nobody publishes; the next publisher signs it.

    Raises `AppendRefused` where a rule forbids it.
    """
    sequencer = Sequencer(pool, lambda: None, vault=vault)
    sequencer.start()
    try:
        (outcome,) = sequencer.submit([read_envelope(envelope)]).result()
    finally:
        sequencer.stop()
    if not isinstance(outcome, Recorded):
        raise AppendRefused(str(outcome)) from outcome
    return outcome


def _sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def _write_trust(path: Path, trust: dict[str, Any]) -> None:
    path.write_text(json.dumps(trust, indent=1) + "\n", "utf-8")
