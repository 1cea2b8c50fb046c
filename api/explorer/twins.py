"""
The twins of a page: its answers as JSON and as CSV, on the same path and asked the same.

A page is the answers to its questions, and each twin writes those. The twin of a list holds every
row of the question, up to `WHOLE`; of a longer one it says where it is cut, and how to go on.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from inspect import signature
from typing import Any, Literal, get_args, get_origin
from urllib.parse import parse_qsl, urlencode

import orjson
from fastapi import APIRouter, Request, Response

from api.deps import address_of, traffic_of
from api.describe.answer_json import members_of
from api.describe.cells import table_of, table_of_facts
from api.describe.interface import INTERFACE
from api.describe.language import Said
from api.describe.money import number
from api.describe.saying import Speech
from api.describe.shape import is_record, members_of_kind
from api.explorer.shown import HEADERS, language_of
from api.explorer.subject_answers import Section
from ledger.domain.core.dated_law import Law
from projections.engine.view import positions_of
from projections.questions.listed import Listed

Form = Literal["json", "csv"]

MEDIA: Mapping[Form, str] = {"json": "application/json", "csv": "text/csv; charset=utf-8"}
"""The twins that a page has, by the end of their paths."""

PAGE = 1_000
"""Rows of a list that a twin reads at once."""

WHOLE = 20_000
"""Rows of a list that a twin holds at most."""


def twins_of(request: Request) -> Mapping[Form, str]:
    """Return the addresses of a page's twins: all of its question, not the page of a list."""
    asked = [each for each in parse_qsl(request.url.query) if each[0] != "after"]
    query = f"?{urlencode(asked, safe=':')}" if asked else ""
    return {form: f"{request.url.path}.{form}{query}" for form in MEDIA}


def linked(twins: Mapping[Form, str]) -> str:
    """Return the header `Link` of a page that has these twins."""
    kinds = {form: media.partition(";")[0] for form, media in MEDIA.items()}
    return ", ".join(
        f'<{address}>; rel="alternate"; type="{kinds[form]}"' for form, address in twins.items()
    )


def all_of(ask: Callable[[int, str | None], Listed], after: str | None) -> Listed:
    """Return a list with every row behind a cursor, up to `WHOLE`.

    `ask` answers with so many rows behind a cursor; all are of one state of knowledge.
    """
    answer = ask(PAGE, after)
    member, _ = rows_in(type(answer))
    pages = [answer]
    while pages[-1].next_after is not None and len(pages) * PAGE < WHOLE:
        pages.append(ask(PAGE, pages[-1].next_after))
    names = {each.id: each for page in pages for each in page.names}
    rows: dict[str, Any] = {member: tuple(row for page in pages for row in getattr(page, member))}
    return replace(
        answer,
        **rows,
        names=tuple(names[each] for each in sorted(names)),
        doubted=positions_of(*(page.doubted for page in pages)),
        limit=WHOLE,
        next_after=pages[-1].next_after,
    )


def rows_in(kind: Any) -> tuple[str, type[Any]]:
    """Return which member of a list has its rows, and of what they are."""
    ((member, of),) = (
        (member, get_args(of)[0])
        for member, of in members_of_kind(kind).items()
        if get_origin(of) is tuple
        and is_record(get_args(of)[0])
        and member not in members_of_kind(Listed)
    )
    return member, of


@dataclass(frozen=True, slots=True)
class Twinned:
    """What a page answers, and its twins write; `names` are those of parties in it."""

    sections: Sequence[Section]
    law: Law
    names: Mapping[str, str] = field(default_factory=dict)


def add_twins(
    router: APIRouter,
    path: str,
    like: Callable[..., Any],
    answer: Callable[..., Twinned],
    *,
    heavy: bool = False,
) -> None:
    """Add the twins of the page at a path, which are asked what the function `like` takes.

    `answer` is called with it on a thread that may block; of what is `heavy` one at a time.
    """

    def in_form(form: Form) -> Callable[..., Any]:
        async def give(request: Request, **asked: Any) -> Response:
            traffic = traffic_of(request)
            lane = traffic.replays if heavy else traffic.reads
            work = partial(_written, request, form, partial(answer, request, **asked))
            return await lane.run(address_of(request), work)

        give.__signature__ = signature(like)  # type: ignore[attr-defined]  # read by FastAPI
        return give

    for form in MEDIA:
        router.add_api_route(f"{path}.{form}", in_form(form), response_class=Response)


def _written(request: Request, form: Form, answer: Callable[[], Twinned]) -> Response:
    language, answered = language_of(request), answer()
    if form == "json":
        content = orjson.dumps(_members(answered.sections))
    else:
        speech = Speech(language, answered.law)
        content = _as_csv(answered.sections, speech, answered.names)
    file = request.url.path.rpartition("/")[2].replace(":", "-")
    named = {"Content-Disposition": f'inline; filename="{file}"'}
    said = {**HEADERS, **named, "Content-Language": language}
    return Response(content, media_type=MEDIA[form], headers=said)


def _members(sections: Sequence[Section]) -> Any:
    """Return the answer of a page that has one; of several each with what was asked."""
    if len(sections) == 1:
        return members_of(sections[0].answer)
    answers = (
        {"question": each.operation, "asked": each.path, "answer": members_of(each.answer)}
        for each in sections
    )
    return {"answers": [*answers]}


def _as_csv(sections: Sequence[Section], speech: Speech, names: Mapping[str, str]) -> bytes:
    language = speech.language
    if len(sections) == 1 and isinstance(answer := sections[0].answer, Listed):
        return _list_as_csv(answer, speech)
    described = (
        (INTERFACE[each.heading].in_(language), each.described("", language, speech.law))
        for each in sections
    )
    return table_of_facts(described, names, language).csv()


def _list_as_csv(answer: Listed, speech: Speech) -> bytes:
    member, of = rows_in(type(answer))
    rows = getattr(answer, member)
    table = table_of(of, members_of(rows), speech, {each.id: each.name for each in answer.names})
    notes = list[str]()
    if untold := answer.untold():
        notes.append(_UNTOLD.in_(speech.language).format(", ".join(untold)))
    if answer.next_after is not None:
        shown, count = (number(each, speech.language) for each in (len(rows), answer.count))
        notes.append(_CUT.in_(speech.language).format(shown, count, answer.next_after))
    return table.csv(" · ".join(notes))


_UNTOLD = Said(
    "KHÔNG BIẾT HẾT: sổ cái không có gì, hoặc có phần niêm phong, về {}",
    "NOT ALL IS KNOWN: the log says nothing, or something sealed, of {}",
)


_CUT = Said(
    "CẮT Ở ĐÂY: {} trên {} dòng; xem tiếp bằng after={}",
    "CUT HERE: {} of {} rows; go on with after={}",
)
