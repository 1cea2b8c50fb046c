"""
Lists as pages: the feed of events, the market, what a party has, what is due by when.

Each is a question that HTTP is asked, with the same parameters, from a form that is sent by GET: a
field left empty asks nothing. A page shows 50 rows, its twins all of them.
"""

from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from inspect import Parameter, Signature, signature
from types import MappingProxyType
from typing import Any, get_args
from urllib.parse import parse_qsl, urlencode

from fastapi import APIRouter, Request, Response
from fastapi.routing import APIRoute

from api.deps import look, node_of, reader_of
from api.describe.answer_json import members_of
from api.describe.description import lines_of
from api.describe.event_names import event_name
from api.describe.language import Language
from api.describe.links import (
    DUTIES,
    ENTRY,
    MARKET,
    OF_PARTIES,
    OPEN,
    PREFIXES,
    AddressQuery,
    feed_at,
)
from api.describe.saying import Line, Speech
from api.describe.shape import members_of_kind
from api.describe.values import value_name
from api.explorer.calendar import months_of
from api.explorer.day_bar import DayBar
from api.explorer.found_again import PROOF, found_again, pinned
from api.explorer.happened import Happened, happened
from api.explorer.meant import AskAgain, field_meant
from api.explorer.proofs import RestsOn, closed, proved
from api.explorer.shown import language_of, page
from api.explorer.subject_answers import Asked, Section
from api.explorer.twins import Twinned, add_twins, all_of, linked, rows_in, twins_of
from api.problems import BadParameter
from api.reads.duties import list_duties
from api.reads.feed import list_events
from api.reads.listings import list_listings
from api.reads.named import PartyPath
from api.reads.parameters import PageCursor
from api.reads.parties import list_party_contracts, list_party_offers, list_party_rights
from api.reads.questions import QUESTIONS, Question
from ledger.domain.registry import TOPICS
from ledger.letters import vietnamese_order
from ledger.node.node import Node
from projections.engine.answer import Answer
from projections.engine.view import written
from projections.questions.duties import DatedDuty, DutiesByDeadline
from projections.questions.duties import Kind as DutyKind
from projections.questions.feed import Feed
from projections.questions.listed import Listed
from projections.questions.market import Listings, ListingState
from projections.questions.party_lists import ContractOf, HeldRight, PartyOffers
from projections.questions.vouching import vouched_for
from projections.tables.listings import Kind
from projections.tables.offers import Offer, OfferState
from projections.tables.reader import Reader

ROWS = 50
"""Rows of a list on a page."""


class FormRoute(APIRoute):
    """A route that is asked by a form: a field left empty asks nothing."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return what answers, without the empty fields of the query."""
        answer = super().get_route_handler()

        async def filled(request: Request) -> Response:
            query = parse_qsl(request.url.query)
            said = urlencode([(name, value) for name, value in query if value.strip()], safe=":")
            return await answer(Request({**request.scope, "query_string": said.encode()}))

        return filled


router = APIRouter(tags=["explorer"], include_in_schema=False, route_class=FormRoute)

Given = Mapping[str, Any]
"""What a question is asked beside the day, by parameter."""


def _lines(_node: Node, answer: Listed, speech: Speech) -> Sequence[Sequence[Line]]:
    """Return what each row says, but what a card shows otherwise."""
    member, kind = rows_in(type(answer))
    rows = members_of(getattr(answer, member))
    return [lines_of(kind, row, speech, _ON_CARDS[kind]) for row in rows]


_ON_CARDS: Mapping[type[Any], Collection[str]] = {
    ListingState: (
        *("listing", "shown", "kind", "open", "title", "summary", "trl", "position", "accepted"),
    ),
    HeldRight: ("right", "share", "position", "accepted"),
    ContractOf: ("contract", "position", "accepted"),
    Offer: (
        *("subject", "position", "accepted", "offeror", "offeree", "subject_matter"),
        "closed_reason",
    ),
    OfferState: ("offer", "open"),
    DatedDuty: ("contract", "kind", "due_on", "days_late", "owed_by", "owed_to"),
}


