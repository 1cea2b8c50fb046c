"""
Bulk requests while they come in: what each may hold, and how fast its lines must come.

One holds memory as long as it lasts: a line that is not whole, lines that wait for their turn, and
answers. So a line has a deadline, all of it a least rate, and an address has few at once. Where
there is no room for more, the one that is furthest behind ends: neither who sends slowly nor who
comes again and again keeps others out, and nobody is spared for being new. The time in which a
request waits for us is not counted.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from api.problems import ApiProblem
from ledger.runtime.turns import Busy, Throttled

UPLOADS = 256
"""Bulk requests at once."""

SHARE = 4
"""Of them, those of one address."""

LINE_S = 10.0
"""How long, in seconds, a line may take to come."""

RATE, LATE_S = 4096, 10.0
"""Bytes a second in which a bulk request comes, and how far it may be behind that, in seconds."""

LONG, LONG_MAX = 16 * 1024, 128
"""Bytes from which on a line that is not whole is a long one; and how many of those there are."""

ANSWERS = 96 << 20
"""Bytes of answers that are held until a bulk request has come to its end, all together."""


class Upload:
    """One bulk request. `ended` says why no more of it is read; what was read is answered."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers = 0
        self.waited_s = 0.0
        self.ended: ApiProblem | Busy | None = None
        self._line_s = self._late_s = 0.0
        self._since: float | None = None

    @property
    def late_s(self) -> float:
        """How far it is behind now, in seconds."""
        return self._late_s + (0.0 if self._since is None else time.monotonic() - self._since)

    @contextmanager
    def waited_for(self) -> Iterator[None]:
        """Wait for the client as long as the block lasts."""
        self._since = time.monotonic()
        try:
            yield
        finally:
            self.wait(time.monotonic() - self._since)
            self._since = None

    def wait(self, seconds: float) -> None:
        """Note that the client was waited for."""
        self.waited_s += seconds
        self._line_s += seconds
        self._late_s += seconds
        if self._line_s > LINE_S or self._late_s > LATE_S:
            self.end(_too_slow())

    def take(self, size: int, *, whole: bool) -> None:
        """Note that so many bytes came, and whether a line came to its end by them."""
        self._late_s = max(0.0, self._late_s - size / RATE)
        if whole:
            self._line_s = 0.0

    def end(self, why: ApiProblem | Busy) -> None:
        """Have no more of it read."""
        self.ended = self.ended or why


class Uploads:
    """All bulk requests. One event loop owns it."""

    def __init__(self) -> None:
        self._here: set[Upload] = set()
        self._long: set[Upload] = set()
        self._of: Counter[str] = Counter()
        self.answers = 0

    @contextmanager
    def begin(self, address: str) -> Iterator[Upload]:
        """Take one more in. Raises `Throttled` or `Busy`."""
        if self._of[address] >= SHARE:
            raise Throttled(f"{SHARE} bulk requests of this address are under way")
        if len(going_on := _going_on(self._here)) >= UPLOADS and not _end_slowest(going_on):
            raise Busy(f"{UPLOADS} bulk requests are under way")
        upload = Upload(address)
        self._of[address] += 1
        self._here.add(upload)
        try:
            yield upload
        finally:
            self.answers -= upload.answers
            self._here.discard(upload)
            self._long.discard(upload)
            self._of[address] -= 1
            if not self._of[address]:
                del self._of[address]

    def see_rest(self, upload: Upload, size: int) -> None:
        """Note how many bytes of a line that is not whole a request holds."""
        if size <= LONG:
            self._long.discard(upload)
            return
        self._long.add(upload)
        if len(going_on := _going_on(self._long)) > LONG_MAX and not _end_slowest(going_on):
            upload.end(Busy("too many long lines come at once"))

    def hold(self, upload: Upload, size: int) -> None:
        """Note that so many more bytes of answers are held."""
        upload.answers += size
        self.answers += size
        going_on = _going_on(self._here)
        while going_on and sum(each.answers for each in going_on) > ANSWERS:
            dearest = max(going_on, key=lambda each: each.answers * (1 + each.waited_s))
            dearest.end(Busy("too many answers are held at once"))
            going_on.remove(dearest)


def _going_on(among: Iterable[Upload]) -> list[Upload]:
    return [each for each in among if not each.ended]


def _end_slowest(among: Iterable[Upload]) -> bool:
    """End the request that is furthest behind; say whether one is."""
    slowest = max(among, key=lambda each: each.late_s)
    if not slowest.late_s:
        return False
    slowest.end(_too_slow())
    return True


def _too_slow() -> ApiProblem:
    return ApiProblem(
        408, "TOO_SLOW", f"a line comes within {LINE_S:.0f} s, {RATE} bytes a second at least"
    )
