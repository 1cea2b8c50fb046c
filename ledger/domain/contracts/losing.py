"""
Who loses by what is done to a contract as of a day that is past, and how all of them confirm it.

It may end so by an event that ends it, or by a change of its term: it takes the same from the same.
Who shares in what it makes due loses by less of that, too.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from ledger.domain.contracts.agreed_share import Share, beneficiaries_of
from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import Changes, Grant, Terms, changed
from ledger.domain.contracts.granting import box_of
from ledger.domain.contracts.royalty import Royalty
from ledger.domain.contracts.sublicence import licensees_of, sublicences_below
from ledger.domain.core.body import State
from ledger.domain.core.context import Context, recall, reveal
from ledger.domain.core.court_order import kind_of
from ledger.domain.core.existence import require_known
from ledger.domain.core.money import Money, ppm
from ledger.domain.core.remedy import Step, joining
from ledger.domain.core.scope import Box
from ledger.domain.core.types import Sealed, legal_day
from ledger.domain.rights.backdating import Backdated, Since, must_not_reach_back
from ledger.domain.rights.right import Right


@dataclass(frozen=True, slots=True)
class PastAct:
    """What is done to a contract before its recording: since when, why told so late, who signs.

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
    does: str = "end on"


@dataclass(frozen=True, slots=True)
class Losing:
    """Who is no party and would lose by an act in the past; of sealed parts, nobody is told who."""

    named: frozenset[str] = frozenset()
    sealed: frozenset[str] = frozenset()


def losing_by(state: State, end: PastAct, context: Context) -> Losing:
    """Return who would lose by an end in the past: licensees of sublicences, and who shares."""
    below = sublicences_below(state, end.subject)
    return _losing(state, end.contract, licensees_of(state, below, end.since.day), context)


def sharing_in(state: State, contract: Contract, context: Context) -> Losing:
    """Return who agreed on sharing what a contract makes due, or is named for a part of it."""
    return _losing(state, contract, (), context)


def _losing(state: State, contract: Contract, licensees: Iterable[str], context: Context) -> Losing:
    named, hidden = {*licensees}, set[str]()
    for name in contract.shares.values():
        share = require_known(state, name, Share)
        if share.superseded is None and not share.voided:
            named |= share.agreed_by
            into = hidden if isinstance(share.parts, Sealed) else named
            into |= beneficiaries_of(name, share, context, "/body/contract")
    return Losing(frozenset(named - contract.parties), frozenset(hidden - named))


def takes_from_shares(act: PastAct, changes: Changes, context: Context) -> bool:
    """Whether changes as of a day that is past may leave less to share of what was due by today.

    They do not if they only raise the price or a plain rate, and no grant ends or reaches less.
    Asked within `if_opened`: raises as `recall` and `reveal`.
    """
    contract, today = act.contract, legal_day(context.accepted)
    first = max(act.since.day, contract.effective_from)
    days = (change.effective_from for change in contract.changes)
    started = {first, *(day for day in days if day is not None and first < day)}
    versions = [contract.terms_on(day) for day in started if day < today]
    return any(
        _reaches_less(terms, changed(terms, changes), today)
        or any(_may_be_less(act.subject, name, terms, changes, context) for name in _PAID)
        for terms in versions
    )


_PAID: Mapping[str, Callable[[Any], Any]] = {
    "price": Money.model_validate,
    "royalty_ppm": ppm,
    "royalty": Royalty.model_validate,
    "royalty_base": str,
}
"""What terms say of what is paid, and how that is read where it was sealed."""


def _may_be_less(subject: str, name: str, terms: Terms, changes: Changes, context: Context) -> bool:
    if name not in changes.model_fields_set:
        return False
    before = recall(getattr(terms, name), subject, context, _PAID[name])
    after = reveal(getattr(changes, name), f"/body/changes/{name}", context, _PAID[name])
    if name == "royalty_ppm":
        return (after or 0) < (before or 0)
    if isinstance(before, Money) and isinstance(after, Money):
        return after.currency != before.currency or after.amount < before.amount
    return bool(before != after and (before is not None or name != "price"))


def _reaches_less(before: Terms, after: Terms, today: date) -> bool:
    """Whether grants leave out something that they reached, on days before today."""
    kept = {grant.grant: grant for grant in after.grants}
    return any(
        grant.grant not in kept
        or not {*kept[grant.grant].objects}.issuperset(grant.objects)
        or not _by(today, kept[grant.grant]).contains(_by(today, grant))
        for grant in before.grants
    )


def _by(today: date, grant: Grant) -> Box:
    """Return what a grant reaches on days before today."""
    reach = box_of(grant)
    return replace(reach, end=min(filter(None, (reach.end, today))))


def must_be_confirmed_by_all(end: PastAct, losing: Losing, context: Context) -> None:
    """Refuse an act before its recording unless all confirm it, for a reason."""
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
        f"it would {end.does} {end.since.day}, before it is recorded: {told}",
        positions=(end.contract.position,),
        subjects=(end.subject, *absent),
        pointer=end.place,
        step=step,
    )


def must_take_nothing(state: State, end: PastAct, objects: Iterable[str], context: Context) -> None:
    """Refuse an end before its recording that takes from who got a right meanwhile."""
    for right in (each for each in objects if kind_of(each) == "right"):
        must_not_reach_back(
            right,
            require_known(state, right, Right),
            end.since,
            signers=end.signing,
            context=context,
            reason=end.reason,
        )
