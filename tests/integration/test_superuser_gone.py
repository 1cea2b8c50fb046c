"""
The owner of the database takes rows out, tables too, and is found out; fsck lives with it.

Down to what the last seal counts: what nobody finds is shown here as well.
"""

from collections.abc import Iterator
from os import environ
from random import Random

import psycopg2
import pytest

from ledger.store.embedded import EmbeddedPostgres
from tests.support.columns import AUTHENTICATED, COLUMNS, DERIVED
from tests.support.postgres import run_sql
from tests.support.scene import Scene, columns_of, lent_scene, triggers

SEED = environ.get("SEED", "fsck")
DAMAGES = int(environ.get("DAMAGES", "25"))
"""Random damages that fsck has to live with, of about 300."""


@pytest.fixture(scope="module")
def scene(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    with lent_scene(postgres_server, tmp_path_factory.mktemp("superuser")) as lent:
        yield lent


@pytest.mark.parametrize(
    "table",
    [
        "head",
        "entries",
        "tags",
        "nodes",
        "checkpoints",
        "signed_again",
        "cosignatures",
        "links",
        "vault",
    ],
)
@pytest.mark.parametrize("which", ["first", "middle", "all"])
def test_m3_rows_taken_out_are_found(scene: Scene, table: str, which: str) -> None:
    table = f"ledger.{table}"
    offset = f"(SELECT count(*) / 2 FROM {table})" if which == "middle" else "0"
    one = f"WHERE ctid = (SELECT ctid FROM {table} ORDER BY ctid LIMIT 1 OFFSET {offset})"
    with scene.attacked(f"DELETE FROM {table} {'' if which == 'all' else one}") as database:
        assert scene.fsck(database)


WITH_THEIR_LINKS = {
    "checkpoints": "the checkpoints are not those that the seal at position",
    "cosignatures": "the cosignatures are not those that the seal at position",
}


@pytest.mark.parametrize("table", WITH_THEIR_LINKS)
def test_m3_rows_taken_out_with_their_links_are_found_by_the_seal(scene: Scene, table: str) -> None:
    """Down to what the last seal counts; behind it who owns the database leaves no trace."""
    gone = f"DELETE FROM ledger.{table}; DELETE FROM ledger.links WHERE chain = '{table}'"
    with scene.attacked(gone) as database:
        assert any(WITH_THEIR_LINKS[table] in what for what in scene.fsck(database))


def test_m3_openings_taken_out_with_their_count_are_found_by_the_seal(scene: Scene) -> None:
    with scene.attacked(
        "DELETE FROM ledger.vault; UPDATE ledger.kept SET openings = 0"
    ) as database:
        assert any("fewer openings were ever kept" in what for what in scene.fsck(database))


def test_m3_another_chain_in_the_place_of_the_old_is_found(scene: Scene) -> None:
    """One row is taken out, and all links are made again, as if it had never been there."""
    remade = (
        "DELETE FROM ledger.checkpoints WHERE size = (SELECT min(size) FROM ledger.checkpoints);"
        "DELETE FROM ledger.links WHERE chain = 'checkpoints';"
        "SELECT ledger.add_link('checkpoints', int8send(size) || note)"
        " FROM (SELECT * FROM ledger.checkpoints ORDER BY size) held"
    )
    with scene.attacked("SELECT") as database:
        before = run_sql(database.superuser_dsn, "SELECT count(*) FROM ledger.checkpoints")
        run_sql(database.superuser_dsn, f"{triggers('DISABLE')}{remade};{triggers()}")
        assert before != run_sql(database.superuser_dsn, "SELECT count(*) FROM ledger.checkpoints")
        assert any("the checkpoints are not those" in what for what in scene.fsck(database))


def test_m3_the_newest_unsealed_rows_with_their_links_leave_no_trace(scene: Scene) -> None:
    """What docs/verify.md says of this is so: cosignatures behind the last seal, and no others."""
    kept = "(SELECT max((link ->> 'number')::bigint) FROM ledger.entries, jsonb_path_query("
    kept += "convert_from(substring(entry FROM position('\n\n'::bytea IN entry) + 2), 'UTF8')"
    kept += "::jsonb, '$.body.links[*] ? (@.chain == \"cosignatures\")') link"
    kept += " WHERE topic = 'ledger.sealed/1')"
    unsealed = (
        "DELETE FROM ledger.cosignatures c USING ledger.links l WHERE l.chain = 'cosignatures'"
        f" AND l.number > {kept}"
        " AND l.digest = sha256(int8send(c.size) || convert_to(c.line, 'UTF8'));"
        f"DELETE FROM ledger.links WHERE chain = 'cosignatures' AND number > {kept}"
    )
    with scene.attacked(unsealed) as database:
        gone = "SELECT count(*) FROM ledger.cosignatures"
        counts = [
            run_sql(dsn, gone) for dsn in (scene.database.superuser_dsn, database.superuser_dsn)
        ]
        assert counts[0] != counts[1]
        assert [] == scene.fsck(database)


def damages(scene: Scene) -> list[str]:
    """Return what can be done to the tables so that they do not even answer as before."""
    damage = []
    for table, columns in columns_of(scene).items():
        damage += [f"DROP TABLE {table} CASCADE", f"TRUNCATE {table}"]
        for column, kind in columns.items():
            change = f'ALTER TABLE {table} ALTER COLUMN "{column}"'
            free = (
                f'ALTER TABLE {table} DROP CONSTRAINT IF EXISTS "{table.split(".")[1]}_pkey";'
                f"{change} DROP NOT NULL;"
            )
            damage += [
                f'ALTER TABLE {table} DROP COLUMN "{column}" CASCADE',
                f'{free}UPDATE {table} SET "{column}" = NULL',
            ]
            if kind == "bytea":
                damage += [
                    f"UPDATE {table} SET \"{column}\" = '\\x'",
                    f'UPDATE {table} SET "{column}" = substring("{column}" FROM 2)',
                    f'UPDATE {table} SET "{column}" = "{column}" || \'\\xff00\'',
                ]
            if kind in ("bytea", "bigint", "integer"):
                damage.append(f'{change} TYPE text USING "{column}"::text')
    return damage


def is_held(damage: str) -> bool:
    """Say whether a damage is of something that somebody relies on."""
    table = next(table for table in COLUMNS if f"{table} " in f"{damage} ")
    labels = COLUMNS[table]
    columns = [labels[name] for name in labels if f'"{name}"' in damage] or [*labels.values()]
    if table in ("ledger.vault", "ledger.refusals"):
        return False  # Rows of earlier builds are without some, or rows may be gone.
    return not {AUTHENTICATED, DERIVED}.isdisjoint(columns)


def test_no_damage_ends_in_a_traceback(scene: Scene) -> None:
    """Tables dropped, columns gone, of another type, NULL, cut: fsck says so, and goes on."""
    every = damages(scene)
    tried = 0
    for damage in Random(SEED).sample(every, min(DAMAGES, len(every))):
        try:
            with scene.attacked(damage, mended=False) as database:
                assert scene.fsck(database) or not is_held(damage), damage
                tried += 1
        except psycopg2.Error:
            continue  # PostgreSQL does not allow it: something else needs what is to go.
    assert tried > min(DAMAGES, len(every)) / 2
