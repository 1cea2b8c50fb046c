"""Disputes: sides, forum, orders that stand until they are lifted, and what a void deed leaves."""

from datetime import UTC, date, datetime

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.granting import ExclusiveOverlap
from ledger.domain.core.court_hold import DeedVoid, Hold
from ledger.domain.core.existence import FutureFact, PredecessorUnknown, SubjectExists
from ledger.domain.disputes.dispute import DisputeEnded, OrderMismatch, OrderNoForum
from ledger.domain.market.listing import ListingNotOpen
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.security import ReleaseMismatch
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    LISTING,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SECURITY,
    SHARE,
    assignment_agreed,
    contract_concluded,
    grant,
    hash_of,
    listing_published,
    offer_made,
    right_filed,
    security_created,
    security_released,
    share_agreed,
    sublicence_granted,
)
from tests.support.disputes import (
    ARBITERS,
    COURT,
    DISPUTE,
    appeal_filed,
    court_registered,
    dispute_admitted,
    dispute_opened,
    dispute_withdrawn,
    evidence_filed,
    hold_lifted,
    hold_ordered,
    lift,
    order,
    ruling_made,
    settlement_recorded,
    void,
)
from tests.support.specification import Past, given, said

BEFORE = (right_filed(), contract_concluded(), share_agreed(), court_registered())
OPENED_AT = len(BEFORE)


def in_dispute(*more: object) -> Past:
    """Return a past in which the firm sues the institute, and what followed."""
    return given(*BEFORE, dispute_opened(), *more)  # type: ignore[arg-type]


def test_a_dispute_is_opened_once_before_a_forum_about_what_is_known() -> None:
    in_dispute().when(dispute_opened()).then_refused(SubjectExists, positions=(OPENED_AT,))
    log = given(*BEFORE)
    log.when(dispute_opened(forum=RIVAL)).then_refused(
        OrderNoForum, subjects=(RIVAL,), word={"/body/forum": COURT}
    )
    log.when(dispute_opened(concerns=[OTHER_RIGHT])).then_refused(PredecessorUnknown)
    log.when(dispute_opened(known_since="2026-11-03")).then_refused(FutureFact)


def test_an_accusation_has_no_effect() -> None:
    in_dispute(dispute_admitted(), evidence_filed()).when(assignment_agreed()).then_admitted()


def test_evidence_comes_from_a_side() -> None:
    log = in_dispute()
    log.when(evidence_filed(filed_by=INSTITUTE)).then_admitted()
    log.when(evidence_filed(filed_by=RIVAL)).then_refused(
        WrongSigner, subjects=(RIVAL,), word={"/body/filed_by": FIRM}
    )


def test_a_hold_is_kept_with_what_it_holds() -> None:
    log = in_dispute(hold_ordered())
    (hold,) = log.value(SHARE).holds.values()
    assert [f"{DISPUTE}#o1"] == list(log.value(SHARE).holds)
    assert OPENED_AT + 2 == hold.position
    assert {} == log.and_then(hold_lifted()).value(SHARE).holds


def test_a_hold_may_be_on_one_party_alone_and_for_a_time() -> None:
    held = order("HOLD_PAYMENT", SHARE, party=FIRM, end="2026-11-04")
    hold: Hold = in_dispute(hold_ordered(held)).value(SHARE).holds[f"{DISPUTE}#o1"]
    assert hold.holds(hold.start, FIRM)
    assert not hold.holds(hold.start, INSTITUTE)
    assert hold.end is not None
    assert not hold.holds(hold.end, FIRM)


def test_a_listing_under_suspend_listing_takes_no_offers() -> None:
    log = in_dispute(listing_published(), hold_ordered(order("SUSPEND_LISTING", LISTING)))
    offer = offer_made(listing=LISTING)
    log.when(offer).then_refused(ListingNotOpen, positions=(OPENED_AT + 2,))
    log.and_then(hold_lifted(lift(LISTING))).when(offer).then_admitted()


def test_an_order_keeps_its_name_and_is_lifted_from_all_that_it_was_on() -> None:
    log = in_dispute(hold_ordered(order("HOLD_PAYMENT", SHARE, CONTRACT)))
    log.when(hold_ordered()).then_refused(OrderMismatch)
    log.when(hold_lifted(lift(SHARE))).then_refused(OrderMismatch, positions=(OPENED_AT + 1,))
    log.when(hold_lifted(lift(SHARE, name="o2"))).then_refused(OrderMismatch)
    nothing = settlement_recorded(lifts=[lift(SHARE)])
    in_dispute().when(nothing).then_refused(OrderMismatch, word={"/body/lifts": []})
    log.when(hold_lifted(lift(CONTRACT, SHARE))).then_admitted()


