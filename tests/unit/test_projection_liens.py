"""Liens: who was creditor on which right, on which day, as known when."""

from datetime import date

from ledger.domain.core.event import Logged
from projections.engine.bitemporal import UNRECORDED
from projections.tables.liens import gathered, liens
from tests.support.builders import (
    BANK,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SECURITY,
    THIRD,
    other_right_filed,
    right_filed,
    security_created,
    security_released,
)
from tests.support.conveyances import conveyance_attested, executed
from tests.support.disputes import court_registered, dispute_opened, ruling_made, void
from tests.support.projecting import logged, rows_of, true_and_known
from tests.support.titles import security_assigned, security_enforced, security_perfected

FILED = (right_filed(filed_on="2017-01-01"), other_right_filed(filed_on="2017-01-01"))
BOTH = [RIGHT, OTHER_RIGHT]
CHARGED = conveyance_attested(
    kind="security",
    assignees=[BANK, THIRD],
    rights=BOTH,
    office_recorded_on="2019-01-08",
)


def passed(kind: str, givers: list[str], **said: object) -> object:
    return conveyance_attested(
        "1-2",
        **{
            "kind": kind,
            "assignors": executed(*givers, on="2020-05-01"),
            "assignees": [INSTITUTE],
            "rights": [RIGHT],
            "office_recorded_on": "2021-12-21",
            "refers_to": CHARGED.conveyance,
            **said,
        },
    )


def creditors(
    events: list[Logged], day: str, right: str = RIGHT, effect: str = "parties", **known: object
) -> set[str]:
    return {
        row.creditor
        for rows in rows_of(liens, events).values()
        for row in true_and_known(rows, date.fromisoformat(day), **known)
        if row.charged == right and row.effect == effect
    }


def test_a_security_of_this_ledger_weighs_between_its_parties_only() -> None:
    events = logged(*FILED, security_created(created_on="2026-10-01"))
    assert set() == creditors(events, "2026-09-30")
    assert {BANK} == creditors(events, "2026-10-01")
    assert set() == creditors(events, "2026-10-01", effect="third_parties")
    assert set() == creditors(events, "2026-10-01", office_day=date(2027, 1, 1))


def test_a_release_frees_from_its_day_on_what_it_names() -> None:
    created = security_created(rights=BOTH, created_on="2026-10-01")
    events = logged(*FILED, created, security_released(released_on="2026-11-01"))
    assert {BANK} == creditors(events, "2026-10-31")
    assert set() == creditors(events, "2026-11-01")
    assert {BANK} == creditors(events, "2026-11-01", OTHER_RIGHT)
    assert {BANK} == creditors(events, "2026-11-01", at=3)


def test_a_recorded_security_weighs_on_others_from_its_recording() -> None:
    events = logged(*FILED, CHARGED)
    assert {BANK, THIRD} == creditors(events, "2019-01-07")
    assert set() == creditors(events, "2019-01-07", effect="third_parties")
    assert {BANK, THIRD} == creditors(events, "2019-01-08", effect="third_parties")


def test_a_release_recorded_late_is_true_before_the_office_knows() -> None:
    """Reel 66091, frame 133: executed 2022-10-31, recorded 2023-12-21."""
    events = logged(*FILED, CHARGED, passed("release", [BANK, THIRD]))
    assert {BANK, THIRD} == creditors(events, "2020-06-01", office_day=date(2021, 12, 20))
    assert set() == creditors(events, "2020-06-01", office_day=date(2021, 12, 21))
    assert set() == creditors(events, "2020-06-01", office_day=UNRECORDED)
    assert {BANK, THIRD} == creditors(events, "2021-12-20", effect="third_parties")


def test_one_creditor_of_two_can_go() -> None:
    events = logged(*FILED, CHARGED, passed("release", [BANK]))
    assert {THIRD} == creditors(events, "2022-01-01")


def test_a_security_passes_to_others_right_by_right() -> None:
    moved = passed("security_assignment", [BANK], assignees=[FIRM, RIVAL])
    events = logged(*FILED, CHARGED, moved)
    assert {FIRM, RIVAL, THIRD} == creditors(events, "2022-01-01")
    assert {BANK, THIRD} == creditors(events, "2022-01-01", OTHER_RIGHT)