def _offers(_node: Node, answer: Listed, speech: Speech) -> Sequence[Sequence[Line]]:
    """Return what each offer says, and what became of it."""
    assert isinstance(answer, PartyOffers)
    return [
        (
            *lines_of(Offer, members_of(state.offer), speech, _ON_CARDS[Offer]),
            *lines_of(OfferState, members_of(state), speech, _ON_CARDS[OfferState]),
        )
        for state in answer.offers
    ]


def _happened(node: Node, answer: Listed, speech: Speech) -> Sequence[Happened]:
    """Return each event in one sentence."""
    assert isinstance(answer, Feed)
    vouched = vouched_for(reader_of(node), answer.positions)
    return happened(node, answer.events, vouched.at, speech, _names(answer))


def _calendar(answer: Listed, language: Language) -> Any:
    """Return the months in which the rows are due."""
    assert isinstance(answer, DutiesByDeadline)
    return months_of((each.due_on for each in answer.duties), answer.true_on, language)


def _names(answer: Listed) -> Mapping[str, str]:
    return {each.id: each.name for each in answer.names}


@dataclass(frozen=True, slots=True)
class _Page:
    """A list that is shown: at which path, which question answers it, and what shows it.

    `read` makes of what was typed what the question takes, `tell` says each row in words, `draw`
    draws them all.
    """

    path: str
    ask: Callable[..., Answer]
    heading: str
    template: str
    read: Callable[[Reader, Given, Language], Given] = lambda _reader, given, _language: given
    tell: Callable[[Node, Listed, Speech], Sequence[Any]] = _lines
    draw: Callable[[Listed, Language], Any] = lambda _answer, _language: None

    @property
    def question(self) -> tuple[str, Question]:
        """Return the name of its operation, and the question."""
        return next(each for each in QUESTIONS.items() if each[1].ask is self.ask)

    @property
    def takes(self) -> Collection[str]:
        """Return what the question can be asked."""
        return self.question[1].takes


def _field_read(reader: Reader, given: Given, language: Language) -> Given:
    """Read a field by its symbol, or by words of its title. Raises `AskAgain`."""
    if given["field"] is None:
        return given
    field = field_meant(reader.law, given["field"], given["scheme"], given["edition"], language)
    return {**given, "field": field.codes[0], "scheme": field.scheme, "edition": field.edition}


_FEED = _Page(ENTRY, list_events, "feed", "events.html", tell=_happened)
_MARKET = _Page(MARKET, list_listings, "market", "market.html", _field_read)
_RIGHTS = _Page(OF_PARTIES["rights"], list_party_rights, "rights", "rights.html")
_CONTRACTS = _Page(OF_PARTIES["contracts"], list_party_contracts, "contracts", "contracts.html")
_LISTINGS = _Page(OF_PARTIES["listings"], list_listings, "listings", "market.html", _field_read)
_DUTIES = _Page(DUTIES, list_duties, "duties", "duties.html", draw=_calendar)
_OFFERS = _Page(OF_PARTIES["offers"], list_party_offers, "offers", "offers.html", tell=_offers)