def test_what_ends_a_dispute_lifts_every_order() -> None:
    log = in_dispute(hold_ordered())
    stands = (OPENED_AT + 1,)
    log.when(settlement_recorded()).then_refused(OrderMismatch, positions=stands)
    log.when(dispute_withdrawn()).then_refused(OrderMismatch, positions=stands)
    log.when(ruling_made(final=True)).then_refused(OrderMismatch, positions=stands)
    log.when(ruling_made(final=False)).then_admitted()
    over = log.and_then(settlement_recorded(lifts=[lift(SHARE)]))
    assert {} == over.value(SHARE).holds
    over.when(evidence_filed()).then_refused(DisputeEnded, positions=(OPENED_AT + 2,))


def test_a_settlement_binds_every_side_and_nobody_else() -> None:
    log = in_dispute()
    log.when(settlement_recorded(parties=[FIRM])).then_refused(WrongSigner, subjects=(INSTITUTE,))
    strangers = settlement_recorded(parties=[FIRM, INSTITUTE, RIVAL])
    log.when(strangers).then_refused(WrongSigner, subjects=(RIVAL,))


def test_only_the_claimant_withdraws() -> None:
    in_dispute().when(dispute_withdrawn(claimant=INSTITUTE)).then_refused(WrongSigner)


def test_after_an_appeal_the_forum_above_has_the_case() -> None:
    log = in_dispute(court_registered(ARBITERS))
    ruling = {"ruling.made/1": ruling_made().model_dump(mode="json")}
    log.when(appeal_filed()).then_refused(OrderMismatch, word=ruling)
    appealed = log.and_then(ruling_made()).and_then(appeal_filed())
    appealed.when(ruling_made()).then_refused(OrderNoForum)
    appealed.when(ruling_made(forum=ARBITERS, final=True)).then_admitted()
    log.and_then(ruling_made()).when(appeal_filed(forum=RIVAL)).then_refused(OrderNoForum)


def test_a_void_contract_no_longer_shuts_others_out() -> None:
    """A licence to another, refused while the exclusive one stood, is admitted after the ruling."""
    exclusive = contract_concluded()
    rival = contract_concluded(
        contract="contract:rival", parties=[INSTITUTE, RIVAL], grants=[grant(licensee=RIVAL)]
    )
    log = in_dispute()
    log.when(rival).then_refused(ExclusiveOverlap, positions=(1,))
    ruled = log.and_then(ruling_made(orders=[void(exclusive, CONTRACT, RIGHT)]))
    ruled.when(rival).then_admitted()
    ruled.when(sublicence_granted()).then_refused(DeedVoid, positions=(OPENED_AT + 1,))


def test_of_two_voidances_the_earlier_day_counts() -> None:
    """What is void from a day on is not made good by a ruling that says a later one."""
    ruled = in_dispute()
    for name, start in (("o8", "2026-11-10"), ("o9", "2027-03-01"), ("o7", "2026-11-20")):
        voiding = void(contract_concluded(), CONTRACT, RIGHT, name=name, start=start)
        ruled = ruled.and_then(ruling_made(orders=[voiding]))
    assert date(2026, 11, 10) == ruled.value(CONTRACT).voided.start
    later = datetime(2026, 11, 15, 3, tzinfo=UTC)
    late = said(sublicence_granted(), accepted=later)
    ruled.when(late).then_refused(DeedVoid, positions=(OPENED_AT + 1,))


def test_a_voidance_names_the_event_that_made_the_deed_and_all_its_rights() -> None:
    log = in_dispute()
    other = ruling_made(orders=[void(share_agreed(), CONTRACT, RIGHT)])
    made = {"/body/orders/0/event": hash_of(contract_concluded())}
    log.when(other).then_refused(OrderMismatch, positions=(1,), word=made)
    short = ruling_made(orders=[void(contract_concluded(), CONTRACT)])
    log.when(short).then_refused(OrderMismatch, positions=(1,), subjects=(RIGHT,))


def test_a_void_security_charges_nothing() -> None:
    charge = security_created()
    log = in_dispute(charge, ruling_made(orders=[void(charge, SECURITY, RIGHT)]))
    assert {} == dict(log.value(RIGHT).liens)
    log.when(security_released()).then_refused(ReleaseMismatch)


def test_a_void_assignment_moves_no_title() -> None:
    agreed = assignment_agreed()
    log = in_dispute(agreed, ruling_made(orders=[void(agreed, agreed.assignment, RIGHT)]))
    assert {} == dict(log.value(RIGHT).pending)


@pytest.mark.parametrize(
    ("effect", "on"),
    [
        ("HOLD_PAYMENT", RIGHT),
        ("FREEZE_TITLE", CONTRACT),
        ("SUSPEND_LISTING", RIGHT),
        ("DECLARE_VOID", COURT),
    ],
)
def test_an_effect_is_on_subjects_of_its_kind(effect: str, on: str) -> None:
    with pytest.raises(ValidationError, match="is not on a"):
        ruling_made(orders=[order(effect, on)])


def test_a_hold_voids_nothing() -> None:
    with pytest.raises(ValidationError, match="takes a ruling"):
        hold_ordered(void(contract_concluded(), CONTRACT, RIGHT))
