"""
The questions that are asked over HTTP: functions of a reader, and of what else each is asked.

Every answer carries its verdict, the size it was folded to and the positions that prove it. Of a
subject that the log does not name it is empty, without positions, and its verdict `unknown`; 404 is
for numbers (a position, a version) and for files. `ETag` is the hash of its bytes: an answer may
change with the day as well as the log.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from inspect import Parameter, Signature, signature
from types import MappingProxyType
from typing import Any, TypeVar, get_args, get_type_hints

import orjson
from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from api.deps import address_of, traffic_of
from api.describe.answer_json import members_of
from api.openapi.declared_answers import answers
from api.openapi.told import Told
from api.problems import BadParameter
from api.reads.caching import NO_CACHE
from api.reads.common import AtLeast
from api.reads.parameters import query_of
from projections.engine.answer import Answer
from projections.engine.view import Beyond, NotFolded

Ask = TypeVar("Ask", bound=Callable[..., Answer])


@dataclass(frozen=True, slots=True)
class Question:
    """A question: the function that answers it, its operation, and the kinds of answer.

    `takes` is what it can be asked beside what stands in its path.
    """

    ask: Callable[..., Answer]
    route: APIRoute
    answers: tuple[type[Answer], ...]
    takes: frozenset[str]


QUESTIONS: dict[str, Question] = {}
"""Every question, by the id of its operation: HTTP, the command line and pages have one list."""


def command_of(operation: str) -> str:
    """Return the name of the command of `techledger ask` that puts an operation's question."""
    words = re.findall("[A-Z]?[a-z]+", operation)
    return "-".join(words[1:] if words[0] in ("get", "list") else words).lower()


class Questions(APIRouter):
    """Routes that answer questions."""

    def question(
        self,
        path: str,
        name: str,
        summary: str,
        *,
        heavy: bool = False,
        told: tuple[Told, ...] = (),
    ) -> Callable[[Ask], Ask]:
        """Declare the question that a function of a reader answers, with the function's words.

        `heavy` is one that replays the log: one of them at a time, and the others go on. `told` are
        problems beside those of every operation.
        """

        def declare(ask: Ask) -> Ask:
            own = signature(ask).parameters
            takes_least = "at_least" in own

            async def answer(request: Request, at_least: int | None, **asked: Any) -> Response:
                given = {"at_least": at_least} if takes_least else {}
                return await _ask(request, at_least, partial(ask, **asked, **given), heavy=heavy)

            each = [Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request)]
            each += [of.replace(kind=Parameter.KEYWORD_ONLY) for of in own.values()]
            if not takes_least:
                least = Parameter("at_least", Parameter.KEYWORD_ONLY, annotation=AtLeast)
                each.append(least.replace(default=None))
            answer.__signature__ = Signature(each)  # type: ignore[attr-defined]  # read by FastAPI
            answer.__doc__, answer.__name__ = ask.__doc__, ask.__name__
            says = get_type_hints(ask)["return"]
            kinds = get_args(says) or (says,)
            responses = answers(*kinds, told=told)
            self.add_api_route(
                path, answer, operation_id=name, summary=summary, responses=responses
            )
            route = self.routes[-1]
            assert isinstance(route, APIRoute)
            takes = frozenset(query_of(route))
            QUESTIONS[name] = Question(ask, route, kinds, takes)
            return ask

        return declare


async def _ask(
    request: Request, at_least: int | None, question: Callable[[], Answer], *, heavy: bool
) -> Response:
    """Ask the read models once they are folded far enough; answer as JSON."""
    traffic, address = traffic_of(request), address_of(request)
    if at_least is not None:
        try:
            await traffic.folding.reach(at_least, address)
        except Beyond as error:
            raise BadParameter("at_least", at_least, str(error)) from None
    lane = traffic.replays if heavy else traffic.reads
    return await lane.run(address, lambda: _answered(at_least or 0, question))


def _answered(at_least: int, question: Callable[[], Answer]) -> Response:
    answer = question()
    if answer.size < at_least:  # A read model that cannot go on: nobody waits for it.
        raise NotFolded(f"{answer.size} entries are folded, {at_least} are asked for")
    return answer_json(answer)


def answer_json(answer: Answer) -> Response:
    """Return an answer as JSON: its fields, and what is derived from them."""
    return tagged_json(orjson.dumps(members_of(answer)))


def tagged_json(content: bytes) -> Response:
    """Return JSON, tagged by its bytes."""
    return tagged(content, "application/json")


def tagged(
    content: bytes, media_type: str, headers: Mapping[str, str] = MappingProxyType({})
) -> Response:
    """Return what may be another the next time, tagged by its bytes."""
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    return Response(content, media_type=media_type, headers={**headers, "ETag": etag, **NO_CACHE})
