"""The PDF of a page that answers: the same answers, of one checkpoint, with the bundle inside."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from fastapi import Request, Response

from api.deps import address_of, node_of, traffic_of
from api.describe.description import Described
from api.describe.links import AddressQuery
from api.describe.saying import Line
from api.explorer.found_again import found_again
from api.explorer.proofs import RestsOn, bundle_of, closed, proved, reached
from api.explorer.shown import HEADERS, Spoken, witnessed
from api.explorer.subject_answers import Answers, Asked, Section, Sections, answers_of
from api.problems import ApiProblem
from api.reports.report import Checked, Fact, Part, Report, Table, Words
from api.reports.typesetting import typeset
from ledger.node.node import Node
from ledger.store.checkpoints import StoredCheckpoint
from ledger.wire.base64 import b64encode
from projections.questions.vouching import MarkedEvent

EVENTS_MAX = 1000
"""Events that one report tells."""

NOTHING = "\u2013"
"""What stands where there is nothing to say."""

BUNDLE_MAX = 1 << 25
"""Bytes of the evidence bundle in a report at most: 32 MiB."""


def pdf_at(request: Request) -> str:
    """Return the address of the PDF of the page that was asked for."""
    query = request.url.query
    return f"{request.url.path}.pdf" + (f"?{query}" if query else "")


def pdf_linked(address: str) -> str:
    """Return the header `Link` of a page that has a PDF."""
    return f'<{address}>; rel="alternate"; type="application/pdf"'


@dataclass(frozen=True, slots=True)
class Reportable:
    """What a page answers from what one checkpoint covers, and the evidence for it.

    `kind` is the word for what it is about, `name` what that is called, `subject` its id if it has
    one. A part has the words for what it was asked, if that is not what the whole was asked. The
    bundle shows the histories `shown`, of which `events` are then all, and what else answers rest
    on. `path` is where the page is found again as it stands.
    """

    question: AddressQuery
    kind: str
    name: str
    subject: str
    sentence: str
    asked: tuple[str, ...]
    parts: tuple[tuple[str, Section, Described], ...]
    names: Mapping[str, str]
    events: tuple[MarkedEvent, ...]
    shown: tuple[str, ...]
    path: str
    file: str

    @property
    def rests_on(self) -> RestsOn:
        """Return the histories that are shown, and the positions of all else that is said."""
        vouched = {at for event in self.events for at in event.vouched_at or ()}
        answers = {at for _, section, _ in self.parts for at in section.answer.positions}
        said = {event.position for event in self.events} | vouched | answers
        within = {each.position for each in self.events if {*each.subjects} & {*self.shown}}
        return RestsOn(self.shown, said - within)


async def reported_proof(request: Request, find: Callable[[Node, int], Reportable]) -> Response:
    """Return the bundle that the PDF of the same page holds. Raises as `reported` does."""
    return await proved(request, lambda node, size: find(node, size).rests_on)


async def reported(request: Request, find: Callable[[Node, int], Reportable]) -> Response:
    """Return the PDF of what is found of a node, up to the size of the checkpoint that it shows.

    Raises `ApiProblem` for more than a report holds, or where nothing is published yet.
    """
    node, checkpoint = node_of(request), await reached(request)

    def made() -> Response:
        found = find(node, checkpoint.size)
        bundle = _bundle(node, checkpoint, found)
        pdf = typeset(_Reporting(request, node, checkpoint, found).report(), bundle)
        named = {"Content-Disposition": f'inline; filename="{found.file}"'}
        said = {**HEADERS, **named, "Content-Language": found.question.language}
        return Response(pdf, media_type="application/pdf", headers=said)

    return await traffic_of(request).replays.run(address_of(request), made)


def subject_report(
    request: Request, kind: str, subject: str, asked: Asked, find: Sections
) -> Callable[[Node, int], Reportable]:
    """Return what finds the answers of a subject's page."""

    def found(node: Node, size: int) -> Reportable:
        of_size = closed(asked, size)
        answers = answers_of(node, kind, subject, of_size, find, events=EVENTS_MAX)
        if answers.events.next_after is not None:
            earlier = "as known at an earlier entry (known_at), or for the page, which lists them"
            raise too_many_events(f"{subject} has", earlier)
        say = Spoken(request, of_size.question, answers.names)
        asked_here = () if answers.answered == of_size else (say.word("only_here"),)
        return Reportable(
            question=of_size.question,
            kind=kind,
            name=say.name(subject) or subject,
            subject=subject,
            sentence=_sentence(say, answers),
            asked=(say.asked(answers.answered), *asked_here),
            parts=() if answers.near is not None else tuple(_parts(say, answers)),
            names=answers.names,
            events=answers.events.events,
            shown=(subject,),
            path=of_size.question.address(request.url.path.removesuffix(".pdf")),
            file=file_name(subject),
        )

    return found


def signers_of(events: Iterable[MarkedEvent]) -> frozenset[str]:
    """Return the parties that signed events."""
    return frozenset(each for event in events for each in event.signers)


def too_many_events(what: str, ask: str) -> ApiProblem:
    """Return the problem of what has more events than a report tells."""
    told = f"{what} more than {EVENTS_MAX} events, and a report tells them all: ask for it {ask}"
    return ApiProblem(413, "TOO_LARGE", told)


