"""What facts contradict is listed as open, until something settles it; nothing is refused."""

from collections.abc import Iterator

import pytest

from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from projections.questions.findings import Finding, findings
from tests.support import builders as b
from tests.support import moneys as m
from tests.support.builders import OTHER_RIGHT, RIGHT, SHARE
from tests.support.disputes import (
    SECOND_DISPUTE,
    court_registered,
    dispute_opened,
    dispute_withdrawn,
    hold_ordered,
    order,
    ruling_made,
    void,
)
from tests.support.folded import telling
from tests.support.reading import reading
from tests.support.rights import SECRET, disclosure_recorded, secret_held
from tests.support.running import contract_running

STORY: dict[str, Body] = {
    "filed": b.right_filed(),
    "other filed": b.other_right_filed(),
    "technology": b.technology_registered(),
    "contract": contract_running(),
    "shared": b.share_agreed(),
    "reported": b.revenue_reported(),
    "distributed": b.revenue_distributed(),
    "paid": b.payment_confirmed(),
    "licence": m.licence(),
    "royalties": m.report(1_000_000_000, 36_000_000),
    "split": m.split(),
    "waiting": m.shared_out(),
    "court": court_registered(),
    "late": dispute_opened(known_since="2023-10-30"),
    "in time": dispute_opened(SECOND_DISPUTE, known_since="2023-11-02"),
    "frozen": hold_ordered(order("FREEZE_TITLE", RIGHT)),
    "agreed": b.assignment_agreed(rights=[OTHER_RIGHT]),
    "frozen too": hold_ordered(order("FREEZE_TITLE", OTHER_RIGHT, name="o2")),
    "registered": b.assignment_registered(rights=[OTHER_RIGHT]),
    "void": ruling_made(orders=[void(b.share_agreed(), SHARE)]),
    "lapsed": b.right_lapsed(effective_from="2026-08-01", published_on="2026-11-01"),
    "withdrawn": dispute_withdrawn(SECOND_DISPUTE),
    "held": hold_ordered(order("HOLD_PAYMENT", SHARE, name="o3", start="2026-11-01")),
    "before the hold": b.payment_confirmed(
        payment="payment:before",
        payee=b.INSTITUTE,
        confirmed_by=b.INSTITUTE,
        amount=b.vnd(1),
        paid_on="2026-10-31",
    ),
    "under the hold": b.payment_confirmed(
        payment="payment:under",
        payee=b.INSTITUTE,
        confirmed_by=b.INSTITUTE,
        amount=b.vnd(2),
        paid_on="2026-11-01",
    ),
    "secret": secret_held(),
    "know-how": b.contract_concluded(
        contract="contract:know-how", grants=[b.grant(rights=[SECRET])], offer=None
    ),
    "disclosed": disclosure_recorded(),
}
AT = {name: position for position, name in enumerate(STORY, 1)}
NAMES = {position: name for name, position in AT.items()}


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    with telling(postgres_server, STORY.values()) as pool:
        yield pool


def found(pool: Pool, known_at: int | None = None, **asked) -> dict[str, Finding]:
    page = findings(reading(pool, known_at), **asked)
    return {NAMES[each.suspect.position]: each for each in page.findings}


def names(positions) -> list[str]:
    return [NAMES[position] for position in positions]


def test_a_retroactive_lapse_contradicts_licences_and_the_money_of_later_days(told):
    finding = found(told, subject=RIGHT)["lapsed"]
    assert "RIGHT_ENDED" == finding.suspect.code
    assert ["contract", "reported", "paid", "licence"] == sorted(
        names(finding.contradicts), key=AT.__getitem__
    )
    assert finding.open


def test_a_disclosed_secret_contradicts_its_licences(told):
    finding = found(told, subject=SECRET)["disclosed"]
    assert "RIGHT_ENDED" == finding.suspect.code
    assert ["know-how"] == names(finding.contradicts)
    assert finding.open


def test_a_registration_under_a_freeze_is_recorded_and_found(told):
    finding = found(told)["registered"]
    assert ["frozen too"] == names(finding.contradicts)


def test_what_arrived_under_a_hold_is_recorded_and_found(told):
    finding = found(told)["under the hold"]
    assert "PAID_UNDER_HOLD" == finding.suspect.code
    assert ["held"] == names(finding.contradicts)
    assert not {"paid", "before the hold"} & found(told, settled=True).keys()


def test_a_void_share_leaves_what_was_shared_out_and_paid(told):
    finding = found(told, subject=SHARE)["void"]
    paid = ["paid", "before the hold", "under the hold"]
    assert ["distributed", *paid] == names(finding.contradicts)


def test_a_dispute_opened_late_is_flagged_and_one_in_time_is_not(told):
    assert "DISPUTE_OUT_OF_TIME" == found(told)["late"].suspect.code
    assert "in time" not in found(told, settled=True)


def test_what_waits_for_the_authors_is_open(told):
    assert ["waiting"] == names(found(told)["waiting"].contradicts)


def test_what_was_not_known_yet_is_no_finding(told):
    assert {"waiting"} == set(found(told, known_at=AT["court"]))


def test_findings_come_page_by_page(told):
    seen, after = {}, -1
    while True:
        page = findings(reading(told), after=after, limit=1)
        seen.update({each.suspect.position: each for each in page.findings})
        if page.next_after is None:
            break
        after = page.next_after
    assert {AT[name] for name in found(told)} == set(seen)
