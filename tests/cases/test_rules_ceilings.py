"""What one event commits a signer to is added up before it is held against a ceiling."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.context import OpeningRequired
from ledger.domain.parties.signature_refusals import CeilingExceeded
from tests.support.builders import (
    AUTHOR,
    FIRM,
    INSTITUTE,
    OFFER,
    OPERATOR,
    RIVAL,
    assignment_agreed,
    contract_concluded,
    grant,
    hash_of,
    listing_published,
    offer_accepted,
    offer_made,
    right_filed,
    sealed,
    sublicence_granted,
    vnd,
)
from tests.support.contracts import terms_amended
from tests.support.mandates import mandate_given
from tests.support.market import dutch_opened
from tests.support.moneys import royalty
from tests.support.specification import Said, given, said

MILLION = 1_000_000
FREE = {"exclusivity": "non_exclusive", "valid_to": "2029-12-01"}
THREE_YEARS = {"effective_to": "2029-12-01", "grants": [grant(**FREE)]}
NO_RATE = [{"upto": None, "rate_ppm": 0}]


def up_to(amount: int, **overrides: Any) -> Body:
    """Return the firm's mandate to an agent, for everything, up to a sum."""
    terms = {"principal": FIRM, "holder": AUTHOR, "topics": ["*"], "valid_to": None}
    return mandate_given(**{**terms, "ceiling": vnd(amount), **overrides})


def agreed(**terms: Any) -> Body:
    """Return a licence of three years that grants nothing exclusively, for these terms alone."""
    alone = {"price": None, "royalty_ppm": None, "royalty_base": "none"}
    return contract_concluded(**{**alone, **THREE_YEARS, **terms})


def by_agent(body: Body, *others: str, **beside: Any) -> Said:
    return said(body, signed_by=[AUTHOR, *others], **beside)


def capped(amount: int, **terms: Any) -> dict[str, Any]:
    return royalty(cap={"amount": amount, "per": "term"}, **terms)


def yearly(amount: int, **terms: Any) -> dict[str, Any]:
    """Return a schedule by which nothing but so much a year is owed."""
    return royalty(tiers=NO_RATE, minimum={"amount": amount, "credit": "same_year"}, **terms)


def once(*amounts: int) -> list[dict[str, Any]]:
    return [
        {"milestone": f"m{number}", "yearly_base": MILLION, "amount": amount}
        for number, amount in enumerate(amounts)
    ]


ADDED: dict[str, tuple[int, Body]] = {
    "a price": (1_000, agreed(price=vnd(1_000))),
    "price and cap": (1_500, agreed(price=vnd(1_000), royalty=capped(500))),
    "price, cap and milestones": (
        1_530,
        agreed(price=vnd(1_000), royalty=capped(500, milestones=once(10, 20))),
    ),
    "milestones alone": (30, agreed(royalty=royalty(tiers=NO_RATE, milestones=once(10, 20)))),
    "a minimum of three years": (3_000, agreed(royalty=yearly(1_000))),
    "a price and a minimum of three years": (
        3_007,
        agreed(price=vnd(7), royalty=yearly(1_000)),
    ),
    "a minimum of three years and a day": (
        4_000,
        agreed(royalty=yearly(1_000), effective_to="2029-12-02"),
    ),
    "a minimum of a day": (
        1_000,
        agreed(
            royalty=yearly(1_000),
            effective_to="2026-12-02",
            grants=[grant(exclusivity="non_exclusive", valid_to="2026-12-02")],
        ),
    ),
    "a cap that covers the minimum": (
        5_000,
        agreed(royalty=capped(5_000, minimum={"amount": 1_000, "credit": "same_year"})),
    ),
    "a cap that the minima are above": (
        6_000,
        agreed(royalty=capped(5_000, minimum={"amount": 2_000, "credit": "same_year"})),
    ),
    "an amended price and schedule": (
        1_500,
        terms_amended(changes={"price": vnd(1_000), "royalty": capped(500)}),
    ),
    "an amended price": (1_000, terms_amended(changes={"price": vnd(1_000)})),
}


def before(body: Body) -> list[Body]:
    amended = body.TOPIC == "terms.amended/1"
    return [right_filed(), agreed(price=vnd(1))] if amended else [right_filed()]


@pytest.mark.parametrize("what", ADDED)
def test_the_total_is_held_against_the_ceiling(what: str) -> None:
    """Just at the ceiling it is admitted, and a đồng over it refused: with the total, and where."""
    total, body = ADDED[what]
    past = given(*before(body))
    attempt = by_agent(body, INSTITUTE)
    past.and_then(up_to(total)).when(attempt).then_admitted()
    refusal = past.and_then(up_to(total - 1)).when(attempt).then_refused(CeilingExceeded)
    assert refusal.step.told["total"] == f"{total} VND"
    assert refusal.step.told["ceiling"] == f"{total - 1} VND"
    assert refusal.pointer in refusal.step.told["at"].split(", ")
    for word in refusal.step.told["at"], f"{total} VND", f"{total - 1} VND":
        assert word in refusal.detail
    # What it says beside its own key helps too: a mandate up to the total.
    raised = up_to(total, mandate="mandate:raised")
    past.and_then(up_to(total - 1)).and_then(raised).when(attempt).then_admitted()


