"""Pages of single subjects: a right, a contract, a distribution, a party, a dispute.

Each shows what the API answers about the subject in words, as true on a day and as known at a time,
with a link to every answer; unprefixed in Vietnamese, under `/en` in English. They need no scripts.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from api.deps import law_of, look, node_of
from api.describe.links import PREFIXES, Question
from api.explorer.shown import language_of, page, takes_of
from api.reads.common import (
    EffectText,
    KnownAtByEither,
    KnownByText,
    TrueOn,
    read_known_at,
    telling,
    today,
)
from api.reads.named import Party
from api.reads.parameters import Cursor
from ledger.node.node import Node
from ledger.store.connection import Pool
from projections.engine.answer import Answer
from projections.engine.bitemporal import Effect
from projections.engine.view import KnownAt, KnownBy
from projections.questions.arrears import overdue_of
from projections.questions.computation import computation_of
from projections.questions.disputes import holds_on
from projections.questions.dues import dues_of
from projections.questions.keys import keys_of
from projections.questions.remaining_scope import dependents_of
from projections.questions.sublicences import sublicences_of
from projections.questions.terms import terms_on, versions_of
from projections.questions.title import title_of
from projections.questions.vouching import marked_dispute_of, marked_timeline_of
from projections.tables.liens import liens_on
from projections.tables.mandates import mandates_of
from projections.tables.parties import party_as_known
from projections.tables.revenue import revenue_of
from projections.tables.status import status_of

EVENTS = 50
"""Events of a subject that its page shows at once."""

router = APIRouter(tags=["explorer"], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked beside its subject; `here` is what this ledger knew, of all registers.

    Who cannot be asked by an office's register is asked by all that is known here, and
    `not_of_others` is what was to be asked against third parties, and cannot be.
    """

    question: Question
    on: date
    known_at: KnownAt
    known_by: KnownBy
    effect: Effect
    after: int
    not_of_others: bool = False

    @property
    def here(self) -> KnownAt:
        """Return what was known here."""
        return None if self.known_by == "office" else self.known_at

    @property
    def by_ledger(self) -> "Asked":
        """Return what is answered of a subject that no register has: here, between the parties."""
        return replace(self, known_at=self.here, known_by="ledger", effect="parties")

    def of(self, takes: Collection[str]) -> "Asked":
        """Return what of it is asked of an operation that takes these parameters."""
        asked = self
        if self.effect == "third_parties" and "effect" not in takes:
            asked = replace(asked, effect="parties", not_of_others=True)
        if "known_by" not in takes:
            asked = replace(asked, known_at=self.here, known_by="ledger")
        return asked


@dataclass(frozen=True, slots=True)
class Section:
    """One answer on a page: its heading, and where the API answers the same."""

    heading: str
    answer: Answer
    operation: str
    path: Mapping[str, str]

    def said(self, subject: str) -> frozenset[str]:
        """Return the members of the answer that the heading of a subject's page says."""
        named = (name for name, value in self.path.items() if value == subject)
        asked = ("true_on", "known_at", "known_by", "effect", "asked")
        return frozenset((*named, *asked, "verdict", "unknown", "near"))


Sections = Callable[[Node, str, Asked], list[Section]]


def _page(request: Request, kind: str, subject: str, asked: Asked, find: Sections) -> HTMLResponse:
    """Return a page. Raises `ApiProblem` where the read models are not that far."""
    node = node_of(request)
    answered = asked if kind == "right" else asked.by_ledger
    with telling(request):
        sections = find(node, subject, asked)
        events = marked_timeline_of(
            node.reads,
            node.identity.origin,
            subject,
            known_at=asked.here,
            after=asked.after,
            limit=EVENTS,
        )
    return page(
        request,
        "subject.html",
        asked.question,
        kind=kind,
        subject=subject,
        asked=asked,
        answered=answered,
        parts=_by_question(request, answered, sections),
        events=events,
        near=_near_what_is_unknown(sections, subject),
    )


def _by_question(
    request: Request, answered: Asked, sections: Iterable[Section]
) -> Mapping[Asked, list[Section]]:
    """Return the sections by what each is asked: first those that answer what the page says."""
    parts: dict[Asked, list[Section]] = {answered: []}
    for section in sections:
        parts.setdefault(answered.of(takes_of(request, section.operation)), []).append(section)
    return parts


def _near_what_is_unknown(sections: Iterable[Section], subject: str) -> tuple[str, ...] | None:
    """Return what may be meant by the subject if the log does not name it; None if it does."""
    found = (each for section in sections for each in section.answer.near)
    return next((each.ids for each in found if each.asked == subject), None)


