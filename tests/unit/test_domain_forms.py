"""What form a value should have is said in words: nobody is shown a regular expression."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute
from pydantic import BaseModel, ValidationError

from api.main import ROUTED
from ledger.domain.core.forms import first_fault, form_in_words
from ledger.domain.core.types import Instant, RightId
from ledger.domain.registry import TOPICS
from ledger.events.compose import BodyUnfit, compose


def patterns(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("pattern"), str):
            yield schema["pattern"]
        schema = list(schema.values())
    for each in schema if isinstance(schema, list) else ():
        yield from patterns(each)


def test_every_pattern_of_a_body_and_of_a_parameter_has_its_words():
    found = {each for body in TOPICS.values() for each in patterns(body.model_json_schema())}
    for module in ROUTED:
        for route in module.router.routes:
            assert isinstance(route, APIRoute)
            for field in get_flat_params(route.dependant):
                for told in getattr(field.field_info, "metadata", ()):
                    if pattern := getattr(told, "pattern", None):
                        found.add(pattern)
    assert len(found) > 50
    assert [] == sorted(each for each in found if form_in_words(each) == each)


class Some(BaseModel):
    right: RightId
    at: Instant


@pytest.mark.parametrize(
    ("value", "place", "says"),
    [
        (
            {"right": "us.1", "at": "2026-11-02T03:00:00.000Z"},
            ("right",),
            "right: and 1 to 80 small",
        ),
        ({"right": "right:us.1", "at": "2026"}, ("at",), "an instant is written"),
        ([1], (), "an object is wanted"),
    ],
)
def test_what_is_first_wrong_is_said_with_its_place(
    value: object, place: tuple[str, ...], says: str
):
    with pytest.raises(ValidationError) as raised:
        Some.model_validate(value)
    where, said = first_fault(raised.value)
    assert (place, True) == (where, says in said), said
    assert "Value error" not in said


def test_a_body_that_does_not_fit_is_told_where_and_which_command_says_what_it_needs():
    with pytest.raises(BodyUnfit) as raised:
        compose("a.example/l", "offer.rejected/1", {"offer": "x"}, ["party:a"])
    assert "offer.rejected/1, /body/offer: it is of the form: offer: and 1 to 80" in str(
        raised.value
    )
    assert str(raised.value).endswith("techledger events types offer.rejected/1 says what it needs")
