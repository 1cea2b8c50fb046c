"""Law in words: every topic, value and text of the law data has its words in both languages."""

from collections.abc import Mapping
from typing import Any

import pytest

from api.describe.description import lines_of
from api.describe.language import Language
from api.describe.law_words import LAW_VALUES, TOPICS, WORDS, law_value
from api.describe.saying import Line, Speech, deduction
from api.describe.shape import members_of_kind
from ledger.domain.core.dated_law import Row
from ledger.domain.core.ground import Ground
from ledger.events.lawbook import bundled_law

LAW = bundled_law()
ROWS = LAW.rows
LANGUAGES: tuple[Language, ...] = ("vi", "en")


def text_of(lines: tuple[Line, ...]) -> list[tuple[str, str]]:
    return [pair for each in lines for pair in ((each.label, each.text), *text_of(each.under))]


def said_of(row: Row, language: Language) -> list[tuple[str, str]]:
    values = {
        name: [*value] if isinstance(value, tuple) else value for name, value in row.values.items()
    }
    members = dict.fromkeys(members_of_kind(Ground)) | {
        "rule": row.rule,
        "topic": row.topic,
        "instrument": LAW.instruments[row.instrument].number,
        "values": values,
    }
    return text_of(lines_of(Ground, members, Speech(language, LAW)))


def test_there_are_words_for_what_is_in_the_law_data_and_for_nothing_else() -> None:
    assert TOPICS.keys() == {row.topic for row in ROWS}
    named = {(row.topic, name) for row in ROWS for name in row.values}
    assert all({name, f"{topic}.{name}"} & LAW_VALUES.keys() for topic, name in named)
    assert LAW_VALUES.keys() <= {
        place for topic, name in named for place in (name, f"{topic}.{name}")
    }
    words = {
        each
        for row in ROWS
        for name, value in row.values.items()
        if (LAW_VALUES.get(f"{row.topic}.{name}") or LAW_VALUES[name])[1] == "word"
        for each in (value if isinstance(value, tuple) else (value,))
    }
    assert words == WORDS.keys()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.rule)
def test_a_rule_says_its_topic_its_law_and_its_values_in_words(
    row: Row, language: Language
) -> None:
    said = said_of(row, language)
    topic = next(text for called, text in said if row.topic in text)
    assert topic == f"{TOPICS[row.topic].in_(language)} ({row.topic})"
    instrument = LAW.instruments[row.instrument]
    title = instrument.title_vi if language == "vi" else instrument.title_en
    assert f"{title} ({instrument.number})" in [text for _, text in said]
    values = said[-len(row.values) :] if row.values else []
    for (called, text), (name, value) in zip(values, row.values.items(), strict=True):
        assert called not in (name, name.replace("_", " ")) or (called, language) == ("days", "en")
        assert "ppm" not in called + text
        assert not any(each in WORDS for each in text.split(", ") if language == "vi"), text
        number = type(value) is int
        assert not number or text != str(value) or name == "groups", (name, text)


@pytest.mark.parametrize(
    ("topic", "name", "value", "vi", "en"),
    [
        (
            *("money.late_interest_cap", "max_ppm_a_year", 200_000),
            ("tối đa mỗi năm", "20%"),
            ("at most, a year", "20%"),
        ),
        ("contract.permit", "days", 60, ("thời hạn", "60 ngày"), ("within", "60 days")),
        (
            *("contract.permit", "answer_working_days", 1),
            ("cơ quan trả lời trong", "1 ngày làm việc"),
            ("authority answers within", "1 working day"),
        ),
        (
            *("period.holiday", "days", ["04-30"]),
            ("các ngày", "30/4"),
            ("days", "30 April"),
        ),
        (
            *("period.holiday", "dates", ["2026-02-16"]),
            ("các ngày", "16/02/2026"),
            ("days", "16 February 2026"),
        ),
        (
            *("territory.units", "codes", ["48"]),
            ("các đơn vị", "Đà Nẵng (vn-2025:48)"),
            ("units", "Đà Nẵng (vn-2025:48)"),
        ),
        ("period.end", "hour", 24, ("lúc", "24 giờ"), ("at", "24:00")),
        ("new.topic", "new_value", [1, "a"], ("new value", "1, a"), ("new value", "1, a")),
    ],
)
def test_a_value_of_law_is_said_by_what_it_measures(
    topic: str, name: str, value: Any, vi: tuple[str, str], en: tuple[str, str]
) -> None:
    assert (vi, en) == (law_value(topic, name, value, "vi"), law_value(topic, name, value, "en"))


def test_deductions_have_words_beside_the_parties_own_name() -> None:
    said: Mapping[str, str] = {each: deduction(each, "vi") for each in ("vat", "zeppelins")}
    assert {"vat": "thuế giá trị gia tăng (vat)", "zeppelins": "“zeppelins”"} == said
