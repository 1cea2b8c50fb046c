"""Every event of a listing and of an offer as its signers signed it (`event_bodies`)."""

from ledger.domain.core.event import Logged
from ledger.domain.registry import EVOLVES
from projections.engine.event_bodies import EventBody, said_of
from projections.engine.projection import EVERY_EVENT, Journal

_KINDS = ("listing", "offer")


def _events(logged: Logged) -> list[EventBody]:
    body = logged.event.body
    return [
        said_of(subject, logged)
        for subject in sorted(body.subjects())
        if subject.startswith(_KINDS) and (subject.partition(":")[0], type(body)) in EVOLVES
    ]


market_events = Journal(
    name="market_events",
    version=1,
    row=EventBody,
    emit=_events,
    bodies=frozenset(body for kind, body in EVOLVES if kind in _KINDS),
    tells=dict.fromkeys(_KINDS, EVERY_EVENT),
)
