"""
An agreement to assign: assignors give, and assignees take, fractions of the whole title of rights.

What it has no effect on before a register says so, and who owns what: `ledger.domain.rights.title`.
Read in this order: event, refusals, helpers, admit, evolve.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import model_validator

from ledger.domain.contracts.acceptance import (
    Deal,
    evolve_followed,
    must_follow_acceptance,
    must_follow_auction,
    read_with,
)
from ledger.domain.contracts.contract_terms import Confirmation, reason_of
from ledger.domain.contracts.equity import Equity, must_say_what_for
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import must_not_be_frozen
from ledger.domain.core.dated_law import law_day
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import not_in_future, require_known, require_new
from ledger.domain.core.money import Price
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Day,
    EventHash,
    PartyId,
    RightIds,
    Sealed,
    Sha256,
    legal_day,
    of_kind,
)
from ledger.domain.market.auction import AuctionId
from ledger.domain.market.offer import OfferId
from ledger.domain.rights.assignability import (
    UNPAID,
    Ground,
    must_be_allowed_by_creditors,
    must_be_assignable,
    must_fit_its_ground,
    must_stay_at_home,
)
from ledger.domain.rights.backdating import (
    Since,
    must_be_confirmed,
    must_have_been_filed,
    must_not_reach_back,
)
from ledger.domain.rights.encumbrances import PendingAssignment
from ledger.domain.rights.fraction import must_be_writable
from ledger.domain.rights.moving import moved
from ledger.domain.rights.preemption import (
    Preemption,
    PreemptionIds,
    Sale,
    is_at,
    must_have_been_offered,
)
from ledger.domain.rights.right import FractionSum, Holdings, Right, adding_up, format_share, sum_of
from ledger.domain.rights.title import (
    BY_AGREEMENT,
    KIND,
    Assignment,
    AssignmentId,
    must_not_be_kept,
    must_own,
)


class AssignmentAgreed(Body):
    """Assignors give, and assignees take, fractions of the whole title of each of these rights."""

    TOPIC: ClassVar[str] = "assignment.agreed/1"
    TITLE = "Assignment agreed"
    TITLE_VI = "Thỏa thuận chuyển nhượng"
    SUBJECTS = (
        "assignment rights/* notices/* assignors/*/party assignees/*/party consenting/*"
        " valuation offer auction"
    )
    SIGNERS = "assignors/*/party assignees/*/party consenting/*"
    COMMITS = "sum:price|quoted_price sum:equity/value gives:assignors/*/party"
    OPPOSED = "assignors/*/party~assignees/*/party consenting/*~assignees/*/party"
    REFERENCES = "acceptance"

    assignment: AssignmentId
    """Id of the assignment, which is new."""
    rights: RightIds
    """The rights that are assigned, of each the same fractions."""
    assignors: Holdings
    """Who gives which fraction of the whole title, at most what it owns."""
    assignees: Holdings
    """Who takes which fraction of the whole title; together as much as is given."""
    price: Price | Sealed | None
    """What is paid for all of it, open or sealed; null: nothing, as by gift, inheritance and
    merger."""
    agreed_on: Day
    """Legal day on which they agreed, not one to come."""
    ground: Ground | None = None
    """Why the right passes; null or absent: it is sold."""
    terms_sha256: Sha256 | None = None
    """SHA-256 of the document in which it is worded; null or absent: none is named."""
    with_business: bool = False
    """Whether the whole business goes with it, without which no trade name is assigned (IP Law
    art. 139(3))."""
    equity: Equity | None = None
    """What a company gives for it: of a `capital_contribution` alone, else null or absent."""
    valuation: Annotated[str, of_kind("valuation")] | None = None
    """The certificate of what it is worth, by its id; null or absent: none is named."""
    notices: PreemptionIds = ()
    """Notices to co-owners and funds (`coowner.notified/1`) on which a sale to a stranger
    relies (Civil Code art. 218(3))."""
    quoted_price: Price | Sealed | None = None
    """The price that those notices quoted, open or sealed, where they sealed it; else null or
    absent."""
    consenting: Annotated[tuple[PartyId, ...], FROM_LIST, DISTINCT] = ()
    """Others who agree and sign too: creditors, funds, co-owners."""
    grant_back: Annotated[str, of_kind("contract")] | None = None
    """The contract that will follow, by which assignors are licensees; null or absent is
    none."""
    confirms: Confirmation | None = None
    """Why it is recorded later than it was agreed; null or absent: it is recorded the same
    day."""
    offer: OfferId | None = None
    """The offer that it follows, which was accepted; null or absent is none."""
    acceptance: EventHash | None = None
    """Payload hash of the `offer.accepted/1` by which it was accepted; null or absent where
    there is no offer."""
    auction: AuctionId | None = None
    """The auction that it follows, which a party won; null or absent is none."""

    @model_validator(mode="after")
    def _names_what_it_follows(self) -> "AssignmentAgreed":
        if (self.offer is None) != (self.acceptance is None):
            given = f"only {self.offer or self.acceptance} is"
            raise ValueError(f"an offer is named with its acceptance: {given}")
        return self

    def parties(self) -> frozenset[str]:
        """Return assignors and assignees."""
        return self.givers() | self.takers()

    def givers(self) -> frozenset[str]:
        """Return the assignors."""
        return frozenset(holding.party for holding in self.assignors)

    def takers(self) -> frozenset[str]:
        """Return the assignees."""
        return frozenset(holding.party for holding in self.assignees)

    def reads(self, state: State) -> Iterable[str]:
        """Return the technologies of the rights, which say who funded them, and its listing."""
        rights = (state.get(subject) for subject in self.rights)
        yield from (right.technology for right in rights if right and right.technology)
        yield from read_with(state, self.offer, self.auction)


class FractionExceeded(Refusal):
    """Somebody gives a larger fraction than they own."""

    code = "FRACTION_EXCEEDED"
    title_vi = "Phần quyền chuyển giao lớn hơn phần đang sở hữu"
    article = "Luật Sở hữu trí tuệ, Điều 139(1)"


@admits(AssignmentAgreed)
def _admit_agreed(body: AssignmentAgreed, state: State, context: Context, event: Event) -> None:
    """Refuse to give what is not there or not one's own, and what others have a say in."""
    require_new(state, body.assignment)
    rights = {subject: require_known(state, subject, Right) for subject in body.rights}
    deal = _deal_of(body)
    must_follow_acceptance(state, body.offer, body.acceptance, deal, context)
    must_follow_auction(state, body.auction, deal, context)
    not_in_future(context.accepted, agreed_on=body.agreed_on)
    between, prices = (body.givers(), body.takers()), (body.price, body.quoted_price)
    must_fit_its_ground(state, body.ground, between, prices, context)
    takers = [holding.party for holding in body.assignees]
    must_say_what_for(body.equity, body.ground, takers, context)
    must_be_writable(_named(body), step=_COARSER)
    given, taken = sum_of(body.assignors), sum_of(body.assignees)
    if given != taken:
        raise FractionSum(
            f"the assignors give {given}, the assignees take {taken}",
            step=adding_up("/body/assignees", body.assignees, given),
        )
    for subject, right in rights.items():
        _must_be_theirs(subject, right, body, event, context)
    for subject, right in rights.items():
        _must_be_free(state, subject, right, body, context)
    for subject, right in rights.items():
        must_have_been_filed(subject, right, {"/body/agreed_on": body.agreed_on})
    must_be_confirmed(body.assignment, reason_of(body.confirms), context, agreed_on=body.agreed_on)
    _must_have_been_offered(state, rights, body, context)


