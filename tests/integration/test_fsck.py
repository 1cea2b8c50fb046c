"""Edits of the database, by anyone who owns it, are found; changes that change nothing are not."""

from pathlib import Path

import pytest

from ledger.home.antirollback import CheckpointFile
from ledger.home.paths import Home
from ledger.node.fsck import FsckReport, check_log
from ledger.store.connection import Pool
from tests.support.builders import INSTITUTE, technology_registered
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import Database, run_sql
from tests.support.tampering import without_checks
from tests.support.world import World


@pytest.fixture
def home(database: Database, tmp_path: Path) -> Home:
    """Make a log of 301 entries, so that a tree node is stored, under a few checkpoints."""
    settings = settings_for(database, tmp_path / "home")
    made = found(settings)
    world = World.of(made)
    with running(settings) as node:
        append(node, *world.registrations((INSTITUTE,)))
        many = [
            world.sign(technology_registered(technology=f"technology:t{n}"), INSTITUTE)
            for n in range(299)
        ]
        for start in range(0, 299, 100):
            last = append(node, *many[start : start + 100])[-1]
            node.feed.covering(last.position).result(30)
    return made


def check(database: Database, home: Home) -> FsckReport:
    pool = Pool(database.app_dsn, size=2)
    try:
        return check_log(pool, home)
    finally:
        pool.close()


def test_an_untouched_log_is_clean(database: Database, home: Home):
    report = check(database, home)
    assert (301, []) == (report.size, report.findings)


@pytest.mark.parametrize(
    "harmless",
    [
        "VACUUM FULL ledger.entries",
        "CLUSTER ledger.entries USING entries_pkey",
        "REINDEX TABLE ledger.tags",
        "VACUUM FULL ledger.vault",
    ],
)
def test_what_changes_no_row_of_the_log_is_clean(database: Database, home: Home, harmless: str):
    run_sql(database.superuser_dsn, harmless)
    assert [] == check(database, home).findings


EDITS = {
    "a byte of an entry": (
        (
            "UPDATE ledger.entries SET entry = set_byte(entry, 299, get_byte(entry, 299) # 1) "
            "WHERE position = 7"
        ),
        7,
    ),
    "an entry with its leaf hash": (
        (
            "UPDATE ledger.entries SET entry = entry || ' ', "
            "leaf_hash = sha256('\\x00'::bytea || entry || ' ') WHERE position = 7"
        ),
        7,
    ),
    "a leaf hash": (
        "UPDATE ledger.entries SET leaf_hash = sha256('x'::bytea) WHERE position = 9",
        9,
    ),
    "an event id": (
        "UPDATE ledger.entries SET event_id = gen_random_uuid() WHERE position = 9",
        9,
    ),
    "a payload hash": (
        "UPDATE ledger.entries SET payload_sha256 = sha256('x'::bytea) WHERE position = 9",
        9,
    ),
    "a topic": ("UPDATE ledger.entries SET topic = 'right.filed/1' WHERE position = 9", 9),
    "an instant": (
        "UPDATE ledger.entries SET accepted = accepted - interval '1 day' WHERE position = 9",
        9,
    ),
    "an entry taken out": ("DELETE FROM ledger.entries WHERE position = 50", 50),
    "the last entry taken out": ("DELETE FROM ledger.entries WHERE position = 300", None),
    "two entries swapped": (
        (
            "UPDATE ledger.entries SET position = -1 WHERE position = 3;"
            "UPDATE ledger.entries SET position = 3 WHERE position = 4;"
            "UPDATE ledger.entries SET position = 4 WHERE position = -1"
        ),
        3,
    ),
    "an entry added": (
        (
            "INSERT INTO ledger.entries SELECT 301, accepted, gen_random_uuid(), payload_sha256, "
            "leaf_hash, topic, entry FROM ledger.entries WHERE position = 300"
        ),
        301,
    ),
    "an entry before the first": (
        (
            "INSERT INTO ledger.entries SELECT -1, accepted, gen_random_uuid(), payload_sha256, "
            "leaf_hash, topic, entry FROM ledger.entries WHERE position = 300"
        ),
        None,
    ),
    "a tag": (
        "UPDATE ledger.tags SET subject = 'party:vn.x' WHERE position = 9 AND subject LIKE 'tech%'",
        None,
    ),
    "a tag taken out": ("DELETE FROM ledger.tags WHERE position = 9", 9),
    "a tag added": ("INSERT INTO ledger.tags (subject, position) VALUES ('right:vn.x', 9)", 9),
    "a tree node": ("UPDATE ledger.nodes SET hash = sha256('x'::bytea)", None),
    "a tree node taken out": ("DELETE FROM ledger.nodes", None),
    "a tree node added": (
        "INSERT INTO ledger.nodes (level, index, hash) VALUES (8, 1, sha256('x'::bytea))",
        None,
    ),
    "the head's size": ("UPDATE ledger.head SET size = 300", None),
    "the head's root": ("UPDATE ledger.head SET root = sha256('x'::bytea)", None),
    "the head's frontier": ("UPDATE ledger.head SET frontier = '{}'", None),
    "the head's instant": ("UPDATE ledger.head SET accepted = now()", None),
    "a checkpoint's note": (
        (
            "UPDATE ledger.checkpoints SET note = set_byte(note, 59, get_byte(note, 59) # 1)"
            " WHERE size = 102"
        ),
        None,
    ),
    "a checkpoint's root": (
        "UPDATE ledger.checkpoints SET root = sha256('x'::bytea) WHERE size = 102",
        None,
    ),
    "two checkpoints swapped": (
        (
            "UPDATE ledger.checkpoints SET size = -1 WHERE size = 102;"
            "UPDATE ledger.checkpoints SET size = 102 WHERE size = 202;"
            "UPDATE ledger.checkpoints SET size = 202 WHERE size = -1"
        ),
        None,
    ),
    "the last checkpoint taken out": (
        "DELETE FROM ledger.checkpoints WHERE size = (SELECT max(size) FROM ledger.checkpoints)",
        None,
    ),
    "the tail cut off, head and all": (
        (
            "DELETE FROM ledger.checkpoints WHERE size > 102;"
            "DELETE FROM ledger.tags WHERE position > 101;"
            "DELETE FROM ledger.entries WHERE position > 101;"
            "DELETE FROM ledger.nodes;"
            "UPDATE ledger.head SET size = 102, root = (SELECT root FROM ledger.checkpoints"
            " WHERE size = 102)"
        ),
        None,
    ),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_by_the_owner_is_found(database: Database, home: Home, edit: str):
    statement, position = EDITS[edit]
    without_checks(database, statement)
    findings = check(database, home).findings
    assert findings, "nothing was found"
    if position is not None:
        assert position == min(item.position for item in findings if item.position is not None)


def test_another_note_in_the_anti_rollback_file_is_found(database: Database, home: Home):
    file = CheckpointFile(home.checkpoints)
    note = file.read()
    assert note
    file.swap(note, note.replace(b"\n301\n", b"\n300\n"))
    assert check(database, home).findings
    (home.checkpoints / "last-signed").unlink()
    assert ["there is no anti-rollback file"] == [
        item.what for item in check(database, home).findings
    ]
