"""What was recorded, newest or oldest first. Serves `GET /v1/events`."""

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from ledger.domain.core.types import legal_day
from projections.engine.projection import Journal
from projections.engine.view import Known, View
from projections.questions.listed import NAMED_BY, Listed, leaf_of, names_in
from projections.tables.basis import listing, named
from projections.tables.reader import Reader
from projections.tables.timeline import EventRow, events, timeline

Order = Literal["newest", "oldest"]


@dataclass(frozen=True, slots=True)
class Feed(Listed):
    """A page of events: of one type or all, about one subject or all, from a position on."""

    topic: str | None
    subject: str | None
    since: int
    order: Order
    events: tuple[EventRow, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events."""
        return tuple(sorted(event.position for event in self.events))


def feed_of(  # noqa: PLR0913  (each is a parameter of the query)
    reader: Reader,
    *,
    topic: str | None = None,
    subject: str | None = None,
    since: int = 0,
    order: Order = "newest",
    after: str | None = None,
    limit: int = 50,
) -> Feed:
    """Return a page of events as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked`, the latter also for a cursor of another question.
    """
    with listing(reader, events, timeline, *NAMED_BY) as view:
        asked = reader.as_of(view)
        leaf = leaf_of(reader, view, asked, after, "feed", topic, subject, since, order, limit)
        last, (model, where) = _last_known(view, leaf.known), _source(topic, subject)
        within = {"topic": topic, "subject": subject, "since": since, "last": last}
        every = topic is None and subject is None
        count = max(0, last - since + 1) if every else view.count(model, where, within)
        descends = order == "newest"
        if leaf.behind:  # A cursor of this question says where the page before ended.
            within |= {"last": leaf.behind - 1} if descends else {"since": leaf.behind}
        found = view.rows(model, where, within, _ORDERS[order], limit + 1)
        shown = [row.position for row in found[:limit]]
        rows = view.rows(events, "position = ANY(%(shown)s)", {"shown": shown}, order="position")
        if descends:
            rows = rows[::-1]
        ids = {each for row in rows for each in (*row.signers, *row.subjects)}
        day = legal_day(rows[0].accepted if descends else rows[-1].accepted) if rows else None
        answer = Feed(
            topic=topic,
            subject=subject,
            since=since,
            order=order,
            events=rows,
            size=view.size,
            count=count,
            names=names_in(view, leaf.known, ids, day) if day else (),
            after=after,
            limit=limit,
            next_after=leaf.following(
                (shown[-1] if descends else shown[-1] + 1) if len(found) > limit else None
            ),
        )
        return named(view, answer, asked, subject)


def kinds_since(reader: Reader, since: int) -> Mapping[str, int]:
    """Count the events at a position or behind it by their types, the most frequent first.

    Each is the `count` of `feed_of` for that type. Raises `NotFolded`.
    """
    with listing(reader, events, *NAMED_BY) as view:
        found = view.ask(
            "SELECT topic, count(*) FROM read.events WHERE position >= %(since)s"
            " GROUP BY topic ORDER BY count(*) DESC, topic",
            {"since": since},
        )
    return {str(topic): int(count) for topic, count in found}


_ORDERS: Mapping[Order, str] = {"newest": "position DESC", "oldest": "position"}


def _source(topic: str | None, subject: str | None) -> tuple[Journal[Any], str]:
    """Return the read model that has the positions of such events, and which rows are of them."""
    between = "position BETWEEN %(since)s AND %(last)s"
    if subject is None:
        return events, between if topic is None else f"topic = %(topic)s AND {between}"
    about = f"subject = %(subject)s AND {between}"
    if topic is None:
        return timeline, about
    of = "SELECT FROM read.events e WHERE e.position = timeline.position AND e.topic = %(topic)s"
    return timeline, f"{about} AND EXISTS ({of})"


def _last_known(view: View, known: Known) -> int:
    """Return the last position that was known: instants never fall along the log."""

    def accepted(position: int) -> datetime:
        return view.rows(events, "position = %(at)s", {"at": position}, "position")[0].accepted

    if known.position < 0 or accepted(known.position) <= known.accepted:
        return known.position
    return bisect_right(range(known.position), known.accepted, key=accepted) - 1
