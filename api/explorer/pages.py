"""Pages of single subjects: a right, a contract, a party, a dispute; and of whatever else there is.

Each shows what the API answers about the subject in words, as true on a day and as known at a time,
with a link to every answer; unprefixed in Vietnamese, under `/en` in English. They need no scripts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from pydantic import StringConstraints

from api.deps import look, node_of, reader_of
from api.describe.links import ANY_SUBJECT, PAGES, PREFIXES, feed_at
from api.describe.saying import Speech
from api.explorer.day_bar import DayBar
from api.explorer.drawings import Drawing
from api.explorer.drawn import drawings_of
from api.explorer.found_again import PROOF, found_again, pinned
from api.explorer.happened import happened
from api.explorer.market_pages import (
    cards_of,
    kind_of_listing,
    listing_sections,
    offer_sections,
    turns_of,
)
from api.explorer.pen import Pen
from api.explorer.reported import pdf_at, pdf_linked, reported, reported_proof, subject_report
from api.explorer.shown import HEADERS, page
from api.explorer.subject_answers import Answers, Asked, Section, Sections, answers_of, asking
from api.explorer.twins import Twinned, add_twins, linked, twins_of
from api.reads.named import Party, Subject
from api.reads.parameters import Cursor
from api.reads.questions import QUESTIONS
from ledger.node.node import Node
from projections.questions.computation import Computation
from projections.questions.dispute_record import Dispute
from projections.questions.search import titles_of
from projections.questions.terms import TermsOn, versions_of
from projections.tables.chain import chain_of
from projections.tables.contract_revenue import Revenue
from projections.tables.dependencies import falls_with
from projections.tables.reader import Reader

EVENTS = 50
"""Events of a subject that its page shows at once."""

router = APIRouter(tags=["explorer"], include_in_schema=False)


TEMPLATES = {"listing": "listing.html", "need": "listing.html", "offer": "offer.html"}
"""What shows the subjects that have more to be seen than answers in words."""


def _page(request: Request, answers: Answers) -> Response:
    """Return a page, or lead to the one that its subject has: a need is a listing by its id."""
    asked, subject, node = answers.asked, answers.subject, node_of(request)
    kind = kind_of_listing(answers)
    if kind not in (None, answers.kind):
        return RedirectResponse(asked.question.subject(subject, kind=kind), 303, HEADERS)
    events, reader, twins = answers.events, reader_of(node), twins_of(request)
    named = {each for event in events.events for each in (*event.signers, *event.subjects)}
    names = {**titles_of(reader, sorted(named)), **answers.names}
    speech = Speech(asked.question.language, reader.law)
    vouched = {event.position: event.vouched_at for event in events.events}
    pdf = pdf_at(request)

    def drawings(section: Section) -> Iterator[Drawing]:
        return drawings_of(section.answer, Pen(speech, names, section.asked.on))

    return page(
        request,
        TEMPLATES.get(answers.kind, "subject.html"),
        asked.question,
        answers.names,
        headers={"Link": f"{pdf_linked(pdf)}, {linked(twins)}"},
        answers=answers,
        drawings=drawings,
        told=happened(node, events.events, vouched.get, speech, names),
        twins=twins,
        atom=feed_at(asked.question.language, {"subject": subject}),
        again=found_again(
            request,
            pinned(asked.question, events.size).address(request.url.path),
            ("subject", subject),
        ),
        check_of=_licence_of(answers),
        pdf=pdf,
        case=_case_of(request, answers),
        turns=turns_of(answers, speech),
        cards=cards_of(answers, speech),
    )


def _case_of(request: Request, answers: Answers) -> str | None:
    """Return where the case file of a dispute is, asked as its page was."""
    if answers.kind != "dispute":
        return None
    return answers.asked.question.address(f"{request.url.path.removesuffix('/ho-so')}/ho-so")


def _licence_of(answers: Answers) -> Mapping[str, str] | None:
    """Return what of a licence check the page of a subject fills in; None where it has none."""
    if answers.kind in ("right", "technology"):
        return {"right": answers.subject}
    if answers.kind == "party":
        return {"party": answers.subject}
    found = (each.answer for each in answers.sections if isinstance(each.answer, TermsOn))
    terms = next(found, None)
    if terms is None or terms.terms is None or not terms.terms.grants:
        return None
    grant = terms.terms.grants[0]
    things = (*grant.rights, *grant.technologies)
    return {"party": grant.licensee, **({"right": things[0]} if len(things) == 1 else {})}


def _right(node: Node, right: str, asked: Asked) -> list[Section]:
    ask = asking(node, asked)
    return [
        ask("title", "getTitle", right=right),
        ask("status", "getStatus", right=right),
        ask("history", "getStatusHistory", right=right),
        ask("chain", "getChain", right=right),
        ask("dependents", "getDependents", right=right),
        ask("liens", "getLiens", right=right),
        ask("holds", "getHolds", subject=right),
    ]


def _contract(node: Node, contract: str, asked: Asked) -> list[Section]:
    ask = asking(node, asked)
    money = ask("money", "getRevenue", contract=contract)
    assert isinstance(money.answer, Revenue)
    paid_by = dict.fromkeys(share.subject for share in money.answer.shares)
    return [
        ask("terms", "getTerms", contract=contract),
        *(ask("holds", "getHolds", subject=each) for each in (contract, *paid_by)),
        ask("versions", "listVersions", contract=contract),
        ask("sublicences", "getSublicences", contract=contract),
        money,
        ask("overdue", "getOverdue", contract=contract),
    ]


def _distribution(node: Node, distribution: str, asked: Asked) -> list[Section]:
    ask = asking(node, asked)
    computed = ask("distribution", "getComputation", distribution=distribution)
    assert isinstance(computed.answer, Computation)
    held = filter(None, (computed.answer.share, computed.answer.contract))
    return [computed, *(ask("holds", "getHolds", subject=each) for each in held)]


def _party(node: Node, party: str, asked: Asked) -> list[Section]:
    ask = asking(node, asked)
    return [
        ask("party", "getParty", party=party),
        ask("keys", "getPartyKeys", party=party),
        ask("mandates", "getMandates", party=party),
        ask("dues", "getDues", party=party),
    ]


def _dispute(node: Node, dispute: str, asked: Asked) -> list[Section]:
    ask = asking(node, asked)
    told = ask("dispute", "getDispute", dispute=dispute)
    assert isinstance(told.answer, Dispute)
    return [told, *_falling(node, asked, told.answer)]


def _falling(node: Node, asked: Asked, dispute: Dispute) -> Iterator[Section]:
    """Yield what falls with the contracts that a dispute is about, and with respondents' titles."""
    of = asked.of(QUESTIONS["getFalls"].takes)
    reader = reader_of(node, of.known_at)
    for position in sorted(contested(reader, dispute)):
        falls = falls_with(reader, position)
        yield Section("falls", falls, "getFalls", {"position": str(position)}, of)


