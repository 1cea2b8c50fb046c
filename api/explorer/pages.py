"""Pages of single subjects: a right, a contract, a distribution, a party, a dispute.

Each shows what the API answers about the subject, as true on a day and as known at a time, with a
link to every answer. They need no scripts.
"""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Annotated, Any, TypedDict, Unpack

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from api.deps import law_of, look, node_of
from api.explorer.shown import page
from api.named import PartyPath
from api.parameters import Cursor
from api.reads import KnownAtText, TrueOn, read_known_at, telling, today
from ledger.node import Node
from projections.answer import Answer
from projections.arrears import overdue_of
from projections.computation import computation_of
from projections.disputes import holds_on
from projections.dues import dues_of
from projections.keys import keys_of
from projections.liens import liens_on
from projections.mandates import mandates_of
from projections.parties import party_as_known
from projections.reach import dependents_of
from projections.revenue import revenue_of
from projections.status import status_of
from projections.sublicences import sublicences_of
from projections.terms import terms_on, versions_of
from projections.title import title_of
from projections.view import KnownAt
from projections.vouching import marked_dispute_of, marked_timeline_of

EVENTS = 50
"""Events of a subject that its page shows at once."""

After = Annotated[Cursor, Query(description="Events after this position")]

router = APIRouter(tags=["explorer"], include_in_schema=False)

Asked = Callable[[Node, str, date, KnownAt], Mapping[str, Any]]
"""What a page shows of its subject, beside the subject's events."""


def _asked(
    request: Request, subject: str, true_on: date | None, known_at: str | None, question: Asked
) -> dict[str, Any]:
    """Return what a page shows. Raises `ApiProblem` where the read models are not that far."""
    node, known = node_of(request), read_known_at(known_at)
    with telling(request):
        return {**question(node, subject, true_on or today(), known)}


class Parameters(TypedDict):
    """What every page can be asked for."""

    true_on: date | None
    known_at: str | None
    after: int


async def _shown(
    request: Request, template: str, subject: str, question: Asked, **given: Unpack[Parameters]
) -> HTMLResponse:
    return await look(request, lambda: _page(request, template, subject, question, **given))


def _page(
    request: Request, template: str, subject: str, question: Asked, **given: Unpack[Parameters]
) -> HTMLResponse:
    true_on, known_at, after = given["true_on"], given["known_at"], given["after"]
    answers = _asked(request, subject, true_on, known_at, question)
    node = node_of(request)
    with telling(request):
        events = marked_timeline_of(
            node.reads,
            node.identity.origin,
            subject,
            known_at=read_known_at(known_at),
            after=after,
            limit=EVENTS,
        )
    return page(
        request,
        template,
        subject=subject,
        on=true_on or today(),
        known_at=known_at,
        events=events,
        near=_near_what_is_unknown(answers.values(), subject),
        **answers,
    )


def _near_what_is_unknown(answers: Iterable[object], subject: str) -> tuple[str, ...] | None:
    """Return what may be meant by the subject if the log does not name it; None if it does."""
    found = (each for answer in answers if isinstance(answer, Answer) for each in answer.near)
    return next((each.ids for each in found if each.asked == subject), None)


def _right(node: Node, right: str, on: date, known: KnownAt) -> Mapping[str, Any]:
    pool = node.reads
    return {
        "title": title_of(pool, right, true_on=on, known_at=known),
        "status": status_of(pool, right, law_of(node), true_on=on, known_at=known),
        "liens": liens_on(pool, right, true_on=on, known_at=known),
        "dependents": dependents_of(pool, right, true_on=on, known_at=known),
        "holds": holds_on(pool, right, true_on=on, known_at=known).orders,
    }


def _contract(node: Node, contract: str, on: date, known: KnownAt) -> Mapping[str, Any]:
    pool, law = node.reads, law_of(node)
    return {
        "agreed": terms_on(pool, contract, law, true_on=on, known_at=known),
        "versions": versions_of(pool, contract, known_at=known),
        "tree": sublicences_of(pool, contract, true_on=on, known_at=known),
        "revenue": revenue_of(pool, contract, known_at=known),
        "overdue": overdue_of(pool, contract, law, true_on=on, known_at=known),
        "holds": holds_on(pool, contract, true_on=on, known_at=known).orders,
    }


def _party(node: Node, party: str, on: date, known: KnownAt) -> Mapping[str, Any]:
    pool = node.reads
    return {
        "party": party_as_known(pool, party, true_on=on, known_at=known),
        "keys": keys_of(pool, party, known_at=known),
        "mandates": mandates_of(pool, party, known_at=known),
        "dues": dues_of(pool, party, true_on=on, known_at=known),
    }


def _dispute(node: Node, dispute: str, on: date, known: KnownAt) -> Mapping[str, Any]:
    del on
    found = marked_dispute_of(node.reads, node.identity.origin, dispute, known_at=known)
    return {"dispute": found}


def _distribution(node: Node, distribution: str, on: date, known: KnownAt) -> Mapping[str, Any]:
    computed = computation_of(node.reads, distribution, known_at=known)
    holds = [
        order
        for subject in (computed.share, computed.contract)
        if subject is not None
        for order in holds_on(node.reads, subject, true_on=on, known_at=known).orders
    ]
    return {"computed": computed, "holds": holds}


def _id(kind: str) -> Any:
    return Path(pattern=rf"^{kind}:[a-z0-9.-]{{1,80}}$")


@router.get("/rights/{right}", response_class=HTMLResponse)
async def show_right(
    request: Request,
    right: Annotated[str, _id("right")],
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    after: After = -1,
) -> HTMLResponse:
    """Show owners, status, liens and grants of a right."""
    asked: Parameters = {"true_on": true_on, "known_at": known_at, "after": after}
    return await _shown(request, "right.html", right, _right, **asked)


@router.get("/contracts/{contract}", response_class=HTMLResponse)
async def show_contract(
    request: Request,
    contract: Annotated[str, _id("contract")],
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    after: After = -1,
) -> HTMLResponse:
    """Show terms, versions, sublicences, money and holds of a contract."""
    asked: Parameters = {"true_on": true_on, "known_at": known_at, "after": after}
    return await _shown(request, "contract.html", contract, _contract, **asked)


@router.get("/distributions/{distribution}", response_class=HTMLResponse)
async def show_distribution(
    request: Request,
    distribution: Annotated[str, _id("distribution")],
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    after: After = -1,
) -> HTMLResponse:
    """Show how a distribution was computed, and what holds it."""
    asked: Parameters = {"true_on": true_on, "known_at": known_at, "after": after}
    return await _shown(request, "distribution.html", distribution, _distribution, **asked)


@router.get("/parties/{party}", response_class=HTMLResponse)
async def show_party(
    request: Request,
    party: PartyPath,
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    after: After = -1,
) -> HTMLResponse:
    """Show who a party is, its keys and mandates, and what is owed to it."""
    asked: Parameters = {"true_on": true_on, "known_at": known_at, "after": after}
    return await _shown(request, "party.html", party, _party, **asked)


@router.get("/disputes/{dispute}", response_class=HTMLResponse)
async def show_dispute(
    request: Request,
    dispute: Annotated[str, _id("dispute")],
    known_at: KnownAtText = None,
    after: After = -1,
) -> HTMLResponse:
    """Show the steps of a dispute and its orders."""
    asked: Parameters = {"true_on": None, "known_at": known_at, "after": after}
    return await _shown(request, "dispute.html", dispute, _dispute, **asked)
