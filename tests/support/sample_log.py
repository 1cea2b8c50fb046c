"""
A whole valid log in memory, and as the files of an export: real keys, real signatures, real proofs.

    log = sample_log(size=1000)
    log.write(directory)                       # checkpoint, tile/..., tile/entries/...
    (directory / "trust.json").write_bytes(log.trust_root())

The first entries tell one story (`_story`): genesis, a party, a second key, a technology, a patent,
a mandate and a listing under it, a sealed offer, a licence, a revoked key, revenue and payment.
After that every four entries are alike, one with two signers. Everything derives from fixed
seeds: the same size gives the same entries and tiles, about 4,000 of them in a second.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from ledger.domain.core.body import Body
from ledger.domain.core.types import format_instant
from ledger.events.compose import compose
from ledger.events.lawbook import bundled_law
from ledger.log.checkpoint import Checkpoint, sign_checkpoint
from ledger.log.cosignature import MLDSA44Signer
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.note import Ed25519NoteSigner, format_vkey
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.log.proof import prove_inclusion
from ledger.log.receipt import TlogProof, format_tlog_proof
from ledger.log.tiles import Fetch, TileHashes, entries_path, format_bundle, tile_path
from ledger.node.genesis import key_record, trust_root
from ledger.wire.base64 import b64encode, b64url_encode
from ledger.wire.canonical import WireError
from ledger.wire.commitment import commit
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import PAYLOAD_TYPE, payload_hash, sign_envelope
from ledger.wire.instant import parse_instant
from ledger.wire.signing_keys import PrivateKey
from tests.support import builders as b
from tests.support.mandates import mandate_ended, mandate_given
from tests.support.running import contract_running

ORIGIN = b.ORIGIN
START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
"""When position 0 was accepted."""

PARTIES = (b.OPERATOR, b.REGISTRAR, b.REVIEWER, b.INSTITUTE, b.FIRM, b.RIVAL, b.AUTHOR)
"""Whom the genesis entry registers."""

OFFICERS = (b.OPERATOR, b.REGISTRAR)

BATCH = 16
"""Entries that share an instant; the next ones are accepted a second later."""

SIGNED_AT = 1_795_000_000
"""A POSIX time after all entries of a million."""


def seed(label: str) -> bytes:
    return hashlib.sha256(f"techledger sample {label}".encode()).digest()


@lru_cache(maxsize=256)
def party_key(party: str, number: int = 0) -> PrivateKey:
    """Return a party's key; each party has as many as anyone asks for."""
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(seed(f"{party}/{number}")))


def log_keys() -> tuple[Ed25519PrivateKey, MLDSA44PrivateKey]:
    """Return the two private keys of the log."""
    return (
        Ed25519PrivateKey.from_private_bytes(seed("log")),
        MLDSA44PrivateKey.from_seed_bytes(seed("log-pq")),
    )


@lru_cache(maxsize=8)
def log_signers(origin: str = ORIGIN) -> tuple[Ed25519NoteSigner, MLDSA44Signer]:
    """Return what signs for the log."""
    classical, quantum = log_keys()
    return Ed25519NoteSigner(origin, classical), MLDSA44Signer(origin, quantum)


def numbered(kind: str, number: int) -> str:
    """Return a subject id of a kind."""
    return f"{kind}:{event_id(number)}"


def event_id(number: int) -> str:
    """Return a UUIDv7 for a number."""
    return f"019a4000-0000-7000-8000-{number:012x}"


