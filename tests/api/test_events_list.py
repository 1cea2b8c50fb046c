"""`techledger events list`: what was recorded, in words, and all of it as a table."""

import csv
import json
from io import StringIO

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from tests.support.tale import Loaded


@pytest.fixture(autouse=True)
def asked(loaded: Loaded, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_URL", loaded.url)


def listed(*words: str) -> str:
    done = CliRunner().invoke(app, ["events", "list", *words])
    assert 0 == done.exit_code, done.output
    return done.output


def test_the_table_has_every_event_and_the_words_of_the_language(loaded: Loaded):
    rows = list(csv.DictReader(StringIO(listed("--csv").removeprefix("\ufeff"))))
    size = int(loaded.words["SIZE"])
    assert [*range(size)] == sorted(int(row["entry"]) for row in rows)
    vietnamese = csv.DictReader(StringIO(listed("--csv", "--lang", "vi").removeprefix("\ufeff")))
    assert "mục" in (vietnamese.fieldnames or ())


def test_what_is_asked_for_is_what_is_listed(loaded: Loaded):
    of = ("--topic", "offer.made/1", "--since", "1")
    rows = list(csv.DictReader(StringIO(listed("--csv", *of).removeprefix("\ufeff"))))
    answer = json.loads(listed(*of, "--json"))
    assert [each["position"] for each in answer["events"]] == [int(row["entry"]) for row in rows]
    assert {"offer.made/1"} == {each["topic"] for each in answer["events"]}
    assert "Offer made (offer.made/1)" in listed(*of)
    assert loaded.at


def test_what_cannot_be_listed_is_told():
    done = CliRunner().invoke(app, ["events", "list", "--csv", "--topic", "offer.mad/1"])
    assert 2 == getattr(done.exception, "exit_code", done.exit_code)
    assert "offer.mad/1" in f"{done.output}{done.exception}"
