"""
What was refused for good stays refused, and what could be mended does not die of it.

The listing is resumed while it is not suspended: a rule refuses that. Once it is suspended the same
bytes would be admitted, were they not dead.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli import operate
from api.problems import problem
from ledger.domain.core.existence import PredecessorUnknown
from ledger.domain.core.refusal import Refusal
from ledger.domain.government.governance import RefusalKeysAdopted
from ledger.domain.market.listing import ListingNotOpen
from ledger.domain.parties.signature_refusals import SignerMissing
from ledger.domain.registry import TOPICS
from ledger.follow.audit import StoredLog, export
from ledger.follow.client import Signed
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.node.fsck import check_log
from ledger.node.node import Node
from ledger.sequence.judging import Recorded
from ledger.store.connection import Pool
from ledger.verify.word import Kept, verify_word
from ledger.wire.envelope import sign_envelope
from tests.support.builders import (
    FIRM,
    INSTITUTE,
    OPERATOR,
    REGISTRAR,
    REVIEWER,
    RIVAL,
    listing_published,
    listing_suspended,
    right_filed,
    technology_registered,
)
from tests.support.dry_runs import check
from tests.support.http import serving
from tests.support.market import listing_resumed
from tests.support.node import append, found, running
from tests.support.postgres import Database, run_sql
from tests.support.world import World, submission


@pytest.fixture
def world(settings: Settings) -> World:
    return World.of(found(settings))


def list_it(node: Node, world: World) -> None:
    """Have a patent of the institute on the market."""
    outcomes = append(
        node,
        *world.registrations((INSTITUTE, FIRM)),
        world.registration(REVIEWER, roles=["reviewer"]),
        world.sign(right_filed(), REGISTRAR),
        world.sign(listing_published(), INSTITUTE, REVIEWER),
    )
    assert all(isinstance(each, Recorded) for each in outcomes), outcomes


def said(node: Node, signed: Signed) -> Refusal | Recorded:
    (outcome,) = append(node, signed)
    assert isinstance(outcome, Refusal | Recorded), outcome
    return outcome


def test_bytes_refused_yesterday_are_not_admitted_today(settings: Settings, world: World) -> None:
    early = world.sign(listing_resumed(), REVIEWER)
    with running(settings) as node:
        list_it(node, world)
        first = said(node, early)
        assert isinstance(first, Refusal)
        assert (True, first.code) == (first.dead, "LISTING_NOT_OPEN")
        assert isinstance(said(node, world.sign(listing_suspended(), REVIEWER)), Recorded)
        again = said(node, early)
        assert (first.code, first.at) == (again.code, again.at)
    with running(settings) as node:  # Across a restart.
        again = said(node, early)
        assert (first.code, first.at) == (again.code, again.at)
        assert isinstance(again, ListingNotOpen)
        assert isinstance(said(node, world.sign(listing_resumed(), REVIEWER)), Recorded)


def test_what_helps_dead_bytes_is_a_new_event(settings: Settings, world: World) -> None:
    """And no words with blanks for what was told when they were refused."""
    early = world.sign(listing_resumed(), REVIEWER)
    with running(settings) as node:
        list_it(node, world)
        told = [problem(said(node, early), vietnamese=language) for language in (False, True)]
        again = [problem(said(node, early), vietnamese=language) for language in (False, True)]
    assert all(each["final"] for each in (*told, *again))
    for each in again:
        assert each["remedy"].keys() == {"helps", "says"}
        assert each["remedy"]["helps"]
        assert "events check" in each["remedy"]["says"]
        assert "…" not in each["remedy"]["says"]


def test_an_event_id_that_is_taken_is_asked_for(settings: Settings, world: World) -> None:
    with running(settings) as node:
        first = world.registration(INSTITUTE)
        assert isinstance(said(node, first), Recorded)
        other = world.sign(right_filed(), REGISTRAR, event_id=first.event_id)
        taken = problem(said(node, other), vietnamese=False)
    assert ("IDEMPOTENCY_MISMATCH", "/event_id") == (taken["code"], taken["pointer"])
    assert ["/event_id", "/signatures"] == taken["remedy"]["ask"]


def test_the_same_bytes_twice_in_one_batch(settings: Settings, world: World) -> None:
    early = world.sign(listing_resumed(), REVIEWER)
    with running(settings) as node:
        list_it(node, world)
        suspended = world.sign(listing_suspended(), REVIEWER)
        one, _, other = append(node, early, suspended, early)
        assert (one.code, one.at) == (other.code, other.at)


def test_a_signature_may_come_later(settings: Settings, world: World) -> None:
    with running(settings) as node:
        whole = world.registration(INSTITUTE)
        half = sign_envelope(whole.envelope.payload, [world.key(INSTITUTE)])
        (missing,) = node.sequencer.submit([submission(Signed(half))]).result(timeout=30)
        assert isinstance(missing, SignerMissing)
        assert not missing.dead
        assert isinstance(said(node, whole), Recorded)


def test_an_earlier_event_may_come_later(settings: Settings, world: World) -> None:
    early = world.sign(technology_registered(), INSTITUTE)
    with running(settings) as node:
        assert not said(node, early).dead  # Nobody knows the institute yet.
        append(node, *world.registrations((INSTITUTE, FIRM)))
        assert isinstance(said(node, early), Recorded)
        suspended = world.sign(listing_suspended(), REVIEWER)
        append(node, world.registration(REVIEWER, roles=["reviewer"]))
        unknown = said(node, suspended)
        assert isinstance(unknown, PredecessorUnknown)
        assert not unknown.dead


def test_a_stranger_kills_nobodys_event(settings: Settings, world: World) -> None:
    """By its id, or by a signature of their own under its very bytes."""
    with running(settings) as node:
        list_it(node, world)
        append(node, world.registration(RIVAL))
        honest = world.sign(listing_suspended(), REVIEWER)
        by_rival = Signed(sign_envelope(honest.envelope.payload, [world.key(RIVAL)]))
        assert not said(node, by_rival).dead
        same_id = world.sign(listing_resumed(), RIVAL, event_id=submission(honest).event.event_id)
        assert not said(node, same_id).dead
        assert isinstance(said(node, honest), Recorded)


def test_the_dead_are_forgotten_once_they_have_expired(
    settings: Settings, world: World, database: Database
) -> None:
    def graves() -> int:
        ((count,),) = run_sql(database.superuser_dsn, "SELECT count(*) FROM ledger.refusals")
        return int(str(count))

    with running(settings) as node:
        list_it(node, world)
        said(node, world.sign(listing_resumed(), REVIEWER))
        assert 1 == graves()
        run_sql(database.superuser_dsn, "UPDATE ledger.refusals SET not_after = '2020-01-01'")
        said(node, world.sign(listing_resumed(), REVIEWER, life=timedelta(hours=1)))
        assert 1 == graves()


CHANGES = {
    "what was said": "said = convert_to(replace(convert_from(said, 'UTF8'), 'OPEN', 'X'), 'UTF8')",
    "until when": "not_after = not_after + interval '1 day'",
    "since when": "refused = refused - interval '1 day'",
    "who said it": "mac = sha256(mac)",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_refusal_that_somebody_changed_counts_for_nothing_and_fsck_says_so(
    settings: Settings, world: World, database: Database, change: str
) -> None:
    early = world.sign(listing_resumed(), REVIEWER)
    with running(settings) as node, serving(node) as url:
        list_it(node, world)
        assert said(node, early).dead
        assert "refused" in check(url, early).json()
        assert [] == faults(settings, database)
        run_sql(database.superuser_dsn, f"UPDATE ledger.refusals SET {CHANGES[change]}")
        (fault,) = faults(settings, database)
        assert "by no process of this ledger" in fault
        assert "refused" not in check(url, early).json()
        assert said(node, early).dead  # Judged again, and buried in its place.
        assert [] == faults(settings, database)


def test_nobody_kills_an_event_by_the_database_alone(
    settings: Settings, world: World, database: Database
) -> None:
    """By another event's row, or by one that was made up."""
    early, honest = (world.sign(listing_suspended(), REVIEWER) for _ in range(2))
    with running(settings) as node, serving(node) as url:
        list_it(node, world)
        dead = world.sign(listing_resumed(), REVIEWER)
        assert said(node, dead).dead
        for signed, mac in ((early, "mac"), (honest, "sha256(mac)")):
            hashed = submission(signed).event.payload_hash.removeprefix("sha256:")
            run_sql(
                database.app_dsn,
                f"INSERT INTO ledger.refusals SELECT '\\x{hashed}', event_id, refused, not_after,"
                f" said, {mac} FROM ledger.refusals LIMIT 1",
            )
        assert 2 == len(faults(settings, database))
        assert "admitted" == check(url, early).json()["verdict"]
        assert isinstance(said(node, early), Recorded)


