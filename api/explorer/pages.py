"""Pages of single subjects: a right, a contract, a distribution, a party, a dispute.

Each shows what the API answers about the subject in words, as true on a day and as known at a time,
with a link to every answer; unprefixed in Vietnamese, under `/en` in English. They need no scripts.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse

from api.deps import look, node_of, reader_of
from api.describe.links import PREFIXES, AddressQuery
from api.explorer.shown import language_of, page
from api.reads.common import (
    EffectText,
    KnownAtByEither,
    KnownByText,
    TrueOnIfAny,
    today,
)
from api.reads.named import Party
from api.reads.parameters import Cursor
from api.reads.questions import QUESTIONS
from ledger.node.node import Node
from projections.engine.answer import Answer
from projections.engine.bitemporal import Effect
from projections.engine.view import KnownAt, KnownBy, written
from projections.questions.computation import Computation
from projections.questions.vouching import marked_timeline_of
from projections.tables.contract_revenue import Revenue

EVENTS = 50
"""Events of a subject that its page shows at once."""

router = APIRouter(tags=["explorer"], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a page is asked beside its subject; `here` is what this ledger knew, of all registers.

    Who cannot be asked by an office's register is asked by all that is known here, and
    `not_of_others` is what was to be asked against third parties, and cannot be.
    """

    question: AddressQuery
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
    sections = find(node, subject, asked)
    reader = reader_of(node, asked.here)
    law = reader.law
    events = marked_timeline_of(reader, subject, after=asked.after, limit=EVENTS)
    return page(
        request,
        "subject.html",
        asked.question,
        kind=kind,
        subject=subject,
        asked=asked,
        answered=answered,
        parts=_by_question(answered, sections),
        law=law,
        events=events,
        near=_near_what_is_unknown(sections, subject),
    )


def _by_question(answered: Asked, sections: Iterable[Section]) -> Mapping[Asked, list[Section]]:
    """Return the sections by what each is asked: first those that answer what the page says."""
    parts: dict[Asked, list[Section]] = {answered: []}
    for section in sections:
        parts.setdefault(answered.of(QUESTIONS[section.operation].takes), []).append(section)
    return parts


def _near_what_is_unknown(sections: Iterable[Section], subject: str) -> tuple[str, ...] | None:
    """Return what may be meant by the subject if the log does not name it; None if it does."""
    found = (each for section in sections for each in section.answer.near)
    return next((each.ids for each in found if each.asked == subject), None)


def _right(node: Node, right: str, asked: Asked) -> list[Section]:
    ask = _asking(node, asked)
    return [
        ask("title", "getTitle", right=right),
        ask("status", "getStatus", right=right),
        ask("dependents", "getDependents", right=right),
        ask("liens", "getLiens", right=right),
        ask("holds", "getHolds", subject=right),
    ]


def _contract(node: Node, contract: str, asked: Asked) -> list[Section]:
    ask = _asking(node, asked)
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
    ask = _asking(node, asked)
    computed = ask("distribution", "getComputation", distribution=distribution)
    assert isinstance(computed.answer, Computation)
    held = filter(None, (computed.answer.share, computed.answer.contract))
    return [computed, *(ask("holds", "getHolds", subject=each) for each in held)]


def _party(node: Node, party: str, asked: Asked) -> list[Section]:
    ask = _asking(node, asked)
    return [
        ask("party", "getParty", party=party),
        ask("keys", "getPartyKeys", party=party),
        ask("mandates", "getMandates", party=party),
        ask("dues", "getDues", party=party),
    ]


def _dispute(node: Node, dispute: str, asked: Asked) -> list[Section]:
    ask = _asking(node, asked)
    return [ask("dispute", "getDispute", dispute=dispute)]


def _asking(node: Node, asked: Asked) -> Callable[..., Section]:
    """Return what puts the questions of a page, each as far as it takes what the page is asked."""

    def ask(heading: str, name: str, **path: str) -> Section:
        question = QUESTIONS[name]
        of = asked.of(question.takes)
        more = {"true_on": of.on, "effect": of.effect}
        given = {each: value for each, value in more.items() if each in question.takes}
        answer = question.ask(reader_of(node, of.known_at, of.known_by), **path, **given)
        return Section(heading, answer, name, path)

    return ask


def _shows(kind: str, folder: str, find: Sections, of: Any = str) -> None:
    """Add the page of a kind of subject, in both languages; `of` is what its ids can be."""
    form = Annotated[of, Path(alias=kind, pattern=rf"^{kind}:[a-z0-9.-]{{1,80}}$")]

    async def show(  # noqa: PLR0913, PLR0917  (the question's parameters)
        request: Request,
        subject: form,
        true_on: TrueOnIfAny = None,
        known_at: KnownAtByEither = None,
        known_by: KnownByText = "ledger",
        effect: EffectText = "parties",
        after: Annotated[Cursor, Query(description="Events after this position")] = -1,
    ) -> HTMLResponse:
        on = None if true_on is None else true_on.isoformat()
        question = AddressQuery(language_of(request), on, written(known_at), known_by, effect)
        asked = Asked(question, true_on or today(), known_at, known_by, effect, after)
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
