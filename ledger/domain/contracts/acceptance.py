"""
What a deed follows: an offer that was accepted, or an auction that was won; and it follows it once.

Offeror and offeree are bound by the acceptance, seller and winner by the last bid. A contract or an
assignment that names either is the deed of that deal: it has its parties, its price, the grants
that were proposed, or else things that its listing shows, and no other deed names it again. What
a proposal does not say is not in the grant, and an auction is won for its price alone. Places are
one where they are the same ground, by whichever list of units they are named. Where
nothing is proposed and the listing shows no thing, as what a buyer needs, the deed says which.
Refusals come in the order in which they are defined here.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any, TypeVar

from ledger.domain.contracts.contract_terms import Grant
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened, recall, reveal
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import PredecessorUnknown, last_day, require_known
from ledger.domain.core.money import Money, Price, ppm
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step
from ledger.domain.core.territory import places
from ledger.domain.core.types import Sealed
from ledger.domain.market.auction import Auction
from ledger.domain.market.listing import Listing, objects_of
from ledger.domain.market.offer import Offer, Proposed


class AcceptanceDiffers(Refusal):
    """A deed on an acceptance, or on an auction that was won, says what was agreed by that."""

    code = "ACCEPTANCE_DIFFERS"
    members = ("acceptance", "auction")
    title_vi = "Nội dung khác với đề nghị đã được chấp nhận hoặc kết quả đấu giá"
    article = "Bộ luật Dân sự, Điều 393, Điều 400"


class AcceptanceUsed(Refusal):
    """An acceptance, or an auction that was won, makes one deed and no second."""

    code = "ACCEPTANCE_USED"
    members = ("acceptance", "auction")
    title_vi = "Chấp nhận đề nghị hoặc kết quả đấu giá này đã được dùng cho một giao dịch khác"


@dataclass(frozen=True, slots=True)
class Deal:
    """A deed as it is held against what it follows.

    `royalty_ppm` is a bare rate, `beside` where else it says what is paid beside the price: a
    schedule of royalties, a stake. `grants` are the licences in it, `objects` all that it is on;
    `parties_at` and `objects_at` are where in the payload those stand.
    """

    parties: frozenset[str]
    price: Price | Sealed | None
    royalty_ppm: int | Sealed | None
    beside: tuple[str, ...]
    terms_sha256: str | None
    grants: tuple[Grant, ...]
    objects: frozenset[str]
    parties_at: tuple[str, ...] = ("/body/parties",)
    objects_at: tuple[str, ...] = ("/body/grants",)


def read_with(state: State, offer: str | None, auction: str | None) -> Iterable[str]:
    """Return the listings of what a deed follows."""
    for subject in (offer, auction):
        found = None if subject is None else state.get(subject)
        if isinstance(found, Offer | Auction) and found.listing is not None:
            yield found.listing


def must_follow_acceptance(
    state: State, subject: str | None, acceptance: str | None, deal: Deal, context: Context
) -> tuple[Proposed, ...]:
    """Return what was proposed in the offer that a deed follows, if it follows one.

    Refuses a deed that names an acceptance which is none, says something else, or was used.
    """
    if subject is None:
        return ()
    offer = require_known(state, subject, Offer)
    answer = offer.answer
    if answer is None or (answer.outcome, answer.payload_hash) != ("accepted", acceptance):
        raise PredecessorUnknown(
            f"{acceptance} did not accept {subject}",
            positions=(offer.position,) if answer is None else (answer.position,),
            subjects=(subject,),
            step=_accepted(subject, offer),
        )
    places = (offer.position, answer.position)
    _must_be_between(subject, {offer.offeror, offer.offeree}, deal, places)
    with if_opened(context, AcceptanceDiffers):
        _must_cost(subject, offer.price, deal, context, places)
        rate = recall(offer.royalty_ppm, subject, context, _read_rate)
        if reveal(deal.royalty_ppm, _RATE, context, _read_rate) != rate:
            what = "another royalty" + _unless_sealed(offer.royalty_ppm, rate and f"{rate} ppm")
            raise _differs(subject, what, places, _RATE, _as(offer.royalty_ppm, _RATE, rate))
    if deal.beside and deal.terms_sha256 != offer.paper:
        told = f"nothing beside ({deal.beside[0]}), unless its paper (terms_sha256) was offered"
        raise _differs(subject, told, places, change={"/body/terms_sha256": offer.paper})
    if offer.proposed:
        _must_grant_the_proposed(subject, offer.proposed, deal, places)
    elif offer.listing is not None:
        _must_be_listed(state, subject, offer.listing, deal, places)
    _must_be_new(subject, offer.used, offered=True)
    return offer.proposed


def must_follow_auction(state: State, subject: str | None, deal: Deal, context: Context) -> None:
    """Refuse a deed that names an auction which nobody won, says something else, or was used."""
    if subject is None:
        return
    auction = require_known(state, subject, Auction)
    places = (auction.position if auction.ended is None else auction.ended,)
    if auction.winner is None or auction.best is None:
        raise _differs(subject, "nothing: nobody has won it", places, "/body/auction")
    _must_be_between(subject, {auction.opened_by, auction.winner}, deal, places)
    with if_opened(context, AcceptanceDiffers):
        won = Money(amount=auction.best.price, currency=auction.currency)
        _must_cost(subject, won, deal, context, places)
        rate = reveal(deal.royalty_ppm, _RATE, context, _read_rate)
        if beside := (*((_RATE,) if rate is not None else ()), *deal.beside):
            alone = dict.fromkeys(beside)
            raise _differs(subject, "its price, and nothing beside", places, beside[0], alone)
    _must_be_listed(state, subject, auction.listing, deal, places)
    _must_be_new(subject, auction.used, offered=False)


_PRICE, _RATE = "/body/price", "/body/royalty_ppm"


def _differs(
    subject: str,
    what: str,
    positions: Iterable[int],
    pointer: str | None = None,
    change: Mapping[str, Any] | None = None,
    ask: tuple[str, ...] = (HERE,),
) -> AcceptanceDiffers:
    """Return the refusal; unless it is said what to `change`, only the sender knows how."""
    members = change or [pointer or "/body" if each == HERE else each for each in ask]
    told = {"members": ", ".join(members), "at": max(positions)}
    step = Step(told, change=change) if change else Step(told, ask=ask)
    return AcceptanceDiffers(
        f"{subject} was for {what}",
        positions=positions,
        subjects=(subject,),
        pointer=pointer,
        step=step,
    )


def _as(agreed: object, pointer: str, value: object) -> dict[str, object] | None:
    """Return the change to what was agreed, unless that is sealed."""
    return None if isinstance(agreed, Sealed) else {pointer: value}


def _accepted(subject: str, offer: Offer) -> Step:
    """Return the step of naming what accepted the offer, after it did."""
    answer, pointer = offer.answer, "/body/acceptance"
    if answer is None:
        said = {"offer": subject, "accepts": offer.terms_hash, "accepted_by": offer.offeree}
        return Step(case="unaccepted", first=(Other("offer.accepted/1", said),), ask=(pointer,))
    if answer.outcome == "accepted":
        told = {"subject": subject, "hash": answer.payload_hash}
        return Step(told, case="accepted", change={pointer: answer.payload_hash})
    return Step(case="closed", change={"/body/offer": None, pointer: None})


def _must_be_between(subject: str, parties: set[str], deal: Deal, positions: Iterable[int]) -> None:
    if deal.parties != parties:
        told = f"a deal between {' and '.join(sorted(parties))}"
        ask = tuple(dict.fromkeys((*deal.parties_at, *deal.objects_at)))
        raise _differs(subject, told, positions, ask[0], ask=ask)


def _must_cost(
    subject: str,
    agreed: Money | Sealed | None,
    deal: Deal,
    context: Context,
    positions: Iterable[int],
) -> None:
    price = recall(agreed, subject, context, _read_price)
    if reveal(deal.price, _PRICE, context, _read_price) != price:
        told = None if price is None else f"{price.amount} minor units of {price.currency}"
        what = "another price" + _unless_sealed(agreed, told)
        said = None if price is None else price.model_dump(mode="json")
        raise _differs(subject, what, positions, _PRICE, _as(agreed, _PRICE, said))


def _read_price(value: Any) -> Money | None:
    return Money.model_validate(value)


def _read_rate(value: Any) -> int | None:
    return ppm(value)


def _unless_sealed(agreed: object, told: object) -> str:
    """Return what was agreed, in words; of what was sealed nothing is told."""
    return "" if isinstance(agreed, Sealed) else f": {told or 'none'}"


def _must_grant_the_proposed(
    subject: str, proposed: tuple[Proposed, ...], deal: Deal, positions: Iterable[int]
) -> None:
    if Counter(map(_terms_of, proposed)) != Counter(map(_terms_of, deal.grants)) or any(
        map(_adds, deal.grants)
    ):
        told = "; ".join(
            f"{each.exclusivity} to {each.licensee} on {', '.join(each.objects)} in "
            f"{', '.join(each.territory.codes)} from {each.valid_from} to "
            f"{last_day(each.valid_to) or '…'}"
            for each in proposed
        )
        what, ask = f"the grants that were proposed, and nothing beside: {told}", deal.objects_at
        raise _differs(subject, what, positions, ask[0], ask=ask)


def _terms_of(grant: Proposed | Grant) -> tuple[Any, ...]:
    """Return what a proposal and a grant say alike, whatever the order of what they list."""
    field = grant.field
    return (
        grant.licensor,
        grant.licensee,
        frozenset(grant.objects),
        frozenset(grant.acts),
        grant.exclusivity,
        frozenset(chain.from_iterable(map(places, grant.territory.codes))),
        (field.scheme, field.edition, frozenset(field.codes)),
        grant.valid_from,
        grant.valid_to,
    )


def _adds(grant: Grant) -> bool:
    """Say whether a grant caps, widens or narrows what a proposal can say."""
    wider = grant.sublicensing not in ("no", "consent") or grant.transferable
    limits = (grant.quantity, grant.option_until, grant.excluded)
    return wider or grant.direct_licence or limits != (None, None, None)


def _must_be_listed(
    state: State, subject: str, listing: str, deal: Deal, positions: Iterable[int]
) -> None:
    shown = objects_of(require_known(state, listing, Listing))
    beyond = deal.objects - shown
    if shown and beyond:
        told = f"what {listing} shows, {', '.join(sorted(shown))}, not "
        what, ask = told + ", ".join(sorted(beyond)), deal.objects_at
        raise _differs(subject, what, positions, ask[0], ask=ask)


def _must_be_new(subject: str, used: int | None, *, offered: bool) -> None:
    if used is not None:
        raise AcceptanceUsed(
            f"{subject} was followed by the deed at position {used}: it takes a new offer, or a "
            "new auction",
            positions=(used,),
            subjects=(subject,),
            step=Step(ask=("/body/offer", "/body/acceptance") if offered else ("/body/auction",)),
        )


F = TypeVar("F", Offer, Auction)


def evolve_followed(_body: Body, logged: Logged, value: F | None) -> F | None:
    """Return the offer or the auction that a deed uses up."""
    return value and replace(value, used=logged.position)
