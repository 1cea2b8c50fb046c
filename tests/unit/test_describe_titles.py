"""Codes in words: titles of the IPC and of VSIC, of countries and languages."""

import re

import pytest

from api.describe.titles import country, read_list, symbol, titles, tongue
from ledger.domain.core.dated_law import Law
from ledger.events.lawbook import bundled_law

LISTS = ("countries", "languages", "ipc", "vsic")


def heads(law: Law, rule: str) -> set[str]:
    return {name for ground in law.named([rule]) for name in ground.names("heads")}


def test_the_classes_that_the_rules_know_are_those_that_have_a_title() -> None:
    """D10 is a class of the CPC alone; it was listed among those of the IPC."""
    rows = read_list("ipc")["rows"]
    assert {row["code"] for row in rows if row["level"] == "class"} == heads(
        bundled_law(), "ipc.classes"
    )


def test_the_divisions_that_the_rules_know_are_those_that_have_a_title() -> None:
    rows = read_list("vsic")["rows"]
    divisions = {row["code"] for row in rows if row["level"] == "division"}
    assert divisions == heads(bundled_law(), "vsic.2025")


@pytest.mark.parametrize("name", LISTS)
def test_a_list_says_whence_it_is_and_every_code_has_words_in_both_languages(name: str) -> None:
    listed = read_list(name)
    assert all(listed[member] for member in ("source", "edition", "trust", "retrieved"))
    assert len(listed["rows"]) == len({row["code"] for row in listed["rows"]})
    assert all(said.vi.strip() and said.en.strip() for said in titles(name).values())


def test_every_country_of_iso_3166_has_a_name() -> None:
    codes = set(titles("countries"))
    assert 249 == len(codes)
    assert all(re.fullmatch("[A-Z]{2}", code) for code in codes)
    assert {"VN", "US", "JP", "DE", "LA"} <= codes


@pytest.mark.parametrize(
    ("scheme", "edition", "code", "vi", "en"),
    [
        ("ipc", "2026.01", "A61", "Y học hoặc thú y", "Medical or veterinary science"),
        ("ipc", "2026.01", "H01L", "Thiết bị bán dẫn", "Semiconductor devices"),
        ("vsic", "2025", "62", "Lập trình máy tính", "Computer programming"),
    ],
)
def test_a_symbol_stands_in_words_with_its_code(
    scheme: str, edition: str, code: str, vi: str, en: str
) -> None:
    said = [symbol(scheme, edition, code, "vi"), symbol(scheme, edition, code, "en")]
    assert said[0].lower().startswith(vi.lower()), said
    assert said[1].lower().startswith(en.lower()), said
    assert all(each.endswith(f"({scheme.upper()} {edition} {code})") for each in said)


def test_a_group_has_the_title_of_its_subclass_and_another_edition_of_vsic_none() -> None:
    said = symbol("ipc", "2026.01", "A61K 31/00", "en")
    assert said.startswith("IPC 2026.01 A61K 31/00, within A61K: Preparations for medical")
    assert symbol("vsic", "2018", "45", "vi") == "VSIC 2018 45"
    assert symbol("ipc", "2026.01", "D10", "en").startswith("IPC 2026.01 D10, within D: Textiles")


def test_names_of_countries_and_languages() -> None:
    assert ("Việt Nam", "Nhật Bản", "XZ") == tuple(country(c, "vi") for c in ("VN", "JP", "XZ"))
    assert ("Việt Nam", "Japan") == tuple(country(c, "en") for c in ("VN", "JP"))
    assert ("Tiếng Việt", "English") == (tongue("vi", "vi"), tongue("en", "en"))
