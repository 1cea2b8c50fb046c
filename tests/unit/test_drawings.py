"""Drawings of answers: what a reader sees, in which order, how long, in words; and odd sizes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest

from api.describe.answer_json import read_as
from api.describe.language import Language
from api.describe.saying import Speech
from api.explorer.drawings import (
    DEEPEST,
    ROWS,
    Bars,
    Branch,
    Days,
    Node,
    Scale,
    Tree,
    Words,
    days_around,
    hanging,
    rail,
    standing_on,
)
from api.explorer.drawn import Pen, drawings_of
from ledger.events.lawbook import bundled_law
from projections.questions.remaining_scope import Dependent, Dependents
from projections.tables.chain import Chain, ChainRow
from projections.tables.grants import GrantRow
from projections.tables.liens import Lien, Liens
from tests.support.answers import Maker

RIGHT, DAY = "right:vn.1", date(2030, 7, 1)
NOW = datetime(2030, 7, 1, tzinfo=UTC)


def pen(language: Language = "en") -> Pen:
    names = {"party:firm": "Công ty Ữ ẵ", "party:bank": '<script>alert("1")</script>'}
    return Pen(Speech(language, bundled_law()), names, DAY)


def made(kind: type[Any], **members: Any) -> Any:
    """Return a record with every member there, these among them."""
    return replace(read_as(kind, Maker().members(kind)), **members)


def text(words: Words) -> str:
    return "".join(word.text for word in words)


def only(answer: Any, language: Language = "en") -> Any:
    (drawing,) = drawings_of(answer, pen(language))
    return drawing


def grant(start: date, end: date | None, exclusivity: str = "non_exclusive", **members: Any) -> Any:
    nothing = ("waits", "suspended_position", "excluded_territory", "excluded_codes")
    plain = dict.fromkeys(nothing) | {"licensee": "party:firm", "territory": ("iso:VN",)} | members
    return made(GrantRow, true_from=start, true_to=end, exclusivity=exclusivity, **plain)


def granted(*rows: Any) -> Dependents:
    dependents = tuple(Dependent(row, (), ()) for row in rows)
    return Dependents(RIGHT, DAY, 9, dependents, (), (), ())


def test_grants_are_as_long_as_they_run_and_exclusive_ones_are_told_apart() -> None:
    short, long = date(2034, 7, 1), date(2038, 7, 1)
    rows = (grant(DAY, short), grant(DAY, long, "exclusive"), grant(DAY, None, waits="permit"))
    drawn = only(granted(*rows))
    (plain,), (own,), (dashed,) = (row.bars for row in drawn.rows)
    assert ["plain", "own", "dashed"] == [plain.look, own.look, dashed.look]
    assert 2 == pytest.approx((own.end - own.start) / (plain.end - plain.start), rel=0.01)
    assert (False, False, True) == (plain.onward, own.onward, dashed.onward)
    said = [text(row.more) for row in drawn.rows]
    assert said[0].startswith("non-exclusive · from 1 July 2030 to 30 June 2034 inclusive")
    assert "not in effect yet, or suspended" in said[2]
    assert "with no end" in said[2]
    assert "1 July 2030" in drawn.title
    assert next(word.subject for word in drawn.rows[0].words if word.subject) == "party:firm"


def test_what_a_grant_excepts_is_said() -> None:
    whole, but = grant(DAY, None), grant(DAY, None, excluded_territory=("vn-2025:48",))
    vi = [text(row.more) for row in only(granted(whole, but), "vi").rows]
    assert "Đà Nẵng" not in vi[0]
    assert "Việt Nam (iso:VN), trừ Đà Nẵng (vn-2025:48)" in vi[1]


@pytest.mark.parametrize("count", [0, 1, ROWS, ROWS + 1, 200])
def test_so_many_rows_are_drawn_and_the_others_counted(count: int) -> None:
    rows = (grant(DAY, None) for _ in range(count))
    drawings = [*drawings_of(granted(*rows), pen())]
    assert bool(count) == bool(drawings)
    for drawn in drawings:
        assert min(count, ROWS) == len(drawn.rows)
        assert max(0, count - ROWS) == drawn.left_out


def test_days_of_ages_away_do_not_shrink_the_others() -> None:
    ages = grant(date.min, date(9999, 12, 31))
    drawn = only(granted(ages, grant(DAY, date(2040, 7, 1))))
    (long,), (short,) = (row.bars for row in drawn.rows)
    assert (0, True, True) == (long.start, long.back, long.onward)
    assert short.end - short.start > 5
    assert not short.back
    assert 0 < len(drawn.ticks) <= 6


@pytest.mark.parametrize("on", [date.min, date.max, DAY])
def test_a_day_at_the_end_of_the_calendar_has_its_place(on: date) -> None:
    scale = days_around(on, (date.min, DAY, date.max, None))
    assert 0 <= scale.day(on) <= 100
    assert scale.span(on, None, "own").end == 100


def test_what_is_short_is_seen_and_stays_within_the_drawing() -> None:
    scale = Scale(0, 1_000_000)
    for start in (0, 500_000, 999_999, 2_000_000):
        bar = scale.bar(start, start + 1, "own")
        assert bar.end - bar.start == pytest.approx(1)
        assert 0 <= bar.start < bar.end <= 100
    assert 1 == scale.amount(1, "own").end
    assert 50 == scale.amount(500_000, "own").end
    assert 0 == Scale(5, 5).at(5)


def test_years_stand_where_they_begin() -> None:
    scale = Days(date(2030, 1, 1).toordinal(), date(2034, 1, 1).toordinal())
    years = scale.years()
    assert ["2031", "2032", "2033"] == [tick.text for tick in years]
    assert [25, 50, 75] == [round(tick.at) for tick in years]


def lien(rank: int, registered: datetime | None) -> Lien:
    said = {"security": f"security:{rank}", "creditors": ("party:bank",), "secures": "a loan"}
    begun = date(2030, 1, rank)
    return made(Lien, rank=rank, true_from=begun, perfected_at=registered, **said)  # type: ignore[no-any-return]


def test_liens_are_a_ladder_of_ranks_the_registered_ones_thick() -> None:
    answer = Liens(RIGHT, DAY, "ledger", "parties", 9, (lien(1, NOW), lien(2, None)), ())
    drawn = only(answer)
    assert ["own", "plain"] == [row.bars[0].look for row in drawn.rows]
    first, second = (text(row.words) for row in drawn.rows)
    assert first == 'Rank 1: <script>alert("1")</script> · security 1'
    assert second.startswith("Rank 2: ")
    assert drawn.rows[0].bars[0].start < drawn.rows[1].bars[0].start
    assert "a loan" in text(drawn.rows[0].more)
    assert "not registered" in text(drawn.rows[1].more)


def link(position: int, kind: str, givers: tuple[str, ...], takers: tuple[str, ...]) -> ChainRow:
    members = {"link": kind, "givers": givers, "takers": takers, "true_from": DAY}
    return made(ChainRow, position=position, record="assignment:a", **members)  # type: ignore[no-any-return]


def test_the_chain_goes_from_deed_to_deed_two_of_one_day_among_them() -> None:
    links = (
        link(3, "filed", (), ("party:firm",)),
        link(5, "agreed", ("party:firm",), ("party:bank",)),
        link(6, "security", ("party:firm",), ("party:bank",)),
        link(8, "rescinded", (), ()),
    )
    drawn = only(Chain(RIGHT, 9, links))
    assert ["own", "own", "plain", "dashed"] == [row.look for row in drawn.rows]
    assert text(drawn.rows[1].words).endswith('Công ty Ữ ẵ → <script>alert("1")</script>')
    assert text(drawn.rows[3].words).endswith(" a")
    assert ["entry 3", "entry 5", "entry 6", "entry 8"] == [
        text(row.more).partition(" · ")[2] for row in drawn.rows
    ]
    ends = [row.columns for row in drawn.rows]
    assert [((False, True),), *(2 * [((True, True),)]), ((True, False),)] == ends


def test_of_a_long_chain_the_latest_deeds_are_drawn() -> None:
    links = tuple(link(at, "agreed", ("party:firm",), ("party:bank",)) for at in range(200))
    drawn = only(Chain(RIGHT, 200, links))
    assert 200 - ROWS == drawn.left_out
    assert text(drawn.rows[-1].more).endswith("entry 199")


def nodes(*tiers: int) -> list[Node]:
    return [Node(tier, (), (), "own") for tier in tiers]


def joined(upper: Branch, lower: Branch) -> Iterator[bool]:
    """Yield whether lines meet between two rows, for each column of both."""
    for one, other in zip(upper.columns, lower.columns, strict=False):
        yield one[1] == other[0]


@pytest.mark.parametrize(
    "tiers", [(0,), (0, 1), (0, 1, 2, 1), (0, 1, 2, 3, 1, 2, 2, 1), (0, 1, 1, 2, 2, 3)]
)
def test_lines_of_a_tree_meet_from_row_to_row_and_end_where_nothing_hangs(
    tiers: tuple[int, ...],
) -> None:
    rows = [*hanging(nodes(*tiers))]
    assert [tier + 1 for tier in tiers] == [len(row.columns) for row in rows]
    for tree in (rows, [*standing_on(nodes(*tiers))]):
        for upper, lower in pairwise(tree):
            assert all(joined(upper, lower))
        assert not any(below for _, below in tree[-1].columns)
        assert not any(above for above, _ in tree[0].columns)
    for row in rows[1:]:
        assert row.columns[-2][0], "it hangs on the row above it"
    assert not [*hanging([])]


def test_a_tree_is_set_in_only_so_far() -> None:
    rows = [*hanging(nodes(*range(200)))]
    assert DEEPEST + 1 == max(len(row.columns) for row in rows)
    assert [((False, False),)] == [row.columns for row in rail(nodes(0))]


def test_the_same_answer_is_drawn_alike_twice_in_both_languages() -> None:
    answer = granted(grant(DAY, None), grant(DAY, date(2031, 1, 1)))
    for language in ("vi", "en"):
        assert only(answer, language) == only(answer, language)
    assert only(answer, "vi").title != only(answer, "en").title
    assert {type(only(answer)), type(only(Chain(RIGHT, 1, (link(0, "filed", (), ()),))))} == {
        Bars,
        Tree,
    }
