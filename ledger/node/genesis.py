"""
The making of a log: its identity, its keys, its first entry, its first checkpoint.

`ledger.opened/1` stands at position 0 and names what a verifier has to trust: the origin, the
log's keys, the policy, the edition of the rules, the first parties with their keys. It is signed
by every key it names. The registrar's, two of them, are made where the registrar is: the event
waits until it comes back signed by them. Without them the log is a demonstration.

The steps stand in `initialise`, in their order. Each leaves something durable by which the next
run knows that it is done, so after a kill or a power cut anywhere the same command finishes what
was begun: `registrar.json`, `config.toml`, the key files, `genesis.json`, entry 0, the checkpoint,
`trust.json`.
"""

import hashlib
import json
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ledger.domain.core.body import KeyRecord
from ledger.domain.core.forms import first_fault
from ledger.domain.government.ledger import LedgerOpened
from ledger.events.compose import compose
from ledger.events.intake import decode, read_envelope
from ledger.events.lawbook import LawSets, bundled_law
from ledger.home.antirollback import CheckpointFile
from ledger.home.datakeys import DataKeys
from ledger.home.keystore import KeyFileExists, create_log_keys, load_key, load_log_keys, save_key
from ledger.home.paths import AlreadyInitialised, Home, HomeNotInitialised, Identity, new_origin
from ledger.home.settings import Settings
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.node.node import batch_key, open_database
from ledger.publish.publisher import LogSigner, publish_first
from ledger.runtime import durable
from ledger.runtime.clock import Clock
from ledger.runtime.faults import Passing
from ledger.sequence.judging import Recorded
from ledger.sequence.sequencer import Sequencer
from ledger.sequence.vault import Vault
from ledger.store.connection import Pool
from ledger.store.entries import read_first, read_head
from ledger.store.migrate import initialise_head, migrate
from ledger.verify.outcome import Refused
from ledger.verify.trust import Trust, parse_trust
from ledger.wire.base64 import b64decode, b64encode
from ledger.wire.envelope import (
    Envelope,
    envelope_from_object,
    envelope_to_object,
    pae,
    sign_envelope,
)
from ledger.wire.regular import read_regular
from ledger.wire.signing_keys import (
    KeyRefused,
    PrivateKey,
    SignatureMismatch,
    admit_key,
    key_id,
    load_public,
)
from ledger.wire.strict import MalformedJson, load_json
from ledger.wire.told import Told

EDITION = "0-dev"
"""The rules' edition until the first release; released versions refuse such logs."""


DEFAULT_OPERATOR = "party:vn.exchange"
DEFAULT_REGISTRAR = "party:vn.department"

DEFAULT_DELAY_S = 3 * 86_400
"""How long, in seconds, what the officers vouch for waits before it binds: three days."""

REGISTRAR_KEYS = 2
"""Keys with which the registrar starts at least: nobody else can bring it another."""

_BETWEEN = re.compile(rb"(?<=\})\s*(?=\{)")
"""Where one record ends in a file and the next begins."""


class AppendRefused(Told):
    """A rule forbids the event; nothing was recorded."""


class GenesisError(Told):
    """Superclass of what keeps a log from being made. Never raised itself."""


class HostMissing(GenesisError):
    """Nobody said which host the log is of: its name begins the origin, and stays for ever."""


class RegistrarKeysRefused(GenesisError):
    """What was named as the registrar's public keys are not two keys that could bind it."""


class RegistrarMustSign(GenesisError):
    """The first event waits for the registrar, whose keys are elsewhere, to sign it."""


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
    """A party that is there from the start, and the files of its keys, if these are here."""

    party: str
    name: str
    kind: str
    roles: tuple[str, ...]
    key_files: tuple[str, ...]


def founders(identity: Identity) -> tuple[Founder, Founder]:
    """Return the exchange's operator and the registrar of the State."""
    return (
        Founder(
            identity.operator, "Exchange operator", "organisation", ("operator",), ("operator.pem",)
        ),
        Founder(
            identity.registrar,
            "State registrar",
            "state_body",
            ("registrar",),
            ("registrar.pem", "registrar-2.pem"),
        ),
    )


