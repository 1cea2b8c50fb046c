"""Reading what another server answers, however long it goes on or whatever it unpacks to."""

import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any, Final
from urllib.parse import urlsplit

import httpcore2
import httpx2

from ledger.wire.told import Told

MAX_ANSWER: Final = 1 << 28
"""Bytes of any answer at most, unpacked: an evidence bundle is the longest."""

DEADLINE_S: Final = 300.0
"""How long the longest answers may take in all, in seconds, however steadily they drip."""

SOON_S: Final = 60.0
"""How long every other answer may take in all, in seconds."""

_PIECE: Final = 1 << 14
"""Bytes of a request that are sent before the time is looked at again."""

_PORTS: Final = range(1, 1 << 16)
"""What the system takes beyond them is another port, modulo 65,536."""

_LABEL: Final = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?", re.IGNORECASE)
"""A label of a host name, as it is looked up (RFC 1123; some names have an underscore)."""

_LONGEST_NAME: Final = 253

_end: ContextVar[float] = ContextVar("end")
"""By when the exchange of this thread must be over, on the monotonic clock."""


class BadUrl(Told):
    """A URL that names no server of HTTP."""

    exit_code = 2

    def __init__(self, url: str, why: str) -> None:
        super().__init__(f"BAD_URL: {url!r}: {why}; name a server as https://ledger.example")


class AnswerTooLong(httpx2.TransportError):
    """The other side goes on and on; nothing of it was taken."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """What was answered, whole."""

    status: int
    headers: httpx2.Headers
    content: bytes


def open_client(
    base_url: str | None = None,
    *,
    timeout_s: float = SOON_S,
    transport: httpx2.BaseTransport | None = None,
) -> httpx2.Client:
    """Return a client whose exchanges `ask` can end, whatever the other side sends or does not.

    Raises `BadUrl`.
    """
    base = httpx2.URL("") if base_url is None else server_at(base_url)
    http = httpx2.Client(base_url=base, timeout=timeout_s, transport=transport)
    for each in (http._transport, *http._mounts.values()):  # noqa: SLF001  (proxies are among them)
        if isinstance(each, httpx2.HTTPTransport):
            each._pool._network_backend = _Network(each._pool._network_backend)  # noqa: SLF001
    return http


def server_at(url: str) -> httpx2.URL:
    """Return where a server is. Raises `BadUrl`."""
    try:
        named, port = httpx2.URL(url), urlsplit(url).port  # The one drops a port that is none.
    except (httpx2.InvalidURL, ValueError) as error:
        raise BadUrl(url, str(error)) from None
    if named.scheme not in ("http", "https") or not named.host:
        raise BadUrl(url, "no http:// or https:// with a host")
    if not _is_host(named.raw_host.decode()):
        raise BadUrl(url, "its host is no name and no address")
    if port is not None and port not in _PORTS:
        raise BadUrl(url, f"{port} is no port")
    if "?" in url or "#" in url:
        raise BadUrl(url, "a server has no query and no fragment")
    return named


def _is_host(host: str) -> bool:
    """Say whether it is an IPv6 address, which is read already, or labels that can be looked up."""
    name = host.removesuffix(".")
    labels = name.split(".")
    return ":" in host or (len(name) <= _LONGEST_NAME and all(map(_LABEL.fullmatch, labels)))


def fetch(
    http: httpx2.Client,
    method: str,
    url: str,
    *,
    limit: int = MAX_ANSWER,
    deadline_s: float = SOON_S,
    **options: Any,
) -> HttpResponse:
    """Return an answer of at most `limit` bytes, which is whole `deadline_s` after it was asked.

    Looking up a name, connecting, interim answers, head and body all count.
    Raises httpx2.TransportError, `AnswerTooLong`.
    """
    token = _end.set(time.monotonic() + deadline_s)
    try:
        with _unpacked(http, method, url, options) as response:
            parts, size = [], 0
            for part in response.iter_bytes(1 << 16):
                size += len(part)
                if size > limit:
                    raise AnswerTooLong(f"{url}: more than {limit} bytes")
                parts.append(part)
            return HttpResponse(response.status_code, response.headers, b"".join(parts))
    finally:
        _end.reset(token)


@contextmanager
def _unpacked(
    http: httpx2.Client, method: str, url: str, options: dict[str, Any]
) -> Iterator[httpx2.Response]:
    try:
        with http.stream(method, url, **options) as response:
            yield response
    except httpx2.InvalidURL as error:
        raise httpx2.UnsupportedProtocol(f"{url}: {error}") from error
    except httpx2.DecodingError as error:
        raise httpx2.ReadError(f"{url}: what came cannot be unpacked") from error


def why_not(error: httpx2.TransportError) -> str:
    """Return in words why there is no answer."""
    why = next(says for kind, says in _WHY if isinstance(error, kind))
    told = "" if isinstance(error, httpx2.ProtocolError) else _NUMBER.sub("", str(error))
    return f"{why}: {told}" if told else why


_WHY: Final = (
    (httpx2.TimeoutException, "no answer in time"),
    (httpx2.ConnectError, "no connection"),
    (httpx2.ProtocolError, "what came is no HTTP"),
    (httpx2.TransportError, "the exchange broke off"),
)
_NUMBER: Final = re.compile(r"\[Errno -?\d+\] ")


def _left(timeout: float | None, parts: int = 1) -> float:
    """Return a timeout, at most one part of what is left of the exchange.

    Raises httpcore2.ReadTimeout.
    """
    left = _end.get() - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("no whole answer in time")
    return left / parts if timeout is None else min(timeout, left / parts)


class _Network(httpcore2.NetworkBackend):
    """A network none of whose calls outlasts the exchange that it is part of."""

    def __init__(self, network: httpcore2.NetworkBackend) -> None:
        self._network = network

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of a name that lets itself be connected to.

        None that is silent takes more than its share of the time: those behind it have theirs.
        """
        failed: Exception = httpcore2.ConnectError(f"{host} has no address")
        addresses = _addresses(host, port, _left(timeout))
        for at, address in enumerate(addresses):
            share = _left(timeout, len(addresses) - at + 1)  # And one for the exchange itself.
            try:
                stream = self._network.connect_tcp(
                    address, port, share, local_address, socket_options
                )
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failed = error
            else:
                return _Stream(stream)
        raise failed


