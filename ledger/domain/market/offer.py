"""
An offer and what becomes of it, as the Civil Code has it (articles 386 to 397).

An offer is open until it is accepted, rejected, countered or revoked, or its time is over. A
changed or late acceptance is a new offer: `offer.countered/1`. Refusals come in the order in which
they are defined here, existence first.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.codes import must_be_codes
from ledger.domain.core.context import Context
from ledger.domain.core.dated_law import law_day
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    IntervalEmpty,
    PredecessorUnknown,
    require_known,
    require_new,
)
from ledger.domain.core.money import Price, check_rate
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step, naming
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.scope import Acts, Box, Exclusivity, Field, Territory, box
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Day,
    EventHash,
    Instant,
    Model,
    PartyId,
    RightId,
    Sealed,
    Sha256,
    Text,
    format_instant,
    of_kind,
)
from ledger.domain.market.listing import Listing, ListingId, must_be_open, rights_of
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.technology import TechnologyId

KIND = "offer"

OfferId = Annotated[str, of_kind(KIND)]


class Proposed(Model):
    """A grant as it is offered: what it would reach, and whether it would be exclusive."""

    licensor: PartyId
    """Who would grant."""
    licensee: PartyId
    """Who would use."""
    rights: Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]
    """Rights that the grant would be on; empty where it is on technologies alone."""
    acts: Acts
    """What the licensee could do."""
    exclusivity: Exclusivity
    """`exclusive` shuts out everybody else, `sole` everybody but the licensor, `non_exclusive`
    nobody.
    """
    territory: Territory
    """Where it could; new codes are of the lists in use on the day of recording."""
    field: Field
    """For what it could; new codes are of the lists in use on the day of recording."""
    valid_from: Day
    """First day of the grant."""
    valid_to: Day | None
    """First day after the grant; null has no end of its own."""
    technologies: Annotated[tuple[TechnologyId, ...], FROM_LIST, DISTINCT] = ()
    """Technologies that the grant would be on; absent or empty for none."""

    @property
    def objects(self) -> tuple[str, ...]:
        """Return all that it would be on."""
        return (*self.rights, *self.technologies)

    @property
    def reaches(self) -> tuple[tuple[Territory | None, Field | None], ...]:
        """Return the places and fields that it names."""
        return ((self.territory, self.field),)

    def reach(self) -> Box:
        """Return its box."""
        return box(self.acts, self.territory, self.field, self.valid_from, self.valid_to)


class OfferTerms(Body):
    """What an offer and a counter-offer say alike. Never an event itself."""

    SIGNERS = "offeror"
    COMMITS = "sum:price open?!price rate:royalty_ppm grant:proposed/*"
    OPPOSED = "offeror~offeree"

    offer: OfferId
    """Id of the new offer."""
    listing: ListingId | None
    """Listing that it answers, which is on the market; null where it answers none."""
    offeror: PartyId
    """Who offers, and will be bound by an acceptance."""
    offeree: PartyId
    """Who alone can answer; another party."""
    subject_matter: Text
    """What is offered, in words, without personal data."""
    price: Price | Sealed | None
    """Fixed sum that would be paid, open or sealed. Null: none is said here, so that no ceiling
    of a mandate covers the offer; what is free has a price of 0.
    """
    royalty_ppm: int | Sealed | None
    """Royalty rate in parts per million (0 to 1,000,000), open or sealed; null for none."""
    terms_sha256: Sha256
    """SHA-256 of the paper with all terms."""
    expires_at: Instant
    """Last instant for an acceptance, inclusive; after the offer is recorded. A later one is a
    new offer (Civil Code art. 394).
    """
    revocable: bool
    """Whether the offeror may take it back before it is answered (Civil Code art. 390)."""
    proposed: Annotated[tuple[Proposed, ...], FROM_LIST] = ()
    """Grants that are offered: the contract will have these and no others. Absent or empty: it
    may grant what the listing shows.
    """

    @model_validator(mode="after")
    def _to_another(self) -> "OfferTerms":
        if self.offeror == self.offeree:
            raise ValueError(f"an offer is made to another, not by {self.offeree} to itself")
        return self

    def reads(self, state: State) -> Iterable[str]:
        """Return the rights of the listing, which take it off the market when they are not free."""
        return rights_of(state, self.listing)


class OfferMade(OfferTerms):
    """A party says under which terms it will be bound (Civil Code art. 386)."""

    TOPIC: ClassVar[str] = "offer.made/1"
    TITLE = "Offer made"
    TITLE_VI = "Đề nghị giao kết"
    SUBJECTS = "offer offeror offeree listing"


class OfferCountered(OfferTerms):
    """The addressee answers with other terms: a new offer that ends the old (art. 392)."""

    TOPIC: ClassVar[str] = "offer.countered/1"
    TITLE = "Offer countered"
    TITLE_VI = "Đề nghị lại"
    SUBJECTS = "offer offeror offeree listing counters"
    REFERENCES = "counters_event"

    counters: OfferId
    """Offer that is answered, unanswered so far; its offeree offers now, to its offeror."""
    counters_event: EventHash
    """Payload hash of the event that made that offer."""

    @model_validator(mode="after")
    def _another_offer(self) -> "OfferCountered":
        if self.counters == self.offer:
            raise ValueError(f"a counter-offer is an offer of its own, not {self.offer} again")
        return self


class OfferAccepted(Body):
    """The addressee agrees to the terms as they stand (Civil Code art. 393).

    `accepts` is no reference that must exist: the hash of terms which nobody offered is the
    plainest way to accept other terms.
    """

    TOPIC: ClassVar[str] = "offer.accepted/1"
    TITLE = "Offer accepted"
    TITLE_VI = "Chấp nhận đề nghị"
    SUBJECTS = "offer accepted_by listing"
    SIGNERS = "accepted_by"
    COMMITS = "named:offer"

    offer: OfferId
    """Offer that is accepted, open and in time."""
    accepts: EventHash
    """Payload hash of the event that made the offer, by which its terms are accepted as they
    stand. Any other is refused: other terms are a new offer (Civil Code art. 392).
    """
    accepted_by: PartyId
    """Its offeree."""
    listing: ListingId | None = None
    """Listing that the offer answers. Where it is named, two acceptances of rival offers on it
    meet, and who has seen neither (`seen`) is told; null or absent otherwise.
    """

    def reads(self, state: State) -> Iterable[str]:
        """Return the listing that the offer answers."""
        offer = state.get(self.offer)
        return (offer.listing,) if isinstance(offer, Offer) and offer.listing else ()


class OfferRejected(Body):
    """The addressee declines (Civil Code art. 391)."""

    TOPIC: ClassVar[str] = "offer.rejected/1"
    TITLE = "Offer rejected"
    TITLE_VI = "Từ chối đề nghị"
    SUBJECTS = "offer rejected_by"
    SIGNERS = "rejected_by"

    offer: OfferId
    """Offer that is declined, unanswered so far."""
    rejected_by: PartyId
    """Its offeree."""


class OfferRevoked(Body):
    """The offeror takes an offer back, as it had reserved to (Civil Code art. 390)."""

    TOPIC: ClassVar[str] = "offer.revoked/1"
    TITLE = "Offer revoked"
    TITLE_VI = "Rút lại đề nghị"
    SUBJECTS = "offer revoked_by"
    SIGNERS = "revoked_by"
    FACES = "offer:offeror~offeree"

    offer: OfferId
    """Offer that is taken back, unanswered so far; it had said that it may be (`revocable`)."""
    revoked_by: PartyId
    """Its offeror."""


Outcome = Literal["accepted", "rejected", "countered", "revoked"]


@dataclass(frozen=True, slots=True)
class OfferEnd:
    """What ended an offer, by which event, at which position."""

    outcome: Outcome
    position: int
    payload_hash: str


@dataclass(frozen=True, slots=True)
class Offer:
    """An offer as its answers see it; `terms_hash` is the hash of the payload that made it.

    `price`, `royalty_ppm`, `paper` and `proposed` are what an acceptance commits to, as the offer
    has them; `used` is the position of the deed that followed its acceptance.
    """

    position: int
    terms_hash: str
    offeror: str
    offeree: str
    expires_at: datetime
    revocable: bool
    listing: str | None = None
    proposed: tuple[Proposed, ...] = ()
    price: Price | Sealed | None = None
    royalty_ppm: int | Sealed | None = None
    paper: str | None = None
    answer: OfferEnd | None = None
    used: int | None = None


class AcceptNotAddressee(Refusal):
    """Only the party to whom an offer was made can answer it."""

    code = "ACCEPT_NOT_ADDRESSEE"
    members = ("accepted_by", "rejected_by", "counters")
    title_vi = "Chỉ bên được đề nghị mới có thể trả lời đề nghị giao kết hợp đồng"
    article = "Bộ luật Dân sự, Điều 393"


class OfferClosed(Refusal):
    """The offer has been accepted, rejected, countered or revoked already."""

    code = "OFFER_CLOSED"
    members = ("offer", "counters")
    title_vi = "Đề nghị đã được chấp nhận, bị từ chối, được sửa đổi hoặc bị hủy bỏ"
    article = "Bộ luật Dân sự, Điều 391"


class OfferExpired(Refusal):
    """An acceptance after the offer's time is a new offer."""

    code = "OFFER_EXPIRED"
    members = ("offer", "counters")
    title_vi = "Chấp nhận sau thời hạn trả lời được coi là đề nghị mới"
    article = "Bộ luật Dân sự, Điều 394"


