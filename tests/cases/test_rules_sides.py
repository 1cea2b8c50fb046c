"""Cases of the kind `both-sides`: who speaks for somebody by the hand of the side that it faces."""

import pytest

from ledger.domain.core.body import Body
from ledger.domain.government.ledger import opened
from ledger.domain.parties.signature_refusals import SelfDealing
from ledger.domain.signing.who_signs import who_signs
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    REPORT,
    RIVAL,
    THIRD,
    contract_concluded,
    grant,
    held,
    ledger_opened,
    listing_published,
    offer_made,
    offer_rejected,
    offer_revoked,
    revenue_reported,
    right_filed,
    sublicence_granted,
)
from tests.support.disputes import court_registered, dispute_opened, evidence_filed
from tests.support.mandates import mandate_given
from tests.support.market import bid_sealed, sealed_opened
from tests.support.moneys import report_disputed
from tests.support.running import contract_running
from tests.support.specification import Said, given, said


def by(body: Body, *signing: str) -> Said:
    """Say a body, signed by the keys of these alone."""
    return said(body, signed_by=signing)


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ((contract_running(),), revenue_reported()),
        ((listing_published(), sealed_opened()), bid_sealed(bidder=FIRM)),
        ((offer_made(offeror=INSTITUTE, offeree=FIRM),), offer_rejected(rejected_by=FIRM)),
        (
            (offer_made(offeror=FIRM, offeree=INSTITUTE, revocable=True),),
            offer_revoked(revoked_by=FIRM),
        ),
        (
            (contract_running(), court_registered(), dispute_opened(claimant=FIRM)),
            evidence_filed(filed_by=FIRM),
        ),
        (
            (contract_running(), revenue_reported()),
            report_disputed(report=REPORT, contract=CONTRACT),
        ),
    ],
    ids=lambda each: getattr(each, "TOPIC", None),
)
def test_nobody_speaks_for_the_side_it_faces(before: tuple[Body, ...], body: Body) -> None:
    """What is due, bid, declined or brought forward is no word of who stands on the other side."""
    (signer,) = who_signs(body, opened(ledger_opened(), 0))
    other = INSTITUTE if signer == FIRM else FIRM
    hand = mandate_given(principal=signer, holder=other, topics=["*"], valid_to=None)
    past = given(right_filed(), *before, hand)
    past.when(by(body, other)).then_refused(SelfDealing)
    past.when(by(body, signer)).then_admitted()


def test_who_consents_is_not_signed_for_by_who_takes() -> None:
    """A holder of an exclusive licence, or a co-owner, consents: the next licensee does not say so.

    Nor does the licensor say it for its exclusive licensee; for a co-owner it may.
    """
    willing = {"parties": sorted([INSTITUTE, RIVAL]), "contract": f"{CONTRACT}f"}
    second = grant(licensee=RIVAL, exclusivity="non_exclusive")
    beside = contract_concluded(**willing, grants=[second], consents=[FIRM])
    past = given(right_filed(), contract_concluded())
    for hand in (INSTITUTE, RIVAL):
        mandate = mandate_given(principal=FIRM, holder=hand, topics=["*"], valid_to=None)
        past.and_then(mandate).when(by(beside, INSTITUTE, RIVAL)).then_refused(SelfDealing)
    past.when(beside).then_admitted()
    joint = given(right_filed(owners=[held(INSTITUTE, 1, 2), held(THIRD, 1, 2)]))
    agreed = contract_concluded(consents=[THIRD])
    for hand in (INSTITUTE, FIRM):
        mandate = mandate_given(principal=THIRD, holder=hand, topics=["*"], valid_to=None)
        attempt = joint.and_then(mandate).when(by(agreed, INSTITUTE, FIRM))
        if hand == INSTITUTE:
            attempt.then_admitted()
        else:
            attempt.then_refused(SelfDealing)
    lent = contract_concluded(grants=[grant(sublicensing="free")])
    mandate = mandate_given(principal=THIRD, holder=FIRM, topics=["*"], valid_to=None)
    below = sublicence_granted(consents=[THIRD])
    given(right_filed(), lent, mandate).when(by(below, FIRM, RIVAL)).then_refused(SelfDealing)
