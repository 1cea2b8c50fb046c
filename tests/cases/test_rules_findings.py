"""Cases that the rules answered wrongly: an office's word stands, and what is odd in it is told."""

from collections.abc import Iterator

import pytest

from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from projections.questions.findings import Finding, findings
from tests.support import builders as b
from tests.support.builders import INSTITUTE, OTHER_RIGHT, RIGHT, RIVAL, THIRD
from tests.support.disputes import court_registered, dispute_opened, ruling_made, void
from tests.support.folded import telling
from tests.support.reading import reading

FIRST, SECOND = "assignment:first", "assignment:second"
HALF, WHOLE = "assignment:half", "assignment:whole"
STORY: dict[str, Body] = {
    "filed": b.right_filed(),
    "sold": b.assignment_agreed(assignment=FIRST),
    "sold again": b.assignment_agreed(assignment=SECOND, assignees=[b.held(RIVAL)]),
    "entered": b.assignment_registered(assignment=FIRST),
    "entered again": b.assignment_registered(assignment=SECOND),
    "other filed": b.other_right_filed(),
    "half sold": b.assignment_agreed(
        assignment=HALF,
        rights=[OTHER_RIGHT],
        assignors=[b.held(INSTITUTE, 1, 2)],
        assignees=[b.held(THIRD, 1, 2)],
    ),
    "whole sold": b.assignment_agreed(assignment=WHOLE, rights=[OTHER_RIGHT], price=None),
    "half entered": b.assignment_registered(assignment=HALF, rights=[OTHER_RIGHT]),
    "whole entered": b.assignment_registered(assignment=WHOLE, rights=[OTHER_RIGHT]),
    "court": court_registered(),
    "case": dispute_opened(concerns=[SECOND]),
}
STORY["void"] = ruling_made(orders=[void(STORY["sold again"], SECOND, RIGHT)])
AT = {name: position for position, name in enumerate(STORY, 1)}
NAMES = {position: name for name, position in AT.items()}


@pytest.fixture(scope="module")
def told(postgres_server) -> Iterator[Pool]:
    with telling(postgres_server, STORY.values()) as pool:
        yield pool


def found(pool: Pool, subject: str, known_at: int | None = None, **asked) -> dict[str, Finding]:
    """Return the findings that name a registration over another, by what made each."""
    page = findings(reading(pool, known_at), subject=subject, **asked)
    return {
        NAMES[each.suspect.position]: each
        for each in page.findings
        if each.suspect.code == "REGISTERED_OVER"
    }


def test_second_registration(told: Pool) -> None:
    """The office enters a second sale of what the seller had no more: a finding with both."""
    finding = found(told, RIGHT, known_at=AT["court"])
    assert ["entered again"] == list(finding)
    assert (AT["entered"],) == finding["entered again"].contradicts
    assert {} == found(told, RIGHT)
    settled = found(told, RIGHT, settled=True)["entered again"]
    assert (AT["void"],) == settled.settled_by


def test_a_registration_of_more_than_was_left_is_found_too(told: Pool) -> None:
    finding = found(told, OTHER_RIGHT)
    assert {"whole entered": (AT["half entered"],)} == {
        name: each.contradicts for name, each in finding.items()
    }