class AcceptTermsDiffer(Refusal):
    """An acceptance that changes the terms is a new offer."""

    code = "ACCEPT_TERMS_DIFFER"
    members = ("accepts",)
    title_vi = "Chấp nhận có sửa đổi nội dung được coi là đề nghị mới"
    article = "Bộ luật Dân sự, Điều 392"


class RevokeNotReserved(Refusal):
    """An offer can be taken back only if it says so."""

    code = "REVOKE_NOT_RESERVED"
    members = ("offer",)
    title_vi = "Đề nghị không bảo lưu quyền hủy bỏ"
    article = "Bộ luật Dân sự, Điều 390"


@admits(OfferMade)
def _admit_made(body: OfferMade, state: State, context: Context) -> None:
    """Refuse an offer that nobody can answer, whose royalty is no rate, or of what is no place."""
    _must_be_answerable(body, state, context)


def _must_be_answerable(
    body: OfferTerms, state: State, context: Context, stood: tuple[Proposed, ...] = ()
) -> None:
    require_new(state, body.offer)
    if body.listing is not None:
        must_be_open(state, body.listing, context)
    if body.expires_at <= context.accepted:
        raise IntervalEmpty(
            f"the offer ran until {format_instant(body.expires_at)}, before it was recorded",
            pointer="/body/expires_at",
            step=Step({"now": format_instant(context.accepted)}, case="deadline", ask=(HERE,)),
        )
    check_rate(body.royalty_ppm, "/body/royalty_ppm", context)
    must_be_codes(body.proposed, law_day(context.accepted), context.law, stood)


