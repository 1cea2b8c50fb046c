"""A server that answers oddly: bytes of one's own, or none, on a socket of its own."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def reply(status: int, body: bytes = b"", *headers: str) -> bytes:
    """Return the bytes of an answer; its length is told, unless a header tells another."""
    length = (
        [f"Content-Length: {len(body)}"] if not any("Length" in each for each in headers) else []
    )
    head = "\r\n".join([f"HTTP/1.1 {status} Odd", "Connection: close", *length, *headers])
    return f"{head}\r\n\r\n".encode() + body


@contextmanager
def answering(answer: bytes | None) -> Iterator[str]:
    """Answer every request by these bytes; None says nothing, and keeps the connection."""
    kept: list[socket.socket] = []

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listening.accept()
                kept.append(client)
                threading.Thread(target=answer_to, args=(client,), daemon=True).start()

    def answer_to(client: socket.socket) -> None:
        with suppress(OSError):
            while client.recv(1 << 16):
                if answer is not None:
                    client.sendall(answer)
                    client.close()
                    return

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
    for each in kept:
        each.close()
