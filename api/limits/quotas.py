"""
What a client may use up in a while: token buckets, by address and by key.

An address pays for what it asks, for what did not verify, and for what had its answer before: every
entry is public, and anybody can send it again. What is judged is paid by the keys that signed it,
so nobody spends another's. It is paid for afterwards: anyone who is in debt waits.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api.limits.networks import wider_networks
from ledger.home.settings import Settings
from ledger.runtime.turns import Throttled

WINDOW_S = 10
"""Seconds of the rate that may be used at once."""

WATCH, WATCH_LEAST = 20, 5
"""For each so many requests of an address one more may ask how the server is; so many a second
may at least."""

KNOWN_MAX = 50_000
"""Buckets that are remembered, about 200 bytes each; those used least recently are full again."""


class Quota:
    """`rate` units a second each, those of ten seconds at once. One event loop owns it.

    `wider` are the groups that somebody is in, which have so many times as much, all together.
    """

    def __init__(
        self,
        name: str,
        rate: float,
        *,
        wider: Callable[[str], Sequence[tuple[str, int]]] = lambda _: (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name = name
        self._rate = rate
        self._most = rate * WINDOW_S
        self._wider = wider
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def left(self, who: str, shares: int = 1) -> float:
        """Return how many units are left; less than 0 is a debt."""
        level, at = self._levels.get(who, (self._most * shares, 0.0))
        return min(self._most * shares, level + (self._clock() - at) * self._rate * shares)

    def take(self, who: str, units: float) -> None:
        """Use units up, into debt if need be; the debt of one window is forgiven."""
        for each, shares in self._groups(who):
            most = self._most * shares
            level = max(self.left(each, shares) - units, -most)
            self._levels[each] = (min(level, most), self._clock())
            self._levels.move_to_end(each)
        while len(self._levels) > KNOWN_MAX:
            self._levels.popitem(last=False)

    def must_be_left(self, who: str) -> None:
        """Raise `Throttled` unless a unit is left, of each group that one is in."""
        for each, shares in self._groups(who):
            if (left := self.left(each, shares)) < 1:
                wait_s = math.ceil((1 - left) / (self._rate * shares))
                of = f"of {each} " if each != who else ""
                raise Throttled(f"the {self.name}'s quota {of}is used up for {wait_s} s", wait_s)

    def headers(self, who: str) -> list[tuple[bytes, bytes]]:
        """Return the `RateLimit` fields (draft-ietf-httpapi-ratelimit-headers-10)."""
        left = min(self.left(*group) for group in self._groups(who))
        full_s = math.ceil((self._most - left) / self._rate)
        return [
            (b"ratelimit-policy", f'"{self.name}";q={self._most:.0f};w={WINDOW_S}'.encode()),
            (b"ratelimit", f'"{self.name}";r={max(0, math.floor(left))};t={full_s}'.encode()),
        ]

    def _groups(self, who: str) -> Sequence[tuple[str, int]]:
        return ((who, 1), *self._wider(who))


@dataclass(frozen=True, slots=True)
class Quotas:
    """Those of addresses, those of addresses that watch over the server, and those of keys."""

    addresses: Quota
    watchers: Quota
    keys: Quota

    @classmethod
    def of(cls, settings: Settings) -> "Quotas":
        """Return quotas that are all full."""
        rate = settings.address_rate
        return cls(
            Quota("address", rate, wider=wider_networks),
            Quota("watch", max(rate / WATCH, WATCH_LEAST), wider=wider_networks),
            Quota("key", settings.key_rate),
        )

    def must_be_left(self, key_ids: Sequence[str]) -> None:
        """Raise `Throttled` unless all who signed an event have something left."""
        for key_id in key_ids:
            self.keys.must_be_left(key_id)

    def charge(self, key_ids: Sequence[str]) -> None:
        """Take an event from those who signed it."""
        for key_id in key_ids:
            self.keys.take(key_id, 1)
