"""A topic stays for ever: what was stored of each still reads, and says the same."""

import pytest

from ledger.domain.government.ledger import opened
from ledger.domain.registry import TOPICS
from ledger.domain.signing.who_signs import who_signs
from ledger.wire import canonical
from tests.support.builders import ledger_opened
from tests.support.generated import AGAIN
from tests.support.golden_events import GOLDEN, golden_path, must_tell_all

OFFICERS = opened(ledger_opened(), 0)
RENUMBERED = {"party:vn.mst.0100000001": OFFICERS.operator}
"""The story's operator had a number that does not check, before tax codes were checked."""


def test_every_topic_is_stored_and_nothing_else() -> None:
    must_tell_all()
    assert {golden_path(topic) for topic in TOPICS} == set(GOLDEN.iterdir()), AGAIN


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_stored_event_still_reads(topic: str) -> None:
    payload = canonical.load(golden_path(topic).read_bytes())
    body = TOPICS[topic].model_validate(payload["body"])
    assert topic == payload["type"]
    assert payload["subjects"] == sorted(body.subjects())
    signers = {RENUMBERED.get(party, party) for party in payload["signers"]}
    named = {RENUMBERED.get(party, party) for party in who_signs(body, OFFICERS)}
    assert signers == named
    assert payload["signers"] == sorted(payload["signers"])


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_body_writes_back_as_it_was_stored(topic: str) -> None:
    """A member that was added to the form later is absent, and stays so."""
    payload = canonical.load(golden_path(topic).read_bytes())
    body = TOPICS[topic].model_validate(payload["body"])
    assert payload["body"] == body.model_dump(mode="json", exclude_unset=True)
