"""What is left to grant, against a model that asks of every point whether it conflicts."""

from datetime import date, timedelta
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.core.scope import Box, Field, HeldGrant, Territory, box, field_region
from ledger.domain.core.territory import places
from ledger.domain.rights.grant_index import GrantIndex, conflicts
from ledger.domain.rights.remaining_scope import Free, ungranted

DAY = date(2026, 1, 1)
ACTS = ("make", "sell", "import")
LEAVES = ("A61K 31/19", "A61K 9/20", "A61P 1/04", "B01J 21/06")
NODES = ("A", "A61", "A61K", "A61K 31", "A61K 31/00", "B", "B01J 21/06", *LEAVES)
UNITS = ("iso:VN", "vn-2025:48", "vn-2025:01", "vn-2004:VN-27", "iso:LA", "world")
POINTS = ("vn-2004:VN-DN", "vn-2004:VN-27", "vn-2004:VN-HN", "iso:LA", "iso:FR")
DAYS = range(8)
ANY = Field(scheme="any", edition=None, codes=[])

fields = st.one_of(
    st.just(ANY),
    st.lists(st.sampled_from(NODES), min_size=1, max_size=2, unique=True).map(
        lambda codes: Field(scheme="ipc", edition="2026.01", codes=codes)
    ),
)
territories = st.lists(st.sampled_from(UNITS), min_size=1, max_size=2, unique=True).map(
    lambda codes: Territory(codes=codes)
)
days = st.sampled_from(DAYS).map(lambda n: DAY + timedelta(days=n))
boxes = st.builds(
    box,
    st.sets(st.sampled_from(ACTS), min_size=1),
    territories,
    fields,
    days,
    st.one_of(st.none(), days),
).filter(lambda made: made.end is None or made.end > made.start)


@st.composite
def books(draw: st.DrawFn) -> list[HeldGrant]:
    return [
        held(draw(boxes), f"contract:c{n}#g", exclusive=draw(st.booleans()), position=n)
        for n in range(draw(st.integers(0, 4)))
    ]


def held(reach: Box, ref: str, *, exclusive: bool, position: int) -> HeldGrant:
    return HeldGrant(
        ref=ref,
        licensor="party:o",
        licensee=f"party:{ref[9:11]}",
        exclusive=exclusive,
        box=reach,
        position=position,
        head=None,
        accepts=frozenset(),
        kind="exclusive" if exclusive else "non_exclusive",
        recorded=DAY,
    )


def point(act: str, place: str, leaf: str, day: date) -> Box:
    field = Field(scheme="ipc", edition="2026.01", codes=[leaf])
    return box([act], Territory(codes=[place]), field, day, day + timedelta(days=1))


def is_in(free: Free, act: str, place: str, leaf: str, day: date) -> bool:
    path = field_region("ipc", "2026.01", (leaf,)).ancestry[0]
    where = {each for code in free.territory for each in places(code)}
    outside = {each for code in free.outside for each in places(code)}
    return (
        act in free.acts
        and (place in where or ("world" in where and place not in outside))
        and free.field in path
        and not any(code in path for code in free.without)
        and free.start <= day
        and (free.end is None or day < free.end)
    )


@settings(max_examples=100, deadline=None)
@given(books(), territories, fields, st.booleans())
def test_a_point_is_left_if_a_grant_of_it_conflicts_with_none(
    book: list[HeldGrant],
    territory: Territory,
    field: Field,
    exclusive: bool,  # noqa: FBT001  (hypothesis gives it)
) -> None:
    space = box(ACTS, territory, field, DAY, DAY + timedelta(days=8))
    index = GrantIndex().add(book)
    left = ungranted(space, book, exclusive=exclusive)
    for act, place, leaf, n in product(ACTS, POINTS, LEAVES, DAYS):
        day = DAY + timedelta(days=n)
        probe = held(
            point(act, place, leaf, day), "contract:new#g", exclusive=exclusive, position=99
        )
        expected = space.contains(probe.box) and not conflicts(probe, index, frozenset())
        containing = [free for free in left if is_in(free, act, place, leaf, day)]
        assert expected == bool(containing), (act, place, leaf, day)
        assert len(containing) <= 1
