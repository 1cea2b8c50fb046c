"""What nobody may do to the log: by rights for the application, by triggers for the owner."""

import psycopg2
import pytest

from ledger.log.merkle import EMPTY_ROOT
from ledger.store.checkpoints import StoredCheckpoint, insert_checkpoint
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
    """A gap, an overhang: whoever writes past the append is caught when the head follows."""
    rows = ",".join(
        f"({n}, now(), gen_random_uuid(), sha256('{n}'), sha256('{n}'), 't', '')" for n in positions
    )
    with pytest.raises(psycopg2.errors.RestrictViolation, match="do not match"):
        run_sql(
            database.app_dsn,
            f"INSERT INTO ledger.entries VALUES {rows};"
            "UPDATE ledger.head SET size = 302, frontier = frontier, accepted = now()",
        )


def test_there_is_one_head(database):
    with pytest.raises(psycopg2.errors.CheckViolation):
        run_sql(
            database.owner_dsn,
            "INSERT INTO ledger.head VALUES (false, 'x', 0, %s, '{}', NULL)",
            (EMPTY_ROOT,),
        )


def test_a_projection_may_make_and_drop_its_own_tables(database):
    run_sql(database.app_dsn, "CREATE TABLE read.licences (n int); DROP TABLE read.licences")
