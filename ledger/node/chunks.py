"""How submissions are gathered into chunks, each of which is read, checked and judged together."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

from ledger.events.intake import Invalid, Submission, read
from ledger.node.answers import Answer, PromisedAnswer, Rejected, Tell
from ledger.runtime.faults import without_frames
from ledger.runtime.turns import Busy, FairQueue, Turns
from ledger.store.connection import OutcomeUnknown

CHUNK = 256
"""Events of a chunk at most."""

CHUNK_BYTES = 256 * 1024
"""Bytes of a chunk, about: one that is read blocks what is read behind it."""

GATHER_S = 0.1
"""How long, in seconds, lines are gathered into one chunk after the first of them."""


class Single(NamedTuple):
    """A submission that came alone; `promised` asks for a promise to answer it."""

    raw: bytes
    address: str
    promised: bool
    future: "asyncio.Future[Answer | PromisedAnswer]"


def read_all(raws: Iterable[bytes], origin: str) -> list[Submission | Exception]:
    """Return each submission as it is read, or why it is none: a fault of ours is that one's."""
    return [_read_one(raw, origin) for raw in raws]


def _read_one(raw: bytes, origin: str) -> Submission | Exception:
    try:
        return read(raw, origin)
    except Invalid as error:
        return without_frames(error)
    except Exception as error:  # noqa: BLE001  (whatever it is, nobody else's is read less for it)
        return error


def next_chunk(line: FairQueue[Single]) -> list[Single]:
    """Take the next chunk from those that wait, without whose client has gone."""
    chunk: list[Single] = []
    size = 0
    while line and len(chunk) < CHUNK and size < CHUNK_BYTES:
        single = line.pop()
        if not single.future.done():
            chunk.append(single)
            size += len(single.raw)
    return chunk


@contextmanager
def telling(numbers: Iterable[int], tell: Tell) -> Iterator[None]:
    """Tell of the work on submissions what it raises: whatever it is, their clients hear of it."""
    try:
        yield
    except asyncio.CancelledError:
        for number in numbers:
            tell(number, Rejected(None, OutcomeUnknown("the work on it was cut short")))
    except Exception as error:  # noqa: BLE001  (whatever it is, the clients are told)
        for number in numbers:
            tell(number, Rejected(None, error))


@asynccontextmanager
async def by(until: float, error: Exception) -> AsyncIterator[None]:
    """Raise `error` for what is not done at an instant of the event loop."""
    try:
        async with asyncio.timeout_at(until):
            yield
    except TimeoutError:
        raise error from None


class Gathering:
    """Gathers a bulk request's lines into chunks: of what is there, and what comes soon after it.

    `raws` yields the lines that came together. Nobody else waits for a line that has not come.
    """

    def __init__(self, raws: AsyncIterator[Sequence[bytes]]) -> None:
        self._raws = raws
        self._lines: deque[bytes] = deque()
        self._coming: asyncio.Future[Sequence[bytes] | None] | None = None
        self._begun = self._ended = False

    async def begins(self) -> bool:
        """Wait for a line; say whether there is one more."""
        while not self._lines and not self._ended:
            await self._wait(None)
        return bool(self._lines)

    async def take(self, places: Turns, address: str) -> list[bytes]:
        """Return the next chunk, once a line is there, with a place taken for it.

        Raises `Busy` where there was none in time, `OutcomeUnknown` where it is not the first.
        """
        try:
            await places.enter(address)
        except Busy:
            if self._begun:
                raise OutcomeUnknown("there was no place for the rest in time") from None
            raise
        self._begun = True
        try:
            return await self._take()
        except BaseException:
            places.leave(address)
            raise

    async def _take(self) -> list[bytes]:
        until = asyncio.get_running_loop().time() + GATHER_S
        chunk: list[bytes] = []
        size = 0
        while len(chunk) < CHUNK and size < CHUNK_BYTES:
            if self._lines:
                chunk.append(self._lines.popleft())
                size += len(chunk[-1])
            elif self._ended or not await self._wait(until):
                break
        return chunk

    def close(self) -> None:
        """Gather no more."""
        if self._coming is not None:
            self._coming.cancel()

    async def _wait(self, until: float | None) -> bool:
        """Wait for more, to an instant of the event loop; say whether there is more, or no more."""
        loop = asyncio.get_running_loop()
        if self._coming is None:
            self._coming = asyncio.ensure_future(anext(self._raws, None))
        left_s = None if until is None else max(0.0, until - loop.time())
        await asyncio.wait({self._coming}, timeout=left_s)
        if not self._coming.done():
            return False
        came, self._coming = self._coming.result(), None
        self._ended = came is None
        self._lines.extend(came or ())
        return True
