"""What a client submits: the envelope that parties signed, and what opens its sealed sections."""

import json
from dataclasses import dataclass
from typing import Self

from ledger.quoted import listed
from ledger.wire import canonical
from ledger.wire.commitment import Opening, opening_from_object, opening_to_object
from ledger.wire.envelope import (
    Envelope,
    MalformedEnvelope,
    envelope_from_object,
    envelope_to_object,
)
from ledger.wire.strict import load_json


@dataclass(frozen=True, slots=True)
class Signed:
    """What is submitted: an envelope and the openings of its private sections."""

    envelope: Envelope
    openings: tuple[Opening, ...] = ()

    @property
    def event_id(self) -> str:
        """The event's id, as its payload says."""
        return str(canonical.load(self.envelope.payload, admission=False).get("event_id"))

    @classmethod
    def from_json(cls, raw: bytes) -> Self:
        """Read a submission, or an envelope alone.

        Raises `MalformedJson`, `MalformedEnvelope`, `BadOpening`.
        """
        value = load_json(raw)
        if not isinstance(value, dict) or "payload" in value:
            return cls(envelope_from_object(value))
        openings = value.get("openings", [])
        if (
            not {"envelope"} <= value.keys() <= {"envelope", "openings"}
            or type(openings) is not list
        ):
            raise MalformedEnvelope(
                f'a submission is {{"envelope": ..., "openings": [...]}}, not {listed(value)}'
            )
        return cls(
            envelope_from_object(value["envelope"]),
            tuple(opening_from_object(item) for item in openings),
        )

    def to_json(self) -> bytes:
        """Return the body of the request."""
        return json.dumps(
            {
                "envelope": envelope_to_object(self.envelope),
                "openings": [opening_to_object(opening) for opening in self.openings],
            },
            ensure_ascii=False,
            separators=(",", ":"),
        ).encode()