def initialise(  # noqa: PLR0913  (what may be said of a log that is made)
    settings: Settings,
    host: str | None,
    operator: str | None,
    registrar: str | None,
    *,
    registrar_keys: Sequence[KeyRecord] = (),
    signed: Envelope | None = None,
    delay_s: int | None = None,
) -> Identity:
    """Make a new log in the home of `settings`, or finish making it.

    `host` begins the origin; `delay_s` is how long, in seconds, what the officers vouch for waits;
    what is None is the default, or as it was when this was begun.
    `registrar_keys` are made elsewhere: then `RegistrarMustSign` is raised until `signed`, the
    event that waits, comes back with their signatures. Without them the registrar's keys are made
    here, which is for a demonstration.

    Raises `AlreadyInitialised` where there is a whole log already, `DirectoryOccupied` where there
    is something else, and touches nothing then; `HostMissing`, `BegunOtherwise`, `KeysOfAnother`,
    `EntriesLost`, `KeyFileMissing` for the keys of a log that has its first entry.
    """
    home = Home(settings.home)
    file = CheckpointFile(home.checkpoints)
    with home.alone():
        identity = _identity(home, (host, operator, registrar), registrar_keys)
        if file.read() is not None and _trusts(home.trust, identity.origin):
            raise AlreadyInitialised(f"{home.path} holds the log {identity.origin}")
        database = open_database(settings, make=True)
        try:
            migrate(database.owner_dsn)
            initialise_head(database.owner_dsn, identity.origin)
            with closing(Pool(database.app_dsn, size=2)) as pool:
                _found(settings, file, pool, signed, delay_s)
                write_trust(home, pool)
        finally:
            database.stop()
    return identity


def _found(
    settings: Settings,
    file: CheckpointFile,
    pool: Pool,
    signed: Envelope | None,
    delay_s: int | None,
) -> None:
    """Make the keys, the first entry and the first checkpoint, those that are not there yet."""
    home = Home(settings.home)
    identity, size = home.identity(), read_head(pool).size
    if size > 1 and file.read() is not None:
        return  # It has been served already.
    if size == 0:
        if file.read() is not None:
            raise EntriesLost("checkpoints were signed, and the database is empty: restore it")
        _make_keys(home, identity)
        vault, kek = settings.vault or home.vault, settings.kek_file or home.kek
        DataKeys.create(vault, kek, identity.origin)
        begun = _begun(home, identity, delay_s)
        append_unpublished(pool, home, _signed_by_all(home, begun, signed))
    signer = LogSigner(identity.origin, *load_log_keys(home.keys))
    if _opened(pool).log_keys != signer.vkeys[:2]:
        raise KeysOfAnother(f"entry 0 names other keys than those in {home.keys}")
    publish_first(pool, signer, file)


def write_trust(home: Home, pool: Pool) -> Trust:
    """Write `trust.json` as entry 0 has it, where it is missing or damaged; return what it says.

    Raises `TrustDiffers` for another trust root: then somebody relies on what is not this log.
    """
    genesis = read_first(pool)
    made = trust_root(home.identity().origin, _opened(pool).log_keys, genesis.entry)
    trust = parse_trust(json.dumps(made).encode())
    if _trusts(home.trust, trust.origin):
        was = parse_trust(read_regular(home.trust))
        if _pinned(was) != _pinned(trust):
            raise TrustDiffers(f"{home.trust} is not the trust root of the log in the database")
    else:
        durable.replace(home.trust, (json.dumps(made, indent=1) + "\n").encode())
    return trust


def _pinned(trust: Trust) -> tuple[object, ...]:
    """Return what a trust root says, as it can be compared."""
    return trust.origin, trust.log_keys, trust.genesis_sha256, trust.policy.sha256


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
        return parse_trust(read_regular(path)).origin == origin
    except (FileNotFoundError, Refused):
        return False


