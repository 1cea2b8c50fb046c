"""
Documents: what was handed over under a contract, received, answered, and opened by whom.

Serves `GET /v1/contracts/{id}/documents` and `GET /v1/documents/{id}`. The files themselves are
nowhere here: a hash and a size say which they are.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from ledger.domain.contracts.document import (
    DocumentAcknowledged,
    DocumentReceived,
    DocumentSent,
    FileOpened,
    OfFile,
)
from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from projections.engine.answer import Answer, Verdict, YesOrNo, yes_or_no
from projections.engine.projection import Journal, Tells
from projections.engine.view import Known, View, positions_of
from projections.tables.basis import answering, told
from projections.tables.reader import Reader

Fact = Literal["sent", "received", "accepted", "refused", "opened"]


@dataclass(frozen=True, slots=True)
class DocumentFact:
    """A row of `read.documents`: a file was sent, received, answered or opened, at an instant.

    `at` is what the event says, of an answer when it was recorded. `by` is the sender, recipient or
    reader; `attested_by` the operator, where it signed in the recipient's stead. What follows
    `sha256` is said by the sending alone.
    """

    subject: str
    position: int
    accepted: datetime
    fact: Fact
    by: str
    at: datetime
    attested_by: str | None
    reason: str | None
    sha256: str
    bytes: int | None
    title: str | None
    contract: str | None
    item: str | None
    confidential: bool | None
    recipients: tuple[str, ...]
    readers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A document as known. `missing` are the recipients that have not received it."""

    document: str
    sent: DocumentFact
    received: tuple[DocumentFact, ...]
    answered: tuple[DocumentFact, ...]
    opened: tuple[DocumentFact, ...]
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DocumentAsKnown(Answer):
    """The answer about one document; None if nothing was known of it."""

    size: int
    document: Document | None

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of all that happened to it."""
        return () if self.document is None else _positions(self.document)


@dataclass(frozen=True, slots=True)
class Documents(YesOrNo):
    """The documents of a contract, as known. `complete`: every recipient received every one."""

    contract: str
    size: int
    complete: bool
    documents: tuple[Document, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of all that happened to them."""
        return positions_of([p for each in self.documents for p in _positions(each)])

    @property
    def _says(self) -> Verdict:
        return yes_or_no(self.complete) if self.documents else "answered"


def _positions(document: Document) -> tuple[int, ...]:
    later = (*document.received, *document.answered, *document.opened)
    return positions_of([fact.position for fact in (document.sent, *later)])


def _sent(body: DocumentSent, logged: Logged) -> DocumentFact:
    return DocumentFact(
        subject=body.document,
        position=logged.position,
        accepted=logged.accepted,
        fact="sent",
        by=body.sender,
        at=body.sent_at,
        attested_by=None,
        reason=None,
        sha256=body.sha256,
        bytes=body.size,
        title=body.title,
        contract=body.contract,
        item=body.item,
        confidential=body.confidential,
        recipients=tuple(sorted(body.recipients)),
        readers=tuple(sorted(body.readers)),
    )


def _later(body: OfFile, logged: Logged, fact: Fact, by: str, at: datetime) -> DocumentFact:
    return DocumentFact(
        subject=body.document,
        position=logged.position,
        accepted=logged.accepted,
        fact=fact,
        by=by,
        at=at,
        attested_by=body.system if isinstance(body, DocumentReceived) else None,
        reason=body.reason if isinstance(body, DocumentAcknowledged) else None,
        sha256=body.sha256,
        bytes=None,
        title=None,
        contract=None,
        item=None,
        confidential=None,
        recipients=(),
        readers=(),
    )


def _emit(logged: Logged) -> tuple[DocumentFact, ...]:
    body: Body = logged.event.body
    match body:
        case DocumentSent():
            return (_sent(body, logged),)
        case DocumentReceived():
            by, at = body.received_by, body.received_at
            return (_later(body, logged, "received", by, at),)
        case DocumentAcknowledged():
            by, at = body.acknowledged_by, logged.accepted
            return (_later(body, logged, body.outcome, by, at),)
        case FileOpened():
            return (_later(body, logged, "opened", body.opened_by, body.opened_at),)
        case _:
            raise AssertionError(f"{body.TOPIC} is no event of a document")


documents = Journal(
    name="documents",
    version=1,
    row=DocumentFact,
    emit=_emit,
    bodies=frozenset((DocumentSent, DocumentReceived, DocumentAcknowledged, FileOpened)),
    indexes=(("contract", "position"),),
    tells={
        "document": Tells(
            (
                *("position", "sha256", "recipients", "sent_at", "readers"),
                *("received", "answered", "opened"),
            )
        ),
    },
)


def document_as_known(reader: Reader, document: str) -> DocumentAsKnown:
    """Return a document, as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, documents) as view:
        known = reader.as_of(view)
        found = _documents(view, [document], known)
        return told(view, DocumentAsKnown(view.size, found[0] if found else None), known, document)


def documents_of(reader: Reader, contract: str) -> Documents:
    """Return the documents of a contract, as known, in the order in which they were sent."""
    with answering(reader, documents) as view:
        known = reader.as_of(view)
        sent = view.recorded(documents, known, contract=contract)
        found = _documents(view, [fact.subject for fact in sent], known)
        complete = bool(found) and not any(each.missing for each in found)
        return told(view, Documents(contract, view.size, complete, found), known, contract)


def _documents(view: View, subjects: Sequence[str], known: Known) -> tuple[Document, ...]:
    facts = view.recorded(documents, known, subject=list(subjects))
    by_subject: dict[str, list[DocumentFact]] = {}
    for fact in facts:
        by_subject.setdefault(fact.subject, []).append(fact)
    return tuple(_folded(each) for each in by_subject.values())


def _folded(facts: Sequence[DocumentFact]) -> Document:
    sent = facts[0]
    received = tuple(fact for fact in facts if fact.fact == "received")
    there = {fact.by for fact in received}
    return Document(
        document=sent.subject,
        sent=sent,
        received=received,
        answered=tuple(fact for fact in facts if fact.fact in ("accepted", "refused")),
        opened=tuple(fact for fact in facts if fact.fact == "opened"),
        missing=tuple(party for party in sent.recipients if party not in there),
    )
