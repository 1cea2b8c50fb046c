"""Cases that the rules answered wrongly: what was accepted or won is concluded, and once."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ledger.domain.contracts.acceptance import AcceptanceDiffers, AcceptanceUsed
from ledger.domain.core.body import Body
from ledger.domain.core.codes import TerritoryEdition
from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.court_hold import Frozen
from ledger.domain.core.refusal import Refusal
from ledger.domain.market.listing import ListingNotOpen
from ledger.domain.registry import TOPICS
from tests.support import market as m
from tests.support.builders import (
    ASSIGNMENT,
    FIRM,
    INSTITUTE,
    LISTING,
    OFFER,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SOME_HASH,
    assignment_agreed,
    contract_concluded,
    grant,
    hash_of,
    listing_published,
    listing_suspended,
    offer_accepted,
    offer_countered,
    offer_made,
    other_right_filed,
    right_filed,
    sealed,
    vnd,
)
from tests.support.disputes import (
    court_registered,
    dispute_opened,
    hold_lifted,
    hold_ordered,
    lift,
    order,
)
from tests.support.moneys import royalty
from tests.support.specification import Past, given, said

SECOND = "contract:01890000-0000-7000-8000-0000000000ff"
BILLION = vnd(1_000_000_000)
PROPOSED = {
    name: grant()[name]
    for name in (
        *("licensor", "licensee", "rights", "acts", "exclusivity", "territory", "field"),
        *("valid_from", "valid_to"),
    )
}


def accepted(**overrides: Any) -> tuple[Past, dict[str, Any]]:
    """Return the past in which the firm's offer was accepted, and how a deed names that."""
    offer = offer_made(**{"price": BILLION, **overrides})
    answer = offer_accepted(accepts=hash_of(offer))
    shown = listing_published(rights=[RIGHT])
    past = given(right_filed(), other_right_filed(), shown, offer, answer)
    return past, {"offer": OFFER, "acceptance": hash_of(answer)}


def test_borrowed_acceptance() -> None:
    """The firm's billion was accepted: no other pair, price, royalty or second contract has it."""
    past, on_it = accepted()
    theirs = {**on_it, "price": BILLION}
    rival = {"parties": sorted([INSTITUTE, RIVAL]), "grants": [grant(licensee=RIVAL)]}
    past.when(contract_concluded(**on_it, **rival, price=vnd(1))).then_refused(
        AcceptanceDiffers, positions=[3, 4], subjects=[OFFER]
    )
    between = {"/body/parties": sorted([INSTITUTE, FIRM]), "/body/grants": [grant()]}
    past.when(contract_concluded(**theirs, **rival)).then_refused(AcceptanceDiffers, word=between)
    cheap = past.when(contract_concluded(**on_it, price=vnd(1))).then_refused(AcceptanceDiffers)
    assert "/body/price" == cheap.pointer
    past.when(contract_concluded(**theirs, royalty_ppm=1)).then_refused(AcceptanceDiffers)
    other_paper = {"royalty": royalty(), "terms_sha256": f"sha256:{64 * '1'}"}
    past.when(contract_concluded(**theirs, **other_paper)).then_refused(AcceptanceDiffers)
    used = past.and_then(contract_concluded(**theirs))
    anew = offer_made(price=BILLION, offer=f"{OFFER}f")
    answer = offer_accepted(offer=anew.offer, accepts=hash_of(anew))
    used.and_then(anew).and_then(answer).when(
        contract_concluded(**theirs, contract=SECOND)
    ).then_refused(
        AcceptanceUsed,
        positions=[5],
        subjects=[OFFER],
        word={"/body/offer": anew.offer, "/body/acceptance": hash_of(answer)},
    )
    used.when(contract_concluded(**on_it, contract=SECOND, price=vnd(1))).then_refused(
        AcceptanceDiffers
    )