@dataclass
class SampleLog:
    """A log that grows by `say`. Nothing is checked: a bad entry is as easy to make as a good."""

    origin: str = ORIGIN
    entries: list[bytes] = field(default_factory=list)
    current: dict[str, int] = field(default_factory=dict)
    """Which of its keys each party signs with; its first where nothing is said."""
    signed: int | None = None
    """The POSIX time in its checkpoints; by default that of the last entry, as a log signs."""

    @property
    def size(self) -> int:
        return len(self.entries)

    def say(
        self,
        body: Body | Mapping[str, Any],
        signers: Iterable[str],
        *,
        topic: str | None = None,
        keys: Iterable[PrivateKey] | None = None,
        accepted: datetime | None = None,
        number: int | None = None,
    ) -> str:
        """
        Append an event, signed by the first key of each signer unless `keys` says otherwise.

        Returns the payload's hash. `number` makes the event id and the nonce.
        """
        if isinstance(body, Body):
            topic, body = body.TOPIC, body.model_dump(mode="json")
        assert topic is not None
        signers, number = list(signers), self.size if number is None else number
        payload = compose(
            self.origin,
            topic,
            body,
            signers,
            event_id=event_id(number),
            nonce=b64url_encode(seed(f"nonce {number}")[:16]),
            issued_at=self.now - timedelta(seconds=1),
        )
        own = [party_key(signer, self.current.get(signer, 0)) for signer in signers]
        self.sign(payload, own if keys is None else keys, accepted)
        return payload_hash(payload)

    def sign(
        self, payload: bytes, keys: Iterable[PrivateKey], accepted: datetime | None = None
    ) -> None:
        """Append any payload, signed by these keys."""
        envelope = sign_envelope(payload, keys)
        instant = format_instant(accepted or self.now)
        self.entries.append(
            format_entry(Entry(instant, PAYLOAD_TYPE, envelope.signatures, payload))
        )

    @property
    def now(self) -> datetime:
        """When the next entry is accepted."""
        return START + timedelta(seconds=self.size // BATCH)

    def trust_root(self) -> bytes:
        """Return trust.json, as `operate init` writes it."""
        vkeys = [format_vkey(signer) for signer in log_signers(self.origin)]
        return json.dumps(trust_root(self.origin, vkeys, self.entries[0])).encode()

    def leaves(self, size: int | None = None) -> list[bytes]:
        return [leaf_hash(entry) for entry in self.entries[:size]]

    def checkpoint(self, size: int | None = None) -> bytes:
        """Return the signed checkpoint of the first `size` entries."""
        leaves = self.leaves(size)
        checkpoint = Checkpoint(self.origin, len(leaves), Frontier().extend(leaves).root())
        return _signed(checkpoint, self.signed_at(size))

    def checkpoint_by_another_too(self) -> tuple[bytes, list[str]]:
        """Return the checkpoint with a line by a key that the log never had, and all the vkeys."""
        leaves = self.leaves()
        key = Ed25519PrivateKey.from_private_bytes(seed("another log"))
        another = Ed25519NoteSigner(self.origin, key)
        signers = (*log_signers(self.origin), another)
        checkpoint = Checkpoint(self.origin, len(leaves), Frontier().extend(leaves).root())
        note = sign_checkpoint(checkpoint, signers, self.signed_at())
        return note, [format_vkey(signer) for signer in signers]

    def signed_at(self, size: int | None = None) -> int:
        """Return the POSIX time in the checkpoint of the first `size` entries."""
        if self.signed is not None:
            return self.signed
        try:
            accepted = parse_instant(parse_entry(self.entries[:size][-1]).accepted)
        except WireError:  # An entry that is none.
            return SIGNED_AT
        return int(accepted.timestamp())

    def files(self, size: int | None = None) -> dict[str, bytes]:
        """Return the files of an export of the first `size` entries, by path."""
        files = {"checkpoint": self.checkpoint(size)}
        entries = self.entries[:size]
        for n, at in enumerate(range(0, len(entries), 256)):
            part = entries[at : at + 256]
            files[entries_path(n, len(part))] = format_bundle(part)
        level, row = 0, self.leaves(size)
        while row:
            parts = [row[at : at + 256] for at in range(0, len(row), 256)]
            files |= {tile_path(level, n, len(p)): b"".join(p) for n, p in enumerate(parts)}
            row = [Frontier().extend(part).root() for part in parts if len(part) == 256]
            level += 1
        return files

    def proof(self, position: int, size: int | None = None) -> bytes:
        """Return the tlog-proof of an entry under the checkpoint of `size`."""
        leaves = self.leaves(size)
        hashes = prove_inclusion(position, len(leaves), TileHashes(_tiles_of(leaves)))
        return format_tlog_proof(TlogProof(position, tuple(hashes), self.checkpoint(size)))

    def receipt(self, position: int, size: int | None = None) -> dict[str, Any]:
        """Return the receipt of an entry as the API answers it."""
        entry = self.entries[position]
        parsed = parse_entry(entry)
        return {
            "event_id": json.loads(parsed.payload)["event_id"],
            "position": position,
            "accepted": parsed.accepted,
            "leaf_hash": b64encode(leaf_hash(entry)),
            "checkpoint_size": self.size if size is None else size,
            "proof": self.proof(position, size).decode(),
        }

    def write(self, directory: Path, size: int | None = None) -> Path:
        """Write the files of an export; return the directory."""
        return write_files(directory, self.files(size))


@lru_cache(maxsize=1024)
def _signed(checkpoint: Checkpoint, at: int) -> bytes:
    """Sign a checkpoint once: no two ML-DSA signatures are the same."""
    return sign_checkpoint(checkpoint, log_signers(checkpoint.origin), at)


def _tiles_of(leaves: Sequence[bytes]) -> Fetch:
    def fetch(level: int, n: int, width: int) -> bytes:
        span = 256**level
        firsts = range(n * 256 * span, (n * 256 + width) * span, span)
        return b"".join(Frontier().extend(leaves[at : at + span]).root() for at in firsts)

    return fetch


def write_files(directory: Path, files: Mapping[str, bytes]) -> Path:
    """Write files by their paths below a directory; return it."""
    for path, content in files.items():
        file = directory / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return directory


def sample_log(size: int = 12, origin: str = ORIGIN) -> SampleLog:
    """Return a valid log of `size` entries."""
    log = SampleLog(origin)
    told = chain(_story(log), _market(log))
    while log.size < size:
        next(told)
    return log


def whole_story() -> SampleLog:
    """Return the log of the story alone."""
    log = SampleLog()
    for _ in _story(log):
        pass
    return log


def _story(log: SampleLog) -> Iterator[str]:
    """Tell how a patent is licensed and paid for; yield after each entry."""
    yield open_log(log)
    stranger, second = party_key(b.STRANGER), party_key(b.INSTITUTE, 1)
    yield log.say(b.party_registered(keys=[key_record(stranger)]), [b.STRANGER, *OFFICERS])
    yield log.say(
        b.key_added(key=key_record(second)), [b.INSTITUTE], keys=[party_key(b.INSTITUTE), second]
    )
    yield log.say(b.technology_registered(), [b.INSTITUTE])
    yield log.say(b.right_filed(), [b.REGISTRAR])
    yield log.say(b.right_granted(), [b.REGISTRAR])
    yield log.say(mandate_given(topics=["listing.published"]), [b.INSTITUTE, b.OPERATOR])
    yield log.say(
        b.listing_published(),
        [b.INSTITUTE, b.REVIEWER],
        keys=[party_key(b.AUTHOR), party_key(b.REVIEWER)],
    )
    offer = log.say(b.offer_made(price=sealed_price(log, 500_000_000)), [b.FIRM])
    yield offer
    accepted = log.say(b.offer_accepted(accepts=offer), [b.INSTITUTE])
    yield accepted
    # On terms of its own: what was sealed in the offer could not be held against it.
    yield log.say(contract_running(), [b.INSTITUTE, b.FIRM])
    revoked = b.key_revoked(key_id=party_key(b.INSTITUTE).key_id)
    yield log.say(revoked, [b.INSTITUTE], keys=[second])
    log.current[b.INSTITUTE] = 1
    yield log.say(mandate_ended(), [b.INSTITUTE])
    yield log.say(b.share_agreed(), [b.AUTHOR, b.INSTITUTE])
    yield log.say(b.revenue_reported(), [b.FIRM])
    yield log.say(b.revenue_distributed(), [b.OPERATOR])
    yield log.say(b.payment_confirmed(), [b.AUTHOR])


def open_log(log: SampleLog, delay_seconds: int = 0) -> str:
    """Say the first event."""
    vkeys = [format_vkey(signer) for signer in log_signers(log.origin)]
    parties = [b.first_party(party, keys=[key_record(party_key(party))]) for party in PARTIES]
    body = b.ledger_opened(
        origin=log.origin,
        log_keys=vkeys,
        policy_sha256=payload_hash(QUORUM_NONE_POLICY),
        law_data_sha256=bundled_law().sha256,
        delay_seconds=delay_seconds,
        parties=parties,
    )
    return log.say(body, PARTIES)


def _market(log: SampleLog) -> Iterator[str]:
    """Yield without end: a technology, an offer, its rejection, a need that a reviewer lists."""
    while True:
        technology = numbered("technology", log.size)
        yield log.say(
            b.technology_registered(technology=technology, owners=[b.held(b.FIRM)]), [b.FIRM]
        )
        offer = numbered("offer", log.size)
        yield log.say(b.offer_made(offer=offer, offeree=b.RIVAL), [b.FIRM])
        yield log.say(b.offer_rejected(offer=offer, rejected_by=b.RIVAL), [b.RIVAL])
        need = b.listing_published(
            listing=numbered("listing", log.size), kind="need", lister=b.RIVAL, rights=[]
        )
        yield log.say(need, [b.RIVAL, b.REVIEWER])


def sealed_price(log: SampleLog, amount: int) -> dict[str, str]:
    """Return the commitment to a price in the next event that is said, as JSON."""
    salt = seed(f"salt {log.size}")
    value = b.vnd(amount)
    return {"commitment": commit(log.origin, event_id(log.size), "/body/price", salt, value)}
