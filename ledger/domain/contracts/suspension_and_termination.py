"""
How a contract rests and how it ends before its term.

A party ends it alone by an exit that was agreed, or for a serious breach; it ends or suspends it by
a notice of that, which works when the other side receives it (Civil Code art. 428). What ends
grants names the rights and technologies that they are on.
Refusals come in the order in which they are defined here, BACKDATED behind who may end it.
Read in this order: events, refusals, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import ClassVar, Literal

from pydantic import model_validator

from ledger.domain.contracts.amendment import must_be_all
from ledger.domain.contracts.changing import must_name
from ledger.domain.contracts.contract import (
    KIND,
    Contract,
    ContractEnded,
    Suspension,
    concluding,
    must_not_have_ended,
)
from ledger.domain.contracts.contract_terms import (
    Confirmation,
    ContractId,
    Exit,
    ExitName,
    ObjectIds,
    reason_of,
)
from ledger.domain.contracts.losing import (
    Losing,
    PastAct,
    losing_by,
    must_be_confirmed_by_all,
    must_take_nothing,
)
from ledger.domain.contracts.notice import Notice, NoticeId
from ledger.domain.contracts.noticed import (
    OF_AN_END,
    OF_BREACH,
    OF_SUSPENSION,
    Alone,
    must_be_noticed,
)
from ledger.domain.contracts.sublicence import sublicences_below
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import PredecessorUnknown, require_days, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import NONE, Step, leaving_out, listed
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyIds, Text, legal_day
from ledger.domain.parties.party import standing_for, strangers_to
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.backdating import Backdated, Since
from ledger.domain.rights.estate import E, ended_from


class ContractSuspended(Body):
    """The parties, or one of them by notice, suspend the contract in the days [from, to)."""

    TOPIC: ClassVar[str] = "contract.suspended/1"
    TITLE = "Contract suspended"
    TITLE_VI = "Tạm ngừng thực hiện hợp đồng"
    SUBJECTS = "contract suspended_by/* notice"
    SIGNERS = "suspended_by/*"

    contract: ContractId
    """The contract that is suspended."""
    suspended_by: PartyIds
    """Who suspends it and signs: all parties, or some by a notice."""
    notice: NoticeId | None
    """The notice of suspension that was received by the first day; null where all parties
    sign."""
    suspended_from: Day
    """First legal day on which it rests."""
    suspended_to: Day | None
    """It rests no more from this legal day on; null: until it is resumed."""
    reason: Text
    """Why, in words."""

    def reads(self, state: State) -> Iterable[str]:
        """Return the notices by which the others were told."""
        return _notices_under(state, self.contract, self.notice)


class ContractResumed(Body):
    """Those who suspended the contract, or all parties, let it run again."""

    TOPIC: ClassVar[str] = "contract.resumed/1"
    TITLE = "Contract resumed"
    TITLE_VI = "Tiếp tục thực hiện hợp đồng"
    SUBJECTS = "contract resumed_by/*"
    SIGNERS = "resumed_by/*"

    contract: ContractId
    """The contract, which is suspended."""
    resumed_by: PartyIds
    """Those who suspended it, or all parties; they sign."""
    resumed_on: Day
    """Legal day from which it runs again."""


class ContractTerminated(Body):
    """The contract ends before its term, or a later end: by consent, an exit, for a serious breach.

    Anyone who ends it alone does so by a notice that the other side has received.
    """

    TOPIC: ClassVar[str] = "contract.terminated/1"
    TITLE = "Contract terminated"
    TITLE_VI = "Chấm dứt hợp đồng"
    SUBJECTS = "contract terminated_by/* rights/* notice"
    SIGNERS = "terminated_by/*"
    OPPOSED = "terminated_by/*?ground=consent"

    contract: ContractId
    """The contract that ends."""
    ground: Literal["consent", "exit", "serious_breach"]
    """`consent` of all parties, an `exit` that was agreed, or a `serious_breach` by the other
    side (Civil Code art. 428)."""
    terminated_by: PartyIds
    """Who ends it and signs: by `consent` all parties; where it `confirms` an end in the past,
    also licensees of sublicences and who shares in its revenue."""
    notice: NoticeId | None
    """The notice of termination or breach that told the other side, received by then; null
    where it ends by `consent`."""
    terminated_on: Day
    """First legal day on which it is over: sooner than its end as it stands, and after the days
    that the exit gives."""
    rights: ObjectIds
    """Exactly the rights and technologies that its grants are on."""
    exit: ExitName | None = None
    """The exit taken, by its name in the contract: of the ground `exit` alone, else null or
    absent."""
    confirms: Confirmation | None = None
    """Why all end it only now from a day that is past; null or absent: it ends today or
    later."""

    @model_validator(mode="after")
    def _by_one_way(self) -> "ContractTerminated":
        if (self.exit is not None) != (self.ground == "exit"):
            raise ValueError(
                "an exit is named where the ground is one, and nowhere else: "
                f"ground {self.ground}, exit {self.exit or 'null'}"
            )
        return self

    def reads(self, state: State) -> Iterable[str]:
        """Return the notices, and what gave others a right that an end in the past takes."""
        yield from _notices_under(state, self.contract, self.notice)
        contract = state.get(self.contract)
        if self.confirms is not None and isinstance(contract, Contract):
            yield from sublicences_below(state, self.contract)
            yield from contract.shares.values()


def _notices_under(state: State, subject: str, notice: str | None) -> Iterable[str]:
    contract = state.get(subject)
    return () if notice is None or not isinstance(contract, Contract) else contract.notices


def _and_notice(named: Iterable[str], notice: str | None) -> frozenset[str]:
    return frozenset(named).union(() if notice is None else (notice,))


class ExitMissing(Refusal):
    """A contract is ended alone only by an exit that was agreed, by a party that it lets out."""

    code = "EXIT_MISSING"
    members = ("exit",)
    title_vi = "Hợp đồng không có thỏa thuận cho phép bên này đơn phương chấm dứt như vậy"
    article = "Bộ luật Dân sự, Điều 428(1)"


class NoticeTooShort(Refusal):
    """The days agreed between the receipt of a notice and its effect have not passed."""

    code = "NOTICE_TOO_SHORT"
    members = ("terminated_on",)
    title_vi = "Chưa hết thời hạn báo trước đã thỏa thuận"


class CureRunning(Refusal):
    """The days agreed for the other side to cure what it is blamed for have not passed."""

    code = "CURE_RUNNING"
    members = ("terminated_on",)
    title_vi = "Chưa hết thời hạn khắc phục đã thỏa thuận"


@admits(ContractSuspended)
def _admit_suspended(body: ContractSuspended, state: State, context: Context) -> None:
    """Refuse to suspend alone without a notice received, or from a day before its receipt."""
    contract = require_known(state, body.contract, Contract)
    must_not_have_ended(body.contract, contract, context, "again")
    require_days(body.suspended_from, body.suspended_to, "/body/suspended_to")
    if frozenset(body.suspended_by) != contract.parties:
        alone = Alone(
            body.contract,
            frozenset(body.suspended_by),
            frozenset(body.suspended_by),
            body.notice,
            Since(body.suspended_from, "/body/suspended_from"),
        )
        must_be_noticed(state, contract, alone, OF_SUSPENSION)


@admits(ContractResumed)
def _admit_resumed(body: ContractResumed, state: State, context: Context) -> None:
    """Refuse to resume what is not suspended, or by others than those who suspended it."""
    contract = require_known(state, body.contract, Contract)
    must_not_have_ended(body.contract, contract, context)
    if contract.suspended is None:
        raise PredecessorUnknown(
            f"{body.contract} is not suspended",
            positions=(contract.position,),
            pointer="/body/contract",
            step=Step(case="done"),
        )
    by = frozenset(body.resumed_by)
    if by not in (contract.parties, contract.suspended.by):
        raise WrongSigner(
            "those who suspended it resume it, or all parties",
            positions=(contract.suspended.position,),
            subjects=by ^ contract.suspended.by,
            step=Step(
                {"who": ", ".join(sorted(contract.suspended.by))},
                case="named",
                change={"/body/resumed_by": sorted(contract.suspended.by)},
            ),
        )


@admits(ContractTerminated)
def _admit_terminated(body: ContractTerminated, state: State, context: Context) -> None:
    """Refuse an end that was not agreed, or told of, before its days are over, or too far back."""
    contract = require_known(state, body.contract, Contract)
    must_not_have_ended(body.contract, contract, context, "again")
    _must_end_sooner(body, contract)
    must_name(body.rights, contract.objects(), contract)
    signing = standing_for(state, body.terminated_by)
    ending = contract.parties & signing
    if body.ground == "consent":
        acting = {*body.terminated_by} - strangers_to(state, body.terminated_by, contract.parties)
        must_be_all(state, contract, acting, "terminated_by")

    end = PastAct(
        subject=body.contract,
        contract=contract,
        since=Since(body.terminated_on, "/body/terminated_on", frees=True),
        place="/body/terminated_on",
        reason=reason_of(body.confirms),
        member="/body/terminated_by",
        joined=body.terminated_by,
        signing=signing,
    )

    @cache
    def losing() -> Losing:
        return Losing() if body.confirms is None else losing_by(state, end, context)

    with if_opened(context, WrongSigner):
        _must_be_theirs(state, contract, body, losing())
    taken = None if body.exit is None else _exit_taken(contract, body, ending)
    if body.terminated_on < legal_day(context.accepted):
        with if_opened(context, Backdated):
            must_be_confirmed_by_all(end, losing(), context)
        must_take_nothing(state, end, body.rights, context)
    if taken is not None:
        matters = OF_AN_END | (OF_BREACH if taken.ground == "breach" else frozenset())
        alone = _alone(body, ending, ending.intersection(taken.who))
        notice = must_be_noticed(state, contract, alone, matters)
        _must_be_over(contract, notice, body, taken.notice_days, NoticeTooShort)
        _must_be_over(contract, notice, body, taken.cure_days, CureRunning)
    elif body.ground == "serious_breach":
        must_be_noticed(state, contract, _alone(body, ending, ending), OF_BREACH)


def _must_end_sooner(body: ContractTerminated, contract: Contract) -> None:
    """Refuse an end that would come when the contract is over: it moves none that is set."""
    if contract.over_from is not None and contract.over_from <= body.terminated_on:
        raise ContractEnded(
            f"{body.contract} is over from {contract.over_from} already, and"
            f" {body.terminated_on} is no earlier",
            positions=(contract.position if contract.ended_by is None else contract.ended_by,),
            subjects=(body.contract,),
            pointer="/body/terminated_on",
            step=Step(
                {"end": contract.over_from}, case="set", instead=concluding(contract.parties)
            ),
        )


def _alone(body: ContractTerminated, ending: frozenset[str], acting: frozenset[str]) -> Alone:
    since = Since(body.terminated_on, "/body/terminated_on")
    return Alone(body.contract, acting, ending, body.notice, since, body.exit)


def _must_be_theirs(
    state: State, contract: Contract, body: ContractTerminated, losing: Losing
) -> None:
    """Refuse anyone who signs what is not theirs to end."""
    theirs = contract.parties | losing.named | losing.sealed
    strangers = strangers_to(state, body.terminated_by, theirs)
    if strangers:
        raise WrongSigner(
            "the parties end it and, where it `confirms` an end in the past, those who lose by it",
            positions=(contract.position,),
            subjects=strangers,
            step=leaving_out("/body/terminated_by", body.terminated_by, strangers),
        )


def _exit_taken(contract: Contract, body: ContractTerminated, ending: frozenset[str]) -> Exit:
    """Return the exit, or raise `ExitMissing`, which names those that were agreed."""
    agreed = {each.exit: each for each in contract.terms_on(body.terminated_on).exits}
    taken = agreed.get(str(body.exit))
    if taken is not None and ending.intersection(taken.who):
        return taken
    told = (f"{each.exit} ({each.ground}) for {', '.join(each.who)}" for each in agreed.values())
    raise ExitMissing(
        f"{body.contract} lets {', '.join(sorted(ending))} out by no exit {body.exit} on"
        f" {body.terminated_on}; agreed: {'; '.join(told) or 'none'}. All may end it by consent",
        positions=(contract.position, *(each.position for each in contract.changes)),
        step=Step(
            {"agreed": listed(agreed) or NONE},
            change={
                "/body/ground": "consent",
                "/body/exit": None,
                "/body/terminated_by": sorted(contract.parties),
            },
        ),
    )


def _must_be_over(
    contract: Contract,
    notice: Notice,
    body: ContractTerminated,
    days: int | None,
    refusal: type[NoticeTooShort | CureRunning],
) -> None:
    """Refuse an end while days that run from the receipt of its notice are not over.

    The day of receipt is not counted, and the last of them ends at 24:00 (Civil Code art. 147-148).
    """
    assert notice.received_on is not None, "it was seen to be received"
    first = notice.received_on + timedelta(days=days + 1 if days else 0)
    if body.terminated_on < first:
        raise refusal(
            f"{days} days run after {notice.received_on}: it ends on {first} at the earliest",
            positions=(contract.position, notice.position),
            subjects=(body.contract, str(body.notice)),
            step=Step({"day": first}, change={"/body/terminated_on": first.isoformat()}),
        )


@evolves(KIND, ContractSuspended)
def _evolve_suspended(body: ContractSuspended, logged: Logged, value: Contract) -> Contract:
    return replace(
        value,
        suspended=Suspension(
            logged.position,
            frozenset(body.suspended_by),
            body.suspended_from,
            body.suspended_to,
        ),
    )


@evolves(KIND, ContractResumed)
def _evolve_resumed(_body: ContractResumed, _logged: Logged, value: Contract) -> Contract:
    return replace(value, suspended=None)


@evolves(KIND, ContractTerminated)
def _evolve_terminated(body: ContractTerminated, logged: Logged, value: Contract) -> Contract:
    return replace(value, ended=body.terminated_on, ended_by=logged.position)


@evolves("right", ContractTerminated)
@evolves("technology", ContractTerminated)
def _evolve_freed(body: ContractTerminated, _logged: Logged, value: E) -> E:
    refs = {held.ref for held in value.grants.of(body.contract)}
    return ended_from(value, refs, body.terminated_on)
