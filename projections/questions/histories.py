"""All that was ever said of a subject. Serves `GET /v1/subjects/{id}/timeline`."""

from dataclasses import dataclass

from projections.engine.answer import Answer
from projections.engine.view import bound_parameters
from projections.tables.basis import BY_THEN, listing, named
from projections.tables.reader import Reader
from projections.tables.timeline import EventRow, events, timeline


@dataclass(frozen=True, slots=True)
class Timeline(Answer):
    """A page of a subject's events in order of position, folded up to `size` entries.

    `next_after` is the cursor of the next page, None on the last.
    """

    subject: str
    size: int
    events: tuple[EventRow, ...]
    after: int
    limit: int
    next_after: int | None

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events."""
        return tuple(event.position for event in self.events)


def timeline_of(reader: Reader, subject: str, *, after: int = -1, limit: int = 100) -> Timeline:
    """Return up to `limit` events about a subject whose positions are greater than `after`.

    As known at a position or instant (default: now). Raises `NotFolded` or `NotAsked`
    (`projections.engine.view`).
    """
    with listing(reader, events, timeline) as view:
        known = reader.as_of(view)
        found = view.rows(
            timeline,
            f"subject = %(subject)s AND position > %(after)s AND {BY_THEN}",
            {"subject": subject, "after": after, **bound_parameters(known)},
            order="position",
            limit=limit + 1,
        )
        page = [row.position for row in found[:limit]]
        entries = view.rows(events, "position = ANY(%(page)s)", {"page": page}, order="position")
        cursor = page[-1] if len(found) > limit else None
        answer = Timeline(subject, view.size, entries, after, limit, cursor)
        return named(view, answer, known, subject)
