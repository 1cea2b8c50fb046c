"""What a subject's page answers: its questions, asked of a day, as known at a time."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from api.deps import reader_of
from api.describe.answer_json import members_of
from api.describe.description import Described, describe
from api.describe.language import Language
from api.describe.links import AddressQuery
from api.explorer.named import parties_said
from api.reads.questions import QUESTIONS
from ledger.domain.core.dated_law import Law
from ledger.node.node import Node
from projections.engine.answer import Answer
from projections.engine.bitemporal import Effect
from projections.engine.view import KnownAt, KnownBy
from projections.questions.party_names import names_of
from projections.questions.vouching import MarkedTimeline, marked_timeline_of


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

    def of_day(self, day: date) -> "Asked":
        """Return the same, asked of another day."""
        return replace(self, on=day, question=replace(self.question, true_on=day.isoformat()))

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
    """One answer on a page: its heading, where the API answers the same, and what it was asked."""

    heading: str
    answer: Answer
    operation: str
    path: Mapping[str, str]
    asked: Asked

    def described(self, subject: str, language: Language, law: Law) -> Described:
        """Return the answer in words, but what the heading of the subject's page says."""
        named = (name for name, value in self.path.items() if value == subject)
        asked = ("true_on", "known_at", "known_by", "effect", "asked")
        said = frozenset((*named, *asked, "verdict", "unknown", "near", "names"))
        return describe(type(self.answer), members_of(self.answer), language, law, said)


Sections = Callable[[Node, str, Asked], list[Section]]


def asking(node: Node, asked: Asked) -> Callable[..., Section]:
    """Return what puts the questions of a page, each as far as it takes what the page is asked."""

    def ask(heading: str, name: str, **path: str) -> Section:
        question = QUESTIONS[name]
        of = asked.of(question.takes)
        more = {"true_on": of.on, "effect": of.effect}
        given = {each: value for each, value in more.items() if each in question.takes}
        if "from" in question.takes:
            given["start"] = of.on
        answer = question.ask(reader_of(node, of.known_at, of.known_by), **path, **given)
        return Section(heading, answer, name, path, of)

    return ask


@dataclass(frozen=True, slots=True)
class Answers:
    """What a subject's page says: the answers by what each is asked, its events, who is named.

    `answered` is what the page says that it answers; `near` is what may be meant by a subject that
    the log does not name, None for one that it does; `lead` is the sentence that answers.
    """

    kind: str
    subject: str
    asked: Asked
    answered: Asked
    parts: Mapping[Asked, list[tuple[Section, Described]]]
    events: MarkedTimeline
    near: tuple[str, ...] | None
    names: Mapping[str, str]
    lead: str

    @property
    def sections(self) -> Iterator[Section]:
        """Yield the answers, in the order in which the page says them."""
        yield from (section for part in self.parts.values() for section, _ in part)


def answers_of(
    node: Node, kind: str, subject: str, asked: Asked, find: Sections, *, events: int
) -> Answers:
    """Return what a subject's page answers, with so many events of it at most."""
    answered = asked if kind == "right" else asked.by_ledger
    sections = find(node, subject, asked)
    reader = reader_of(node, asked.here)
    law, language = reader.law, asked.question.language
    timeline = marked_timeline_of(reader, subject, after=asked.after, limit=events)
    described = [each.described(subject, language, law) for each in sections]
    named = {*_parties(subject, timeline), *parties_said(described)}
    return Answers(
        kind,
        subject,
        asked,
        answered,
        _by_question(answered, zip(sections, described, strict=True)),
        timeline,
        _near_what_is_unknown((*(each.answer for each in sections), timeline), subject),
        {**_called_in(sections), **names_of(reader, named, asked.on)},
        next((each.sentence for each in described if each.sentence), ""),
    )


def _called_in(sections: Iterable[Section]) -> Mapping[str, str]:
    """Return what the answers themselves call the subjects that they name."""
    names = (each for section in sections for each in getattr(section.answer, "names", ()))
    return {each.id: each.name for each in names}


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
        if section.asked.on != answered.on:
            of = of.of_day(section.asked.on)
        parts.setdefault(of, []).append((section, described))
    return parts


def _near_what_is_unknown(answers: Iterable[Answer], subject: str) -> tuple[str, ...] | None:
    """Return what may be meant by the subject if the log does not name it; None if it does."""
    found = (each for answer in answers for each in answer.near)
    return next((each.ids for each in found if each.asked == subject), None)