@dataclass(frozen=True, slots=True)
class _Put:
    """A list as it is asked: of which day, beside which parameters, of what was typed.

    `kept` is what its address asks, and what links lead on with: more than `asked` where the list
    takes less.
    """

    page: _Page
    request: Request
    asked: Asked
    kept: AddressQuery
    given: Given

    @property
    def reader(self) -> Reader:
        """Return what answers."""
        return reader_of(node_of(self.request), self.asked.known_at, self.asked.known_by)

    def asking(self) -> Callable[[int, str | None], Listed]:
        """Return what asks for so many rows behind a cursor. Raises `AskAgain`."""
        reader, takes = self.reader, self.page.takes
        given = self.page.read(reader, self.given, language_of(self.request))
        days = {"true_on": self.asked.on, "effect": self.asked.effect}
        taken = {name: value for name, value in days.items() if name in takes}

        def ask(limit: int, after: str | None) -> Listed:
            answer = self.page.ask(reader, **given, **taken, limit=limit, after=after)
            assert isinstance(answer, Listed)
            return answer

        return ask

    def typed(self) -> Given:
        """Return what was typed into the fields of the list's own."""
        beside = {*OPEN, "after"}
        return {
            name: said for name, said in self.request.query_params.items() if name not in beside
        }

    def address(self, question: AddressQuery, **other: str) -> str:
        """Return where the same list is shown, asked of a day and as other parameters say."""
        said = {**self.typed(), **question.asking(), **other}
        query = f"?{urlencode(said, safe=':')}" if said else ""
        return f"{self.request.url.path}{query}"


def _show(put: _Put, after: str | None) -> Response:
    """Return the page; with the field that is to be mended, and no rows, if one is."""
    try:
        answer = put.asking()(ROWS, after)
    except AskAgain as error:
        wrong = error.in_(language_of(put.request))
        choices = [
            (each.name, put.address(put.asked.question, field=each.value)) for each in error.choices
        ]
        return _shown(put, 422, again=None, answer=None, wrong=wrong, choices=choices)
    question = put.asked.question
    if after is None:
        where = put.address(pinned(question, answer.size))
    else:  # The cursor has the state of knowledge.
        where = put.address(replace(question, true_on=put.asked.on.isoformat()), after=after)
    language, law = question.language, put.reader.law
    member, _ = rows_in(type(answer))
    speech = Speech(language, law)
    told = put.page.tell(node_of(put.request), answer, speech)
    proven = [("position", at) for at in answer.positions]
    return _shown(
        put,
        names=_names(answer),
        again=found_again(put.request, where, *proven) if proven else None,
        answer=answer,
        rows=getattr(answer, member),
        told=told,
        drawn=put.page.draw(answer, language),
        narrowed=_narrowed(put, answer, speech),
        following=put.address(question, after=answer.next_after) if answer.next_after else None,
    )


def _narrowed(put: _Put, answer: Listed, speech: Speech) -> Sequence[Line]:
    """Return in words to what the list was narrowed by what was typed."""
    asked: Any = answer.wanted if isinstance(answer, Listings) else answer
    typed = {*put.typed()} - {"order", "sort"}
    said = typed | ({"currency"} if "price_to" in typed else set())
    kind: Any = type(asked)
    members = {name: members_of(getattr(asked, name)) for name in said & {*members_of_kind(kind)}}
    return lines_of(kind, members, speech)


def _shown(
    put: _Put, status: int = 200, names: Mapping[str, str] = MappingProxyType({}), **shown: Any
) -> Response:
    twins = twins_of(put.request)
    return page(
        put.request,
        put.page.template,
        put.kept,
        names,
        status,
        {"Link": linked(twins)},
        heading=put.page.heading,
        party=put.given["party"] if "{party}" in put.page.path else None,
        asked=put.asked,
        by_ledger_only=put.kept.known_by != put.asked.known_by,
        typed=put.typed(),
        takes=put.page.takes,
        twins=twins,
        atom=feed_at(put.asked.question.language, put.typed()) if put.page is _FEED else None,
        today=put.address(AddressQuery(put.asked.question.language)),
        topics=_topics(language_of(put.request)),
        kinds=_kinds(language_of(put.request)),
        duty_kinds=_duty_kinds(language_of(put.request)),
        levels=[(str(each), str(each)) for each in range(1, 10)],
        **shown,
    )


@cache
def _topics(language: Language) -> tuple[tuple[str, str], ...]:
    """Return the types of events with their names, in the order of these."""
    named = ((topic, event_name(topic, language)) for topic in TOPICS)
    return tuple(sorted(named, key=lambda each: vietnamese_order(each[1])))


