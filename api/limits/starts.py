"""
When requests begin: a few in each pass of the event loop, address by address.

Hundreds that come at once, as they do from anyone who opens hundreds of connections, had been begun
in one pass, a second long, in which nothing of anybody else went on.
"""

import asyncio
from collections import OrderedDict, deque

EACH_PASS = 8
"""How many begin in one pass."""


class Starts:
    """Who waits to begin. One event loop owns it."""

    def __init__(self) -> None:
        self._lines: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()
        self._left = EACH_PASS
        self._passes = False

    async def turn(self, address: str) -> None:
        """Return when a request of that address may begin."""
        loop = asyncio.get_running_loop()
        if not self._passes:
            self._passes = True
            loop.call_soon(self._pass)
        if self._left and not self._lines:
            self._left -= 1
            return
        waiting = loop.create_future()
        self._lines.setdefault(address, deque()).append(waiting)
        await waiting

    def _pass(self) -> None:
        self._left = EACH_PASS
        while self._lines and self._left:
            address, line = self._lines.popitem(last=False)
            first = line.popleft()
            if line:
                self._lines[address] = line
            if not first.done():  # Its connection may have ended.
                first.set_result(None)
                self._left -= 1
        self._passes = bool(self._lines)
        if self._passes:
            asyncio.get_running_loop().call_soon(self._pass)