def _right(node: Node, right: str, asked: Asked) -> list[Section]:
    pool, path = node.reads, {"right": right}
    by_either: Any = {"true_on": asked.on, "known_at": asked.known_at, "known_by": asked.known_by}
    title = title_of(pool, right, **by_either, effect=asked.effect)
    status = status_of(pool, right, law_of(node), **by_either)
    liens = liens_on(pool, right, **by_either, effect=asked.effect)
    dependents = dependents_of(pool, right, true_on=asked.on, known_at=asked.here)
    return [
        Section("title", title, "getTitle", path),
        Section("status", status, "getStatus", path),
        Section("dependents", dependents, "getDependents", path),
        Section("liens", liens, "getLiens", path),
        *_holds(pool, (right,), asked),
    ]


def _contract(node: Node, contract: str, asked: Asked) -> list[Section]:
    pool, law, on, here = node.reads, law_of(node), asked.on, asked.here
    path = {"contract": contract}
    terms = terms_on(pool, contract, law, true_on=on, known_at=here)
    tree = sublicences_of(pool, contract, true_on=on, known_at=here)
    overdue = overdue_of(pool, contract, law, true_on=on, known_at=here)
    revenue = revenue_of(pool, contract, known_at=here)
    paid_by = dict.fromkeys(share.subject for share in revenue.shares)
    return [
        Section("terms", terms, "getTerms", path),
        *_holds(pool, (contract, *paid_by), asked),
        Section("versions", versions_of(pool, contract, known_at=here), "listVersions", path),
        Section("sublicences", tree, "getSublicences", path),
        Section("money", revenue, "getRevenue", path),
        Section("overdue", overdue, "getOverdue", path),
    ]


def _holds(pool: Pool, subjects: Iterable[str], asked: Asked) -> Iterator[Section]:
    """Yield the orders that hold each subject: of money, those on the contract and its shares."""
    for subject in subjects:
        holds = holds_on(pool, subject, true_on=asked.on, known_at=asked.here)
        yield Section("holds", holds, "getHolds", {"subject": subject})


def _distribution(node: Node, distribution: str, asked: Asked) -> list[Section]:
    pool = node.reads
    computed = computation_of(pool, distribution, known_at=asked.here)
    held = [subject for subject in (computed.share, computed.contract) if subject is not None]
    path = {"distribution": distribution}
    return [
        Section("distribution", computed, "getComputation", path),
        *_holds(pool, held, asked),
    ]


def _party(node: Node, party: str, asked: Asked) -> list[Section]:
    pool, path, on, here = node.reads, {"party": party}, asked.on, asked.here
    known = party_as_known(pool, party, true_on=on, known_at=here)
    return [
        Section("party", known, "getParty", path),
        Section("keys", keys_of(pool, party, known_at=here), "getPartyKeys", path),
        Section("mandates", mandates_of(pool, party, known_at=here), "getMandates", path),
        Section("dues", dues_of(pool, party, true_on=on, known_at=here), "getDues", path),
    ]


def _dispute(node: Node, dispute: str, asked: Asked) -> list[Section]:
    found = marked_dispute_of(node.reads, node.identity.origin, dispute, known_at=asked.here)
    return [Section("dispute", found, "getDispute", {"dispute": dispute})]


def _shows(kind: str, folder: str, find: Sections, of: Any = str) -> None:
    """Add the page of a kind of subject, in both languages; `of` is what its ids can be."""
    form = Annotated[of, Path(alias=kind, pattern=rf"^{kind}:[a-z0-9.-]{{1,80}}$")]

    async def show(  # noqa: PLR0913, PLR0917  (the question's parameters)
        request: Request,
        subject: form,
        true_on: TrueOn = None,
        known_at: KnownAtByEither = None,
        known_by: KnownByText = "ledger",
        effect: EffectText = "parties",
        after: Annotated[Cursor, Query(description="Events after this position")] = -1,
    ) -> HTMLResponse:
        on = None if true_on is None else true_on.isoformat()
        question = Question(language_of(request), on, known_at, known_by, effect)
        known = read_known_at(known_at)
        asked = Asked(question, true_on or today(), known, known_by, effect, after)
        return await look(request, lambda: _page(request, kind, subject, asked, find))

    for prefix in PREFIXES.values():
        router.add_api_route(
            f"{prefix}{folder}/{{{kind}}}", show, response_class=HTMLResponse, name=f"show_{kind}"
        )


_shows("right", "/rights", _right)
_shows("contract", "/contracts", _contract)
_shows("distribution", "/distributions", _distribution)
_shows("party", "/parties", _party, Party)
_shows("dispute", "/disputes", _dispute)
