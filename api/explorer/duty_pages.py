"""
Duties by deadline, as a page: what the law has filed with the State within days, and answered.

It is the question `GET /v1/contracts/registrations`, asked by a form; a page has 50 of its rows.
"""

from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request, Response

from api.deps import look, node_of, reader_of
from api.describe.answer_json import members_of
from api.describe.description import lines_of
from api.describe.links import DUTIES, OPEN, PREFIXES, AddressQuery
from api.describe.saying import Speech
from api.explorer.day_bar import DayBar
from api.explorer.found_again import PROOF, found_again, pinned
from api.explorer.list_pages import ROWS, FormRoute
from api.explorer.proofs import RestsOn, closed, proved
from api.explorer.shown import page
from api.explorer.subject_answers import Asked, Section
from api.explorer.twins import MEDIA, WHOLE, Form, linked, twin, twins_of
from api.reads.contracts import PATTERN, list_registrations
from api.reads.parameters import Cursor
from api.reads.questions import QUESTIONS
from ledger.node.node import Node
from projections.engine.view import positions_of
from projections.tables.registrations import Duties, Duty

OPERATION = "listRegistrations"
WIDTH = 600
"""Units of the drawing from its first day to its last."""

router = APIRouter(tags=["explorer"], include_in_schema=False, route_class=FormRoute)


@dataclass(frozen=True, slots=True)
class Wait:
    """A duty as drawn: from signing to the last day in time, and where it was filed by then."""

    duty: Duty
    start: float
    end: float
    filed: float | None


def waits_of(duties: Sequence[Duty], on: date) -> tuple[Sequence[Wait], float]:
    """Return the duties in the order of their last days as they are drawn, and where the day is."""
    days = [each.registration.concluded_on for each in duties] + [each.file_by for each in duties]
    filed = [each.registration.filed_on for each in duties]
    days += [on, *(each for each in filed if each is not None)]
    first, span = min(days), max(1, (max(days) - min(days)).days)

    def at(day: date) -> float:
        return round(WIDTH * (day - first).days / span, 1)

    ordered = sorted(duties, key=lambda each: (each.file_by, each.registration.position))
    waits = [
        Wait(
            each,
            at(each.registration.concluded_on),
            at(each.file_by),
            at(day) if (day := each.registration.filed_on) and day <= on else None,
        )
        for each in ordered
    ]
    return waits, at(on)


@dataclass(frozen=True, slots=True)
class _Put:
    """The question as it is asked: of which day, narrowed to what."""

    request: Request
    asked: Asked
    given: dict[str, Any]

    def answer(self, limit: int, after: int) -> Duties:
        """Return the answer."""
        reader = reader_of(node_of(self.request), self.asked.known_at)
        return list_registrations(
            reader, true_on=self.asked.on, **self.given, limit=limit, after=after
        )

    def address(self, question: AddressQuery, **other: str) -> str:
        """Return where the same is shown, asked of a day and as other parameters say."""
        typed = self.request.query_params.items()
        said = {name: each for name, each in typed if name not in {*OPEN, "after"}}
        query = urlencode({**said, **question.asking(), **other}, safe=":")
        return f"{self.request.url.path}?{query}" if query else self.request.url.path


def _show(put: _Put, after: int) -> Response:
    answer, question = put.answer(ROWS, after), put.asked.question
    law = reader_of(node_of(put.request)).law
    speech = Speech(question.language, law)
    waits, today = waits_of(answer.duties, put.asked.on)
    rows = [each.duty for each in waits]
    proven = [("position", at) for at in answer.positions]
    twins, cursor = twins_of(put.request), answer.next_after
    behind = {"after": str(after)} if after >= 0 else {}
    where = put.address(pinned(question, answer.size), **behind)
    return page(
        put.request,
        "duties.html",
        question,
        headers={"Link": linked(twins)},
        asked=put.asked,
        answer=answer,
        waits=waits,
        day_at=today,
        width=WIDTH,
        late=sum(each.late for each in rows),
        unfiled=sum(each.filed is None for each in waits),
        told=[lines_of(Duty, members, speech, ()) for members in members_of(rows)],
        typed=dict(put.request.query_params),
        today=put.address(AddressQuery(question.language)),
        following=None if cursor is None else put.address(question, after=str(cursor)),
        again=found_again(put.request, where, *proven) if proven else None,
        twins=twins,
    )


def _twin(put: _Put, form: Form, after: int) -> Response:
    """Return a twin: every row of the question, up to `WHOLE`."""
    answer = put.answer(100, after)
    while answer.next_after is not None and len(answer.duties) < WHOLE:
        more = put.answer(100, answer.next_after)
        doubted = positions_of(answer.doubted, more.doubted)
        duties = (*answer.duties, *more.duties)
        answer = replace(more, duties=duties, doubted=doubted, after=after, limit=WHOLE)
    section = Section("duties", answer, OPERATION, {}, put.asked)
    return twin(put.request, form, [section], reader_of(node_of(put.request)).law)


async def _prove(put: _Put, after: int) -> Response:
    """Give the bundle of what the rows of a page rest on."""

    def rests_on(_node: Node, size: int) -> RestsOn:
        of_size = replace(put, asked=closed(put.asked, size))
        return RestsOn(positions=of_size.answer(ROWS, after).positions)

    return await proved(put.request, rests_on)


Subject = Annotated[str | None, Query(pattern=r"^technology:[a-z0-9.-]{1,80}$")]


def _answering(
    answer: Callable[[_Put, int], Awaitable[Response]],
) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def give(
        request: Request,
        asked: DayBar,
        *,
        late: bool = False,
        contract: Annotated[str | None, Query(pattern=PATTERN)] = None,
        technology: Subject = None,
        after: Cursor = -1,
    ) -> Response:
        given = {"late": late, "contract": contract, "technology": technology}
        put = _Put(request, asked.of(QUESTIONS[OPERATION].takes), given)
        return await answer(put, after)

    return give


def _looked(answer: Callable[[_Put, int], Response]) -> Callable[[_Put, int], Awaitable[Response]]:
    return lambda put, after: look(put.request, lambda: answer(put, after))


def _twinned(form: Form) -> Callable[[_Put, int], Awaitable[Response]]:
    return _looked(lambda put, after: _twin(put, form, after))


for _prefix in PREFIXES.values():
    router.add_api_route(f"{_prefix}{DUTIES}", _answering(_looked(_show)), response_class=Response)
    router.add_api_route(f"{_prefix}{DUTIES}{PROOF}", _answering(_prove), response_class=Response)
    for _form in MEDIA:
        router.add_api_route(
            f"{_prefix}{DUTIES}.{_form}", _answering(_twinned(_form)), response_class=Response
        )
