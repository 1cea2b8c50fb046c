"""Boxes of grants against models that are too slow and too plain to be wrong in the same way."""

from dataclasses import replace
from datetime import date, timedelta
from typing import get_args

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.core.scope import (
    Act,
    Box,
    Field,
    GrantKind,
    HeldGrant,
    Territory,
    box,
    field_region,
    territory_region,
)
from ledger.domain.rights.grant_index import GrantIndex, conflicts

DAY = date(2026, 1, 1)

COUNTRIES = ("world", "iso:VN", "iso:LA", "iso:JP")
PROVINCES = ("vn-2025:01", "vn-2025:48", "vn-2025:79", "vn-2004:VN-27", "vn-2004:VN-DN")
MEDICINE = ("A", "A61", "A61K", "A61K 9", "A61K 31", "A61K 31/00", "A61K 31/19", "A61K 31/704")
OTHER_ART = ("A61P", "A61P 1/04", "B", "B01", "B01J 21/06", "C07")

units = st.sampled_from((*COUNTRIES, *PROVINCES))
ipc_symbols = st.sampled_from((*MEDICINE, *OTHER_ART))
vsic_codes = st.sampled_from(("01", "011", "0111", "01110", "0112", "02", "62", "6201"))
territories = st.lists(units, min_size=1, max_size=4, unique=True).map(
    lambda codes: Territory(codes=codes)
)
fields = st.one_of(
    st.just(Field(scheme="any", edition=None, codes=[])),
    st.builds(
        lambda edition, codes: Field(scheme="ipc", edition=edition, codes=codes),
        st.sampled_from(["2025.01", "2026.01"]),
        st.lists(ipc_symbols, min_size=1, max_size=4, unique=True),
    ),
    st.builds(
        lambda edition, codes: Field(scheme="vsic", edition=edition, codes=codes),
        st.sampled_from(["2018", "2025"]),
        st.lists(vsic_codes, min_size=1, max_size=4, unique=True),
    ),
    st.sampled_from(["dentistry", "surgery"]).map(
        lambda words: Field(scheme="words", edition=None, codes=[words])
    ),
)
days = st.integers(0, 6).map(lambda offset: DAY + timedelta(days=offset))
boxes = st.builds(
    box,
    st.sets(st.sampled_from(get_args(Act)[:3]), min_size=1),
    territories,
    fields,
    days,
    st.one_of(st.none(), days),
).filter(lambda made: made.end is None or made.end > made.start)


# The plain models: what one code is to another, written out case by case.

INSIDE, OUTSIDE, UNKNOWN = "inside", "outside", "unknown"


ATOMS = {
    "vn-2025:01": {"HN"},
    "vn-2025:48": {"DN", "27"},
    "vn-2025:79": {"SG", "43", "57"},
    "vn-2004:VN-27": {"27"},
    "vn-2004:VN-DN": {"DN"},
    "iso:VN": {"HN", "DN", "27", "SG", "43", "57", "the other provinces"},
    "iso:LA": {"LA"},
    "iso:JP": {"JP"},
}
ATOMS["world"] = set().union(*ATOMS.values(), {"the other countries"})


def atoms(territory: Territory) -> set[str]:
    return set().union(*(ATOMS[code] for code in territory.codes))


def ipc_within(inner: str, outer: str) -> str:
    inner, outer = (symbol.removesuffix("/00") for symbol in (inner, outer))
    if inner == outer:
        return INSIDE
    if len(outer) <= 4:
        return INSIDE if inner.startswith(outer) else OUTSIDE
    if "/" not in outer:
        return INSIDE if inner.partition("/")[0] == outer else OUTSIDE
    same_group = "/" in inner and inner.partition("/")[0] == outer.partition("/")[0]
    return UNKNOWN if same_group else OUTSIDE


def field_within(inner: Field, one: str, outer: Field, other: str) -> str:
    if outer.scheme == "any":
        return INSIDE
    if inner.scheme == "any":
        return OUTSIDE
    if inner.scheme != outer.scheme or (inner.scheme == "words" and one != other):
        return UNKNOWN
    if inner.scheme == "ipc":
        return ipc_within(one, other)
    if inner.edition != outer.edition:
        return UNKNOWN
    return INSIDE if one.startswith(other) else OUTSIDE


def codes_of(field: Field) -> tuple[str, ...]:
    return field.codes or ("any",)


def region(field: Field):
    return field_region(field.scheme, field.edition, field.codes)


def naive_days(made: Box) -> set[int]:
    return {
        offset
        for offset in range(20)
        if made.start <= DAY + timedelta(days=offset)
        and (made.end is None or DAY + timedelta(days=offset) < made.end)
    }


@given(territories, territories)
def test_territories_overlap_where_they_share_a_place(one: Territory, other: Territory) -> None:
    expected = not atoms(one).isdisjoint(atoms(other))
    assert expected == territory_region(one.codes).overlaps(territory_region(other.codes))


@given(territories, territories)
def test_a_territory_contains_what_lies_in_it(outer: Territory, inner: Territory) -> None:
    expected = atoms(outer).issuperset(atoms(inner))
    assert expected == territory_region(outer.codes).contains(territory_region(inner.codes))


@given(fields, fields)
def test_fields_overlap_where_a_code_of_one_may_lie_in_a_code_of_the_other(
    one: Field, other: Field
) -> None:
    relations = [
        {field_within(one, a, other, b), field_within(other, b, one, a)}
        for a in codes_of(one)
        for b in codes_of(other)
    ]
    expected = any(INSIDE in pair or UNKNOWN in pair for pair in relations)
    assert expected == region(one).overlaps(region(other))