def test_one_who_is_creditor_already_takes_nothing_twice() -> None:
    moved = passed("security_assignment", [BANK], assignees=[THIRD])
    rows = rows_of(liens, logged(*FILED, CHARGED, moved))[CHARGED.conveyance]
    now = true_and_known(rows, date(2022, 1, 1))
    assert [THIRD] == [
        row.creditor for row in now if row.charged == RIGHT and row.effect == "parties"
    ]


def test_a_lien_keeps_what_its_record_said() -> None:
    (row,) = rows_of(liens, logged(*FILED, security_created()))[SECURITY]
    said = (row.debtors, row.secures, row.forbids_assignment)
    assert ((INSTITUTE,), "Hợp đồng tín dụng 12/2026", True) == said


def test_a_perfected_lien_binds_everybody_from_its_registration_and_the_register_knows_it() -> None:
    perfected = security_perfected(registered_at="2026-10-20T02:30:00.000Z")
    events = logged(*FILED, security_created(created_on="2026-10-01"), perfected)
    assert {BANK} == creditors(events, "2026-10-01")
    assert set() == creditors(events, "2026-10-19", effect="third_parties")
    assert {BANK} == creditors(events, "2026-10-20", effect="third_parties")
    assert set() == creditors(events, "2026-10-20", office_day=date(2026, 10, 19))
    assert {BANK} == creditors(events, "2026-10-20", office_day=date(2026, 10, 20))
    assert set() == creditors(events, "2026-10-20", effect="third_parties", at=3)


def test_a_release_frees_for_everybody_and_the_register_learns_nothing_of_it() -> None:
    past = (*FILED, security_created(), security_perfected(), security_released())
    events = logged(*past)
    for effect in ("parties", "third_parties"):
        assert set() == creditors(events, "2026-11-01", effect=effect)
        assert {BANK} == creditors(
            events, "2026-11-01", effect=effect, office_day=date(2026, 12, 1)
        )


def test_a_lien_passes_on_and_ends_when_it_is_enforced() -> None:
    past = (*FILED, security_created(), security_perfected(), security_assigned())
    events = logged(*past, security_enforced(effective_on="2026-10-30", registered_on="2026-11-01"))
    assert {BANK} == creditors(events, "2026-10-24")
    assert {RIVAL} == creditors(events, "2026-10-29")
    assert set() == creditors(events, "2026-10-30")
    assert {RIVAL} == creditors(events, "2026-10-31", effect="third_parties")
    assert set() == creditors(events, "2026-11-01", effect="third_parties")


def test_a_void_security_ends_where_the_ruling_says() -> None:
    created = security_created()
    ruling = ruling_made(orders=[void(created, SECURITY, RIGHT, start="2026-10-15")])
    past = (*FILED, created, court_registered(), dispute_opened(concerns=[SECURITY]), ruling)
    events = logged(*past)
    assert {BANK} == creditors(events, "2026-10-14")
    assert set() == creditors(events, "2026-10-15")
    assert {BANK} == creditors(events, "2026-10-15", at=5)


def test_perfected_liens_come_first_in_the_order_of_their_registration() -> None:
    """Civil Code art. 308: created first is not registered first; unregistered ones follow."""
    early = security_created(security="security:a", creditor=RIVAL)
    middle = security_created(security="security:b", creditor=FIRM)
    late = security_created(security="security:c", creditor=BANK)
    events = logged(
        *FILED,
        early,
        middle,
        late,
        security_perfected(security="security:b", registered_at="2026-10-21T02:30:00.000Z"),
        security_perfected(security="security:c", registered_at="2026-10-20T02:30:00.000Z"),
    )

    def ranked(day: date) -> list[str]:
        rows = [row for held in rows_of(liens, events).values() for row in held]
        known = [row for row in true_and_known(rows, day) if row.effect == "parties"]
        return [lien.security.removeprefix("security:") for lien in gathered(known, day)]

    assert ["c", "b", "a"] == ranked(date(2026, 11, 1))
    assert ["c", "a", "b"] == ranked(date(2026, 10, 20))
    assert ["a", "b", "c"] == ranked(date(2026, 10, 2))
