"""
The official RFC 8785 vectors: what our profile allows is written as theirs, the rest is refused.

None of the six documents is within the profile as a whole, for they are made of what it leaves
out: names that are not ASCII, fractions, controls, text that is not normalised.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.wire.canonical import NotCanonical, dump, load

FOLDER = Path(__file__).parents[3] / "shared" / "vectors" / "rfc8785-jcs"

pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="NOT TESTED: ../shared/vectors/rfc8785-jcs is absent"
)


def parts(value: Any) -> Iterator[Any]:
    yield value
    if isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from parts(part)


def written(value: Any) -> Iterator[bytes]:
    for part in parts(value):
        try:
            yield dump(part)
        except NotCanonical:
            continue


@pytest.mark.parametrize(
    ("name", "reason", "pointer"),
    [
        ("arrays", "object", ""),
        ("french", "name", ""),
        ("structures", "name", ""),
        ("unicode", "name", ""),
        ("values", "float", "/numbers/0"),
        ("weird", "name", ""),
    ],
)
def test_a_document_outside_the_profile_is_refused_even_in_its_rfc_8785_form(
    name: str, reason: str, pointer: str
):
    with pytest.raises(NotCanonical) as caught:
        load((FOLDER / "output" / f"{name}.json").read_bytes())
    assert (reason, pointer) == (caught.value.reason, caught.value.pointer)


@pytest.mark.parametrize(
    ("name", "count"),
    [("arrays", 4), ("french", 4), ("structures", 8), ("unicode", 0), ("values", 4), ("weird", 8)],
)
def test_every_part_within_the_profile_is_written_as_the_official_output_has_it(
    name: str, count: int
):
    source = json.loads((FOLDER / "input" / f"{name}.json").read_text())
    official = (FOLDER / "output" / f"{name}.json").read_bytes()
    ours = list(written(source))
    assert count == len(ours)
    assert [] == [part for part in ours if part not in official]