def contested(reader: Reader, dispute: Dispute) -> Iterator[int]:
    """Yield where the contracts were concluded, and the deeds by which respondents took rights."""
    respondents = {each for step in dispute.steps for each in step.against}
    for subject in _about(dispute):
        if subject.startswith("contract:"):
            yield from (each.position for each in versions_of(reader, subject).versions[:1])
        elif subject.startswith("right:"):
            links = chain_of(reader, subject).links
            yield from (each.position for each in links if respondents & {*each.takers})


def _about(dispute: Dispute) -> Sequence[str]:
    """Return the subjects that a dispute is about, each once."""
    concerns = (each.partition("#")[0] for step in dispute.steps for each in step.concerns)
    return tuple(dict.fromkeys(concerns))


def _case(node: Node, dispute: str, asked: Asked) -> list[Section]:
    """Return a dispute's case file: what is ordered, the dispute, and what it is about.

    The terms are those of the day asked, and of each day from which a claim or an order counts.
    """
    ask = asking(node, asked)
    told = ask("dispute", "getDispute", dispute=dispute)
    assert isinstance(told.answer, Dispute)
    steps, orders = told.answer.steps, told.answer.orders
    ordered = dict.fromkeys(order.subject for order in orders)
    about = _about(told.answer)
    contracts = [each for each in about if each.startswith("contract:")]
    parties = dict.fromkeys(each for step in steps for each in (*step.by, *step.against))
    days = {step.known_since for step in steps} | {order.start for order in orders}
    return [
        *(ask("holds", "getHolds", subject=each) for each in dict.fromkeys((*ordered, *about))),
        told,
        *_falling(node, asked, told.answer),
        *(
            ask(heading, name, contract=each)
            for each in contracts
            for heading, name in _OF_CONTRACTS
        ),
        *(ask("mandates", "getMandates", party=each) for each in parties),
        *(
            asking(node, asked.of_day(day))("terms", "getTerms", contract=each)
            for day in sorted(filter(None, days - {asked.on}))
            for each in contracts
        ),
    ]


