"""
A proxy before PostgreSQL's socket that lets answers disappear, as a broken network does.

It forwards every byte until a client's message contains `trigger`; that message still reaches the
server, but once the server has answered, the client's connection is cut instead.
"""

import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

COMMIT = b"COMMIT\0"
"""A query that ends with COMMIT; `READ COMMITTED` is another word."""

_SOCKET = ".s.PGSQL.5432"


class Proxy:
    """Where the proxy listens, and whether it eats answers at present."""

    def __init__(self, dsn: str, directory: str, trigger: bytes) -> None:
        target = parse_qs(urlsplit(dsn).query)["host"][0]
        self.dsn = dsn.replace(quote(target, safe=""), quote(directory, safe=""))
        self.eats = True
        self.eaten = 0
        self._target = f"{target}/{_SOCKET}"
        self._trigger = trigger
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{directory}/{_SOCKET}")
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Accept nobody any more."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, socket.socket(socket.AF_UNIX) as server:
            server.connect(self._target)
            eating = threading.Event()
            back = threading.Thread(target=self._answer, args=(server, client, eating), daemon=True)
            back.start()
            with suppress(OSError):
                while message := client.recv(1 << 20):
                    if self.eats and self._trigger in message:
                        eating.set()
                    server.sendall(message)
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)
            back.join()

    def _answer(
        self, server: socket.socket, client: socket.socket, eating: threading.Event
    ) -> None:
        with suppress(OSError):
            while answer := server.recv(1 << 20):
                if eating.is_set():
                    self.eaten += 1
                    break
                client.sendall(answer)
            client.shutdown(socket.SHUT_RDWR)


@contextmanager
def running_proxy(dsn: str, trigger: bytes = COMMIT) -> Iterator[Proxy]:
    """Run a proxy before the server of `dsn`; connect to it with its own `dsn`."""
    with tempfile.TemporaryDirectory(prefix="tl-") as directory:
        proxy = Proxy(dsn, str(Path(directory)), trigger)
        try:
            yield proxy
        finally:
            proxy.close()
