"""Waits on the event loop until the read models are far enough: one look for all who wait."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from ledger.home.settings import Settings
from ledger.runtime.turns import Busy, Throttled
from ledger.store.connection import Pool
from ledger.store.entries import read_head
from projections.engine.view import Beyond, NotFolded
from projections.run.waiting import folded, least_of

PAUSE_S = 0.01
"""How long, in seconds, between two looks."""

WAITING_MAX = 1024
"""Requests that wait at most."""

SHARE = 64
"""Of them, those from one address."""


@dataclass(eq=False, slots=True)
class _Waiter:
    size: int
    address: str
    future: "asyncio.Future[None]"


class Folding:
    """Waits for the read models, by one look for all who wait. One event loop owns it."""

    def __init__(self, pool: Pool, settings: Settings) -> None:
        self._pool = pool
        self._settings = settings
        self._waiting: set[_Waiter] = set()
        self._looking: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="folding")

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    async def reach(self, size: int, address: str) -> None:
        """Return once every read model that can go on has folded `size` entries.

        Raises `NotFolded` in time, `Beyond` at once for more entries than the log has, `Busy`
        or `Throttled` where too many wait.
        """
        if len(self._waiting) >= WAITING_MAX:
            raise Busy(f"{WAITING_MAX} requests are waiting already")
        if sum(each.address == address for each in self._waiting) >= SHARE:
            raise Throttled(f"{SHARE} requests of this address are waiting")
        waiter = _Waiter(size, address, asyncio.get_running_loop().create_future())
        self._waiting.add(waiter)
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())
        try:
            await asyncio.wait_for(waiter.future, self._settings.read_wait_s)
        except TimeoutError:
            raise NotFolded(f"{size} entries are asked for, not all are folded yet") from None
        finally:
            self._waiting.discard(waiter)

    def close(self) -> None:
        """Look no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _look(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            try:
                least, size = await loop.run_in_executor(self._thread, self._sizes)
            except Exception as error:  # noqa: BLE001  (whatever it is, those who wait are told)
                self._fail(error)
                return
            for each in [each for each in self._waiting if not each.future.done()]:
                if each.size <= least:
                    each.future.set_result(None)
                elif each.size > size:
                    each.future.set_exception(Beyond(size))
            await asyncio.sleep(PAUSE_S)

    def _sizes(self) -> tuple[int, int]:
        """Return how many entries all that can go on have folded, and how many there are."""
        return least_of(folded(self._pool)), read_head(self._pool).size

    def _fail(self, error: Exception) -> None:
        for each in self._waiting:
            if not each.future.done():
                each.future.set_exception(error)
