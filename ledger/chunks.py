"""How submissions are gathered into chunks, each of which is read, checked and judged together."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NamedTuple

from ledger.answers import Answer, Promised, Rejected, Tell
from ledger.intake import Invalid, Submission, read
from ledger.store.connection import OutcomeUnknown
from ledger.turns import Line

CHUNK = 256
"""Events of a chunk at most."""

CHUNK_BYTES = 256 * 1024
"""Bytes of a chunk, about: one that is read blocks what is read behind it."""


class Single(NamedTuple):
    """A submission that came alone; `promised` asks for a promise to answer it."""

    raw: bytes
    address: str
    promised: bool
    future: "asyncio.Future[Answer | Promised]"


def read_all(raws: Iterable[bytes], origin: str) -> list[Submission | Invalid]:
    """Return each submission as it is read, or why it is none."""
    return [_read_one(raw, origin) for raw in raws]


def _read_one(raw: bytes, origin: str) -> Submission | Invalid:
    try:
        return read(raw, origin)
    except Invalid as error:
        return error


def next_chunk(line: Line[Single]) -> list[Single]:
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


async def chunks(raws: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    """Yield chunk after chunk of a bulk request."""
    chunk: list[bytes] = []
    size = 0
    async for raw in raws:
        chunk.append(raw)
        size += len(raw)
        if len(chunk) == CHUNK or size >= CHUNK_BYTES:
            yield chunk
            chunk, size = [], 0
    if chunk:
        yield chunk
