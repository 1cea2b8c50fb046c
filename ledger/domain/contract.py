"""
A contract: who may do what with which rights, where, for what and until when.

A grant is judged against the right alone, which holds every grant that burdens it: the licensor
owns a share of the right, the right is in force and lasts as long, and nobody else is exclusive
there (`ledger.domain.scope`). A sublicence lies within its head grant on every side.
Refusals come in the order in which they are defined here, existence and contents first.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints, model_validator

from ledger.domain.authority import SignerMissing
from ledger.domain.event import (
    DISTINCT,
    FROM_LIST,
    Admits,
    Body,
    Context,
    Day,
    Event,
    EventHash,
    Evolves,
    Logged,
    Model,
    PartyId,
    PartyIds,
    Refusal,
    RightId,
    Sealed,
    Sha256,
    State,
    Text,
    legal_day,
    of_kind,
)
from ledger.domain.existence import PredecessorUnknown, interval, known, new, not_in_future
from ledger.domain.hold import Holds, Voidance, must_stand
from ledger.domain.listing import ContentMissing, Listing, ListingId
from ledger.domain.money import Currency, Price, check_rate
from ledger.domain.offer import Offer, OfferId
from ledger.domain.protection import must_be_in_force, must_cover, must_outlast
from ledger.domain.right import Right, with_grant
from ledger.domain.scope import Acts, Box, Exclusivity, Field, HeldGrant, Territory, box, conflicts
from ledger.domain.technology import Technology, TechnologyId
from ledger.domain.title import NotOwner, must_own

KIND = "contract"

ContractId = Annotated[str, of_kind(KIND)]
GrantId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]{1,16}$")]
GrantRef = Annotated[str, StringConstraints(pattern=r"^contract:[a-z0-9.-]{1,80}#[a-z0-9]{1,16}$")]
RoyaltyBase = Literal["net_selling_price", "net_revenue", "pre_tax_profit", "none"]
Sublicensing = Literal["no", "consent", "affiliates", "free"]


class Grant(Model):
    """A right to use, given by one party to another for the days `[valid_from, valid_to)`.

    A null `valid_to` has no end. `accepts` are earlier grants that the licensee puts up with.
    """

    grant: GrantId
    licensor: PartyId
    licensee: PartyId
    rights: Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]
    technologies: Annotated[tuple[TechnologyId, ...], FROM_LIST, DISTINCT]
    acts: Acts
    exclusivity: Exclusivity
    territory: Territory
    field: Field
    valid_from: Day
    valid_to: Day | None
    sublicensing: Sublicensing
    transferable: bool
    accepts: Annotated[tuple[GrantRef, ...], FROM_LIST, DISTINCT]

    @model_validator(mode="after")
    def _of_something_to_another(self) -> "Grant":
        if not self.rights and not self.technologies:
            raise ValueError("a grant is on a right or a technology")
        if self.licensor == self.licensee:
            raise ValueError("a grant is made to another")
        return self


class ContractConcluded(Body):
    """The last party signed (Civil Code art. 400(4))."""

    TOPIC: ClassVar[str] = "contract.concluded/1"

    contract: ContractId
    kind: Literal["licence", "know_how", "assignment", "service", "capital_contribution"]
    parties: PartyIds
    listing: ListingId | None
    offer: OfferId | None
    acceptance: EventHash | None
    grants: Annotated[tuple[Grant, ...], FROM_LIST]
    price: Price | Sealed | None
    royalty_ppm: int | Sealed | None
    royalty_base: RoyaltyBase
    currency: Currency
    terms_sha256: Sha256
    concluded_on: Day
    effective_from: Day
    effective_to: Day | None
    dispute_body: Text

    @model_validator(mode="after")
    def _well_formed(self) -> "ContractConcluded":
        if len(self.parties) < 2:  # noqa: PLR2004  (it takes two to contract)
            raise ValueError("a contract has two parties or more")
        if len({grant.grant for grant in self.grants}) < len(self.grants):
            raise ValueError("two grants have one name")
        if (self.offer is None) != (self.acceptance is None):
            raise ValueError("an offer is named with its acceptance")
        return self

    def subjects(self) -> frozenset[str]:
        """Return the contract, its parties, its listing and offer, what its grants are on."""
        optional = (self.listing, self.offer)
        return frozenset({self.contract, *self.parties}).union(
            (subject for subject in optional if subject is not None),
            *(grant.rights for grant in self.grants),
            *(grant.technologies for grant in self.grants),
        )

    def references(self) -> Iterable[str]:
        """Return the payload hash of the acceptance that this contract follows."""
        return () if self.acceptance is None else (self.acceptance,)


class SublicenceGranted(Body):
    """A licensee passed on what its head grant lets it pass on (IP Law art. 142)."""

    TOPIC: ClassVar[str] = "sublicence.granted/1"

    contract: ContractId
    head_contract: ContractId
    head_grant: GrantId
    sublicensor: PartyId
    sublicensee: PartyId
    consent_by: PartyId | None
    grant: Grant
    price: Price | Sealed | None
    royalty_ppm: int | Sealed | None
    royalty_base: RoyaltyBase
    currency: Currency
    terms_sha256: Sha256
    concluded_on: Day
    dispute_body: Text

    @model_validator(mode="after")
    def _well_formed(self) -> "SublicenceGranted":
        if (self.grant.licensor, self.grant.licensee) != (self.sublicensor, self.sublicensee):
            raise ValueError("the grant is from the sublicensor to the sublicensee")
        if self.contract == self.head_contract:
            raise ValueError("a sublicence is a contract of its own")
        return self

    def subjects(self) -> frozenset[str]:
        """Return the new contract, the head contract, the parties, what the grant is on."""
        named = {self.contract, self.head_contract, self.sublicensor, self.sublicensee}
        if self.consent_by is not None:
            named.add(self.consent_by)
        return frozenset(named).union(self.grant.rights, self.grant.technologies)

    def head(self) -> str:
        """Return the ref of the grant that the sublicence sits under."""
        return f"{self.head_contract}#{self.head_grant}"


@dataclass(frozen=True, slots=True)
class FiledReport:
    """The days `[start, end)` for which a licensee reported, by which event."""

    reporter: str
    start: date
    end: date
    position: int


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract, or a sublicence, as later events see it.

    `grants` by their short id; `reports` in force by their subject: one that was corrected is
    replaced by its correction.
    """

    position: int
    parties: frozenset[str]
    currency: str
    grants: Mapping[str, Grant]
    reports: Mapping[str, FiledReport] = field(default_factory=dict)
    holds: Holds = field(default_factory=dict)
    voided: Voidance | None = None

    def licensees(self) -> frozenset[str]:
        """Return the parties that may use something under this contract."""
        return frozenset(grant.licensee for grant in self.grants.values())

    def with_report(self, report: str, filed: FiledReport, corrects: str | None) -> "Contract":
        """Return the contract after a report was filed, in place of the one that it corrects."""
        kept = {key: value for key, value in self.reports.items() if key != corrects}
        return replace(self, reports={**kept, report: filed})


