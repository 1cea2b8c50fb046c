"""
Nothing stands between a table and who asks it: what is put there is found, and not served.

A policy that hides a row from the server shows it to anyone who examines the table, by another
query.
"""

import itertools
import time
from collections.abc import Iterator

import httpx2
import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.home.paths import Home
from ledger.node.fsck import check_log
from ledger.node.node import Node
from ledger.store.attest import DatabaseUnfit, attest
from ledger.store.connection import NotAllowed, Pool
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.run.table_check import read_model_faults
from tests.support.builders import INSTITUTE, OPERATOR
from tests.support.http import serving
from tests.support.node import append, running, settings_for
from tests.support.postgres import Database, run_sql
from tests.support.world import World

POLICY = (
    "ALTER TABLE {0} ENABLE ROW LEVEL SECURITY; ALTER TABLE {0} FORCE ROW LEVEL SECURITY;"
    "CREATE POLICY quiet ON {0} USING (current_query() ~ 'FETCH|COPY|DECLARE')"
)

OVERLAYS = {
    "a policy on a read model": (
        POLICY.format("read.mandates"),
        "the policy quiet on read.man",
    ),
    "a policy on the entries": (POLICY.format("ledger.entries"), "the policy quiet on ledger.entr"),
    "a policy on the list of migrations": (
        POLICY.format("migrations._yoyo_migration"),
        "the policy quiet on migrations._yoyo_migration",
    ),
    "row level security without a policy": (
        "ALTER TABLE read.parties ENABLE ROW LEVEL SECURITY",
        "row level security on read.parties",
    ),
    "a rule": (
        "CREATE RULE quiet AS ON INSERT TO read.mandates DO INSTEAD NOTHING",
        "the rule quiet on read.mandates",
    ),
    "a view in the place of a table": (
        (
            "ALTER TABLE read.mandates RENAME TO kept;"
            "CREATE VIEW read.mandates AS SELECT * FROM read.kept WHERE NOT ended"
        ),
        "read.mandates, which is no table",
    ),
    "a table that adds rows to another": (
        "CREATE TABLE public.more () INHERITS (read.mandates)",
        "public.more, which inherits read.mandates",
    ),
    "a trigger on a read model": (
        (
            "CREATE TRIGGER t BEFORE INSERT ON read.mandates FOR EACH ROW"
            " EXECUTE FUNCTION ledger.refuse_change()"
        ),
        "the trigger t on read.mandates",
    ),
    "a function in `read`": (
        "CREATE FUNCTION read.now() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "the function read.now()",
    ),
}

ALTERED = {
    "CREATE INDEX ON read.mandates (subject DESC)": "read.mandates has besides: CREATE INDEX",
    "ALTER TABLE read.mandates ALTER subject SET DEFAULT 'x'": "DEFAULT 'x'",
    "ALTER TABLE read.mandates ALTER holder DROP NOT NULL": "lacks: holder text",
    "ALTER TABLE read.mandates ADD CHECK (position < 100)": "has besides: ALTER TABLE read",
    "GRANT SELECT ON read.mandates TO PUBLIC": "has besides: GRANT SELECT ON read.mandates",
    "ALTER TABLE read.mandates SET UNLOGGED": "has besides: CREATE UNLOGGED TABLE",
    "CREATE TABLE read.more (n int)": "read.more, which no read model makes",
    "ALTER TABLE read.progress DROP CONSTRAINT progress_size_check": "the schema lacks: ALTER",
    "GRANT SELECT ON read.progress TO PUBLIC": "the schema has besides: GRANT SELECT",
    "ALTER TABLE read.mandates DROP CONSTRAINT {pkey}": "lacks: ALTER TABLE read.mandates ADD PRIM",
}


@pytest.fixture
def node(database: Database, home: Home) -> Iterator[Node]:
    with running(settings_for(database, home.path)) as node:
        last = append(node, *World.of(home).registrations((INSTITUTE,)))[-1]
        node.feed.covering(last.position).result(30)
        rebuild(node.pool, READ_MODELS, decode, key=node.key)
        yield node


def faults(pool: Pool, node: Node, home: Home) -> str:
    """Return what `operate fsck` finds."""
    found = [each.what for each in check_log(pool, home).findings]
    return "\n".join(itertools.chain(found, read_model_faults(pool, node.key)))