def _identity(
    home: Home,
    names: tuple[str | None, str | None, str | None],
    registrar_keys: Sequence[KeyRecord],
) -> Identity:
    """Return the identity that was begun, or begin one, for (host, operator, registrar)."""
    try:
        begun = home.identity()
    except HomeNotInitialised:
        return _begin(home, *names, registrar_keys)
    was = (begun.origin.partition("/")[0], begun.operator, begun.registrar)
    for name, asked, kept in zip(("host", "operator", "registrar"), names, was, strict=True):
        if asked not in (None, kept):
            raise BegunOtherwise(f"{home.config} was made for the {name} {kept}, not {asked}")
    if registrar_keys and tuple(registrar_keys) != registrar_keys_of(home):
        raise BegunOtherwise(f"{home.config} was made with other keys of the registrar, or none")
    return begun


def _begin(
    home: Home,
    host: str | None,
    operator: str | None,
    registrar: str | None,
    registrar_keys: Sequence[KeyRecord],
) -> Identity:
    """Write down whose log this will be; `config.toml` last, by which it is known as begun."""
    if host is None:
        raise HostMissing("which host is the log of? it begins the origin, and stays for ever")
    _keep_registrar_keys(home, registrar_keys)
    origin = new_origin(host)
    begun = Identity(origin, operator or DEFAULT_OPERATOR, registrar or DEFAULT_REGISTRAR)
    home.create(begun)
    return begun


def _keep_registrar_keys(home: Home, keys: Sequence[KeyRecord]) -> None:
    """Write down the registrar's public keys, if any; what is there already stays as it is."""
    if os.path.lexists(home.registrar):
        if not keys or tuple(keys) != _kept_before(home):
            raise BegunOtherwise(
                f"{home.registrar} was there before, does not hold just the keys that are named,"
                f" and stays: name its keys (--registrar {home.registrar}), or move it away"
            )
    elif keys:
        durable.create(home.registrar, json.dumps([key.model_dump() for key in keys]).encode())


def _kept_before(home: Home) -> tuple[KeyRecord, ...]:
    """Return the keys that the operator laid into a home; none where the file holds no keys."""
    try:
        return read_registrar_keys([read_regular(home.registrar)])
    except RegistrarKeysRefused:
        return ()


def registrar_keys_of(home: Home) -> tuple[KeyRecord, ...]:
    """Return the registrar's public keys, none where the private ones lie in the home."""
    try:
        return tuple(_records_in(read_regular(home.registrar)))
    except FileNotFoundError:
        return ()


def read_registrar_keys(files: Iterable[bytes]) -> tuple[KeyRecord, ...]:
    """Return the public keys in files that `techledger keys new` printed, one or more in each.

    What a home keeps of them, as one array, is such a file too.

    Raises `RegistrarKeysRefused` unless they are two at least, each fit to bind its holder.
    """
    try:
        records = list(chain.from_iterable(map(_records_in, files)))
        spkis = [b64decode(record.public_key) for record in records]
        for record, spki in zip(records, spkis, strict=True):
            admit_key(record.algorithm, spki)
    except (ValueError, MalformedJson, KeyRefused) as error:
        told = first_fault(error)[1] if isinstance(error, ValidationError) else error
        raise RegistrarKeysRefused(
            f"no public key as keys new prints it: {told}; techledger keys show FILE.pem prints it"
        ) from None
    for record, spki in zip(records, spkis, strict=True):
        if key_id(spki) != record.key_id:
            raise RegistrarKeysRefused(f"{record.key_id} is not the SHA-256 of its public key")
    if len({record.key_id for record in records}) < REGISTRAR_KEYS:
        raise RegistrarKeysRefused("the registrar starts with two keys: one may be lost")
    return tuple(records)


def _records_in(raw: bytes) -> Iterator[KeyRecord]:
    """Yield the records of a file: one after the other, or an array of them."""
    for value in map(load_json, _BETWEEN.split(raw)):
        for record in value if isinstance(value, list) else [value]:
            yield KeyRecord.model_validate(record)


def _make_keys(home: Home, identity: Identity) -> None:
    """Make the keys that are missing. The log is empty: so far they have signed nothing."""
    with suppress(KeyFileExists):
        create_log_keys(home.keys)
    for file in _key_files(home, identity):
        with suppress(KeyFileExists):
            save_key(file, PrivateKey.generate())