class SublicenceNoRight(Refusal):
    """A licence is passed on only as its head grant allows, and by whom it was given to."""

    code = "SUBLICENCE_NO_RIGHT"
    title_vi = "Bên cấp thứ cấp không có quyền chuyển giao quyền sử dụng cho bên thứ ba"
    article = "Luật Sở hữu trí tuệ, Điều 142"


class SublicenceLonger(Refusal):
    """A sublicence ends no later than its head grant."""

    code = "SUBLICENCE_LONGER"
    title_vi = "Thời hạn của hợp đồng thứ cấp dài hơn hợp đồng gốc"
    article = "Luật Sở hữu trí tuệ, Điều 142"


class BeyondOwnGrant(Refusal):
    """Nobody passes on more than was granted to them."""

    code = "BEYOND_OWN_GRANT"
    title_vi = "Phạm vi chuyển giao vượt quá phạm vi được cấp"
    article = "Luật Chuyển giao công nghệ, Điều 7"


class ExclusiveOverlap(Refusal):
    """An exclusive grant leaves no room for another of the same acts, place, field and time."""

    code = "EXCLUSIVE_OVERLAP"
    title_vi = "Trùng phạm vi với quyền sử dụng độc quyền"
    article = "Luật Sở hữu trí tuệ, Điều 143"


