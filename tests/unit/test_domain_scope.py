"""Scope: how codes contain each other, how boxes overlap, and the cautious answers in between."""

import csv
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.core.scope import Box, Field, Territory, box, field_region, territory_region
from ledger.domain.core.territory import NEW_UNITS, OLD_UNITS, named, places

DATA = Path(__file__).parents[2].parent / "shared/data"


def territory(*codes: str):
    return territory_region(Territory(codes=list(codes)).codes)


def ipc(*codes: str, edition: str = "2026.01"):
    field = Field(scheme="ipc", edition=edition, codes=list(codes))
    return field_region(field.scheme, field.edition, field.codes)


def vsic(*codes: str, edition: str = "2025"):
    field = Field(scheme="vsic", edition=edition, codes=list(codes))
    return field_region(field.scheme, field.edition, field.codes)


def any_field():
    return field_region("any", None, ())


def term(start: date, end: date | None) -> Box:
    anything = Field(scheme="any", edition=None, codes=[])
    return box(["use"], Territory(codes=["world"]), anything, start, end)


def data(path: str) -> Path:
    found = DATA / path
    if not found.exists():
        pytest.skip(f"shared/data/{path} is not beside the project")
    return found


def test_the_world_contains_every_country() -> None:
    assert territory("world").contains(territory("iso:LA", "vn-2025:48"))


def test_viet_nam_contains_da_nang() -> None:
    assert territory("iso:VN").contains(territory("vn-2025:48"))
    assert not territory("vn-2025:48").contains(territory("iso:VN"))


def test_laos_does_not_contain_da_nang() -> None:
    assert not territory("iso:LA").overlaps(territory("vn-2025:48"))


def test_two_provinces_of_one_edition_share_no_place() -> None:
    assert not territory("vn-2025:48").overlaps(territory("vn-2025:01"))
    assert not territory("vn-2004:VN-27").overlaps(territory("vn-2004:VN-DN"))


def test_da_nang_since_2025_is_da_nang_and_quang_nam_of_before() -> None:
    da_nang_now = territory("vn-2025:48")
    quang_nam_then, da_nang_then = territory("vn-2004:VN-27"), territory("vn-2004:VN-DN")
    assert da_nang_now.contains(quang_nam_then)
    assert not quang_nam_then.contains(da_nang_now)
    both = territory("vn-2004:VN-27", "vn-2004:VN-DN")
    assert both.contains(da_nang_now)
    assert da_nang_now.contains(both)
    assert not da_nang_then.overlaps(quang_nam_then)


def test_vietnam_is_all_its_units_of_either_edition() -> None:
    vietnam = territory("iso:VN")
    for edition, units in (("vn-2004", OLD_UNITS), ("vn-2025", NEW_UNITS)):
        everywhere = territory(*(f"{edition}:{code}" for code in units))
        assert vietnam.contains(everywhere)
        assert everywhere.contains(vietnam)
    assert territory("world").contains(vietnam)
    assert not vietnam.contains(territory("world"))


def test_places_are_named_by_the_fewest_codes() -> None:
    assert ("iso:LA", "vn-2025:48") == named(("vn-2004:VN-DN", "iso:LA", "vn-2004:VN-27"))
    assert ("iso:VN",) == named(places("iso:VN"))
    assert ("vn-2004:VN-27",) == named(("vn-2004:VN-27",))


def test_a_territory_of_several_units_is_contained_unit_by_unit() -> None:
    assert territory("iso:JP", "iso:KR").contains(territory("iso:KR"))
    assert not territory("iso:JP", "iso:KR").contains(territory("iso:KR", "iso:CN"))


def test_the_units_of_2025_are_spelt_as_the_national_codes() -> None:
    units = json.loads(data("vn-territories/provinces-34.json").read_text(encoding="utf-8"))
    codes = [f"vn-2025:{unit['code']}" for unit in units["units"]]
    assert 34 == len(Territory(codes=codes).codes)
    assert {unit["code"] for unit in units["units"]} == NEW_UNITS.keys()


