"""
Which connections there are, whose they are, and which of them goes for a new one.

One goes of whom has most, if that is more than the new one's, network by network; else, of all that
are waited for now, one that was so the longest. So neither a few addresses nor many, however fast
they come, keep out one that is new: it has until as many again have come to say what it wants.

Who is waited for how long is looked at for all of them at once, and not again for each that comes:
of a thousand that took a millisecond, which is what hundreds a second had to cost everybody else.
"""

import asyncio
from collections import Counter, defaultdict
from operator import itemgetter
from typing import Generic, Protocol, TypeVar

from api.limits.networks import SHARES

RANKED_S = 0.5
"""For how long, in seconds, an order of who is waited for counts."""

RESTS_S = 0.05
"""How long, in seconds, nobody is looked for after nobody was found."""


class Connection(Protocol):
    """What is to be known of a connection; `groups` are the networks it counts in, if any."""

    groups: tuple[str, ...]

    def owes_s(self, now: float) -> float:
        """Return for how long it is waited for, in seconds."""


C = TypeVar("C", bound=Connection)


class Room(Generic[C]):
    """The connections of a server. One event loop owns it."""

    def __init__(self) -> None:
        self.here: set[C] = set()
        self._of: Counter[str] = Counter()
        self._widest: defaultdict[str, set[C]] = defaultdict(set)
        self._order: list[tuple[float, C]] = []
        self._ordered_at = float("-inf")
        self._found = True

    def enter(self, who: C) -> None:
        """Take a connection in."""
        self.here.add(who)
        self._of.update({*who.groups})
        for widest in who.groups[:1]:
            self._widest[widest].add(who)

    def leave(self, who: C) -> None:
        """Let a connection go."""
        if who not in self.here:
            return
        self.here.discard(who)
        self._of.subtract({*who.groups})
        for widest in who.groups[:1]:
            self._widest[widest].discard(who)
            if not self._widest[widest]:
                del self._widest[widest]
        for group in who.groups:
            if not self._of[group]:
                del self._of[group]

    def has_its_share(self, who: C, share: int) -> bool:
        """Say whether one of its networks has as many connections as it may."""
        shares = zip(who.groups, SHARES.values(), strict=False)
        return any(self._of[group] >= share * times for group, times in shares)

    def one_for(self, who: C) -> C | None:
        """Return the connection that goes for a new one, None where there is none that should."""
        now = asyncio.get_running_loop().time()
        if now - self._ordered_at > RANKED_S:
            self._rank(now)
        most = max(map(len, self._widest.values()), default=0)
        if most > 1:
            of_most = max(
                self._of_most(most), key=lambda each: (self._sizes(each), each.owes_s(now))
            )
            if self._has_more(of_most, who):
                return of_most
        return self._longest(now)

    def _of_most(self, most: int) -> set[C]:
        """Return the connections of who has most; of several that one is waited for longest of."""
        theirs = {group: held for group, held in self._widest.items() if len(held) == most}
        for _, each in reversed(self._order) if len(theirs) > 1 else ():
            if each in self.here and each.groups[0] in theirs:
                return theirs[each.groups[0]]
        return next(iter(theirs.values()))

    def _longest(self, now: float) -> C | None:
        """Return who is waited for the longest, as of the last look, and still is."""
        while True:
            while self._order:
                owed, each = self._order.pop()
                if each in self.here and each.owes_s(now) >= owed / 2:
                    return each
            if not self._found and now - self._ordered_at < RESTS_S:
                return None
            self._rank(now)
            if not self._found:
                return None

    def _rank(self, now: float) -> None:
        owing = ((each.owes_s(now), each) for each in self.here if each.groups)
        self._order = sorted((pair for pair in owing if pair[0] > 0), key=itemgetter(0))
        self._ordered_at, self._found = now, bool(self._order)

    def _sizes(self, who: C) -> list[int]:
        return [self._of[group] for group in who.groups]

    def _has_more(self, one: C, other: C) -> bool:
        """Say whether one's network has more connections than the other's, in which they differ."""
        if not other.groups:
            return self._of[one.groups[0]] > 1
        pairs = zip(one.groups, other.groups, strict=True)
        ours, theirs = next((pair for pair in pairs if pair[0] != pair[1]), ("", ""))
        return self._of[ours] > self._of[theirs] + 1
