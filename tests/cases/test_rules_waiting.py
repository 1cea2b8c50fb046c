"""
Cases that wait for a later issue, each named by its id: facts, money, positions.

Where today's bodies can say the case, they do, and the right answer is asked for; where they
cannot, or the answer is right by chance of the order of arrival, what is asked for is the event,
member, law row or function without which nobody could say it. Each fails loudly when it begins to
pass: then it goes to where the cases of that issue are tested.
"""

import json
from collections.abc import Callable, Iterable
from datetime import date
from typing import Any, TypeVar

import pytest

from ledger.domain.core.body import Body
from ledger.domain.registry import TOPICS
from ledger.domain.rights.protection import lapse_on
from ledger.events.lawbook import bundled_law
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    SUBLICENCE,
    THIRD,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    grant,
    held,
    right_filed,
    right_granted,
    right_lapsed,
    right_restored,
    sublicence_granted,
)
from tests.support.contracts import LATE, terms_amended
from tests.support.conveyances import conveyance_attested, executed
from tests.support.disputes import court_registered, dispute_opened, ruling_made, void
from tests.support.moneys import (
    interest_accrued,
    licence,
    report,
    report_accepted,
)
from tests.support.parties import party_merged
from tests.support.refusal_table import refusals
from tests.support.rights import office_event_recorded, right_cancelled
from tests.support.specification import Past, given

F = TypeVar("F", bound=Callable[..., None])


def waiting(issue: str) -> Callable[[F], F]:
    """Mark a case that a later issue settles."""
    mark: Callable[[F], F] = pytest.mark.xfail(
        strict=True, raises=AssertionError, reason=f"waiting: {issue}"
    )
    return mark


def says(topic: str, *members: str) -> bool:
    """Say whether there is such an event, and it has these members somewhere."""
    if topic not in TOPICS:
        return False
    schema = json.dumps(TOPICS[topic].model_json_schema())
    return all(f'"{each}"' in schema for each in members)


def knows(row: str) -> bool:
    """Say whether the law data have rows of a topic."""
    return any(each.topic == row for each in bundled_law().rows)


def must_admit(past: Past, body: Body) -> Past:
    """Fail unless an event is admitted; return what follows it."""
    attempt = past.when(body)
    assert attempt.refusal is None, repr(attempt.refusal)
    return attempt.then_admitted()


def must_refuse(past: Past, body: Body) -> None:
    assert past.when(body).refusal is not None


def in_force(past: Past) -> bool:
    """Say whether the right is, on the day of the story."""
    return lapse_on(past.value(RIGHT), date(2026, 11, 2)) is None


def owners(past: Past) -> set[str]:
    return {*past.value(RIGHT).owners.keys()}


def sold(giver: str, taker: str, name: str) -> Any:
    """Return a sale of the whole right."""
    said = {"assignment": f"assignment:{name}", "assignors": [held(giver)]}
    return assignment_agreed(**said, assignees=[held(taker)])


def entered(deed: Any) -> Any:
    return assignment_registered(assignment=deed.assignment)


def voided(*deeds: Any) -> Iterable[Body]:
    """Yield, of a court, the rulings that declare deeds void, each in a dispute of its own."""
    yield court_registered()
    for number, deed in enumerate(deeds):
        dispute = f"dispute:{number}"
        yield dispute_opened(dispute, concerns=[deed.assignment])
        orders = [void(deed, deed.assignment, RIGHT, name=f"o{number}")]
        yield ruling_made(dispute, final=True, orders=orders)


FIRST, SECOND, THEIRS = (
    sold(INSTITUTE, FIRM, "first"),
    sold(FIRM, RIVAL, "second"),
    sold(INSTITUTE, THIRD, "theirs"),
)


# Facts: title, status and rulings are functions of the set of live facts.


def must_rest_on_facts() -> None:
    """Fail while an event says only how it changes a value, in order of arrival."""
    assert hasattr(Body, "facts")


@waiting("facts")
@pytest.mark.parametrize("order", [(FIRST, SECOND), (SECOND, FIRST)], ids=["down", "up"])
def test_void_chain(order: tuple[Any, Any]) -> None:
    """By void deeds nobody owns, whichever of the chain is declared void first."""
    chain = (FIRST, entered(FIRST), SECOND, entered(SECOND))
    past = given(right_filed(), *chain, *voided(*order))
    assert {INSTITUTE} == owners(past)
    must_rest_on_facts()


@waiting("facts")
def test_gazette_out_of_turn() -> None:
    on = {"effective_from": "2023-05-04"}
    restored = right_restored(**on, published_on="2024-02-01")
    past = must_admit(given(right_filed(), right_granted()), restored)
    past = must_admit(past, right_lapsed(**on, published_on="2023-08-01"))
    assert in_force(past)