def test_the_older_units_are_spelt_as_iso_3166_2() -> None:
    with data("vn-territories/iso3166-2-vn-old63.csv").open(encoding="utf-8") as lines:
        codes = [f"vn-2004:{row['code']}" for row in csv.DictReader(lines)]
    assert 63 == len(Territory(codes=[*codes, "vn-2004:VN-DN"]).codes)
    assert {code.removeprefix("vn-2004:") for code in codes} | {"VN-DN"} == OLD_UNITS.keys()


@pytest.mark.parametrize(
    "code", ["World", "iso:vn", "iso:VNM", "vn-2025:VN-48", "vn-2004:27", "VN-27", "vn-2030:01", ""]
)
def test_a_territory_is_spelt_in_one_way(code: str) -> None:
    with pytest.raises(ValidationError):
        Territory(codes=[code])


@pytest.mark.parametrize("codes", [[], ["iso:VN", "iso:VN"]])
def test_a_territory_names_each_of_its_units_once(codes: list[str]) -> None:
    with pytest.raises(ValidationError):
        Territory(codes=codes)


def test_an_ipc_subclass_contains_its_groups() -> None:
    assert ipc("A61K").contains(ipc("A61K 31", "A61K 31/00", "A61K 31/19"))
    assert ipc("A").contains(ipc("A61P 1/04"))


def test_a_main_group_is_the_same_with_and_without_its_zeros() -> None:
    assert ipc("A61K 31").contains(ipc("A61K 31/00"))
    assert ipc("A61K 31/00").contains(ipc("A61K 31"))
    assert ipc("A61K 31/00").contains(ipc("A61K 31/19"))


def test_a61k_3_does_not_contain_a61k_31() -> None:
    assert not ipc("A61K 3").overlaps(ipc("A61K 31/19"))


def test_a61k_and_a61p_share_nothing() -> None:
    assert not ipc("A61K").overlaps(ipc("A61P"))
    assert not ipc("A61K 31").overlaps(ipc("A61P 31"))


def test_subgroups_of_one_main_group_may_nest_for_all_that_their_symbols_show() -> None:
    assert ipc("A61K 31/19").overlaps(ipc("A61K 31/192"))
    assert not ipc("A61K 31/19").contains(ipc("A61K 31/192"))
    assert not ipc("A61K 31/19").overlaps(ipc("A61K 9/19"))


def test_ipc_symbols_of_two_editions_are_compared_as_they_stand() -> None:
    assert ipc("A61K").contains(ipc("A61K 31", edition="2020.01"))


def test_a_vsic_division_contains_its_groups_and_classes() -> None:
    assert vsic("62").contains(vsic("620", "6201", "62010"))
    assert not vsic("62").overlaps(vsic("63"))


def test_vsic_codes_of_two_editions_may_mean_the_same() -> None:
    assert vsic("62").overlaps(vsic("63", edition="2018"))
    assert not vsic("62").contains(vsic("62", edition="2018"))


def test_codes_of_two_schemes_may_mean_the_same() -> None:
    assert vsic("21").overlaps(ipc("A61K"))
    assert not vsic("21").contains(ipc("A61K"))


def test_any_field_contains_every_field() -> None:
    assert any_field().contains(ipc("A61K"))
    assert any_field().contains(vsic("21"))
    assert not ipc("A", "B", "C", "D", "E", "F", "G", "H").contains(any_field())


@pytest.mark.parametrize(
    ("scheme", "edition", "codes"),
    [
        ("any", "2026.01", []),
        ("any", None, ["A61K"]),
        ("ipc", None, ["A61K"]),
        ("ipc", "2026", ["A61K"]),
        ("ipc", "2026.01", []),
        ("ipc", "2026.01", ["a61k"]),
        ("ipc", "2026.01", ["A61K31/19"]),
        ("ipc", "2026.01", ["A61K 031/19"]),
        ("ipc", "2026.01", ["I01B"]),
        ("ipc", "2026.01", ["A61K", "A61K"]),
        ("vsic", "2020", ["62"]),
        ("vsic", "2025", ["6"]),
        ("vsic", "2025", ["620101"]),
        ("vsic", "2025", ["A61K"]),
        ("words", None, []),
        ("words", None, [""]),
        ("words", None, ["x" * 401]),
        ("words", None, [str(number) for number in range(9)]),
        ("words", "2026.01", ["dentistry"]),
    ],
)
def test_a_field_is_spelt_as_its_scheme_spells_it(
    scheme: str, edition: str | None, codes: list[str]
) -> None:
    with pytest.raises(ValidationError):
        Field.model_validate({"scheme": scheme, "edition": edition, "codes": codes})


