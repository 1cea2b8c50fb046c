"""
What a worker will give to somebody who waits for it, once.

The one way in which workers answer. A plain future is shared by both sides: anyone who waits can
cancel it, and then giving raises in the worker's thread (one cut request ended the sequencer so).
Here anyone who waits can only leave, and the worker never notices.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class Pending(Generic[T]):
    """A value that is given once, by any thread, and waited for in any thread or event loop."""

    __slots__ = ("_future", "left")

    def __init__(self) -> None:
        self._future: Future[T] = Future()
        # As if it ran already: from now on nothing can cancel it, an event loop that ends neither.
        self._future.set_running_or_notify_cancel()
        self.left = False  # Nobody waits any more: it need not be kept.

    def give(self, value: T) -> None:
        """Give the value. Never raises and never blocks; what comes second is not taken."""
        with suppress(InvalidStateError):
            self._future.set_result(value)

    def fail(self, error: BaseException) -> None:
        """Give an error instead, which is raised at anyone who waits."""
        with suppress(InvalidStateError):
            self._future.set_exception(error)

    def done(self) -> bool:
        """Say whether it was given."""
        return self._future.done()

    def then(self, call: Callable[[], None]) -> None:
        """Have `call` made once it is given, by the one who gives it; at once if it was."""
        self._future.add_done_callback(lambda _future: call())

    def result(self, timeout: float | None = None) -> T:
        """Wait in this thread, at most `timeout` seconds. Raises `TimeoutError`."""
        try:
            return self._future.result(timeout)
        except TimeoutError:
            self.left = not self._future.done()
            raise

    async def wait(self, wait_s: float | None = None) -> T:
        """Wait in this event loop, at most `wait_s` seconds. Raises `TimeoutError`."""
        if not self._future.done():  # What is there needs no turn of the loop: 0 seconds will do.
            try:
                async with asyncio.timeout(wait_s):
                    await asyncio.wrap_future(self._future)
            except BaseException:
                self.left = not self._future.done()
                raise
        return self._future.result(0)