def _kinds(language: Language) -> Mapping[str, str]:
    """Return what kinds of listings are called; of those elsewhere, which tell none, so."""
    said = {**dict.fromkeys(get_args(Kind), "kind"), "mirrored": "shown"}
    return {each: value_name("ListingState", of, each, language) for each, of in said.items()}


def _duty_kinds(language: Language) -> Mapping[str, str]:
    return {each: value_name("DatedDuty", "kind", each, language) for each in get_args(DutyKind)}


def _twinned(put: _Put, after: str | None) -> Twinned:
    """Return every row of a list. Raises `BadParameter`."""
    answer = _answered(put, lambda ask: all_of(ask, after))
    section = Section(put.page.heading, answer, put.page.question[0], {}, put.asked)
    return Twinned([section], put.reader.law)


def _answered(put: _Put, of: Callable[[Callable[[int, str | None], Listed]], Listed]) -> Listed:
    """Return the rows that a twin has. Raises `BadParameter`."""
    try:
        return of(put.asking())
    except AskAgain as error:
        near = [each.value for each in error.choices]
        raise BadParameter("field", put.given["field"], error.in_("en"), near) from None


def _rests_on(put: _Put, after: str | None, _node: Node, size: int) -> RestsOn:
    """Return what the rows of a page rest on. Raises `BadParameter`."""
    if after is None:  # Else the cursor has the state of knowledge.
        put = replace(put, asked=closed(put.asked, size))
    return RestsOn(positions=_answered(put, lambda ask: ask(ROWS, after)).positions)


def _lists(listed: _Page) -> None:
    """Add a list and its twins, in both languages, with the parameters of its question."""
    asked = Signature([_REQUEST, _DAYS, *_given(listed), _AFTER])

    def put(request: Request, asked: Asked, given: Given) -> _Put:
        of = asked.of(listed.takes)
        known_at, known_by = written(of.known_at), of.known_by
        question = replace(of.question, known_at=known_at, known_by=known_by)
        return _Put(listed, request, replace(of, question=question), asked.question, given)

    async def show(request: Request, asked: Asked, after: str | None, **given: Any) -> Response:
        return await look(request, lambda: _show(put(request, asked, given), after))

    async def prove(request: Request, asked: Asked, after: str | None, **given: Any) -> Response:
        return await proved(request, partial(_rests_on, put(request, asked, given), after))

    def every_row(request: Request, asked: Asked, after: str | None, **given: Any) -> Twinned:
        return _twinned(put(request, asked, given), after)

    show.__signature__ = prove.__signature__ = asked  # type: ignore[attr-defined]  # by FastAPI
    for prefix in PREFIXES.values():
        path = f"{prefix}{listed.path}"
        router.add_api_route(path, show, response_class=Response)
        router.add_api_route(f"{path}{PROOF}", prove, response_class=Response)
        add_twins(router, path, show, every_row, heavy=True)


def _given(listed: _Page) -> list[Parameter]:
    """Return the parameters of a list's question; whose it is stands in the path of some."""
    own = signature(listed.ask).parameters
    given = [own[name].replace(kind=Parameter.KEYWORD_ONLY) for name in own if name not in _BESIDE]
    if "{party}" not in listed.path:
        return given
    return [_PARTY, *(of for of in given if of.name != "party")]


_BESIDE = ("reader", "true_on", "effect", "after", "limit")
_REQUEST = Parameter("request", Parameter.KEYWORD_ONLY, annotation=Request)
_DAYS = Parameter("asked", Parameter.KEYWORD_ONLY, annotation=DayBar)
_PARTY = Parameter("party", Parameter.KEYWORD_ONLY, annotation=PartyPath)
_AFTER = Parameter("after", Parameter.KEYWORD_ONLY, default=None, annotation=PageCursor)

for _list in (_FEED, _MARKET, _RIGHTS, _CONTRACTS, _LISTINGS, _OFFERS, _DUTIES):
    _lists(_list)
