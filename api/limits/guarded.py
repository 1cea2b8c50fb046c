"""
A server's connections, each held to what one may cost: time, bytes, and its share of all of them.

uvicorn has a deadline for idle connections only. Here a peer also owes: a whole head in so many
seconds; the bytes of a body, and the reading of an answer, at a rate. It may be some seconds
behind, then it is cut. What waits on our side is not counted (docs/decisions/0020-edge.md).
Which goes where all connections are taken is told by `api/limits/room.py`.
"""

import asyncio
import fcntl
import socket
import struct
import sys
import termios
from collections import Counter
from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import Any

import httptools
import orjson
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.server import ServerState

from api.limits.answering import HEADERS
from api.limits.networks import groups_of
from api.limits.room import Room
from api.problems import LATER, MEDIA_TYPE, members

TICK_S = 0.5
"""How often, in seconds, the connections are looked at."""

PIPELINED = 8
"""Requests that a connection may have sent before the first of them is answered."""

DRAIN_S = 3
"""How long, in seconds, what is under way may take when the server is told to end."""

AHEAD = 3
"""How far a peer may be ahead with reading, in the times that it may be behind: a kernel takes much
at once, and then nothing until its process has read some of it."""

NEVER_ASKED = 10
"""How many seconds each second counts that somebody is waited for who never asked for anything."""

FRAMING = 8
"""Bytes of framing for each byte of a chunked body, beside as many as a head may have: a chunk of
one byte has five, its extensions and the digits of its size any number."""

LINGER = 1 << 20
"""Bytes of a body that are read and dropped once the answer to it has been given."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a connection may cost, and how many there may be.

    `head_s`: seconds until a request's head is there; `late_s`: how far, in seconds, a peer may be
    behind `rate`, bytes a second, with a body or with reading. `head`: bytes of a head. `unsent`:
    bytes of answers that wait to be read, over all connections. `proxies` are addresses and
    networks of peers that speak for many: they have no share, and say who the client is. What comes
    or is read at `fair`, bytes a second, is not waited for.
    """

    connections: int = 1000
    share: int = 100
    fair: int = 16 * 1024
    head_s: float = 10.0
    late_s: float = 10.0
    rate: int = 1024
    head: int = 16 * 1024
    unsent: int = 128 << 20
    proxies: tuple[str, ...] = ()


class Guard:
    """Looks at all connections of a server now and then. One event loop owns it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.refused: Counter[str] = Counter()
        self.unsent = 0
        self._room: Room[GuardedProtocol] = Room()
        self._sweeping = False
        self._proxies = [ip_network(each) for each in limits.proxies]

    def protocol(self, **given: Any) -> "GuardedProtocol":
        """Return the protocol of a new connection: what uvicorn calls."""
        return GuardedProtocol(self, **given)

    @property
    def connections(self) -> int:
        """How many there are."""
        return len(self._room.here)

    def enter(self, who: "GuardedProtocol") -> int:
        """Take a connection in; return the status that says why not, or 0."""
        if self._is_proxy(who.host):
            who.groups = ()
        elif self._room.has_its_share(who, self.limits.share):
            return self.refuse("share", 429)
        if self.connections >= self.limits.connections:
            if (other := self._room.one_for(who)) is None:
                return self.refuse("connections", 503)
            self.refuse("displaced", 0)
            self.leave(other)
            other.displace()
        self._room.enter(who)
        if not self._sweeping:
            self._sweeping = True
            asyncio.get_running_loop().call_later(TICK_S, self._sweep)
        return 0

    def leave(self, who: "GuardedProtocol") -> None:
        """Let a connection go."""
        self._room.leave(who)

    def _is_proxy(self, host: str) -> bool:
        try:
            return any(ip_address(host) in network for network in self._proxies)
        except ValueError:
            return False

    def recount(self) -> bool:
        """Look again at what all have not read; say so."""
        for each in self._room.here:
            each.count()
        return True

    def refuse(self, reason: str, status: int) -> int:
        """Count what was refused, and return its status."""
        self.refused[reason] += 1
        return status

    def _sweep(self) -> None:
        for each in list(self._room.here):
            each.look(TICK_S)
        self._sweeping = bool(self._room.here)
        if self._sweeping:
            asyncio.get_running_loop().call_later(TICK_S, self._sweep)


_TOLD = {
    400: ("BAD_HTTP", "This is no request, or little else than framing comes."),
    408: ("TOO_SLOW", "Too slow."),
    429: ("TOO_MANY_CONNECTIONS", "This address has as many as it may."),
    431: ("HEAD_TOO_LARGE", "The head is too large."),
    503: ("TOO_MANY_CONNECTIONS", "All together have as many as there may be."),
}
"""Code and detail of what a connection is told before there is a request to answer, by status."""

_AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER: on, for no time at all."""


