"""Every member of a body that is a place takes none that there is not, found by its type."""

from collections.abc import Iterator
from typing import Annotated, Any, get_args, get_origin, get_type_hints

import pytest
from pydantic import TypeAdapter, ValidationError

from api.describe.titles import titles
from ledger.domain.core.context import OpeningMalformed
from ledger.domain.core.office import STATES
from ledger.domain.core.territory import known_state
from ledger.domain.registry import TOPICS
from tests.support import moneys as m
from tests.support.builders import right_filed, sealed
from tests.support.specification import given, said

PLACES, NO_PLACES = ("iso:VN", "vn-2025:48", "vn-2004:VN-27"), ("iso:XX", "vn-2025:99", "iso:ZZ")


def _strings(hint: Any, path: str, above: frozenset[Any]) -> Iterator[tuple[str, Any]]:
    """Yield each string that a type holds at any depth, with the way to it."""
    if get_origin(hint) is Annotated and get_args(hint)[0] is str:
        yield path, hint
    elif isinstance(hint, type) and hasattr(hint, "model_fields"):
        hints = get_type_hints(hint, include_extras=True)
        for name in hint.model_fields if hint not in above else ():
            yield from _strings(hints[name], f"{path}/{name}", above | {hint})
    else:
        for part in get_args(hint):
            yield from _strings(part, path, above)


def _takes(hint: Any, value: str) -> bool:
    try:
        TypeAdapter(hint).validate_python(value)
    except ValidationError:
        return False
    return True


def _is_of_places(hint: Any) -> bool:
    """Whether a form lets a place through, and no other words."""
    return any(_takes(hint, place) for place in PLACES) and not _takes(hint, "Some other words")


MEMBERS = {
    path: hint
    for topic, body in TOPICS.items()
    for path, hint in _strings(body, topic, frozenset())
    if _is_of_places(hint)
}


def test_the_members_are_found_that_are_places() -> None:
    assert {
        "contract.concluded/1/grants/excluded/territory/codes",
        "contract.concluded/1/export_bans/territory",
        "offer.made/1/proposed/territory/codes",
        "revenue.reported/1/lines/territory",
        "right.filed/1/designated",
        "terms.amended/1/changes/royalty/zero_rated",
        "use.declared/1/territory/codes",
    } <= MEMBERS.keys()


@pytest.mark.parametrize("member", MEMBERS)
def test_no_member_takes_a_place_that_there_is_not(member: str) -> None:
    assert not any(_takes(MEMBERS[member], place) for place in NO_PLACES)


@pytest.mark.parametrize(
    ("none", "near"), [("vn-2025:99", "vn-2025:96"), ("iso:XX", "iso:MX"), ("iso:SU", "iso:WS")]
)
def test_what_may_be_meant_is_told_of_a_place_that_is_none(none: str, near: str) -> None:
    line = {"line": "a", "territory": none, "gross": 1}
    with pytest.raises(ValidationError, match=f"{none} is no place; near: .*{near}"):
        m.report(1, 0, lines=[line])


def test_offices_tell_of_states_that_are_no_more() -> None:
    assert ("iso:SU",) == right_filed(designated=["iso:SU"]).designated
    with pytest.raises(ValueError, match="iso:ZZ is no State"):
        known_state("iso:ZZ")


def test_each_state_that_there_is_has_a_name() -> None:
    assert {state.upper() for state in STATES} == titles("countries").keys()


def test_what_is_opened_has_places_that_there_are() -> None:
    shut = m.licence(royalty=sealed())
    opened = m.royalty(zero_rated=["vn-2025:99"])
    attempt = given(right_filed()).when(said(shut, openings={"/body/royalty": opened}))
    attempt.then_refused(OpeningMalformed)
