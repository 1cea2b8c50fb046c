"""
What a notice has to be for somebody to act alone by it: theirs, about this, and received by then.

It works for what it said, when the other side receives it (Civil Code art. 428): of several there
each who does not sign receives one.
Refusals come in the order in which they are defined here.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.notice import Notice, NoticeReceived, NoticeServed
from ledger.domain.core.body import State
from ledger.domain.core.existence import require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Phrase, Step, listed
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.backdating import Since

OF_AN_END = frozenset({"termination"})
OF_BREACH = frozenset({"breach"})
OF_SUSPENSION = frozenset({"suspension"})


class NoticeMatter(Refusal):
    """A notice works for what it said: the same matter and, of an end, the same exit."""

    code = "NOTICE_MATTER"
    members = ("notice",)
    title_vi = "Thông báo nói về việc khác, không dùng được cho việc này"
    article = "Bộ luật Dân sự, Điều 428(2)"


class TerminationNotReceived(Refusal):
    """A party alone ends or suspends a contract by notice, from its receipt on at the earliest."""

    code = "TERMINATION_NOT_RECEIVED"
    title_vi = "Hợp đồng chỉ chấm dứt từ khi bên kia nhận được thông báo chấm dứt"
    article = "Bộ luật Dân sự, Điều 428(3)"


@dataclass(frozen=True, slots=True)
class Alone:
    """Who acts alone under a contract: by which notice, from when on, by which exit.

    `signing` are the parties that act or sign with those who do, and so need no notice.
    """

    contract: str
    acting: frozenset[str]
    signing: frozenset[str]
    notice: str | None
    since: Since
    exit: str | None = None


def must_be_noticed(
    state: State, contract: Contract, alone: Alone, matters: frozenset[str]
) -> Notice:
    """Return the notice by which somebody acts alone, if it is one of these matters.

    Where it went to one of several, others told the rest: the one that arrived last is returned.
    """
    if alone.notice is None:
        raise TerminationNotReceived(
            "without the others' consent it takes a notice",
            positions=(contract.position,),
            subjects=(alone.contract,),
            pointer="/body/notice",
            step=_serving(contract, alone, matters),
        )
    notice = require_known(state, alone.notice, Notice)
    if notice.contract != alone.contract or notice.served_by not in alone.acting:
        acting = listed(alone.acting)
        own = Phrase(
            f"a notice by {acting} under {alone.contract}",
            f"thông báo của {acting} theo {alone.contract}",
        )
        raise WrongSigner(
            f"{alone.notice} was served by {notice.served_by} under {notice.contract}",
            positions=(notice.position,),
            pointer="/body/notice",
            step=Step({"what": own}, case="notice", ask=(HERE,)),
        )
    _must_have_gone_to_the_other_side(contract, notice, alone, matters)
    if notice.matter not in matters or alone.exit != notice.exit:
        wanted = " or ".join(sorted(matters))
        named = f"exit {alone.exit}" if alone.exit else "no exit"
        served = {"contract": alone.contract, "exit": alone.exit}
        raise NoticeMatter(
            f"{alone.notice} is of {notice.matter}, exit {notice.exit or 'none'}; this takes one of"
            f" {wanted} that names {named}",
            positions=(notice.position,),
            subjects=(alone.contract, alone.notice),
            step=Step(
                {"matter": listed(matters)},
                first=(
                    Other(NoticeServed.TOPIC, served),
                    Other(NoticeReceived.TOPIC, {"contract": alone.contract}),
                ),
                ask=("/body/notice",),
            ),
        )
    _must_have_arrived(notice, alone)
    others = sorted(_facing(contract, *alone.acting) - alone.signing - {notice.served_on})
    theirs = (_other_notice(state, contract, notice, alone, other) for other in others)
    return max((notice, *theirs), key=_arrival)


def _arrival(notice: Notice) -> date:
    return notice.received_on or date.max


def _other_notice(
    state: State, contract: Contract, notice: Notice, alone: Alone, other: str
) -> Notice:
    """Return the notice of the same that reached another of the other side first, if by then."""
    served = [require_known(state, name, Notice) for name in contract.notices]
    served = [
        each
        for each in served
        if (each.served_on, each.matter, each.exit) == (other, notice.matter, notice.exit)
        and each.served_by in alone.acting
        and _arrival(each) <= alone.since.day
    ]
    if not served:
        raise TerminationNotReceived(
            f"{alone.notice} went to {notice.served_on}; {other} has received none by"
            f" {alone.since.day}",
            positions=(notice.position,),
            subjects=(alone.contract, str(alone.notice), other),
            pointer="/body/notice",
            step=_serving(contract, alone, {notice.matter}, other),
        )
    return min(served, key=_arrival)


def _must_have_gone_to_the_other_side(
    contract: Contract, notice: Notice, alone: Alone, matters: frozenset[str]
) -> None:
    """Refuse a notice that went to a holder of one's own side, as one licensor to another."""
    facing = _facing(contract, notice.served_by)
    if facing and notice.served_on not in facing:
        raise TerminationNotReceived(
            f"{alone.notice} went to {notice.served_on}, not to {', '.join(sorted(facing))}",
            positions=(notice.position,),
            subjects=(alone.contract, str(alone.notice)),
            pointer="/body/notice",
            step=_serving(contract, alone, matters),
        )


def _facing(contract: Contract, *parties: str) -> set[str]:
    """Return the other side of the grants by or to some parties."""
    grants = contract.grants.values()
    facing = {grant.licensee for grant in grants if grant.licensor in parties}
    return facing.union(grant.licensor for grant in grants if grant.licensee in parties)


def _must_have_arrived(notice: Notice, alone: Alone) -> None:
    subject, received = str(alone.notice), notice.received_on
    if received is None:
        said = {"contract": alone.contract, "notice": subject, "confirmed_by": notice.served_on}
        told = "its receipt is not recorded"
        step = Step(
            {"who": notice.served_on},
            case="unrecorded",
            first=(Other(NoticeReceived.TOPIC, said),),
        )
    elif alone.since.day < received:
        told = f"received on {received}"
        day = {alone.since.pointer: received.isoformat()}
        step = Step({"day": received}, case="early", change=day)
    else:
        return
    raise TerminationNotReceived(
        f"{subject} was sent on {notice.sent_on} and {told}",
        positions=(notice.position,),
        subjects=(alone.contract, subject),
        pointer="/body/notice",
        step=step,
    )


def _serving(
    contract: Contract, alone: Alone, matters: Collection[str], other: str | None = None
) -> Step:
    """Return the step of serving a notice to the other side, and of naming it once it arrived.

    One that reaches an `other` beside the one named is not named itself.
    """
    by, matter = min(alone.acting), max(matters)
    facing = other or min(_facing(contract, by) or contract.parties - {by})
    served = {
        "contract": alone.contract,
        "matter": matter,
        "served_by": by,
        "served_on": facing,
        "exit": alone.exit,
    }
    received = Other(NoticeReceived.TOPIC, {"contract": alone.contract})
    return Step(
        {"who": facing, "matter": matter},
        case=None if other is None else "other",
        first=(Other(NoticeServed.TOPIC, served), received),
        ask=() if other else ("/body/notice",),
    )
