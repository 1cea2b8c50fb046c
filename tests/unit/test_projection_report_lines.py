"""What a report makes due is computed again from what was recorded before it."""

from datetime import UTC, datetime
from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.core.event import Event, Logged
from projections.engine.event_bodies import EventBody, said_of
from projections.questions.report_lines import ReportLines, lines_of
from projections.tables.money_events import MoneyEvent
from tests.support.builders import CONTRACT, REPORT, hash_of, revenue_reported, sealed, vnd
from tests.support.contracts import terms_amended
from tests.support.running import contract_running

NOON = datetime(2026, 11, 2, 5, tzinfo=UTC)
NEXT = "report:next"
RAISED = terms_amended(
    changes={"royalty_ppm": 60_000},
    effective_from="2026-08-01",
    confirms={"reason": "Ghi muộn"},
)
CUT = [
    {"line": "a", "period_to": "2026-08-01", "gross": 400_000_000},
    {"line": "b", "period_from": "2026-08-01", "gross": 600_000_000},
]


def logged(position: int, body: Body) -> Logged:
    header: dict[str, Any] = {"ledger": "", "event_id": "", "issued_at": NOON, "not_after": NOON}
    event = Event(
        **header,
        type=body.TOPIC,
        seen=None,
        subjects=tuple(sorted(body.subjects())),
        signers=(),
        body=body,
        payload_hash=hash_of(body),
        signatures=(),
    )
    return Logged(event, position, NOON)


def reckoned(*bodies: Body, named: str = REPORT) -> ReportLines:
    """Return a report as it is computed again, after these events."""
    said, money = list[EventBody](), list[MoneyEvent]()
    for position, body in enumerate(bodies):
        if body.TOPIC == "revenue.reported/1":
            text = body.model_dump_json(exclude_unset=True)
            money.append(MoneyEvent(CONTRACT, position, NOON, body.TOPIC, (), (), text))
        else:
            said.append(said_of(CONTRACT, logged(position, body)))
    (found,) = lines_of(CONTRACT, said, money, [named])
    return found


def test_each_line_has_the_rates_of_its_days() -> None:
    found = reckoned(contract_running(), RAISED, revenue_reported(lines=CUT, due=vnd(56_000_000)))
    assert [((None, 50_000),), ((None, 60_000),)] == [line.tiers for line in found.lines]
    assert [400_000_000, 600_000_000] == [line.base for line in found.lines]
    assert (56_000_000, True) == (found.due, found.recomputed)


def test_a_sum_that_does_not_follow_is_said_to_be_none() -> None:
    wrong = revenue_reported(lines=CUT, due=vnd(50_000_000))
    assert reckoned(contract_running(), RAISED, wrong).recomputed is False


def test_what_was_recorded_later_changes_nothing_of_it() -> None:
    assert reckoned(contract_running(), revenue_reported(), RAISED).recomputed


def test_a_correction_and_a_return_are_reckoned_with_what_they_name() -> None:
    less = {"gross": 900_000_000, "base": 900_000_000, "due": vnd(45_000_000)}
    corrected = revenue_reported(report="report:again", corrects=REPORT, **less)
    back = revenue_reported(
        report=NEXT,
        period_from="2026-10-01",
        period_to="2026-11-01",
        gross=100_000_000,
        base=100_000_000,
        lines=[
            {"line": "sold", "gross": 300_000_000},
            {"line": "back", "gross": -200_000_000, "returns": {"report": REPORT}},
        ],
        due=vnd(5_000_000),
    )
    story = (contract_running(), revenue_reported(), corrected, back)
    assert reckoned(*story, named="report:again").recomputed
    found = reckoned(*story, named=NEXT)
    assert [None, f"{REPORT}#1"] == [line.returns for line in found.lines]
    assert found.recomputed


def test_of_a_sealed_rate_nothing_is_reckoned_again() -> None:
    found = reckoned(contract_running(royalty_ppm=sealed()), revenue_reported())
    assert found.recomputed is None
    assert [(None, ())] == [(line.royalty_base, line.tiers) for line in found.lines]
    unpaid = contract_running(royalty_ppm=None, royalty_base="none")
    assert reckoned(unpaid, revenue_reported()).recomputed is None
