"""The lean client: whole answers, in order, however the bytes come, and nothing taken for one."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from bench.figure import WrongAnswer
from bench.lean import Exchange, elapsed, exchange_all, percentile, post

PIECES = [
    b"HTTP/1.1 201 Created\r\nserver: x\r\nContent-Le",
    b"ngth: 5\r\n\r\nhe",
    b"llo",
]


@contextmanager
def answering(pieces: list[bytes], requests: list[bytes]) -> Iterator[int]:
    """Serve each request with these pieces, one write each; without pieces, hang up."""
    threads: list[threading.Thread] = []

    def answer(connection: socket.socket) -> None:
        with connection:
            while request := connection.recv(1 << 16):
                requests.append(request)
                if not pieces:
                    return
                for piece in pieces:
                    connection.sendall(piece)
                    time.sleep(0.005)

    def accept() -> None:
        with suppress(OSError):  # It was shut down.
            while True:
                connection, _ = listener.accept()
                threads.append(threading.Thread(target=answer, args=(connection,)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=accept)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join()
    for thread in threads:
        thread.join()


def test_an_answer_in_pieces_is_one_answer():
    seen: list[bytes] = []
    with answering(PIECES, seen) as port:
        (exchanged,) = exchange_all(port, [iter([post("/a", b"one", "x/y")] * 2)], 10)
    assert [(201, b"hello")] * 2 == [(each.status, each.body) for each in exchanged]
    assert [0, 1] == [each.number for each in exchanged]
    assert b"POST /a HTTP/1.1" == seen[0].split(b"\r\n")[0]
    assert seen[0].endswith(b"Content-Length: 3\r\n\r\none")


def test_each_connection_sends_its_own_requests():
    with answering(PIECES, []) as port:
        exchanged = exchange_all(
            port, [iter([post("/a", b"", "x/y")] * count) for count in (1, 3)], 10
        )
    assert [1, 3] == [len(each) for each in exchanged]


def test_nothing_more_is_sent_when_time_is_up():
    def endless() -> Iterator[bytes]:
        while True:
            yield post("/a", b"", "x/y")

    with answering(PIECES, []) as port:
        (exchanged,) = exchange_all(port, [endless()], 0.2)
    assert 0 < len(exchanged) < 30
    assert all(each.status == 201 for each in exchanged)


def test_a_connection_that_is_closed_is_no_answer():
    with answering([], []) as port, pytest.raises(WrongAnswer):
        exchange_all(port, [iter([post("/a", b"", "x/y")])], 10)


def test_an_answer_without_its_length_is_refused():
    with answering([b"HTTP/1.1 200 OK\r\n\r\n"], []) as port, pytest.raises(WrongAnswer):
        exchange_all(port, [iter([post("/a", b"", "x/y")])], 10)


def test_percentiles_are_latencies_in_milliseconds():
    exchanges = [Exchange(number, 0.0, number / 100) for number in range(100)]
    assert 500.0 == percentile(exchanges, 0.5)
    assert 990.0 == percentile(exchanges, 0.99)
    assert 0.99 == elapsed(exchanges)
