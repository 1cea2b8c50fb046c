"""
The log for the library `eventsourcing`: entries as its events, for read models of one's own.

How to build one: docs/guides/own-read-models.md.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NoReturn

from eventsourcing.dcb.api import DCBEvent
from eventsourcing.dcb.application import DCBApplication
from eventsourcing.dcb.domain import Decision, Tagged
from eventsourcing.dcb.persistence import DCBMapper
from eventsourcing.persistence import ProgrammingError

from ledger.domain.core.event import Event
from ledger.events.intake import decode


@dataclass(frozen=True)
class EntryAsEvent(Decision):
    """What the log holds at a position: the event, and when it was accepted."""

    event: Event
    accepted: datetime

    def as_dict(self) -> dict[str, Any]:
        """Return the members."""
        return {"event": self.event, "accepted": self.accepted}


class EntryMapper(DCBMapper[EntryAsEvent]):
    """Reads entries. Writes none: what is in the log was signed and judged."""

    def to_dcb_event(self, event: Tagged[Any]) -> NoReturn:
        """Raise: an event is recorded by submitting it, signed."""
        del event
        raise ProgrammingError("an event is recorded by submitting it, signed: docs/sdk.md")

    def to_domain_event(self, event: DCBEvent) -> Tagged[EntryAsEvent]:
        """Return an entry's event, tagged with its subjects."""
        logged = decode(event.data, 0)
        return Tagged(event.tags, EntryAsEvent(logged.event, logged.accepted))


class LedgerLog(DCBApplication):
    """The log as an application of the library; `LEDGER_DATABASE_URL` says where it is."""

    env = {  # noqa: RUF012  (the library's own name and form)
        "PERSISTENCE_MODULE": "ledger.store.recorder",
        "MAPPER_TOPIC": "ledger.events.library:EntryMapper",
    }
