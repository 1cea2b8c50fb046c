"""What was recorded of what somebody watches. Serves `GET /v1/stream` and the Atom feeds."""

from dataclasses import dataclass

from projections.questions.feed import Order
from projections.tables.basis import listing
from projections.tables.reader import Reader
from projections.tables.timeline import EventRow, events, timeline


@dataclass(frozen=True, slots=True)
class WatchList:
    """Events of one of these types, about one of these subjects; none of either is all."""

    topics: frozenset[str] = frozenset()
    subjects: frozenset[str] = frozenset()

    def has(self, event: EventRow) -> bool:
        """Say whether an event is watched."""
        return (not self.topics or event.topic in self.topics) and (
            not self.subjects or not self.subjects.isdisjoint(event.subjects)
        )


@dataclass(frozen=True, slots=True)
class Watched:
    """Events that are watched, oldest first; `upto`: no other one stands before that position."""

    events: tuple[EventRow, ...]
    upto: int


def watched_of(
    reader: Reader,
    watch: WatchList,
    *,
    since: int = 0,
    before: int,
    order: Order = "oldest",
    limit: int,
) -> Watched:
    """Return the first, or the last, events that are watched at positions from one to another.

    `before` is the first position that is not looked at. Raises `NotFolded`.
    """
    with listing(reader, events, timeline) as view:
        size = min(view.size, before)
        asked = {
            "since": since,
            "last": size - 1,
            "topics": sorted(watch.topics),
            "subjects": sorted(watch.subjects),
        }
        between = "position BETWEEN %(since)s AND %(last)s"
        about = "SELECT position FROM read.timeline WHERE subject = ANY(%(subjects)s)"
        where = [between]
        where += ["topic = ANY(%(topics)s)"] if watch.topics else []
        where += [f"position IN ({about} AND {between})"] if watch.subjects else []
        descends = order == "newest"
        place = "position DESC" if descends else "position"
        found = view.rows(events, " AND ".join(where), asked, place, limit)
        if descends:
            return Watched(found[::-1], size)
        return Watched(found, found[-1].position + 1 if len(found) == limit else size)
