"""
The story in which every topic occurs, with real keys, and deputies of every party for every reason.

Bodies of `golden_events.STORY` are written as JSON with real keys instead of planted ones, and with
the hashes that their payloads really have. Before it begins, each of its parties gives mandates to
deputies who differ in one thing each, and a clerk and a key begin to wait, to be stopped, or to
bind. The story is told of a ledger with a delay too: then all that has to wait says so.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.core.types import format_instant
from ledger.domain.registry import TOPICS
from ledger.node.genesis import key_record
from ledger.powers import TABLE, Officers, must_wait, parties_bound
from ledger.wire import canonical
from ledger.wire.base64 import b64url_encode
from ledger.wire.entry import Entry, format_entry
from ledger.wire.envelope import PAYLOAD_TYPE, Signature, payload_hash, sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.support import builders as b
from tests.support import governance, mandates, parties
from tests.support.golden_events import STORY
from tests.support.governance import FIRST_KEYS, NEXT_KEY, REFUSAL_KEY
from tests.support.log import format_vkey
from tests.support.sample_log import event_id, log_signers, party_key

ORIGIN = b.ORIGIN
START = datetime(2026, 11, 2, 3, 0, tzinfo=UTC)
PRELUDE_AT = 4
"""Before this event of the story the deputies are registered."""

SMALL, LARGE = {"amount": 1, "currency": "VND"}, {"amount": 2**50, "currency": "VND"}
DEPUTIES: Mapping[str, dict[str, Any]] = {
    "whole": {},
    "small": {"ceiling": SMALL},
    "large": {"ceiling": LARGE},
    "foreign": {"ceiling": {**LARGE, "currency": "USD"}},
    "other": {"topics": ["nothing.done"]},
    "ended": {},
    "over": {"valid_to": "2026-11-02"},
    "later": {"valid_from": "2026-11-03"},
}
"""How the mandate of each deputy differs from a whole one."""


SLEEPER, STOPPED = "party:vn.sleeper", "party:vn.stopped"
"""A clerk whose registration waits as long as the story lasts, and one who was stopped."""
SLEEPING, STOPPED_KEY = 3, 4
"""Numbers of the firm's keys that are vouched for: one waits for ever, one was stopped."""
HELD, SILENT = 8, 9
"""Numbers of its keys that are suspended as long as the story lasts: by an officer, by the firm."""
FAR = "2026-12-24T00:00:00.000Z"


def deputy(name: str) -> str:
    return f"party:vn.deputy-{name}"


VKEYS = {
    FIRST_KEYS[0]: format_vkey(log_signers(ORIGIN)[0]),
    NEXT_KEY: format_vkey(log_signers(ORIGIN)[1]),
    REFUSAL_KEY: format_vkey(log_signers(f"{ORIGIN}/refusals")[0]),
}
"""The keys of the log, of which the story has words."""

EVERYBODY = sorted(
    {party for body in STORY for party, _ in body.new_keys()}
    | {SLEEPER, STOPPED, *map(deputy, DEPUTIES)}
)
KEYS = {
    party_key(party, number).key_id: party_key(party, number)
    for party in EVERYBODY
    for number in (*range(5), HELD, SILENT)
}


@lru_cache(maxsize=4096)
def _subjects(topic: str, said: str) -> list[str]:
    """Return what a body is about; most cases of a step say the same."""
    return sorted(TOPICS[topic].model_validate(json.loads(said)).subjects())