def in_words(*words: str):
    field = Field(scheme="words", edition=None, codes=list(words))
    return field_region(field.scheme, field.edition, field.codes)


@pytest.mark.parametrize("other", [any_field(), ipc("A61K"), vsic("62"), in_words("surgery")])
def test_what_is_said_in_words_may_meet_any_field_and_contains_none(other) -> None:
    words = in_words("dentistry")
    assert words.overlaps(other)
    assert other.overlaps(words)
    assert not words.contains(other)
    assert any_field().contains(words)


def test_words_contain_what_the_same_words_say_in_whatever_order() -> None:
    assert in_words("dentistry", "in Japan").contains(in_words("in Japan", "dentistry"))
    assert not in_words("dentistry", "in Japan").contains(in_words("dentistry"))
    assert not in_words("dentistry").contains(in_words("dentistry", "in Japan"))


def test_a_box_that_ends_on_a_day_leaves_that_day_free() -> None:
    first = term(date(2026, 1, 1), date(2027, 1, 1))
    next_one, too_early = term(date(2027, 1, 1), None), term(date(2026, 12, 31), None)
    assert not first.overlaps(next_one)
    assert not next_one.overlaps(first)
    assert first.overlaps(too_early)
    assert too_early.overlaps(first)


def test_a_box_without_end_outlasts_every_other() -> None:
    endless, ending = term(date(2026, 1, 1), None), term(date(2026, 1, 1), date(2030, 1, 1))
    assert ending.outlasted_by(endless)
    assert not endless.outlasted_by(ending)
    assert not endless.outlasted_by(endless)


def test_acts_that_differ_do_not_meet() -> None:
    anything = Field(scheme="any", edition=None, codes=[])
    made = box(["make"], Territory(codes=["world"]), anything, date(2026, 1, 1), None)
    sold = box(["sell"], Territory(codes=["world"]), anything, date(2026, 1, 1), None)
    assert not made.overlaps(sold)


def half_open(constraints: list[list[str]]) -> Box:
    """Read ODRL constraints as days [start, end): a day that is named closed is held whole."""
    start, end, next_day = date(1, 1, 1), None, timedelta(days=1)
    for _, operator, value in constraints:
        day = odrl_day(value)
        if operator in ("gteq", "gt", "eq"):
            start = day + next_day if operator == "gt" else day
        if operator in ("lteq", "lt", "eq"):
            end = day if operator == "lt" else day + next_day
    return term(start, end)


def odrl_day(value: str) -> date:
    if value.startswith("P"):
        return date(1, 1, 1) + timedelta(days=int(value[1:-1]))
    return date.fromisoformat(value.partition("T")[0])


def odrl_cases() -> list[Any]:
    found = DATA / "odrl-temporal/cases.json"
    if not found.exists():
        reason = pytest.mark.skip(reason="shared/data/odrl-temporal is not beside the project")
        return [pytest.param(None, marks=reason)]
    return [
        pytest.param(case, id=case["id"]) for case in json.loads(found.read_text(encoding="utf-8"))
    ]


@pytest.mark.parametrize("case", odrl_cases())
def test_terms_overlap_exactly_where_odrl_finds_the_intervals_compatible(
    case: dict[str, Any],
) -> None:
    one, other = (half_open(policy["constraints"]) for policy in case["policies"].values())
    assert (case["verdict"] == "Compatible") == one.overlaps(other)