@given(fields, fields)
def test_a_field_contains_what_certainly_lies_in_its_codes(outer: Field, inner: Field) -> None:
    expected = all(
        any(field_within(inner, a, outer, b) == INSIDE for b in codes_of(outer))
        for a in codes_of(inner)
    )
    assert expected == region(outer).contains(region(inner))


@settings(max_examples=400)
@given(boxes, boxes)
def test_boxes_overlap_only_on_all_four_sides(one: Box, other: Box) -> None:
    expected = (
        bool(one.acts & other.acts)
        and bool(naive_days(one) & naive_days(other))
        and one.territory.overlaps(other.territory)
        and one.field.overlaps(other.field)
    )
    assert expected == one.overlaps(other)
    assert expected == other.overlaps(one)


@settings(max_examples=400)
@given(boxes, boxes)
def test_a_box_contains_another_on_all_four_sides(outer: Box, inner: Box) -> None:
    expected = (
        inner.acts <= outer.acts
        and naive_days(inner) <= naive_days(outer)
        and outer.territory.contains(inner.territory)
        and outer.field.contains(inner.field)
    )
    assert expected == outer.contains(inner)


@given(boxes, boxes, boxes)
def test_containment_is_an_order(one: Box, other: Box, third: Box) -> None:
    assert one.contains(one)
    if one.contains(other) and other.contains(third):
        assert one.contains(third)


@given(boxes, boxes, boxes)
def test_what_meets_a_part_meets_the_whole(whole: Box, part: Box, third: Box) -> None:
    if whole.contains(part):
        assert whole.overlaps(part)
        if part.overlaps(third):
            assert whole.overlaps(third)


# Conflicts: the rule of the state machine "Grant conflict", pair by pair.


@st.composite
def books(draw: st.DrawFn) -> list[HeldGrant]:
    """Grants on one right, perhaps under or accepting earlier ones; the last is the new one."""
    made: list[HeldGrant] = []
    for number in range(draw(st.integers(1, 6))):
        earlier = [held.ref for held in made]
        kind: GrantKind = draw(st.sampled_from(["exclusive", "sole", "non_exclusive"]))
        made.append(
            HeldGrant(
                ref=f"contract:c{number}#g1",
                licensor="party:owner",
                licensee=draw(st.sampled_from(["party:f1", "party:f2", "party:f3"])),
                exclusive=kind != "non_exclusive",
                box=draw(boxes),
                position=number,
                head=draw(st.none() | st.sampled_from(earlier)) if earlier else None,
                accepts=frozenset(draw(st.lists(st.sampled_from(earlier))) if earlier else ()),
                kind=kind,
                recorded=date(2026, 1, 1),
            )
        )
    return made


def naive_conflicts(
    new: HeldGrant, earlier: list[HeldGrant], consenting: frozenset[str]
) -> list[HeldGrant]:
    by_ref = {held.ref: held for held in earlier}

    def is_under(grant: HeldGrant, ref: str) -> bool:
        if grant.head is None:
            return False
        return grant.head == ref or (grant.head in by_ref and is_under(by_ref[grant.head], ref))

    def conflict(held: HeldGrant) -> bool:
        if not held.box.overlaps(new.box):
            return False
        if is_under(new, held.ref) or any(is_under(new, ref) for ref in held.accepts):
            return False
        harms_the_earlier = held.exclusive and held.licensee not in consenting
        harms_the_new = (
            new.exclusive and held.ref not in new.accepts and held.licensee != new.licensee
        )
        return harms_the_earlier or harms_the_new

    return [held for held in earlier if conflict(held)]


def indexed(book: list[HeldGrant]) -> GrantIndex:
    """Return an index to which the first half was added at once, and the others one by one."""
    half = len(book) // 2
    index = GrantIndex().add(book[:half])
    for held in book[half:]:
        index = index.add([held])
    return index


@given(books())
def test_an_index_finds_what_a_walk_through_all_grants_finds(book: list[HeldGrant]) -> None:
    *earlier, new = book
    index = indexed(earlier)
    assert earlier == list(index)
    overlapping = [held for held in earlier if held.box.overlaps(new.box)]
    assert overlapping == index.overlapping(new.box, exclusive_only=False)
    exclusive = [held for held in overlapping if held.exclusive]
    assert exclusive == index.overlapping(new.box, exclusive_only=True)


@given(books(), st.data())
def test_what_was_removed_is_found_no_more(book: list[HeldGrant], data: st.DataObject) -> None:
    *earlier, new = book
    gone = (
        data.draw(st.lists(st.sampled_from(earlier), unique_by=lambda held: held.ref))
        if (earlier)
        else []
    )
    index = indexed(earlier)
    for held in gone:
        index = index.remove(held)
    left = [held for held in earlier if held not in gone]
    assert left == list(index)
    assert [held for held in left if held.box.overlaps(new.box)] == index.overlapping(
        new.box, exclusive_only=False
    )
    for held in earlier:
        assert (None if held in gone else held) == index.get(held.ref)
        below = [each for each in left if each.head == held.ref]
        assert below == sorted(index.below(held.ref), key=lambda each: each.position)


@settings(max_examples=300)
@given(books(), st.frozensets(st.sampled_from(["party:f1", "party:f2", "party:f3"])))
def test_conflicts_are_those_of_the_plain_rule(
    book: list[HeldGrant], consenting: frozenset[str]
) -> None:
    *earlier, new = book
    assert naive_conflicts(new, earlier, consenting) == conflicts(new, indexed(earlier), consenting)


@given(books())
def test_without_an_exclusive_grant_nothing_conflicts(book: list[HeldGrant]) -> None:
    *earlier, new = (replace(held, exclusive=False) for held in book)
    assert [] == conflicts(new, indexed(earlier), frozenset())