def test_what_was_proposed_is_what_is_granted() -> None:
    past, on_it = accepted(proposed=[PROPOSED])
    theirs = {**on_it, "price": BILLION}
    bare = grant(sublicensing="no")
    for name, other in (
        ("territory", {"codes": ["vn-2025:01"]}),
        ("exclusivity", "sole"),
        ("acts", ["make", "sell", "export"]),
        ("rights", [OTHER_RIGHT]),
        ("valid_to", "2031-12-01"),
    ):
        differs = contract_concluded(**theirs, grants=[{**bare, name: other}])
        word = {"/body/grants": [bare]}
        past.when(differs).then_refused(AcceptanceDiffers, positions=[3, 4], word=word)
    two = contract_concluded(
        **theirs, grants=[bare, {**bare, "grant": "g2", "rights": [OTHER_RIGHT]}]
    )
    past.when(two).then_refused(AcceptanceDiffers)
    for allowed in ({"acts": ["sell", "make"]}, {"sublicensing": "consent"}):
        past.when(contract_concluded(**theirs, grants=[{**bare, **allowed}])).then_admitted()


MAY = datetime(2025, 5, 5, 5, tzinfo=UTC)
QUANG_NAM, DA_NANG = "vn-2004:VN-27", "vn-2004:VN-DN"


@pytest.mark.parametrize(
    ("proposed", "granted", "refusal"),
    [
        ([QUANG_NAM], [QUANG_NAM], None),
        ([QUANG_NAM, DA_NANG], ["vn-2025:48"], None),
        ([QUANG_NAM, DA_NANG], [QUANG_NAM, DA_NANG], None),
        ([QUANG_NAM], ["vn-2025:48"], AcceptanceDiffers),
        ([DA_NANG], [QUANG_NAM], AcceptanceDiffers),
    ],
)
def test_what_was_accepted_of_an_old_province_is_granted_on_that_ground(
    proposed: list[str], granted: list[str], refusal: type[Refusal] | None
) -> None:
    """A province that was accepted when it was one stands, or what is made of it is named."""
    offer = offer_made(
        price=BILLION,
        proposed=[{**PROPOSED, "territory": {"codes": proposed}}],
        expires_at="2025-06-01T00:00:00.000Z",
    )
    answer = offer_accepted(accepts=hash_of(offer))
    past = given(right_filed(), listing_published(rights=[RIGHT]))
    past = past.and_then(said(offer, accepted=MAY)).and_then(said(answer, accepted=MAY))
    where = grant(sublicensing="no", territory={"codes": granted})
    named = {"offer": OFFER, "acceptance": hash_of(answer), "price": BILLION}
    deed = past.when(contract_concluded(**named, grants=[where]))
    if refusal is None:
        deed.then_admitted()
    else:
        as_accepted = {**where, "territory": {"codes": proposed}}
        deed.then_refused(refusal, word={"/body/grants": [as_accepted]})


def test_nobody_offers_in_a_province_that_is_none_any_more() -> None:
    """But a counter-offer, as a deed, may name the places of the offer that it answers."""
    old = [{**PROPOSED, "territory": {"codes": [QUANG_NAM]}}]
    past = given(right_filed(), listing_published(rights=[RIGHT]))
    past.when(offer_made(proposed=old)).then_refused(TerritoryEdition)
    offer = offer_made(proposed=old)
    told = past.and_then(said(offer, accepted=MAY))
    counter = offer_countered(counters_event=hash_of(offer), proposed=old)
    told.when(counter).then_admitted()


@pytest.mark.parametrize(
    "added",
    [
        {"quantity": 5},
        {"option_until": "2027-01-01"},
        {"excluded": {"territory": {"codes": ["vn-2025:01"]}, "field": None}},
        {"sublicensing": "free"},
        {"sublicensing": "affiliates"},
        {"transferable": True},
        {"direct_licence": True},
    ],
    ids=lambda added: "-".join(map(str, added)),
)
def test_nothing_is_granted_beside_what_was_proposed(added: Any) -> None:
    """A grant that is capped, optional, passed on or cut out is another than the one accepted."""
    past, on_it = accepted(proposed=[PROPOSED])
    bare = grant(sublicensing="no")
    deed = contract_concluded(**on_it, price=BILLION, grants=[{**bare, **added}])
    past.when(deed).then_refused(AcceptanceDiffers, word={"/body/grants": [bare]})