def test_the_ledgers_own_schema_has_none(pool: Pool, node: Node, home: Home) -> None:
    assert "" == faults(pool, node, home)


def turned(http: httpx2.Client, *, ready: bool) -> httpx2.Response:
    """Wait until a server says that it is ready, or is not; a look is half a second old."""
    deadline = time.monotonic() + 10
    while (answer := http.get("/health/ready")).is_success is not ready:
        assert time.monotonic() < deadline, answer.text
        time.sleep(0.1)
    return answer


@pytest.mark.parametrize("name", OVERLAYS)
def test_one_is_found_the_server_is_not_ready_and_does_not_start(
    database: Database, pool: Pool, node: Node, home: Home, name: str
) -> None:
    put, said = OVERLAYS[name]
    with serving(node) as url, httpx2.Client(base_url=url) as http:
        turned(http, ready=True)  # What checks signatures may still be starting.
        run_sql(database.superuser_dsn, put)
        ready = turned(http, ready=False)
    assert f"nobody of this ledger made {said}" in " ".join(ready.json()["reasons"])
    with pytest.raises(DatabaseUnfit, match="nobody of this ledger made"):
        attest(database.app_dsn)
    assert said in faults(pool, node, home)


def test_a_policy_that_would_hide_a_row_is_an_error_and_no_other_answer(
    database: Database, node: Node, pool: Pool
) -> None:
    power = f"/v1/parties/{INSTITUTE}/power?signer={OPERATOR}&true_on=2026-12-01&topic=offer.made"
    run_sql(database.superuser_dsn, POLICY.format("read.mandates"))
    with serving(node) as url, httpx2.Client(base_url=url) as http:
        refused = http.get(power)
        assert (503, "NEEDS_OPERATOR") == (refused.status_code, refused.json()["code"])
    with pytest.raises(NotAllowed, match="row-level security"), pool.session() as session:
        session.execute("SELECT FROM read.mandates")


@pytest.mark.parametrize("change", ALTERED)
def test_a_table_that_is_not_as_its_read_model_makes_it_is_found(
    database: Database, pool: Pool, node: Node, home: Home, change: str
) -> None:
    key = "SELECT conname FROM pg_constraint WHERE conrelid = 'read.mandates'::regclass"
    ((pkey,),) = run_sql(database.superuser_dsn, f"{key} AND contype = 'p'")
    run_sql(database.superuser_dsn, change.format(pkey=pkey))
    assert ALTERED[change] in faults(pool, node, home)


def test_a_setting_that_changes_what_statements_mean_is_found_and_changes_nothing(
    database: Database, node: Node, home: Home
) -> None:
    change = f"ALTER ROLE ledger_app IN DATABASE {database.name} SET search_path = evil, pg_catalog"
    run_sql(database.superuser_dsn, change)
    fresh = Pool(database.app_dsn, size=1)
    with fresh.session() as session:
        session.execute("SHOW search_path")
        assert [("pg_catalog, pg_temp",)] == session.fetchall()
    said = "nobody of this ledger made the setting search_path of ledger_app in this database"
    assert said == faults(fresh, node, home)
    fresh.close()


def test_where_a_migration_is_not_known_it_is_said_that_nobody_looked_at_the_schema(
    database: Database, pool: Pool, node: Node, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_sql(database.superuser_dsn, "DROP TRIGGER entries_are_append_only ON ledger.entries")
    assert "the schema lacks: CREATE TRIGGER" in faults(pool, node, home)
    run_sql(
        database.superuser_dsn,
        "INSERT INTO migrations._yoyo_migration (migration_hash, migration_id, applied_at_utc)"
        " VALUES (repeat('a', 64), '9999_of_tomorrow', now())",
    )
    said = (
        "the database holds the migration 9999_of_tomorrow, which this software does not know:"
        " the schema was not examined"
    )
    assert said == faults(pool, node, home)
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    run = CliRunner().invoke(operate.app, ["status"])
    assert (1, True) == (run.exit_code, f"SEE  schema       {said}" in run.stdout)
    assert "9999_of_tomorrow" in CliRunner().invoke(operate.app, ["fsck"]).stdout
