"""
Threads for what blocks, and a line of those who wait for one: bounded, in time too, and fair.

Whoever asks much waits behind itself: the next free thread goes to the address that has waited
longest since its last turn. So a flood from some addresses costs another one a turn, not the line.
"""

import asyncio
from collections import Counter, OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from ledger.sequencer import Busy

T = TypeVar("T")


class Throttled(Exception):
    """The client asks for more than its share; nothing was begun. It may ask again, later."""


class Lane:
    """So many threads; `waiting` requests may wait for one, `share` of them from one address.

    `patience_s` is how long one waits, in seconds. One event loop owns a lane.
    """

    def __init__(
        self, name: str, threads: int, *, waiting: int, share: int, patience_s: float
    ) -> None:
        self.name = name
        self._free = threads
        self._waiting_max = waiting
        self._share = share
        self._patience_s = patience_s
        self._present: Counter[str] = Counter()
        self._line: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self.waiting = 0
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    async def run(self, address: str, work: Callable[[], T]) -> T:
        """Return what `work` returns. Raises `Throttled`, or `Busy` without room or time for it.

        `Busy` and `Throttled` mean that it was not begun.
        """
        if self._present[address] >= self._share:
            raise Throttled(f"{self._share} requests of this address are under way")
        self._present[address] += 1
        try:
            await self._enter(address)
            job = self._threads.submit(work)
            job.add_done_callback(self._leaver())
            # A client that goes away does not free the thread: only the end of the work does.
            return await asyncio.wrap_future(job)
        finally:
            self._present[address] -= 1
            if not self._present[address]:
                del self._present[address]

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _enter(self, address: str) -> None:
        if self._free:
            self._free -= 1
            return
        if self.waiting >= self._waiting_max:
            raise Busy(f"{self.waiting} requests are waiting already")
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.setdefault(address, deque()).append(turn)
        self.waiting += 1
        try:
            await asyncio.wait_for(turn, self._patience_s)
        except TimeoutError:
            raise Busy(f"no thread was free for {self._patience_s} seconds") from None
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # The turn came as the client went.
            raise
        finally:
            self.waiting -= 1

    def _leaver(self) -> Callable[[Future[Any]], None]:
        loop = asyncio.get_running_loop()

        def leave(_job: Future[Any]) -> None:
            with suppress(RuntimeError):  # The loop has ended.
                loop.call_soon_threadsafe(self._leave)

        return leave

    def _leave(self) -> None:
        """Give the thread to the next in line, an address after the other."""
        while self._line:
            address, turns = self._line.popitem(last=False)
            turn = turns.popleft()
            if turns:
                self._line[address] = turns
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
