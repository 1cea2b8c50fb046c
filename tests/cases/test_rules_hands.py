"""Cases that the rules answered wrongly: one hand on both sides, by two events."""

from typing import NamedTuple

import pytest

from ledger.domain.core.body import Body
from ledger.domain.parties.signature_refusals import SelfDealing
from tests.support import moneys
from tests.support.builders import (
    AUTHOR,
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIVAL,
    contract_concluded,
    grant,
    held,
    listing_published,
    offer_accepted,
    offer_countered,
    offer_made,
    right_filed,
    sublicence_granted,
    technology_registered,
)
from tests.support.contracts import CONSENT, consent_given, notice_received, notice_served
from tests.support.mandates import mandate_given
from tests.support.market import auction_opened, bid_placed
from tests.support.specification import Past, given, said
from tests.support.titles import coowner_notified, preemption_waived


class Pair(NamedTuple):
    """What one side made, and what another says to it; `too` signs the answer as well."""

    maker: str
    made: Body
    by: str
    answer: Body
    before: tuple[Body, ...] = ()
    too: tuple[str, ...] = ()
    filed: Body = right_filed()


OFFER = offer_made()
HEAD = contract_concluded(grants=[grant(sublicensing="consent")])
PAID = (technology_registered(), *moneys.STORY[:8])
PAIRS = (
    Pair(FIRM, OFFER, INSTITUTE, offer_accepted()),
    Pair(FIRM, OFFER, INSTITUTE, offer_countered()),
    Pair(
        INSTITUTE,
        notice_served(
            contract=CONTRACT, served_by=INSTITUTE, served_on=FIRM, matter="renewal", exit=None
        ),
        FIRM,
        notice_received(contract=CONTRACT, confirmed_by=FIRM),
        (contract_concluded(),),
    ),
    Pair(
        FIRM,
        moneys.report(1_000_000_000, 36_000_000),
        INSTITUTE,
        moneys.report_accepted(),
        (technology_registered(), moneys.licence()),
    ),
    Pair(FIRM, moneys.payment_instructed(), INSTITUTE, moneys.confirmed(25_200_000), PAID),
    Pair(
        FIRM,
        coowner_notified(),
        INSTITUTE,
        preemption_waived(),
        filed=right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)]),
    ),
    Pair(INSTITUTE, auction_opened(), FIRM, bid_placed(600_000_000), (listing_published(),)),
    Pair(
        INSTITUTE,
        consent_given(),
        FIRM,
        sublicence_granted(consents_given=[CONSENT]),
        (HEAD,),
        (RIVAL,),
    ),
)


def deputed(past: Past) -> Past:
    """Return the past in which both the institute and the firm trust the author with all."""
    for number, principal in enumerate((INSTITUTE, FIRM)):
        beside = {"principal": principal, "topics": ["*"], "valid_to": None}
        past = past.and_then(mandate_given(mandate=f"mandate:{number}", **beside))
    return past


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.answer.TOPIC)
def test_nobody_answers_what_the_same_hand_made(pair: Pair) -> None:
    """The author deals for both sides, in two events; one of the two it may."""
    past = deputed(given(pair.filed, *pair.before))
    by_one = past.and_then(said(pair.made, signed_by=[AUTHOR]))
    answered = said(pair.answer, signed_by=[AUTHOR, *pair.too])
    by_one.when(answered).then_refused(SelfDealing, subjects=[pair.maker, pair.by])
    by_one.when(said(pair.answer, signed_by=[pair.by, *pair.too])).then_admitted()
    past.and_then(said(pair.made, signed_by=[pair.maker])).when(answered).then_admitted()


def test_who_opened_an_auction_for_another_does_not_bid_in_it() -> None:
    """A key of its own does not put the bidder on the other side of what it made itself."""
    past = deputed(given(right_filed(), listing_published()))
    bid = bid_placed(600_000_000, bidder=AUTHOR)
    past.and_then(auction_opened()).when(bid).then_admitted()
    by_one = past.and_then(said(auction_opened(), signed_by=[AUTHOR]))
    by_one.when(bid).then_refused(SelfDealing, subjects=[INSTITUTE, AUTHOR])
