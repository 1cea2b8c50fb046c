"""
Turns for what only so many may do at once, and a line of those who wait: bounded, and fair.

Anyone who asks much waits behind itself: the next turn goes to the address that has waited longest
since its last one. So a flood from some addresses costs another one a turn, not the line.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Generic, Protocol, TypeVar

from ledger.runtime.faults import Passing

T = TypeVar("T")


class Busy(Passing):
    """There is no room, or no turn in time; nothing was stored. The same may be sent again."""


class Throttled(Exception):
    """The client asks for more than its share; nothing was begun. It may ask again, later.

    `wait_s` says when, in seconds.
    """

    def __init__(self, detail: str, wait_s: int = 1) -> None:
        super().__init__(detail)
        self.wait_s = wait_s


class Look(Protocol):
    """Does what reads, and blocks, on a thread for it."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """Return what `work` returns."""


class Payers(Protocol):
    """The quotas of the keys that sign submissions."""

    def must_be_left(self, key_ids: Sequence[str], /) -> None:
        """Raise `Throttled` unless all these keys have something left."""

    def charge(self, key_ids: Sequence[str], /) -> None:
        """Take a submission from the quotas of the keys that signed it."""


class NoPayers:
    """Quotas that nobody has."""

    def must_be_left(self, _key_ids: Sequence[str], /) -> None:
        """Refuse nobody."""

    def charge(self, _key_ids: Sequence[str], /) -> None:
        """Take nothing."""


class FairQueue(Generic[T]):
    """Who waits, by address; they are taken one of each address after the other."""

    def __init__(self) -> None:
        self._waiting: OrderedDict[str, deque[T]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def of(self, address: str) -> int:
        """Return how many of an address wait."""
        return len(self._waiting.get(address, ()))

    def append(self, address: str, item: T) -> None:
        """Let one more wait."""
        self._waiting.setdefault(address, deque()).append(item)
        self._count += 1

    def pop(self) -> T:
        """Take the one whose turn it is. Raises `KeyError` where nobody waits."""
        address, items = self._waiting.popitem(last=False)
        self._count -= 1
        item = items.popleft()
        if items:
            self._waiting[address] = items
        return item


class Turns:
    """`width` turns at once; `waiting` may wait for one; `share` of both are one address's.

    `patience_s` is how long one waits, in seconds, None for ever. One event loop owns it.
    """

    def __init__(
        self, width: int, *, waiting: int, share: int, patience_s: float | None = None
    ) -> None:
        self._free = width
        self._waiting_max = waiting
        self._share = share
        self._patience_s = patience_s
        self._present: Counter[str] = Counter()
        self._line: FairQueue[asyncio.Future[None]] = FairQueue()
        self.waiting = 0

    async def enter(self, address: str) -> None:
        """Wait for a turn; `leave` ends it. Raises `Throttled`, or `Busy` without room or time."""
        if self._present[address] >= self._share:
            raise Throttled(f"{self._share} requests of this address are under way")
        if not self._free and self.waiting >= self._waiting_max:
            raise Busy(f"{self.waiting} requests are waiting already")
        self._present[address] += 1
        if self._free:
            self._free -= 1
            return
        await self._wait(address)

    def leave(self, address: str) -> None:
        """End a turn: it is the next one's."""
        self._go(address)
        self._next()

    async def _wait(self, address: str) -> None:
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append(address, turn)
        self.waiting += 1
        try:
            async with asyncio.timeout(self._patience_s):
                await turn
        except BaseException as error:
            if not turn.cancelled():
                self._next()  # The turn came as the client went.
            self._go(address)
            if isinstance(error, TimeoutError):
                raise Busy(f"there was no turn for {self._patience_s} seconds") from None
            raise
        finally:
            self.waiting -= 1

    def _go(self, address: str) -> None:
        self._present[address] -= 1
        if not self._present[address]:
            del self._present[address]

    def _next(self) -> None:
        while self._line:
            turn = self._line.pop()
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
