"""
Where a title stands, by the days on which it does: in force, lapsed, cancelled, surrendered.

One right may have many national fates: a European patent lapses in Belgium and lives on in the
Netherlands. So its standing is a timeline for the right as a whole, and one for each State that has
its own. A timeline says from which day on what holds; of two changes with effect on one day the
later word counts, and of all changes the one with the latest day of effect governs a day.
Adding a change and asking for a day cost the same however many there are.
"""

from bisect import bisect_right, insort
from dataclasses import dataclass
from datetime import date
from typing import Literal, TypeAlias

from rpds import HashTrieMap

Outcome = Literal["lapsed", "restored", "cancelled", "surrendered", "disclosed"]

FROM_THE_START = date.min
"""The day of effect of what undoes a title as if it had never been (IP Law art. 96)."""


@dataclass(frozen=True, slots=True)
class StatusChange:
    """What became of the title with effect from a day, by the event at a position."""

    effective_from: date
    position: int
    outcome: Outcome

    @property
    def in_force(self) -> bool:
        """Whether the title is in force by this change."""
        return self.outcome == "restored"

    @property
    def rank(self) -> tuple[date, int]:
        """Return what decides between changes that reach the same day."""
        return self.effective_from, self.position


@dataclass(frozen=True, slots=True)
class Timeline:
    """Changes by their day of effect, at most one a day, gathered by calendar year.

    A year's tuple is bounded by the calendar, so that nothing here grows with the number of events.
    """

    years: tuple[int, ...] = ()
    changes: "HashTrieMap[int, tuple[StatusChange, ...]]" = HashTrieMap()

    def with_change(self, change: StatusChange) -> "Timeline":
        """Return the timeline after a change, which replaces an earlier word about its day."""
        year = change.effective_from.year
        held = self.changes.get(year, ())
        others = [item for item in held if item.effective_from != change.effective_from]
        insort(others, change, key=lambda item: item.effective_from)
        years = self.years
        if not held:
            place = bisect_right(years, year)
            years = (*years[:place], year, *years[place:])
        return Timeline(years, self.changes.insert(year, tuple(others)))

    def on(self, day: date, since: int = 0) -> StatusChange | None:
        """Return the change that governs a day, of those from a position on, if there is one."""
        for year in reversed(self.years[: bisect_right(self.years, day.year)]):
            for change in reversed(self.changes[year]):
                if change.effective_from <= day and change.position >= since:
                    return change
        return None


Standing: TypeAlias = "HashTrieMap[str, Timeline]"
"""Timelines by State, such as `iso:GB`; that of the right as a whole under `EVERYWHERE`."""

EVERYWHERE = ""
UNCHANGED: Standing = HashTrieMap()
_NOTHING = Timeline()


def changed(standing: Standing, change: StatusChange, territory: str | None) -> Standing:
    """Return the standing after a change in one State, or for the right as a whole.

    What undoes the title from the start leaves nothing of what was said there before.
    """
    if change.effective_from > FROM_THE_START:
        place = territory or EVERYWHERE
        return standing.insert(place, standing.get(place, _NOTHING).with_change(change))
    alone = _NOTHING.with_change(change)
    if territory is None:
        return UNCHANGED.insert(EVERYWHERE, alone)
    return standing.insert(territory, alone)


def governing(standing: Standing, day: date, territory: str | None) -> StatusChange | None:
    """Return the change that governs a day in one State, or for the right as a whole."""
    whole = standing.get(EVERYWHERE, _NOTHING)
    if territory is None or territory not in standing:
        return whole.on(day)
    own = standing[territory]
    undone = own.on(FROM_THE_START)
    found = (own.on(day), whole.on(day, since=0 if undone is None else undone.position))
    return max(filter(None, found), key=lambda change: change.rank, default=None)
