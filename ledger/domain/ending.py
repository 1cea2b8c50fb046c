"""
How a contract rests and how it ends before its term.

A party that ends or suspends it alone does so by notice, which works when the other side receives
it (Civil Code art. 428(3)). What ends grants names the rights that they are on.
Read in this order: events, refusals, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, timedelta
from typing import Annotated, ClassVar, Literal

from ledger.domain.amendment import must_be_all, must_name
from ledger.domain.authority import WrongSigner
from ledger.domain.contract import KIND, Contract, Suspension, must_run
from ledger.domain.contract_terms import ContractId
from ledger.domain.event import (
    DISTINCT,
    FROM_LIST,
    Admits,
    Body,
    Context,
    Day,
    Event,
    Evolves,
    Logged,
    PartyIds,
    Refusal,
    RightId,
    State,
    Text,
)
from ledger.domain.existence import PredecessorUnknown, interval, known
from ledger.domain.notice import Notice, NoticeId
from ledger.domain.right import Right, ended_from

Rights = Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]


class ContractSuspended(Body):
    """The parties, or one of them by notice, suspend the contract in the days [from, to)."""

    TOPIC: ClassVar[str] = "contract.suspended/1"

    contract: ContractId
    suspended_by: PartyIds
    notice: NoticeId | None
    suspended_from: Day
    suspended_to: Day | None
    reason: Text

    def subjects(self) -> frozenset[str]:
        """Return the contract, who suspends it and by which notice."""
        return _and_notice((self.contract, *self.suspended_by), self.notice)


class ContractResumed(Body):
    """Those who suspended the contract, or all parties, let it run again."""

    TOPIC: ClassVar[str] = "contract.resumed/1"

    contract: ContractId
    resumed_by: PartyIds
    resumed_on: Day

    def subjects(self) -> frozenset[str]:
        """Return the contract and who resumes it."""
        return frozenset((self.contract, *self.resumed_by))


class ContractTerminated(Body):
    """The contract ends before its term: by consent of all, or by one party's notice."""

    TOPIC: ClassVar[str] = "contract.terminated/1"

    contract: ContractId
    ground: Literal["consent", "breach", "convenience"]
    terminated_by: PartyIds
    notice: NoticeId | None
    terminated_on: Day
    rights: Rights

    def subjects(self) -> frozenset[str]:
        """Return the contract, who ends it, by which notice, and the rights that become free."""
        return _and_notice((self.contract, *self.terminated_by, *self.rights), self.notice)


def _and_notice(named: Iterable[str], notice: str | None) -> frozenset[str]:
    return frozenset(named).union(() if notice is None else (notice,))


class TerminationNotReceived(Refusal):
    """A party alone ends or suspends a contract by notice, from its receipt on at the earliest."""

    code = "TERMINATION_NOT_RECEIVED"
    title_vi = "Hợp đồng chỉ chấm dứt từ khi bên kia nhận được thông báo chấm dứt"
    article = "Bộ luật Dân sự, Điều 428(3)"
    remedy = "notice.received/1"


class NoticeTooShort(Refusal):
    """The days agreed between the receipt of a notice and its effect have not passed."""

    code = "NOTICE_TOO_SHORT"
    title_vi = "Chưa hết thời hạn báo trước hoặc thời hạn khắc phục đã thỏa thuận"


def _admit_suspended(state: State, event: Event, context: Context) -> None:
    """Refuse to suspend alone without a notice received, or from a day before its receipt."""
    body = event.body
    assert isinstance(body, ContractSuspended)
    contract = known(state, body.contract, Contract)
    must_run(body.contract, contract, context)
    interval(body.suspended_from, body.suspended_to, "/body/suspended_to")
    if frozenset(body.suspended_by) != contract.parties:
        _must_be_noticed(state, contract, body, body.suspended_by, body.suspended_from, 0)


