"""Terms by both clocks, and holes in grants, against models that a child could follow."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.contracts.contract_terms import Changes, Terms
from ledger.domain.core.scope import (
    Box,
    Field,
    Hole,
    Territory,
    box,
    field_region,
    territory_region,
)
from tests.support.builders import CONTRACT, contract_concluded, right_filed
from tests.support.builders import grant as granted
from tests.support.contracts import terms_amended
from tests.support.specification import given as past_with

FIRST = date(2026, 12, 1)
DAYS = [FIRST + timedelta(days=number) for number in range(6)]

amendments = st.lists(
    st.tuples(
        st.sampled_from(DAYS),
        st.fixed_dictionaries(
            {},
            optional={
                "royalty_ppm": st.integers(0, 1_000_000),
                "sell_off_days": st.none() | st.integers(0, 90),
                "dispute_body": st.none() | st.sampled_from(["VIAC", "TAND Hà Nội"]),
            },
        ).filter(bool),
    ),
    max_size=5,
)


@given(amendments)
def test_terms_on_a_day_are_a_fold_of_what_has_effect_by_then(said) -> None:
    past = past_with(right_filed(), contract_concluded())
    for day, changes in said:
        past = past.and_then(terms_amended(changes=changes, effective_from=day.isoformat()))
    contract = past.value(CONTRACT)
    for day in DAYS:
        naive = {
            "royalty_ppm": 50_000,
            "sell_off_days": None,
            "dispute_body": contract.terms_event.dispute_body,
        }
        for effective, changes in said:
            if effective <= day:
                naive.update(changes)
        held = contract.terms_on(day)
        assert naive == {name: getattr(held, name) for name in naive}
    assert 1 + len(said) == contract.version


@given(st.dictionaries(st.sampled_from(sorted(Terms.model_fields)), st.none(), min_size=1))
def test_changes_read_back_as_they_were_named(named) -> None:
    said = {
        name: value
        for name, value in named.items()
        if name in ("price", "royalty", "sell_off_days", "effective_to", "dispute_body")
    }
    if said:
        read = Changes.model_validate(Changes.model_validate(said).model_dump(mode="json"))
        assert set(said) == read.model_fields_set


PLACES, FIELDS = ["iso:VN", "iso:LA", "iso:JP"], ["A61K", "A61P", "C09D"]
some_places = st.lists(st.sampled_from(PLACES), min_size=1, unique=True)
some_fields = st.lists(st.sampled_from(FIELDS), min_size=1, unique=True)


@st.composite
def holed(draw: st.DrawFn) -> tuple[Box, set[tuple[str, str]]]:
    """Draw a box with or without a hole, and the points that it covers."""
    places, fields = draw(some_places), draw(some_fields)
    field = Field(scheme="ipc", edition="2026.01", codes=fields)
    made = box(["make"], Territory(codes=places), field, FIRST, None)
    points = set(product(places, fields))
    out = draw(st.none() | st.tuples(st.none() | some_places, st.none() | some_fields))
    if out is None or out == (None, None):
        return made, points
    no_places, no_fields = out
    hole = Hole(
        None if no_places is None else territory_region(tuple(no_places)),
        None if no_fields is None else field_region("ipc", "2026.01", tuple(no_fields)),
    )
    gone = product(no_places or PLACES, no_fields or FIELDS)
    return replace(made, hole=hole), points - set(gone)


@given(holed(), holed())
def test_a_hole_never_hides_an_overlap_nor_makes_up_room(left, right) -> None:
    """Where the shape is too fine to be sure, they may overlap, and neither contains the other."""
    (one, ours), (other, theirs) = left, right
    if ours & theirs:
        assert one.overlaps(other)
    if one.contains(other):
        assert theirs <= ours
    assert one.overlaps(other) == other.overlaps(one)


def test_a_grant_whose_hole_is_the_other_s_whole_reach_is_apart() -> None:
    assert granted()["territory"] == {"codes": ["iso:VN"]}
    laos = box(["make"], Territory(codes=["iso:LA"]), _any(), FIRST, None)
    world = box(["make"], Territory(codes=["world"]), _any(), FIRST, None)
    hole = Hole(territory_region(("iso:LA",)), None)
    assert world.overlaps(laos)
    assert not replace(world, hole=hole).overlaps(laos)
    assert not replace(world, hole=hole).contains(laos)


def _any() -> Field:
    return Field(scheme="any", edition=None, codes=[])
