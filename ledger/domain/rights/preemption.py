"""
Pre-emption: anyone who owns a share of a right may buy another's share before a stranger does.

A seller tells each co-owner, in writing, what it would sell and on which terms; a co-owner then has
a month, which ends on a working day (Civil Code arts. 218(3), 148(5)). A fund that was promised the
same is told in the same way. An assignment to a stranger names the notices on which it relies: each
says what the assignment says, and its time is over, or the one who was told waived.
Read in this order: events, state, refusals, helpers, admit, evolve.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from typing import Annotated, ClassVar

from pydantic import model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened, recall, reveal
from ledger.domain.core.dated_law import Law, law_day
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_known, require_new
from ledger.domain.core.money import Money, Price
from ledger.domain.core.periods import end_of_months
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step, joining, naming
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Day,
    PartyId,
    RightIds,
    Sealed,
    Sha256,
    of_kind,
)
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.covenant import Act, CovenantBreach, promised
from ledger.domain.rights.encumbrances import Covenant
from ledger.domain.rights.right import Holdings, Right, format_share

KIND = "preemption"

PreemptionId = Annotated[str, of_kind(KIND)]
PreemptionIds = Annotated[tuple[PreemptionId, ...], FROM_LIST, DISTINCT]


class CoOwnerNotified(Body):
    """Sellers told a co-owner, or a fund, what they would sell and on which terms."""

    TOPIC: ClassVar[str] = "coowner.notified/1"
    TITLE = "Co-owners told of a sale"
    TITLE_VI = "Thông báo bán cho đồng chủ sở hữu"
    SUBJECTS = "preemption notified rights/* sellers/*/party"
    SIGNERS = "sellers/*/party notified?!receipt_sha256"
    COMMITS = "sum:price"
    OPPOSED = "sellers/*/party~notified"

    preemption: PreemptionId
    """Id of the new notice, which the assignment will name."""
    rights: RightIds
    """Rights that are for sale: those of the assignment, and no others."""
    sellers: Holdings
    """Who sells which fraction of the whole title of each right, each seller once."""
    notified: PartyId
    """Co-owner, or fund that was promised the same, that is told; not one of the sellers."""
    price: Price | Sealed | None
    """Price that was told, open or sealed; null where the sale has none. A stranger buys at
    this price alone (Civil Code art. 218(3)).
    """
    terms_sha256: Sha256 | None
    """SHA-256 of the terms that were told, which the assignment's paper must have; null where
    none were told.
    """
    received_on: Day
    """Day on which the notice arrived, not after the day of recording: the time to buy runs
    from it (Civil Code art. 218(3)).
    """
    receipt_sha256: Sha256 | None
    """SHA-256 of the document that shows its arrival; null where the one notified says so, who
    signs then.
    """

    @model_validator(mode="after")
    def _of_another(self) -> "CoOwnerNotified":
        if self.notified in {seller.party for seller in self.sellers}:
            raise ValueError(f"nobody notifies itself, as {self.notified} would")
        return self


class PreemptionWaived(Body):
    """The one who was notified will not buy on these terms."""

    TOPIC: ClassVar[str] = "preemption.waived/1"
    TITLE = "Pre-emption waived"
    TITLE_VI = "Từ bỏ quyền ưu tiên mua"
    SUBJECTS = "preemption waived_by"
    SIGNERS = "waived_by"
    COMMITS = "open"

    preemption: PreemptionId
    """The notice that is answered."""
    waived_by: PartyId
    """The one notified."""
    waived_on: Day
    """Day of the waiver, not after the day of recording."""


@dataclass(frozen=True, slots=True)
class Preemption:
    """A notice: what was offered to whom, when it arrived, and where it was waived.

    `recorded` is the legal day on which this ledger recorded it, whose law gives the time to buy.
    """

    position: int
    rights: frozenset[str]
    sellers: Mapping[str, Fraction]
    notified: str
    price: Money | Sealed | None
    terms_sha256: str | None
    received_on: date
    recorded: date
    waived: int | None = None


@dataclass(frozen=True, slots=True)
class Sale:
    """A sale as the notices for it must have described it; their price is compared apart."""

    rights: frozenset[str]
    sellers: Mapping[str, Fraction]
    buyers: frozenset[str]
    terms_sha256: str | None
    agreed_on: date
    price: Money | Sealed | None
    consenting: frozenset[str]

    def told(self, party: str) -> Step:
        """Return the step in which a party is told of it, and the sale names that notice."""
        told = {
            "rights": sorted(self.rights),
            "sellers": [
                {"party": seller, "share": format_share(share)}
                for seller, share in sorted(self.sellers.items())
            ],
            "notified": party,
            "terms_sha256": self.terms_sha256,
        }
        if not isinstance(self.price, Sealed):
            told["price"] = None if self.price is None else self.price.model_dump(mode="json")
        return Step(
            {"who": party}, first=(Other(CoOwnerNotified.TOPIC, told),), ask=("/body/notices",)
        )


class PreemptionOpen(Refusal):
    """A co-owner has not been told of the sale, or still has time to buy."""

    code = "PREEMPTION_OPEN"
    title_vi = "Quyền ưu tiên mua của đồng chủ sở hữu chưa hết thời hạn"
    article = "Bộ luật Dân sự, Điều 218(3)"


class PreemptionTerms(Refusal):
    """A stranger buys on the terms of which the co-owner was told, not on others."""

    code = "PREEMPTION_TERMS"
    title_vi = "Điều kiện bán khác với điều kiện đã thông báo cho đồng chủ sở hữu"
    article = "Bộ luật Dân sự, Điều 218(3)"


def must_have_been_offered(
    subject: str,
    right: Right,
    sale: Sale,
    notices: Mapping[str, tuple[Preemption, bool]],
    *,
    signers: frozenset[str],
    law: Law,
) -> None:
    """Refuse a sale to a stranger of which somebody with pre-emption was not told in time.

    `notices` are those that the sale relies on, by whom they told, and whether at this price.
    """
    if sale.buyers <= right.owners.keys():
        return
    involved = sale.buyers | signers
    for party in sorted(set(right.owners) - sale.sellers.keys() - involved):
        found = _heeded(subject, party, sale, notices)
        if found is None:
            raise PreemptionOpen(
                f"{party} owns a share of {subject} and was not told of the sale",
                positions=(right.titled,),
                subjects=(subject, party),
                step=sale.told(party),
            )
        if found.waived is None:
            _must_be_over(subject, found, sale, law)
    act = Act("preemption", sale.sellers.keys(), sale.agreed_on)
    for _, covenant in promised(right, act):
        if covenant.fund not in involved:
            _must_have_been_kept(
                subject, covenant, _heeded(subject, covenant.fund, sale, notices), sale
            )


def _must_have_been_kept(
    subject: str, covenant: Covenant, notice: Preemption | None, sale: Sale
) -> None:
    """Refuse a sale that a fund was to be offered first, and was not, or still thinks about."""
    if notice is not None:
        last = notice.received_on + timedelta(days=covenant.notice_days)
        if notice.waived is not None or sale.agreed_on > last:
            return
    raise CovenantBreach(
        f"a sale of {subject} was to be offered to {covenant.fund} first",
        positions=(covenant.position, *(() if notice is None else (notice.position,))),
        subjects=(subject, covenant.fund),
        step=joining("/body/consenting", sale.consenting, [covenant.fund]),
    )


def _heeded(
    subject: str,
    party: str,
    sale: Sale,
    notices: Mapping[str, tuple[Preemption, bool]],
) -> Preemption | None:
    """Return the notice to a party on which the sale relies; its terms must be those of the sale.

    None if there is none for this right.
    """
    notice, at_this_price = notices.get(party, (None, False))
    if notice is None or subject not in notice.rights:
        return None
    terms = {"price": at_this_price, **dict(_same_terms(notice, sale))}
    differs = [name for name, same in terms.items() if not same]
    if differs:
        raise PreemptionTerms(
            f"{party} was told of another {' and '.join(differs)}",
            positions=(notice.position,),
            subjects=(subject, party),
            step=sale.told(party),
        )
    return notice


def _same_terms(notice: Preemption, sale: Sale) -> Iterator[tuple[str, bool]]:
    yield "share", notice.sellers == sale.sellers
    yield "set of rights", notice.rights == sale.rights
    yield "set of terms", notice.terms_sha256 in (None, sale.terms_sha256)


def _must_be_over(subject: str, notice: Preemption, sale: Sale, law: Law) -> None:
    ground = law.rule("assignment.preemption", notice.recorded)
    last = end_of_months(law, notice.received_on, ground.number("months"))
    if sale.agreed_on <= last:
        raise PreemptionOpen(
            f"{notice.notified} was told on {notice.received_on} and may buy until {last}",
            positions=(notice.position,),
            subjects=(subject, notice.notified),
            ground=ground,
            step=_once_over(last),
        )


def _once_over(last: date) -> Step:
    first = last + timedelta(days=1)
    return Step(
        {"day": first}, case="running", change={"/body/agreed_on": first.isoformat()}, after=first
    )


def is_at(
    price: Price | Sealed | None,
    subject: str,
    notice: Preemption,
    repeated: Price | Sealed | None,
    context: Context,
) -> bool:
    """Say whether a price is the one that the notice quoted, or nobody can compare the two."""
    with if_opened(context, PreemptionTerms):
        told = _quoted(subject, notice, repeated, context)
        if price is not None:
            price = reveal(price, "/body/price", context, Money.model_validate)
        return told == price
    return True


def _quoted(
    subject: str, notice: Preemption, repeated: Price | Sealed | None, context: Context
) -> Money | None:
    """Return the price that the notice `subject` quoted, or as the sale repeats it.

    A commitment is never compared with one of another event: a sealed price that is no longer
    kept has to be repeated.
    """
    if isinstance(notice.price, Sealed) and repeated is not None:
        return reveal(repeated, "/body/quoted_price", context, Money.model_validate)
    return recall(notice.price, subject, context, Money.model_validate)


@admits(CoOwnerNotified)
def _admit_notified(body: CoOwnerNotified, state: State, context: Context) -> None:
    """Refuse a notice twice, about nothing known, or that arrives tomorrow."""
    require_new(state, body.preemption)
    for subject in body.rights:
        require_known(state, subject, Right)
    not_in_future(context.accepted, received_on=body.received_on)


@admits(PreemptionWaived)
def _admit_waived(body: PreemptionWaived, state: State, context: Context) -> None:
    """Refuse a waiver by another than the one notified."""
    notice = require_known(state, body.preemption, Preemption)
    if body.waived_by != notice.notified:
        raise WrongSigner(
            f"{body.preemption} tells {notice.notified}",
            positions=(notice.position,),
            subjects=(body.waived_by,),
            step=naming("/body/waived_by", notice.notified),
        )
    not_in_future(context.accepted, waived_on=body.waived_on)


@evolves(KIND, CoOwnerNotified)
def _evolve_notified(body: CoOwnerNotified, logged: Logged) -> Preemption:
    return Preemption(
        position=logged.position,
        rights=frozenset(body.rights),
        sellers={seller.party: seller.share for seller in body.sellers},
        notified=body.notified,
        price=body.price,
        terms_sha256=body.terms_sha256,
        received_on=body.received_on,
        recorded=law_day(logged.accepted),
    )


@evolves(KIND, PreemptionWaived)
def _evolve_waived(
    _body: PreemptionWaived, logged: Logged, value: Preemption | None
) -> Preemption | None:
    return value and replace(value, waived=logged.position)