class _Counted:
    """A transport that knows how much of what was written has been read. Else it is the other."""

    def __init__(self, transport: asyncio.Transport, guard: Guard) -> None:
        self._transport = transport
        self._guard = guard
        self._file: int = transport.get_extra_info("socket").fileno()
        self.written = 0
        self.unsent = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write; cut the connection where all of them together hold more than they may."""
        if self._file < 0:  # Of several requests uvicorn tells the last alone that nobody is there.
            return
        self.written += len(data)
        self._transport.write(data)
        self.look()
        if self._is_too_much() and self._guard.recount() and self._is_too_much():
            self._guard.refuse("unsent", 0)
            self.drop()

    def _is_too_much(self) -> bool:
        limits = self._guard.limits
        return self._guard.unsent > limits.unsent and self.unsent > limits.head

    def look(self) -> int:
        """Note how much is unsent, by us or by the kernel; return it."""
        unsent = self._transport.get_write_buffer_size() + self._queued()
        self._guard.unsent += unsent - self.unsent
        self.unsent = unsent
        return unsent

    def _queued(self) -> int:
        """Return how many bytes the kernel keeps that the peer has not acknowledged."""
        if self._file < 0 or not self.written:
            return 0
        try:
            queued = fcntl.ioctl(self._file, termios.TIOCOUTQ, b"\0\0\0\0")
        except OSError:
            return 0
        return int.from_bytes(queued, sys.byteorder)

    def drop(self) -> None:
        """Cut the connection; the kernel, too, is to keep nothing of what nobody reads."""
        sock = self._transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
        self._transport.abort()

    def forget(self) -> None:
        """Note that nothing will be sent any more."""
        self._guard.unsent -= self.unsent
        self.unsent = 0
        self._file = -1  # Its number is another one's soon.


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, and what the peer owes."""

    def __init__(
        self,
        guard: Guard,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.guard = guard
        self.host = ""
        self.groups: tuple[str, ...] = ()
        self._counted: _Counted | None = None
        self._in_head = True
        self._in_body = False
        self._head_s = 0.0
        self._head = 0
        self._received = 0
        self._body, self._wire = 0, 0
        self._body_began = False
        self._body_late_s = 0.0
        self._read_late_s = 0.0
        self._drained = 0
        self._dropped = 0
        self._status = 400
        self._asked = False
        self._full = False
        self._waited_s = 0.0
        self._looked = 0.0

    def owes_s(self, now: float) -> float:
        """Return for how long it is waited for, in seconds; tenfold where it never asked yet."""
        counted = self._counted
        unsent = counted is not None and counted.unsent > 0
        if self._is_answered() and not unsent:
            return 0.0
        # How much was read is counted at looks alone, and time that we did not look is ours.
        since_s = 0.0 if unsent else min(now - self._looked, TICK_S)
        waited_s = self._waited_s + since_s - self._received / self.guard.limits.fair
        return max(0.0, waited_s) * (1 if self._asked else NEVER_ASKED)

    def _is_answered(self) -> bool:
        cycle = self.cycle
        return cycle is not None and not cycle.response_complete and not self._in_body

    # What asyncio calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Take the connection in, or say why not and close it."""
        self._counted = _Counted(transport, self.guard)
        super().connection_made(self._counted)  # type: ignore[arg-type]
        self.host = self.client[0] if self.client else ""
        self._looked = self.loop.time()
        self.groups = groups_of(self.host)
        if status := self.guard.enter(self):
            self._tell(status)

    def connection_lost(self, exc: Exception | None) -> None:
        """Let the connection go."""
        self.guard.leave(self)
        super().connection_lost(exc)
        if self._counted is not None:
            self._counted.forget()

    def data_received(self, data: bytes) -> None:
        """Parse what came; a head has an end."""
        if self._full or self.transport.is_closing():
            return
        in_body, self._body_began = self._in_body, False
        super().data_received(data)
        if in_body and self._in_body and not self._body_began:
            self._bound_framing(len(data))
        if self._in_head and self.parser is not None:
            self._head += len(data)
            if self._head > self.guard.limits.head and not self.transport.is_closing():
                self._tell(self.guard.refuse("head", 431))

    def _bound_framing(self, size: int) -> None:
        """Cut a body, of which so many bytes came, where little else than framing comes."""
        self._wire += size
        framing = self._wire - self._body
        if framing <= FRAMING * self._body + self.guard.limits.head or self.transport.is_closing():
            return
        status = self.guard.refuse("framing", 400)
        if self.cycle.response_started:
            self.transport.abort()
        else:
            self._tell(status)

    def send_400_response(self, msg: str) -> None:
        """Say why the parser takes no more: what uvicorn calls."""
        del msg
        self._tell(self._status)

    def _tell(self, status: int) -> None:
        """Say why the connection is closed, and close it."""
        if self._full or (not self._in_body and self._close_after_answers()):
            return
        code, detail = _TOLD[status]
        content = orjson.dumps(members(code, status, detail))
        later = [(b"retry-after", b"1")] if status in LATER else []
        more = b"".join(b"%b: %b\r\n" % each for each in [*HEADERS, *later])
        self.transport.write(
            b"%bcontent-type: %b\r\ncontent-length: %d\r\n%bconnection: close\r\n\r\n%b"
            % (STATUS_LINE[status], MEDIA_TYPE.encode(), len(content), more, content)
        )
        self.transport.close()

    # What the parser calls

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head, self._head, self._head_s = True, 0, 0.0
        super().on_message_begin()

    def on_url(self, url: bytes) -> None:
        """Take in some of the URL."""
        self._grow(len(url))
        super().on_url(url)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take in a header, or a trailer."""
        self._grow(len(name) + len(value) + 4)
        super().on_header(name, value)

    def _grow(self, size: int) -> None:
        self._head += size
        if self._head > self.guard.limits.head:
            self._status = self.guard.refuse("head", 431)
            raise httptools.HttpParserError("the head is too large")

    def on_headers_complete(self) -> None:
        """Have the request answered."""
        if not self.url.startswith(b"/"):
            self._obey_target()
        self._in_head, self._in_body = False, True
        self._received, self._body_late_s, self._dropped = 0, 0.0, 0
        self._body, self._wire, self._body_began = 0, 0, True
        if len(self.pipeline) >= PIPELINED:
            self.guard.refuse("pipelined", 0)
            self._close_after_answers()
            raise httptools.HttpParserError("too many requests at once")
        if self.parser.get_http_version() == "1.0":
            self.expect_100_continue = False  # A client of 1.0 knows no 100 (RFC 9110, 10.1.1).
        super().on_headers_complete()

    def _close_after_answers(self) -> bool:
        """Answer the requests that wait, if any, and close; say whether there are any.

        The client sees which were not answered (RFC 9112): what is wrong with what came behind them
        is not told in the place of their answers.
        """
        if self.cycle is None or self.cycle.response_complete:
            return False
        self._full, self._in_head, self._in_body = True, False, False
        self._head_s = self._body_late_s = 0.0
        last = self.pipeline[0][0] if self.pipeline else self.cycle
        last.keep_alive = False
        return True

    def _obey_target(self) -> None:
        """Let the host that an absolute target names stand for `Host` (RFC 9112, 3.2.2)."""
        target = httptools.parse_url(self.url)
        if not target.host:
            return
        host = b"[%b]" % target.host if b":" in target.host else target.host
        if target.port:
            host += b":%d" % target.port
        if sum(name == b"host" for name, _value in self.headers) <= 1:
            others = [each for each in self.headers if each[0] != b"host"]
            self.headers[:] = [*others, (b"host", host)]
        self.url = (target.path or b"/") + (b"?" + target.query if target.query else b"")

    def on_body(self, body: bytes) -> None:
        """Take in some of the body; what comes after the answer is dropped."""
        self._received += len(body)
        self._body += len(body)
        if self.cycle.response_complete:
            self._dropped += len(body)
            if self._dropped > LINGER:
                self.guard.refuse("dropped", 0)
                self.transport.abort()
        super().on_body(body)

    def on_message_complete(self) -> None:
        """End the request: from here on an answer is owed."""
        self._in_body, self._asked, self._waited_s = False, True, 0.0
        super().on_message_complete()

    # What the guard and the server call

    def look(self, tick_s: float) -> None:
        """Note how late the peer is; cut it where it is too late."""
        limits, counted = self.guard.limits, self._counted
        if counted is None:
            return
        if self._in_head and (self._head or self.cycle is None):
            self._head_s += tick_s
        received, self._received = self._received, 0
        if self._in_body and not self.flow.read_paused:
            self._body_late_s = max(0.0, self._body_late_s + tick_s - received / limits.rate)
        unsent = counted.look()
        drained = counted.written - unsent
        read, self._drained = drained - self._drained, drained
        if unsent:
            late_s = self._read_late_s + tick_s - read / limits.rate
            self._read_late_s = max(-AHEAD * limits.late_s, late_s)
        else:
            self._read_late_s = 0.0
        if self._is_answered() and not unsent:
            self._waited_s = 0.0
        else:
            self._waited_s = max(0.0, self._waited_s + tick_s - (received + read) / limits.fair)
        self._looked = self.loop.time()
        self._cut_if_late(counted)

    def _cut_if_late(self, counted: _Counted) -> None:
        limits = self.guard.limits
        if self._read_late_s > limits.late_s:
            self.guard.refuse("slow reader", 0)
            counted.drop()
        elif self._head_s > limits.head_s or self._body_late_s > limits.late_s:
            self.guard.refuse("slow head" if self._in_head else "slow body", 0)
            self._cut()

    def _cut(self) -> None:
        """Tell a peer that was too slow, unless an answer is under way, and close."""
        if self.transport.is_closing():
            self.transport.abort()
        elif self._in_head and self._close_after_answers():
            return
        elif self.cycle is None or self.cycle.response_complete or not self.cycle.response_started:
            if self.cycle is not None and not self.cycle.response_complete:
                self.cycle.disconnected = True
                self.cycle.message_event.set()
            self._tell(408)
        else:
            self.transport.abort()

    def count(self) -> None:
        """Note how much the peer has not read."""
        if self._counted is not None:
            self._counted.look()

    def displace(self) -> None:
        """Cut the connection: somebody with fewer of them needs one."""
        assert self._counted is not None
        self._counted.drop()

    def shutdown(self) -> None:
        """Close what is idle or only beginning to speak; let what is under way end."""
        if self.cycle is None or self.cycle.response_complete:
            self.transport.close()
        else:
            self.cycle.keep_alive = False


def guarded(app: Any, guard: Guard, **given: Any) -> Config:
    """Return uvicorn's configuration of a server whose connections are guarded."""
    return Config(
        app,
        loop="uvloop",
        http=guard.protocol,  # type: ignore[arg-type]  # it is called, nothing else
        access_log=False,
        log_config=None,  # Anyone who runs this says how what libraries log is written.
        log_level="error",  # What a client does wrong is counted, not written down.
        backlog=4096,  # Connections that wait to be taken: an honest one is not to be dropped.
        timeout_keep_alive=15,
        timeout_graceful_shutdown=DRAIN_S,
        proxy_headers=bool(guard.limits.proxies),
        forwarded_allow_ips=list(guard.limits.proxies),
        **given,
    )
