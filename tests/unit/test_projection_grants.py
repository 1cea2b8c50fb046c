"""Grants by both clocks: what holds on a day, as known at a position."""

from datetime import date

from ledger.domain.core.event import Logged
from projections.tables.grants import GrantRow, grants
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    SUBLICENCE,
    contract_concluded,
    grant,
    hash_of,
    other_right_filed,
    right_filed,
    sublicence_granted,
)
from tests.support.contracts import (
    OPTIONED,
    WAITING,
    certificate_issued,
    condition_met,
    contract_in_force,
    contract_resumed,
    contract_suspended,
    contract_terminated,
    correction_recorded,
    licence_entered,
    option_exercised,
    optioned_filed,
    terms_amended,
    waiting,
)
from tests.support.projecting import logged, rows_of, true_and_known

IN_2026 = date(2026, 12, 15)
IN_2027 = date(2027, 6, 1)
LONGER = {"grants": [grant(valid_to="2032-12-01")]}


def held(events: list[Logged], contract: str, day: date, at: int | None = None) -> list[GrantRow]:
    """Return a contract's grants that hold on a day, as known at a position of the log."""
    return true_and_known(rows_of(grants, events).get(contract, ()), day, at=at)


def test_an_amendment_changes_the_days_from_its_own_on() -> None:
    amended = terms_amended(changes=LONGER, rights=[RIGHT])
    events = logged(right_filed(), contract_concluded(), amended)
    (before,), (after,) = held(events, CONTRACT, IN_2026), held(events, CONTRACT, IN_2027)
    assert (date(2030, 12, 1), None) == (before.valid_to, before.changed_position)
    assert (date(2032, 12, 1), 3) == (after.valid_to, after.changed_position)
    assert 2 == after.position
    (as_known,) = held(events, CONTRACT, IN_2027, at=2)
    assert date(2030, 12, 1) == as_known.valid_to


def test_what_awaits_its_registration_stands_beside_what_it_will_replace() -> None:
    pending = terms_amended(changes=LONGER, rights=[RIGHT], effective_upon="registration")
    told = certificate_issued(filing=None, amendment=hash_of(pending))
    past = (right_filed(), contract_concluded(), certificate_issued(filing=None), pending)
    waits = held(logged(*past), CONTRACT, IN_2027)
    assert [None, f"registration of {hash_of(pending)}"] == [row.waits for row in waits]
    (row,) = held(logged(*past, told), CONTRACT, IN_2027)
    assert (None, date(2032, 12, 1)) == (row.waits, row.valid_to)


def test_a_correction_says_what_was_meant_from_the_start() -> None:
    other = {"grants": [grant(rights=[OTHER_RIGHT])]}
    corrected = correction_recorded(changes=other, rights=[RIGHT, OTHER_RIGHT])
    events = logged(right_filed(), other_right_filed(), contract_concluded(), corrected)
    (row,) = held(events, CONTRACT, IN_2026)
    assert (OTHER_RIGHT,) == row.rights
    (as_known,) = held(events, CONTRACT, IN_2026, at=3)
    assert (RIGHT,) == as_known.rights


def test_an_early_end_leaves_the_days_before_it() -> None:
    ended = contract_terminated(
        contract=CONTRACT,
        ground="consent",
        exit=None,
        notice=None,
        rights=[RIGHT],
        terminated_by=[INSTITUTE, FIRM],
        terminated_on="2027-01-01",
    )
    events = logged(right_filed(), contract_concluded(), sublicence_granted(), ended)
    assert 1 == len(held(events, CONTRACT, IN_2026))
    assert [] == held(events, CONTRACT, IN_2027)
    assert 1 == len(held(events, CONTRACT, IN_2027, at=3))
    assert 1 == len(held(events, SUBLICENCE, IN_2027)), "its own days are told apart"


def test_conditions_suspension_and_options_are_told() -> None:
    plain = waiting(grants=[grant(rights=[OPTIONED])])
    past = (optioned_filed(), plain)
    (row,) = held(logged(*past), WAITING, IN_2026)
    assert "conditions" == row.waits
    past = (*past, condition_met(), contract_in_force(in_force_from="2027-01-01"))
    assert ["conditions", None] == [
        held(logged(*past), WAITING, day)[0].waits for day in (IN_2026, IN_2027)
    ]
    resting = contract_suspended(suspended_from="2027-05-01", suspended_to="2027-07-01")
    past = (*past, resting)
    assert 5 == held(logged(*past), WAITING, IN_2027)[0].suspended_position
    assert held(logged(*past), WAITING, date(2027, 7, 1))[0].suspended_position is None
    runs = held(logged(*past, contract_resumed()), WAITING, IN_2027)
    assert runs[0].suspended_position is None
    option = (optioned_filed(), waiting())
    assert {} == rows_of(grants, logged(*option))
    assert 1 == len(held(logged(*option, option_exercised()), WAITING, IN_2026))


def test_the_entry_in_the_register_is_told_with_its_day() -> None:
    events = logged(right_filed(), contract_concluded(), licence_entered())
    (row,) = held(events, CONTRACT, IN_2026)
    assert (date(2026, 11, 2), 3) == (row.registered_on, row.registered_position)
    assert held(events, CONTRACT, IN_2026, at=2)[0].registered_on is None
