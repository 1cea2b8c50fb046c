"""
A notice from one party of a contract to another: sent, and received.

It works when it arrives (Civil Code art. 428(3)); that it did is said by the addressee, by a clerk
or by the exchange, never by the sender.
Read in this order: events, state, admit, evolve.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import ContractId, ExitName
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    PredecessorUnknown,
    must_stand_under,
    not_in_future,
    require_known,
    require_new,
)
from ledger.domain.core.remedy import Step, listed, naming
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, Sha256, of_kind
from ledger.domain.parties.party import party_of
from ledger.domain.parties.signature_refusals import WrongSigner

KIND = "notice"

NoticeId = Annotated[str, of_kind(KIND)]


class NoticeServed(Body):
    """A party sent another a notice; only its receipt makes it work."""

    TOPIC: ClassVar[str] = "notice.served/1"
    TITLE = "Notice served"
    TITLE_VI = "Gửi thông báo"
    SUBJECTS = "notice contract served_by served_on"
    SIGNERS = "served_by"
    OPPOSED = "served_by~served_on"

    notice: NoticeId
    """Id of the notice, which is new."""
    contract: ContractId
    """The contract that it is given under."""
    matter: Literal["termination", "breach", "suspension", "renewal", "other"]
    """What it is about; it works for that alone (Civil Code art. 428(2))."""
    served_by: PartyId
    """The party that gives it, and signs."""
    served_on: PartyId
    """The party that it is for, another than that."""
    sent_on: Day
    """Legal day on which it was sent, not one to come."""
    text_sha256: Sha256
    """SHA-256 of its text."""
    exit: ExitName | None = None
    """Which of the agreed exits it takes, or will take if what it blames is not cured: of
    `termination` and `breach` alone. Null or absent: by none."""

    @model_validator(mode="after")
    def _that_ends(self) -> "NoticeServed":
        if self.exit is not None and self.matter not in ("termination", "breach"):
            raise ValueError(
                "only a notice of termination or breach names an exit: "
                f"{self.exit} stands in one of {self.matter}"
            )
        return self


class NoticeReceived(Body):
    """The addressee, a clerk or the exchange says when a notice had arrived."""

    TOPIC: ClassVar[str] = "notice.received/1"
    TITLE = "Notice received"
    TITLE_VI = "Nhận thông báo"
    SUBJECTS = "notice contract confirmed_by"
    SIGNERS = "confirmed_by"

    notice: NoticeId
    """The notice that arrived."""
    contract: ContractId
    """The contract that it was given under."""
    received_on: Day
    """Legal day on which it arrived, by which it works (Civil Code art. 428(3)): not before it
    was sent, and not one to come."""
    confirmed_by: PartyId
    """Who says so and signs: the addressee, a clerk or the operator, never the sender."""
    evidence_sha256: Sha256 | None
    """SHA-256 of what shows it, such as a postal receipt; null: there is none."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice: by whom, to whom, about which contract, and when it arrived, if it has."""

    position: int
    contract: str
    matter: str
    served_by: str
    served_on: str
    sent_on: date
    exit: str | None = None
    received_on: date | None = None


@admits(NoticeServed)
def _admit_served(body: NoticeServed, state: State, context: Context) -> None:
    """Refuse a notice between others than the parties, or sent in the future."""
    require_new(state, body.notice)
    contract = require_known(state, body.contract, Contract)
    strangers = {body.served_by, body.served_on} - contract.parties
    if strangers or body.served_by == body.served_on:
        raise WrongSigner(
            "a party gives notice to another",
            positions=(contract.position,),
            subjects=strangers,
            step=Step(
                {"why": listed(contract.parties)},
                ask=("/body/served_by", "/body/served_on"),
            ),
        )
    not_in_future(context.accepted, sent_on=body.sent_on)


@admits(NoticeReceived)
def _admit_received(body: NoticeReceived, state: State, context: Context) -> None:
    """Refuse the sender's own word that its notice arrived, and a day before it was sent."""
    notice = require_known(state, body.notice, Notice)
    must_stand_under(body.contract, body.notice, notice)
    if body.confirmed_by != notice.served_on:
        roles = party_of(state, body.confirmed_by).roles
        if roles.isdisjoint({"clerk", "operator"}):
            raise WrongSigner(
                f"{body.confirmed_by} is neither the addressee nor a clerk of the exchange",
                positions=(notice.position,),
                subjects=(body.confirmed_by,),
                step=naming("/body/confirmed_by", notice.served_on),
            )
    not_in_future(context.accepted, received_on=body.received_on)
    if body.received_on < notice.sent_on:
        raise PredecessorUnknown(
            f"it was sent on {notice.sent_on}",
            positions=(notice.position,),
            pointer="/body/received_on",
            step=Step(
                {"day": notice.sent_on},
                case="sent",
                change={"/body/received_on": notice.sent_on.isoformat()},
            ),
        )


@evolves(KIND, NoticeServed)
def _evolve_served(body: NoticeServed, logged: Logged) -> Notice:
    return Notice(
        logged.position,
        body.contract,
        body.matter,
        body.served_by,
        body.served_on,
        body.sent_on,
        body.exit,
    )


@evolves("contract", NoticeServed)
def _evolve_notified(body: NoticeServed, _logged: Logged, value: Contract) -> Contract:
    return replace(value, notices=(*value.notices, body.notice))


@evolves(KIND, NoticeReceived)
def _evolve_received(body: NoticeReceived, _logged: Logged, value: Notice) -> Notice:
    """Return the notice with the first day on which it is said to have arrived."""
    days = [day for day in (value.received_on, body.received_on) if day is not None]
    return replace(value, received_on=min(days))
