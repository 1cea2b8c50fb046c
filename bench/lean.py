"""
A lean HTTP/1.1 client: it shares two cores with the server that it measures.

Raw bytes out, raw bytes in, over keep-alive connections; each connection sends its next request
when the last answer is complete. Nothing is parsed but status and length; what the answers say is
read when the clock has stopped.
"""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import uvloop

from bench.figure import WrongAnswer

_HEAD_END = b"\r\n\r\n"
_LENGTH = b"content-length: "


@dataclass(slots=True)
class Exchange:
    """A request's number on its connection, and its answer. Times are `perf_counter` seconds."""

    number: int
    sent: float
    received: float = 0.0
    status: int = 0
    body: bytes = b""

    @property
    def seconds(self) -> float:
        """How long the answer took."""
        return self.received - self.sent


def post(path: str, body: bytes, media_type: str) -> bytes:
    """Return a whole POST request."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {media_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def exchange_all(
    port: int, connections: Sequence[Iterator[bytes]], seconds: float
) -> list[list[Exchange]]:
    """Send on each connection its requests, until they or the seconds are over.

    Returns what was exchanged, connection by connection. Raises `WrongAnswer` where a connection
    ends early or an answer has no length.
    """
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_exchange_all(port, connections, seconds))


async def _exchange_all(
    port: int, connections: Sequence[Iterator[bytes]], seconds: float
) -> list[list[Exchange]]:
    loop = asyncio.get_running_loop()
    opened = [_Connection(requests, loop.create_future()) for requests in connections]
    for each in opened:
        await loop.create_connection(lambda each=each: each, "127.0.0.1", port)  # type: ignore[misc]  # mypy cannot infer a lambda with a default
    until = time.perf_counter() + seconds
    for each in opened:
        each.begin(until)
    return [await each.done for each in opened]


class _Connection(asyncio.Protocol):
    def __init__(self, requests: Iterator[bytes], done: "asyncio.Future[list[Exchange]]") -> None:
        self.done = done
        self._requests = requests
        self._exchanges: list[Exchange] = []
        self._parts: list[bytes] = []
        self._missing = -1  # Bytes of the answer still to come; -1 before its head is read.
        self._until = 0.0
        self._transport: asyncio.WriteTransport | None = None

    def begin(self, until: float) -> None:
        self._until = until
        self._next()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no subclass.

    def data_received(self, data: bytes) -> None:
        self._parts.append(data)
        if self._missing < 0:
            whole = b"".join(self._parts)
            end = whole.find(_HEAD_END)
            if end < 0:
                return
            self._parts = [whole[end + len(_HEAD_END) :]]
            if not self._read_head(whole[: end + len(_HEAD_END)]):
                return
            self._missing -= len(self._parts[0])
        else:
            self._missing -= len(data)
        if self._missing == 0:
            self._complete()

    def connection_lost(self, error: Exception | None) -> None:
        self._give_up(str(error or "the server closed the connection"))

    def _give_up(self, reason: str) -> None:
        assert self._transport is not None, "a connection is lost after it was made"
        if not self.done.done():
            self.done.set_exception(WrongAnswer(reason))
            self._transport.abort()

    def _read_head(self, head: bytes) -> bool:
        """Take status and length; where there is no length, give up."""
        at = head.lower().find(_LENGTH)
        if at < 0:
            self._give_up(f"an answer without its length: {head[:80]!r}")
            return False
        start = at + len(_LENGTH)
        self._missing = int(head[start : head.index(b"\r\n", start)])
        self._exchanges[-1].status = int(head[9:12])
        return True

    def _complete(self) -> None:
        exchange = self._exchanges[-1]
        exchange.received = time.perf_counter()
        exchange.body = b"".join(self._parts)
        self._parts, self._missing = [], -1
        self._next()

    def _next(self) -> None:
        assert self._transport is not None, "a connection begins when it is made"
        now = time.perf_counter()
        request = next(self._requests, None) if now < self._until else None
        if request is None:
            self.done.set_result(self._exchanges)
            self._transport.close()
            return
        self._exchanges.append(Exchange(len(self._exchanges), now))
        self._transport.write(request)


def elapsed(exchanges: Sequence[Exchange]) -> float:
    """Return the seconds from the first request to the last answer."""
    return max(each.received for each in exchanges) - min(each.sent for each in exchanges)


def percentile(exchanges: Sequence[Exchange], share: float) -> float:
    """Return the latency that a `share` of the answers did not exceed, in milliseconds."""
    ordered = sorted(each.seconds for each in exchanges)
    return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]
