"""A witness over HTTP: `POST /add-checkpoint`, `POST /sign-subtree`, `GET /<hash>/checkpoint`."""

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, FastAPI, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from api.limits.edge import Headed, must_be_plain
from api.problems import ApiProblem, answer_nobody, response_of, wants_vietnamese
from ledger.witness.witness import Witness, WitnessResponse

MAX_BODY = 1 << 20
"""Bytes of a request at most: a checkpoint with a hundred ML-DSA-44 lines fits."""

_AN_HOUR = {"Cache-Control": "max-age=60"}


def witness_app(witness: Witness) -> FastAPI:
    """Return the application of one witness (C2SP tlog-witness); both prefixes are its root."""
    app = FastAPI(
        title="Techledger witness",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        redirect_slashes=False,
        dependencies=[Depends(_must_be_plain)],
    )
    app.add_middleware(Headed)
    app.add_exception_handler(ApiProblem, _refused)
    app.add_exception_handler(ClientDisconnect, answer_nobody)

    @app.post("/add-checkpoint")
    async def add_checkpoint(request: Request) -> Response:
        return await _answered(request, witness.add_checkpoint)

    @app.post("/sign-subtree")
    async def sign_subtree(request: Request) -> Response:
        return await _answered(request, witness.sign_subtree)

    @app.api_route("/{origin_hash}/checkpoint", methods=["GET", "HEAD"])
    def checkpoint(origin_hash: Annotated[str, Path(pattern="^[0-9a-f]{64}$")]) -> Response:
        return _response(witness.checkpoint(origin_hash), _AN_HOUR)

    @app.api_route("/health/live", methods=["GET", "HEAD"])
    def live() -> Response:
        return Response("live\n", media_type="text/plain")

    return app


async def _must_be_plain(request: Request) -> None:
    must_be_plain(request.headers)


async def _refused(request: Request, error: Exception) -> Response:
    return response_of(error, vietnamese=wants_vietnamese(request))


async def _answered(request: Request, judge: Callable[[bytes], WitnessResponse]) -> Response:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            return Response(f"a request has at most {MAX_BODY} bytes\n", 413)
    return _response(await run_in_threadpool(judge, bytes(body)), {"Cache-Control": "no-store"})


def _response(answer: WitnessResponse, headers: dict[str, str]) -> Response:
    return Response(answer.body, answer.status, headers, answer.media_type)
