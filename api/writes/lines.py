"""The lines of a bulk request, as they come."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

from api.limits.uploads import Upload, Uploads
from api.problems import ApiProblem
from ledger.events.intake import MAX_BODY

MAX_BATCH = 64 * 1024 * 1024
"""Bytes of one bulk request."""

MAX_LINES = 16_384
"""Lines of one bulk request: so much of an answer is kept until all of it is read."""

RESERVED, PAID_BYTES = 0.25, 64 * 1024
"""What a line costs its address until it is answered, in requests, and bytes that cost one."""

TICK_S = 0.5
"""How often, in seconds, it is looked how long a client is waited for."""


class Lines:
    """The lines of a body; `all_read`, or `cut` says why it was not read to its end.

    `pay` takes from the quota of the client's address. What is answered is given back: who cuts a
    request, or never ends a line, has paid.
    """

    def __init__(
        self,
        stream: AsyncIterator[bytes],
        upload: Upload,
        uploads: Uploads,
        pay: Callable[[float], None],
    ) -> None:
        self._stream = stream
        self._upload, self._uploads = upload, uploads
        self._pay = pay
        self._paid: deque[float] = deque()
        self._count = 0
        self.cut: Exception | None = None
        self.all_read = asyncio.Event()

    def give_back(self, lines: int) -> None:
        """Give back what the next so many lines cost: they are answered."""
        self._pay(-sum(self._paid.popleft() for _ in range(lines)))

    async def read(self) -> AsyncIterator[list[bytes]]:
        """Yield the lines that came together; what is longer than a submission may be is cut."""
        rest, size = b"", 0
        while part := await self._next():
            size += len(part)
            self._pay(len(part) / PAID_BYTES)
            *lines, rest = (rest + part).split(b"\n")
            self._upload.take(len(part), whole=bool(lines))
            self._uploads.see_rest(self._upload, len(rest))
            self._count += len(lines)
            if size > MAX_BATCH or self._count > MAX_LINES:
                detail = f"at most {MAX_BATCH} bytes in {MAX_LINES} lines"
                self.cut = ApiProblem(413, "TOO_LARGE", detail)
                return
            if lines:
                yield self._reserved(lines)
            rest = rest[: MAX_BODY + 1]
        if not self.cut:
            self.all_read.set()
            if rest:
                yield self._reserved([rest])

    def _reserved(self, lines: list[bytes]) -> list[bytes]:
        self._pay(RESERVED * len(lines))
        self._paid.extend(RESERVED + len(line) / PAID_BYTES for line in lines)
        return [line[: MAX_BODY + 1] for line in lines]

    async def _next(self) -> bytes:
        """Return the next part, b"" at the end, or where no more is read."""
        part = asyncio.ensure_future(anext(self._stream, b""))
        try:
            while not part.done() and not self._upload.ended:
                with self._upload.waited_for():
                    await asyncio.wait({part}, timeout=TICK_S)
            if part.done() and not self._upload.ended:
                return part.result()
            self.cut = self._upload.ended
            return b""
        finally:
            part.cancel()