def _addresses(host: str, port: int, within_s: float) -> list[str]:
    """Look a name up. The system does it without a deadline: one that hangs is left behind."""
    if port not in _PORTS:
        raise httpcore2.ConnectError(f"{port} is no port")
    found = Future[list[str]]()
    try:
        threading.Thread(target=_look_up, args=(host, port, found), daemon=True).start()
    except RuntimeError as error:  # The system has no thread left.
        raise httpcore2.ConnectError(str(error)) from error
    if not wait([found], within_s).done:
        raise httpcore2.ConnectTimeout(f"{host} was not looked up in time")
    return found.result()


def _look_up(host: str, port: int, found: Future[list[str]]) -> None:
    try:
        names = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        found.set_exception(httpcore2.ConnectError(str(error)))
    else:
        found.set_result([str(each[4][0]) for each in names])


class _Stream(httpcore2.NetworkStream):
    """A connection none of whose calls outlasts the exchange that it is part of."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has come."""
        return self._stream.read(max_bytes, _left(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        for start in range(0, len(buffer), _PIECE):
            self._stream.write(buffer[start : start + _PIECE], _left(timeout))

    def close(self) -> None:
        """Close the connection."""
        self._stream.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        """Shake hands."""
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, _left(timeout)))

    def get_extra_info(self, info: str) -> Any:
        """Return what the connection itself knows."""
        return self._stream.get_extra_info(info)