@waiting("facts")
def test_winner_sells() -> None:
    both = (FIRST, THEIRS, entered(FIRST), SECOND, *voided(FIRST))
    past = must_admit(given(right_filed(), *both, entered(THEIRS)), entered(SECOND))
    assert {THIRD} == owners(past)
    must_rest_on_facts()


@waiting("facts")
def test_buys_after_ruling() -> None:
    past = given(right_filed(), FIRST, entered(FIRST), *voided(FIRST))
    must_refuse(past, SECOND)
    assert knows("title.protects")


@waiting("facts")
def test_void_abroad() -> None:
    assert knows("title.protects")


@waiting("facts")
def test_registered_first() -> None:
    past = must_admit(given(right_filed(), FIRST, THEIRS, entered(THEIRS)), entered(FIRST))
    assert {THIRD} == owners(past)
    must_rest_on_facts()


@waiting("facts")
def test_unrecorded_abroad() -> None:
    assert knows("title.passes")


@waiting("facts")
def test_one_day_chain() -> None:
    assert knows("title.passes")


@waiting("facts")
def test_after_acquired() -> None:
    assert knows("title.passes")


@waiting("facts")
def test_correction_first() -> None:
    record = conveyance_attested("1-1", assignors=executed(INSTITUTE), assignees=[RIVAL])
    mended = conveyance_attested(
        "1-2", kind="correction", refers_to=record.conveyance, assignors=executed(INSTITUTE)
    )
    past = must_admit(must_admit(given(right_filed()), mended), record)
    assert {FIRM} == owners(past)


@waiting("facts")
def test_old_paper_new_firm() -> None:
    merged = party_merged(party=INSTITUTE, into=THIRD)
    past = must_admit(given(right_filed(), FIRST, merged), entered(FIRST))
    assert {FIRM} == owners(past)
    must_rest_on_facts()


@waiting("facts")
def test_reversion() -> None:
    assert says("assignment.agreed/1", "condition")


@waiting("facts")
def test_entitlement() -> None:
    assert says("ruling.made/2", "TRANSFER")


@waiting("facts")
def test_foreign_award() -> None:
    assert says("ruling.recognised/1", "of")


@waiting("facts")
def test_settled_on_appeal() -> None:
    assert says("settlement.recorded/1", "takes")


@waiting("facts")
def test_retrial() -> None:
    assert says("ruling.made/2", "retrial")


@waiting("facts")
def test_contested_door() -> None:
    assert "CONTESTED" in {each.code for each in refusals()}


@waiting("facts")
def test_fee_after_nullity() -> None:
    """Cancelled from the start, as was said in 2019; a lapse of 2020 is restored."""
    lapse = {"effective_from": "2020-05-04"}
    null = right_cancelled(right=RIGHT, published_on="2019-06-01", territory=None)
    past = given(right_filed(), right_granted(), null, right_lapsed(**lapse))
    assert not in_force(must_admit(past, right_restored(**lapse)))
    must_rest_on_facts()


@waiting("facts")
def test_one_of_two_nullities() -> None:
    """One of two decisions is reversed: the other stands."""
    null = {"right": RIGHT, "territory": None}
    both = [right_cancelled(**null, published_on=day) for day in ("2024-06-01", "2025-06-01")]
    assert not in_force(given(right_filed(), right_granted(), *both))
    must_rest_on_facts()


@waiting("facts")
def test_lapse_deleted() -> None:
    """EP.D25: the office says that the lapse never was."""
    deleted = office_event_recorded(right=RIGHT, office_event="EP.D25")
    past = given(right_filed(), right_granted(), right_lapsed(), deleted)
    assert in_force(past)


# Money: claims, interest, royalty, exits in full, renewal.


@waiting("money")
def test_lump_sum() -> None:
    assert says("contract.concluded/1", "payments")


@waiting("money")
def test_minimum() -> None:
    assert says("claim.raised/1", "account", "due_on")


@waiting("money")
def test_interest_on_nothing() -> None:
    """Interest is stated for a sum due in another year, and twice: nobody states interest."""
    past = given(right_filed(), licence(), report(1_000_000_000, 36_000_000))
    must_refuse(past, interest_accrued(864_000, due_on="2018-05-01"))
    must_refuse(
        past.and_then(interest_accrued(864_000)), interest_accrued(864_000, interest="interest:2")
    )


@waiting("money")
def test_renews_itself() -> None:
    year = grant(
        exclusivity="non_exclusive", acts=["import"], valid_from="2025-01-01", valid_to="2026-01-01"
    )
    agreed = {"effective_from": "2025-01-01", "effective_to": "2026-01-01"}
    renewing = licence(grants=[year], renewal={"by": "itself", "months": 12}, **agreed, **LATE)
    must_admit(given(right_filed(), renewing), report(1_000_000_000, 36_000_000))


