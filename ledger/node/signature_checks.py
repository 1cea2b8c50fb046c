"""
What a submission needs before it is judged: keys by their ids, and verdicts on signatures.

Both are looked up for many at once, beside the event loop. Single requests go before bulk ones, so
that no bulk can starve them.
"""

import asyncio
import time
from collections import OrderedDict, deque
from collections.abc import Iterable, Sequence
from concurrent.futures.process import BrokenProcessPool

from ledger.domain.core.event import Event
from ledger.events.intake import KeyCheck, SignatureCheck, decode, new_key_records
from ledger.events.signatures import SignatureChecker, Unchecked
from ledger.events.verdicts import verdicts
from ledger.store.connection import Pool
from ledger.store.entries import first_by_subjects
from ledger.wire.base64 import b64decode

PIECE = 64
"""Signatures that travel to a checking process at once."""

UNKNOWN_S = 1.0
"""How long, in seconds, a key that the log does not have is not looked up again."""

UNKNOWN_MAX = 100_000
"""Keys remembered as unknown at most, about 200 bytes each."""

IN_PLACE = 2
"""Signatures of a quick algorithm that are checked at once, where nobody waits."""

QUICK = ("ed25519", "ecdsa-p256-sha256")
"""Algorithms whose checks take a tenth of a millisecond; the way elsewhere and back takes eight."""

QUICK_BYTES = 16 * 1024
"""Bytes of a message that are hashed where the event loop waits for it."""

KEY_BYTES = 400
"""What a key costs in memory beside its own bytes, about."""

Key = tuple[str, bytes]
"""An algorithm, and a SubjectPublicKeyInfo in DER."""


def brought_by(event: Event) -> dict[str, Key]:
    """Return the keys that an event brings, by id; intake has checked that they are keys."""
    return {
        record.key_id: (record.algorithm, b64decode(record.public_key))
        for record in new_key_records(event)
    }


class KeyDirectory:
    """Key id to key. A key id is the key's hash, so nothing here can be wrong; `capacity` bytes."""

    def __init__(self, pool: Pool, capacity: int) -> None:
        self._pool = pool
        self._capacity = capacity
        self._keys: OrderedDict[str, Key] = OrderedDict()
        self._unknown: OrderedDict[str, float] = OrderedDict()
        self.bytes = 0

    def find(self, key_id: str) -> Key | None:
        """Return a key that is at hand."""
        found = self._keys.get(key_id)
        if found is not None:
            self._keys.move_to_end(key_id)
        return found

    def learn(self, keys: dict[str, Key]) -> None:
        """Keep keys; those used least recently go."""
        for key_id, key in keys.items():
            if key_id not in self._keys:
                self.bytes += len(key[1]) + KEY_BYTES
            self._keys[key_id] = key
            self._unknown.pop(key_id, None)
        while self.bytes > self._capacity:
            _key_id, (_algorithm, spki) = self._keys.popitem(last=False)
            self.bytes -= len(spki) + KEY_BYTES

    def missing(self, key_ids: Iterable[str]) -> list[str]:
        """Return those that are worth looking up: not at hand, and not just found unknown."""
        now = time.monotonic()
        return [
            key_id
            for key_id in dict.fromkeys(key_ids)
            if key_id not in self._keys and self._unknown.get(key_id, 0.0) < now
        ]

    def read(self, key_ids: Sequence[str]) -> dict[str, Key]:
        """Look keys up in the log. Blocks; the one who owns the directory lets it `learn` them."""
        found: dict[str, Key] = {}
        for entry in first_by_subjects(self._pool, [f"key:{key_id}" for key_id in key_ids]):
            found |= brought_by(decode(entry.entry, entry.position).event)
        return found

    def note(self, asked: Sequence[str], found: dict[str, Key]) -> None:
        """Learn what was found, and for a moment that the rest is unknown."""
        self.learn(found)
        until = time.monotonic() + UNKNOWN_S
        for key_id in asked:
            if key_id not in found:
                self._unknown[key_id] = until
                self._unknown.move_to_end(key_id)
        while len(self._unknown) > UNKNOWN_MAX:
            self._unknown.popitem(last=False)


