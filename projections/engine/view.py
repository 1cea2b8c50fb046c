"""
A consistent look at read models: every answer comes from one snapshot, and says how far it knows.

All conditions on what the ledger knew are on positions, bounded by the size to which every table
that the answer uses has been folded. So a table that is ahead of another tells nothing that the
other cannot know yet.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, TypeVar, cast

from ledger.domain.core.types import format_instant, legal_day
from ledger.store.connection import KeptMac, NotMigrated, Pool
from ledger.store.readmodels import Progress, Snapshot, snapshot
from projections.engine.bitemporal import UNRECORDED
from projections.engine.digest import is_ours
from projections.engine.projection import Journal, Projection, ProjectionError, ReadModel

R = TypeVar("R")

KnownBy = Literal["ledger", "office"]
"""Whose knowledge is asked: the ledger's, or that of the office whose register it attests."""

KnownAt = int | datetime | date | None
"""A position, an instant, a legal day (known by an office), or None: all that is known."""

ROWS_MAX = 20_000
"""Rows of one table that an answer looks at by one question, at most."""

_END_OF_TIME = datetime.max.replace(microsecond=0, tzinfo=UTC)


NOT_BUILT = "what answers this is not built yet"
"""What is said of read models that are not there, as before the first fold."""


class NotFolded(ProjectionError):
    """The read model does not exist yet, or has not been folded up to the position asked about."""


class TooMany(ProjectionError):
    """An answer would have to look at, or to say, more than one answer does."""


class NotAsked(ProjectionError):
    """The question makes no sense: an office knows days, not positions of this log."""


class Beyond(NotAsked):
    """A position is asked about that no entry has: none is promised to come."""

    def __init__(self, size: int) -> None:
        super().__init__(f"the log has {size} entries")


class NotThere(ProjectionError):
    """A number or a name is asked for that is not there."""


class NotPublished(NotThere):
    """An entry is asked for at a position that none has which is published."""

    def __init__(self, position: int, size: int) -> None:
        last = f": the last has position {size - 1}" if size else ""
        super().__init__(
            f"no entry is published at position {position}; the log has {size} entries{last}"
        )


@dataclass(frozen=True, slots=True)
class Known:
    """What an answer may use: up to a position, accepted by an instant, recorded by an office day.

    `office_day` None means what the ledger knows, from whatever source. `asked` is what bounds it
    as it was asked for, in text; None for all that is known.
    """

    position: int
    accepted: datetime
    office_day: date | None
    asked: str | None = None


class View:
    """Read models as they are in one snapshot. `size` is the least size of those looked at."""

    def __init__(self, looked_at: Snapshot, size: int) -> None:
        self._snapshot = looked_at
        self.size = size

    def as_of(self, known_at: KnownAt = None, known_by: KnownBy = "ledger") -> Known:
        """Return the bounds of knowledge that a question asks for.

        Raises `NotFolded` for a position that is not folded yet, `Beyond` for one that the log does
        not have, `NotAsked` for one that an office is to know.
        """
        latest, asked = self.size - 1, written(known_at)
        if known_by == "office":
            return Known(latest, _END_OF_TIME, _office_day(known_at), asked)
        if isinstance(known_at, datetime):
            return Known(latest, known_at, None, asked)
        if isinstance(known_at, date):
            raise NotAsked("what the ledger knew is asked by position or instant, not by day")
        if known_at is not None and known_at > latest:
            if known_at >= (size := self._snapshot.log_size()):
                raise Beyond(size)
            raise NotFolded(f"position {known_at} is asked about, {self.size} entries are folded")
        return Known(latest if known_at is None else known_at, _END_OF_TIME, None, asked)

    def rows(
        self,
        model: Projection[R] | Journal[R],
        where: str,
        asked: Mapping[str, object],
        order: str,
        limit: int | None = None,
    ) -> tuple[R, ...]:
        """Return the rows that satisfy an SQL condition on the columns, with named parameters.

        Raises `TooMany` where there are more than an answer may look at and no limit was asked for.
        """
        most = ROWS_MAX + 1 if limit is None else limit
        found = self._snapshot.select(model.table, where, asked, order, most)
        if len(found) > ROWS_MAX and limit is None:
            raise TooMany(f"more than {ROWS_MAX} rows of {model.name}")
        # A projection's table has the row's place as a further column.
        width = len(fields(cast(Any, model.row)))
        return tuple(model.row(*values[:width]) for values in found)

    def count(self, model: ReadModel, where: str, asked: Mapping[str, object]) -> int:
        """Return how many rows satisfy an SQL condition on the columns, with named parameters."""
        table = model.table.name
        ((found,),) = self.ask(f"SELECT count(*) FROM read.{table} WHERE {where}", asked)  # noqa: S608
        return int(found)

    def ask(self, statement: str, asked: Mapping[str, object]) -> Sequence[tuple[Any, ...]]:
        """Return what a statement of the caller's own selects, with named parameters."""
        return self._snapshot.ask(statement, asked)

    def recorded(
        self, model: Projection[R] | Journal[R], known: Known, order: str = "position", **of: object
    ) -> tuple[R, ...]:
        """Return the rows that were recorded by then, and have these values in these columns.

        A list is of the values that the column may have. Raises `TooMany`.
        """
        wanted = [
            f"{name} = ANY(%({name})s)" if isinstance(value, list) else f"{name} = %({name})s"
            for name, value in of.items()
        ]
        asked = {**of, **bound_parameters(known)}
        return self.rows(model, " AND ".join([*wanted, RECORDED]), asked, order)