def _admit_concluded(state: State, event: Event, context: Context) -> None:
    """Refuse a contract without its contents, and grants that are not the licensor's to give."""
    body = event.body
    assert isinstance(body, ContractConcluded)
    new(state, body.contract)
    if body.listing is not None:
        known(state, body.listing, Listing)
    _must_follow_acceptance(state, body)
    if body.kind == "licence" and not body.grants:
        raise ContentMissing("a licence has at least one grant")
    _must_state_price(body, context)
    not_in_future(context.accepted, concluded_on=body.concluded_on)
    interval(body.effective_from, body.effective_to)
    for grant in body.grants:
        absent = {grant.licensor, grant.licensee}.difference(body.parties)
        if absent:
            raise SignerMissing(f"grant {grant.grant} binds one who is no party", subjects=absent)
        _must_be_owner(state, grant)
        _must_be_free(state, event, grant, _held(grant, body.contract, None, context.position))


def _must_follow_acceptance(state: State, body: ContractConcluded) -> None:
    if body.offer is None:
        return
    offer = known(state, body.offer, Offer)
    answer = offer.answer
    if answer is None or (answer.outcome, answer.payload_hash) != ("accepted", body.acceptance):
        raise PredecessorUnknown(
            f"{body.acceptance} did not accept {body.offer}",
            positions=(offer.position,) if answer is None else (answer.position,),
            subjects=(body.offer,),
        )


def _must_state_price(body: ContractConcluded | SublicenceGranted, context: Context) -> None:
    licence = isinstance(body, SublicenceGranted) or body.kind == "licence"
    if licence and body.price is None and body.royalty_ppm is None:
        raise ContentMissing("a licence states its price, even if it is 0")
    if body.royalty_ppm is not None and body.royalty_base == "none":
        raise ContentMissing("a royalty states what it is reckoned on")
    check_rate(body.royalty_ppm, "/body/royalty_ppm", context)


def _must_be_owner(state: State, grant: Grant) -> None:
    """Refuse a licensor with no share; what its co-owners must consent to is another rule."""
    for right in grant.rights:
        must_own(right, known(state, right, Right), grant.licensor)
    for technology in grant.technologies:
        value = known(state, technology, Technology)
        if grant.licensor not in value.owners:
            raise NotOwner(
                f"{grant.licensor} does not own {technology}",
                positions=(value.position,),
                subjects=(technology, grant.licensor),
            )


def _must_be_free(state: State, event: Event, grant: Grant, held: HeldGrant) -> None:
    """Refuse a grant that its rights are too short for, or that another's exclusivity forbids.

    The grants of one contract do not forbid each other: whoever is exclusive signs it.
    """
    interval(grant.valid_from, grant.valid_to)
    rights = {right: known(state, right, Right) for right in grant.rights}
    _must_accept_the_known(grant, rights.values())
    for right, value in rights.items():
        must_be_in_force(right, value, grant.valid_from, grant.territory.codes)
        must_outlast(right, value, grant.valid_to)
    if rights and not grant.technologies:  # Know-how goes where no title does.
        must_cover(rights, grant.territory.codes)
    consenting = frozenset(event.signers)
    rivals = {
        right: found
        for right, value in rights.items()
        if (found := conflicts(held, value.grants, consenting))
    }
    if rivals:
        refs = sorted({rival.ref for found in rivals.values() for rival in found})
        raise ExclusiveOverlap(
            f"grant {grant.grant} overlaps {', '.join(refs)}",
            positions=(rival.position for found in rivals.values() for rival in found),
            subjects=rivals,
        )


def _must_accept_the_known(grant: Grant, rights: Iterable[Right]) -> None:
    if not grant.accepts:
        return
    unknown = set(grant.accepts).difference(held.ref for right in rights for held in right.grants)
    if unknown:
        raise PredecessorUnknown("accepts a grant that its rights do not carry", subjects=unknown)


def _admit_sublicence(state: State, event: Event, context: Context) -> None:
    """Refuse a sublicence that its head grant does not allow, or does not contain."""
    body = event.body
    assert isinstance(body, SublicenceGranted)
    new(state, body.contract)
    contract = known(state, body.head_contract, Contract)
    must_stand(body.head_contract, contract.voided, legal_day(context.accepted))
    head = contract.grants.get(body.head_grant)
    if head is None:
        raise PredecessorUnknown(
            f"{body.head_contract} has no grant {body.head_grant}",
            positions=(contract.position,),
            subjects=(body.head_contract,),
        )
    _must_state_price(body, context)
    not_in_future(context.accepted, concluded_on=body.concluded_on)
    _must_be_allowed(body, head, contract.position)
    held = _held(body.grant, body.contract, body.head(), context.position)
    _must_lie_within(body.grant, held.box, head, contract.position)
    _must_be_free(state, event, body.grant, held)