def _sentence(say: Spoken, answers: Answers) -> str:
    if answers.near is None:
        return say.sentence(answers.lead)
    return f"{say.word('unknown')} {answers.subject}. {say.word('unknown_is_not_no')}"


def _parts(say: Spoken, answers: Answers) -> Iterator[tuple[str, Section, Described]]:
    for own, sections in answers.parts.items():
        asked = "" if own == answers.answered else say.asked(own)
        yield from ((asked, section, described) for section, described in sections)


def file_name(subject: str) -> str:
    """Return what the file of a subject's report is called."""
    return f"{subject.replace(':', '-')}.pdf"


def _bundle(node: Node, checkpoint: StoredCheckpoint, found: Reportable) -> bytes:
    """Return what shows the histories, and all else that the answers rest on."""
    rests_on = found.rests_on
    bundle = bundle_of(node, checkpoint, rests_on)
    if len(bundle) > BUNDLE_MAX:
        asked = [f"--subject {each}" for each in found.shown]
        asked = asked or [f"--position {each}" for each in sorted(rests_on.positions)]
        raise ApiProblem(
            413,
            "TOO_LARGE",
            f"its evidence has {len(bundle)} bytes, a report holds {BUNDLE_MAX}: gather it by"
            f" techledger evidence gather bundle.json {' '.join(asked)}",
        )
    return bundle


class _Reporting:
    """Says what a page says, as a report."""

    def __init__(
        self, request: Request, node: Node, checkpoint: StoredCheckpoint, found: Reportable
    ) -> None:
        self._found = found
        self._say = Spoken(request, found.question, found.names)
        self._node = node
        self._checkpoint = checkpoint
        self._request = request

    def report(self) -> Report:
        """Return the report."""
        say, found, node, checkpoint = self._say, self._found, self._node, self._checkpoint
        size, root = say.number(checkpoint.size), b64encode(checkpoint.root)
        kind, cosigned = say.word(found.kind), witnessed(node)
        state = (
            (say.word("origin"), node.identity.origin),
            (say.word("size"), size),
            (say.word("root"), root),
            (say.word("signed_at"), say.moment(checkpoint.created)),
            (
                say.word("witnesses"),
                say.word("witnessed", *cosigned) if cosigned else say.word("no_witness"),
            ),
        )
        return Report(
            language=say.language,
            title=f"{kind} {found.name}",
            kind=kind,
            name=found.name,
            subject=found.subject,
            sentence=found.sentence,
            asked=found.asked,
            state=state,
            parts=tuple(self._part(*part) for part in found.parts),
            events=Table(
                say.word("events"),
                tuple(map(say.word, _COLUMNS)),
                tuple(map(self._row, found.events)),
            ),
            checked=self._checked(),
            origin=node.identity.origin,
            foot=f"{node.identity.origin} · {say.word('size')} {size} · {say.word('root')} {root}",
            signed=checkpoint.created,
        )

    def _part(self, asked: str, section: Section, described: Described) -> Part:
        sentence = self._say.sentence(described.sentence)
        proof = " · ".join(f"{line.label} {line.text or NOTHING}" for line in described.proof)
        return Part(
            self._say.word(section.heading),
            asked,
            "" if sentence == self._found.sentence else sentence,
            tuple(map(self._fact, described.lines)),
            proof,
        )

    def _fact(self, line: Line) -> Fact:
        words = tuple(
            self._named(word.subject, word.text) if word.subject else Words(word.text)
            for word in line.words
        )
        return Fact(line.label, words, tuple(map(self._fact, line.under)))

    def _named(self, subject: str, text: str) -> Words:
        if name := self._say.name(subject):
            return Words(name, subject)
        return Words("", subject) if text == subject else Words(text)

    def _row(self, event: MarkedEvent) -> tuple[tuple[Words, ...], ...]:
        say = self._say
        signers = [self._named(each, each) for each in event.signers]
        if event.vouched_at is None:
            signers.append(Words(say.word("vouched_unknown")))
        signers += [Words(f"{say.word('vouched')} {at}") for at in event.vouched_at or ()]
        where = NOTHING
        if event.office:
            where = "; ".join(filter(None, (say.office(event.office), say.places(event.territory))))
        return (
            (Words(str(event.position)),),
            (Words(say.clock(event.accepted)),),
            (Words(say.day(event.true_from) if event.true_from else NOTHING),),
            (Words(say.event(event.topic)), Words("", event.topic)),
            (Words(where),),
            tuple(signers),
        )

    def _checked(self) -> Checked:
        say, found = self._say, self._found
        again = found_again(self._request, found.path)
        asked = " ".join(("--trust trust.json", *(f"--subject {each}" for each in found.shown)))
        return Checked(
            say.word("report_checked"),
            say.word("report_found_again"),
            again.address,
            again.drawing,
            say.word("report_by_command"),
            f"python -m ledger.verify {found.file} {asked}",
            tuple(map(say.word, _SHOWS)),
            say.word("report_shows_not"),
            tuple(map(say.word, _SHOWS_NOT)),
        )


_COLUMNS = ("position", "recorded", "day_of_effect", "event", "office", "signers")
_SHOWS = ("report_attached", "report_trust")
_SHOWS_NOT = ("report_words", "report_sealed", "report_later", "report_true")
