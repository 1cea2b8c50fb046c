"""
A dispute: who claims what against whom before which forum, and the typed orders that follow.

An accusation has no effect; an order has, of one of four kinds (`order`). What ends a dispute also
names each order that it lifts, so that nothing stays held by oversight.
A forum's word is a fact of the State: it is not refused for what it contradicts. Orders only add
events; none edits. Refusals come in the order in which they are defined here, existence first.
Read in this order: events, state, refusals, admit, evolve; what the forum says stands in `ruling`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from pydantic import model_validator
from rpds import HashTrieSet

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.court_order import DisputeId, Lift, Lifts, OfDispute, Subjects
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import all_known, not_in_future, require_known, require_new
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import (
    Other,
    Step,
    joining,
    leaving_out,
    listed,
    naming,
    naming_one_of,
)
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Day,
    EventHash,
    PartyId,
    PartyIds,
    Sha256,
    Text,
)
from ledger.domain.disputes.court_order_effects import EFFECTS
from ledger.domain.parties.party import party_of
from ledger.domain.parties.signature_refusals import WrongSigner

KIND = "dispute"


class DisputeOpened(Body):
    """A claimant brings a claim before a forum. It has no effect on anything yet."""

    TOPIC: ClassVar[str] = "dispute.opened/1"
    TITLE = "Dispute opened"
    TITLE_VI = "Khởi kiện"
    SUBJECTS = "dispute claimant forum respondents/* concerns/*"
    SIGNERS = "claimant"
    OPPOSED = "claimant~respondents/*"
    REFERENCES = "disputed/*"

    dispute: DisputeId
    """Id of the new dispute."""
    claimant: PartyId
    """Party that claims."""
    respondents: PartyIds
    """Parties that the claim is against: neither the claimant nor the forum."""
    forum: PartyId
    """Court, arbitrator or authority that is asked; registered with the role `forum`."""
    concerns: Subjects
    """Subjects that it is about, such as a contract or a right; all are in the log."""
    disputed: Annotated[tuple[EventHash, ...], FROM_LIST, DISTINCT]
    """Payload hashes of the events in dispute; empty where it is about none."""
    claim: Text
    """What is claimed, in words, without personal data."""
    known_since: Day | None
    """Day on which the claimant knew, or had to know, that its right was infringed: the time to
    sue runs from it (Civil Code art. 429). Not after the day of recording; null where it is not
    said.
    """

    @model_validator(mode="after")
    def _against_another(self) -> "DisputeOpened":
        if both := {self.claimant, self.forum}.intersection(self.respondents):
            told = ", ".join(sorted(both))
            raise ValueError(f"a claim is brought against others, before a third: {told}")
        return self


class DisputeAdmitted(OfDispute):
    """The forum takes the case, as its own number for it says."""

    TOPIC: ClassVar[str] = "dispute.admitted/1"
    TITLE = "Dispute admitted"
    TITLE_VI = "Thụ lý tranh chấp"
    SUBJECTS = "dispute forum"
    SIGNERS = "forum"

    forum: PartyId
    """The forum that has the case."""
    case_no: Text
    """Number that the forum gave the case."""
    admitted_on: Day
    """Day on which the forum took it, not after the day of recording."""

    def speakers(self) -> tuple[str, ...]:
        """Return the forum."""
        return (self.forum,)


class EvidenceFiled(OfDispute):
    """One side puts documents before the forum, by their hashes."""

    TOPIC: ClassVar[str] = "evidence.filed/1"
    TITLE = "Evidence filed"
    TITLE_VI = "Nộp chứng cứ"
    SUBJECTS = "dispute filed_by"
    SIGNERS = "filed_by"
    FACES = "dispute:claimant~respondents"

    filed_by: PartyId
    """The side that files it: the claimant or a respondent."""
    documents: Annotated[tuple[Sha256, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    """SHA-256 of each document. The documents themselves stay outside the log."""
    description: Text
    """What they show, in words, without personal data."""

    def speakers(self) -> tuple[str, ...]:
        """Return who files it."""
        return (self.filed_by,)


class AppealFiled(OfDispute):
    """A side takes the ruling to a forum above, which has the case from here on."""

    TOPIC: ClassVar[str] = "appeal.filed/1"
    TITLE = "Appeal filed"
    TITLE_VI = "Kháng cáo"
    SUBJECTS = "dispute filed_by forum"
    SIGNERS = "filed_by"
    FACES = "dispute:claimant~respondents"

    filed_by: PartyId
    """The side that appeals, the claimant or a respondent, after a ruling that is not final."""
    forum: PartyId
    """The forum above, registered with the role `forum`. The forum below says nothing more in
    this case.
    """
    grounds: Text
    """Why the ruling is appealed, in words, without personal data."""

    def speakers(self) -> tuple[str, ...]:
        """Return who appeals, and the forum it goes to."""
        return (self.filed_by, self.forum)


class SettlementRecorded(OfDispute):
    """All sides agree, and the dispute is over."""

    TOPIC: ClassVar[str] = "settlement.recorded/1"
    TITLE = "Settlement recorded"
    TITLE_VI = "Hòa giải"
    SUBJECTS = "dispute parties/* lifts/*/on/*"
    SIGNERS = "parties/*"
    FACES = "dispute:claimant~respondents"
    COMMITS = "open"
    OPPOSED = "parties/*"

    parties: PartyIds
    """All sides of the dispute, the claimant and each respondent. All of them sign."""
    terms_sha256: Sha256
    """SHA-256 of the paper that they agreed on."""
    lifts: Lifts
    """Every interim order that still stands, each with all that it is on; empty where none
    does.
    """

    def speakers(self) -> tuple[str, ...]:
        """Return the sides."""
        return self.parties

    def lifted(self) -> tuple[Lift, ...]:
        """Return what is lifted."""
        return self.lifts


class DisputeWithdrawn(OfDispute):
    """The claimant gives the claim up."""

    TOPIC: ClassVar[str] = "dispute.withdrawn/1"
    TITLE = "Claim withdrawn"
    TITLE_VI = "Rút yêu cầu khởi kiện"
    SUBJECTS = "dispute claimant lifts/*/on/*"
    SIGNERS = "claimant"
    FACES = "dispute:claimant~respondents"

    claimant: PartyId
    """The claimant, as when the dispute was opened."""
    lifts: Lifts
    """Every interim order that still stands, each with all that it is on; empty where none
    does.
    """

    def speakers(self) -> tuple[str, ...]:
        """Return the claimant."""
        return (self.claimant,)

    def lifted(self) -> tuple[Lift, ...]:
        """Return what is lifted."""
        return self.lifts


@dataclass(frozen=True, slots=True)
class Standing:
    """An order that has not been lifted: on what, by which event."""

    effect: str
    on: frozenset[str]
    position: int


@dataclass(frozen=True, slots=True)
class Dispute:
    """A dispute as later events see it. `orders` are those that stand, `ruled` the last ruling."""

    position: int
    claimant: str
    respondents: frozenset[str]
    forum: str
    orders: Mapping[str, Standing] = field(default_factory=dict)
    ordered: "HashTrieSet[str]" = HashTrieSet()
    ruled: int | None = None
    ended: int | None = None

    def sides(self) -> frozenset[str]:
        """Return the claimant and the respondents."""
        return self.respondents | {self.claimant}


class DisputeEnded(Refusal):
    """The dispute was settled, withdrawn or finally decided."""

    code = "DISPUTE_ENDED"
    members = ("dispute",)
    title_vi = "Tranh chấp đã được hòa giải, rút yêu cầu hoặc có phán quyết cuối cùng"


class OrderNoForum(Refusal):
    """Orders and rulings are given by the forum that has the case, and by nobody else."""

    code = "ORDER_NO_FORUM"
    members = ("forum",)
    title_vi = "Lệnh hoặc phán quyết không do cơ quan đang giải quyết tranh chấp ban hành"


class OrderMismatch(Refusal):
    """An order, or its lifting, does not match the deed or the order that it is about."""

    code = "ORDER_MISMATCH"
    members = ("lifts", "orders", "dispute")
    title_vi = "Lệnh không khớp với giao dịch bị tuyên vô hiệu hoặc với lệnh được hủy bỏ"


def must_be_a_forum(state: State, party: str) -> None:
    """Raise `OrderNoForum` unless the party is registered as a forum."""
    registered = party_of(state, party)
    if "forum" not in registered.roles:
        raise OrderNoForum(
            f"{party} is not registered as a forum",
            positions=(registered.position,),
            subjects=(party,),
            step=Step(case="role", ask=("/body/forum",)),
        )


@admits(DisputeOpened)
def _admit_opened(body: DisputeOpened, state: State, context: Context) -> None:
    """Refuse a dispute twice, about the unknown, before whom is no forum.

    One that is opened late is admitted: whether its time is over is for the forum to say.
    """
    require_new(state, body.dispute)
    must_be_a_forum(state, body.forum)
    all_known(state, body.concerns)
    not_in_future(context.accepted, known_since=body.known_since)


def open_dispute(state: State, body: OfDispute) -> Dispute:
    """Return the dispute, or raise `DisputeEnded`."""
    dispute = require_known(state, body.dispute, Dispute)
    if dispute.ended is not None:
        raise DisputeEnded(
            f"{body.dispute} is over",
            positions=(dispute.ended,),
            step=Step({"position": dispute.ended}),
        )
    return dispute


@admits(DisputeAdmitted)
def _admit_admitted(body: DisputeAdmitted, state: State, context: Context) -> None:
    """Refuse another than the forum, and a day to come."""
    must_have_the_case(open_dispute(state, body), body.forum)
    not_in_future(context.accepted, admitted_on=body.admitted_on)


def must_have_the_case(dispute: Dispute, party: str) -> None:
    """Raise `OrderNoForum` unless the case is before the party."""
    if party != dispute.forum:
        raise OrderNoForum(
            f"the case is before {dispute.forum}, not {party}",
            positions=(dispute.position,),
            step=naming("/body/forum", dispute.forum),
        )


@admits(EvidenceFiled)
def _admit_evidence(body: EvidenceFiled, state: State) -> None:
    """Refuse evidence by a stranger."""
    _must_be_a_side(open_dispute(state, body), body.filed_by)


def _must_be_a_side(dispute: Dispute, party: str) -> None:
    if party not in dispute.sides():
        raise WrongSigner(
            f"{party} is no side of the dispute",
            positions=(dispute.position,),
            subjects=(party,),
            step=naming_one_of("/body/filed_by", dispute.sides()),
        )


def must_lift(dispute: Dispute, lifts: Sequence[Lift]) -> None:
    """Raise `OrderMismatch` unless each of these orders stands, on just these subjects."""
    for number, lift in enumerate(lifts):
        standing = dispute.orders.get(lift.order)
        if standing is None:
            raise OrderMismatch(
                f"no order {lift.order} stands",
                positions=(dispute.position,),
                step=_lifting(dispute, lifts),
            )
        if standing.on != frozenset(lift.on):
            on = sorted(standing.on)
            raise OrderMismatch(
                f"order {lift.order} is on {', '.join(on)}",
                positions=(standing.position,),
                step=Step(
                    {"what": f"{lift.order}: {listed(on)}"},
                    change={f"/body/lifts/{number}/on": on},
                ),
            )


def _lifting(dispute: Dispute, lifts: Iterable[Lift]) -> Step:
    """Return the step of lifting those of the orders that stand, or all that do."""
    meant = dispute.orders.keys() & {lift.order for lift in lifts} or dispute.orders.keys()
    if not meant:
        return Step(case="none", ask=("/body/lifts",))
    orders = [{"order": name, "on": sorted(dispute.orders[name].on)} for name in sorted(meant)]
    return Step({"what": listed(meant)}, change={"/body/lifts": orders})


def must_lift_all(dispute: Dispute, lifts: Sequence[Lift]) -> None:
    """Refuse to end a dispute while an interim order of it would go on holding something."""
    must_lift(dispute, lifts)
    left = sorted(dispute.orders.keys() - {lift.order for lift in lifts})
    if left:
        raise OrderMismatch(
            f"orders {', '.join(left)} stand: what ends the dispute lifts them",
            positions=(dispute.orders[order].position for order in left),
            step=_lifting(dispute, ()),
        )


@admits(AppealFiled)
def _admit_appeal(body: AppealFiled, state: State) -> None:
    """Refuse an appeal by a stranger, to whom is no forum, or against no ruling."""
    dispute = open_dispute(state, body)
    _must_be_a_side(dispute, body.filed_by)
    must_be_a_forum(state, body.forum)
    if dispute.ruled is None:
        ruling = {"dispute": body.dispute, "forum": dispute.forum, "final": False}
        raise OrderMismatch(
            "there is no ruling to appeal",
            positions=(dispute.position,),
            step=Step(
                {"forum": dispute.forum}, case="unruled", first=(Other("ruling.made/1", ruling),)
            ),
        )


@admits(SettlementRecorded)
def _admit_settled(body: SettlementRecorded, state: State) -> None:
    """Refuse a settlement that not every side signs, or that leaves an order standing."""
    dispute = open_dispute(state, body)
    strangers = set(body.parties) - dispute.sides()
    if strangers:
        raise WrongSigner(
            f"{', '.join(sorted(strangers))} is no side of the dispute",
            positions=(dispute.position,),
            subjects=strangers,
            step=leaving_out("/body/parties", body.parties, strangers),
        )
    absent = dispute.sides().difference(body.parties)
    if absent:
        raise WrongSigner(
            f"a settlement binds {', '.join(sorted(absent))} too",
            positions=(dispute.position,),
            subjects=absent,
            step=joining("/body/parties", body.parties, absent, "too"),
        )
    must_lift_all(dispute, body.lifts)


@admits(DisputeWithdrawn)
def _admit_withdrawn(body: DisputeWithdrawn, state: State) -> None:
    """Refuse another than the claimant, or to leave an order standing."""
    dispute = open_dispute(state, body)
    if body.claimant != dispute.claimant:
        raise WrongSigner(
            f"{dispute.claimant} claims",
            positions=(dispute.position,),
            pointer="/body/claimant",
            step=naming("/body/claimant", dispute.claimant),
        )
    must_lift_all(dispute, body.lifts)


@evolves(KIND, DisputeOpened)
def _evolve_opened(body: DisputeOpened, logged: Logged) -> Dispute:
    return Dispute(logged.position, body.claimant, frozenset(body.respondents), body.forum)


def evolve_orders(body: OfDispute, logged: Logged, value: Dispute) -> Dispute:
    """Return the dispute with the orders that stand after the event, and whether it is over."""
    gone = {lift.order for lift in body.lifted()}
    begun = {
        order.order: Standing(order.effect, frozenset(order.on), logged.position)
        for order in body.ordered()
        if order.event is None
    }
    return replace(
        value,
        orders={name: each for name, each in value.orders.items() if name not in gone} | begun,
        ordered=value.ordered.update(order.order for order in body.ordered()),
    )


@evolves(KIND, AppealFiled)
def _evolve_appealed(body: AppealFiled, logged: Logged, value: Dispute) -> Dispute:
    return replace(evolve_orders(body, logged, value), forum=body.forum, ruled=None)


@evolves(KIND, SettlementRecorded, DisputeWithdrawn)
def _evolve_ended(body: OfDispute, logged: Logged, value: Dispute) -> Dispute:
    return replace(evolve_orders(body, logged, value), ended=logged.position)


evolves(KIND, DisputeAdmitted, EvidenceFiled)(evolve_orders)
for _kind, _effect in EFFECTS.items():
    evolves(_kind, SettlementRecorded, DisputeWithdrawn)(_effect)