_Check = SignatureCheck | KeyCheck
_Piece = tuple[Sequence[_Check], "asyncio.Future[bytes]"]
"""Checks, and who waits for their verdicts."""


class CheckQueue:
    """Gathers signature checks of many requests into pieces for the checking processes.

    A piece travels in a task of the queue's own, so a request that is cut takes nothing with it.
    Bulk requests leave a process to single ones, where there are two.
    """

    def __init__(self, checker: SignatureChecker, processes: int) -> None:
        self._checker = checker
        self._free = processes
        self._bulk_free = max(1, processes - 1)
        self._waiting: deque[_Piece] = deque()
        self._bulk: deque[_Piece] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    @property
    def waiting(self) -> int:
        """How many pieces wait for a process."""
        return len(self._waiting) + len(self._bulk)

    async def check(self, checks: Sequence[_Check], *, bulk: bool = False) -> bytes:
        """Return one byte a check: 1 where it is good. `bulk` goes behind all that is not."""
        if self._is_idle and not bulk and _are_quick(checks):
            return verdicts(checks)
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[bytes]] = []
        line = self._bulk if bulk else self._waiting
        # A key takes as long as a piece of signatures.
        step = 1 if any(isinstance(each, KeyCheck) for each in checks) else PIECE
        for start in range(0, len(checks), step):
            futures.append(loop.create_future())
            line.append((checks[start : start + step], futures[-1]))
        self._pump()
        return b"".join(await asyncio.gather(*futures))

    @property
    def _is_idle(self) -> bool:
        return not (self._under_way or self._waiting or self._bulk)

    def _pump(self) -> None:
        while self._free and self._waiting:
            self._start(_take(self._waiting), bulk=False)
        while self._free and self._bulk_free and self._bulk:
            self._start(_take(self._bulk), bulk=True)

    def _start(self, pieces: Sequence[_Piece], *, bulk: bool) -> None:
        self._free -= 1
        self._bulk_free -= bulk
        task = asyncio.create_task(self._send(pieces))
        self._under_way.add(task)

        def done(task: "asyncio.Task[None]") -> None:
            self._under_way.discard(task)
            self._free += 1
            self._bulk_free += bulk
            self._pump()

        task.add_done_callback(done)

    async def _send(self, pieces: Sequence[_Piece]) -> None:
        """Have pieces checked elsewhere, once more if the process dies under them."""
        checks = [check for checks, _future in pieces for check in checks]
        try:
            try:
                verdicts = await asyncio.wrap_future(self._checker.submit(checks))
            except BrokenProcessPool:
                verdicts = await asyncio.wrap_future(self._checker.submit(checks))
        except BrokenProcessPool:
            _fail(pieces, Unchecked("the checking processes ended, and ended again"))
        except Exception as error:  # noqa: BLE001  (whatever it is, the clients are told)
            _fail(pieces, error)
        else:
            _deliver(pieces, verdicts)


def _are_quick(checks: Sequence[_Check]) -> bool:
    return len(checks) <= IN_PLACE and all(
        isinstance(check, SignatureCheck)
        and check.algorithm in QUICK
        and len(check.message) <= QUICK_BYTES
        for check in checks
    )


def _take(line: deque[_Piece]) -> list[_Piece]:
    """Take pieces that together are one, or the next one."""
    pieces = [line.popleft()]
    size = _size(pieces[0])
    while line and size + _size(line[0]) <= PIECE:
        pieces.append(line.popleft())
        size += _size(pieces[-1])
    return pieces


def _size(piece: _Piece) -> int:
    return sum(PIECE if isinstance(check, KeyCheck) else 1 for check in piece[0])


def _fail(pieces: Sequence[_Piece], error: BaseException) -> None:
    for _checks, future in pieces:
        if not future.done():
            future.set_exception(error)


def _deliver(pieces: Sequence[_Piece], verdicts: bytes) -> None:
    start = 0
    for checks, future in pieces:
        if not future.done():
            future.set_result(verdicts[start : start + len(checks)])
        start += len(checks)
