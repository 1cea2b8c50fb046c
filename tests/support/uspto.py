"""What the tests of the USPTO importer share: the records, and a ledger of rules without crypto."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from api.importers.memory import Memory, PlannedEvent
from api.importers.uspto import Plan, plan
from api.importers.uspto_parties import PartyMapping, default_mapping
from api.importers.uspto_records import ConveyanceRecords, Record, parse_records
from ledger.domain.admission import Folds, admit, evolve_subject
from ledger.domain.core.body import Body, Folded, KeyRecord
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.refusal import Refusal
from ledger.domain.government.ledger import FirstParty, LedgerOpened
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.domain.parties.party import Role
from ledger.domain.signing.who_signs import who_signs
from ledger.events.compose import compose
from ledger.events.lawbook import available_laws, bundled_law
from ledger.wire.entry import Entry, format_entry
from ledger.wire.envelope import PAYLOAD_TYPE, Signature

DATA = Path(__file__).parents[2].parent / "shared" / "data" / "uspto-assignment-chains"
ORIGIN = "exchange.example.vn/techledger/0badcafe"
CLERK, OPERATOR, REGISTRAR = "party:vn.clerk", "party:vn.operator", "party:vn.registrar"
NOW = datetime(2026, 11, 22, 6, 0, 0, 123_000, tzinfo=UTC)
"""Fixed: the state of rules must not depend on the day on which the tests run."""

Names = tuple[str, ...]

_KEYS = {CLERK: "c" * 64, OPERATOR: "0" * 64, REGISTRAR: "e" * 64}
_ROLES: dict[str, tuple[Role, ...]] = {
    CLERK: ("clerk",),
    OPERATOR: ("operator",),
    REGISTRAR: ("registrar",),
}


def read_data(name: str) -> bytes:
    """Return the bytes of one of the shared files, or a skip that says what is missing."""
    if not (DATA / name).is_file():
        pytest.skip(f"no shared data: {DATA / name} is absent, the USPTO records are not tested")
    return (DATA / name).read_bytes()


def office_records() -> tuple[Record, ...]:
    return parse_records(read_data("assignments.jsonl")).records


def office_chains() -> dict[str, list[str]]:
    chains: dict[str, list[str]] = json.loads(read_data("chains-by-application.json"))
    return chains


def line(record_id: str, kind: str, given: Names, taken: Names, **members: Any) -> bytes:
    """Return a line of the office's file; `applications` and other members as they are named."""
    reel, frame = record_id.split("-")
    numbers = members.pop("applications", ("15000001",))
    described = {
        "patent": None,
        "publication": None,
        "filed": "2016-05-03",
        "issued": None,
        "title": "A PUMP",
    }
    record = {
        "id": record_id,
        "reel": reel,
        "frame": frame,
        "recorded": "2019-01-08",
        "last_update": "2019-01-09",
        "purged": False,
        "kind": kind,
        "conveyance_text": kind,
        "refers_to": [],
        "assignors": [{"name": name, "executed": "2019-01-07"} for name in given],
        "assignees": [{"name": name, "country": None, "state": "TEXAS"} for name in taken],
        "properties": [{"application": number, **described} for number in numbers],
        **members,
    }
    return json.dumps(record).encode() + b"\n"


def lines(*rows: bytes) -> tuple[Record, ...]:
    return parse_records(b"".join(rows)).records


def planned(records: Iterable[Record], mapping: PartyMapping | None = None) -> Plan:
    """Return the plan of a first run, for a clerk with an empty memory."""
    register = ConveyanceRecords(tuple(records), ())
    return plan(register, mapping or default_mapping(), Memory(ORIGIN), clerk=CLERK, now=NOW)


@dataclass
class RulesOnly:
    """A ledger in memory: real admission and folding, no bytes, no signatures' values."""

    subjects: dict[str, Folded] = field(default_factory=dict)
    entries: list[Event] = field(default_factory=list)
    chains: dict[str, list[str]] = field(default_factory=dict)
    refused: dict[str, Refusal] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.append(_event(_opening(), (CLERK, OPERATOR, REGISTRAR), "opening"))

    def get(self, subject: str) -> Any:
        folded = self.subjects.get(subject)
        return folded and folded.value

    def append(self, event: Event) -> int:
        """Return the position of the event; raise the refusal if a rule forbids it."""
        position = len(self.entries)
        admit(
            Folds(self.subjects),
            event,
            Context(accepted=NOW, position=position, laws=available_laws()),
        )
        for subject in event.subjects:
            logged = Logged(event, position, NOW)
            self.subjects[subject] = evolve_subject(subject, self.subjects.get(subject), logged)
        self.entries.append(event)
        return position

    def run(self, events: Iterable[PlannedEvent]) -> "RulesOnly":
        """Post a plan as the command does; keep refusals by source, chains by application."""
        for item in events:
            signers = who_signs(item.body, self.get(ledger_subject(ORIGIN)))
            try:
                self.append(_event(item.body, tuple(sorted(signers)), item.identity.event_id))
            except Refusal as refusal:
                self.refused[item.source] = refusal
                continue
            for right in getattr(item.body, "rights", ()):
                self.chains.setdefault(right.removeprefix("right:us."), []).append(item.source)
        return self

    def position(self, subject: str) -> int:
        """Return the position of the event that created the subject."""
        return int(self.get(subject).position)

    def codes(self) -> dict[str, str]:
        return {source: refusal.code for source, refusal in self.refused.items()}


def imported(records: Iterable[Record], mapping: PartyMapping | None = None) -> RulesOnly:
    return RulesOnly().run(planned(records, mapping))


def _event(body: Body, signers: tuple[str, ...], event_id: str) -> Event:
    return Event(
        ledger=ORIGIN,
        event_id=event_id,
        type=body.TOPIC,
        issued_at=NOW,
        not_after=NOW,
        seen=None,
        subjects=tuple(sorted(body.subjects())),
        signers=signers,
        body=body,
        payload_hash=f"sha256:{len(event_id):064x}",
        signatures=tuple(_KEYS[signer] for signer in signers),
    )


def _opening() -> LedgerOpened:
    return LedgerOpened(
        origin=ORIGIN,
        log_keys=("log",),
        policy_sha256="sha256:" + "0" * 64,
        edition="0-dev",
        law_data_sha256=bundled_law().sha256,
        operator=OPERATOR,
        registrar=REGISTRAR,
        parties=tuple(_first_party(party) for party in _KEYS),
    )


def _first_party(party: str) -> FirstParty:
    key = KeyRecord(key_id=_KEYS[party], algorithm="ed25519", public_key="A" * 60)
    return FirstParty(
        party=party, kind="organisation", name=party, roles=_ROLES[party], seat="VN", keys=(key,)
    )


def entry_of(item: PlannedEvent) -> bytes:
    """Return the entry of a planned event under two signatures, whose values are empty."""
    payload = compose(
        ORIGIN,
        item.body.TOPIC,
        json.loads(item.body.model_dump_json()),
        [CLERK, OPERATOR],
        event_id=item.identity.event_id,
        nonce=item.identity.nonce,
        issued_at=item.identity.issued_at,
    )
    signatures = tuple(Signature(key_id=digit * 64, value=bytes(64)) for digit in "0c")
    return format_entry(Entry("2026-11-22T06:00:00.123Z", PAYLOAD_TYPE, signatures, payload))