def test_a_refusal_of_an_earlier_build_counts_for_nothing_and_is_no_fault(
    settings: Settings, world: World, database: Database
) -> None:
    early = world.sign(listing_resumed(), REVIEWER)
    with running(settings) as node:
        list_it(node, world)
        assert said(node, early).dead
        run_sql(database.superuser_dsn, "UPDATE ledger.refusals SET mac = NULL")
        assert [] == faults(settings, database)
        assert isinstance(said(node, world.sign(listing_suspended(), REVIEWER)), Recorded)
        assert isinstance(said(node, early), Recorded)


def faults(settings: Settings, database: Database) -> list[str]:
    pool = Pool(database.superuser_dsn, size=2)
    try:
        report = check_log(pool, Home(settings.home))
    finally:
        pool.close()
    return [each.what for each in report.findings if "refusal" in each.what]


@pytest.fixture
def signing(settings: Settings, world: World, monkeypatch: pytest.MonkeyPatch) -> Iterator[Node]:
    """Run a node whose log has adopted a key for refusals, made by the command."""
    for name, value in (
        ("HOME", settings.home),
        ("DATABASE_URL", settings.database_url),
        ("DATABASE_OWNER_URL", settings.database_owner_url),
    ):
        monkeypatch.setenv(f"LEDGER_{name}", str(value))
    made = CliRunner().invoke(operate.app, ["refusal-key"])
    assert 0 == made.exit_code, made.output
    body = TOPICS[RefusalKeysAdopted.TOPIC].model_validate_json(made.stdout)
    with running(settings) as node:
        assert isinstance(said(node, world.sign(body, OPERATOR, REGISTRAR)), Recorded)
        list_it(node, world)
        yield node


