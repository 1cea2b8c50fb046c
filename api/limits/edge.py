"""
What every request passes before any route: whom it is for, from whose page, by whom, how often.

A page of any site can have a browser send requests to a ledger on loopback, by its address or by a
name of its own that it points there (DNS rebinding). So `Host` must be a name of this server, and
`Origin`, where a browser sends it, must be ours; no route takes a media type that a form has.
"""

import asyncio
import ipaddress
import re
import time
from collections.abc import Iterable
from http import HTTPStatus

import structlog
from fastapi import Request, Response
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars

from api.limits.answering import Answering, complete, is_public, request_id
from api.limits.networks import group_of
from api.limits.quotas import Quotas
from api.limits.starts import Starts
from api.metrics import Metrics
from api.problems import ApiProblem, respond
from api.routed import methods_at
from ledger.sequence.sequencer import Stopped
from ledger.store.connection import OutcomeUnknown

_log = structlog.get_logger(__name__)

PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "GET, HEAD, OPTIONS",
    "Access-Control-Allow-Headers": "Accept, Accept-Language, If-None-Match, Last-Event-ID,"
    " X-Request-Id",
    "Access-Control-Max-Age": "86400",
}
"""What the page of any site may ask: to read, without credentials, which nobody has here."""

WATCHED = ("/health/", "/metrics")
"""What is asked by anyone who watches over the server: by a quota of its own."""


_HOST = re.compile(r"(\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[a-z0-9._-]+))(:[0-9]{1,5})?")


class Headed:
    """Gives every answer of an application that has no `Edge` what every answer says."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer."""

        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                complete(message)
            await send(message)

        await self._app(scope, receive, answer)


class Edge:
    """The outermost of the application. `hosts` None: by any name."""

    def __init__(
        self, app: ASGIApp, *, hosts: Iterable[str] | None, quotas: Quotas, metrics: Metrics
    ) -> None:
        self._app = app
        self._hosts = None if hosts is None else frozenset(hosts)
        self._quotas = quotas
        self._metrics = metrics
        self._starts = Starts()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through, or say why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        head = scope["method"] == "HEAD"
        if head:  # The server, which sees HEAD, sends the head alone.
            scope = {**scope, "method": "GET"}
        client = scope.get("client")
        address = group_of(client[0]) if client else ""
        scope.setdefault("state", {})["address"] = address
        scope["state"]["head"] = head
        watches = scope["path"].startswith(WATCHED)
        quota = self._quotas.watchers if watches else self._quotas.addresses
        began = time.monotonic()
        scope["state"]["request_id"] = request_id(scope)
        answer = Answering(scope, send, lambda: quota.headers(address))
        bind_contextvars(request_id=scope["state"]["request_id"])
        try:
            await self._starts.turn(address)
            self._check(scope)
            quota.must_be_left(address)
            quota.take(address, 1)
            await self._answer(scope, receive, answer)
        except (Exception, asyncio.CancelledError) as error:  # Outside, it would be logged again.
            if answer.begun:
                raise
            await respond(Request(scope), _told(error, scope))(scope, receive, answer)
        finally:
            asked = getattr(scope.get("endpoint"), "__name__", "none")
            seconds = time.monotonic() - began
            self._metrics.seconds.labels(asked).observe(seconds)
            if not watches:
                self._metrics.recent.answered(
                    f"{scope['method']} {scope['path']}",
                    seconds,
                    refused=(answer.status or 0) >= HTTPStatus.BAD_REQUEST,
                    question=scope["method"] == "GET" and not answer.streams,
                )
            told = {"method": scope["method"], "path": scope["path"], "status": answer.status}
            _log.debug("request answered", **told, seconds=round(seconds, 6))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Have the application answer; what may be done there is told here."""
        if scope["method"] == "OPTIONS" and (methods := methods_at(scope)):
            asked = Headers(scope=scope).get("access-control-request-method", "GET")
            public = is_public(scope) and asked in ("GET", "HEAD") and "GET" in methods
            headers = {"Allow": ", ".join(methods)} | (PREFLIGHT if public else {})
            await Response(status_code=204, headers=headers)(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        """Raise `ApiProblem` for what no honest client sends."""
        headers = Headers(scope=scope)
        hosts = headers.getlist("host")
        if self._hosts is not None and (len(hosts) != 1 or name_of(hosts[0]) not in self._hosts):
            raise ApiProblem(421, "HOST", "the request is for another host: see LEDGER_HOSTS")
        must_be_plain(headers)
        if scope["method"] not in ("POST", "PUT", "PATCH", "DELETE"):
            return
        origin = headers.get("origin")
        if origin is not None and origin not in {f"{scope['scheme']}://{host}" for host in hosts}:
            raise ApiProblem(403, "ORIGIN", "the request comes from a page of another site")


def must_be_plain(headers: Headers) -> None:
    """Raise `ApiProblem` for what a request asks of HTTP and no server of ours does."""
    if _tokens(headers, "expect") - {"100-continue"}:
        raise ApiProblem(417, "EXPECTATION", "a request may expect 100-continue, nothing else")
    codings = headers.getlist("transfer-encoding")
    if codings and [each.strip().lower() for each in codings] != ["chunked"]:
        raise ApiProblem(501, "TRANSFER_CODING", "a body is sent chunked, in no other coding")


def _tokens(headers: Headers, name: str) -> set[str]:
    """Return what a header lists, over all of its lines."""
    listed = ",".join(headers.getlist(name)).lower().split(",")
    return {each.strip() for each in listed} - {""}


def name_of(host: str) -> str:
    """Return the name in a `Host` without its port, "" where it is none."""
    found = _HOST.fullmatch(host.lower())
    return (found["address"] or found["name"]) if found else ""


def hosts_of(host: str, more: Iterable[str]) -> list[str] | None:
    """Return by which names a server that binds `host` may be asked; None: by any.

    On loopback those of loopback and `more`; beyond it `more`, or any where none is given.
    """
    named = [each.lower() for each in more]
    if is_loopback(host):
        return ["localhost", "127.0.0.1", "::1", host.lower(), *named]
    return named or None


def is_loopback(host: str) -> bool:
    """Say whether nobody but this machine reaches that address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _told(error: BaseException, scope: Scope) -> Exception:
    """Return what a request is told of an error, or of the end of the server that cuts it short."""
    if isinstance(error, Exception):
        return error
    if scope["method"] == "POST":
        return OutcomeUnknown("the server ended before it knew")
    return Stopped("the ledger is stopping")
