"""What docs/decisions/0048-gzip-and-cors.md says of Starlette: where this fails, decide again."""

import asyncio

from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import Response
from starlette.types import ASGIApp, Message


def headed(app: ASGIApp, method: str = "GET", **headers: str) -> tuple[int, dict[str, str]]:
    """Return the status and the headers that an application answers."""
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    asked = [(name.replace("_", "-").encode(), text.encode()) for name, text in headers.items()]
    scope = {"type": "http", "method": method, "path": "/nowhere", "headers": asked}
    asyncio.run(app(scope, receive, send))
    start = sent[0]
    return start["status"], {name.decode(): text.decode() for name, text in start["headers"]}


def answer(status: int = 200) -> Response:
    body = "" if status == 304 else "x" * 2000
    return Response(body, status, media_type="application/json", headers={"ETag": '"a"'})


def test_it_compresses_for_who_refuses_that_and_leaves_a_strong_etag():
    for accepted in ("gzip", "gzip;q=0"):
        _, headers = headed(GZipMiddleware(answer()), accept_encoding=accepted)
        assert ("gzip", '"a"') == (headers["content-encoding"], headers["etag"])


def test_a_304_within_it_does_not_say_what_it_depends_on():
    for status, vary in ((200, "Accept-Encoding"), (304, None)):
        _, headers = headed(GZipMiddleware(answer(status)), accept_encoding="gzip")
        assert vary == headers.get("vary")


def test_a_preflight_of_nothing_is_answered_and_one_of_a_method_has_no_code():
    for method, status in (("GET", 200), ("POST", 400)):
        given = {"origin": "https://a", "access_control_request_method": method}
        told, headers = headed(CORSMiddleware(answer(), ["*"]), "OPTIONS", **given)
        assert (status, True) == (told, headers["content-type"].startswith("text/plain"))
        assert "allow" not in headers


def test_what_all_may_read_is_kept_once_for_each_site():
    for origin, allowed in (({}, None), ({"origin": "https://a"}, "*")):
        _, headers = headed(CORSMiddleware(answer(), ["*"]), **origin)
        assert ("Origin", allowed) == (headers["vary"], headers.get("access-control-allow-origin"))
