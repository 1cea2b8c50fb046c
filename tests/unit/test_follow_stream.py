"""What is read of a stream: each position once, in order, and nothing that is none."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice

import pytest

from ledger.follow import stream
from ledger.follow.replies import NoAnswer, ProblemAnswer, WrongAnswer
from ledger.follow.stream import positions

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n\r\n"


def block(position: int) -> bytes:
    return b'data: {"position": %d}\nid: o#%d\n\n' % (position, position)


@contextmanager
def served(*answers: bytes) -> Iterator[tuple[str, list[bytes]]]:
    """Answer each connection with the next of these, then close it; yield the URL and what came."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def answer() -> None:
            for each in answers:
                connection, _ = listening.accept()
                with connection:
                    asked.append(connection.recv(1 << 16))
                    connection.sendall(each)

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}", asked
        thread.join(10)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "AGAIN_S", 0.01)
    monkeypatch.setattr(stream, "BREAKS_MAX", 2)


def test_what_breaks_off_goes_on_behind_the_last_id() -> None:
    first = HEAD + b"id: o#3\n\n: ping\n\n" + block(4) + block(7)[:-1]
    with served(first, HEAD + block(7) + block(9)) as (url, asked):
        watch = {"subject": ["right:a", "right:b"], "topic": ["offer.made/1"]}
        assert [4, 7, 9] == [*islice(positions(url, watch, 4), 3)]
    assert (
        b"GET /v1/stream?subject=right%3Aa&subject=right%3Ab&topic=offer.made%2F1&since=4 "
        in (asked[0])
        or b"subject=right:a&subject=right:b&topic=offer.made/1&since=4" in asked[0]
    )
    assert b"last-event-id" not in asked[0].lower()
    assert b"last-event-id: o#4\r\n" in asked[1].lower()


@pytest.mark.parametrize(
    "told",
    [
        block(4) + block(4),
        block(5) + block(4),
        block(2),
        b'data: {"position": "4"}\nid: o#4\n\n',
        b"data: [4]\nid: o#4\n\n",
        b'event: start-again\ndata: {"code": "OTHER_LOG"}\nid: \n\n',
        b"data: " + b"x" * (stream.MAX_LINE + 10),
    ],
)
def test_what_is_no_stream_of_the_log_is_refused(told: bytes) -> None:
    with served(HEAD + told) as (url, _), pytest.raises(WrongAnswer):
        [*positions(url, {}, 3)]


def test_another_media_type_and_a_problem_are_told() -> None:
    page = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    with served(page) as (url, _), pytest.raises(WrongAnswer, match="text/html"):
        next(positions(url, {}, None))
    content = b'{"code": "THROTTLED", "title": "t", "detail": "d", "status": 429}'
    refused = b"HTTP/1.1 429 x\r\nContent-Type: application/problem+json\r\n\r\n" + content
    with served(refused) as (url, _), pytest.raises(ProblemAnswer, match="THROTTLED"):
        next(positions(url, {}, None))


def test_a_server_that_is_not_there_ends_it_in_time() -> None:
    later = b"HTTP/1.1 503 x\r\nContent-Length: 0\r\n\r\n"
    with served(later, later, later) as (url, _), pytest.raises(NoAnswer):
        next(positions(url, {}, None))
