"""Mandates: who lets whom sign, for what, up to which sum, and between which positions and days."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.support import builders as b
from tests.support.builders import FIRM, OPERATOR, REGISTRAR, RIVAL
from tests.support.mandates import MANDATE, mandate_ended, mandate_given
from tests.support.sample_log import SampleLog, party_key, sample_log, sealed_price
from tests.support.verifying import append, check_refused, payload, verified


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
    "ended",
    [
        {"mandate": f"{MANDATE}8"},
        {"holder": REGISTRAR},
        {"ended_by": OPERATOR},
    ],
)
def test_a_mandate_is_ended_by_those_between_whom_it_is(
    ended: dict[str, Any], log: SampleLog, tmp_path: Path
) -> None:
    given(log)
    body = {"mandate": f"{MANDATE}9", "principal": FIRM, "holder": RIVAL, "ended_by": FIRM}
    log.say(mandate_ended(**{**body, **ended}), [{**body, **ended}["ended_by"]])
    check_refused(log, tmp_path, "cannot end")


def test_a_mandate_is_ended_once(log: SampleLog, tmp_path: Path) -> None:
    given(log)
    body = mandate_ended(mandate=f"{MANDATE}9", principal=FIRM, holder=RIVAL, ended_by=FIRM)
    log.say(body, [FIRM])
    log.say(body, [FIRM])
    check_refused(log, tmp_path, "cannot end")


@pytest.mark.parametrize(
    ("price", "binds"),
    [
        (b.vnd(1_000), True),
        (b.vnd(1_001), False),
        ({"amount": 1_000, "currency": "LAK"}, False),
        (None, True),
    ],
)
def test_a_mandate_reaches_up_to_its_ceiling(
    price: dict[str, Any] | None, *, binds: bool, log: SampleLog, tmp_path: Path
) -> None:
    given(log, topics=["offer.made"], ceiling=b.vnd(1_000))
    log.say(b.offer_made(price=price), [FIRM], keys=[party_key(RIVAL)])
    if binds:
        assert () == verified(log, tmp_path).unchecked
    else:
        check_refused(log, tmp_path, "binds none of the signers")


def test_a_sealed_price_under_a_ceiling_is_said_to_be_unchecked(
    log: SampleLog, tmp_path: Path
) -> None:
    given(log, topics=["offer.made"], ceiling=b.vnd(1_000))
    log.say(b.offer_made(price=sealed_price(log, 1)), [FIRM], keys=[party_key(RIVAL)])
    assert [13] == [position for position, _ in verified(log, tmp_path).unchecked]


def test_a_sealed_price_needs_no_reading_where_one_mandate_has_no_ceiling(
    log: SampleLog, tmp_path: Path
) -> None:
    given(log, topics=["offer.made"], ceiling=b.vnd(1_000))
    given(log, mandate=f"{MANDATE}8", topics=["*"])
    log.say(b.offer_made(price=sealed_price(log, 1)), [FIRM], keys=[party_key(RIVAL)])
    assert () == verified(log, tmp_path).unchecked
