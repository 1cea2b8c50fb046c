"""Pages of single subjects: a right, a contract, a party, a dispute; and of whatever else there is.

Each shows what the API answers about the subject in words, as true on a day and as known at a time,
with a link to every answer; unprefixed in Vietnamese, under `/en` in English. They need no scripts.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse
from pydantic import StringConstraints

from api.deps import look, node_of, reader_of
from api.describe.answer_json import members_of
from api.describe.description import Described, describe
from api.describe.language import Language
from api.describe.links import ANY_SUBJECT, PAGES, PREFIXES, AddressQuery
from api.explorer.asked_by_hand import DayByHand, KnownByHand, known_up_to
from api.explorer.found_again import found_again, pinned
from api.explorer.named import parties_said
from api.explorer.shown import language_of, page
from api.reads.common import EffectText, KnownByText, today
from api.reads.named import Party, Subject
from api.reads.parameters import Cursor
from api.reads.questions import QUESTIONS
from ledger.domain.core.dated_law import Law
from ledger.node.node import Node
from projections.engine.answer import Answer
from projections.engine.bitemporal import Effect
from projections.engine.view import KnownAt, KnownBy, written
from projections.questions.computation import Computation
from projections.questions.party_names import names_of
from projections.questions.terms import TermsOn
from projections.questions.vouching import MarkedTimeline, marked_timeline_of
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

    def described(self, subject: str, language: Language, law: Law) -> Described:
        """Return the answer in words, but what the heading of the subject's page says."""
        named = (name for name, value in self.path.items() if value == subject)
        asked = ("true_on", "known_at", "known_by", "effect", "asked")
        said = frozenset((*named, *asked, "verdict", "unknown", "near"))
        return describe(type(self.answer), members_of(self.answer), language, law, said)


Sections = Callable[[Node, str, Asked], list[Section]]


def _page(request: Request, kind: str, subject: str, asked: Asked, find: Sections) -> HTMLResponse:
    """Return a page. Raises `ApiProblem` where the read models are not that far."""
    node = node_of(request)
    answered = asked if kind == "right" else asked.by_ledger
    sections = find(node, subject, asked)
    reader = reader_of(node, asked.here)
    law, language = reader.law, asked.question.language
    events = marked_timeline_of(reader, subject, after=asked.after, limit=EVENTS)
    described = [each.described(subject, language, law) for each in sections]
    named = {*_parties(subject, events), *parties_said(described)}
    return page(
        request,
        "subject.html",
        asked.question,
        names_of(reader, named, asked.on),
        kind=kind,
        subject=subject,
        asked=asked,
        answered=answered,
        parts=_by_question(answered, zip(sections, described, strict=True)),
        events=events,
        near=_near_what_is_unknown((*(each.answer for each in sections), events), subject),
        again=found_again(
            request, pinned(asked.question, events.size).subject(subject), ("subject", subject)
        ),
        check_of=_licence_of(kind, subject, sections),
        lead=next((each.sentence for each in described if each.sentence), ""),
    )


def _licence_of(kind: str, subject: str, sections: Sequence[Section]) -> Mapping[str, str] | None:
    """Return what of a licence check the page of a subject fills in; None where it has none."""
    if kind in ("right", "technology"):
        return {"right": subject}
    if kind == "party":
        return {"party": subject}
    terms = sections[0].answer
    if not isinstance(terms, TermsOn) or terms.terms is None or not terms.terms.grants:
        return None
    grant = terms.terms.grants[0]
    things = (*grant.rights, *grant.technologies)
    return {"party": grant.licensee, **({"right": things[0]} if len(things) == 1 else {})}


def _parties(subject: str, events: MarkedTimeline) -> Iterator[str]:
    """Yield the parties whom the heading of a page, and its events, name."""
    signers = (signer for event in events.events for signer in event.signers)
    yield from (each for each in (subject, *signers) if each.startswith("party:"))


def _by_question(
    answered: Asked, sections: Iterable[tuple[Section, Described]]
) -> Mapping[Asked, list[tuple[Section, Described]]]:
    """Return the sections by what each is asked: first those that answer what the page says."""
    parts: dict[Asked, list[tuple[Section, Described]]] = {answered: []}
    for section, described in sections:
        of = answered.of(QUESTIONS[section.operation].takes)
        parts.setdefault(of, []).append((section, described))
    return parts


def _near_what_is_unknown(answers: Iterable[Answer], subject: str) -> tuple[str, ...] | None:
    """Return what may be meant by the subject if the log does not name it; None if it does."""
    found = (each for answer in answers for each in answer.near)
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


def _technology(node: Node, technology: str, asked: Asked) -> list[Section]:
    ask = _asking(node, asked)
    return [
        ask("technology", "getTechnology", technology=technology),
        ask("holds", "getHolds", subject=technology),
    ]


def _any(node: Node, subject: str, asked: Asked) -> list[Section]:
    ask = _asking(node, asked)
    return [ask("holds", "getHolds", subject=subject)]


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


def _of_kind(kind: str) -> Any:
    """Return what the ids of a kind can be."""
    return Annotated[str, StringConstraints(pattern=rf"^{kind}:[a-z0-9.-]{{1,80}}$")]


def _shows(kind: str, of: Any, find: Sections) -> None:
    """Add the page of a kind of subject, in both languages; `of` is what its ids can be."""
    folder = PAGES.get(kind, ANY_SUBJECT)
    form = Annotated[of, Path(alias=kind)]

    async def show(  # noqa: PLR0913, PLR0917  (the question's parameters)
        request: Request,
        subject: form,
        true_on: DayByHand = None,
        known_at: KnownByHand = None,
        known_by: KnownByText = "ledger",
        effect: EffectText = "parties",
        after: Annotated[Cursor, Query(description="Events after this position")] = -1,
    ) -> HTMLResponse:
        known_at = known_up_to(known_at, known_by)
        on = None if true_on is None else true_on.isoformat()
        question = AddressQuery(language_of(request), on, written(known_at), known_by, effect)
        asked = Asked(question, true_on or today(), known_at, known_by, effect, after)
        return await look(request, lambda: _page(request, kind, subject, asked, find))

    for prefix in PREFIXES.values():
        router.add_api_route(
            f"{prefix}{folder}/{{{kind}}}", show, response_class=HTMLResponse, name=f"show_{kind}"
        )


_shows("right", _of_kind("right"), _right)
_shows("technology", _of_kind("technology"), _technology)
_shows("contract", _of_kind("contract"), _contract)
_shows("distribution", _of_kind("distribution"), _distribution)
_shows("dispute", _of_kind("dispute"), _dispute)
_shows("party", Party, _party)
_shows("subject", Subject, _any)