def test_without_a_proposal_a_deed_keeps_to_what_was_listed() -> None:
    past, on_it = accepted(listing=LISTING)
    other = contract_concluded(**on_it, price=BILLION, grants=[grant(rights=[OTHER_RIGHT])])
    past.when(other).then_refused(AcceptanceDiffers)
    past.when(contract_concluded(**on_it, price=BILLION)).then_admitted()


def test_what_answers_a_need_says_itself_what_it_is_on() -> None:
    """A need shows no thing: who is sought offers one, at the price that was accepted."""
    offer = offer_made(listing=m.NEED, offeror=INSTITUTE, offeree=FIRM, price=BILLION)
    answer = offer_accepted(accepts=hash_of(offer), accepted_by=FIRM)
    past = given(right_filed(), m.need_posted(), offer, answer)
    on_it = {"listing": m.NEED, "offer": OFFER, "acceptance": hash_of(answer)}
    past.when(contract_concluded(**on_it, price=BILLION)).then_admitted()
    past.when(contract_concluded(**on_it, price=vnd(1))).then_refused(AcceptanceDiffers)


def test_a_sealed_price_is_opened_and_compared() -> None:
    past, on_it = accepted(price=sealed())
    kept = {(OFFER, sealed()["commitment"]): BILLION}
    past.when(contract_concluded(**on_it, price=BILLION)).then_refused(OpeningRequired)
    cheap = contract_concluded(**on_it, price=vnd(1))
    refusal = past.when(said(cheap, kept=kept)).then_refused(AcceptanceDiffers)
    assert "1000000000" not in refusal.detail
    past.when(said(contract_concluded(**on_it, price=BILLION), kept=kept)).then_admitted()


def test_an_assignment_on_an_acceptance_is_held_to_it_and_uses_it_up() -> None:
    """Of the price and between the parties of the offer; then no contract has it either."""
    past, on_it = accepted(royalty_ppm=None)
    past.when(assignment_agreed(**on_it)).then_refused(AcceptanceDiffers)
    sold = assignment_agreed(**on_it, price=BILLION)
    stake = {"company": FIRM, "stake_ppm": 100_000, "value": vnd(1)}
    beside = {"ground": "capital_contribution", "equity": stake, "price": BILLION}
    past.when(assignment_agreed(**on_it, **beside)).then_refused(AcceptanceDiffers)
    past.when(assignment_agreed(**on_it, **beside, terms_sha256=SOME_HASH)).then_admitted()
    used = past.and_then(sold)
    used.when(assignment_agreed(**on_it, price=BILLION, assignment=f"{ASSIGNMENT}f")).then_refused(
        AcceptanceUsed, positions=[5]
    )
    again = contract_concluded(**on_it, price=BILLION, royalty_ppm=None)
    used.when(again).then_refused(AcceptanceUsed)


BIDDING = given(right_filed(), listing_published(), m.auction_opened())
AFTER = datetime(2026, 11, 4, 3, tzinfo=UTC)
TODAY = {"concluded_on": "2026-11-04"}


