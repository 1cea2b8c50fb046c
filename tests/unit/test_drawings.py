"""Drawings of answers: what a reader sees, in which order, how long, in words; and odd sizes."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

import pytest

from api.describe.answer_json import read_as
from api.describe.language import Language
from api.describe.saying import Speech, Word
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
from api.explorer.drawn import drawings_of
from api.explorer.drawn_others import draw_around
from api.explorer.pen import Pen
from ledger.domain.contracts.contract_terms import Terms
from ledger.domain.contracts.royalty import Royalty, Tier
from ledger.domain.core.types import Sealed
from ledger.events.lawbook import bundled_law
from projections.questions.party_keys import Key, KeysOf
from projections.questions.remaining_scope import Dependent, Dependents
from projections.questions.status_history import Belief, Spell, StatusHistory
from projections.questions.sublicences import Below
from projections.questions.sublicences import Tree as Sublicences
from projections.questions.terms import TermsOn
from projections.questions.vouching import MarkedDispute, MarkedStep
from projections.tables.chain import Chain, ChainRow
from projections.tables.contract_revenue import Balance, PaymentRow, Revenue, ShareRow
from projections.tables.dependencies import Fallen, Falls
from projections.tables.grants import GrantRow
from projections.tables.key_events import KeyFact
from projections.tables.liens import Lien, Liens
from projections.tables.timeline import EventRow
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
    assert [1, 50] == [scale.amount(each, "own")[0].end for each in (1, 500_000)]
    assert () == scale.amount(0, "own") == scale.amount(-5, "own")
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
    assert "secures: a loan" in text(drawn.rows[0].more)
    assert "not registered" in text(drawn.rows[1].more)


def test_a_lien_whose_record_does_not_say_what_it_secures_says_so() -> None:
    answer = Liens(RIGHT, DAY, "ledger", "parties", 9, (replace(lien(1, NOW), secures=None),), ())
    assert "does not say what it secures" in text(only(answer).rows[0].more)
    assert "không nói bảo đảm cho gì" in text(only(answer, "vi").rows[0].more)


FILED, GRANTED, LAPSED = date(2026, 7, 1), date(2028, 7, 1), date(2032, 7, 1)
THEN = Belief(3, NOW, (Spell("filed", FILED, None),))
SINCE = (Spell("filed", FILED, GRANTED), Spell("in_force", GRANTED, LAPSED))
LATEST = Belief(8, NOW, (*SINCE, Spell("lapsed", LAPSED, None)))


def test_the_stages_of_a_right_follow_each_other_and_the_last_is_open() -> None:
    stages, _ = drawings_of(StatusHistory(RIGHT, 9, (THEN, LATEST)), pen())
    assert ["filed", "in force", "lapsed"] == [text(row.words) for row in stages.rows]
    bars = [row.bars[0] for row in stages.rows]
    assert ["plain", "own", "dashed"] == [bar.look for bar in bars], "over, of the day, to come"
    assert all(one.end == other.start for one, other in pairwise(bars))
    assert [False, False, True] == [bar.onward for bar in bars]
    assert "from 1 July 2032 on" == text(stages.rows[2].more)


def test_of_an_application_no_stage_is_drawn_that_nothing_tells_of() -> None:
    stages, _ = drawings_of(StatusHistory(RIGHT, 9, (THEN,)), pen("vi"))
    (row,) = stages.rows
    assert ("own", True) == (row.bars[0].look, row.bars[0].onward)
    assert "từ ngày 01/07/2026 trở đi" == text(row.more)
    assert [] == [*drawings_of(StatusHistory(RIGHT, 9, ()), pen())]


def test_what_was_held_of_a_right_is_drawn_the_latest_first_on_one_scale() -> None:
    _, drawn = drawings_of(StatusHistory(RIGHT, 9, (THEN, LATEST)), pen())
    latest, before = drawn.rows
    assert "Known since 1 July 2030, entry 8" == text(latest.words)
    assert "Known since 1 July 2030, entry 3" == text(before.words)
    assert ["plain", "own", "dashed"] == [bar.look for bar in latest.bars]
    assert [("plain", True)] == [(bar.look, bar.onward) for bar in before.bars]
    assert latest.bars[0].start == before.bars[0].start
    assert "filed from 1 July 2026 to 30 June 2028 inclusive; in force" in text(latest.more)
    many = tuple(replace(THEN, position=at) for at in range(ROWS + 8))
    _, drawn = drawings_of(StatusHistory(RIGHT, 99, many), pen())
    assert (ROWS, 8) == (len(drawn.rows), drawn.left_out)
    assert text(drawn.rows[0].words).endswith(f"entry {ROWS + 7}")


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


def terms(agreed: Terms | None) -> TermsOn:
    return TermsOn("contract:a", DAY, 9, "in_force", 1, agreed, None, (), ())


def test_royalty_tiers_are_as_long_as_their_rates() -> None:
    tiers = (Tier(upto=1_000, rate_ppm=50_000), Tier(upto=None, rate_ppm=25_000))
    royalty = Royalty.model_construct(currency="VND", tiers_over="year", tiers=tiers)
    drawn = only(terms(Terms.model_construct(royalty=royalty)))
    (first,), (second,) = (row.bars for row in drawn.rows)
    assert (100, 50) == (first.end, second.end)
    assert ["up to VND 1,000", "over VND 1,000"] == [text(row.words) for row in drawn.rows]
    assert ["5%", "2.5%"] == [text(row.more) for row in drawn.rows]
    sealed = Terms.model_construct(royalty=Sealed(commitment="sha256:" + 64 * "0"))
    for none in (None, sealed):
        assert [] == [*drawings_of(terms(none), pen())]


def paid(amount: int, payer: str, payee: str) -> Any:
    return made(PaymentRow, amount=amount, payer=payer, payee=payee, currency="VND")


def money(**members: Any) -> Any:
    nothing = dict.fromkeys(("shares", "reports", "payables", "payments", "balances"), ())
    return Revenue("contract:a", 9, **{**nothing, **members})


def test_what_is_paid_stands_on_what_is_due_and_what_is_sealed_is_said() -> None:
    when = (9, NOW, "contract:a")
    sealed = ShareRow("share:a", *when, None, None, "sha256:0", ("party:firm",), DAY)
    balances = (
        Balance("party:firm", "VND", 1_000, 250),
        Balance("party:bank", "VND", 500, 0),
        Balance("party:bank", "USD", 700, 700),
    )
    drawn = only(money(shares=(sealed,), balances=balances))
    part, nothing, whole, hidden = drawn.rows
    assert ["dashed"] == [bar.look for bar in hidden.bars]
    assert "sealed" in text(hidden.more)
    assert [("plain", 100), ("own", 25)] == [(bar.look, bar.end) for bar in part.bars]
    assert [("plain", 50)] == [(bar.look, bar.end) for bar in nothing.bars]
    assert [100, 100] == [bar.end for bar in whole.bars], "each currency has its own scale"
    assert "due VND 1,000 · paid VND 250 · open VND 750" == text(part.more)


def test_money_flows_from_who_paid_the_most_first_and_back() -> None:
    payments = (
        paid(300, "party:firm", "party:bank"),
        paid(100, "party:firm", "party:bank"),
        paid(-50, "party:firm", "party:bank"),
        paid(900, "party:other", "party:firm"),
    )
    drawn = only(money(payments=payments))
    assert ["VND 900", "VND 400", "VND 50"] == [text(row.more) for row in drawn.rows]
    ways = [[word.subject for word in row.words if word.subject] for row in drawn.rows]
    firm, bank = "party:firm", "party:bank"
    assert [["party:other", firm], [firm, bank], [bank, firm]] == ways
    assert [] == [*drawings_of(money(), pen())]


def below(tier: int, name: str, head: str, *, current: bool = True, fallen: bool = False) -> Below:
    row = grant(DAY, None, ref=f"contract:{name}#g", head=head, subject=f"contract:{name}")
    return Below(tier, row, current, fallen)


def test_sublicences_stand_below_the_grant_that_each_passes_on() -> None:
    grants = (
        below(1, "b", "contract:a#1"),
        below(1, "c", "contract:a#1", current=False),
        below(2, "d", "contract:b#g", fallen=True),
    )
    drawn = only(Sublicences("contract:a", DAY, 9, grants, ()))
    assert ["a", "b", "d", "c"] == [text(row.words)[-1] for row in drawn.rows]
    assert [1, 2, 3, 2] == [len(row.columns) for row in drawn.rows]
    assert ["own", "own", "dashed", "plain"] == [row.look for row in drawn.rows]
    assert "fell with the grant above it" in text(drawn.rows[2].more)
    assert [] == [*drawings_of(Sublicences("contract:a", DAY, 9, (), ()), pen())]


def key(**facts: tuple[int, int | None]) -> Key:
    """Return a key, with the position of each fact and since when it is compromised."""
    return Key(
        64 * "a",
        **{
            name: (
                name in facts
                and made(
                    KeyFact, fact=name, position=facts[name][0], compromised_since=facts[name][1]
                )
            )
            or None
            for name in ("added", "stopped", "revoked", "suspended", "resumed")
        },
    )


@pytest.mark.parametrize(
    ("facts", "zones"),
    [
        ({"added": (0, None)}, [("own", 0, 100)]),
        ({"added": (20, None), "revoked": (60, None)}, [("own", 20, 60)]),
        (
            {"added": (20, None), "revoked": (60, 40)},
            [("own", 20, 40), ("dashed", 40, 60)],
        ),
        ({"added": (20, None), "revoked": (60, 0)}, [("dashed", 20, 60)]),
        (
            {"added": (0, None), "suspended": (30, None), "resumed": (50, None)},
            [("own", 0, 30), ("plain", 30, 50), ("own", 50, 100)],
        ),
        ({"added": (0, None), "suspended": (30, None)}, [("own", 0, 30), ("plain", 30, 100)]),
        ({"added": (10, None), "stopped": (20, None)}, [("plain", 10, 20)]),
    ],
)
def test_a_key_has_its_zones_one_behind_the_other(facts: Any, zones: list[Any]) -> None:
    (row,) = only(KeysOf("party:firm", 100, (key(**facts),))).rows
    assert zones == [(bar.look, bar.start, bar.end) for bar in row.bars]
    over = {*facts} & {"revoked", "stopped"}
    assert bool(over) != row.bars[-1].onward
    assert all(f"at entry {position}" in text(row.more) for position, _ in facts.values())
    assert ("in doubt" in text(row.more)) == ("dashed" in {bar.look for bar in row.bars})


def test_steps_of_a_dispute_have_a_lane_for_each_party_two_of_one_day_side_by_side() -> None:
    steps = tuple(
        made(MarkedStep, topic=topic, by=by, against=against, accepted=NOW)
        for topic, by, against in (
            ("dispute.opened/1", ("party:firm",), ("party:bank",)),
            ("dispute.admitted/1", ("party:court",), ()),
            ("evidence.filed/1", ("party:firm",), ()),
        )
    )
    drawn = only(MarkedDispute("dispute:a", 9, steps, ()))
    assert [2, 0, 1] == [len(row.dots) for row in drawn.rows]
    first, third = drawn.rows[0].dots
    assert first < drawn.rows[2].dots[0] < third
    assert text(drawn.rows[0].more).startswith("1. Dispute opened, 1 July 2030; 3. ")
    assert "no step of its own" == text(drawn.rows[1].more)
    assert ["1", "2", "3"] == [tick.text for tick in drawn.ticks]
    many = only(MarkedDispute("dispute:a", 9, 67 * steps, ()))
    assert (ROWS, "from step 190", 0) == (len(many.ticks), many.title[-13:], many.left_out)
    assert [8, 0, 4] == [len(row.dots) for row in many.rows]
    early = only(MarkedDispute("dispute:a", 9, (*steps[1:2], *20 * steps[:1]), ()))
    assert "only earlier steps, not drawn here" == text(early.rows[0].more)


@pytest.mark.parametrize(("known_at", "to"), [("50", 50), ("2030-07-01T00:00:00Z", 25)])
def test_keys_are_drawn_as_far_as_was_asked_what_was_known(known_at: str, to: int) -> None:
    asked = replace(KeysOf("party:firm", 100, (key(added=(25, None)),)), known_at=known_at)
    drawn = only(asked)
    assert drawn.title.endswith(f"0 to {to}")
    (bar,) = drawn.rows[0].bars
    assert bar.onward
    assert min(round(100 * 25 / (to + 1), 2), 98) <= bar.start < 100


def fallen(position: int, of: int, *, certain: bool = True) -> Fallen:
    event = made(EventRow, position=position, topic="contract.concluded/1")
    return Fallen(event, certain, (), (of,))


def test_an_entry_stands_between_what_it_rests_on_and_what_falls_with_it() -> None:
    falls = Falls(5, 9, (fallen(6, 5), fallen(7, 5, certain=False), fallen(8, 6)))
    rests = [((Word("right 1"),), (1, 3))]
    drawn = draw_around("contract.concluded/1", rests, falls, pen())
    said = [text(row.more) for row in drawn.rows]
    assert ["entry 1, entry 3", "entry 5", "entry 6", "entry 8", "entry 7 · may stand"] == said
    assert [2, 1, 2, 3, 2] == [len(row.columns) for row in drawn.rows]
    assert ["plain", "own", "own", "own", "dashed"] == [row.look for row in drawn.rows]
    for upper, lower in pairwise(drawn.rows):
        assert all(joined(upper, lower))
    *_, own = draw_around("contract.concluded/1", rests, Falls(5, 9, ()), pen()).rows
    assert ((True, False),) == own.columns
    own, *_ = draw_around("contract.concluded/1", [], falls, pen()).rows
    assert ((False, True),) == own.columns
    assert () == draw_around("contract.concluded/1", [], Falls(5, 9, ()), pen()).rows


def test_what_falls_with_an_entry_hangs_below_it_in_both_languages() -> None:
    falls = Falls(5, 9, (fallen(6, 5), fallen(7, 5, certain=False), fallen(8, 6)))
    drawn = only(falls)
    assert ["entry 5", "contract concluded"] == [text(row.words).lower() for row in drawn.rows[:2]]
    assert ["if it is void from the start", "entry 6", "entry 8", "entry 7 · may stand"] == [
        text(row.more) for row in drawn.rows
    ]
    assert [1, 2, 3, 2] == [len(row.columns) for row in drawn.rows]
    assert ["plain", "own", "own", "dashed"] == [row.look for row in drawn.rows]
    assert "Những gì đổ theo mục 5" == only(falls, "vi").title
    many = Falls(0, 99, tuple(fallen(at, 0) for at in range(1, 30)))
    assert (ROWS + 1, 29 - ROWS) == (len(only(many).rows), only(many).left_out)
    assert [] == [*drawings_of(Falls(5, 9, ()), pen())], "nothing rests on it"


def test_however_deep_things_fall_so_many_are_drawn_and_the_others_counted() -> None:
    deep = Falls(0, 9, tuple(fallen(at, at - 1) for at in range(1, 5_001)))
    drawn = draw_around("contract.concluded/1", [], deep, pen())
    assert ROWS + 1 == len(drawn.rows)
    assert 5_000 - ROWS == drawn.left_out
    assert "entry 12" == text(drawn.rows[-1].more)