def _key_files(home: Home, identity: Identity) -> list[Path]:
    """Return the files of the first parties' keys that are made here."""
    here = founders(identity)[: 1 if home.registrar.exists() else 2]
    return [home.keys / name for each in here for name in each.key_files]


def _begun(home: Home, identity: Identity, delay_s: int | None) -> Envelope:
    """Return the first event as it was begun, the same bytes each time, or begin it.

    It is signed by the keys that lie here. Raises `BegunOtherwise` for another delay.
    """
    with suppress(FileNotFoundError):
        begun = envelope_from_object(json.loads(read_regular(home.genesis)))
        event = read_envelope(begun).event
        assert isinstance(event.body, LedgerOpened), "it opens the ledger"
        kept = event.body.delay_seconds
        if delay_s not in (None, kept):
            raise BegunOtherwise(f"{home.genesis} has a delay of {kept} s, not {delay_s}")
        if datetime.now(UTC) < event.not_after:
            return begun
        delay_s = kept
    signer = LogSigner(identity.origin, *load_log_keys(home.keys))
    keys = [load_key(file) for file in _key_files(home, identity)]
    registrar_keys = registrar_keys_of(home) or [KeyRecord(**key_record(key)) for key in keys[1:]]
    delay = DEFAULT_DELAY_S if delay_s is None else delay_s
    made = sign_envelope(_genesis(identity, signer, keys[0], registrar_keys, delay), keys)
    durable.replace(home.genesis, json.dumps(envelope_to_object(made)).encode())
    return made


def _signed_by_all(home: Home, begun: Envelope, signed: Envelope | None) -> Envelope:
    """Return the first event with a line by each of its keys, kept before it is recorded.

    Raises `BegunOtherwise` for another event than the one that waits, `RegistrarMustSign` where
    a line is missing or wrong.
    """
    signed = signed or begun
    if signed.payload != begun.payload:
        raise BegunOtherwise(f"what was signed is not the event that waits in {home.genesis}")
    lines = {line.key_id: line for each in (begun, signed) for line in each.signatures}
    records = {record.key_id: record for _, record in read_envelope(begun).event.body.new_keys()}
    for name, record in sorted(records.items()):
        if name not in lines or not _verifies(record, lines[name].value, begun):
            raise RegistrarMustSign(f"{home.genesis} is not signed by the key {name}")
    whole = replace(begun, signatures=tuple(lines[name] for name in sorted(records)))
    if whole != begun:
        durable.replace(home.genesis, json.dumps(envelope_to_object(whole)).encode())
    return whole


def _verifies(record: KeyRecord, signature: bytes, envelope: Envelope) -> bool:
    key = load_public(record.algorithm, b64decode(record.public_key))
    try:
        key.verify(signature, pae(envelope.payload_type, envelope.payload))
    except SignatureMismatch:
        return False
    return True


def _opened(pool: Pool) -> LedgerOpened:
    genesis = read_first(pool)
    body = decode(genesis.entry, 0).event.body
    assert isinstance(body, LedgerOpened), "entry 0 opens the ledger"
    return body


def _genesis(
    identity: Identity,
    signer: LogSigner,
    operator_key: PrivateKey,
    registrar_keys: Iterable[KeyRecord],
    delay_s: int,
) -> bytes:
    keys = ([key_record(operator_key)], [record.model_dump() for record in registrar_keys])
    body = {
        "origin": identity.origin,
        "log_keys": list(signer.vkeys),
        "policy_sha256": _sha256(QUORUM_NONE_POLICY),
        "edition": EDITION,
        "law_data_sha256": bundled_law().sha256,
        "operator": identity.operator,
        "registrar": identity.registrar,
        "delay_seconds": delay_s,
        "parties": [
            {
                "party": each.party,
                "name": each.name,
                "kind": each.kind,
                "roles": list(each.roles),
                "seat": "VN",
                "keys": records,
            }
            for each, records in zip(founders(identity), keys, strict=True)
        ],
    }
    signers = [identity.operator, identity.registrar]
    return compose(identity.origin, LedgerOpened.TOPIC, body, signers)


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
        pool,
        lambda: None,
        laws=LawSets(home.law),
        vault=vault,
        key=batch_key(home),
        clock=(clock or Clock()).now,
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
