"""
The rules that the ledger goes by, as pages: law by day, each code of a refusal, each type of event.

They say what docs/reference and `GET /v1/types` say, in the words of the reader's language.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request
from fastapi.responses import HTMLResponse

from api.deps import look, node_of, reader_of
from api.describe.answer_json import members_of
from api.describe.description import describe
from api.describe.event_types import describe_event_type, list_types
from api.describe.labels import label
from api.describe.language import Language
from api.describe.law_words import law_value, topic_name
from api.describe.links import EVENT_TYPES, LAW, PREFIXES, AddressQuery
from api.describe.rulebook_words import FAMILIES
from api.explorer.asked_by_hand import DayByHand
from api.explorer.coded import Coded, all_coded, near_codes
from api.explorer.shown import language_of, page
from api.problems import RULES, NotFound
from api.reads.common import today
from api.reads.types import require_type
from ledger.domain.core.dated_law import Between, Key, Row
from ledger.quoted import quoted
from projections.questions.grounds import editions_of

router = APIRouter(tags=["explorer"], include_in_schema=False)


async def show_law(request: Request, true_on: DayByHand = None) -> HTMLResponse:
    """Show the rules that hold on a day, by what they are about, and the law data adopted."""
    node, language = node_of(request), language_of(request)
    on = true_on or today()
    question = AddressQuery(language, None if true_on is None else on.isoformat())

    def shown() -> HTMLResponse:
        reader = reader_of(node)
        law = reader.law
        instruments = [each for each in law.instruments.values() if _holds(each, on)]
        rows = sorted((each for each in law.rows if _holds(each, on)), key=_topic)
        editions = editions_of(reader)
        return page(
            request,
            "law.html",
            question,
            on=on,
            law=law,
            instruments=sorted(instruments, key=lambda each: each.valid_from),
            rows=len(rows),
            topics=[
                (topic_name(topic, language), [_said(row, language) for row in group])
                for topic, group in groupby(rows, _topic)
            ],
            named=law.instruments,
            editions=describe(type(editions), members_of(editions), language, law),
        )

    return await look(request, shown)


def _holds(each: Any, on: Any) -> bool:
    """Say whether an instrument or a row is in force on a day."""
    return bool(each.valid_from <= on and (each.valid_to is None or on < each.valid_to))


def _topic(row: Row) -> str:
    return row.topic


def _said(row: Row, language: Language) -> Mapping[str, Any]:
    """Return a row with its values in words, and the codes of the cases for which it holds."""
    values = [law_value(row.topic, name, each, language) for name, each in row.values.items()]
    keys = [f"{name} = {_key(each)}" for name, each in sorted(row.keys.items())]
    return {"row": row, "values": values, "keys": keys}


def _key(key: Key) -> str:
    if isinstance(key, Between):
        return f"[{key.since or '…'}, {key.until or '…'})"
    return str(key).lower() if isinstance(key, bool) else ", ".join(key)


async def list_codes(request: Request) -> HTMLResponse:
    """Show every code that a problem can have, by what it is about."""
    found = sorted(all_coded().values(), key=lambda each: (_place(each), each.code))
    groups = [
        (FAMILIES[family], list(group))
        for family, group in groupby(found, lambda each: _general(each.family))
    ]
    return page(request, "rules.html", groups=groups, count=len(found))


async def show_code(
    request: Request, code: Annotated[str, Path(description="The code of a problem")]
) -> HTMLResponse:
    """Show what a code means: its law, whom it refuses, what helps."""
    coded = all_coded().get(code)
    if coded is None:
        near = [f"{PREFIXES[language_of(request)]}{RULES}/{each}" for each in near_codes(code)]
        raise NotFound(f"{quoted(code)} is no code of a problem: {RULES} lists all", near)
    types = {each.topic: each.title for each in list_types().types}
    topics = [(each, types[each]) for each in coded.topics]
    return page(request, "rule.html", coded=coded, topics=topics)


def _general(family: str) -> str:
    return family if family in FAMILIES else "general"


def _place(coded: Coded) -> int:
    return _ORDER.index(_general(coded.family))


_ORDER = (
    *("rights", "market", "contracts", "revenue", "disputes", "parties", "government"),
    *("general", "form", "service"),
)


async def list_event_types(request: Request) -> HTMLResponse:
    """Show every type of event, by family."""
    types = sorted(list_types().types, key=lambda each: (_ORDER.index(each.family), each.topic))
    groups = [(FAMILIES[family], list(all_)) for family, all_ in groupby(types, lambda t: t.family)]
    return page(request, "event_types.html", groups=groups, count=len(types))


async def show_event_type(request: Request, topic: str) -> HTMLResponse:
    """Show a type of event: what it says, who signs it, what can refuse it, an example."""
    require_type(topic)
    of, language = describe_event_type(topic), language_of(request)
    return page(
        request,
        "event_type.html",
        of=of,
        sections=list(_parts(of.schema, language)),
        example=orjson.dumps(of.example["body"], option=orjson.OPT_INDENT_2).decode(),
    )


Members = Iterable[tuple[str, str, str]]


def _parts(schema: Mapping[str, Any], language: Language) -> Iterator[tuple[str | None, Members]]:
    """Yield the members of a body, then of the parts that it is made of, as (name, label, says)."""
    named = {None: schema["properties"]["body"], **schema["$defs"]}
    for name, part in named.items():
        if members := part.get("properties"):
            yield (
                name,
                [
                    (each, label(name or "", each, language), told["description"])
                    for each, told in members.items()
                ],
            )


for _prefix in PREFIXES.values():
    for _path, _show in (
        (LAW, show_law),
        (RULES, list_codes),
        (f"{RULES}/{{code}}", show_code),
        (EVENT_TYPES, list_event_types),
        (f"{EVENT_TYPES}/{{topic:path}}", show_event_type),
    ):
        router.add_api_route(f"{_prefix}{_path}", _show, response_class=HTMLResponse)
