"""What a body declares by paths is what stands there."""

from types import SimpleNamespace as At
from typing import Any

import pytest

from ledger.domain.core.body import Body
from ledger.domain.core.paths import reader
from ledger.powers import values
from tests.support.golden_events import STORY, examples

SAID = At(
    offer="offer:1",
    listing=None,
    parties=("party:a", "party:b"),
    sealed=At(commitment="sha256:00"),
    grant=At(rights=("right:1",), licensor="party:a"),
    unset=None,
    grants=(At(rights=("right:1", "right:2"), event=None), At(rights=(), event="sha256:11")),
    key=At(key_id="ab"),
    keys=(At(key_id="cd"), At(key_id="ef")),
)


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ()),
        ("offer", ("offer:1",)),
        ("offer listing", ("offer:1",)),
        ("parties/*", ("party:a", "party:b")),
        ("sealed/* unset/*", ()),
        ("grant/rights/* grant/licensor", ("right:1", "party:a")),
        ("unset/licensor", ()),
        ("grants/*/rights/*", ("right:1", "right:2")),
        ("grants/*/event", ("sha256:11",)),
        ("key:key/key_id key:keys/*/key_id", ("key:ab", "key:cd", "key:ef")),
        ("@ledger @charter", ()),
    ],
)
def test_paths_lead_to_what_stands_there(words: str, found: tuple[str, ...]) -> None:
    assert frozenset(found) == reader(words)(SAID)


def test_a_member_that_no_body_has_is_a_fault_of_ours() -> None:
    with pytest.raises(AttributeError):
        reader("ofer")(SAID)


@pytest.mark.parametrize("body", [*STORY, *examples().values()], ids=lambda body: body.TOPIC)
def test_a_body_refers_to_what_stands_at_its_paths(body: Body) -> None:
    said: Any = body.model_dump(mode="json")
    at = {each for path in body.REFERENCES.split() for each in values(said, path)}
    assert at == body.references()
