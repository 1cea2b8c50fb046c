"""Following a log by its server's stream: which positions it tells, through breaks, for ever."""

import time
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus

import httpx2

from ledger.follow.replies import (
    NoAnswer,
    ProblemAnswer,
    WrongAnswer,
    read_object,
)
from ledger.quoted import quoted
from ledger.runtime.http import server_at, why_not

AGAIN_S = 1.0
"""How long, in seconds, until a stream that ended is asked for again."""

SILENT_S = 45.0
"""After how many silent seconds a stream has broken off: a comment comes every fifteen."""

BREAKS_MAX = 30
"""How often in a row a stream may break off before anything of it came."""

MAX_LINE = 1 << 20
"""Bytes that a line may have; a row of an event has some hundreds."""


def positions(url: str, watch: Mapping[str, Sequence[str]], since: int | None) -> Iterator[int]:
    """Yield the positions of what is recorded and watched, from one on, or from now on.

    At the server's word: nothing is verified but that each comes once, in order. Raises
    `ProblemAnswer`, `NoAnswer`, and `WrongAnswer` for what is no stream of that log.
    """
    query = {**watch, **({} if since is None else {"since": str(since)})}
    last, least, broken = "", since or 0, 0
    with httpx2.Client(base_url=server_at(url), timeout=SILENT_S) as http:
        while True:
            headers = {"Last-Event-ID": last} if last else {}
            try:
                with http.stream("GET", "/v1/stream", params=query, headers=headers) as answer:
                    _must_be_stream(answer)
                    for told, position in _events(answer):
                        last, broken = told, 0
                        if position is None:
                            continue
                        if position < least:
                            raise WrongAnswer(f"position {position} is told after {least - 1}")
                        yield position
                        least = position + 1
            except httpx2.TransportError as error:
                broken += 1
                if broken > BREAKS_MAX:
                    raise NoAnswer(why_not(error), url) from error
            time.sleep(AGAIN_S)


def _must_be_stream(answer: httpx2.Response) -> None:
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        raise httpx2.ReadError(f"the server answers {answer.status_code}")
    if answer.status_code != HTTPStatus.OK:
        raise ProblemAnswer(read_object(_whole(answer)))
    kind = answer.headers.get("content-type", "").partition(";")[0]
    if kind != "text/event-stream":
        raise WrongAnswer(f"{kind or 'no media type'} is no stream")


def _whole(answer: httpx2.Response) -> bytes:
    content = b""
    for part in answer.iter_bytes():
        content += part
        if len(content) > MAX_LINE:
            raise WrongAnswer(f"a problem of more than {MAX_LINE} bytes")
    return content


def _events(answer: httpx2.Response) -> Iterator[tuple[str, int | None]]:
    """Yield the id, and the position if it is an event's, of each block (WHATWG HTML, 9.2.6)."""
    last, event, data = "", "", ""
    for line in _lines(answer):
        name, _, value = line.partition(": ")
        if name == "id":
            last = value
        elif name == "event":
            event = value
        elif name == "data":
            data = value
        elif not line and (last or data):
            yield last, _position(event, data)
            event, data = "", ""


def _position(event: str, data: str) -> int | None:
    if not data:
        return None
    told = read_object(data.encode())
    if event:
        raise WrongAnswer(
            f"{told.get('code')}: the log has another origin, or is shorter than it was: see that"
            " it was not rolled back (techledger audit), then follow it from the beginning"
        )
    position = told.get("position")
    if type(position) is not int:
        raise WrongAnswer(f"position is no integer: {quoted(position)}")
    return position


def _lines(answer: httpx2.Response) -> Iterator[str]:
    rest = b""
    for part in answer.iter_bytes():
        *whole, rest = (rest + part).split(b"\n")
        if len(rest) > MAX_LINE:
            raise WrongAnswer(f"a line of more than {MAX_LINE} bytes")
        yield from (line.decode(errors="replace") for line in whole)