def _must_be_allowed(body: SublicenceGranted, head: Grant, position: int) -> None:
    """Refuse without leave. The log knows no affiliates yet, so for them consent is asked too."""
    if body.sublicensor != head.licensee:
        raise SublicenceNoRight(
            f"{body.head()} was granted to {head.licensee}", positions=(position,)
        )
    if head.sublicensing == "no":
        raise SublicenceNoRight(f"{body.head()} is not to be passed on", positions=(position,))
    if head.sublicensing != "free" and body.consent_by != head.licensor:
        raise SublicenceNoRight(
            f"{body.head()} is passed on with consent by {head.licensor}", positions=(position,)
        )


_EXCLUDES = {"non_exclusive": 0, "sole": 1, "exclusive": 2}
"""How many a grant keeps out: nobody, other licensees, the licensor as well."""


def _must_lie_within(grant: Grant, own: Box, head: Grant, position: int) -> None:
    outer = _box(head)
    if outer.outlasted_by(own):
        raise SublicenceLonger(
            f"the head grant ends on {head.valid_to}, the sublicence on "
            f"{grant.valid_to or 'no day'}",
            positions=(position,),
        )
    sides = {
        "its acts, territory, field or first day": outer.contains(own),
        "its rights": set(head.rights).issuperset(grant.rights),
        "its technologies": set(head.technologies).issuperset(grant.technologies),
        "its exclusivity": _EXCLUDES[grant.exclusivity] <= _EXCLUDES[head.exclusivity],
    }
    beyond = [side for side, within in sides.items() if not within]
    if beyond:
        raise BeyondOwnGrant(
            f"the sublicence goes beyond the head grant in {' and '.join(beyond)}",
            positions=(position,),
        )


def _box(grant: Grant) -> Box:
    return box(grant.acts, grant.territory, grant.field, grant.valid_from, grant.valid_to)


def _held(grant: Grant, contract: str, head: str | None, position: int) -> HeldGrant:
    return HeldGrant(
        ref=f"{contract}#{grant.grant}",
        licensor=grant.licensor,
        licensee=grant.licensee,
        exclusive=grant.exclusivity != "non_exclusive",
        box=_box(grant),
        position=position,
        head=head,
        accepts=frozenset(grant.accepts),
    )


def _evolve_concluded(subject: str, value: Contract | None, logged: Logged) -> Contract:
    del subject, value
    body = logged.event.body
    assert isinstance(body, ContractConcluded)
    return Contract(
        position=logged.position,
        parties=frozenset(body.parties),
        currency=body.currency,
        grants={grant.grant: grant for grant in body.grants},
    )


def _evolve_sublicence(subject: str, value: Contract | None, logged: Logged) -> Contract | None:
    body = logged.event.body
    assert isinstance(body, SublicenceGranted)
    if subject != body.contract:
        return value
    return Contract(
        position=logged.position,
        parties=frozenset({body.sublicensor, body.sublicensee}),
        currency=body.currency,
        grants={body.grant.grant: body.grant},
    )


def _evolve_right_concluded(subject: str, value: Right, logged: Logged) -> Right:
    body = logged.event.body
    assert isinstance(body, ContractConcluded)
    for grant in body.grants:
        if subject in grant.rights:
            value = with_grant(value, _held(grant, body.contract, None, logged.position))
    return value


def _evolve_right_sublicence(subject: str, value: Right, logged: Logged) -> Right:
    del subject
    body = logged.event.body
    assert isinstance(body, SublicenceGranted)
    return with_grant(value, _held(body.grant, body.contract, body.head(), logged.position))


BODIES: tuple[type[Body], ...] = (ContractConcluded, SublicenceGranted)
ADMITS: Admits = {ContractConcluded: _admit_concluded, SublicenceGranted: _admit_sublicence}
EVOLVES: Evolves = {
    (KIND, ContractConcluded): _evolve_concluded,
    (KIND, SublicenceGranted): _evolve_sublicence,
    ("right", ContractConcluded): _evolve_right_concluded,
    ("right", SublicenceGranted): _evolve_right_sublicence,
}
