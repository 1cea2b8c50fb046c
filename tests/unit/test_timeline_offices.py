"""Of each event on a timeline: whose record it is, and for which States."""

from collections.abc import Mapping

import pytest

from ledger.domain.contracts.filing import FilingMade
from ledger.domain.core.body import Body
from ledger.domain.registry import TOPICS
from projections.tables.timeline import office_of, states_of
from tests.support import builders as b
from tests.support.golden_events import examples

BY_TOPIC: Mapping[str, Body] = examples()


def test_whoever_records_for_the_state_or_another_register_is_named() -> None:
    of_an_office = {topic for topic, body in BY_TOPIC.items() if office_of(body) is not None}
    assert of_an_office == {
        *(topic for topic in TOPICS if topic.startswith("right.")),
        "office_event.recorded/1",
        "assignment.registered/1",
        "conveyance.attested/1",
        "filing.made/1",
        "certificate.issued/1",
        "permit.issued/1",
        "registration.refused/1",
    }


def test_an_authority_is_named_as_the_event_names_it() -> None:
    filing = BY_TOPIC["filing.made/1"]
    assert isinstance(filing, FilingMade)
    assert filing.authority == office_of(filing)


@pytest.mark.parametrize(
    ("body", "office", "states"),
    [
        (b.right_filed(), "vn", ()),
        (b.right_lapsed(right="right:ep.07123456", territory="iso:DE"), "ep", ("iso:DE",)),
        (
            b.right_granted(right="right:ep.07123456", designated=["iso:DE", "iso:FR"]),
            "ep",
            ("iso:DE", "iso:FR"),
        ),
        (b.party_registered(), None, ()),
    ],
)
def test_the_office_is_that_of_the_right_and_the_states_are_those_named(
    body: Body, office: str | None, states: tuple[str, ...]
) -> None:
    assert (office, states) == (office_of(body), states_of(body))
