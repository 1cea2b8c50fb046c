"""
Signed events in any number: what clients of an exchange would send, made before the clock starts.

Two kinds of traffic. *Offers*: one signature each, between parties that are registered already.
*Deals*: seven events that build on one another, nine signatures: technology declared, right filed
and granted, listed, offered, accepted, contracted; and before every tenth deal a new firm is
registered, with which the next ten are made. All of them are admitted, in this order.
"""

import hashlib
import json
import multiprocessing
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

from ledger.domain.core.types import format_instant, legal_day
from ledger.events.compose import compose, uuid7
from ledger.wire.base64 import b64encode
from ledger.wire.envelope import envelope_to_object, payload_hash, sign_envelope
from ledger.wire.signing_keys import PrivateKey

PROCESSES = 2
"""Processes that make and sign events, before anything is measured."""

SHARD = 200
"""Deals, or times seven offers, that one process makes at once."""

DEAL = 7
"""Events of a deal, the registration before every tenth aside."""

DEALS_OF_A_FIRM = 10


@dataclass(frozen=True, slots=True)
class Actor:
    """A party and its private key in PEM: plain data, so that another process can sign for it."""

    party: str
    pem: bytes

    @classmethod
    def new(cls, party: str) -> "Actor":
        """Return a party with a fresh key."""
        return cls(party, PrivateKey.generate().to_pem())

    def key(self) -> PrivateKey:
        """Return the key that signs."""
        return PrivateKey.from_pem(self.pem)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who trades: the ledger's officers, an institute, and a firm that makes it all the offers."""

    origin: str
    operator: Actor
    registrar: Actor
    institute: Actor
    firm: Actor


@dataclass(frozen=True, slots=True)
class Prepared:
    """A submission as it goes over the wire, and what a receipt for it must be about."""

    body: bytes
    payload: bytes
    signatures: int


def registrations(cast: Cast) -> list[Prepared]:
    """Return the events by which the institute and the firm come to be known."""
    keys = _Keys(cast)
    return [_register(keys, actor) for actor in (cast.institute, cast.firm)]


def offers(cast: Cast, count: int) -> list[Prepared]:
    """Return that many offers, each by one signature, about 700 bytes of payload each."""
    return _in_parallel(partial(_offers, cast), count, SHARD * DEAL)


def deals(cast: Cast, count: int) -> list[Prepared]:
    """Return the events of that many deals, one deal behind the other."""
    return _in_parallel(partial(_deals, cast), count, SHARD)


def _in_parallel(make: "partial[list[Prepared]]", count: int, shard: int) -> list[Prepared]:
    sizes = [min(shard, count - start) for start in range(0, count, shard)]
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(PROCESSES, mp_context=context) as pool:
        return [prepared for made in pool.map(make, sizes) for prepared in made]


class _Keys:
    """The cast's keys, loaded once a process."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self._loaded: dict[str, PrivateKey] = {}

    def sign(self, topic: str, body: dict[str, Any], *signers: Actor) -> Prepared:
        """Compose an event and have it signed by these parties."""
        keys = [self.of(actor) for actor in signers]
        payload = compose(self.cast.origin, topic, body, (actor.party for actor in signers))
        submission = {"envelope": envelope_to_object(sign_envelope(payload, keys)), "openings": []}
        body_bytes = json.dumps(submission, separators=(",", ":")).encode()
        return Prepared(body_bytes, payload, len(keys))

    def of(self, actor: Actor) -> PrivateKey:
        """Return a party's key."""
        if actor.party not in self._loaded:
            self._loaded[actor.party] = actor.key()
        return self._loaded[actor.party]


def _offers(cast: Cast, count: int) -> list[Prepared]:
    keys = _Keys(cast)
    return [
        keys.sign("offer.made/1", _offer(cast.firm, cast.institute, None), cast.firm)
        for _ in range(count)
    ]


def _deals(cast: Cast, count: int) -> list[Prepared]:
    prepared: list[Prepared] = []
    for first in range(0, count, DEALS_OF_A_FIRM):
        firm, keys = Actor.new(f"party:vn.{uuid7()}"), _Keys(cast)
        prepared.append(_register(keys, firm))
        for _ in range(min(DEALS_OF_A_FIRM, count - first)):
            prepared += _deal(keys, firm)
    return prepared


def _deal(keys: _Keys, firm: Actor) -> Iterator[Prepared]:
    """Yield the events of one deal, in the order in which they may stand in the log."""
    cast, today = keys.cast, legal_day(datetime.now(UTC))
    owner = cast.institute
    ids = {kind: f"{kind}:{uuid7()}" for kind in ("technology", "listing", "contract")}
    right = f"right:vn.{uuid7()}"
    yield keys.sign("technology.registered/1", _technology(ids["technology"], owner), owner)
    yield keys.sign("right.filed/1", _right(right, ids["technology"], owner), cast.registrar)
    yield keys.sign("right.granted/1", _granted(right, today), cast.registrar)
    listing = _listing(ids["listing"], ids["technology"], right, cast)
    yield keys.sign("listing.published/1", listing, owner, cast.operator)
    offer = _offer(firm, owner, ids["listing"])
    offered = keys.sign("offer.made/1", offer, firm)
    yield offered
    acceptance = {
        "offer": offer["offer"],
        "accepts": payload_hash(offered.payload),
        "accepted_by": owner.party,
    }
    accepted = keys.sign("offer.accepted/1", acceptance, owner)
    yield accepted
    contract = _contract(ids["contract"], right, owner, firm, today) | {
        "listing": ids["listing"],
        "offer": offer["offer"],
        "acceptance": payload_hash(accepted.payload),
    }
    yield keys.sign("contract.concluded/1", contract, owner, firm)


