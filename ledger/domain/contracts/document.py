"""
A document handed over: known by its hash, sent, received, answered; and who opened it.

The file itself is never here. It is received once it has entered the system that its addressee
designated and can be opened there (E-Transactions Law art. 17), whether or not anybody reads it.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from ledger.domain.contracts.contract_terms import ContractId
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    FutureFact,
    IntervalEmpty,
    PredecessorUnknown,
    SubjectExists,
    all_known,
    require_known,
    require_new,
)
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step, naming_one_of
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Instant,
    PartyId,
    PartyIds,
    Sha256,
    Text,
    format_instant,
    of_kind,
)
from ledger.quoted import listed

KIND = "document"

DocumentId = Annotated[str, of_kind(KIND)]


class DocumentSent(Body):
    """A file left its sender's control, for these recipients."""

    TOPIC: ClassVar[str] = "document.sent/1"
    TITLE = "Document sent"
    TITLE_VI = "Gửi văn bản"
    SUBJECTS = "document contract sender recipients/* readers/*"
    SIGNERS = "sender"

    document: DocumentId
    """Id of the document, which is new."""
    sender: PartyId
    """Who sent it, and signs."""
    recipients: PartyIds
    """To whom it was sent."""
    sha256: Sha256
    """SHA-256 of the file."""
    size: Annotated[int, Field(ge=0)]
    """Its size in bytes."""
    title: Text
    """Its title, in words."""
    contract: ContractId | None
    """The contract that it belongs to; null is none."""
    item: Text | None
    """Its place in the contract's list of documents, in words; null is none."""
    confidential: bool
    """Whether none but sender, recipients and `readers` may open it."""
    readers: Annotated[tuple[PartyId, ...], FROM_LIST, DISTINCT]
    """Who else may open a confidential file; of others empty."""
    sent_at: Instant
    """Instant at which it left the sender's control, not one to come."""

    @model_validator(mode="after")
    def _readers_are_of_what_is_confidential(self) -> "DocumentSent":
        if self.readers and not self.confidential:
            raise ValueError(f"only a confidential file lists its readers: {listed(self.readers)}")
        return self


class OfFile(Body):
    """What is said of a file that was sent, by its hash. Never an event itself."""

    document: DocumentId
    """The document that was sent."""
    sha256: Sha256
    """SHA-256 of the file as it was sent."""


class DocumentReceived(OfFile):
    """The file entered the system that the recipient designated, and can be opened there.

    Receipt does not wait for the recipient.
    """

    TOPIC: ClassVar[str] = "document.received/1"
    TITLE = "Document received"
    TITLE_VI = "Nhận văn bản"
    SUBJECTS = "document received_by system"
    SIGNERS = "system|received_by"
    MAY = "system=@operator"

    received_by: PartyId
    """The recipient."""
    received_at: Instant
    """Instant at which it had entered the recipient's system (E-Transactions Law art. 17): not
    before it was sent, and not one to come."""
    system: PartyId | None
    """The operator, where the exchange's own system is the designated one: it signs in the
    recipient's stead. Null: the recipient signs."""


class DocumentAcknowledged(OfFile):
    """A recipient has looked at the file, and accepts or refuses it."""

    TOPIC: ClassVar[str] = "document.acknowledged/1"
    TITLE = "Document answered"
    TITLE_VI = "Trả lời văn bản"
    SUBJECTS = "document acknowledged_by"
    SIGNERS = "acknowledged_by"

    acknowledged_by: PartyId
    """The recipient, who has received it and signs."""
    outcome: Literal["accepted", "refused"]
    """Whether the recipient accepts or refuses it."""
    reason: Text | None
    """Why, in words; null: not said."""


class FileOpened(OfFile):
    """A reader opened the file; the reader and the operator, whose system shows it, both sign."""

    TOPIC: ClassVar[str] = "file.opened/1"
    TITLE = "Confidential file opened"
    TITLE_VI = "Mở tệp bảo mật"
    SUBJECTS = "document opened_by"
    SIGNERS = "opened_by @operator"

    opened_by: PartyId
    """The reader: of a confidential file its sender, a recipient or one of its readers."""
    opened_at: Instant
    """Instant at which it was opened, not one to come."""


@dataclass(frozen=True, slots=True)
class Document:
    """A file that was sent. `received` and `answered` have the position by recipient."""

    position: int
    sha256: str
    recipients: frozenset[str]
    sent_at: datetime
    readers: frozenset[str] | None
    received: Mapping[str, int] = field(default_factory=dict)
    answered: Mapping[str, int] = field(default_factory=dict)
    opened: int = 0


class DocHash(Refusal):
    """The file that was received, answered or opened is not the one that was sent."""

    code = "DOC_HASH"
    title_vi = "Mã băm của tệp khác với mã băm của tệp đã gửi"
    article = "Luật Giao dịch điện tử, Điều 10"


class DocNotAddressed(Refusal):
    """The document was not sent to this party."""

    code = "DOC_NOT_ADDRESSED"
    title_vi = "Văn bản không được gửi cho bên này"


