"""What the benchmark sends is what it says: signed, built on one another, admitted."""

import json

import pytest

from bench.appending import append_all, judged, sequencing
from bench.figure import WrongAnswer
from bench.receipts import bulk_answers, single_answer
from bench.workload import Actor, Cast, Prepared, deals, mean_payload, offers, registrations
from ledger.events.intake import read, signature_checks
from ledger.events.verdicts import verdicts
from ledger.home.paths import Home
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from ledger.wire.base64 import b64decode
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.node import found, settings_for
from tests.support.postgres import ORIGIN, Database, home_directory

COUNT = 12


@pytest.fixture
def cast(database: Database):
    """Return the cast of a log that has been opened."""
    with home_directory() as directory:
        home: Home = found(settings_for(database, directory))
        officers = (
            Actor(party, (home.keys / file).read_bytes())
            for party, file in ((OPERATOR, "operator.pem"), (REGISTRAR, "registrar.pem"))
        )
        traders = (Actor.new(f"party:vn.{name}") for name in ("institute", "firm"))
        yield Cast(ORIGIN, *officers, *traders)


@pytest.fixture
def prepared(cast: Cast) -> list[Prepared]:
    return [*registrations(cast), *offers(cast, COUNT), *deals(cast, COUNT)]


def test_every_event_is_admitted_and_the_rules_can_be_timed(prepared: list[Prepared], pool: Pool):
    with sequencing(pool) as sequencer:
        done = append_all(sequencer, [read(each.body, ORIGIN) for each in prepared], 60.0)
    assert len(prepared) == done
    assert 1 + done == read_head(pool).size
    entries = [each.entry for each in read_entries(pool, 0, None, 1_000)]
    assert ["admission", "admission.fold"] == [each.name for each in judged(entries)]


def test_every_signature_verifies_and_is_counted(cast: Cast, prepared: list[Prepared]):
    keys = {
        actor.key().key_id: ("ed25519", actor.key().spki)
        for actor in (cast.operator, cast.registrar, cast.institute, cast.firm)
    }
    for each in prepared:
        submission = read(each.body, ORIGIN)
        keys |= {
            record.key_id: ("ed25519", b64decode(record.public_key))
            for _, record in submission.event.body.new_keys()
        }
        checks = signature_checks(submission, keys.get)
        assert b"\1" * each.signatures == verdicts([tuple(check) for check in checks])


def test_an_offer_has_one_signature_and_about_700_bytes(cast: Cast):
    made = offers(cast, 3)
    assert [1, 1, 1] == [each.signatures for each in made]
    assert 600 < mean_payload(made) < 800


def test_an_event_that_is_not_admitted_stops_the_run(cast: Cast, pool: Pool):
    strangers = [read(each.body, ORIGIN) for each in offers(cast, 1)]
    with sequencing(pool) as sequencer, pytest.raises(WrongAnswer, match="not recorded"):
        append_all(sequencer, strangers, 60.0)


def test_an_answer_that_is_no_receipt_stops_the_run(cast: Cast):
    (offer,) = offers(cast, 1)
    with pytest.raises(WrongAnswer, match="403"):
        single_answer(offer, 403, b'{"code": "KEY_UNKNOWN"}')
    refused = json.dumps({"line": 1, "status": "refused", "problem": {}}).encode()
    with pytest.raises(WrongAnswer, match="line 1"):
        bulk_answers([offer], 200, refused)
    with pytest.raises(WrongAnswer, match="1 events were sent, 0 answered"):
        bulk_answers([offer], 200, b"")