@dataclass
class Writer:
    """Writes entries of the story's ledger: as they should be, or as somebody wants them."""

    officers: Officers = field(default_factory=lambda: Officers(b.OPERATOR, b.REGISTRAR))
    renamed: dict[str, str] = field(default_factory=lambda: dict(VKEYS))
    in_force: dict[str, list[PrivateKey]] = field(default_factory=dict)
    gone: list[PrivateKey] = field(default_factory=list)
    mandated: int = 0
    delay_waits: bool = False
    number: int = 0
    delay_s: int = 0

    def __post_init__(self) -> None:
        for party in EVERYBODY:
            for number in (*range(5), HELD, SILENT):
                planted, real = b.planted_key(party, number), key_record(party_key(party, number))
                self.renamed |= {planted[name]: real[name] for name in ("key_id", "public_key")}

    def real(self, body: Body) -> dict[str, Any]:
        """Return a body as JSON, with real keys and hashes."""
        text = json.dumps(body.model_dump(mode="json", exclude_unset=True), ensure_ascii=False)
        for planted, real in self.renamed.items():
            if planted in text:
                text = text.replace(planted, real)
        said: dict[str, Any] = json.loads(text)
        return said

    def waiting(self, topic: str, said: dict[str, Any], at: datetime) -> dict[str, Any]:
        """Return what is said, with the delay of this story's ledger where it has to wait."""
        if topic in ("ledger.opened/1", "ledger.delay_adopted/1"):
            said = {**said, "delay_seconds": self.delay_s}
        if not must_wait(TABLE[topic], said) or said.get("not_before") or not self.delay_s:
            return said
        binds = at + timedelta(seconds=self.delay_s)
        return {**said, "not_before": format_instant(binds)}

    def payload(
        self,
        topic: str,
        said: Mapping[str, Any],
        signers: Iterable[str],
        at: datetime,
        subjects: Iterable[str] = (),
    ) -> bytes:
        """Return the payload of a new event, about what its body is about where nothing is said."""
        self.number += 1
        nonce = hashlib.sha256(f"differential {self.number}".encode()).digest()[:16]
        header = {
            "ledger": ORIGIN,
            "event_id": event_id(self.number),
            "type": topic,
            "issued_at": format_instant(at - timedelta(seconds=1)),
            "not_after": format_instant(at + timedelta(days=30)),
            "nonce": b64url_encode(nonce),
            "subjects": sorted({*subjects}) or _subjects(topic, json.dumps(said)),
            "signers": sorted(set(signers)),
            "body": said,
        }
        return canonical.dump(header)

    def told(self, step: "Step", payload: bytes) -> None:
        """Remember which hash the payload of a body of the story really has."""
        self.renamed[step.named] = payload_hash(payload)

    def key(self, party: str) -> PrivateKey:
        """Return a key of a party that is in force, if there is one."""
        return [*self.in_force.get(party, []), party_key(party, 7)][0]

    def bound(self, topic: str, said: Mapping[str, Any]) -> list[str]:
        return sorted(parties_bound(TABLE[topic], said, self.officers))

    def follow(self, topic: str, said: Mapping[str, Any]) -> None:
        """Remember whose keys are in force after an event, and who the officers are."""
        brought = TOPICS[topic].model_validate(said).new_keys()
        for party, record in brought:
            if said.get("not_before") != FAR:
                self.in_force.setdefault(party, []).append(KEYS[record.key_id])
        self.mandated += topic == "mandate.given/1"
        if topic == "ledger.delay_adopted/1":
            self.delay_waits = said.get("not_before") == FAR
        if topic == "key.revoked/1":
            self.gone += [k for k in self.in_force[said["party"]] if k.key_id == said["key_id"]]
            kept = [key for key in self.in_force[said["party"]] if key.key_id != said["key_id"]]
            self.in_force[said["party"]] = kept
        if topic == "ledger.operation_handed_over/1":
            self.officers = Officers(said["operator"], self.officers.registrar)


def lines(payload: bytes, keys: Iterable[PrivateKey]) -> tuple[Signature, ...]:
    unique = {key.key_id: key for key in keys}
    return sign_envelope(payload, unique.values()).signatures


def entry(payload: bytes, signatures: Iterable[Signature], at: datetime) -> bytes:
    """Return the entry as accepted at an instant."""
    return format_entry(Entry(format_instant(at), PAYLOAD_TYPE, tuple(signatures), payload))


@dataclass(frozen=True)
class Step:
    """An event that is to be admitted: what it says, who signs, when, its new keys.

    `named` is the hash by which other bodies of the story refer to it.
    """

    topic: str
    said: dict[str, Any]
    signers: list[str]
    at: datetime
    new: list[PrivateKey]
    named: str


def steps(writer: Writer) -> Iterator[Step]:
    """Yield the story, in its order; the writer follows each when the next is asked for."""
    for index, body in enumerate(STORY):
        at = START + timedelta(seconds=index)
        if index == PRELUDE_AT:
            for prelude in _newcomers():
                yield from _step(writer, prelude, at - timedelta(seconds=1))
            for prelude in _mandates():
                yield from _step(writer, prelude, at)
        yield from _step(writer, body, at)


def _newcomers() -> Iterator[Body]:
    for name in DEPUTIES:
        key = b.planted_key(deputy(name))
        yield b.party_registered(party=deputy(name), name=f"Deputy {name}", keys=[key])
    for party in (SLEEPER, STOPPED):
        keys = [b.planted_key(party)]
        yield b.party_registered(party=party, roles=["clerk"], keys=keys, not_before=FAR)
    for number in (SLEEPING, STOPPED_KEY):
        key = b.planted_key(b.FIRM, number)
        yield b.key_added(party=b.FIRM, key=key, vouched_by=b.REGISTRAR, not_before=FAR)
    for number, by in ((HELD, b.OPERATOR), (SILENT, b.FIRM)):
        yield b.key_added(party=b.FIRM, key=b.planted_key(b.FIRM, number))
        which = {"party": b.FIRM, "key_id": b.key_id(b.FIRM, number)}
        yield parties.key_suspended(**which, suspended_by=by)


def _mandates() -> Iterator[Body]:
    yield governance.delay_adopted(not_before=FAR)
    yield parties.party_stopped(STOPPED)
    stopped = {"party": b.FIRM, "key_id": b.key_id(b.FIRM, STOPPED_KEY)}
    yield parties.key_stopped(**stopped, stopped_by=b.FIRM)
    for principal in sorted(b.ROLES):
        for name, terms in DEPUTIES.items():
            mandate = f"mandate:{principal[6:].replace(':', '-')}-{name}"
            pair = {"mandate": mandate, "principal": principal, "holder": deputy(name)}
            yield mandates.mandate_given(**{"topics": ["*"], **pair, **terms})
            if name == "ended":
                yield mandates.mandate_ended(**pair, ended_by=principal)


def _step(writer: Writer, body: Body, at: datetime) -> Iterator[Step]:
    said = writer.waiting(body.TOPIC, writer.real(body), at)
    new = [KEYS[record.key_id] for _, record in TOPICS[body.TOPIC].model_validate(said).new_keys()]
    yield Step(body.TOPIC, said, writer.bound(body.TOPIC, said), at, new, b.hash_of(body))
    writer.follow(body.TOPIC, said)
