"""
A contract: who may do what with which rights, where, for what and until when.

What a licensor can give stands in `ledger.domain.contracts.granting`, what it may not ask for in
`clauses`, what the State must see first in `state_acts`; what is agreed or happens later in
`amendment`, `performance` and `filing`. Refusals come in the order: existence, contents, days, the
State, clauses, grants.
Read in this order: events, state, admit, evolve.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Annotated, ClassVar

from pydantic import model_validator
from rpds import HashTrieMap

from ledger.domain.contracts.acceptance import (
    Deal,
    evolve_followed,
    must_follow_acceptance,
    must_follow_auction,
    read_with,
)
from ledger.domain.contracts.clauses import must_end_with_the_contract, must_let_out
from ledger.domain.contracts.consent import consenting
from ledger.domain.contracts.contract_terms import (
    AgreedTerms,
    Changes,
    ContractKind,
    Grant,
    Procurement,
    Terms,
    changed,
    first_terms,
    reason_of,
    version_of,
)
from ledger.domain.contracts.granting import (
    Agreed,
    Placed,
    held_grant,
    must_be_on_filed_rights,
    must_be_owner,
    must_not_conflict,
    must_not_reach_behind,
    same_know_how,
)
from ledger.domain.contracts.lawful import must_be_lawful
from ledger.domain.contracts.report_index import NONE_FILED, ReportsOfContract
from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import Holds, Voidance, must_not_be_void
from ledger.domain.core.dated_law import law_day
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import not_in_future, require_days, require_known, require_new
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step, joining, listed
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import FROM_LIST, Day, EventHash, PartyIds, legal_day, of_kind
from ledger.domain.market.auction import AuctionId
from ledger.domain.market.listing import ContentMissing, Listing, ListingId
from ledger.domain.market.offer import OfferId
from ledger.domain.parties.party import party_of, standing_for
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.backdating import Since, must_be_confirmed
from ledger.domain.rights.estate import E, with_grants
from ledger.domain.rights.title import Assignment
from ledger.quoted import repeated

KIND = "contract"


class ContractConcluded(AgreedTerms):
    """The last party signed (Civil Code art. 400(4))."""

    TOPIC: ClassVar[str] = "contract.concluded/1"
    TITLE = "Contract concluded"
    TITLE_VI = "Ký kết hợp đồng"
    SUBJECTS = (
        "contract parties/* consents/* listing offer assignment auction grants/*/rights/*"
        " grants/*/technologies/*"
    )
    SIGNERS = "parties/* consents/*"
    COMMITS = (
        "sum:price rate:royalty_ppm royalty:royalty?renewal"
        " royalty:royalty:effective_from~effective_to?!renewal grant:grants/* named:offer"
    )
    OPPOSED = "parties/* grants/*:licensor~licensee consents/*~grants/*/licensee"
    REFERENCES = "acceptance"

    kind: ContractKind
    """What is concluded; of `state_purchase` the State buys, and anyone whom it names may use
    (Technology Transfer Law art. 35a)."""
    parties: PartyIds
    """Who concludes it and signs: two or more, among them all licensors and licensees."""
    listing: ListingId | None
    """The listing from which it came; null is none."""
    offer: OfferId | None
    """The offer that it follows, which was accepted; null is none."""
    acceptance: EventHash | None
    """Payload hash of the `offer.accepted/1` by which it was accepted; null where there is no
    offer."""
    grants: Annotated[tuple[Grant, ...], FROM_LIST]
    """What is licensed, each grant of a name of its own; empty where nothing is."""
    effective_from: Day
    """First legal day of effect between the parties, unless it waits longer
    (`effective_upon`)."""
    effective_to: Day | None
    """The contract ends before this legal day, and no grant runs beyond it (IP Law
    art. 144(1)); null: when its grants have ended, if they do."""
    assignment: Annotated[str, of_kind("assignment")] | None = None
    """The agreement to assign that it belongs to (`assignment.agreed/1`); null or absent is
    none."""
    auction: AuctionId | None = None
    """The auction that it follows, which a party won; null or absent is none."""
    procurement: Procurement | None = None
    """Under what a State body buys: named by a `state_purchase`; null or absent: by no
    tender."""
    open_beneficiaries: bool = False
    """Whether anyone whom the State names may use too; then a State body is among the licensees."""

    @model_validator(mode="after")
    def _well_formed(self) -> "ContractConcluded":
        if len(self.parties) < 2:  # noqa: PLR2004  (it takes two to contract)
            raise ValueError(
                f"a contract has two parties or more: {', '.join(sorted(self.parties))}"
            )
        if (twice := repeated(grant.grant for grant in self.grants)) is not None:
            raise ValueError(f"two grants have one name: {twice}")
        for grant in self.grants:
            if grant.exclusivity == "compulsory":
                raise ValueError(f"only the State grants a compulsory licence, as {grant.grant} is")
        for each in self.signed:
            if each.party not in self.parties or each.on > self.concluded_on:
                raise ValueError(
                    "parties sign by the day on which the contract is concluded, "
                    f"{self.concluded_on}: {each.party} on {each.on}"
                )
        if (self.offer is None) != (self.acceptance is None):
            given = f"only {self.offer or self.acceptance} is"
            raise ValueError(f"an offer is named with its acceptance: {given}")
        return self

    def reads(self, state: State) -> Iterable[str]:
        """Return what the terms refer to, the listing of its deal, and the licensees.

        The State buys through its bodies.
        """
        followed = read_with(state, self.offer, self.auction)
        objects = (item for grant in self.grants for item in grant.objects)
        alike = same_know_how(state, objects)
        return self.referred().union(followed, alike, (g.licensee for g in self.grants))


@dataclass(frozen=True, slots=True)
class Suspension:
    """Who suspended the contract, by which event, in the days `[start, end)`."""

    position: int
    by: frozenset[str]
    start: date
    end: date | None

    def holds(self, day: date) -> bool:
        """Whether the contract rests on a day."""
        return self.start <= day and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of terms: the version that it makes, and from which day it has effect.

    `effective_from` is None while it waits for its registration; it was agreed for `agreed_from`.
    """

    version: int
    position: int
    payload_hash: str
    agreed_from: date
    effective_from: date | None
    changes: Changes


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract, or a sublicence, as later events see it.

    `said` is what the event said that made it, whose payload has that hash; `first` are the terms
    as first agreed, `changes` what was agreed since, in the order of the log, `newest` the result.
    `grants` are those of the newest version by their short id, `reports` those in force. `head` is
    the ref of the grant that a sublicence sits under, `tier` how many lie above it. `permitted`,
    `registered` and `recorded` are the days of the State's permit, of its certificate, and of the
    entry in the office's register of licences. `marked` is the day from which the parties marked it
    in force. `below` are the sublicences that sit under it, each with the grant that it sits under;
    `shares` the last agreement on each of what is shared, `shared_again` the days from which one
    of revenue took another's place, `notices` those that were served under it.
    """

    position: int
    payload_hash: str
    kind: str
    terms_event: AgreedTerms
    first: Terms
    newest: Terms
    parties: frozenset[str]
    grants: Mapping[str, Grant]
    effective_from: date
    effective_to: date | None
    changes: tuple[Change, ...] = ()
    reports: ReportsOfContract = NONE_FILED
    shares: Mapping[str, str] = field(default_factory=dict)
    shared_again: frozenset[date] = frozenset()
    notices: tuple[str, ...] = ()
    holds: Holds = field(default_factory=dict)
    head: str | None = None
    below: "HashTrieMap[str, str]" = HashTrieMap()
    tier: int = 0
    permitted: date | None = None
    registered: date | None = None
    recorded: date | None = None
    conditions_met: frozenset[str] = frozenset()
    declared_in_force_on: date | None = None
    suspended: Suspension | None = None
    ended: date | None = None
    ended_by: int | None = None
    voided: Voidance | None = None

    @property
    def currency(self) -> str:
        """Return the currency that amounts are in."""
        return self.terms_event.currency

    @property
    def version(self) -> int:
        """Return the number of the newest version of the terms; the first is 1."""
        return 1 + len(self.changes)

    @property
    def in_force_from(self) -> date | None:
        """Return the first day of effect between the parties, or None while something is awaited.

        Without another day agreed, an act of the State brings it into force (TTL art. 24).
        """
        awaited = {
            "day": self.effective_from,
            "permit": self.permitted,
            "registration": self.registered,
            "conditions": self.declared_in_force_on,
        }[self.terms_event.effective_upon]
        first = self.declared_in_force_on or awaited
        return first and max(first, self.effective_from)

    @property
    def over_from(self) -> date | None:
        """Return the first day after it as things stand: of an early end, or after its term."""
        return min(
            (day for day in (self.ended, self.newest.runs_to) if day is not None), default=None
        )

    @property
    def cut_short(self) -> tuple[date, int] | None:
        """Return from which day on it has been ended early, or is void, and which event says so."""
        ended = None if self.ended is None else (self.ended, self.ended_by or self.position)
        void = None if self.voided is None else (self.voided.start, self.voided.position)
        return min(filter(None, (ended, void)), default=None)

    @property
    def sell_off_to(self) -> date | None:
        """Return the day before which stock may still be sold after an early end."""
        if self.ended is None:
            return None
        days = self.terms_on(self.ended).sell_off_days
        return None if days is None else self.ended + timedelta(days=days)

    def terms_on(self, day: date) -> Terms:
        """Return the terms in force on a day, as known by now."""
        terms = self.first
        for change in self.changes:
            if change.effective_from is not None and change.effective_from <= day:
                terms = changed(terms, change.changes)
        return terms

    def licensees(self) -> frozenset[str]:
        """Return the parties that may use something under this contract."""
        return frozenset(grant.licensee for grant in self.grants.values())

    def creditors(self) -> frozenset[str]:
        """Return who is paid: the licensors, or all parties where nothing is granted."""
        return frozenset(grant.licensor for grant in self.grants.values()) or self.parties

    def objects(self) -> frozenset[str]:
        """Return what its grants are on."""
        return frozenset(item for grant in self.grants.values() for item in grant.objects)

    def changed_by(self, change: Change) -> "Contract":
        """Return the contract after a change of its terms."""
        changes = (*self.changes, change)
        terms = changed(self.newest, change.changes)
        return replace(
            self,
            changes=changes,
            newest=terms,
            grants={grant.grant: grant for grant in terms.grants},
            effective_to=terms.effective_to,
        )

    def with_registered(self, amendment: str, day: date) -> "Contract":
        """Return the contract after an amendment was registered, and so has effect."""
        changes = tuple(
            replace(change, effective_from=max(change.agreed_from, day))
            if change.payload_hash == amendment and change.effective_from is None
            else change
            for change in self.changes
        )
        return replace(self, changes=changes)


class ContractEnded(Refusal):
    """What has ended, or has been void, is neither changed nor ended again."""

    code = "CONTRACT_ENDED"
    members = ("head_contract", "contract")
    title_vi = "Hợp đồng đã chấm dứt"
    article = "Bộ luật Dân sự, Điều 422"


def must_license(contract: Contract, subject: str, party: str) -> None:
    """Raise `WrongSigner` unless the party is a licensor under the contract."""
    licensors = sorted({grant.licensor for grant in contract.grants.values()})
    if party not in licensors:
        raise WrongSigner(
            f"{party} licenses nothing under {subject}",
            positions=(contract.position,),
            subjects=(party,),
            step=Step({"why": listed(licensors)}, ask=(HERE,)),
        )


def must_not_have_ended(
    subject: str, contract: Contract, context: Context, over: str | None = None
) -> None:
    """Refuse to touch what a forum declared void, or is `over` by today; else a new one helps."""
    today = legal_day(context.accepted)
    must_not_be_void(subject, contract.voided, today)
    if contract.ended is not None and contract.ended <= today:
        instead = concluding(contract.parties)
        raise ContractEnded(
            f"{subject} is over from {contract.ended} on",
            positions=(contract.position if contract.ended_by is None else contract.ended_by,),
            subjects=(subject,),
            step=Step({"day": contract.ended}, case=over, instead=None if over else instead),
        )


def concluding(parties: Iterable[str]) -> Other:
    """Return a new contract between parties."""
    return Other(ContractConcluded.TOPIC, {"parties": sorted(parties)})


@admits(ContractConcluded)
def _admit_concluded(body: ContractConcluded, state: State, context: Context, event: Event) -> None:
    """Refuse a contract without its contents, and grants that are not the licensor's to give."""
    require_new(state, body.contract)
    if body.listing is not None:
        require_known(state, body.listing, Listing)
    if body.assignment is not None:
        require_known(state, body.assignment, Assignment)
    must_let_out(body.exits, body.parties)
    deal = _deal_of(body)
    proposed = must_follow_acceptance(state, body.offer, body.acceptance, deal, context)
    must_follow_auction(state, body.auction, deal, context)
    must_be_bought_by_the_state(state, body, body.grants, "/body/grants")
    not_in_future(context.accepted, concluded_on=body.concluded_on)
    require_days(body.effective_from, body.effective_to, "/body/effective_to")
    must_end_with_the_contract(body.grants, body.effective_to, "/body/effective_to")
    for grant in body.grants:
        _must_be_party(grant, body.parties)
    must_be_lawful(state, version_of(body, body.kind, body.grants), context, proposed)
    for number, grant in enumerate(body.grants):
        start = max(body.effective_from, grant.valid_from)
        place = f"/body/grants/{number}/valid_from"
        days = {"/body/concluded_on": body.concluded_on, place: start}
        must_be_on_filed_rights(state, grant, days)
    must_be_confirmed(
        body.contract,
        reason_of(body.confirms),
        context,
        concluded_on=body.concluded_on,
        effective_from=body.effective_from,
    )
    signers, today = standing_for(state, event.signers), legal_day(context.accepted)
    for number, grant in enumerate(body.grants):
        at = Placed(grant, f"/body/grants/{number}", body.consents)
        agreed = agreed_to(state, body, grant.licensor, context)
        since = Since(max(body.effective_from, grant.valid_from), "/body/effective_from")
        must_not_reach_behind(state, grant, since, signers, context, reason_of(body.confirms))
        must_be_owner(state, at, signers, agreed)
        held = held_grant(grant, body.contract, None, context.position, today)
        require_days(grant.valid_from, grant.valid_to, f"{at.pointer}/valid_to")
        must_not_conflict(state, at, held, signers, agreed, context)


