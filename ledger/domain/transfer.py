"""
What may not pass: rights that nobody can assign, or not to everybody, and what a lien forbids.

The rules about kinds of right and about assignees abroad are law data with dates; a private act is
judged by the rule of the day on which it was agreed.
Read in this order: refusals, rules.
"""

from collections.abc import Collection, Iterable
from datetime import date

from ledger.domain.event import Refusal, State
from ledger.domain.law import Law
from ledger.domain.party import party_of
from ledger.domain.right import Right
from ledger.domain.technology import Technology


class NonAssignable(Refusal):
    """The law lets a right of this kind pass to nobody, or only with the business."""

    code = "NON_ASSIGNABLE"
    title_vi = (
        "Đối tượng quyền này không được chuyển nhượng hoặc chỉ được chuyển nhượng kèm điều kiện"
    )
    article = "Luật Sở hữu trí tuệ, Điều 139(2), 139(3)"


class ForeignAssigneeStateFunded(Refusal):
    """Title to what the State funded passes to Vietnamese organisations and residents only."""

    code = "FOREIGN_ASSIGNEE_STATE_FUNDED"
    title_vi = "Quyền từ nguồn ngân sách nhà nước không được chuyển nhượng cho bên nước ngoài"
    article = "Luật Sở hữu trí tuệ, Điều 139(6)"


class LienCovenant(Refusal):
    """A perfected security forbids assignment, and its creditor has not signed."""

    code = "LIEN_COVENANT"
    title_vi = "Biện pháp bảo đảm đã đăng ký cấm chuyển nhượng khi bên nhận bảo đảm chưa đồng ý"
    article = "Bộ luật Dân sự, Điều 321"
    remedy = "security.released/1"


def must_be_assignable(
    subject: str, right: Right, law: Law, day: date, *, with_business: bool
) -> None:
    """Raise `NonAssignable` if the law of the day lets no right of this kind pass like this."""
    ground = law.find("assignment.non_assignable", day, kind=right.kind)
    if ground is None or (with_business and ground.values["unless_with_business"] is True):
        return
    raise NonAssignable(
        f"{subject} is a {right.kind}",
        positions=(right.position,),
        subjects=(subject,),
        ground=ground,
    )


def must_stay_at_home(
    state: State, subject: str, right: Right, law: Law, day: date, assignees: Iterable[str]
) -> None:
    """Raise `ForeignAssigneeStateFunded` if what the State funded would pass abroad."""
    ground = law.find("assignment.state_funded_foreign", day, kind=right.kind)
    funded = None if ground is None else _state_funding(state, right)
    if ground is None or funded is None:
        return
    home = ground.values["seat"]
    abroad = sorted(party for party in assignees if party_of(state, party).seat != home)
    if abroad:
        raise ForeignAssigneeStateFunded(
            f"the State funded {subject}; {', '.join(abroad)} has its seat abroad",
            positions=(right.position, funded.funding.position),
            subjects=(subject, *abroad),
            ground=ground,
        )


def _state_funding(state: State, right: Right) -> Technology | None:
    """Return the technology that the right protects, if the State paid for a part of it."""
    technology = state.get(right.technology) if right.technology else None
    funded = isinstance(technology, Technology) and technology.state_funded
    return technology if funded else None


def must_be_allowed_by_creditors(subject: str, right: Right, consenting: Collection[str]) -> None:
    """Raise `LienCovenant` unless the creditors of each security that forbids it have signed."""
    for security, lien in right.liens.items():
        silent = lien.creditors.difference(consenting)
        if lien.forbids_assignment and lien.perfected is not None and silent:
            raise LienCovenant(
                f"{security} forbids to assign {subject} without {', '.join(sorted(silent))}",
                positions=(lien.position, lien.perfected.position),
                subjects=(subject, security, *silent),
            )