def _register(keys: _Keys, actor: Actor) -> Prepared:
    key = keys.of(actor)
    record = {
        "key_id": key.key_id,
        "algorithm": key.algorithm,
        "public_key": b64encode(key.spki),
    }
    body = {
        "party": actor.party,
        "kind": "organisation",
        "name": "Công ty cổ phần Vật liệu Sông Hồng",
        "roles": [],
        "seat": "VN",
        "keys": [record],
    }
    return keys.sign("party.registered/1", body, actor, keys.cast.operator, keys.cast.registrar)


def _technology(technology: str, owner: Actor) -> dict[str, Any]:
    return {
        "technology": technology,
        "title": "Lớp phủ chống ăn mòn cho thép ven biển",
        "summary": "Anti-corrosion coating for steel near the sea, applied without a primer.",
        "object_kind": "process",
        "trl": 7,
        "owners": [{"party": owner.party, "share": [1, 1]}],
        "state_funded_ppm": 600_000,
    }


def _right(right: str, technology: str, owner: Actor) -> dict[str, Any]:
    return {
        "right": right,
        "office": "vn",
        "kind": "invention",
        "application_no": right.removeprefix("right:vn."),
        "title_no": None,
        "name": "Lớp phủ chống ăn mòn",
        "filed_on": "2024-03-01",
        "owners": [{"party": owner.party, "share": [1, 1]}],
        "technology": technology,
        "attested_by": None,
        "document_sha256": None,
    }


def _granted(right: str, today: date) -> dict[str, Any]:
    return {
        "right": right,
        "title_no": "1-0026606",
        "granted_on": today.isoformat(),
        "in_force_from": today.isoformat(),
        "expires_on": "2044-03-01",
        "attested_by": None,
        "document_sha256": None,
    }


def _listing(listing: str, technology: str, right: str, cast: Cast) -> dict[str, Any]:
    return {
        "listing": listing,
        "market": "hanotex",
        "kind": "technology",
        "channel": "online",
        "title": "Lớp phủ chống ăn mòn, chuyển quyền sử dụng độc quyền",
        "summary": "Exclusive licence for Viet Nam.",
        "lister": cast.institute.party,
        "reviewer": cast.operator.party,
        "coordinator": None,
        "technology": technology,
        "rights": [right],
        "fields": {"scheme": "ipc", "edition": "2026.01", "codes": ["C09D"]},
        "ask": None,
        "expires_on": None,
        "scan_sha256": None,
    }


def _offer(firm: Actor, owner: Actor, listing: str | None) -> dict[str, Any]:
    return {
        "offer": f"offer:{uuid7()}",
        "listing": listing,
        "offeror": firm.party,
        "offeree": owner.party,
        "subject_matter": "Exclusive licence, Viet Nam, IPC C09D, eight years",
        "price": {"amount": 1_200_000_000, "currency": "VND"},
        "royalty_ppm": 50_000,
        "terms_sha256": _TERMS,
        "expires_at": format_instant(datetime.now(UTC) + timedelta(days=20)),
        "revocable": False,
    }


def _contract(contract: str, right: str, owner: Actor, firm: Actor, today: date) -> dict[str, Any]:
    grant = {
        "grant": "g1",
        "licensor": owner.party,
        "licensee": firm.party,
        "rights": [right],
        "technologies": [],
        "acts": ["make", "sell", "use"],
        "exclusivity": "exclusive",
        "territory": {"codes": ["iso:VN"]},
        "field": {"scheme": "ipc", "edition": "2026.01", "codes": ["C09D"]},
        "valid_from": today.isoformat(),
        "valid_to": "2034-01-01",
        "sublicensing": "consent",
        "transferable": False,
        "accepts": [],
    }
    return {
        "contract": contract,
        "kind": "licence",
        "parties": sorted([owner.party, firm.party]),
        "grants": [grant],
        "price": {"amount": 1_200_000_000, "currency": "VND"},
        "royalty_ppm": 50_000,
        "royalty_base": "net_selling_price",
        "currency": "VND",
        "terms_sha256": _TERMS,
        "concluded_on": today.isoformat(),
        "effective_from": today.isoformat(),
        "effective_to": "2034-01-01",
        "dispute_body": "VIAC",
    }


_TERMS = "sha256:" + hashlib.sha256(b"The text of the licence agreement.").hexdigest()


def mean_payload(prepared: Sequence[Prepared]) -> int:
    """Return the mean size of the payloads, in bytes."""
    return sum(len(each.payload) for each in prepared) // len(prepared)
