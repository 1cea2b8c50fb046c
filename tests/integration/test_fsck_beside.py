"""What lies beside the log is held against it too; and a ledger at work has no findings."""

import json
import threading
from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.events.compose import uuid7
from ledger.follow.client import Signed
from ledger.home.antirollback import CheckpointFile
from ledger.home.paths import Home, HomeNotInitialised
from ledger.home.settings import Settings
from ledger.node.fsck import Finding, check_log
from ledger.node.node import Node, batch_key
from ledger.sequence.judging import Recorded
from ledger.store.connection import Pool
from ledger.store.vault import give_up_openings, read_openings
from ledger.wire.commitment import Opening, commit, new_salt
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.builders import FIRM, INSTITUTE, held, offer_made, technology_registered, vnd
from tests.support.node import append, found, running
from tests.support.postgres import Database, run_sql
from tests.support.tampering import as_owner, without_checks
from tests.support.world import World

OTHER = "party:vn.other"

OFFER = 3
"""The position of the only event that came with an opening."""


def sealed_offer(world: World) -> Signed:
    """Return an offer with a sealed price, and its opening."""
    event_id = uuid7()
    opening = Opening("/body/price", new_salt(), vnd(500_000_000))
    sealed = commit(world.origin, event_id, opening.path, opening.salt, opening.value)
    signed = world.sign(offer_made(price={"commitment": sealed}), FIRM, event_id=event_id)
    return Signed(signed.envelope, (opening,))


def publish(node: Node, *many: Signed) -> None:
    """Append events and wait for the checkpoint that covers the last."""
    last = append(node, *many)[-1]
    assert isinstance(last, Recorded)
    node.feed.covering(last.position).result(30)


@pytest.fixture
def home(settings: Settings) -> Home:
    """Make a log of four entries under three checkpoints; the last entry has an opening."""
    made = found(settings)
    world = World.of(made)
    with running(settings) as node:
        publish(node, *world.registrations((INSTITUTE, FIRM)))
        publish(node, sealed_offer(world))
    return made


def findings(pool: Pool, home: Home) -> list[Finding]:
    """Return what is found but for the checks that an attack took away before."""
    report = check_log(pool, home)
    return [each for each in report.findings if not each.what.startswith("the schema ")]


def test_an_opening_that_opens_is_clean(pool: Pool, home: Home) -> None:
    assert [] == findings(pool, home)


def test_an_opening_that_was_given_up_is_clean(pool: Pool, home: Home) -> None:
    assert 1 == give_up_openings(pool)
    assert [] == findings(pool, home)


def test_an_opening_that_was_deleted_is_found(pool: Pool, home: Home) -> None:
    with pool.session() as session:
        session.execute("DELETE FROM ledger.vault")
    assert ["1 openings are gone that no event erased"] == [
        finding.what for finding in findings(pool, home)
    ]


def test_an_erasure_that_no_event_orders_is_found(
    database: Database, pool: Pool, home: Home
) -> None:
    (kept,) = read_openings(pool, [OFFER])
    name = home.data_keys().name_of("party:tok.00000000000000000000000000000000")
    move = (
        "WITH gone AS (DELETE FROM ledger.vault RETURNING position, path, commitment)"
        " INSERT INTO ledger.erased_openings SELECT position, path, commitment, ARRAY[%s], %s"
        " FROM gone"
    )
    run_sql(database.superuser_dsn, move, (name, OFFER))
    assert [
        Finding(
            OFFER, f"the opening of {kept.row.path} is gone, and no event erases whom it concerned"
        )
    ] == findings(pool, home)


def test_openings_whose_keys_are_not_at_hand_are_said_to_be_unread(pool: Pool, home: Home) -> None:
    home.kek.unlink()
    (finding,) = findings(pool, home)
    assert finding.what.startswith("the openings cannot be read: KEK_MISSING: ")


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE ledger.vault SET sealed = set_byte(sealed, 0, 255 - get_byte(sealed, 0))",
        "UPDATE ledger.vault SET sealed = ''",
        "UPDATE ledger.vault SET holders = ARRAY['00000000000000000000000000000000']",
        "UPDATE ledger.vault SET commitment = sha256(commitment)",
        "UPDATE ledger.vault SET path = '/body/royalty_ppm'",
        "UPDATE ledger.vault SET path = '/body/nothing'",
        "UPDATE ledger.vault SET path = '/subjects/x'",
        "UPDATE ledger.vault SET path = '/subjects/9'",
        "UPDATE ledger.vault SET path = ''",
    ],
)
def test_an_edited_opening_is_found_at_its_entry(
    edit: str, database: Database, pool: Pool, home: Home
) -> None:
    as_owner(database, edit)
    assert [OFFER] == [finding.position for finding in findings(pool, home)]


