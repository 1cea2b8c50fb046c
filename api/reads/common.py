"""
What every read has in common: its parameters, waiting for projections, the shape of answers.

Every answer carries its verdict, the size it was folded to and the positions that prove it. Of a
subject that the log does not name it is empty, without positions, and its verdict `unknown`; 404 is
for numbers (a position, a version) and for files. `ETag` is the hash of its bytes: an answer may
change with the day as well as the log.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Annotated

import orjson
from fastapi import Path, Query, Request, Response

from api.deps import address_of, node_of, traffic_of
from api.describe.answer_json import members_of
from api.limits.folding import beyond
from api.problems import ApiProblem, BadParameter
from api.reads.parameters import Count
from ledger.domain.core.types import FIRST_YEAR, LAST_YEAR, Day, legal_day, parse_day, parse_instant
from ledger.store.entries import read_head
from projections.engine.answer import Answer
from projections.engine.bitemporal import Effect
from projections.engine.view import KnownAt, KnownBy, NotAsked, NotFolded, TooMany

RightPath = Annotated[
    str, Path(pattern=r"^right:[a-z0-9.-]{1,80}$", examples=["right:us.15145443"])
]
TrueOn = Annotated[
    Day | None, Query(description="Legal day (Hanoi) on which it is to be true; default: today")
]
_MOMENT = "A position, or an instant YYYY-MM-DDTHH:MM:SS.mmmZ"
_NOW = "Default: all that is known now"
KnownAtText = Annotated[str | None, Query(description=f"{_MOMENT}. {_NOW}")]
KnownAtByEither = Annotated[
    str | None,
    Query(description=f"{_MOMENT}; with known_by=office a day YYYY-MM-DD. {_NOW}"),
]
KnownByText = Annotated[
    KnownBy, Query(description="Known to this ledger, or recorded by the office it attests")
]
EffectText = Annotated[Effect, Query(description="Between the parties, or against third parties")]
AtLeast = Annotated[
    Count | None,
    Query(description="Wait until this many entries are folded (read your writes)"),
]

_POSITION = re.compile(r"0|[1-9][0-9]{0,17}")
_DAY_LENGTH = len("YYYY-MM-DD")


def today() -> date:
    """Return the legal day in Hanoi."""
    return legal_day(datetime.now(UTC))


def read_known_at(text: str | None) -> KnownAt:
    """Read a position, an instant or a day. Raises `BadParameter` for anything else."""
    if text is None:
        return None
    try:
        if _POSITION.fullmatch(text):
            return int(text)
        return parse_day(text) if len(text) == _DAY_LENGTH else parse_instant(text)
    except ValueError:
        raise BadParameter(
            "known_at",
            text,
            "it is a position, an instant with milliseconds (2026-12-01T10:00:00.000Z) or a day,"
            f" of {FIRST_YEAR} to {LAST_YEAR}",
        ) from None


async def ask(
    request: Request, at_least: int | None, question: Callable[[], Answer], *, heavy: bool = False
) -> Response:
    """Ask the read models once they are folded far enough; answer as JSON.

    `heavy` is a question that replays the log: one of them at a time, and the others go on.
    """
    traffic, address = traffic_of(request), address_of(request)
    if at_least is not None:
        with telling(request):
            await traffic.folding.reach(at_least, address)
    lane = traffic.replays if heavy else traffic.reads
    return await lane.run(address, lambda: _answered(request, at_least or 0, question))


def _answered(request: Request, at_least: int, question: Callable[[], Answer]) -> Response:
    """Return the answer, or raise the problem that says why there is none."""
    with telling(request):
        answer = question()
        if answer.size < at_least:  # A read model that cannot go on: nobody waits for it.
            raise NotFolded(f"{answer.size} entries are folded, {at_least} are asked for")
        return answer_json(request, answer)


_WHAT_FOLDS = (
    "ask again in a while; where it stays so, the ledger's operator runs techledger operate rebuild"
)


@contextmanager
def telling(request: Request) -> Iterator[None]:
    """Raise for what the read models cannot answer the problem that says so."""
    try:
        yield
    except NotFolded as error:
        if error.position is not None:
            size = read_head(node_of(request).reads).size
            if error.position >= size:
                raise beyond(size) from None
        raise ApiProblem(503, "NOT_FOLDED", f"{error}; {_WHAT_FOLDS}") from None
    except (NotAsked, TooMany) as error:
        raise ApiProblem(422, "BAD_PARAMETER", str(error)) from None


def answer_json(request: Request, answer: Answer) -> Response:
    """Return an answer as JSON: its fields, and what is derived from them.

    Whoever has these very bytes, and says so by `If-None-Match`, is told 304 (RFC 9110, 13.1.2).
    """
    content = orjson.dumps(members_of(answer))
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    known = request.headers.get("if-none-match", "").split(",")
    if {etag, "*"} & {each.strip().removeprefix("W/") for each in known}:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)