def written(known_at: KnownAt) -> str | None:
    """Return a bound of knowledge as the one who asks writes it."""
    if isinstance(known_at, datetime):
        return format_instant(known_at)
    if isinstance(known_at, date):
        return known_at.isoformat()
    return None if known_at is None else str(known_at)


def _office_day(known_at: KnownAt) -> date:
    if known_at is None:
        return UNRECORDED - timedelta(days=1)
    if isinstance(known_at, datetime):
        return legal_day(known_at)
    if isinstance(known_at, date):
        return known_at
    raise NotAsked("what an office knew is asked by day or instant, not by position")


@contextmanager
def read_snapshot(pool: Pool, *models: ReadModel) -> Iterator[View]:
    """Look at read models in one snapshot.

    Raises `NotFolded` if one of them is not there, or is not to be answered from.
    """
    try:
        with snapshot(pool, [model.table for model in models]) as looked_at:
            refused = [
                f"{model.name} {why}"
                for model in models
                if (why := why_unserved(model, looked_at.progress.get(model.name), pool.kept_mac))
            ]
            if refused:
                raise NotFolded("; ".join(refused))
            yield View(looked_at, min(looked_at.sizes.values()))
    except NotMigrated as error:
        raise NotFolded(NOT_BUILT) from error


def why_unserved(
    model: ReadModel, progress: Progress | None, kept_mac: KeptMac | None
) -> str | None:
    """Say why nobody is to be answered from a read model; None where all may be.

    What an earlier version made in the same columns is answered from until it is replaced. With
    `kept_mac`, nothing is that no process of this ledger kept.
    """
    if progress is None:
        return "is not built"
    if kept_mac is not None and not is_ours(model, progress, kept_mac):
        return "was kept by no process of this ledger"
    if progress.version > model.version:
        return f"was made by newer software, in version {progress.version}"
    return None if progress.shape == model.table.shape else "was made by another version"


STANDS = "(known_to IS NULL OR known_to > %(known_position)s OR known_to_at > %(known_accepted)s)"
"""The condition on rows that what they say is not known to have ended."""

KNOWN = f"known_from <= %(known_position)s AND known_from_at <= %(known_accepted)s AND {STANDS}"
"""The condition on rows that they are known to this ledger."""

AT_OFFICE = "office_from <= %(office_day)s AND (office_to IS NULL OR office_to > %(office_day)s)"
"""The condition on rows of dated facts that an office had recorded so by the day asked about."""

DATED = f"{KNOWN} AND {AT_OFFICE}"
"""The condition on rows of dated facts that they are known; `knowing` gives its parameters."""

TRUE_ON = "true_from <= %(true_on)s AND (true_to IS NULL OR true_to > %(true_on)s)"
"""The condition on rows of dated facts that they hold on the day `true_on`."""

RECORDED = "position <= %(known_position)s AND accepted <= %(known_accepted)s"
"""The condition on rows of a journal that they are known."""


def bound_parameters(known: Known) -> dict[str, object]:
    """Return the parameters of `DATED` and `RECORDED`."""
    # On the last day of all lies what the ledger knows, recorded by an office or not.
    return {
        "known_position": known.position,
        "known_accepted": known.accepted,
        "office_day": known.office_day or UNRECORDED,
    }


def positions_of(*groups: Sequence[int | None]) -> tuple[int, ...]:
    """Return the positions that prove an answer: sorted, each once."""
    return tuple(sorted({p for group in groups for p in group if p is not None}))
