"""The fast decoder returns what the strict one returns."""

import pytest

from ledger.domain.core.body import Body
from ledger.domain.registry import TOPICS
from ledger.events import intake
from projections.engine.decoding import decode
from tests.support.golden_events import STORY
from tests.support.logbook import NOON, frame_of, written


def test_every_topic_is_tried() -> None:
    assert set(TOPICS.values()) == {type(body) for body in STORY}


@pytest.mark.parametrize("body", STORY, ids=lambda body: body.TOPIC)
def test_an_entry_is_decoded_as_intake_decodes_it(body: Body) -> None:
    entry = frame_of(written(body, 5, ["party:vn.a", "party:vn.b"]), NOON)
    assert intake.decode(entry, 5) == decode(entry, 5)


@pytest.mark.parametrize("entry", [b"", b"\n\n{}", b"techledger-entry/v1\n\nnull"])
def test_what_is_no_entry_is_an_error(entry: bytes) -> None:
    with pytest.raises(Exception):  # noqa: B017, PT011  (whichever: it halts the read models)
        decode(entry, 0)