ENDLESS: dict[str, Body] = {
    "a minimum as long as the grants last": agreed(royalty=yearly(1), effective_to=None),
    "a minimum that a renewal lengthens": agreed(
        royalty=yearly(1), renewal={"by": "itself", "months": 12}
    ),
    "a minimum without end under a cap": agreed(
        royalty=capped(1, minimum={"amount": 1, "credit": "same_year"}), effective_to=None
    ),
    "a sum for each unit": agreed(royalty=royalty(base="unit", tiers=None, per_unit=1)),
    "a rate beside a price": agreed(price=vnd(0), royalty_ppm=1, royalty_base="net_selling_price"),
    "a cap of each year": agreed(royalty=royalty(cap={"amount": 1, "per": "year"})),
    "an amended minimum": terms_amended(changes={"royalty": yearly(1)}),
    "a later end": terms_amended(changes={"effective_to": "2046-12-01"}),
    "no end any more": terms_amended(changes={"effective_to": None}),
    "a renewal": terms_amended(changes={"renewal": {"by": "itself", "months": 12}}),
}


@pytest.mark.parametrize("what", ENDLESS)
def test_what_runs_on_is_within_no_ceiling(what: str) -> None:
    """A mandate without a ceiling suffices, or the firm's own key: so the refusal says."""
    body = ENDLESS[what]
    past, attempt = given(*before(body)), by_agent(body, INSTITUTE)
    past = past.and_then(up_to(2**53 - 1))
    refusal = past.when(attempt).then_refused(CeilingExceeded)
    assert "without" == refusal.step.case
    unlimited = up_to(0, mandate="mandate:whole", ceiling=None)
    past.and_then(unlimited).when(attempt).then_admitted()


def test_sums_in_two_currencies() -> None:
    """What is not in the currency of the ceiling is beyond it, be it nothing."""
    past = given(right_filed(), up_to(MILLION))
    for amount in (0, 1):
        foreign = agreed(price={"amount": amount, "currency": "USD"}, royalty=capped(1))
        past.when(by_agent(foreign, INSTITUTE)).then_refused(CeilingExceeded)
        schedule = agreed(price=vnd(amount), royalty=capped(1, currency="USD"))
        refusal = past.when(by_agent(schedule, INSTITUTE)).then_refused(CeilingExceeded)
        assert f"1 USD + {amount} VND" == refusal.step.told["total"]
    past.when(by_agent(agreed(price=vnd(1), royalty=capped(1)), INSTITUTE)).then_admitted()


def test_a_deed_repeats_the_price_of_its_offer() -> None:
    """The price of the offer that was accepted is that of the deed: it is paid once."""
    offer = offer_made(price=vnd(MILLION), royalty_ppm=None)
    accepted = offer_accepted(accepts=hash_of(offer))
    named = {"price": vnd(MILLION), "offer": OFFER, "acceptance": hash_of(accepted)}
    deed, dearer = agreed(**named), agreed(**named, royalty=capped(1))
    for principal, other in ((FIRM, INSTITUTE), (INSTITUTE, FIRM)):
        past = given(right_filed(), offer, accepted)
        within = past.and_then(up_to(MILLION, principal=principal))
        within.when(by_agent(deed, other)).then_admitted()
        refusal = within.when(by_agent(dearer, other)).then_refused(CeilingExceeded)
        assert f"{MILLION + 1} VND" == refusal.step.told["total"]
        assert {"/body/price", "/body/offer", "/body/royalty"} == {
            *refusal.step.told["at"].split(", ")
        }
        dear = past.and_then(up_to(MILLION + 1, principal=principal))
        dear.when(by_agent(dearer, other)).then_admitted()


def test_an_acceptance_costs_what_the_offer_says() -> None:
    offer = offer_made(price=vnd(MILLION), royalty_ppm=None)
    accepted = by_agent(offer_accepted(accepts=hash_of(offer)))
    past = given(offer)
    past.and_then(up_to(MILLION, principal=INSTITUTE)).when(accepted).then_admitted()
    short = past.and_then(up_to(MILLION - 1, principal=INSTITUTE))
    refusal = short.when(accepted).then_refused(CeilingExceeded)
    assert "/body/offer" == refusal.pointer


def test_what_an_offer_without_a_price_costs_stands_in_its_paper() -> None:
    """No ceiling covers it, for who makes it and who accepts it; what is free costs 0."""
    for price, bounded in ((None, False), (vnd(0), True)):
        offer = offer_made(price=price, royalty_ppm=None)
        accepted = offer_accepted(accepts=hash_of(offer))
        for principal, body, past in ((INSTITUTE, accepted, [offer]), (FIRM, offer, [])):
            within = given(*past, up_to(2**53 - 1, principal=principal)).when(by_agent(body))
            if bounded:
                within.then_admitted()
            else:
                within.then_refused(CeilingExceeded)
            given(*past).when(body).then_admitted()


