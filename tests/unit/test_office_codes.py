"""The reviewed codes of offices: each is of the EPO's table, and differs from it with a reason."""

import csv
from pathlib import Path

import pytest

from api.importers.office_codes import reviewed

TABLE = (
    Path(__file__).parents[2].parent
    / "shared"
    / "data"
    / "epo-legal-event-codes"
    / "codes-2024-17.csv"
)

BY_CLASS = {
    "B": {"lapsed", "surrendered"},
    "F": {"granted", "granted_nationally", "granted_on_issue"},
    "H": {"lapsed", "surrendered", "cancelled"},
    "K": {"restored"},
    "M": {"limited"},
    "U": {"fee_paid"},
}
"""What the class of a code would make of it; the other classes do nothing to a title."""

NOTHING = {"noted", "not_told"}
"""What does nothing: of the second it is listed why a person is to look."""

DIFFERENT = {
    "CH.EP": "other: it is how the Swiss office tells of a European grant",
    "CN.CX01": "cessation: the end of the full term, which is derived",
    "EP.AK": "other: the States of the application, and then of the patent",
    "EP.AKX": "payment: of designation fees, which keep nothing in force",
    "EP.GRAA": "grant: only expected",
    "GB.7282": "revival: refused",
    "GB.PE20": "cessation: the end of the full term, which is derived",
    "US.FEPP": "payment: a heading, and the free text decides",
    "US.STCH": "cessation: a heading, and the free text decides",
}
"""Where our reviewed meaning is not that of the table's class, and why."""


@pytest.fixture(scope="module")
def table() -> dict[str, dict[str, str]]:
    if not TABLE.is_file():
        pytest.skip(f"no shared data: {TABLE} is absent, the EPO's table is not compared")
    with TABLE.open(newline="", encoding="utf-8") as file:
        return {row["code"]: row for row in csv.DictReader(file)}


def test_every_reviewed_code_is_of_the_table_and_has_its_class(
    table: dict[str, dict[str, str]],
) -> None:
    assert {code: (row.class_ or "") for code, row in reviewed().items()} == {
        code: table[code]["class"] for code in reviewed()
    }


def test_what_differs_from_the_class_is_listed_with_its_reason(
    table: dict[str, dict[str, str]],
) -> None:
    different = {
        code
        for code, row in reviewed().items()
        if row.means not in BY_CLASS.get(table[code]["class"], NOTHING)
    }
    assert DIFFERENT.keys() == different


def test_every_row_says_who_reviewed_it_and_why() -> None:
    assert 70 == len(reviewed())
    assert all(row.reviewer and row.reason and row.trust in "SM" for row in reviewed().values())