@waiting("money")
def test_frozen_bid_has_its_events() -> None:
    assert {"bid.withdrawn/1", "auction.cancelled/1", "winner.defaulted/1"} <= TOPICS.keys()


@waiting("money")
def test_minimum_by_advance() -> None:
    assert says("contract.concluded/1", "advance", "against")


@waiting("money")
def test_rising_minimum() -> None:
    """Each year's own amount, where today there is one for all."""
    assert says("contract.concluded/1", "minimums")


@waiting("money")
def test_greater_of() -> None:
    assert says("contract.concluded/1", "greater_of")


@waiting("money")
def test_whole_base_tier() -> None:
    assert says("contract.concluded/1", "marginal", "whole")


@waiting("money")
def test_combination() -> None:
    """A product of which a part is licensed: the recorded fraction of each line."""
    assert says("revenue.reported/2", "part")


@waiting("money")
def test_with_vat() -> None:
    assert says("claim.raised/1", "tax")


@waiting("money")
def test_paid_in_dong() -> None:
    assert says("payment.confirmed/2", "rate")


@waiting("money")
def test_interest_day_count() -> None:
    """50,000,000 at 10 %, due on 1 May, paid on 31 May: 410,958, which nobody states."""
    assert "interest.accrued/1" not in TOPICS


@waiting("money")
def test_regulation() -> None:
    assert says("share.agreed/1", "under")


@waiting("money")
def test_disputed_breach() -> None:
    assert says("termination.contested/1", "contract")


@waiting("money")
def test_rescission() -> None:
    assert says("contract.terminated/2", "rescinded")


@waiting("money")
def test_waiver() -> None:
    assert says("claim.settled/1", "waived")
    assert says("mandate.given/1", "may_dispose")


# Positions: who holds a promise, a grant, a claim.


@waiting("positions")
def test_new_licensor() -> None:
    """The buyer of the right accepts the licensee's report."""
    before = (right_filed(), licence(), report(1_000_000_000, 36_000_000))
    to_rival = sold(INSTITUTE, RIVAL, "sold")
    past = given(*before, to_rival, entered(to_rival))
    must_admit(past, report_accepted(said_by=RIVAL))


@waiting("positions")
def test_merged_licensee() -> None:
    """The successor reports."""
    past = given(right_filed(), licence(), party_merged(party=FIRM, into=RIVAL))
    must_admit(past, report(1_000_000_000, 36_000_000, reported_by=RIVAL))


HEAD = contract_concluded(grants=[grant(sublicensing="free")])


@waiting("positions")
def test_longer_head() -> None:
    """A year more, over its own sublicence."""
    below = sublicence_granted(
        grant=grant(licensor=FIRM, licensee=RIVAL, exclusivity="exclusive", acts=["sell"])
    )
    past = given(right_filed(), right_granted(), HEAD, below)
    longer = grant(sublicensing="free", valid_to="2031-12-01")
    amended = terms_amended(changes={"grants": [longer]}, rights=[RIGHT])
    must_admit(past, amended)


@waiting("positions")
def test_narrower_head() -> None:
    """Narrowed to Hà Nội: nobody is licensed in Đà Nẵng below it any more."""
    da_nang = {"codes": ["vn-2025:48"]}
    below = sublicence_granted(
        grant=grant(
            licensor=FIRM,
            licensee=RIVAL,
            exclusivity="non_exclusive",
            acts=["sell"],
            territory=da_nang,
        )
    )
    narrow = grant(sublicensing="free", territory={"codes": ["vn-2025:01"]})
    amended = terms_amended(changes={"grants": [narrow]}, rights=[RIGHT])
    past = must_admit(given(right_filed(), right_granted(), HEAD, below), amended)
    grants = [each for each in past.value(RIGHT).grants if each.under(SUBLICENCE)]
    assert all(each.box.end == date(2027, 1, 1) for each in grants)


@waiting("positions")
def test_pays_the_seller() -> None:
    assert says("payment.confirmed/2", "account")
    assert says("position.passed/1", "roles")


@waiting("positions")
def test_same_hands() -> None:
    """Licensor absorbs licensee: what one owes the other is extinguished."""
    assert says("claim.settled/1", "account")
    assert says("position.passed/1", "roles")


@waiting("positions")
def test_assigned_with_business() -> None:
    assert says("contract.concluded/1", "assignable")


@waiting("positions")
def test_lone_co_owner() -> None:
    assert knows("coowner.may")