@admits(OfferCountered)
def _admit_countered(body: OfferCountered, state: State, context: Context) -> None:
    """Refuse a counter to what was answered; an offer whose time is over can be countered."""
    offer = require_known(state, body.counters, Offer)
    if body.counters_event != offer.terms_hash:
        raise PredecessorUnknown(
            f"{body.counters_event} did not make {body.counters}",
            positions=(offer.position,),
            subjects=(body.counters,),
            step=Step(
                {"subject": body.counters, "hash": offer.terms_hash},
                case="event",
                change={"/body/counters_event": offer.terms_hash},
            ),
        )
    turned = {f"/body/{name}": party for name, party in _turned(offer).items()}
    _must_be_between(offer, body.offeror, body.offeree, turned)
    _must_be_open(offer, body.offeror)
    _must_be_answerable(body, state, context, offer.proposed)


@admits(OfferAccepted)
def _admit_accepted(body: OfferAccepted, state: State, context: Context) -> None:
    """Refuse an acceptance by a stranger, after the end, or of other terms."""
    offer = require_known(state, body.offer, Offer)
    _must_be_between(offer, body.accepted_by, offer.offeror, {"/body/accepted_by": offer.offeree})
    _must_be_open(offer, body.accepted_by, {"accepted"})
    if context.accepted > offer.expires_at:
        raise OfferExpired(
            f"the offer ran until {format_instant(offer.expires_at)}",
            positions=(offer.position,),
            step=Step(
                {"who": offer.offeror},
                instead=Other(
                    OfferCountered.TOPIC,
                    {"counters": body.offer, "counters_event": offer.terms_hash, **_turned(offer)},
                ),
            ),
        )
    if body.accepts != offer.terms_hash:
        raise AcceptTermsDiffer(
            f"the offer's terms are those of {offer.terms_hash}",
            positions=(offer.position,),
            step=Step({"hash": offer.terms_hash}, change={"/body/accepts": offer.terms_hash}),
        )
    if body.listing is not None and body.listing != offer.listing:
        raise PredecessorUnknown(
            f"{body.offer} does not answer {body.listing}",
            positions=(offer.position,),
            pointer="/body/listing",
            step=Step(
                {"listing": offer.listing or "no listing"},
                case="listing",
                change={"/body/listing": offer.listing},
            ),
        )
    if offer.listing is not None:
        lapsed = lapsed_by(offer, require_known(state, offer.listing, Listing))
        if lapsed:
            raise OfferClosed(
                "what it offers is taken, or off the market",
                positions=lapsed,
                step=_offering(offer, body.accepted_by),
            )


def lapsed_by(offer: Offer, listing: Listing) -> tuple[int, ...]:
    """Return the events by which an unanswered offer on a listing has lapsed, if it has.

    They are the deals that took what it offers for another, or what closed the listing.
    """
    taken = {
        held.position
        for held in listing.taken
        for proposed in offer.proposed
        if held.licensee != proposed.licensee and held.box.overlaps(proposed.reach())
    }
    closed = () if listing.closed is None else (listing.closed,)
    return tuple(sorted(taken)) or closed