def _deal_of(body: ContractConcluded) -> Deal:
    return Deal(
        parties=frozenset(body.parties),
        price=body.price,
        royalty_ppm=body.royalty_ppm,
        beside=() if body.royalty is None else ("/body/royalty",),
        terms_sha256=body.terms_sha256,
        grants=body.grants,
        objects=frozenset(item for grant in body.grants for item in grant.objects),
    )


def agreed_to(state: State, body: AgreedTerms, licensor: str, context: Context) -> Agreed:
    """Return who consented on record that the licensor licenses, by what they consented about."""
    day = law_day(context.accepted)
    return consenting(state, body.consents_given, licensor, "licence", day)


def must_be_bought_by_the_state(
    state: State, body: AgreedTerms, grants: Iterable[Grant], place: str
) -> None:
    """Refuse a purchase by the State without a State body, and open beneficiaries without one.

    `place` is where the grants stand in the payload.
    """
    if not isinstance(body, ContractConcluded):
        return
    if body.kind != "state_purchase" and not body.open_beneficiaries:
        return
    buyers = {grant.licensee: party_of(state, grant.licensee) for grant in grants}
    if all(buyer.kind != "state_body" for buyer in buyers.values()):
        raise WrongSigner(
            "the State buys through a State body",
            positions=(buyer.position for buyer in buyers.values()),
            subjects=buyers,
            step=Step(case="state", ask=(place,)),
        )
    if body.kind == "state_purchase" and body.procurement is None:
        raise ContentMissing(
            "a purchase by the State names its package and decision",
            pointer="/body/procurement",
            step=Step({"what": "procurement"}, ask=(HERE,)),
        )


