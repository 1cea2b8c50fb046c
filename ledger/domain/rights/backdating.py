"""
Backdating: when a private act may bear, or have effect from, a day before it is recorded.

Only a confirmation that all its parties sign may, and it says why it comes late (a licence of
5 July that was signed on the 14th and the 18th). It never reaches back past a third party whose
right was recorded in between, nor to before there was a right. What the State did is no private act
and is never asked.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from ledger.domain.core.context import Context
from ledger.domain.core.dated_law import law_day
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.types import legal_day
from ledger.domain.rights.right import Right, needs_no_title


class Backdated(Refusal):
    """An act reaches back without a reason, or past a right that a third party got meanwhile."""

    code = "BACKDATED"
    title_vi = "Hiệu lực hồi tố không có lý do hoặc xâm phạm quyền của bên thứ ba đã ghi sổ"


class RightNotYet(Refusal):
    """Nothing is given on a right by an act, or for days, from before the right was filed."""

    code = "RIGHT_NOT_YET"
    title_vi = "Văn bản hoặc thời hạn cấp quyền có trước ngày nộp đơn của quyền"


class Since(NamedTuple):
    """The day from which an act has effect, and where it stands in the payload.

    `frees` says that it takes a burden from the rights that it is on, and puts none there.
    """

    day: date
    pointer: str
    frees: bool = False


def must_have_been_filed(
    subject: str, right: Right, days: Mapping[str, date], step: Step | None = None
) -> None:
    """Raise `RightNotYet` if one of the days, by where they stand in the payload, is too early.

    Unless another `step` is said, a day since then helps.

    What arises by itself may be given before an office hears of it; where only the latest day of
    filing is known, nothing shows that the act came before it.
    """
    if needs_no_title(right.kind) or right.filing_day == "latest":
        return
    for pointer, day in days.items():
        if day < right.filed_on:
            raise RightNotYet(
                f"{day} is before {subject} was filed, on {right.filed_on}",
                positions=(right.position,),
                subjects=(subject,),
                pointer=pointer,
                step=step
                or Step({"filed_on": right.filed_on}, change={pointer: right.filed_on.isoformat()}),
            )


def must_be_confirmed(subject: str, reason: str | None, context: Context, **days: date) -> None:
    """Raise `Backdated` if one of the days is before the act is recorded, and no reason is given.

    Each is named by the body's member that it is.
    """
    today = law_day(context.accepted)
    for name, day in days.items():
        if day < today and reason is None:
            raise Backdated(
                f"{name} is {day}, and it is recorded on {today}: `confirms` says why so late",
                subjects=(subject,),
                pointer="/body/confirms",
                step=_confirming(today),
            )


def _confirming(today: date) -> Step:
    return Step({"today": today}, ask=("/body/confirms",))


def must_not_reach_back(
    subject: str,
    right: Right,
    since: Since,
    *,
    signers: Collection[str],
    context: Context,
    reason: str | None,
) -> None:
    """Raise `Backdated` if an act on a right may not have effect from that day.

    Ask it before who owns the right: that the licensor owns no more is often just what the act
    would defeat. The third parties are owners, creditors and assignees with a priority notice
    whose right was recorded on that day or since and who do not sign. What frees the right takes
    nothing from a creditor: a lien is on the right, not on what licences of it pay its owner.
    """
    effective_from, today = since.day, legal_day(context.accepted)
    if effective_from >= today:
        return
    defeated = [
        position
        for recorded, position, holders in _recorded(right, frees=since.frees)
        if recorded >= effective_from and not holders <= set(signers)
    ]
    if defeated:
        raise Backdated(
            f"effective from {effective_from} it would defeat what was recorded on {subject} since",
            positions=defeated,
            subjects=(subject,),
            step=Step({"today": today}, case="defeats", change={since.pointer: today.isoformat()}),
        )
    if reason is None:
        raise Backdated(
            f"effective from {effective_from}, and recorded on {today}: `confirms` says why so"
            " late",
            subjects=(subject,),
            step=_confirming(today),
        )


def _recorded(right: Right, *, frees: bool) -> Iterator[tuple[date, int, frozenset[str]]]:
    """Yield the rights of others: the day each was recorded here, by which event, and whose."""
    if right.titled != right.position:
        yield right.titled_on, right.titled, frozenset(right.owners.keys())
    for lien in () if frees else right.liens.values():
        yield lien.recorded, lien.position, lien.creditors
    for assignment, priority in right.priorities.items():
        yield priority.recorded, priority.position, frozenset(right.pending[assignment].taken)
