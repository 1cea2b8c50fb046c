"""
What an importer must remember to say the same thing twice: ids, tokens, what was admitted.

A second run repeats every event byte for byte, so that the ledger answers with the first receipts
instead of admitting doubles. The file holds the names of persons beside their random tokens, so
it is private (mode 0600) and never part of the ledger; anyone who erases a name there has cut the
token loose from the person.
"""

import json
import os
import secrets
import stat
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import StringConstraints

from api.importers import ImporterError
from ledger.domain.core.body import Body
from ledger.domain.core.types import Instant, Model, PartyId, Sha256
from ledger.events.compose import LIFE, new_nonce, uuid7
from ledger.runtime import durable
from ledger.wire.regular import open_regular


class MemoryRefused(ImporterError):
    """The state file is not of this form, belongs to another ledger, or is open to others."""


class Identity(Model):
    """The members of an event's header that are drawn once and then repeated."""

    event_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
    nonce: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")]
    issued_at: Instant

    @property
    def not_after(self) -> datetime:
        """Return the last instant at which the ledger takes the event."""
        return self.issued_at + LIFE


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """An event to sign and post: `source` is the record, application or agreement that it is of.

    `subject` is what the event creates; tell the memory to `settle` it once it is admitted.
    """

    source: str
    subject: str
    body: Body
    identity: Identity


class _Remembered(Model):
    body_sha256: Sha256
    identity: Identity
    admitted: bool
    refused: bool = False


class _File(Model):
    version: Literal[1]
    ledger: str
    tokens: dict[str, PartyId]
    events: dict[str, _Remembered]


@dataclass(slots=True)
class Memory:
    """The importer's memory for one ledger, by the ledger's origin.

    `events` are kept by the subject that they create; `tokens` by a person's name as recorded.
    `drawn` are the subjects of this run's new identities, `renewed` those of them whose earlier
    bytes were refused for good.
    """

    ledger: str
    tokens: dict[str, str] = field(default_factory=dict)
    events: dict[str, _Remembered] = field(default_factory=dict)
    drawn: set[str] = field(default_factory=set, compare=False)
    renewed: set[str] = field(default_factory=set, compare=False)

    def token(self, name: str) -> str:
        """Return the random party id of a person, drawn when the name is first met."""
        return self.tokens.setdefault(name, f"party:tok.{secrets.token_hex(16)}")

    def identity(self, subject: str, body_sha256: str, now: datetime) -> Identity:
        """Return the identity of the event that creates a subject with this body.

        It is the remembered one, unless the body has changed (another event, for the ledger to
        judge), or the ledger has refused it for good, as it does with what expired. What was
        admitted is never forgotten, and what became of which nobody knows is said again, however
        late: it may be recorded, and drawn again it would stand twice.
        """
        known = self.events.get(subject)
        same = known is not None and known.body_sha256 == body_sha256
        if known and same and not known.refused:
            return known.identity
        drawn = new_identity(now)
        self.drawn.add(subject)
        if known and same and known.refused:
            self.renewed.add(subject)
        if known is None or not known.admitted:
            self.events[subject] = _Remembered(
                body_sha256=body_sha256, identity=drawn, admitted=False
            )
        return drawn

    def admitted_body(self, subject: str) -> str | None:
        """Return the hash of the body that the ledger admitted for a subject, if it has."""
        known = self.events.get(subject)
        return known.body_sha256 if known and known.admitted else None

    def settle(self, subject: str) -> None:
        """Note that the ledger has admitted the event that creates the subject."""
        self.events[subject] = self.events[subject].model_copy(
            update={"admitted": True, "refused": False}
        )

    def bury(self, subject: str, identity: Identity) -> None:
        """Note that the ledger has refused that event for good: the next one has another identity.

        To be called for the ledger's answer alone: what it did not answer may be recorded.
        """
        known = self.events.get(subject)
        if known and known.identity == identity and not known.admitted:
            self.events[subject] = known.model_copy(update={"refused": True})


def new_identity(now: datetime) -> Identity:
    """Draw the identity of an event that is issued at `now`, to the millisecond."""
    issued_at = now.replace(microsecond=now.microsecond // 1000 * 1000)
    return Identity(event_id=uuid7(), nonce=new_nonce(), issued_at=issued_at)


def load_memory(path: Path, ledger: str) -> Memory:
    """Return the memory kept at `path` for the ledger of this origin; an empty one if none is.

    Raises `MemoryRefused` if the file is not of this form, belongs to another ledger, or may be
    read by anyone but its owner.
    """
    try:
        with open_regular(path) as file:
            if stat.S_IMODE(os.fstat(file.fileno()).st_mode) & 0o077:
                raise MemoryRefused(f"{path} is open to others; its mode must be 0600")
            kept = _File.model_validate(json.loads(file.read()))
    except FileNotFoundError:
        return Memory(ledger)
    except (ValueError, RecursionError) as error:  # pydantic's own error is a ValueError
        raise MemoryRefused(f"{path} is not an importer's state file") from error
    if kept.ledger != ledger:
        raise MemoryRefused(f"{path} belongs to the ledger {kept.ledger}")
    return Memory(kept.ledger, dict(kept.tokens), dict(kept.events))


def save_memory(path: Path, memory: Memory) -> None:
    """Write the memory durably and whole, or leave the old file as it is. Mode 0600.

    Call it before the first event is sent: an identity that is lost after sending would come back
    as a double.
    """
    kept = _File(version=1, ledger=memory.ledger, tokens=memory.tokens, events=memory.events)
    durable.make_directories(path.parent)
    durable.replace(path, kept.model_dump_json(indent=1).encode())