def _deal_of(body: AssignmentAgreed) -> Deal:
    return Deal(
        parties=body.parties(),
        price=body.price,
        royalty_ppm=None,
        beside=() if body.equity is None else ("/body/equity", "/body/ground"),
        terms_sha256=body.terms_sha256,
        grants=(),
        objects=frozenset(body.rights),
        parties_at=("/body/assignors", "/body/assignees"),
        objects_at=("/body/rights",),
    )


def _named(body: AssignmentAgreed) -> Iterable[Fraction]:
    return (holding.share for holding in (*body.assignors, *body.assignees))


def _must_be_theirs(
    subject: str, right: Right, body: AssignmentAgreed, event: Event, context: Context
) -> None:
    """Refuse a frozen title, and assignors who do not own what they give, or promised it."""
    today = legal_day(context.accepted)
    must_not_be_frozen(subject, right.frozen, today)
    if right.kind in BY_AGREEMENT:
        must_not_reach_back(
            subject,
            right,
            Since(body.agreed_on, "/body/agreed_on"),
            signers=event.signers,
            context=context,
            reason=reason_of(body.confirms),
        )
    for number, holding in enumerate(body.assignors):
        owned = must_own(subject, right, holding.party, "/body/assignors")
        if owned < holding.share:
            raise FractionExceeded(
                f"{holding.party} owns {owned} of {subject}, not {holding.share}",
                positions=(right.titled,),
                subjects=(subject, holding.party),
                step=_at_most(owned, number, body),
            )
        must_not_be_kept(subject, right, holding.party, holding.share, context)
    must_be_writable(
        _named(body),
        right.owners.values(),
        subject=subject,
        positions=(right.titled,),
        step=_COARSER,
    )


