"""
Who loses by a contract that ends as of a day that is past, and how all of them confirm it.

It may end so by an event that ends it, or by a change of its term: it takes the same from the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ledger.domain.backdating import Backdated, Since, must_not_reach_back
from ledger.domain.contract import Contract
from ledger.domain.event import Context, Sealed, State, legal_day
from ledger.domain.existence import known
from ledger.domain.order import kind_of
from ledger.domain.remedy import Step, joining
from ledger.domain.right import Right
from ledger.domain.share import Share, beneficiaries_of
from ledger.domain.sublicence import licensees_of, sublicences_below


@dataclass(frozen=True, slots=True)
class PastEnd:
    """An end of a contract before its recording: since when, why told so late, who signs.

    `place` is where the payload says it, `since.pointer` where it would say another day.
    `member` is where those who lose by it would stand, beside those who are `joined` there.
    """

    subject: str
    contract: Contract
    since: Since
    place: str
    reason: str | None
    member: str
    joined: tuple[str, ...]
    signing: frozenset[str]


@dataclass(frozen=True, slots=True)
class Losing:
    """Who is no party and would lose by an end in the past; of sealed parts, nobody is told who."""

    named: frozenset[str] = frozenset()
    sealed: frozenset[str] = frozenset()


def losing_by(state: State, end: PastEnd, context: Context) -> Losing:
    """Return who would lose by an end in the past.

    These are licensees of sublicences, and those who agreed on sharing what it makes due, or are
    named for a part of it.
    """
    contract, below = end.contract, sublicences_below(state, end.subject)
    named = {*licensees_of(state, below, end.since.day)}
    hidden = set[str]()
    for name in contract.shares.values():
        share = known(state, name, Share)
        if share.superseded is None and not share.voided:
            named |= share.agreed_by
            into = hidden if isinstance(share.parts, Sealed) else named
            into |= beneficiaries_of(name, share, context, "/body/contract")
    return Losing(frozenset(named - contract.parties), frozenset(hidden - named))


def must_be_confirmed_by_all(end: PastEnd, losing: Losing, context: Context) -> None:
    """Refuse an end before its recording unless all confirm it, for a reason."""
    absent = end.contract.parties.union(losing.named).difference(end.signing)
    if end.reason is None:
        today = legal_day(context.accepted).isoformat()
        step = Step({"today": today}, case="end", change={end.since.pointer: today})
        told = (
            "all parties, licensees below it and who shares in what it makes due confirm that"
            " (`confirms`), or it ends today"
        )
    elif absent:
        step = joining(end.member, end.joined, absent, "unconfirmed")
        told = f"{', '.join(sorted(absent))} would have to confirm that too"
    elif losing.sealed.difference(end.signing):
        step, told = Step(case="sealed"), "who has a sealed part would have to confirm that too"
    else:
        return
    raise Backdated(
        f"it would end on {end.since.day}, before it is recorded: {told}",
        positions=(end.contract.position,),
        subjects=(end.subject, *absent),
        pointer=end.place,
        step=step,
    )


def must_take_nothing(state: State, end: PastEnd, objects: Iterable[str], context: Context) -> None:
    """Refuse an end before its recording that takes from who got a right meanwhile."""
    for right in (each for each in objects if kind_of(each) == "right"):
        must_not_reach_back(
            right,
            known(state, right, Right),
            end.since,
            signers=end.signing,
            context=context,
            reason=end.reason,
        )
