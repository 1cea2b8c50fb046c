"""
A ledger asked in this process: the routes of all questions, over a copy of one's own.

The parameters are read, the questions answered and refused by the very code that serves them, so
what a copy answers is what a server that holds the same entries would answer.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

import httpx2
from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.deps import Questioned
from api.limits.traffic import Traffic
from api.main import ROUTED
from api.reads.parameters import strict
from api.reads.questions import QUESTIONS
from ledger.follow.reader import LedgerReader
from ledger.home.settings import Settings
from ledger.runtime.computing import Computing

assert ROUTED, "questions are declared where they are routed"

_NOBODY = "http://a-copy-of-ones-own"
"""Where a copy is asked: nothing is looked up, and nothing leaves the process."""


@contextmanager
def asked_here(copy: Questioned, language: str) -> Iterator[LedgerReader]:
    """Lend what asks a copy as a server is asked."""
    with _InProcess(copy) as transport:
        yield LedgerReader(_NOBODY, transport=transport, language=language)


class _InProcess(httpx2.BaseTransport):
    """Hands requests to the application on an event loop of its own, and nothing over a network."""

    def __init__(self, copy: Questioned) -> None:
        self._app = FastAPI()
        self._app.state.node = copy
        # What is asked is asked by one, who waits for it.
        settings = Settings.model_construct(readers=1, reads_waiting=1, read_wait_s=0.0)
        self._traffic = Traffic.over(copy.reads, settings, Computing())
        self._app.state.traffic = self._traffic
        self._app.router.routes[:] = [strict(each.route) for each in QUESTIONS.values()]
        problems.install(self._app)
        self._asgi = httpx2.ASGITransport(_from_here(self._app))
        self._loop = asyncio.Runner()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        self._traffic.close()
        self._loop.close()

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return what the application answers, whole."""
        return self._loop.run(self._answer(request))

    async def _answer(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._asgi.handle_async_request(request)
        content = await answer.aread()
        return httpx2.Response(answer.status_code, headers=answer.headers, content=content)


def _from_here(app: ASGIApp) -> ASGIApp:
    """Return an application whose requests count as of one address."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "state": {"address": "here"}}, receive, send)

    return answer
