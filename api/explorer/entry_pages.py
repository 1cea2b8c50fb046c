"""Pages of single entries: what happened, who signed it, on what it rests, and its proof."""

import re
from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from api.deps import look, node_of, reader_of
from api.describe.answer_json import members_of
from api.describe.description import describe, lines_of
from api.describe.event_saying import called, event_sentence
from api.describe.language import Said
from api.describe.links import ENTRY, EVENT, PREFIXES, AddressQuery, placed
from api.describe.saying import Speech, Word
from api.explorer.drawn_others import draw_around
from api.explorer.found_again import PROOF, found_again
from api.explorer.merkle_drawing import draw
from api.explorer.pen import Pen
from api.explorer.proofs import RestsOn, proved
from api.explorer.shown import HEADERS, language_of, page
from api.problems import NotFound
from api.reads.common import EffectText, KnownAtByEither, KnownByText, TrueOnIfAny
from api.reads.entries import latest_proof
from api.reads.parameters import Position
from api.writes.events import EventId
from ledger.domain.core.types import legal_day
from ledger.domain.registry import TOPICS
from ledger.node.node import Node
from ledger.store.entries import find_event, read_entries
from ledger.wire.base64 import b64encode
from ledger.wire.entry import parse_entry
from projections.engine.decoding import decode
from projections.engine.view import NotPublished, written
from projections.questions.entry_context import PREFIX, context_of
from projections.questions.vouching import vouched_for
from projections.tables.timeline import days_of, office_of, states_of

FALLEN = 20
"""Events that fall with an entry, as its page shows them at once."""

_PARTY = re.compile(rb'"(party:[a-z0-9.-]{1,80})"')

router = APIRouter(tags=["explorer"], include_in_schema=False)


def _question(
    request: Request,
    true_on: TrueOnIfAny = None,
    known_at: KnownAtByEither = None,
    known_by: KnownByText = "ledger",
    effect: EffectText = "parties",
) -> AddressQuery:
    """Return what was asked on the way here: an entry never changes, its links keep that."""
    on = None if true_on is None else true_on.isoformat()
    return AddressQuery(language_of(request), on, written(known_at), known_by, effect)


Question = Annotated[AddressQuery, Depends(_question)]


async def show_entry(request: Request, position: Position, question: Question) -> HTMLResponse:
    """Show an entry."""
    node = node_of(request)
    must_be_published(node, position)
    return await look(request, lambda: _page(request, node, position, question))


async def show_event(request: Request, event_id: EventId, question: Question) -> Response:
    """Lead to the entry that holds an event."""
    node = node_of(request)
    found = await look(request, lambda: find_event(node.reads, UUID(event_id)))
    if found is None or found.position >= node.published:
        raise NotFound(f"no event {event_id} is published")
    return RedirectResponse(question.page(f"{ENTRY}/{found.position}"), 308, HEADERS)


def must_be_published(node: Node, position: int) -> None:
    """Raise `NotPublished` for a position at which there is nothing yet."""
    if position >= node.published:
        raise NotPublished(position, node.published)


async def prove_entry(request: Request, position: Position, _question: Question) -> Response:
    """Give the bundle of an entry."""
    must_be_published(node_of(request), position)
    return await proved(request, lambda *_of: RestsOn(positions=[position]))


for _prefix in PREFIXES.values():
    router.add_api_route(f"{_prefix}{ENTRY}/{{position}}{PROOF}", prove_entry)
    router.add_api_route(f"{_prefix}{ENTRY}/{{position}}", show_entry, response_class=HTMLResponse)
    router.add_api_route(f"{_prefix}{EVENT}/{{event_id}}", show_event, response_class=HTMLResponse)


def _page(request: Request, node: Node, position: int, question: AddressQuery) -> HTMLResponse:
    (stored,) = read_entries(node.reads, position, position + 1, 1)
    logged, reader = decode(stored.entry, position), reader_of(node)
    body, payload = logged.event.body, orjson.loads(parse_entry(stored.entry).payload)
    around = context_of(reader, logged, _parties_in(stored.entry))
    law = reader.laws.get(around.grounds.edition.law_data_sha256) or reader.law
    speech = Speech(question.language, law)
    rests_on = [
        (_thing(each.thing, speech, around.names), each.positions) for each in around.rests_on
    ]
    pen = Pen(speech, around.names, legal_day(stored.accepted))
    proof = latest_proof(node, position)
    size = proof.checkpoint.size
    return page(
        request,
        "entry.html",
        question,
        position=position,
        again=found_again(
            request, placed(question.language, f"{ENTRY}/{position}"), ("position", position)
        ),
        fallen_shown=FALLEN,
        following=position + 1 if position + 1 < size else None,
        size=size,
        accepted=stored.accepted,
        event=logged.event,
        sentence=event_sentence(payload, speech, around.names),
        members=lines_of(TOPICS[logged.event.type], payload["body"], speech),
        true_from=days_of(body)[0],
        office=office_of(body),
        territory=states_of(body),
        names=around.names,
        signed=around.signed,
        vouched_at=vouched_for(reader, [position]).at(position),
        rests_on=rests_on,
        graph=draw_around(logged.event.type, rests_on, around.falls, pen),
        fallen=around.falls.fallen,
        grounds=around.grounds,
        judged=describe(
            type(around.grounds), members_of(around.grounds), question.language, law, _SAID
        ),
        drawing=draw(stored.leaf_hash, position, size, proof.hashes),
        leaf=b64encode(stored.leaf_hash),
        raw=orjson.dumps(payload, option=orjson.OPT_INDENT_2).decode(),
    )


_SAID = ("position", "type", "verdict", "unknown", "near", "known_at", "known_by")
"""Members of the grounds that the page says otherwise."""


def _parties_in(entry: bytes) -> frozenset[str]:
    """Return all parties that an event names."""
    return frozenset(each.decode() for each in _PARTY.findall(entry))


def _thing(thing: str, speech: Speech, names: Mapping[str, str]) -> tuple[Word, ...]:
    """Return a deed, the event of a hash, or a party's title in a right, by name."""
    subject, _, of = thing.partition("#")
    if subject.startswith(PREFIX):
        return speech.said(_EVENT)
    if not of:
        return (called(subject, speech, names),)
    title, *_ = speech.said(_TITLE)
    return (title, called(of, speech, names), Word(" · "), called(subject, speech, names))


_EVENT = Said("sự kiện được dẫn chiếu", "event that it refers to")
_TITLE = Said("quyền sở hữu của ", "title of ")
