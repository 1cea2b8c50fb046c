"""
An answer that many ask for: found once for all of them, and waited for only so long.

However many ask, it is looked for twice a second at most, on one thread; so nobody can be kept from
it by others who ask for the same. What does not come in time is told to all at once.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

KEPT_S = 0.5
"""How long, in seconds, an answer counts."""

WITHIN_S = 2.0
"""How long, in seconds, a search is waited for, by anyone who asks."""


class Shared(Generic[P, T]):
    """What `find` returns or raises. `find` may block. One event loop owns it.

    What is not `kept` is shared by those who ask while it is looked for, and by nobody after them.
    """

    def __init__(self, name: str, find: Callable[P, T], *, kept: bool = True) -> None:
        self._find = find
        self._kept = kept
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._found: asyncio.Future[T] | None = None
        self._began = self._ended = 0.0

    async def get(self, *given: P.args, **named: P.kwargs) -> T:
        """Return the answer, or raise it. Raises `TimeoutError` where there is none in time.

        Anyone who shares a search shares what it was begun with.
        """
        now = asyncio.get_running_loop().time()
        found = self._found
        if found is None or (found.done() and not self._counts(now)):
            found, self._began = self._search(partial(self._find, *given, **named)), now
        left_s = max(0.0, self._began + WITHIN_S - now)
        await asyncio.wait({found}, timeout=left_s)
        if not found.done():
            raise TimeoutError
        return found.result()

    def _counts(self, now: float) -> bool:
        return self._kept and now - self._ended <= KEPT_S

    def close(self) -> None:
        """Search no more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _search(self, find: Callable[[], T]) -> "asyncio.Future[T]":
        loop = asyncio.get_running_loop()
        self._found = loop.run_in_executor(self._thread, find)
        self._found.add_done_callback(self._note)
        return self._found

    def _note(self, found: "asyncio.Future[T]") -> None:
        self._ended = found.get_loop().time()
        if not found.cancelled():
            found.exception()  # Seen, should nobody wait for it any more.
