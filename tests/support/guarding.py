"""A server that is nothing but guarded, and clients of it that say and read bytes."""

import asyncio
import contextlib
import socket
import threading

import uvicorn

from api.limits import guarded
from api.limits.guarded import Guard, Limits

LARGE = b"x" * (8 << 20)


async def application(scope, receive, send):
    """Answer with what came, or with much, or before the body is there."""
    assert scope["type"] == "http"
    host = b" ".join(value for name, value in scope["headers"] if name == b"host")
    bodies = {"/large": LARGE, "/who": scope["client"][0].encode(), "/host": host}
    if scope["path"] == "/long":
        await asyncio.sleep(2)
    body = bodies.get(scope["path"], b"ok")
    if scope["path"] == "/read":
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message["body"]
            if not message["more_body"]:
                break
    length = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": length})
    await send({"type": "http.response.body", "body": body})


@contextlib.contextmanager
def guarding(**limits):
    """Serve with limits; lend the guard and the port."""
    guard = Guard(Limits(**limits))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(guarded.guarded(application, guard, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        try:
            yield guard, listening.getsockname()[1]
        finally:
            server.should_exit = True
            thread.join()


def connect(port, address="127.0.0.1"):
    return socket.create_connection(("127.0.0.1", port), 20, source_address=(address, 0))


def all_of(sock):
    """Return all that is said until the other side is done."""
    said = b""
    with contextlib.suppress(ConnectionError):
        while part := sock.recv(1 << 16):
            said += part
    return said


def status(said):
    return int(said.split(b" ", 2)[1])