def test_a_sublicence_runs_as_long_as_its_grant() -> None:
    """Its minimum is owed for the years of the grant, and for more where it may be renewed."""
    head = contract_concluded(price=None)
    terms = {"price": None, "royalty_ppm": None, "royalty": yearly(1_000)}
    narrow = {"licensor": FIRM, "licensee": RIVAL, "exclusivity": "non_exclusive"}
    past = given(right_filed(), head)
    four_years = by_agent(sublicence_granted(**terms, grant=grant(**narrow)), RIVAL)
    past.and_then(up_to(4_000)).when(four_years).then_admitted()
    past.and_then(up_to(3_999)).when(four_years).then_refused(CeilingExceeded)
    renewal = {"by": "itself", "months": 12}
    longer = by_agent(sublicence_granted(**terms, grant=grant(**narrow), renewal=renewal), RIVAL)
    past.and_then(up_to(2**53 - 1)).when(longer).then_refused(CeilingExceeded)


def offered(price: Any) -> Body:
    return offer_made(price=price, royalty_ppm=None)


def empowered(ceiling: Any) -> Body:
    return up_to(0, holder=RIVAL, mandate="mandate:further", ceiling=ceiling)


@pytest.mark.parametrize(
    ("term", "saying", "others"), [("price", offered, []), ("ceiling", empowered, [OPERATOR])]
)
def test_what_says_no_sum_is_told_where_to_say_one(
    term: str, saying: Callable[[Any], Body], others: list[str]
) -> None:
    """Said to be 0, it is bounded."""
    past = given(up_to(MILLION))
    refusal = past.when(by_agent(saying(None), *others)).then_refused(CeilingExceeded)
    assert ("unsaid", f"/body/{term}") == (refusal.step.case, refusal.pointer)
    assert refusal.detail.endswith(f": it says no {term}, and without one it has no bound")
    assert refusal.way.say(refusal.step.told, vietnamese=False).startswith(f"say /body/{term}, ")
    past.when(by_agent(saying(vnd(0)), *others)).then_admitted()


def test_who_accepts_an_offer_without_a_price_is_told_whose_price_it_is() -> None:
    past = given(offered(None), up_to(MILLION, principal=INSTITUTE))
    accepted = by_agent(offer_accepted(accepts=hash_of(offered(None))))
    refusal = past.when(accepted).then_refused(CeilingExceeded)
    assert ("without", "/body/offer") == (refusal.step.case, refusal.pointer)
    assert f": of {OFFER}: it says no price" in refusal.detail


def test_who_buys_for_money_and_shares_pays_both() -> None:
    """A price that was sealed and is quoted to the co-owners again is one price."""
    equity = {"company": FIRM, "stake_ppm": 100_000, "value": vnd(400)}
    contributed = {"ground": "capital_contribution", "price": vnd(600), "equity": equity}
    past = given(right_filed())
    for body in (
        assignment_agreed(**contributed),
        assignment_agreed(**contributed, quoted_price=vnd(600)),
    ):
        past.and_then(up_to(1_000)).when(by_agent(body, INSTITUTE)).then_admitted()
        short = past.and_then(up_to(999))
        refusal = short.when(by_agent(body, INSTITUTE)).then_refused(CeilingExceeded)
        assert "1000 VND" == refusal.step.told["total"]


def test_a_dutch_auction_is_sold_for_one_price() -> None:
    """Where it begins, or what is reserved, whichever is more: not both together."""
    dearest = dutch_opened(start=vnd(1_000), reserve=vnd(900))
    past = given(right_filed(), listing_published())
    for amount, admitted in ((1_000, True), (999, False)):
        attempt = past.and_then(up_to(amount, principal=INSTITUTE)).when(by_agent(dearest))
        if admitted:
            attempt.then_admitted()
        else:
            attempt.then_refused(CeilingExceeded)


def test_what_is_sealed_counts_and_is_not_told() -> None:
    """The total of what was opened is above the ceiling: no refusal says what it is."""
    body = agreed(price=sealed(), royalty=capped(400))
    past = given(right_filed(), up_to(1_000))
    past.when(by_agent(body, INSTITUTE)).then_refused(OpeningRequired)
    within = by_agent(body, INSTITUTE, openings={"/body/price": vnd(600)})
    past.when(within).then_admitted()
    above = replace(within, openings={"/body/price": vnd(601)})
    refusal = past.when(above).then_refused(CeilingExceeded)
    assert "1001" not in f"{refusal.detail} {refusal.way.say(refusal.step.told, vietnamese=False)}"
    # What is read exceeds it, whatever is sealed beside.
    open_part = agreed(price=sealed(), royalty=capped(1_001))
    past.when(by_agent(open_part, INSTITUTE)).then_refused(CeilingExceeded)
