"""
Who follows the log: each is told what is recorded, once it is signed and can be asked about.

One look for all, however many follow: a stream that waits has no thread and no connection to the
database. What came last is kept at hand; who is further behind reads it, as any other question is
read. No line is kept for anybody: a stream is a position, and who reads slowly is told later.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice

import structlog

from ledger.node.node import Node
from ledger.runtime.turns import Busy, Throttled
from projections.questions.watched import Watched, WatchList, watched_of
from projections.tables.reader import Reader
from projections.tables.timeline import EventRow

LOOK_S = 0.1
"""How often, in seconds, it is looked whether more is signed."""

PAGE = 100
"""Events that are read, or told, at once."""

RECENT = 1024
"""Events that are at hand for those who follow closely, some 2 KiB each."""

_log = structlog.get_logger(__name__)


@dataclass(eq=False, slots=True)
class Stream:
    """One who follows: what it watches, and the position from which on it has been told nothing."""

    address: str
    watch: WatchList
    at: int = 0
    ended: bool = False
    woken: asyncio.Event = field(default_factory=asyncio.Event)

    async def wait(self, seconds: float) -> bool:
        """Return once there is something to tell, or it has ended; False where not in time."""
        try:
            async with asyncio.timeout(seconds):
                await self.woken.wait()
        except TimeoutError:
            return False
        self.woken.clear()
        return True


class Followers:
    """All streams of a process. One event loop owns it."""

    def __init__(self, node: Node) -> None:
        self.size = 0
        self._node = node
        self._here: set[Stream] = set()
        self._recent: deque[EventRow] = deque(maxlen=RECENT)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="followers")
        self._looking: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()

    @property
    def count(self) -> int:
        """How many streams there are."""
        return len(self._here)

    @asynccontextmanager
    async def stream(self, address: str, watch: WatchList) -> AsyncIterator[Stream]:
        """Take one more in; `size` is up to date then. Raises `Throttled`, `Busy`, `NotFolded`."""
        settings = self._node.settings
        share = settings.streams_per_address
        if sum(each.address == address for each in self._here) >= share:
            raise Throttled(f"{share} streams of this address are open: one is enough for a client")
        if len(self._here) >= settings.streams:
            raise Busy(f"{settings.streams} streams are open")
        stream = Stream(address, watch)
        self._here.add(stream)
        try:
            await self._begin()
            yield stream
        finally:
            self._here.discard(stream)

    def recent(self, stream: Stream) -> Watched | None:
        """Return what a stream is to be told next, None where that is not at hand."""
        behind = self.size - stream.at
        if behind > len(self._recent):
            return None
        first = len(self._recent) - behind
        page = tuple(islice(self._recent, first, first + PAGE))
        return Watched(tuple(filter(stream.watch.has, page)), stream.at + len(page))

    def end(self) -> None:
        """End all streams: each goes on where it was told last, if it comes again."""
        for each in self._here:
            each.ended = True
            each.woken.set()

    def close(self) -> None:
        """Look no more."""
        self.end()
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def _begin(self) -> None:
        """Begin to look, unless somebody else has."""
        async with self._starting:
            if self._looking is None or self._looking.done():
                self._recent.clear()
                self.size = (await self._found(self._node.published)).upto
                self._looking = asyncio.create_task(self._look())

    async def _look(self) -> None:
        try:
            while self._here:
                before = self.size
                if before < self._node.published:
                    self._tell(await self._found(before))
                if self.size - before < PAGE:  # Else more is there already, as after a bulk.
                    await asyncio.sleep(LOOK_S)
        except Exception as error:  # noqa: BLE001  (whatever it is, those who follow come again)
            _log.warning("streams_ended", why=type(error).__name__)
            self.end()

    def _tell(self, found: Watched) -> None:
        """Wake those who watch any of these events; the others have been told all there is."""
        self._recent.extend(found.events)
        before, self.size = self.size, found.upto
        for stream in self._here:
            if any(stream.at <= each.position and stream.watch.has(each) for each in found.events):
                stream.woken.set()
            elif stream.at >= before:
                stream.at = max(stream.at, self.size)

    async def _found(self, since: int) -> Watched:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._read, since)

    def _read(self, since: int) -> Watched:
        node = self._node
        with node.computing.turn():
            reader = Reader(node.reads, node.origin, node.laws)
            return watched_of(reader, WatchList(), since=since, before=node.published, limit=PAGE)