_OF_CONTRACTS = (
    ("terms", "getTerms"),
    ("versions", "listVersions"),
    ("money", "getRevenue"),
    ("overdue", "getOverdue"),
    ("documents", "getDocuments"),
)


def _technology(node: Node, technology: str, asked: Asked) -> list[Section]:
    ask = asking(node, asked)
    return [
        ask("technology", "getTechnology", technology=technology),
        ask("left", "getTechnologyLeftToGrant", thing=technology),
        ask("holds", "getHolds", subject=technology),
    ]


def _any(node: Node, subject: str, asked: Asked) -> list[Section]:
    ask = asking(node, asked)
    return [ask("holds", "getHolds", subject=subject)]


def _asked(
    asked: DayBar,
    after: Annotated[Cursor, Query(description="Events after this position")] = -1,
) -> Asked:
    """Return what a page is asked beside its subject."""
    return replace(asked, after=after)


AskedByHand = Annotated[Asked, Depends(_asked)]


def _of_kind(kind: str) -> Any:
    """Return what the ids of a kind can be."""
    return Annotated[str, StringConstraints(pattern=rf"^{kind}:[a-z0-9.-]{{1,80}}$")]


def _shows(kind: str, of: Any, find: Sections, beside: str = "", under: str = "") -> None:
    """Add the page of a kind of subject, in both languages; `of` is what its ids can be.

    Another page of a subject stands `beside` the one of that kind, `under` its address.
    """
    name = beside or kind
    place = f"{PAGES.get(name, ANY_SUBJECT)}/{{{name}}}{under}"
    form = Annotated[of, Path(alias=name)]

    async def show(request: Request, subject: form, asked: AskedByHand) -> Response:
        if kind == "subject" and subject.partition(":")[0] in PAGES:
            return RedirectResponse(asked.question.subject(subject), 308, HEADERS)

        def shown() -> Response:
            answers = answers_of(node_of(request), kind, subject, asked, find, events=EVENTS)
            return _page(request, answers)

        return await look(request, shown)

    async def print_report(request: Request, subject: form, asked: AskedByHand) -> Response:
        return await reported(request, subject_report(request, kind, subject, asked, find))

    async def prove(request: Request, subject: form, asked: AskedByHand) -> Response:
        return await reported_proof(request, subject_report(request, kind, subject, asked, find))

    def answer(request: Request, subject: str, asked: Asked) -> Twinned:
        node = node_of(request)
        answers = answers_of(node, kind, subject, asked, find, events=EVENTS)
        return Twinned([*answers.sections], reader_of(node).law, answers.names)

    for prefix in PREFIXES.values():
        path = f"{prefix}{place}"
        add_twins(router, path, show, answer)
        router.add_api_route(f"{path}.pdf", print_report, name=f"print_{kind}")
        router.add_api_route(f"{path}{PROOF}", prove, name=f"prove_{kind}")
        router.add_api_route(path, show, response_class=HTMLResponse, name=f"show_{kind}")


_shows("right", _of_kind("right"), _right)
_shows("technology", _of_kind("technology"), _technology)
_shows("contract", _of_kind("contract"), _contract)
_shows("distribution", _of_kind("distribution"), _distribution)
_shows("case", _of_kind("dispute"), _case, "dispute", "/ho-so")
_shows("dispute", _of_kind("dispute"), _dispute)
_shows("party", Party, _party)
_shows("listing", _of_kind("listing"), listing_sections)
_shows("need", _of_kind("listing"), listing_sections)
_shows("offer", _of_kind("offer"), offer_sections)
_shows("subject", Subject, _any)
