"""
By which editions of the rules the ledger judges, and by which of them it judged an event.

Serves `GET /v1/law` and `GET /v1/entries/{n}/grounds`.
"""

from dataclasses import dataclass

from ledger.domain.core.event import Logged
from ledger.domain.core.ground import Ground
from ledger.domain.grounds import grounds
from ledger.store.entries import read_head
from ledger.store.frames import read_frames
from projections.engine.answer import Answer
from projections.engine.decoding import decode
from projections.engine.view import (
    RECORDED,
    NotFolded,
    NotPublished,
    bound_parameters,
    positions_of,
    read_snapshot,
)
from projections.tables.editions import Edition, edition_at, editions
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class Editions(Answer):
    """All editions that were adopted, in order, as known; folded up to `size` entries."""

    size: int
    editions: tuple[Edition, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that adopted them."""
        return tuple(edition.position for edition in self.editions)


@dataclass(frozen=True, slots=True)
class EventGrounds(Answer):
    """An event's edition and law data, and the rules of law that its dates choose.

    `at_hand` is False where this server does not hold those law data: then no rule is told.
    """

    position: int
    type: str
    size: int
    edition: Edition
    at_hand: bool
    grounds: tuple[Ground, ...]
    positions: tuple[int, ...]


def editions_of(reader: Reader) -> Editions:
    """Return the editions adopted so far. Raises `NotFolded` or `NotAsked`."""
    with read_snapshot(reader.pool, editions) as view:
        known = reader.as_of(view)
        found = view.rows(editions, RECORDED, bound_parameters(known), order="position")
        return Editions(view.size, found, known_at=known.asked)


def grounds_of(reader: Reader, position: int) -> EventGrounds:
    """Return by what an event was judged. Raises `NotPublished` or `NotFolded`."""
    frames = read_frames(reader.pool, position, position + 1, 1)
    edition = edition_at(reader.pool, position)
    if not frames:
        raise NotPublished(position, read_head(reader.pool).size)
    if edition is None:
        raise NotFolded(f"position {position} is not folded yet")
    return judged_by(reader, decode(frames[0][1], position), edition, editions_of(reader).size)


def judged_by(reader: Reader, logged: Logged, edition: Edition, size: int) -> EventGrounds:
    """Return by what of an edition an event was judged, as read models of a size know it."""
    position, law = logged.position, reader.laws.get(edition.law_data_sha256)
    return EventGrounds(
        position,
        logged.event.type,
        size,
        edition,
        law is not None,
        () if law is None else grounds(logged, law),
        positions_of([position, edition.position]),
    )
