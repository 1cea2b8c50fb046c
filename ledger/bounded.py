"""Reading what another server answers, however long it goes on or whatever it unpacks to."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import httpx2

MAX_ANSWER: Final = 1 << 28
"""Bytes of any answer at most, unpacked: an evidence bundle is the longest."""

DEADLINE_S: Final = 300.0
"""How long an answer may take in all, in seconds, however steadily it drips."""


class AnswerTooLong(httpx2.TransportError):
    """The other side goes on and on; nothing of it was taken."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered, whole."""

    status: int
    headers: httpx2.Headers
    content: bytes


def ask(
    http: httpx2.Client,
    method: str,
    url: str,
    *,
    limit: int = MAX_ANSWER,
    deadline_s: float = DEADLINE_S,
    **options: Any,
) -> Answer:
    """Return an answer of at most `limit` bytes. Raises httpx2.TransportError, `AnswerTooLong`."""
    end = time.monotonic() + deadline_s
    with _unpacked(http, method, url, options) as response:
        parts, size = [], 0
        for part in response.iter_bytes(1 << 16):
            size += len(part)
            if size > limit or time.monotonic() > end:
                raise AnswerTooLong(f"{url}: more than {limit} bytes, or {deadline_s} seconds")
            parts.append(part)
        return Answer(response.status_code, response.headers, b"".join(parts))


@contextmanager
def _unpacked(
    http: httpx2.Client, method: str, url: str, options: dict[str, Any]
) -> Iterator[httpx2.Response]:
    try:
        with http.stream(method, url, **options) as response:
            yield response
    except httpx2.DecodingError as error:
        raise httpx2.ReadError(f"{url}: {error}") from error