@pytest.mark.parametrize("position", [-1, 4, 2])
def test_an_opening_moved_to_another_entry_is_found(
    position: int, database: Database, pool: Pool, home: Home
) -> None:
    as_owner(database, f"UPDATE ledger.vault SET position = {position}")
    assert 1 == len(findings(pool, home))


@pytest.mark.parametrize("payload", ["[1]", "5", "{}", '{"a":1}', "not JSON"])
def test_an_entry_whose_payload_is_no_event_is_found_not_stumbled_over(
    payload: str, database: Database, pool: Pool, home: Home
) -> None:
    head_end = "position('\\x0a0a'::bytea in entry) + 1"
    without_checks(
        database,
        f"UPDATE ledger.entries SET entry = substr(entry, 1, {head_end}) || '{payload}'::bytea"
        f" WHERE position = {OFFER}",
    )
    found_at = {finding.position for finding in findings(pool, home)}
    assert {OFFER, None} == found_at


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE ledger.head SET origin = 'other.example/techledger/00000000'",
        "INSERT INTO ledger.head SELECT false, origin, size, root, frontier, accepted FROM TABLE",
        "DELETE FROM ledger.head",
    ],
)
def test_another_head_is_found(edit: str, database: Database, pool: Pool, home: Home) -> None:
    without_checks(database, edit.replace("TABLE", "ledger.head"))
    assert 1 == len(findings(pool, home))


def test_many_checkpoints_over_changed_entries_are_one_finding(
    database: Database, pool: Pool, home: Home
) -> None:
    as_owner(
        database,
        "UPDATE ledger.entries SET leaf_hash = sha256('\\x00'::bytea || entry || ' '),"
        " entry = entry || ' ' WHERE position = 0",
    )
    said = [finding.what for finding in findings(pool, home)]
    (of_checkpoints,) = (what for what in said if "do not hash to the root of" in what)
    assert of_checkpoints.startswith("the entries do not hash to the root of checkpoint 1, nor to")


def test_another_genesis_than_the_trust_root_names_is_found(pool: Pool, home: Home) -> None:
    trust = json.loads(home.trust.read_text("utf-8"))
    home.trust.write_text(json.dumps({**trust, "genesis_sha256": "0" * 64}), "utf-8")
    assert [0] == [finding.position for finding in findings(pool, home)]


@pytest.mark.parametrize(
    "spoil", [lambda home: home.trust.unlink(), lambda home: home.trust.write_bytes(b"?")]
)
def test_without_a_trust_root_nothing_is_checked(
    spoil: Callable[[Home], object], pool: Pool, home: Home
) -> None:
    spoil(home)
    with pytest.raises(HomeNotInitialised):
        check_log(pool, home)


def test_a_halted_log_is_a_finding(pool: Pool, home: Home) -> None:
    CheckpointFile(home.checkpoints).halt("somebody must look")
    said = [finding.what for finding in findings(pool, home)]
    assert ["the log is halted: somebody must look"] == said


def test_an_anti_rollback_file_put_back_is_found(
    settings: Settings, pool: Pool, home: Home
) -> None:
    old = (home.checkpoints / "last-signed").read_bytes()
    with running(settings) as node:
        publish(node, World.of(home).registration("party:vn.new"))
    (home.checkpoints / "last-signed").write_bytes(old)
    said = [finding.what for finding in findings(pool, home)]
    assert ["the anti-rollback file is older than checkpoint 5"] == said


def test_a_database_put_back_behind_the_anti_rollback_file_is_found(
    database: Database, pool: Pool, home: Home
) -> None:
    without_checks(
        database,
        "DELETE FROM ledger.checkpoints WHERE size = 4; DELETE FROM ledger.entries"
        " WHERE position = 3; DELETE FROM ledger.tags WHERE position = 3;"
        " DELETE FROM ledger.vault; UPDATE ledger.head SET size = 3",
    )
    said = [finding.what for finding in findings(pool, home)]
    assert "the anti-rollback file is of size 4, beyond the entries" in said


