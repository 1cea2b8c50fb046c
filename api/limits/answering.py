"""
What every answer is given on its way out: the request's id, CORS, 304 for anyone who has it, gzip.

Nothing here is secret, so that the size of what is compressed tells nobody anything (BREACH). Tiles
and bundles of entries go as they are.
"""

import asyncio
import gzip
import re
from collections.abc import Callable, Iterable
from http import HTTPStatus
from uuid import uuid4

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import Message, Scope, Send

from api.openapi.declared_answers import COMPRESSED

HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
]
"""What every answer says; those of pages say more. By `no-referrer`, forms send `Origin: null`."""

PUBLIC = ("/v1/", "/tile/", "/checkpoint", "/witness-policy", "/openapi.json")
"""What the page of any site may read: all that is published, and nothing of the operator's."""

EXPOSED = (
    "ETag, Location, Preference-Applied, RateLimit, RateLimit-Policy, Replayed, Retry-After,"
    " X-Request-Id"
)

LEAST, MOST, SMALL = 1024, 4 << 20, 32 * 1024
"""Bytes of what is compressed, and of what is so at once, not on a thread."""

_ID = re.compile(r"[A-Za-z0-9._~-]{1,64}")


def request_id(scope: Scope) -> str:
    """Return the id that a client gave its request, where it is well-formed, else a new one."""
    given = Headers(scope=scope).get("x-request-id", "")
    return given if _ID.fullmatch(given) else str(uuid4())


def is_public(scope: Scope) -> bool:
    """Say whether pages of other sites may read what is there."""
    path: str = scope["path"]
    return path.startswith(PUBLIC)


def complete(message: Message, more: Iterable[tuple[bytes, bytes]] = ()) -> None:
    """Give the head of an answer what every answer says, and more."""
    headers = list(message.get("headers", ()))
    said = {name.lower() for name, _value in headers}
    headers += [each for each in HEADERS if each[0] not in said]
    message["headers"] = [*headers, *more]


class Answering:
    """Sends the answer to one request; `more` are headers that are known when it begins.

    `streams` of one that goes on as long as the client wants.
    """

    def __init__(
        self, scope: Scope, send: Send, more: Callable[[], list[tuple[bytes, bytes]]]
    ) -> None:
        asked = Headers(scope=scope)
        self._scope, self._send, self._more = scope, send, more
        self._reads = scope["method"] == "GET"
        accepted = ",".join(asked.getlist("accept-encoding"))
        self._takes_gzip = self._reads and _takes_gzip(accepted)
        self._known = {
            each.strip().removeprefix("W/") for each in asked.get("if-none-match", "").split(",")
        }
        self._held: Message | None = None
        self._silent = False
        self.begun = False
        self.streams = False
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        """Send a message on."""
        if message["type"] == "http.response.start":
            await self._start(message)
        elif not self._silent:
            if self._held is not None:
                await self._begin(self._held, message)
                self._held = None
            await self._send(message)

    async def _start(self, message: Message) -> None:
        self.begun = True
        self._complete(message)
        packs = self._may_be_compressed(message)
        if self._is_known(message):
            self._silent = True
            await self._send(message)
            await self._send({"type": "http.response.body"})
        elif packs:
            self._held = message
        else:
            await self._send(message)
        self.status = message["status"]

    def _complete(self, message: Message) -> None:
        complete(message, self._more())
        headers = MutableHeaders(raw=message["headers"])
        headers["X-Request-Id"] = self._scope["state"]["request_id"]
        self.streams = headers.get("content-type", "").startswith("text/event-stream")
        if self._reads and is_public(self._scope):
            headers["Access-Control-Allow-Origin"] = "*"
            headers["Access-Control-Expose-Headers"] = EXPOSED
            headers["Cross-Origin-Resource-Policy"] = "cross-origin"
        if message["status"] >= HTTPStatus.BAD_REQUEST:
            headers.add_vary_header("Accept, Accept-Language")
        message["headers"] = headers.raw

    def _is_known(self, message: Message) -> bool:
        """Make it a 304 where the client has it (RFC 9110, 13.1.2); say whether it has."""
        headers = MutableHeaders(raw=message["headers"])
        etag = headers.get("etag", "").removeprefix("W/")
        found = self._reads and message["status"] == HTTPStatus.OK and etag
        if not found or not {etag, "*"} & self._known:
            return False
        message["status"] = HTTPStatus.NOT_MODIFIED.value
        del headers["content-length"], headers["content-type"]
        message["headers"] = headers.raw
        return True

    def _may_be_compressed(self, message: Message) -> bool:
        """Say whether what follows may be compressed, after which it has other bytes."""
        headers = MutableHeaders(raw=message["headers"])
        if not self._reads or not headers.get("content-type", "").startswith(COMPRESSED):
            return False
        headers.add_vary_header("Accept-Encoding")
        size = int(headers.get("content-length", 0))
        packs = self._takes_gzip and LEAST <= size <= MOST and "content-encoding" not in headers
        if packs and (etag := headers.get("etag")):
            headers["ETag"] = f"W/{etag.removeprefix('W/')}"  # Not these bytes, the same words.
        message["headers"] = headers.raw
        return packs

    async def _begin(self, start: Message, body: Message) -> None:
        """Send the head of what is compressed, if it is there at once, and compress it."""
        headers = MutableHeaders(raw=start["headers"])
        if not body.get("more_body"):
            content = body.get("body", b"")
            packed = (
                gzip.compress(content, 5, mtime=0)
                if len(content) <= SMALL
                else await asyncio.to_thread(gzip.compress, content, 5, mtime=0)
            )
            body["body"] = packed
            headers["Content-Encoding"] = "gzip"
            headers["Content-Length"] = str(len(packed))
        start["headers"] = headers.raw
        await self._send(start)


_CODING = re.compile(r"([a-z0-9!#$%&'*+.^_`|~-]+)(?:\s*;\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?")


def _takes_gzip(accepted: str) -> bool:
    """Say whether a client takes gzip, and not rather what is as it is (RFC 9110, 12.5.3).

    What is no coding with a weight of its form is nothing that it takes.
    """
    said = (_CODING.fullmatch(each.strip()) for each in accepted.lower().split(","))
    weights = {each[1]: float(each[2] or 1) for each in said if each}
    weight = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return weight > 0 and weight >= weights.get("identity", 0.0)
