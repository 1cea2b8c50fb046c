"""A server whose answers do not hold together: nothing of them is told."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from api.cli.agreeing import PROVES_NOTHING, must_name
from api.describe.answer_json import plain_members, read_as, records_in
from api.describe.measures import measure_of
from ledger.follow.client import WrongAnswer
from tests.support.questioned import (
    QUESTIONS,
    Server,
    answer_to,
    at,
    kind_of,
    put,
    refused,
    said,
)

OVERDUE = ["revenue", "overdue", "contract:x"]
MINIMUM = ["revenue", "minimum", "contract:x", "7"]
EXPLAIN = ["revenue", "explain", "distribution:x"]
CHECK = ["licences", "check", "party:x", "sell", "iso:VN"]


@pytest.mark.parametrize(
    ("words", "place", "lie"),
    [
        (OVERDUE, "unreported", {"days_late": 7}),
        (OVERDUE, "unreported", {"due_on": "2036-01-01"}),
        (OVERDUE, "unpaid", {"days_late": 7}),
        (OVERDUE, "unpaid", {"interest": 1_000_000}),
        (OVERDUE, "unpaid", {"yearly_ppm": 100_000}),
        (OVERDUE, "unpaid", {"days_a_year": 0}),
        (OVERDUE, "unpaid", {"since": "2026-01-01"}),
        (OVERDUE, "unpaid", {"unpaid": 1001, "interest": 0}),
        (OVERDUE, "", {"sealed": True, "verdict": "unknown"}),
        (MINIMUM, "", {"sealed": True}),
        (MINIMUM, "", {"currency": None}),
        (MINIMUM, "", {"year_to": "2025-12-31"}),
        (MINIMUM, "", {"credit": "same_year"}),
        (MINIMUM, "", {"minimum": None, "met": None, "short": 0, "verdict": "answered"}),
        (["contracts", "registrations"], "duties", {"overdue_days": 2}),
        (["contracts", "registrations"], "duties.registration", {"filed_position": None}),
        (["parties", "show", "party:x"], "relations", {"end": "2025-12-31"}),
        (["disputes", "holds", "right:x"], "orders", {"end": "2025-12-31"}),
        (["disputes", "holds", "right:x"], "orders", {"lifted_at": None}),
        (["contracts", "sublicences", "contract:x"], "grants.grant", {"valid_to": "2025-12-31"}),
        (EXPLAIN, "reports", {"period_to": "2025-12-31"}),
        (EXPLAIN, "reports", {"gross": 3}),
        (EXPLAIN, "reports.lines", {"base": 2}),
        (CHECK, "grants.terms", {"price_commitment": "sha256:" + "0" * 64}),
        (CHECK, "grants.terms", {"royalty_commitment": "sha256:" + "0" * 64}),
        (CHECK, "grants.terms", {"price_currency": None}),
        (CHECK, "grants.terms", {"kind": "gift"}),
        (CHECK, "grants.grant", {"acts": ["sell", "sellx"]}),
        (CHECK, "grants.grant", {"exclusivity": "sellx"}),
        (["rights", "chain", "right:x"], "links", {"link": "sold"}),
        (["parties", "show", "party:x"], "", {"roles": ["king"]}),
    ],
)
def test_an_answer_whose_members_do_not_go_together_is_none(
    words: list[str],
    place: str,
    lie: dict[str, Any],
    server: Server,
    trust: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    answer = answer_to(words, monkeypatch)
    server.answers(answer)
    said(put(words, trust))
    rows = at(answer, place) if place else [answer]
    for row in [inner for each in rows for inner in (each if isinstance(each, list) else [each])]:
        row.update(lie)
    server.answers(answer)
    refused(put(words, trust), "WRONG_ANSWER")


def distributed(answer: dict[str, Any]) -> dict[str, Any]:
    """Return a distribution of 100 with a step, a cap and co-authors, as it is computed."""
    part = {"floor": 24, "remainder": 750_000, "ppm": 250_000, "cap": None}
    return answer | {
        "total": {"amount": 100, "currency": "VND"},
        "waterfall": [{"name": "x", "to": "party:x", "rate_ppm": 10_000, "amount": 1}],
        "left": 99,
        "parts": [
            part | {"party": "authors", "amount": 45},
            part | {"party": "party:x", "amount": 45},
            part
            | {
                "party": "party:y",
                "ppm": 500_000,
                "floor": 49,
                "remainder": 500_000,
                "cap": 9,
                "amount": 9,
            },
        ],
        "authors": [["party:a", 20], ["party:b", 25]],
        "suspense": 0,
        "signed": [["party:x", 46], ["party:y", 9]],
        "recomputed": True,
        "verdict": "answered",
        "doubted": [],
    }


def test_a_distribution_is_computed_again_with_its_steps_caps_and_co_authors(
    server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = distributed(answer_to(EXPLAIN, monkeypatch))
    server.answers(honest)
    assert 0 == put(EXPLAIN, trust).exit_code
    for place, lie in (
        (None, {"total": {"amount": 101, "currency": "VND"}}),
        (None, {"total": {"amount": 101, "currency": "VND"}, "left": 100}),
        (None, {"signed": [["party:x", 47], ["party:y", 8]]}),
        (None, {"parts": []}),
        (None, {"reports": [each | {"recomputed": False} for each in honest["reports"]]}),
        (None, {"recomputed": False}),
        (None, {"authors": [["party:a", 20], ["party:b", 26]]}),
        (None, {"suspense": 1}),
        ("waterfall", {"rate_ppm": 20_000}),
        ("waterfall", {"rate_ppm": None, "amount": 101}),
        ("parts", {"cap": None}),
        ("parts", {"cap": 8}),
        ("parts", {"amount": 10}),
        ("parts", {"ppm": 0}),
        ("parts", {"floor": 48}),
    ):
        answer = deepcopy(honest)
        (answer[place][-1] if place else answer).update(lie)
        server.answers(answer)
        assert "what stands beside it says" in refused(put(EXPLAIN, trust), "WRONG_ANSWER"), lie


def test_a_value_of_no_closed_list_is_not_printed_in_json_either(
    server: Server, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ["parties", "show", "party:x"]
    server.answers(answer_to(asked, monkeypatch) | {"roles": ["king"]})
    assert "king" not in (told := refused(put(asked, trust, "--json"), "WRONG_ANSWER"))
    assert "roles[0] is no one of" in told


@pytest.mark.parametrize("words", QUESTIONS, ids=" ".join)
def test_whatever_member_names_an_event_the_answer_names_it(
    words: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every member that measures an entry is tried, whatever it is called."""
    kind = kind_of(words, monkeypatch)
    answer = read_as(kind, answer_to(words, monkeypatch))
    must_name(answer)
    for record in records_in(answer):
        owner = type(record).__name__
        for member, value in plain_members(record).items():
            proves = not {member, f"{owner}.{member}"} & PROVES_NOTHING
            if record is answer or measure_of(owner, member) != "entry" or not proves:
                continue
            object.__setattr__(record, member, (2,) if isinstance(value, tuple) else 2)
            if 2 not in answer.positions:  # Where they follow from the rows, they have it.
                with pytest.raises(WrongAnswer, match=f"{owner}.{member} is of the event at 2"):
                    must_name(answer)
            object.__setattr__(record, member, value)
