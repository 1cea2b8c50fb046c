"""Law data over HTTP: which set was in force, what is in it, what decided an event."""

import json

import pytest

from ledger.domain.core.dated_law import digest_of
from ledger.events.lawbook import bundled_law
from ledger.follow.client import LedgerClient, ProblemAnswer
from tests.support.tale import Tale


def test_the_editions_name_their_law_data(ledger: LedgerClient, tale: Tale):
    found = ledger.get("/v1/law")
    assert [(0, "0-dev", bundled_law().sha256)] == [
        (each["position"], each["edition"], each["law_data_sha256"]) for each in found["editions"]
    ]
    assert tale.size <= found["size"]


def test_a_set_is_served_as_it_is_hashed(ledger: LedgerClient, tale: Tale):
    del tale
    files = ledger.get(f"/v1/law/{bundled_law().sha256}")
    assert bundled_law().sha256 == digest_of({name: text.encode() for name, text in files.items()})
    assert "rules" in json.loads(files["money.json"])
    with pytest.raises(ProblemAnswer):
        ledger.get(f"/v1/law/sha256:{'0' * 64}")


def test_an_event_names_the_rules_that_decided_it(ledger: LedgerClient, tale: Tale):
    (position,) = tale.at("right-filed")
    found = ledger.get(f"/v1/entries/{position}/grounds")
    assert ("0-dev", True) == (found["edition"]["edition"], found["at_hand"])
    assert ["ip-law.93.invention"] == [
        ground["rule"] for ground in found["grounds"] if ground["topic"] == "right.term"
    ]
    assert [0, position] == found["positions"]
