"""By which edition and rules an event was judged. Serves `GET /v1/entries/{n}/grounds`."""

from collections.abc import Mapping
from dataclasses import dataclass

from ledger.domain.core.ground import Ground
from ledger.domain.core.law import Law
from ledger.domain.grounds import grounds
from ledger.store.connection import Pool
from ledger.store.frames import read_frames
from projections.engine.answer import Answer
from projections.engine.decoding import decode
from projections.engine.view import NotFolded, positions_of
from projections.tables.editions import Edition, edition_at, editions_of


@dataclass(frozen=True, slots=True)
class Judged(Answer):
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


def grounds_of(pool: Pool, laws: Mapping[str, Law], position: int) -> Judged:
    """Return by what an event was judged. Raises `NotFolded` where there is no such entry yet."""
    frames = read_frames(pool, position, position + 1, 1)
    edition = edition_at(pool, position)
    if not frames or edition is None:
        raise NotFolded(f"position {position} is not folded yet", position)
    logged = decode(frames[0][1], position)
    law = laws.get(edition.law_data_sha256)
    return Judged(
        position,
        logged.event.type,
        editions_of(pool).size,
        edition,
        law is not None,
        () if law is None else grounds(logged, law),
        positions_of([position, edition.position]),
    )