class NotAReader(Refusal):
    """The file is confidential, and the party is neither its sender, recipient nor a reader."""

    code = "NOT_A_READER"
    title_vi = "Bên này không có trong danh sách được mở tệp bảo mật"


@admits(DocumentSent)
def _admit_sent(body: DocumentSent, state: State, context: Context) -> None:
    """Refuse a document twice, for a contract that is unknown, or sent later than now."""
    require_new(state, body.document)
    if body.contract is not None:
        all_known(state, (body.contract,))
    _must_not_be_later(context, "sent_at", body.sent_at)


def _must_not_be_later(context: Context, name: str, instant: datetime) -> None:
    if instant > context.accepted:
        later = f"{format_instant(instant)}, later than {format_instant(context.accepted)}"
        raise FutureFact(
            f"{name} is {later}",
            pointer=f"/body/{name}",
            step=Step({"day": format_instant(instant)}, after=instant),
        )


def _sent(state: State, body: OfFile) -> Document:
    """Return the document, or raise `DocHash` if the file is another."""
    document = require_known(state, body.document, Document)
    if body.sha256 != document.sha256:
        raise DocHash(
            f"{document.sha256} was sent, this is {body.sha256}",
            positions=(document.position,),
            subjects=(body.document,),
            step=Step({"hash": document.sha256}, change={"/body/sha256": document.sha256}),
        )
    return document


def _must_be_addressed(document: Document, subject: str, party: str, member: str) -> None:
    if party not in document.recipients:
        raise DocNotAddressed(
            f"{subject} was not sent to {party}",
            positions=(document.position,),
            subjects=(party,),
            step=naming_one_of(f"/body/{member}", document.recipients),
        )


@admits(DocumentReceived)
def _admit_received(body: DocumentReceived, state: State, context: Context) -> None:
    """Refuse another file, another party, a time that cannot be, and a second receipt."""
    document = _sent(state, body)
    _must_be_addressed(document, body.document, body.received_by, "received_by")
    _must_not_be_later(context, "received_at", body.received_at)
    if body.received_at < document.sent_at:
        sent = format_instant(document.sent_at)
        raise IntervalEmpty(
            f"received at {format_instant(body.received_at)}, sent at {sent}",
            positions=(document.position,),
            pointer="/body/received_at",
            step=Step({"end": sent}, change={"/body/received_at": sent}),
        )
    _must_be_the_first(body.document, document.received.get(body.received_by))


def _must_be_the_first(subject: str, position: int | None) -> None:
    if position is not None:
        raise SubjectExists(
            f"{subject}: the party has said so",
            positions=(position,),
            subjects=(subject,),
            step=Step(case="word"),
        )


@admits(DocumentAcknowledged)
def _admit_acknowledged(body: DocumentAcknowledged, state: State) -> None:
    """Refuse another file, another party, an answer before receipt, and a second one."""
    document = _sent(state, body)
    _must_be_addressed(document, body.document, body.acknowledged_by, "acknowledged_by")
    if body.acknowledged_by not in document.received:
        raise PredecessorUnknown(
            f"{body.acknowledged_by} has not received {body.document}",
            positions=(document.position,),
            subjects=(body.document,),
            step=_received_first(body),
        )
    _must_be_the_first(body.document, document.answered.get(body.acknowledged_by))


def _received_first(body: DocumentAcknowledged) -> Step:
    """Return the step in which its receipt is recorded first."""
    known_of = {"document": body.document, "sha256": body.sha256}
    receipt = {**known_of, "received_by": body.acknowledged_by}
    return Step(first=(Other(DocumentReceived.TOPIC, receipt),))


@admits(FileOpened)
def _admit_opened(body: FileOpened, state: State, context: Context) -> None:
    """Refuse another file, a time to come, and anyone who is not to read it."""
    document = _sent(state, body)
    _must_not_be_later(context, "opened_at", body.opened_at)
    if document.readers is not None and body.opened_by not in document.readers:
        raise NotAReader(
            f"{body.opened_by} may not open {body.document}",
            positions=(document.position,),
            subjects=(body.opened_by,),
            step=naming_one_of("/body/opened_by", document.readers),
        )


@evolves(KIND, DocumentSent)
def _evolve_sent(body: DocumentSent, logged: Logged) -> Document:
    recipients = frozenset(body.recipients)
    return Document(
        position=logged.position,
        sha256=body.sha256,
        recipients=recipients,
        sent_at=body.sent_at,
        readers=recipients.union((body.sender,), body.readers) if body.confidential else None,
    )


@evolves(KIND, DocumentReceived)
def _evolve_received(
    body: DocumentReceived, logged: Logged, value: Document | None
) -> Document | None:
    if value is None:
        return None
    return replace(value, received={**value.received, body.received_by: logged.position})


@evolves(KIND, DocumentAcknowledged)
def _evolve_acknowledged(
    body: DocumentAcknowledged, logged: Logged, value: Document | None
) -> Document | None:
    if value is None:
        return None
    return replace(value, answered={**value.answered, body.acknowledged_by: logged.position})


@evolves(KIND, FileOpened)
def _evolve_opened(_body: FileOpened, _logged: Logged, value: Document | None) -> Document | None:
    return value and replace(value, opened=value.opened + 1)
