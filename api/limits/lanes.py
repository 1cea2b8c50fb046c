"""Threads for what blocks, and turns for those who wait for one."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

from ledger.runtime.computing import Computing
from ledger.runtime.turns import Turns

T = TypeVar("T")


class Lane:
    """So many threads, of which one computes; the rest is as in `Turns`. One event loop owns it."""

    def __init__(
        self,
        name: str,
        threads: int,
        *,
        waiting: int,
        share: int,
        patience_s: float,
        computing: Computing,
    ) -> None:
        self.name = name
        self._computing = computing
        self._turns = Turns(threads, waiting=waiting, share=share, patience_s=patience_s)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix=name)

    @property
    def waiting(self) -> int:
        """How many wait for a thread."""
        return self._turns.waiting

    async def run(self, address: str, work: Callable[[], T]) -> T:
        """Return what `work` returns. Raises `Throttled` or `Busy` where it was not begun."""
        await self._turns.enter(address)
        job = self._threads.submit(self._computed, work)
        # A client that goes away does not free the thread: only the end of the work does.
        job.add_done_callback(self._leaver(address))
        return await asyncio.wrap_future(job)

    def close(self) -> None:
        """Begin nothing more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _computed(self, work: Callable[[], T]) -> T:
        with self._computing.turn():
            return work()

    def _leaver(self, address: str) -> Callable[[Future[Any]], None]:
        loop = asyncio.get_running_loop()

        def leave(_job: Future[Any]) -> None:
            with suppress(RuntimeError):  # The loop has ended.
                loop.call_soon_threadsafe(self._turns.leave, address)

        return leave