def test_the_refusal_is_signed_and_held_against_the_log(
    signing: Node, settings: Settings, world: World, database: Database, tmp_path: Path
) -> None:
    early, home = world.sign(listing_resumed(), REVIEWER), Home(settings.home)
    with serving(signing) as url:
        headers = {"Content-Type": "application/json"}
        answers = [
            httpx2.post(f"{url}/v1/events", content=early.to_json(), headers=headers).json()
            for _ in range(2)
        ]
        assert answers[0]["refusal"] == answers[1]["refusal"]
        note = answers[0]["refusal"].encode()
        line = httpx2.post(
            f"{url}/v1/events/batch",
            content=early.to_json(),
            headers={"Content-Type": "application/x-ndjson"},
        ).json()
        assert note.decode() == line["problem"]["refusal"]

    def word() -> Kept:
        pool = Pool(database.superuser_dsn, size=2)
        try:
            export(StoredLog(pool), tmp_path / "log")
        finally:
            pool.close()
        return verify_word(note, tmp_path / "log", home.trust.read_bytes(), workers=1).kept

    assert Kept.STANDS is word()
    # The operator changes its mind: it forgets that it refused, and takes the event in.
    run_sql(database.superuser_dsn, "DELETE FROM ledger.refusals")
    last = said(signing, world.sign(listing_suspended(), REVIEWER))
    last = said(signing, early)
    assert isinstance(last, Recorded)
    signing.feed.covering(last.position).result(30)
    assert Kept.BROKEN is word()
