"""
What may not pass: rights that nobody can assign, or not to everybody, and what a lien forbids.

The rules about kinds of right and about assignees abroad are law data with dates; a private act is
judged by the rule of the day on which it is recorded (`law_day`).
Read in this order: refusals, rules.
"""

from collections.abc import Collection, Iterable
from datetime import date
from typing import Literal

from ledger.domain.core.body import State
from ledger.domain.core.context import Context, if_opened, reveal
from ledger.domain.core.dated_law import Law
from ledger.domain.core.money import Money, Price
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step, joining, listed
from ledger.domain.core.types import Sealed
from ledger.domain.parties.party import party_of
from ledger.domain.rights.right import Right
from ledger.domain.rights.technology import Technology


class GroundPrice(Refusal):
    """A gift, an inheritance, a merger has no price; persons leave heirs, and mergers are recorded.

    Else a sale under another name would go past those who may buy first.
    """

    code = "GROUND_PRICE"
    title_vi = "Căn cứ chuyển giao này không đi cùng giá, hoặc không có giữa các bên này"
    article = "Bộ luật Dân sự, Điều 457, 609"


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


Ground = Literal[
    "sale", "exchange", "gift", "inheritance", "merger", "capital_contribution", "settlement"
]
"""Why a right passes."""

UNPAID = frozenset({"gift", "inheritance", "merger"})
"""The grounds on which nothing is paid."""

_PRICES = ("price", "quoted_price")


def must_fit_its_ground(
    state: State,
    ground: str | None,
    between: tuple[Collection[str], Collection[str]],
    prices: Iterable[Price | Sealed | None],
    context: Context,
) -> None:
    """Raise `GroundPrice` for a price where nothing is paid, and for heirs of who does not die.

    Nor is there a merger but of givers that are recorded as merged into the only taker. `between`
    are givers and takers, `prices` are `price` and `quoted_price`.
    """
    givers, takers = between
    for member, price in zip(_PRICES, prices, strict=True) if ground in UNPAID else ():
        pointer = f"/body/{member}"
        with if_opened(context, GroundPrice):
            if price is not None and reveal(price, pointer, context, Money.model_validate).amount:
                raise GroundPrice(
                    f"a {ground} has no {member} (null): what is paid for is a sale, of which the"
                    " co-owners are told first (coowner.notified/1)",
                    pointer=pointer,
                    step=Step({"ground": ground}, change={pointer: None}),
                )
    immortal = [party for party in givers if party_of(state, party).kind != "person"]
    if ground == "inheritance" and immortal:
        raise GroundPrice(
            f"{', '.join(sorted(immortal))} is no person, and leaves nothing to heirs: name a"
            " sale or a gift as the ground",
            subjects=immortal,
            pointer="/body/ground",
            step=Step(case="heirs", change={"/body/ground": "gift"}),
        )
    apart = [party for party in givers if {party_of(state, party).successor} != {*takers}]
    if ground == "merger" and apart:
        raise GroundPrice(
            f"no party.merged/1 has {', '.join(sorted(apart))} merged into"
            f" {', '.join(sorted(takers))}: name a sale, of which the co-owners are told first",
            subjects=apart,
            pointer="/body/ground",
            step=Step(case="merger", change={"/body/ground": "sale"}),
        )


def must_be_assignable(
    subject: str, right: Right, law: Law, day: date, *, with_business: bool
) -> None:
    """Raise `NonAssignable` if the law of the day lets no right of this kind pass like this."""
    ground = law.find("assignment.non_assignable", day, kind=right.kind)
    if ground is None or (with_business and ground.values["unless_with_business"] is True):
        return
    business = Step(case="business", change={"/body/with_business": True})
    raise NonAssignable(
        f"{subject} is a {right.kind}",
        positions=(right.position,),
        subjects=(subject,),
        ground=ground,
        step=business if ground.values["unless_with_business"] is True else Step({"name": subject}),
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
            pointer="/body/assignees",
            step=Step({"home": home}, ask=(HERE,)),
        )


def _state_funding(state: State, right: Right) -> Technology | None:
    """Return the technology that the right protects, if the State paid for a part of it."""
    technology = state.get(right.technology) if right.technology else None
    funded = isinstance(technology, Technology) and technology.state_funded
    return technology if funded else None


def must_be_allowed_by_creditors(
    subject: str,
    right: Right,
    givers: Iterable[str],
    consenting: Collection[str],
    *,
    signs: bool = True,
) -> None:
    """Raise `LienCovenant` unless the creditors of each security that forbids it have signed.

    It forbids its debtors, and who got their shares since; another co-owner promised nothing.
    `signs` says whether the event has room for creditors who sign; else they release it first.
    """
    giving = frozenset(givers)
    for security, lien in right.liens.items():
        silent = lien.creditors.difference(consenting)
        forbids = lien.forbids_assignment and lien.perfected is not None
        if forbids and silent and not lien.debtors.isdisjoint(giving):
            assert lien.perfected is not None, "it forbids"
            raise LienCovenant(
                f"{security} forbids to assign {subject} without {', '.join(sorted(silent))}",
                positions=(lien.position, lien.perfected.position),
                subjects=(subject, security, *silent),
                step=joining("/body/consenting", consenting, silent)
                if signs
                else _released(security, subject, silent),
            )


def _released(security: str, subject: str, creditors: Iterable[str]) -> Step:
    free = {"security": security, "rights": [subject]}
    first = (Other("security.released/1", {**free, "creditor": each}) for each in sorted(creditors))
    return Step({"who": listed(creditors)}, case="record", first=tuple(first))
