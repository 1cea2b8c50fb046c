"""What is to be done by when: filed with the State and answered by it, reported and paid."""

from collections.abc import Iterator
from datetime import date

import pytest

from ledger.store.connection import Pool
from projections.engine.view import NotAsked, TooMany
from projections.questions import duties
from projections.questions.duties import DutiesByDeadline, duties_by_deadline
from tests.support import contracts as c
from tests.support import moneys as m
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    STRANGER,
    contract_concluded,
    right_filed,
    sealed,
    technology_registered,
)
from tests.support.folded import telling
from tests.support.reading import reading
from tests.support.specification import said

TRANSFER, SEALED = "contract:transfer", "contract:sealed"
STORY = (
    right_filed(),
    technology_registered(),
    m.licence(effective_from="2026-01-01", concluded_on="2026-01-01", **c.LATE),
    m.report(1_000_000_000, 36_000_000),
    said(
        m.licence(contract=SEALED, royalty=sealed(), concluded_on="2026-01-01", **c.LATE),
        openings={"/body/royalty": m.royalty()},
    ),
    contract_concluded(
        contract=TRANSFER, concluded_on="2026-10-20", effective_upon="registration", **c.LATE
    ),
    c.filing_made(contract=TRANSFER, filed_on="2026-10-22"),
    c.certificate_issued(contract=TRANSFER, issued_on="2026-11-02"),
)
LICENSED, REPORTED, _, SIGNED, FILED, _ = range(3, 9)
"""Positions, behind that of the ledger itself."""

RUN = date(2026, 11, 2)


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    with telling(postgres_server, STORY) as pool:
        yield pool


def days(answer: DutiesByDeadline) -> list[tuple[str, date, int]]:
    return [(each.kind, each.due_on, each.days_late) for each in answer.duties]


def test_what_is_due_first_comes_first_and_says_who_owes_it_to_whom(told):
    found = duties_by_deadline(reading(told), true_on=RUN, contract=m.LICENCE)
    assert [
        ("payment", date(2026, 4, 30), 186),
        ("report", date(2026, 7, 30), 95),
        ("report", date(2026, 10, 30), 3),
        ("report", date(2027, 1, 30), 0),
    ] == days(found)
    assert {((FIRM,), (INSTITUTE,), None)} == {
        (each.owed_by, each.owed_to, each.rule) for each in found.duties
    }
    paid, *_, running = found.duties
    assert (36_000_000, "VND", m.FIRST) == (paid.unpaid, paid.currency, paid.report)
    assert (LICENSED, REPORTED) == paid.follows_from
    assert (date(2026, 10, 1), date(2027, 1, 1)) == (running.period_from, running.period_to)
    assert (LICENSED, REPORTED) == found.positions
    assert [*found.at_odds()] == []


def test_it_is_filed_in_the_days_of_the_law_then_answered_then_done(told):
    before = duties_by_deadline(reading(told), true_on=date(2026, 10, 21), contract=TRANSFER)
    assert [("registration", date(2027, 1, 18), 0)] == days(before)
    (to_file,) = before.duties
    assert ((INSTITUTE, FIRM), ()) == (to_file.owed_by, to_file.owed_to)
    assert to_file.rule is not None
    assert ("tech-transfer-law.31.border", (SIGNED,)) == (to_file.rule.rule, to_file.follows_from)
    late = duties_by_deadline(
        reading(told, known_at=SIGNED), true_on=date(2027, 1, 20), contract=TRANSFER, late=True
    )
    assert [("registration", date(2027, 1, 18), 2)] == days(late)
    filed = duties_by_deadline(reading(told), true_on=date(2026, 10, 30), contract=TRANSFER)
    assert [("answer", date(2026, 10, 29), 1)] == days(filed)
    (to_answer,) = filed.duties
    assert ((), (SIGNED, FILED)) == (to_answer.owed_by, to_answer.follows_from)
    done = duties_by_deadline(reading(told), true_on=RUN, contract=TRANSFER)
    assert ("answered", ()) == (done.verdict, done.duties)


def test_it_is_narrowed_and_leafed_through_in_one_order(told):
    everything = duties_by_deadline(reading(told), true_on=RUN)
    assert 4 == everything.count == len(everything.duties)
    reports = duties_by_deadline(reading(told), true_on=RUN, kind="report", late=True)
    assert 2 == reports.count
    assert everything.duties == duties_by_deadline(reading(told), true_on=RUN, party=FIRM).duties
    first = duties_by_deadline(reading(told), true_on=RUN, limit=3)
    rest = duties_by_deadline(reading(told), true_on=RUN, limit=3, after=first.next_after)
    assert everything.duties == (*first.duties, *rest.duties)
    assert rest.next_after is None
    with pytest.raises(NotAsked):
        duties_by_deadline(reading(told), true_on=RUN, late=True, limit=3, after=first.next_after)


def test_what_is_sealed_is_not_known_and_what_is_over_owes_no_report(told):
    of_sealed = duties_by_deadline(reading(told), true_on=RUN, contract=SEALED)
    assert ("unknown", (SEALED,), ()) == (of_sealed.verdict, of_sealed.sealed, of_sealed.duties)
    over = duties_by_deadline(reading(told), true_on=date(2035, 1, 1), contract=m.LICENCE)
    assert date(2030, 12, 1) == max(each.period_to for each in over.duties if each.period_to)
    assert "unknown" == duties_by_deadline(reading(told), true_on=RUN, party=STRANGER).verdict
    before = duties_by_deadline(reading(told), true_on=date(2025, 12, 31))
    assert ("answered", 0) == (before.verdict, before.count)


def test_more_than_an_answer_looks_at_is_refused(told, monkeypatch):
    monkeypatch.setattr(duties, "LOOKED_AT", 2)
    with pytest.raises(TooMany, match="more than 2 contracts: ask of a party"):
        duties_by_deadline(reading(told), true_on=RUN)
    with pytest.raises(TooMany, match="more than 2 periods"):
        duties_by_deadline(reading(told), true_on=RUN, contract=m.LICENCE)
