"""
Parties with real keys, who sign the bodies of `builders` for a running node or server.

    world = World(origin, operator=key, registrar=key)
    world.sign(technology_registered(), INSTITUTE)
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ledger.domain.core.body import Body
from ledger.events.compose import LIFE, compose
from ledger.events.intake import Submission, read_envelope
from ledger.follow.client import Signed
from ledger.home.keystore import load_key
from ledger.home.paths import Home
from ledger.node.genesis import key_record
from ledger.wire.envelope import sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL, party_registered


@dataclass
class World:
    """The keys of everyone, by party; `founding` are the events with which a test begins."""

    origin: str
    keys: dict[str, PrivateKey] = field(default_factory=dict)
    founding: list[Signed] = field(default_factory=list)

    @classmethod
    def of(cls, home: Home) -> "World":
        """Return the world of a ledger whose founders' keys lie in its home."""
        identity = home.identity()
        return cls(
            identity.origin,
            {
                OPERATOR: load_key(home.keys / "operator.pem"),
                REGISTRAR: load_key(home.keys / "registrar.pem"),
            },
        )

    def key(self, party: str) -> PrivateKey:
        """Return a party's key, made when it is first needed."""
        if party not in self.keys:
            self.keys[party] = PrivateKey.generate()
        return self.keys[party]

    def registration(self, party: str, **overrides: Any) -> Signed:
        """Return the event that registers a party with its key, signed by both officers."""
        body = party_registered(party=party, keys=[key_record(self.key(party))], **overrides)
        officers = [OPERATOR] if body.kind == "person" and not body.roles else [OPERATOR, REGISTRAR]
        return self.sign(body, party, *officers)

    def registrations(self, parties: Iterable[str] = (INSTITUTE, FIRM, RIVAL)) -> list[Signed]:
        """Return the events that register several parties."""
        return [self.registration(party) for party in parties]

    def payload(
        self,
        body: Body,
        *signers: str,
        event_id: str | None = None,
        issued_at: datetime | None = None,
        life: timedelta = LIFE,
        seen: int | None = None,
    ) -> bytes:
        """Return the canonical payload of an event."""
        return compose(
            self.origin,
            body.TOPIC,
            body.model_dump(mode="json"),
            signers,
            event_id=event_id,
            issued_at=issued_at,
            life=life,
            seen=seen,
        )

    def sign(self, body: Body, *signers: str, **header: Any) -> Signed:
        """Return an event signed by the keys of its signers."""
        payload = self.payload(body, *signers, **header)
        return Signed(sign_envelope(payload, [self.key(party) for party in signers]))


def submission(signed: Signed) -> Submission:
    """Return what intake hands to the sequencer."""
    return read_envelope(signed.envelope, signed.openings)
