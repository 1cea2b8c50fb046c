"""Liens: who was creditor on which right, on which day, as known when."""

from datetime import date

from ledger.domain.event import Logged
from projections.axes import NEVER
from projections.liens import liens
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
from tests.support.projecting import logged, rows_of, true_and_known

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
    assert set() == creditors(events, "2020-06-01", office_day=NEVER)
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
