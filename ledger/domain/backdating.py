"""
Backdating: when a private act may have effect from a day before the one on which it is recorded.

Only a confirmation that all its parties sign may, and it says why it comes late (a licence of
5 July that was signed on the 14th and the 18th). It never reaches back past a third party whose
right was recorded in between. What the State did is no private act and is never asked.
"""

from collections.abc import Collection, Iterator
from datetime import date

from ledger.domain.event import Context, Refusal, legal_day
from ledger.domain.right import Right


class Backdated(Refusal):
    """An act reaches back without a reason, or past a right that a third party got meanwhile."""

    code = "BACKDATED"
    title_vi = "Hiệu lực hồi tố không có lý do hoặc xâm phạm quyền của bên thứ ba đã ghi sổ"


def must_not_reach_back(
    subject: str,
    right: Right,
    effective_from: date,
    *,
    signers: Collection[str],
    context: Context,
    reason: str | None,
) -> None:
    """Raise `Backdated` if an act on a right may not have effect from that day.

    Ask it before who owns the right: that the licensor owns no more is often just what the act
    would defeat. The third parties are owners, creditors and assignees with a priority notice
    whose right was recorded on that day or since and who do not sign.
    """
    if effective_from >= legal_day(context.accepted):
        return
    defeated = [
        position
        for recorded, position, holders in _recorded(right)
        if recorded >= effective_from and not holders <= set(signers)
    ]
    if defeated:
        raise Backdated(
            f"effective from {effective_from} it would defeat what was recorded on {subject} since",
            positions=defeated,
            subjects=(subject,),
        )
    if reason is None:
        raise Backdated(
            f"effective from {effective_from}, before it is recorded, and no reason is given",
            subjects=(subject,),
        )


def _recorded(right: Right) -> Iterator[tuple[date, int, frozenset[str]]]:
    """Yield the rights of others: the day each was recorded here, by which event, and whose."""
    if right.titled != right.position:
        yield right.titled_on, right.titled, frozenset(right.owners.keys())
    for lien in right.liens.values():
        yield lien.recorded, lien.position, lien.creditors
    for assignment, priority in right.priorities.items():
        yield priority.recorded, priority.position, frozenset(right.pending[assignment].taken)
