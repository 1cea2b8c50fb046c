"""Start-up attestation: each finding by making it true."""

import re

import pytest

from ledger.store import attest as attestation
from ledger.store.attest import DatabaseUnfit, attest, unsafe_settings
from ledger.store.connection import Unavailable
from tests.support.postgres import run_sql


def _findings(dsn):
    with pytest.raises(DatabaseUnfit) as unfit:
        attest(dsn)
    return unfit.value.findings


def test_the_embedded_server_is_fit(database):
    attest(database.app_dsn)


@pytest.mark.parametrize(
    ("setting", "value", "fit"),
    [
        ("synchronous_commit", "off", False),
        ("synchronous_commit", "local", False),
        ("synchronous_commit", "remote_write", False),
        ("synchronous_commit", "remote_apply", True),
    ],
)
def test_commits_must_wait_for_the_disk(database, setting, value, fit):
    run_sql(database.owner_dsn, f"ALTER DATABASE {database.name} SET {setting} = {value}")
    if fit:
        attest(database.app_dsn)
    else:
        assert (f"{setting} is {value}, not on or remote_apply",) == _findings(database.app_dsn)


@pytest.mark.parametrize("change", ["UPDATE", "DELETE", "TRUNCATE"])
@pytest.mark.parametrize("table", ["entries", "tags", "nodes", "checkpoints"])
def test_the_application_may_not_change_the_log(database, table, change):
    run_sql(database.owner_dsn, f"GRANT {change} ON ledger.{table} TO ledger_app")
    found = _findings(database.app_dsn)
    assert f"the application's role may {change} ledger.{table}" in found


def test_a_right_to_one_column_is_found_too(database):
    run_sql(database.owner_dsn, "GRANT UPDATE (entry) ON ledger.entries TO ledger_app")
    expected = "the schema has besides: GRANT UPDATE ON ledger.entries (entry) TO ledger_app;"
    assert (expected,) == _findings(database.app_dsn)


def test_the_application_may_not_own_the_log(database):
    found = _findings(database.owner_dsn)
    assert "the application's role owns ledger.entries" in found


def test_the_application_may_not_be_a_superuser(database):
    assert "the application's role is a superuser" in _findings(database.superuser_dsn)


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("ALTER TABLE ledger.entries DISABLE TRIGGER entries_are_append_only", "enabled: never"),
        ("ALTER TABLE ledger.entries ENABLE TRIGGER entries_are_append_only", "enabled: origin"),
        ("DROP TRIGGER head_only_grows ON ledger.head", "lacks: CREATE TRIGGER head_only_grows"),
        ("ALTER TABLE ledger.entries DROP CONSTRAINT entries_event_id_key", "lacks: ALTER TABLE"),
        ("DROP INDEX ledger.entries_payload_sha256", "lacks: CREATE INDEX"),
        ("ALTER TABLE ledger.entries ALTER topic DROP NOT NULL", "besides: topic text"),
        ("CREATE TABLE ledger.more (n int)", "besides: CREATE TABLE ledger.more"),
        (
            (
                "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql"
                " AS 'BEGIN RETURN NULL; END'"
            ),
            "lacks: RAISE EXCEPTION '% of ledger.%",
        ),
        (
            "CREATE RULE quiet AS ON INSERT TO ledger.entries DO INSTEAD NOTHING",
            "besides: CREATE RULE quiet",
        ),
        ("ALTER TABLE ledger.tags SET UNLOGGED", "besides: CREATE UNLOGGED TABLE ledger.tags"),
        ("ALTER TABLE ledger.tags ENABLE ROW LEVEL SECURITY", "WITH ROW LEVEL SECURITY"),
        ("ALTER TABLE ledger.nodes ALTER hash SET DEFAULT ''", "hash bytea NOT NULL DEFAULT"),
        ("DROP TABLE ledger.nodes", "lacks: CREATE TABLE ledger.nodes"),
    ],
)
def test_another_schema_than_ours_is_refused(database, statement, finding):
    run_sql(database.owner_dsn, statement)
    assert re.search(re.escape(finding), "\n".join(_findings(database.app_dsn)))


def test_a_database_without_schema_is_refused(postgres_server):
    server = postgres_server
    run_sql(server.superuser_dsn, "CREATE DATABASE bare")
    try:
        found = _findings(server.app_dsn.replace("/techledger?", "/bare?"))
    finally:
        run_sql(server.superuser_dsn, "DROP DATABASE bare WITH (FORCE)")
    assert ("schema ledger is missing: run the migrations",) == found


def test_another_encoding_is_refused(postgres_server):
    server = postgres_server
    run_sql(
        server.superuser_dsn,
        "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0 LOCALE 'C'",
    )
    try:
        found = _findings(server.app_dsn.replace("/techledger?", "/latin?"))
    finally:
        run_sql(server.superuser_dsn, "DROP DATABASE latin WITH (FORCE)")
    assert "the database's encoding is LATIN1, not UTF8" in found


class Answering:
    """A cursor of a server with these settings."""

    def __init__(self, **settings):
        self._settings = settings

    def execute(self, _query, _arguments):
        pass

    def fetchall(self):
        return list(self._settings.items())


DURABLE = {
    "fsync": "on",
    "full_page_writes": "on",
    "synchronous_commit": "on",
    "data_checksums": "on",
    "data_sync_retry": "off",
}


def test_durable_settings_are_safe():
    assert () == unsafe_settings(Answering(**DURABLE))


@pytest.mark.parametrize("setting", DURABLE)
def test_each_setting_that_durability_hangs_on_is_asked_for(setting):
    other = {"on": "off", "off": "on"}[DURABLE[setting]]
    (finding,) = unsafe_settings(Answering(**{**DURABLE, setting: other}))
    assert finding.startswith(f"{setting} is {other}, not {DURABLE[setting]}")


def test_a_standby_is_refused(database, monkeypatch):
    """Asked of a server in recovery; here the answer alone is put in its mouth."""

    def ask(session, question, *arguments):
        return question == "SELECT pg_is_in_recovery()" or really_ask(session, question, *arguments)

    really_ask = attestation._ask
    monkeypatch.setattr(attestation, "_ask", ask)
    (finding,) = _findings(database.app_dsn)
    assert "recovery" in finding


def test_all_findings_are_named_at_once(database):
    run_sql(database.owner_dsn, "GRANT DELETE ON ledger.tags TO ledger_app")
    run_sql(database.owner_dsn, f"ALTER DATABASE {database.name} SET synchronous_commit = off")
    found = " ".join(_findings(database.app_dsn))
    assert "synchronous_commit" in found
    assert "DELETE ledger.tags" in found


def test_a_database_that_cannot_be_reached_is_no_finding():
    with pytest.raises(Unavailable):
        attest("postgresql://nobody@/none?host=/nonexistent")
