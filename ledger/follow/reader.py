"""Asking a ledger over HTTP, again while nothing comes: at its word, and nothing is verified."""

import time
from collections.abc import Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx2

from ledger.follow.replies import (
    NoAnswer,
    Verdict,
    WrongAnswer,
    must_have,
    read_object,
    read_verdict,
)
from ledger.follow.signed import Signed
from ledger.quoted import quoted
from ledger.runtime.http import (
    DEADLINE_S,
    MAX_ANSWER,
    SOON_S,
    AnswerTooLong,
    HttpResponse,
    fetch,
    open_client,
    why_not,
)

RETRY_FOR_S = 30.0
"""How long, in seconds, a submission without an answer is tried again."""


class LedgerReader:
    """A ledger over HTTP, at its word: nothing is verified. A context manager; not thread-safe."""

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float = SOON_S,
        transport: httpx2.BaseTransport | None = None,
        language: str | None = None,
    ) -> None:
        """Open a client. A problem's title and what helps are asked for in the language."""
        self._timeout_s = timeout_s
        self._http = open_client(url, timeout_s=timeout_s, transport=transport)
        if language is not None:
            self._http.headers["Accept-Language"] = language

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def get(self, path: str, **parameters: str | int | None) -> dict[str, Any]:
        """Return a read's answer, an object: the server's word, of which nothing is verified.

        Raises `ProblemAnswer`, `WrongAnswer`, `NoAnswer`.
        """
        given = {name: value for name, value in parameters.items() if value is not None}
        response = self._send("GET", path, params=given)
        must_have(HTTPStatus.OK, response)
        return read_object(response.content)

    def get_bytes(self, path: str, most: int = MAX_ANSWER) -> bytes:
        """Return a read's answer of so many bytes at most as it is, unverified.

        Raises `ProblemAnswer`, `WrongAnswer`, `NoAnswer`.
        """
        response = self._send("GET", path, limit=most)
        must_have(HTTPStatus.OK, response)
        return response.content

    def download(self, path: str, kind: str, **asked: str | int | None) -> bytes:
        """Return what a page has as a file of a media type, unverified.

        Raises `ProblemAnswer`, `WrongAnswer` for what is no such file, `NoAnswer`.
        """
        given = {name: value for name, value in asked.items() if value is not None}
        takes = {"Accept": f"{kind}, application/problem+json"}
        answer = self._send("GET", path, within_s=DEADLINE_S, params=given, headers=takes)
        must_have(HTTPStatus.OK, answer)
        if answer.headers.get("content-type", "").partition(";")[0] != kind:
            raise WrongAnswer(f"the answer is no {kind}, but {quoted(answer.content[:40])}")
        return answer.content

    def evidence(self, *asked: str) -> bytes:
        """Return an evidence bundle, unverified, of what is asked for: `subject=`, `position=`.

        Raises `ProblemAnswer`, `NoAnswer`.
        """
        response = self._send("GET", f"/v1/evidence?{'&'.join(asked)}", within_s=DEADLINE_S)
        must_have(HTTPStatus.OK, response)
        return response.content

    def check(self, signed: Signed) -> Verdict:
        """Ask what would become of an event, submitted now: the server's word. Nothing is stored.

        Raises `ProblemAnswer` where it is not judged, `ReceiptRefused`, `NoAnswer`.
        """
        answer = self._post("/v1/events/check", signed.to_json(), "application/json")
        must_have(HTTPStatus.OK, answer)
        return read_verdict(answer.content, signed.event_id)

    def _post(
        self,
        path: str,
        body: bytes,
        media_type: str,
        more: Mapping[str, str] | None = None,
        **options: Any,
    ) -> HttpResponse:
        headers = {"Content-Type": media_type, **(more or {})}
        return self._send("POST", path, content=body, headers=headers, **options)

    def _send(self, method: str, path: str, within_s: float = 0.0, **options: Any) -> HttpResponse:
        """Send a request, again while there is no answer or the ledger is not ready for it.

        All of it takes no longer than one answer may, or than it is tried again.
        """
        within_s, began = max(within_s, self._timeout_s), time.monotonic()
        deadline, end = began + RETRY_FOR_S, began + max(within_s, RETRY_FOR_S)
        pause = 0.1
        while True:
            left_s = min(within_s, end - time.monotonic())
            try:
                answer = fetch(self._http, method, path, deadline_s=left_s, **options)
                if answer.status != HTTPStatus.SERVICE_UNAVAILABLE or time.monotonic() > deadline:
                    return answer
            except AnswerTooLong as error:
                raise WrongAnswer(str(error)) from error
            except httpx2.TransportError as error:
                if time.monotonic() > deadline:
                    raise NoAnswer(why_not(error), str(self._http.base_url)) from error
            time.sleep(pause)
            pause = min(2 * pause, 2.0)
