"""What is promised an answer gets one: across a crash, an erasure, a fault; and nothing else is."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from ledger.events.compose import uuid7
from ledger.follow.client import LedgerClient, Signed, read_trust
from ledger.home.antirollback import Halted
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.note import parse_vkey
from ledger.log.statement import Promise, SignedRefusal, open_statement
from ledger.node.node import Node
from ledger.node.promises import Promises
from ledger.sequence.judging import Recorded
from ledger.verify.word import Kept
from ledger.wire.envelope import sign_envelope
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OPERATOR,
    RIVAL,
)
from tests.support.http import serving
from tests.support.node import append
from tests.support.postgres import Database, run_sql
from tests.support.promising import (
    HEADERS,
    answer,
    ask_promise,
    at_work,
    refused_for_good,
    rows,
    technology,
    word_of,
)
from tests.support.world import World, submission

# What is promised


def test_a_promise_is_signed_and_kept_and_the_log_shows_it(
    url: str, node: Node, settings: Settings, world: World, database: Database, tmp_path: Path
) -> None:
    signed = technology(world)
    promise = ask_promise(url, signed)
    event = submission(signed).event
    assert "respond-async" == promise.headers["Preference-Applied"]
    assert node.refuser
    note = promise.json()["promise"].encode()
    said = open_statement(note, [parse_vkey(node.refuser.vkey)])
    assert isinstance(said, Promise)
    assert (event.event_id, event.payload_hash) == (said.event_id, said.payload)
    received, answer_by = map(datetime.fromisoformat, (said.received, said.answer_by))
    assert timedelta(seconds=settings.promise_s) == answer_by - received
    assert timedelta(0) <= datetime.now(UTC) - received < timedelta(seconds=20)
    assert promise.json() == {
        "event_id": said.event_id,
        "payload_sha256": said.payload,
        "received": said.received,
        "answer_by": said.answer_by,
        "promise": note.decode(),
    }

    told = answer(url, promise)
    assert ("recorded", event.event_id) == (told["state"], told["event_id"])
    receipt = httpx2.get(url + told["receipt"], timeout=30).json()
    assert (told["position"], event.event_id) == (receipt["position"], receipt["event_id"])
    assert 0 == rows(database)
    home = Home(settings.home)
    assert Kept.RECORDED is word_of(note, database.superuser_dsn, home, tmp_path / "log").kept


def test_what_is_refused_is_answered_with_the_signed_refusal(
    url: str, node: Node, settings: Settings, world: World, database: Database, tmp_path: Path
) -> None:
    signed = refused_for_good(world)
    promise = ask_promise(url, signed)
    told = answer(url, promise)
    assert ("refused", promise.json()["event_id"]) == (told["state"], told["event_id"])
    assert node.refuser
    note = told["refusal"].encode()
    refusal = open_statement(note, [parse_vkey(node.refuser.vkey)])
    assert isinstance(refusal, SignedRefusal)
    assert promise.json()["payload_sha256"] == refusal.payload
    home = Home(settings.home)
    kept = word_of(
        promise.json()["promise"].encode(), database.superuser_dsn, home, tmp_path / "log", note
    ).kept
    assert Kept.ANSWERED is kept
    assert told == answer(url, promise), "as long as it is kept, it is the same"
    # The envelope went with the answer; the bytes that come again are answered at once.
    ((gone,),) = run_sql(database.superuser_dsn, "SELECT sealed IS NULL FROM ledger.promises")
    assert gone
    again = ask_promise(url, signed)
    assert (422, refusal.code) == (again.status_code, again.json()["code"])
    assert "Preference-Applied" not in again.headers


def test_a_refusal_goes_some_time_after_the_promise(
    node: Node, url: str, world: World, database: Database, settings: Settings
) -> None:
    promise = ask_promise(url, refused_for_good(world))
    answer(url, promise)
    kept = settings.promise_kept_s
    for ago, left in ((kept - 5, 1), (kept + 5, 0)):
        run_sql(
            database.superuser_dsn,
            f"UPDATE ledger.promises SET answer_by = now() - interval '{ago} seconds'",
        )
        assert node.promises
        node.promises.loop.wake()
        time.sleep(1)
        assert left == rows(database)
    gone = httpx2.get(url + promise.headers["Location"])
    assert (404, "NOT_FOUND") == (gone.status_code, gone.json()["code"])


@pytest.mark.usefixtures("held")
def test_the_same_bytes_get_the_same_promise(url: str, world: World) -> None:
    signed = technology(world)
    first, again = ask_promise(url, signed), ask_promise(url, signed)
    assert (202, 202) == (first.status_code, again.status_code)
    assert first.content == again.content
    told = httpx2.get(url + first.headers["Location"]).json()
    assert "waiting" == told["state"]
    assert first.json()["answer_by"] == told["answer_by"]


LOST = (
    "CREATE FUNCTION public.lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN {} RETURN NULL; END';"
    "CREATE {} ON ledger.promises {} FOR EACH ROW EXECUTE FUNCTION public.lose()"
)


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    "lost",
    [
        LOST.format("", "TRIGGER lost BEFORE INSERT", ""),
        LOST.format(
            "DELETE FROM ledger.promises;",
            "CONSTRAINT TRIGGER lost AFTER INSERT",
            "DEFERRABLE INITIALLY DEFERRED",
        ),
    ],
)
def test_nothing_is_promised_that_its_table_does_not_keep(
    url: str, world: World, database: Database, lost: str
) -> None:
    run_sql(database.superuser_dsn, lost)
    refused = ask_promise(url, technology(world))
    assert (503, "NEEDS_OPERATOR") == (refused.status_code, refused.json()["code"])


@pytest.mark.usefixtures("held")
def test_who_does_not_know_the_payload_cannot_ask(url: str, world: World) -> None:
    ask_promise(url, technology(world))
    assert 404 == httpx2.get(f"{url}/v1/promises").status_code
    assert 404 == httpx2.get(f"{url}/v1/promises/sha256:{'0' * 64}").status_code
    malformed = httpx2.get(f"{url}/v1/promises/sha256:{'0' * 63}%25")
    assert (422, "BAD_PARAMETER") == (malformed.status_code, malformed.json()["code"])


# What is answered at once


def half_signed(world: World) -> Signed:
    party = f"party:vn.{uuid7()}"
    whole = world.registration(party)
    return Signed(sign_envelope(whole.envelope.payload, [world.key(OPERATOR)]))


def signed_by_a_stranger(world: World) -> Signed:
    payload = technology(world).envelope.payload
    return Signed(sign_envelope(payload, [world.key("party:vn.nobody")]))


def signed_by_a_rival(world: World) -> Signed:
    """Return what is signed by a key that the log knows, of a party without a part in it."""
    payload = technology(world).envelope.payload
    return Signed(sign_envelope(payload, [world.key(RIVAL)]))


def unsigned(world: World) -> Signed:
    signed = technology(world)
    line = replace(signed.envelope.signatures[0], value=bytes(64))
    return Signed(replace(signed.envelope, signatures=(line,)))


def malformed(world: World) -> Signed:
    signed = technology(world)
    return Signed(replace(signed.envelope, payload=signed.envelope.payload + b" "))


@pytest.mark.parametrize(
    ("made", "code"),
    [
        (half_signed, "SIGNER_MISSING"),
        (signed_by_a_stranger, "KEY_UNKNOWN"),
        (signed_by_a_rival, "WRONG_SIGNER"),
        (unsigned, "BAD_SIGNATURE"),
        (malformed, "NOT_CANONICAL"),
    ],
)
def test_what_binds_nobody_is_refused_at_once_and_never_stored(
    url: str, world: World, database: Database, made: Callable[[World], Signed], code: str
) -> None:
    refused = ask_promise(url, made(world))
    assert (code, None) == (refused.json()["code"], refused.headers.get("Preference-Applied"))
    assert 0 == rows(database)


@pytest.mark.usefixtures("held")
def test_what_the_log_has_already_fills_nothing(
    node: Node, url: str, world: World, database: Database
) -> None:
    """Its entries are public: anybody could send them again."""
    signed = technology(world)
    (recorded,) = append(node, signed)
    assert isinstance(recorded, Recorded)
    node.feed.covering(recorded.position).result(30)
    again = ask_promise(url, signed)
    assert (201, "true") == (again.status_code, again.headers["Replayed"])
    refused = refused_for_good(world)
    append(node, refused)
    assert 422 == ask_promise(url, refused).status_code
    assert 0 == rows(database)


def test_without_a_key_for_it_the_preference_is_not_applied(
    settings: Settings, world: World
) -> None:
    (Home(settings.home).keys / "refusals.pem").unlink()
    with at_work(settings, world) as node, serving(node) as url:
        receipt = ask_promise(url, technology(world))
        assert (201, None) == (receipt.status_code, receipt.headers.get("Preference-Applied"))


def test_both_preferences_at_once(url: str, world: World) -> None:
    headers = {**HEADERS, "Prefer": "wait=witnessed, Respond-Async"}
    content = technology(world).to_json()
    assert 202 == httpx2.post(f"{url}/v1/events", content=content, headers=headers).status_code


# Room


def test_no_room_is_told_before_anything_is_promised(
    settings: Settings, world: World, database: Database
) -> None:
    small = settings.model_copy(update={"promises_max": 3, "promises_per_key": 2})
    with at_work(small, world) as node, serving(node) as url:
        assert node.promises
        node.promises.stop()
        for owner in (INSTITUTE, INSTITUTE, FIRM):
            assert 202 == ask_promise(url, technology(world, owner)).status_code
        share = ask_promise(url, technology(world))
        assert (429, "THROTTLED") == (share.status_code, share.json()["code"])
        full = ask_promise(url, technology(world, FIRM))
        assert (503, "BUSY") == (full.status_code, full.json()["code"])
        assert 0 < int(share.headers["Retry-After"])
        assert 0 < int(full.headers["Retry-After"])
        assert 3 == rows(database)
        # Anyone who does not ask for a promise is answered as ever.
        with LedgerClient(url, read_trust(Home(settings.home).trust)) as ledger:
            ledger.submit(technology(world))


def test_bytes_are_bounded(held: Promises, url: str, world: World, database: Database) -> None:
    held._bounds = replace(held._bounds, bytes=1)
    full = ask_promise(url, technology(world))
    assert (503, "BUSY") == (full.status_code, full.json()["code"])
    assert 0 == rows(database)


def test_nothing_is_promised_that_could_not_be_kept_now(
    node: Node, url: str, world: World, database: Database
) -> None:
    node.sequencer.refuse(Halted("a test"))
    halted = ask_promise(url, technology(world))
    assert (503, "HALTED") == (halted.status_code, halted.json()["code"])
    assert 0 == rows(database)
