"""Law data: read strictly, found by topic, day and keys, adopted without a release."""

import json
from datetime import date
from typing import Any

import pytest

from ledger.domain.core.dated_law import LawDataUnknown, LawSilent, MalformedLaw, read_law
from ledger.events.lawbook import available_laws, bundled_files, bundled_law, files_in
from tests.support.builders import rules_adopted
from tests.support.specification import given

LAW = {
    "instrument": "decree-1",
    "number": "1/2020/NĐ-CP",
    "title_vi": "Nghị định một",
    "title_en": "Decree One",
    "valid_from": "2020-01-01",
    "valid_to": None,
}


def row(rule: str, **overrides: Any) -> dict[str, Any]:
    """Return a rule as JSON."""
    return {
        "rule": rule,
        "topic": "money.cap",
        "instrument": "decree-1",
        "article": "Điều 1",
        "title_vi": "Mức trần",
        "title_en": "Cap",
        "valid_from": "2020-01-01",
        "valid_to": None,
        "keys": {},
        "values": {"ppm": 1},
        "trust": "T",
        **overrides,
    }


def files(*rows: dict[str, Any], **instrument: Any) -> dict[str, bytes]:
    """Return a data set of one instrument and these rules."""
    law = {"edition": "test", "instruments": [{**LAW, **instrument}]}
    return {
        "instruments.json": json.dumps(law).encode(),
        "rules.json": json.dumps({"rules": list(rows)}).encode(),
    }


def test_a_rule_is_found_on_its_days_and_by_its_keys() -> None:
    law = read_law(
        files(
            row("old", valid_to="2024-01-01", values={"ppm": 10}),
            row("new", valid_from="2024-01-01", keys={"kind": ["a", "b"]}, values={"ppm": 20}),
            row("late", valid_from="2024-01-01", keys={"kind": ["c"]}, values={"names": ["x"]}),
        )
    )
    assert 10 == law.rule("money.cap", date(2023, 12, 31)).number("ppm")
    assert 20 == law.rule("money.cap", date(2024, 1, 1), kind="b").number("ppm")
    assert ("x",) == law.rule("money.cap", date(2024, 1, 1), kind="c").names("names")
    assert "1/2020/NĐ-CP" == law.rule("money.cap", date(2023, 1, 1), kind="b").instrument
    assert law.find("money.cap", date(2024, 1, 1)) is None
    assert law.find("money.cap", date(2019, 12, 31)) is None
    with pytest.raises(LawSilent):
        law.rule("money.floor", date(2024, 1, 1))


def test_a_key_may_be_a_range_of_days_or_a_truth() -> None:
    since = {"since": "2025-10-01", "until": None}
    law = read_law(files(row("r", keys={"assigned_on": since, "state": True})))
    day = date(2026, 1, 1)
    assert law.find("money.cap", day, assigned_on=date(2025, 10, 1), state=True)
    assert not law.find("money.cap", day, assigned_on=date(2025, 9, 30), state=True)
    assert not law.find("money.cap", day, assigned_on=date(2025, 10, 1), state=False)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row("a"), row("b")], "same facts"),
        ([row("a"), row("b", keys={"kind": ["x"]})], "same facts"),
        ([row("a"), row("a", topic="other")], "twice"),
        ([row("a", instrument="none")], "no instrument"),
        ([row("a", valid_from="2019-12-31")], "not in force"),
        ([row("a", valid_to="2020-01-01")], "one day"),
        ([row("a", values={"ppm": 0.5})], "rules.json"),
        ([row("a", extra=1)], "rules.json"),
    ],
)
def test_a_data_set_that_contradicts_itself_is_refused(rows, said) -> None:
    with pytest.raises(MalformedLaw, match=said):
        read_law(files(*rows))


def test_rules_for_other_facts_or_other_days_stand_side_by_side() -> None:
    read_law(
        files(
            row("a", keys={"kind": ["x"]}),
            row("b", keys={"kind": ["y"]}),
            row("c", topic="t", valid_to="2021-01-01"),
            row("d", topic="t", valid_from="2021-01-01"),
        )
    )


def test_the_digest_tells_one_byte_of_difference() -> None:
    shipped_set = bundled_files()
    other = {**shipped_set, "money.json": shipped_set["money.json"] + b"\n"}
    assert bundled_law().sha256 == read_law(shipped_set).sha256 != read_law(other).sha256


def test_a_new_decree_is_a_directory_and_an_event(tmp_path) -> None:
    """Sets put beside the shipped one can be adopted; what nobody holds cannot."""
    decree = tmp_path / "2027-01"
    decree.mkdir()
    for name, raw in files(row("a")).items():
        (decree / name).write_bytes(raw)
    added = read_law(files_in(decree))
    assert {bundled_law().sha256, added.sha256} == set(available_laws(tmp_path))
    given().when(rules_adopted(law_data_sha256=added.sha256)).then_refused(LawDataUnknown)
    given().when(rules_adopted(law_data_sha256=bundled_law().sha256)).then_admitted()