_COARSER = Step(ask=("/body/assignors", "/body/assignees"))


def _at_most(owned: Fraction, number: int, body: AssignmentAgreed) -> Step:
    """Return the step in which an assignor gives all it owns, to whom it was to go."""
    told = {"who": body.assignors[number].party, "share": owned}
    if len(body.assignors) > 1 or len(body.assignees) > 1:
        return Step(told, ask=_COARSER.ask)
    share = format_share(owned)
    return Step(told, change={"/body/assignors/0/share": share, "/body/assignees/0/share": share})


def _must_be_free(
    state: State, subject: str, right: Right, body: AssignmentAgreed, context: Context
) -> None:
    """Refuse what the law lets nobody assign, or not to them, or a creditor has forbidden."""
    law, day = context.law, law_day(context.accepted)
    must_be_assignable(subject, right, law, day, with_business=body.with_business)
    must_stay_at_home(state, subject, right, law, day, body.takers())
    must_be_allowed_by_creditors(subject, right, body.givers(), body.consenting)


def _must_have_been_offered(
    state: State, rights: Mapping[str, Right], body: AssignmentAgreed, context: Context
) -> None:
    """Refuse a sale to a stranger past those who may buy first: what has a price is sold."""
    relied_on = {name: require_known(state, name, Preemption) for name in body.notices}
    if body.ground not in (None, "sale") and not _has_price(body):
        return
    notices = {
        notice.notified: (notice, is_at(body.price, name, notice, body.quoted_price, context))
        for name, notice in relied_on.items()
    }
    sale = Sale(
        rights=frozenset(body.rights),
        sellers={holding.party: holding.share for holding in body.assignors},
        buyers=body.takers(),
        terms_sha256=body.terms_sha256,
        agreed_on=body.agreed_on,
        price=body.price,
        consenting=frozenset(body.consenting),
    )
    signers = frozenset((*body.parties(), *body.consenting))
    for subject, right in rights.items():
        must_have_been_offered(subject, right, sale, notices, signers=signers, law=context.law)


def _has_price(body: AssignmentAgreed) -> bool:
    """Say whether something is paid; nobody is asked to open what is sealed: it is some price."""
    if body.ground in UNPAID or body.price is None:
        return False
    return isinstance(body.price, Sealed) or body.price.amount > 0


@evolves(KIND, AssignmentAgreed)
def _evolve_agreed(body: AssignmentAgreed, logged: Logged) -> Assignment:
    return Assignment(
        position=logged.position,
        rights=frozenset(body.rights),
        assignors=body.givers(),
        assignees=frozenset(holding.party for holding in body.assignees),
    )


@evolves("right", AssignmentAgreed)
def _evolve_right_agreed(
    body: AssignmentAgreed, logged: Logged, value: Right | None
) -> Right | None:
    if value is None:
        return None
    pending = PendingAssignment(
        given={holding.party: holding.share for holding in body.assignors},
        taken={holding.party: holding.share for holding in body.assignees},
        position=logged.position,
        effective=value.kind in BY_AGREEMENT,
    )
    right = replace(value, pending=value.pending.insert(body.assignment, pending))
    return moved(right, pending.given, pending.taken, logged) if pending.effective else right


evolves("offer", AssignmentAgreed)(evolve_followed)
evolves("auction", AssignmentAgreed)(evolve_followed)
