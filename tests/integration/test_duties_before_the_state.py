"""What is to be filed with the State and answered by it, through refusals, ends and amendments."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from ledger.domain.core.body import Body
from projections.engine.event_bodies import said_of
from projections.questions.before_the_state import waiting_in
from projections.questions.duties import DutiesByDeadline, duties_by_deadline
from tests.support import contracts as c
from tests.support import moneys as m
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    RIGHT,
    contract_concluded,
    hash_of,
    right_filed,
    sealed,
    technology_registered,
)
from tests.support.disputes import (
    court_registered,
    dispute_admitted,
    dispute_opened,
    ruling_made,
    void,
)
from tests.support.folded import telling
from tests.support.projecting import logged
from tests.support.reading import reading
from tests.support.specification import said

TRANSFER, SEALED, SECOND = "contract:transfer", "contract:sealed", "filing:second"
FILED_OF_IT = "filing:amendment"
SIGNED = contract_concluded(
    contract=TRANSFER, concluded_on="2026-10-20", effective_upon="registration", **c.LATE
)
AMENDED = c.terms_amended(
    contract=TRANSFER, effective_upon="registration", concluded_on="2026-11-02"
)
FILED = c.filing_made(contract=TRANSFER, filed_on="2026-10-21")
REFUSED = c.registration_refused(contract=TRANSFER, decided_on="2026-10-25")
LICENSED = m.licence(effective_from="2026-01-01", concluded_on="2026-01-01", **c.LATE)

BEGINNING = right_filed(), technology_registered()

Asking = Callable[..., DutiesByDeadline]


@pytest.fixture(scope="module")
def told(postgres_server) -> Callable[..., Any]:
    """Return what tells a story, of a right that is filed, and lends what asks of it."""

    @contextmanager
    def tell(*story: Body) -> Iterator[Asking]:
        with telling(postgres_server, (*BEGINNING, *story)) as pool:

            def ask(on: str, **asked: Any) -> DutiesByDeadline:
                known_at = asked.pop("known_at", None)
                on_day = date.fromisoformat(on)
                return duties_by_deadline(reading(pool, known_at=known_at), true_on=on_day, **asked)

            yield ask

    return tell


def kinds(answer: DutiesByDeadline) -> list[str]:
    assert [*answer.at_odds()] == []
    return [each.kind for each in answer.duties]


def test_each_refusal_is_heard_and_what_is_filed_again_is_answered_again(told):
    again = c.filing_made(contract=TRANSFER, filing=SECOND, filed_on="2026-10-29")
    late = c.registration_refused(contract=TRANSFER, decided_on="2026-11-01", filing=SECOND)
    with told(SIGNED, FILED, REFUSED, again, late) as ask:
        assert ["registration"] == kinds(ask("2026-10-20"))
        assert ["answer"] == kinds(ask("2026-10-24"))
        assert [] == kinds(ask("2026-10-28"))
        (answer,) = ask("2026-10-31").duties
        assert ("answer", date(2026, 11, 5)) == (answer.kind, answer.due_on)
        assert (3, 6) == answer.follows_from
        assert [] == kinds(ask("2026-11-02"))
        assert ["answer"] == kinds(ask("2026-11-30", known_at=6))


def test_a_refusal_that_names_no_filing_answers_what_was_filed_before_it(told):
    unnamed = c.registration_refused(contract=TRANSFER, decided_on="2026-10-25", filing=None)
    again = c.filing_made(contract=TRANSFER, filing=SECOND, filed_on="2026-10-25")
    with told(SIGNED, FILED, unnamed, again) as ask:
        assert [] == kinds(ask("2026-11-30", known_at=5))
        (answer,) = ask("2026-11-30").duties
        assert ("answer", (3, 6)) == (answer.kind, answer.follows_from)


def test_an_amendment_waits_for_itself_and_its_refusal_ends_no_duty_of_the_contract(told):
    filed = c.filing_made(
        filing=FILED_OF_IT, contract=TRANSFER, amendment=hash_of(AMENDED), filed_on="2026-11-02"
    )
    refused = c.registration_refused(contract=TRANSFER, filing=FILED_OF_IT, decided_on="2026-11-02")
    with told(SIGNED, AMENDED, filed, refused) as ask:
        own, of_it = ask("2026-11-02", known_at=4).duties
        assert ("registration", None, date(2027, 1, 18)) == (own.kind, own.amendment, own.due_on)
        assert ("registration", date(2027, 2, 1)) == (of_it.kind, of_it.due_on)
        assert of_it.amendment is not None
        assert ((3,), (4,)) == (own.follows_from, of_it.follows_from)
        assert own == ask("2026-11-02").duties[0]


def test_what_is_filed_of_an_amendment_is_answered_for_it_alone():
    filed = c.filing_made(
        filing=FILED_OF_IT, contract=TRANSFER, amendment=hash_of(AMENDED), filed_on="2026-11-02"
    )
    refused = c.registration_refused(contract=TRANSFER, filing=FILED_OF_IT, decided_on="2026-11-02")
    entered = c.certificate_issued(
        contract=TRANSFER, filing=None, amendment=hash_of(AMENDED), issued_on="2026-11-02"
    )
    story = logged(*BEGINNING, SIGNED, AMENDED, filed, refused, entered)[3:]
    on = date(2026, 11, 2)
    said = {
        events: [
            (each.to_file(on), each.to_answer(on))
            for each in waiting_in(said_of(TRANSFER, each) for each in story[:events])
        ]
        for events in (2, 3, 4, 5)
    }
    own, done = (True, None), (False, None)
    assert {2: [own, own], 3: [own, (False, (on, 5))], 4: [own, done], 5: [own, done]} == said


def test_what_is_void_or_over_is_not_to_be_filed_any_more(told):
    ended = c.contract_terminated(
        contract=TRANSFER,
        ground="consent",
        exit=None,
        terminated_by=c.BOTH,
        notice=None,
        terminated_on="2026-11-02",
        rights=[RIGHT],
    )
    with told(SIGNED, AMENDED, ended) as ask:
        assert ["registration", "registration"] == kinds(ask("2027-03-01", known_at=4))
        assert ["registration"] == kinds(ask("2026-11-01"))
        assert [] == kinds(ask("2027-03-01"))
    ruled = ruling_made(final=True, orders=[void(SIGNED, TRANSFER, RIGHT, start="2026-10-20")])
    opened = dispute_opened(concerns=[TRANSFER]), dispute_admitted()
    with told(SIGNED, court_registered(), *opened, ruled) as ask:
        assert ["registration"] == kinds(ask("2027-03-01", known_at=6))
        assert [] == kinds(ask("2027-03-01"))


def test_what_was_filed_before_the_end_is_answered_all_the_same(told):
    ruled = ruling_made(final=True, orders=[void(SIGNED, TRANSFER, RIGHT, start="2026-10-20")])
    opened = dispute_opened(concerns=[TRANSFER]), dispute_admitted()
    with told(SIGNED, FILED, court_registered(), *opened, ruled) as ask:
        assert ["answer"] == kinds(ask("2027-03-01"))


def sealing(day: str) -> Any:
    changed = {"royalty": sealed()}
    body = c.terms_amended(contract=m.LICENCE, changes=changed, effective_from=day, **c.LATE)
    return said(body, openings={"/body/changes/royalty": m.royalty()})


def test_a_schedule_that_is_sealed_from_a_day_hides_only_what_is_due_by_it(told):
    with told(LICENSED, sealing("2027-06-01")) as ask:
        before = ask("2026-11-02")
        assert (["report"] * 4, "answered", ()) == (kinds(before), before.verdict, before.sealed)
        behind = ask("2027-06-01")
        assert (["report"] * 6, "answered") == (kinds(behind), behind.verdict)
        assert (m.LICENCE,) == behind.sealed
        assert date(2027, 6, 1) == max(each.period_to for each in behind.duties)


def test_an_open_schedule_that_follows_a_sealed_one_is_known(told):
    closed = m.licence(
        effective_from="2026-01-01", concluded_on="2026-01-01", royalty=sealed(), **c.LATE
    )
    opened = c.terms_amended(
        contract=m.LICENCE, changes={"royalty": m.royalty()}, effective_from="2027-01-01"
    )
    with told(said(closed, openings={"/body/royalty": m.royalty()}), opened) as ask:
        unknown = ask("2026-12-31")
        assert ([], "unknown", (m.LICENCE,)) == (kinds(unknown), unknown.verdict, unknown.sealed)
        known = ask("2027-01-01")
        assert (["report"], (m.LICENCE,)) == (kinds(known), known.sealed)


def test_what_is_due_to_the_state_is_known_whatever_is_sealed(told):
    closed = m.licence(contract=SEALED, royalty=sealed(), concluded_on="2026-01-01", **c.LATE)
    with told(SIGNED, said(closed, openings={"/body/royalty": m.royalty()})) as ask:
        for kind in ("permit", "registration", "answer"):
            found = ask("2026-11-02", kind=kind)
            assert ("answered", ()) == (found.verdict, found.sealed)
        assert "unknown" == ask("2026-11-02", kind="payment").verdict
        assert ("answered", (SEALED,)) == ((every := ask("2026-11-02")).verdict, every.sealed)


def test_a_duty_follows_from_what_brought_it_into_force_and_from_what_was_paid(told):
    waiting = m.licence(
        effective_from="2026-01-01",
        concluded_on="2026-01-01",
        effective_upon="registration",
        **c.LATE,
    )
    with told(
        waiting,
        c.filing_made(contract=m.LICENCE, filed_on="2026-02-01"),
        c.certificate_issued(contract=m.LICENCE, issued_on="2026-02-10"),
        m.report(1_000_000_000, 36_000_000, period_from="2026-02-10"),
        m.split(),
        m.shared_out(),
        m.confirmed(25_200_000, paid_on="2026-10-30"),
    ) as ask:
        (payment,) = ask("2026-11-02", kind="payment").duties
        assert 10_800_000 == payment.unpaid
        assert (3, 5, 6, 8, 9) == payment.follows_from
        first, *_ = ask("2026-11-02", kind="report").duties
        assert ((FIRM,), (INSTITUTE,)) == (first.owed_by, first.owed_to)
        assert (3, 5) == first.follows_from