def _admit_resumed(state: State, event: Event, context: Context) -> None:
    """Refuse to resume what is not suspended, or by others than those who suspended it."""
    body = event.body
    assert isinstance(body, ContractResumed)
    contract = known(state, body.contract, Contract)
    must_run(body.contract, contract, context)
    if contract.suspended is None:
        raise PredecessorUnknown(
            f"{body.contract} is not suspended",
            positions=(contract.position,),
            pointer="/body/contract",
        )
    by = frozenset(body.resumed_by)
    if by not in (contract.parties, contract.suspended.by):
        raise WrongSigner(
            "those who suspended it resume it, or all parties",
            positions=(contract.suspended.position,),
            subjects=by ^ contract.suspended.by,
        )


def _admit_terminated(state: State, event: Event, context: Context) -> None:
    """Refuse an end without consent of all or a notice received, or before its days are over."""
    body = event.body
    assert isinstance(body, ContractTerminated)
    contract = known(state, body.contract, Contract)
    must_run(body.contract, contract, context)
    must_name(body.rights, contract.rights(), contract)
    if body.ground == "consent":
        must_be_all(contract, body.terminated_by)
        return
    terms = contract.terms_on(body.terminated_on)
    days = terms.cure_days if body.ground == "breach" else terms.notice_days
    _must_be_noticed(state, contract, body, body.terminated_by, body.terminated_on, days or 0)


def _must_be_noticed(
    state: State,
    contract: Contract,
    body: ContractTerminated | ContractSuspended,
    acting: Iterable[str],
    day: date,
    days: int,
) -> None:
    if body.notice is None:
        raise TerminationNotReceived(
            "without the others' consent it takes a notice",
            positions=(contract.position,),
            subjects=(body.contract,),
        )
    notice = known(state, body.notice, Notice)
    if notice.contract != body.contract or notice.served_by not in acting:
        raise WrongSigner(
            f"{body.notice} was served by {notice.served_by} under {notice.contract}",
            positions=(notice.position,),
            pointer="/body/notice",
        )
    if notice.received_on is None or day < notice.received_on:
        raise TerminationNotReceived(
            f"{body.notice} was sent on {notice.sent_on} and "
            + (
                "its receipt is not recorded"
                if notice.received_on is None
                else f"received on {notice.received_on}"
            ),
            positions=(notice.position,),
            subjects=(body.contract, body.notice),
        )
    if day < notice.received_on + timedelta(days=days):
        raise NoticeTooShort(
            f"{days} days run from {notice.received_on}",
            positions=(contract.position, notice.position),
            subjects=(body.contract, body.notice),
        )


def _evolve_suspended(subject: str, value: Contract, logged: Logged) -> Contract:
    del subject
    body = logged.event.body
    assert isinstance(body, ContractSuspended)
    return replace(
        value,
        suspended=Suspension(
            logged.position,
            frozenset(body.suspended_by),
            body.suspended_from,
            body.suspended_to,
        ),
    )


def _evolve_resumed(subject: str, value: Contract, logged: Logged) -> Contract:
    del subject, logged
    return replace(value, suspended=None)


def _evolve_terminated(subject: str, value: Contract, logged: Logged) -> Contract:
    del subject
    body = logged.event.body
    assert isinstance(body, ContractTerminated)
    return replace(value, ended=body.terminated_on, ended_by=logged.position)


def _evolve_right_terminated(subject: str, value: Right, logged: Logged) -> Right:
    del subject
    body = logged.event.body
    assert isinstance(body, ContractTerminated)
    refs = {held.ref for held in value.grants.of(body.contract)}
    return ended_from(value, refs, body.terminated_on)


BODIES: tuple[type[Body], ...] = (ContractSuspended, ContractResumed, ContractTerminated)
ADMITS: Admits = {
    ContractSuspended: _admit_suspended,
    ContractResumed: _admit_resumed,
    ContractTerminated: _admit_terminated,
}
EVOLVES: Evolves = {
    (KIND, ContractSuspended): _evolve_suspended,
    (KIND, ContractResumed): _evolve_resumed,
    (KIND, ContractTerminated): _evolve_terminated,
    ("right", ContractTerminated): _evolve_right_terminated,
}
