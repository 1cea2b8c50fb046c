"""The PDF of a subject's page: the same answers, under one checkpoint, with the bundle inside."""

from collections.abc import Iterator
from dataclasses import replace

from fastapi import Request, Response

from api.deps import address_of, node_of, traffic_of
from api.describe.description import Described
from api.describe.saying import Line
from api.explorer.found_again import found_again, pinned
from api.explorer.shown import HEADERS, Spoken, witnessed
from api.explorer.subject_answers import Answers, Asked, Section, Sections, answers_of
from api.problems import ApiProblem, NotFound
from api.reads.common import read_known_at
from api.reports.report import Checked, Fact, Part, Report, Table, Words
from api.reports.typesetting import typeset
from ledger.log.evidence_bundle import format_evidence
from ledger.node.node import Node
from ledger.publish.bundle_builder import TooMuch
from ledger.store.checkpoints import StoredCheckpoint
from ledger.wire.base64 import b64encode
from projections.engine.view import NotFolded
from projections.questions.vouching import MarkedEvent

EVENTS_MAX = 1000
"""Events of a subject that one report tells."""

NOTHING = "\u2013"
"""What stands where there is nothing to say."""

BUNDLE_MAX = 1 << 25
"""Bytes of the evidence bundle in a report at most: 32 MiB."""


def pdf_at(request: Request) -> str:
    """Return the address of the PDF of the page that was asked for."""
    query = request.url.query
    return f"{request.url.path}.pdf" + (f"?{query}" if query else "")


async def reported(
    request: Request, kind: str, subject: str, asked: Asked, find: Sections
) -> Response:
    """Return the PDF of a page, of what is known under the checkpoint that it shows.

    Raises `ApiProblem` for more than a report holds, or where nothing is published yet.
    """
    node = node_of(request)
    checkpoint = node.best_checkpoint
    if checkpoint is None:
        raise NotFound("nothing has been published yet")
    await traffic_of(request).folding.reach(checkpoint.size, address_of(request))
    closed = _closed(asked, checkpoint.size)

    def report() -> bytes:
        answers = answers_of(node, kind, subject, closed, find, events=EVENTS_MAX)
        if answers.events.next_after is not None:
            raise ApiProblem(
                413,
                "TOO_LARGE",
                f"{subject} has more than {EVENTS_MAX} events, and a report tells them all: ask for"
                " it as known at an earlier entry (known_at), or for the page, which lists them",
            )
        bundle = _bundle(node, checkpoint, answers)
        return typeset(_Reporting(request, node, checkpoint, answers).report(), bundle)

    pdf = await traffic_of(request).replays.run(address_of(request), report)
    named = {"Content-Disposition": f'inline; filename="{file_name(subject)}"'}
    said = {**HEADERS, **named, "Content-Language": asked.question.language}
    return Response(pdf, media_type="application/pdf", headers=said)


def file_name(subject: str) -> str:
    """Return what the file of a subject's report is called."""
    return f"{subject.replace(':', '-')}.pdf"


def _closed(asked: Asked, size: int) -> Asked:
    """Return what was asked, of all that a checkpoint covers, where nothing else was asked."""
    question = pinned(asked.question, size)
    known_at = asked.known_at
    if known_at is None and question.known_at is not None:
        known_at = read_known_at(question.known_at)
    return replace(asked, question=question, known_at=known_at, after=-1)


def _bundle(node: Node, checkpoint: StoredCheckpoint, answers: Answers) -> bytes:
    """Return what shows the subject's history, and all else that the answers rest on."""
    own = {*answers.events.positions}
    rests_on = {at for each in answers.sections for at in each.answer.positions}
    if own | rests_on and max(own | rests_on) >= checkpoint.size:
        raise NotFolded(f"entry {max(own | rests_on)} is under no checkpoint yet that is shown")
    try:
        evidence = node.gatherer.gather(checkpoint, [answers.subject], sorted(rests_on - own))
    except TooMuch as error:
        raise ApiProblem(413, "TOO_LARGE", str(error)) from None
    bundle = format_evidence(evidence)
    if len(bundle) > BUNDLE_MAX:
        raise ApiProblem(
            413,
            "TOO_LARGE",
            f"its evidence has {len(bundle)} bytes, a report holds {BUNDLE_MAX}: gather it by"
            f" techledger evidence gather bundle.json --subject {answers.subject}",
        )
    return bundle


class _Reporting:
    """Says what a page says, as a report."""

    def __init__(
        self, request: Request, node: Node, checkpoint: StoredCheckpoint, answers: Answers
    ) -> None:
        self._answers = answers
        self._say = Spoken(request, answers.asked.question, answers.names)
        self._node = node
        self._checkpoint = checkpoint
        self._request = request

    def report(self) -> Report:
        """Return the report."""
        say, answers, node, checkpoint = self._say, self._answers, self._node, self._checkpoint
        name, size = say.name(answers.subject), say.number(checkpoint.size)
        root = b64encode(checkpoint.root)
        kind = say.word(answers.kind)
        said = [say.asked(answers.answered)]
        if answers.answered != answers.asked:
            said.append(say.word("only_here"))
        cosigned = witnessed(node)
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
            title=f"{kind} {name or answers.subject}",
            kind=kind,
            name=name or answers.subject,
            subject=answers.subject,
            sentence=self._sentence(),
            asked=tuple(said),
            state=state,
            parts=tuple(self._parts()) if answers.near is None else (),
            events=Table(
                say.word("events"),
                tuple(map(say.word, _COLUMNS)),
                tuple(map(self._row, answers.events.events)),
            ),
            checked=self._checked(),
            origin=node.identity.origin,
            foot=f"{node.identity.origin} · {say.word('size')} {size} · {say.word('root')} {root}",
            signed=checkpoint.created,
        )

    def _sentence(self) -> str:
        if self._answers.near is None:
            return self._say.sentence(self._answers.lead)
        unknown, is_not_no = map(self._say.word, ("unknown", "unknown_is_not_no"))
        return f"{unknown} {self._answers.subject}. {is_not_no}"

    def _parts(self) -> Iterator[Part]:
        for own, sections in self._answers.parts.items():
            asked = "" if own == self._answers.answered else self._say.asked(own)
            for section, described in sections:
                yield self._part(section, described, asked)

    def _part(self, section: Section, described: Described, asked: str) -> Part:
        sentence = described.sentence
        if sentence == self._answers.lead:
            sentence = ""
        proof = " · ".join(f"{line.label} {line.text or NOTHING}" for line in described.proof)
        return Part(
            self._say.word(section.heading),
            asked,
            self._say.sentence(sentence),
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
        say, subject = self._say, self._answers.subject
        path = self._request.url.path.removesuffix(".pdf")
        address = self._answers.asked.question.address(path)
        again = found_again(self._request, address, ("subject", subject))
        return Checked(
            say.word("report_checked"),
            say.word("report_found_again"),
            again.address,
            again.drawing,
            say.word("report_by_command"),
            f"python -m ledger.verify {file_name(subject)} --trust trust.json --subject {subject}",
            tuple(map(say.word, _SHOWS)),
            say.word("report_shows_not"),
            tuple(map(say.word, _SHOWS_NOT)),
        )


_COLUMNS = ("position", "recorded", "day_of_effect", "event", "office", "signers")
_SHOWS = ("report_attached", "report_trust")
_SHOWS_NOT = ("report_words", "report_sealed", "report_later", "report_true")