def _must_be_party(grant: Grant, parties: Collection[str]) -> None:
    if absent := absent_from(grant, parties):
        raise SignerMissing(
            f"grant {grant.grant} binds one who is no party",
            subjects=absent,
            step=joining("/body/parties", parties, absent),
        )


def absent_from(grant: Grant, parties: Iterable[str]) -> set[str]:
    """Return those between whom a grant is and who are no parties."""
    return {grant.licensor, grant.licensee}.difference(parties)


@evolves(KIND, ContractConcluded)
def _evolve_concluded(body: ContractConcluded, logged: Logged) -> Contract:
    terms = first_terms(body, body.grants, body.effective_to)
    return Contract(
        position=logged.position,
        payload_hash=logged.event.payload_hash,
        kind=body.kind,
        terms_event=body,
        first=terms,
        newest=terms,
        parties=frozenset(body.parties),
        grants={grant.grant: grant for grant in body.grants},
        effective_from=body.effective_from,
        effective_to=body.effective_to,
    )


@evolves("right", ContractConcluded)
@evolves("technology", ContractConcluded)
def _evolve_granted(body: ContractConcluded, logged: Logged, value: E, subject: str) -> E:
    day = legal_day(logged.accepted)
    held = [
        held_grant(grant, body.contract, None, logged.position, day)
        for grant in body.grants
        if subject in grant.objects and grant.option_until is None
    ]
    return with_grants(value, held)


@evolves("listing", ContractConcluded)
def _evolve_listing_concluded(
    body: ContractConcluded, logged: Logged, value: Listing | None, subject: str
) -> Listing | None:
    """Return the listing with what the contract has given away for good."""
    if value is None or subject != body.listing:
        return value
    day = legal_day(logged.accepted)
    made = (held_grant(each, body.contract, None, logged.position, day) for each in body.grants)
    return replace(value, taken=(*value.taken, *(held for held in made if held.exclusive)))


evolves("offer", ContractConcluded)(evolve_followed)
evolves("auction", ContractConcluded)(evolve_followed)
