"""Mandates: who lets whom sign, for what, up to which sum, and between which positions and days."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from ledger import court
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL
from tests.support.contracts import terms_amended
from tests.support.mandates import MANDATE, mandate_ended, mandate_given
from tests.support.moneys import royalty
from tests.support.sample_log import SampleLog, party_key, sample_log, sealed_price
from tests.support.verifying import append, bundle_of, check_refused, payload, verified

OTHER_OFFER = "offer:other"


@pytest.fixture
def log() -> SampleLog:
    return sample_log(12)


def given(log: SampleLog, **overrides: Any) -> None:
    """Log the mandate by which the firm lets the rival sign for it."""
    defaults = {
        "mandate": f"{MANDATE}9",
        "principal": FIRM,
        "holder": RIVAL,
        "topics": ["technology.registered"],
    }
    log.say(mandate_given(**{**defaults, **overrides}), [FIRM, OPERATOR])


@pytest.mark.parametrize(
    "mandate", [{}, {"topics": ["*"]}, {"valid_from": "2026-11-02", "valid_to": "2026-11-03"}]
)
def test_a_holder_of_a_mandate_binds_its_principal(
    mandate: dict[str, Any], log: SampleLog, tmp_path: Path
) -> None:
    given(log, **mandate)
    append(log, payload(log), keys=[party_key(RIVAL)])
    assert 14 == verified(log, tmp_path).checkpoint.size


@pytest.mark.parametrize(
    "mandate",
    [
        {"topics": ["technology.declared", "offer.made"]},
        {"valid_from": "2026-11-03"},
        {"valid_to": "2026-11-02"},
        {"holder": REGISTRAR},
    ],
)
def test_a_mandate_for_something_else_does_not_bind(
    mandate: dict[str, Any], log: SampleLog, tmp_path: Path
) -> None:
    given(log, **mandate)
    append(log, payload(log), keys=[party_key(RIVAL)])
    check_refused(log, tmp_path, "binds none of the signers")


@pytest.mark.parametrize(("hour", "binds"), [("16:59:59.999", False), ("17:00:00.000", True)])
def test_the_days_of_a_mandate_are_those_of_hanoi(
    hour: str, *, binds: bool, log: SampleLog, tmp_path: Path
) -> None:
    given(log, valid_from="2026-11-03")
    accepted = datetime.fromisoformat(f"2026-11-02T{hour}Z")
    append(log, payload(log), keys=[party_key(RIVAL)], accepted=accepted)
    if binds:
        assert 14 == verified(log, tmp_path).checkpoint.size
    else:
        check_refused(log, tmp_path, "binds none of the signers")


def test_a_mandate_does_not_work_backwards(log: SampleLog, tmp_path: Path) -> None:
    given(log)
    append(log, payload(log, signers=[RIVAL]), keys=[party_key(FIRM)])
    check_refused(log, tmp_path, "binds none of the signers")


def test_a_mandate_binds_from_the_next_position_on(log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log), keys=[party_key(RIVAL)])
    given(log)
    check_refused(log, tmp_path, "binds none of the signers", at=12)


def test_an_ended_mandate_binds_no_more(log: SampleLog, tmp_path: Path) -> None:
    given(log)
    log.say(
        mandate_ended(mandate=f"{MANDATE}9", principal=FIRM, holder=RIVAL, ended_by=RIVAL),
        [RIVAL],
    )
    append(log, payload(log), keys=[party_key(RIVAL)])
    check_refused(log, tmp_path, "binds none of the signers")


def test_an_event_before_the_end_of_a_mandate_stays_bound(log: SampleLog, tmp_path: Path) -> None:
    given(log)
    append(log, payload(log), keys=[party_key(RIVAL)])
    log.say(
        mandate_ended(mandate=f"{MANDATE}9", principal=FIRM, holder=RIVAL, ended_by=FIRM), [FIRM]
    )
    assert 15 == verified(log, tmp_path).checkpoint.size


def test_a_mandate_without_the_operator_is_refused(log: SampleLog, tmp_path: Path) -> None:
    log.say(mandate_given(mandate=f"{MANDATE}9", principal=FIRM, holder=RIVAL), [FIRM])
    check_refused(log, tmp_path, "mandate.given/1 is signed by")


def test_a_mandate_is_given_once(log: SampleLog, tmp_path: Path) -> None:
    given(log)
    given(log)
    check_refused(log, tmp_path, "was given before")


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        ({"mandate": f"{MANDATE}8"}, "there is no mandate"),
        ({"holder": REGISTRAR}, "there is no mandate"),
        ({"ended_by": OPERATOR}, "may be the `ended_by` of it"),
    ],
)
def test_a_mandate_is_ended_by_those_between_whom_it_is(
    ended: dict[str, Any], why: str, log: SampleLog, tmp_path: Path
) -> None:
    given(log)
    body = {"mandate": f"{MANDATE}9", "principal": FIRM, "holder": RIVAL, "ended_by": FIRM}
    log.say(mandate_ended(**{**body, **ended}), [{**body, **ended}["ended_by"]])
    check_refused(log, tmp_path, why)


def test_a_mandate_is_ended_once(log: SampleLog, tmp_path: Path) -> None:
    given(log)
    body = mandate_ended(mandate=f"{MANDATE}9", principal=FIRM, holder=RIVAL, ended_by=FIRM)
    log.say(body, [FIRM])
    log.say(body, [FIRM])
    check_refused(log, tmp_path, "there is no mandate")


@pytest.mark.parametrize(
    ("price", "binds"),
    [
        (b.vnd(1_000), True),
        (b.vnd(1_001), False),
        ({"amount": 1_000, "currency": "LAK"}, False),
        (b.vnd(0), True),
        (None, False),
    ],
)
def test_a_mandate_reaches_up_to_its_ceiling(
    price: dict[str, Any] | None, *, binds: bool, log: SampleLog, tmp_path: Path
) -> None:
    given(log, topics=["offer.made"], ceiling=b.vnd(1_000))
    log.say(b.offer_made(price=price, royalty_ppm=None), [FIRM], keys=[party_key(RIVAL)])
    if binds:
        assert () == verified(log, tmp_path).unchecked
    else:
        check_refused(log, tmp_path, "above the ceiling")


def test_a_sealed_price_under_a_ceiling_is_said_to_be_unchecked(
    log: SampleLog, tmp_path: Path
) -> None:
    given(log, topics=["offer.made"], ceiling=b.vnd(1_000))
    log.say(
        b.offer_made(price=sealed_price(log, 1), royalty_ppm=None), [FIRM], keys=[party_key(RIVAL)]
    )
    assert [13] == [position for position, _ in verified(log, tmp_path).unchecked]


def test_a_sealed_price_needs_no_reading_where_one_mandate_has_no_ceiling(
    log: SampleLog, tmp_path: Path
) -> None:
    given(log, topics=["offer.made"], ceiling=b.vnd(1_000))
    given(log, mandate=f"{MANDATE}8", topics=["*"])
    log.say(
        b.offer_made(price=sealed_price(log, 1), royalty_ppm=None), [FIRM], keys=[party_key(RIVAL)]
    )
    assert () == verified(log, tmp_path).unchecked


def accepting(log: SampleLog, offer: Any) -> None:
    """Log an offer to the firm, and its acceptance by the holder of a mandate up to 1,000."""
    given(log, topics=["*"], ceiling=b.vnd(1_000))
    log.say(offer, [INSTITUTE], keys=[party_key(INSTITUTE, 1)])
    accepted = b.offer_accepted(offer=OTHER_OFFER, accepted_by=FIRM)
    log.say(accepted, [FIRM], keys=[party_key(RIVAL)])


def offered(**terms: Any) -> Any:
    to_the_firm = {"offer": OTHER_OFFER, "offeror": INSTITUTE, "offeree": FIRM}
    return b.offer_made(**to_the_firm, **{"royalty_ppm": None, **terms})


@pytest.mark.parametrize(
    ("terms", "binds"),
    [
        ({"price": b.vnd(1_000)}, True),
        ({"price": b.vnd(10**12)}, False),
        ({"price": None, "royalty_ppm": 1}, False),
    ],
)
def test_an_acceptance_commits_to_what_the_offer_says(
    terms: dict[str, Any], *, binds: bool, log: SampleLog, tmp_path: Path
) -> None:
    accepting(log, offered(**terms))
    if binds:
        assert () == verified(log, tmp_path).unchecked
    else:
        check_refused(log, tmp_path, "above the ceiling")


def test_an_acceptance_of_a_sealed_price_is_unchecked(log: SampleLog, tmp_path: Path) -> None:
    accepting(log, offered(price=sealed_price(log, 1)))
    assert [14] == [position for position, _ in verified(log, tmp_path).unchecked]


def test_an_offer_that_is_not_in_the_log_has_no_bound(log: SampleLog, tmp_path: Path) -> None:
    given(log, topics=["*"], ceiling=b.vnd(1_000))
    accepted = b.offer_accepted(offer=OTHER_OFFER, accepted_by=FIRM)
    log.say(accepted, [FIRM], keys=[party_key(RIVAL)])
    check_refused(log, tmp_path, "above the ceiling")


@pytest.mark.parametrize("ceilings", [(b.vnd(1), None), (None, b.vnd(1))], ids=str)
def test_the_order_of_mandates_decides_nothing(
    ceilings: tuple[Any, Any], log: SampleLog, tmp_path: Path
) -> None:
    """What a mandate without a ceiling binds, one with a ceiling does not unbind."""
    for number, ceiling in enumerate(ceilings):
        mandate = f"{MANDATE}{number + 7}"
        given(log, mandate=mandate, topics=["offer.accepted"], ceiling=ceiling)
    accepted = b.offer_accepted(offer=OTHER_OFFER, accepted_by=FIRM)
    log.say(accepted, [FIRM], keys=[party_key(RIVAL)])
    assert 15 == verified(log, tmp_path).checkpoint.size


def test_an_offer_that_a_bundle_does_not_show_is_unchecked(log: SampleLog, tmp_path: Path) -> None:
    accepting(log, offered(price=b.vnd(10**12)))
    log.write(tmp_path)
    shown = [at for at in range(log.size) if at != log.size - 2]
    told = court.verify(bundle_of(log, shown), log.trust_root()).unchecked
    assert (14, f"a mandate's ceiling: {OTHER_OFFER} is not shown") in told


@pytest.mark.parametrize(
    ("body", "signers"),
    [
        (b.assignment_agreed(price=None), [INSTITUTE, FIRM]),
        (b.security_created(creditor=FIRM), [INSTITUTE, FIRM]),
        (b.contract_concluded(price=None, royalty_ppm=None), [INSTITUTE, FIRM]),
        (terms_amended(changes={"price": b.vnd(10**12)}), [INSTITUTE, FIRM]),
        (mandate_given(mandate=f"{MANDATE}7", holder=RIVAL), [INSTITUTE, OPERATOR]),
    ],
    ids=lambda value: getattr(value, "TOPIC", ""),
)
def test_a_ceiling_does_not_reach_as_far_as_what_has_no_bound(
    body: Any, signers: list[str], log: SampleLog, tmp_path: Path
) -> None:
    limited = mandate_given(mandate=f"{MANDATE}9", holder=RIVAL, topics=["*"], ceiling=b.vnd(1_000))
    log.say(limited, [INSTITUTE, OPERATOR], keys=[party_key(INSTITUTE, 1), party_key(OPERATOR)])
    others = [party_key(party) for party in signers if party != INSTITUTE]
    log.say(body, signers, keys=[party_key(RIVAL), *others])
    check_refused(log, tmp_path, "above the ceiling")


FREE = {"exclusivity": "non_exclusive", "valid_to": "2029-12-01"}


def licensed(**terms: Any) -> Any:
    """Return a licence of three years that grants nothing exclusively, for these terms alone."""
    alone = {"price": None, "royalty_ppm": None, "effective_to": "2029-12-01"}
    return b.contract_concluded(**{**alone, "grants": [b.grant(**FREE)], **terms})


NO_RATE = [{"upto": None, "rate_ppm": 0}]
YEARLY = royalty(tiers=NO_RATE, minimum={"amount": 300, "credit": "same_year"})


@pytest.mark.parametrize(
    ("body", "binds"),
    [
        (licensed(price=b.vnd(600), royalty=royalty(cap={"amount": 400, "per": "term"})), True),
        (licensed(price=b.vnd(600), royalty=royalty(cap={"amount": 401, "per": "term"})), False),
        (licensed(price=b.vnd(100), royalty=YEARLY), True),
        (licensed(price=b.vnd(101), royalty=YEARLY), False),
        (licensed(royalty=YEARLY, effective_to="2029-12-02"), False),
        (licensed(royalty=YEARLY, effective_to=None), False),
        (licensed(royalty=YEARLY, renewal={"by": "notice", "months": 1}), False),
        (terms_amended(changes={"price": b.vnd(1_000)}), True),
        (terms_amended(changes={"price": b.vnd(1), "royalty": YEARLY}), False),
        (terms_amended(changes={"effective_to": None}), False),
    ],
)
def test_what_an_event_commits_to_is_added_up(
    body: Any, *, binds: bool, log: SampleLog, tmp_path: Path
) -> None:
    given(log, topics=["*"], ceiling=b.vnd(1_000))
    log.say(body, [FIRM, INSTITUTE], keys=[party_key(RIVAL), party_key(INSTITUTE, 1)])
    if binds:
        assert () == verified(log, tmp_path).unchecked
    else:
        check_refused(log, tmp_path, "above the ceiling")


@pytest.mark.parametrize(("price", "more", "binds"), [(1_000, 0, True), (999, 2, False)])
def test_a_contract_costs_the_price_of_its_offer_once(
    price: int, more: int, *, binds: bool, log: SampleLog, tmp_path: Path
) -> None:
    accepting(log, offered(price=b.vnd(price)))
    named = {"price": b.vnd(price), "offer": OTHER_OFFER, "acceptance": b.SOME_HASH}
    capped = royalty(cap={"amount": more, "per": "term"}) if more else None
    log.say(
        licensed(**named, royalty=capped),
        [FIRM, INSTITUTE],
        keys=[party_key(RIVAL), party_key(INSTITUTE, 1)],
    )
    if binds:
        assert () == verified(log, tmp_path).unchecked
    else:
        check_refused(log, tmp_path, "above the ceiling")