def test_auction_price() -> None:
    """Won at 600: the contract is at 600, with the winner, on what was listed, and once."""
    bid = BIDDING.and_then(m.bid_placed(600_000_000))
    on_it = {"auction": m.AUCTION, **TODAY, "royalty_ppm": None}
    early = contract_concluded(**on_it, price=vnd(600_000_000))
    bid.when(said(early, accepted=AFTER)).then_refused(AcceptanceDiffers)
    won = bid.and_then(said(m.auction_closed(FIRM, 600_000_000), accepted=AFTER))

    def when(body: Body, past: Past = won) -> Any:
        return past.when(said(body, accepted=AFTER + timedelta(seconds=past.size)))

    when(contract_concluded(**on_it, price=vnd(1))).then_refused(
        AcceptanceDiffers, positions=[4], subjects=[m.AUCTION]
    )
    dollars = {"amount": 600_000_000, "currency": "USD"}
    when(contract_concluded(**on_it, price=dollars)).then_refused(AcceptanceDiffers)
    right = {**on_it, "price": vnd(600_000_000)}
    rival = {"parties": sorted([INSTITUTE, RIVAL]), "grants": [grant(licensee=RIVAL)]}
    when(contract_concluded(**right, **rival)).then_refused(AcceptanceDiffers)
    other = grant(rights=[OTHER_RIGHT])
    when(contract_concluded(**right, grants=[other])).then_refused(AcceptanceDiffers)
    for beside in ({"royalty_ppm": 10_000}, {"royalty": royalty()}):
        refusal = when(contract_concluded(**{**right, **beside})).then_refused(AcceptanceDiffers)
        assert refusal.changes == dict.fromkeys(f"/body/{name}" for name in beside)
    used = when(contract_concluded(**right)).then_admitted()
    second = contract_concluded(**right, contract=SECOND)
    when(second, used).then_refused(AcceptanceUsed, positions=[5], subjects=[m.AUCTION])
    sold = {"price": vnd(600_000_000), "agreed_on": "2026-11-04", "auction": m.AUCTION}
    when(assignment_agreed(**sold), used).then_refused(AcceptanceUsed, positions=[5])
    stake = {"company": FIRM, "stake_ppm": 100_000, "value": vnd(1)}
    for_a_stake = {"ground": "capital_contribution", "equity": stake}
    when(assignment_agreed(**sold, **for_a_stake)).then_refused(AcceptanceDiffers)
    when(assignment_agreed(**sold)).then_admitted()


def test_frozen_bid() -> None:
    """Nobody bids for a frozen title, or on a listing that is suspended, openly or under seal."""
    disputed = BIDDING.and_then(court_registered()).and_then(dispute_opened(concerns=[RIGHT]))
    freeze = hold_ordered(
        order("FREEZE_TITLE", RIGHT), order("SUSPEND_LISTING", LISTING, name="o2")
    )
    frozen = disputed.and_then(freeze)
    frozen.when(m.bid_placed()).then_refused(Frozen, positions=[5], subjects=[RIGHT])
    thawed = frozen.and_then(hold_lifted(lift(RIGHT)))
    thawed.when(m.bid_placed()).then_refused(ListingNotOpen, positions=[5], subjects=[LISTING])
    thawed.and_then(hold_lifted(lift(LISTING, name="o2"))).when(m.bid_placed()).then_admitted()
    suspended = BIDDING.and_then(listing_suspended())
    suspended.when(m.bid_placed()).then_refused(ListingNotOpen, positions=[3])
    suspended.and_then(m.listing_resumed()).when(m.bid_placed()).then_admitted()
    under_seal = given(right_filed(), listing_published(), m.sealed_opened())
    under_seal.and_then(listing_suspended()).when(m.bid_sealed()).then_refused(ListingNotOpen)
    under_seal.when(m.bid_sealed()).then_admitted()


@pytest.mark.xfail(strict=True, reason="waiting: money")
def test_frozen_bid_withdrawn_or_defaulted() -> None:
    """A bidder withdraws; the winner defaults, and the next bidder has won."""
    past = BIDDING.and_then(m.bid_placed(100_000_000, RIVAL)).and_then(m.bid_placed(600_000_000))
    closed = said(m.auction_closed(FIRM, 600_000_000), accepted=AFTER)
    default = TOPICS["winner.defaulted/1"].model_validate(
        {
            "auction": m.AUCTION,
            "winner": FIRM,
            "next": RIVAL,
            "said_by": INSTITUTE,
            "document_sha256": SOME_HASH,
        }
    )
    later = past.and_then(closed).and_then(said(default, accepted=AFTER + timedelta(days=30)))
    assert RIVAL == later.value(m.AUCTION).winner
    withdrawn = TOPICS["bid.withdrawn/1"].model_validate({"auction": m.AUCTION, "bidder": FIRM})
    assert RIVAL == past.and_then(withdrawn).value(m.AUCTION).best.bidder