@admits(OfferRejected)
def _admit_rejected(body: OfferRejected, state: State) -> None:
    """Refuse a rejection by a stranger or of what has ended."""
    offer = require_known(state, body.offer, Offer)
    _must_be_between(offer, body.rejected_by, offer.offeror, {"/body/rejected_by": offer.offeree})
    _must_be_open(offer, body.rejected_by, {"rejected", "countered", "revoked"})


@admits(OfferRevoked)
def _admit_revoked(body: OfferRevoked, state: State) -> None:
    """Refuse a revocation by another than the offeror, of what has ended, or not reserved."""
    offer = require_known(state, body.offer, Offer)
    _must_be_offeror(offer, body.revoked_by, "/body/revoked_by")
    _must_be_open(offer, body.revoked_by, {"rejected", "countered", "revoked"})
    if not offer.revocable:
        raise RevokeNotReserved(
            f"{body.offer} does not reserve its revocation",
            positions=(offer.position,),
            step=Step(
                {"who": offer.offeree, "until": format_instant(offer.expires_at)},
                instead=Other(
                    OfferRejected.TOPIC, {"offer": body.offer, "rejected_by": offer.offeree}
                ),
            ),
        )


def _must_be_offeror(offer: Offer, by: str, pointer: str) -> None:
    """Refuse what another does with an offer."""
    if by != offer.offeror:
        raise WrongSigner(
            f"the offer was made by {offer.offeror}: {by} does not dispose of it",
            positions=(offer.position,),
            pointer=pointer,
            step=naming(pointer, offer.offeror),
        )


def _must_be_between(offer: Offer, by: str, to: str, change: Mapping[str, str]) -> None:
    """Refuse an answer by another, or to another; `change` would make it the addressee's."""
    if (by, to) != (offer.offeree, offer.offeror):
        raise AcceptNotAddressee(
            f"the offer was made by {offer.offeror} to {offer.offeree}: {by} does not answer {to}",
            positions=(offer.position,),
            step=Step({"offeree": offer.offeree, "offeror": offer.offeror}, change=change),
        )


def _turned(offer: Offer) -> dict[str, str]:
    return {"offeror": offer.offeree, "offeree": offer.offeror}


def _must_be_open(offer: Offer, party: str, enough: Collection[str] = ()) -> None:
    """Refuse what comes after an answer; after one of those that are `enough` nothing is left."""
    if (answer := offer.answer) is None:
        return
    step = _offering(offer, party, "accepted" if answer.outcome == "accepted" else None)
    if answer.outcome in enough:
        step = Step({"outcome": answer.outcome}, case="done")
    raise OfferClosed(f"the offer was {answer.outcome}", positions=(answer.position,), step=step)


def _offering(offer: Offer, party: str, case: str | None = None) -> Step:
    """Return the step of a new offer by one party of the old to the other."""
    other = offer.offeree if party == offer.offeror else offer.offeror
    made = Other(OfferMade.TOPIC, {"offeror": party, "offeree": other, "listing": None})
    return Step({"who": other}, case=case, instead=made)


@evolves(KIND, OfferMade)
def _evolve_made(body: OfferMade, logged: Logged) -> Offer:
    return _made(body, logged)


def _made(body: OfferTerms, logged: Logged) -> Offer:
    return Offer(
        position=logged.position,
        terms_hash=logged.event.payload_hash,
        offeror=body.offeror,
        offeree=body.offeree,
        expires_at=body.expires_at,
        revocable=body.revocable,
        listing=body.listing,
        proposed=body.proposed,
        price=body.price,
        royalty_ppm=body.royalty_ppm,
        paper=body.terms_sha256,
    )


@evolves(KIND, OfferCountered)
def _evolve_countered(
    body: OfferCountered, logged: Logged, value: Offer | None, subject: str
) -> Offer:
    """Return the new offer, or the old one, ended."""
    if subject == body.offer:
        return _made(body, logged)
    assert value is not None
    return _answered(value, "countered", logged)


@evolves(KIND, OfferAccepted)
def _evolve_accepted(_body: OfferAccepted, logged: Logged, value: Offer) -> Offer:
    return _answered(value, "accepted", logged)


@evolves(KIND, OfferRejected)
def _evolve_rejected(_body: OfferRejected, logged: Logged, value: Offer) -> Offer:
    return _answered(value, "rejected", logged)


@evolves(KIND, OfferRevoked)
def _evolve_revoked(_body: OfferRevoked, logged: Logged, value: Offer) -> Offer:
    return _answered(value, "revoked", logged)


def _answered(offer: Offer, outcome: Outcome, logged: Logged) -> Offer:
    return replace(offer, answer=OfferEnd(outcome, logged.position, logged.event.payload_hash))