def test_a_ledger_that_grows_meanwhile_has_no_findings(
    settings: Settings, pool: Pool, home: Home
) -> None:
    world = World.of(home)
    signed = [
        world.sign(
            technology_registered(technology=f"technology:t{n}", owners=[held(OTHER)]), OTHER
        )
        for n in range(600)
    ]
    stop = threading.Event()
    reports = []

    def examine() -> None:
        while not stop.is_set():
            reports.append(check_log(pool, home))

    with running(settings) as node:
        append(node, world.registration(OTHER))
        examiner = threading.Thread(target=examine)
        examiner.start()
        outcomes = [
            outcome
            for start in range(0, len(signed), 5)
            for outcome in append(node, *signed[start : start + 5])
        ]
        stop.set()
        examiner.join()
    assert {Recorded} == set(map(type, outcomes))
    assert [] == [finding for report in reports for finding in report.findings]
    assert len({report.size for report in reports}) > 1


BARE = "ALTER TABLE ledger.checkpoints DISABLE TRIGGER ALL;"

BESIDE: dict[str, tuple[str, str]] = {
    "an erasure that nobody ordered": (
        "INSERT INTO ledger.erasures (position, openings) VALUES (2, 1)",
        "an erasure was carried out that no event at 2 orders",
    ),
    "an opening shown that there never was": (
        "INSERT INTO ledger.shown_openings VALUES (now(), 1, '/body/price', 'x', 'x')",
        "the opening of /body/price at 1 was shown and never kept",
    ),
    "a trigger that is gone": (
        "DROP TRIGGER checkpoints_are_append_only ON ledger.checkpoints",
        "the schema lacks: CREATE TRIGGER checkpoints_are_append_only",
    ),
    "a trigger that is off": (
        "ALTER TABLE ledger.batches DISABLE TRIGGER batches_are_append_only",
        "the schema lacks: CREATE TRIGGER batches_are_append_only",
    ),
    "a right too many": (
        "GRANT DELETE ON ledger.entries TO ledger_app",
        "the schema has besides: GRANT",
    ),
    "a checkpoint stored before it was signed": (
        f"{BARE}UPDATE ledger.checkpoints SET created = created - interval '1 day' WHERE size = 3",
        "checkpoint 3 was stored before it was signed",
    ),
}


@pytest.mark.parametrize("name", BESIDE)
def test_what_stands_beside_the_entries_is_looked_at(
    database: Database, pool: Pool, home: Home, name: str
) -> None:
    changed, what = BESIDE[name]
    run_sql(database.superuser_dsn, changed)
    assert any(found.what.startswith(what) for found in check_log(pool, home).findings)


@pytest.mark.parametrize(
    ("changed", "options", "what"),
    [
        ("SELECT", [], "clean"),
        (
            "UPDATE read.progress SET digest = digest || digest WHERE name = 'events'",
            [],
            "what is kept of the read model events is by no process of this ledger",
        ),
        ("DELETE FROM read.events WHERE position = 1", [], "clean"),
        (
            "DELETE FROM read.events WHERE position = 1",
            ["--read-models"],
            "the rows of the read model events are not those that were folded",
        ),
        (
            "UPDATE read.progress SET digest = NULL, mac = NULL WHERE name = 'events'",
            ["--read-models"],
            "what is kept of the read model events is by no process of this ledger",
        ),
        (
            "UPDATE read.progress SET mac = NULL WHERE name = 'events'",
            [],
            "what is kept of the read model events is by no process of this ledger",
        ),
        *(
            (
                f"UPDATE read.progress SET version = {version} WHERE name = 'events'",
                ["--read-models"],
                "what is kept of the read model events is by no process of this ledger",
            )
            for version in (0, 999)
        ),
        (
            "UPDATE read.progress SET shape = ARRAY['n bigint', NULL] WHERE name = 'events'",
            [],
            "what is kept of the read model events is by no process of this ledger",
        ),
        (
            "DELETE FROM read.progress WHERE name = 'events'",
            ["--read-models"],
            "the read model events is not built: it was not examined",
        ),
        (
            "UPDATE read.progress SET halted = 'ValueError: x' WHERE name = 'events'",
            [],
            "the read model events has halted at 4: ValueError: x",
        ),
        ("DELETE FROM read.progress", ["--read-models"], "clean"),
    ],
)
def test_read_models_are_held_against_what_was_kept_of_them(
    database: Database, pool: Pool, home: Home, changed: str, options: list[str], what: str
) -> None:
    rebuild(pool, READ_MODELS, decode, key=batch_key(home))
    run_sql(database.app_dsn, changed)
    given = {"LEDGER_HOME": str(home.path), "LEDGER_DATABASE_URL": database.app_dsn}
    assert what in CliRunner().invoke(operate.app, ["fsck", *options], env=given).output
