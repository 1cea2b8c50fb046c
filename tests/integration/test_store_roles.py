"""What nobody may do to the log: by rights for the application, by triggers for the owner."""

from datetime import timedelta

import psycopg2
import pytest

from ledger.log.merkle import EMPTY_ROOT
from ledger.store.checkpoints import (
    StoredCheckpoint,
    insert_checkpoint,
    replace_signed_again,
    signed_again,
)
from ledger.store.entries import read_head
from tests.support.postgres import run_sql
from tests.support.store import NOON, append_many

LOG = ("entries", "tags", "nodes", "checkpoints", "cosignatures")
COLUMN = {
    "entries": "entry",
    "tags": "subject",
    "nodes": "hash",
    "checkpoints": "note",
    "cosignatures": "line",
}

FORBIDDEN = [
    *(f"UPDATE ledger.{table} SET {column} = {column}" for table, column in COLUMN.items()),
    *(f"DELETE FROM ledger.{table}" for table in (*LOG, "head")),
    *(f"TRUNCATE ledger.{table}" for table in (*LOG, "head", "vault")),
    *(f"DROP TABLE ledger.{table}" for table in LOG),
    *(f"ALTER TABLE ledger.{table} DISABLE TRIGGER ALL" for table in (*LOG, "head")),
    "INSERT INTO ledger.head VALUES (true, 'x', 0, '', '{}', NULL)",
    "INSERT INTO ledger.entries VALUES (0) ON CONFLICT (position) DO UPDATE SET entry = ''",
    "MERGE INTO ledger.tags t USING (VALUES (1)) v (n) ON true WHEN MATCHED THEN DELETE",
    "SELECT FROM ledger.entries FOR UPDATE",
    "ALTER FUNCTION ledger.refuse_change() RENAME TO allow_change",
    "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE sql AS ''",
    "CREATE TABLE ledger.other (n int)",
    "CREATE TRIGGER t BEFORE INSERT ON ledger.entries EXECUTE FUNCTION ledger.refuse_change()",
    "SET session_replication_role = replica",
    "SET ROLE ledger_owner",
    "CREATE ROLE other",
    "COPY ledger.entries TO PROGRAM 'true'",
]  # fmt: skip


@pytest.mark.parametrize("statement", FORBIDDEN)
def test_the_application_is_not_permitted(database, statement):
    with pytest.raises(psycopg2.Error) as refused:
        run_sql(database.app_dsn, statement)
    assert "42501" == refused.value.pgcode


@pytest.fixture
def filled(pool):
    """Lend a log of 300 entries with tags, a node and a checkpoint."""
    append_many(pool, 300, "party:x")
    insert_checkpoint(pool, StoredCheckpoint(300, EMPTY_ROOT, b"note", NOON))


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("mode", ["origin", "replica"])
@pytest.mark.parametrize("table", LOG)
@pytest.mark.parametrize("change", ["UPDATE {} SET {} = {}", "DELETE FROM {}", "TRUNCATE {}"])
def test_triggers_refuse_everybody_else(database, change, table, mode):
    """A superuser too, and even where ordinary triggers are switched off for replication."""
    column = COLUMN[table]
    statement = change.format(f"ledger.{table}", column, column)
    dsn = database.superuser_dsn if mode == "replica" else database.owner_dsn
    if mode == "replica":
        statement = f"SET session_replication_role = replica; {statement}"
    with pytest.raises(psycopg2.errors.RestrictViolation):
        run_sql(dsn, statement)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger.head SET size = 299",
        "UPDATE ledger.head SET accepted = accepted",
        "UPDATE ledger.head SET size = 301, frontier = frontier || frontier[1:1]",
        "UPDATE ledger.head SET size = 299, frontier = frontier || frontier[1:1]",
        "UPDATE ledger.head SET origin = 'other'",
        "UPDATE ledger.head SET not_before = accepted",
        "UPDATE ledger.head SET not_before = accepted + interval '1 s', root = sha256(root)",
        "UPDATE ledger.head SET not_before = now() + interval '1 s', accepted = now()",
        "DELETE FROM ledger.head",
        "TRUNCATE ledger.head",
    ],
)
def test_the_head_only_grows_over_entries_that_are_there(pool, database, statement):
    before = read_head(pool)
    with pytest.raises(psycopg2.errors.RestrictViolation):
        run_sql(database.owner_dsn, statement)
    assert before == read_head(pool)


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("positions", [(301,), (300, 302), (300, 301, 302)])
def test_the_head_moves_onto_exactly_what_was_added(database, positions):
    """A gap, an overhang: anyone who writes past the append is caught when the head follows."""
    rows = ",".join(
        f"({n}, now(), gen_random_uuid(), sha256('{n}'), sha256('{n}'), 't', '')" for n in positions
    )
    with pytest.raises(psycopg2.errors.RestrictViolation, match="do not match"):
        run_sql(
            database.app_dsn,
            f"INSERT INTO ledger.entries VALUES {rows};"
            "UPDATE ledger.head SET size = 302, frontier = frontier, accepted = now()",
        )


@pytest.mark.usefixtures("filled")
def test_the_head_bears_ever_later_times_and_nothing_goes_in_before_them(pool, database):
    bear = "UPDATE ledger.head SET not_before = '2027-01-02T03:04:05Z'"
    run_sql(database.app_dsn, bear)
    late = read_head(pool)
    assert late.earliest == late.not_before
    run_sql(
        database.app_dsn,
        "INSERT INTO ledger.entries VALUES (300, now(), gen_random_uuid(), sha256('x'),"
        " sha256('x'), 't', '')",
    )
    grow = "UPDATE ledger.head SET size = 301, frontier = frontier || frontier[1:1], accepted = "
    for refused in (
        bear,
        "UPDATE ledger.head SET not_before = NULL",
        f"{grow}not_before - interval '1s'",
    ):
        with pytest.raises(psycopg2.errors.RestrictViolation, match="only grows"):
            run_sql(database.app_dsn, refused)
    run_sql(database.app_dsn, f"{grow}not_before")
    assert 301 == read_head(pool).size


def test_what_was_signed_again_gives_way_to_what_is_later_alone(pool, database):
    def signed(size, second):
        return StoredCheckpoint(
            size, EMPTY_ROOT, b"at %d" % second, NOON + timedelta(seconds=second)
        )

    assert signed_again(pool) is None
    for size, second in ((3, 60), (3, 60), (3, 120), (3, 60), (2, 180), (4, 180)):
        replace_signed_again(pool, signed(size, second))
    assert signed(4, 180) == signed_again(pool)
    earlier = "UPDATE ledger.signed_again SET created = created - interval '1s'"
    with pytest.raises(psycopg2.errors.RestrictViolation):
        run_sql(database.app_dsn, earlier)
    for change in ("DELETE FROM ledger.signed_again", "TRUNCATE ledger.signed_again"):
        with pytest.raises(psycopg2.errors.RestrictViolation):
            run_sql(database.owner_dsn, change)


def test_there_is_one_head(database):
    with pytest.raises(psycopg2.errors.CheckViolation):
        run_sql(
            database.owner_dsn,
            "INSERT INTO ledger.head VALUES (false, 'x', 0, %s, '{}', NULL)",
            (EMPTY_ROOT,),
        )


def test_a_projection_may_make_and_drop_its_own_tables(database):
    run_sql(database.app_dsn, "CREATE TABLE read.licences (n int); DROP TABLE read.licences")
