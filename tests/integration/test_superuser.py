"""
Anyone who owns the database changes it, and is found out.

By `fsck`, by an auditor, by a receipt or by a witness, each where it must. What changes nothing is
no alarm. The ledger of the suite has 300 entries, several checkpoints, the cosignatures of three
witnesses, openings, a seal and read models; every attack is on a copy of its database. A page of a
table file is flipped in test_store_embedded; nothing is attached to entries but hashes (M2, M21).
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.home.antirollback import CheckpointFile, Halted
from ledger.home.paths import Home
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.policy import parse_policy
from ledger.log.receipt import verify_tlog_proof
from ledger.node.node import Node, open_database
from ledger.publish.feeder import Feeder
from ledger.store.attest import DatabaseUnfit, attest
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.nodes import grow
from ledger.store.overlays import meddling
from projections.run.comparison import BY_NAME, difference
from tests.support.columns import AUTHENTICATED, COLUMNS, DERIVED, SPOILT
from tests.support.node import settings_for
from tests.support.postgres import ORIGIN, Database, run_sql
from tests.support.scene import Scene, columns_of, lent_scene, pool_of, triggers

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def scene(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scene]:
    with lent_scene(postgres_server, tmp_path_factory.mktemp("superuser")) as lent:
        yield lent


# The manifest


def test_every_column_is_labelled(scene: Scene) -> None:
    labelled = {table: set(columns) for table, columns in COLUMNS.items()}
    assert labelled == {table: set(columns) for table, columns in columns_of(scene).items()}


HELD = [
    f"{table}.{column}"
    for table, columns in COLUMNS.items()
    for column, label in columns.items()
    if label in (AUTHENTICATED, DERIVED)
]


@pytest.mark.parametrize("held", HELD)
def test_m1_a_changed_value_of_any_column_is_found(scene: Scene, held: str) -> None:
    table, _, column = held.rpartition(".")
    spoilt = SPOILT[columns_of(scene)[table][column]].format(f'"{column}"')
    one = f"SELECT ctid FROM {table} ORDER BY ctid DESC LIMIT 1"
    change = f'UPDATE {table} SET "{column}" = {spoilt} WHERE ctid = ({one})'
    with scene.attacked(change) as database:
        assert scene.fsck(database), change


ATTACKS = {
    "M4 an entry put in behind the last": (
        "INSERT INTO ledger.entries SELECT (SELECT size FROM ledger.head), accepted,"
        " gen_random_uuid(), payload_sha256, leaf_hash, topic, entry FROM ledger.entries"
        " WHERE position = 9"
    ),
    "M5 an entry in the place of another": (
        "UPDATE ledger.entries e SET entry = o.entry, leaf_hash = o.leaf_hash FROM ledger.entries o"
        " WHERE e.position = 9 AND o.position = 8"
    ),
    "M6 two entries in each other's place": (
        "UPDATE ledger.entries SET position = -1 WHERE position = 9;"
        "UPDATE ledger.entries SET position = 9 WHERE position = 8;"
        "UPDATE ledger.entries SET position = 8 WHERE position = -1"
    ),
    "M7 two bodies swapped, hashes kept": (
        "UPDATE ledger.entries e SET entry = o.entry FROM ledger.entries o"
        " WHERE (e.position, o.position) IN ((8, 9), (9, 8))"
    ),
    "M8 the tail cut off": "DELETE FROM ledger.entries WHERE position > 250",
    "M13 another key in a registration": (
        "UPDATE ledger.entries SET entry = convert_to(regexp_replace(convert_from(entry, 'UTF8'),"
        " '(\"public_key\":\")..........', '\\1AAAAAAAAAA'), 'UTF8')"
        " WHERE position = 1"
    ),
    "M14 an earlier instant in the frame": (
        "UPDATE ledger.entries SET entry = convert_to(regexp_replace(convert_from(entry, 'UTF8'),"
        " 'accepted 20..', 'accepted 2019'), 'UTF8'), accepted = accepted - interval '7 years'"
        " WHERE position = 9"
    ),
    "M15 another version of a type": (
        "UPDATE ledger.entries SET entry = convert_to(replace(convert_from(entry, 'UTF8'),"
        " 'technology.registered/1', 'technology.registered/2'), 'UTF8') WHERE position = 9"
    ),
    "M20 two witnesses' lines swapped": (
        "UPDATE ledger.cosignatures c SET line = o.line FROM ledger.cosignatures o"
        " WHERE c.size = o.size AND c.name <> o.name AND c.key_id <> o.key_id"
        " AND length(c.line) > 1000 AND length(o.line) > 1000"
    ),
    "M22 two checkpoints in each other's place": (
        "UPDATE ledger.checkpoints c SET note = o.note, root = o.root FROM ledger.checkpoints o"
        " WHERE (c.size, o.size) IN (SELECT min(size), max(size) FROM ledger.checkpoints)"
    ),
    "M23 other signatures over the same payload": (
        "UPDATE ledger.entries SET entry = convert_to(regexp_replace(convert_from(entry, 'UTF8'),"
        " '(sig [0-9a-f]+ )....', '\\1AAAA'), 'UTF8') WHERE position = 9"
    ),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_an_attack_on_rows_is_found_by_fsck_alone(scene: Scene, attack: str) -> None:
    with scene.attacked(ATTACKS[attack]) as database:
        assert scene.fsck(database)


MEDDLING = {
    "SET transform_null_equals = on": "the setting transform_null_equals, which is on",
    "ALTER ROLE ALL SET transform_null_equals = on": (
        "the setting transform_null_equals of every role"
    ),
    "ALTER ROLE ledger_app SET standard_conforming_strings = off": (
        "the setting standard_conforming_strings of ledger_app"
    ),
    "ALTER ROLE ledger_app SUPERUSER BYPASSRLS": "the role ledger_app, which is SUPERUSER",
    "ALTER ROLE ledger_app BYPASSRLS": "the role ledger_app, which is BYPASSRLS",
    "ALTER ROLE ledger_owner CREATEROLE": "the role ledger_owner, which is CREATEROLE",
    "GRANT pg_write_all_data TO ledger_app": (
        "the role ledger_app, which may act as pg_write_all_data"
    ),
    "GRANT pg_read_all_stats TO ledger_app": (
        "the role ledger_app, which may act as pg_read_all_stats"
    ),
    "CREATE ROLE mallory LOGIN SUPERUSER": "the role mallory, which is SUPERUSER",
    "CREATE ROLE mallory LOGIN; GRANT ledger_owner TO mallory": (
        "the role mallory, which may act as ledger_owner"
    ),
    (
        "CREATE FUNCTION public.quiet() RETURNS event_trigger LANGUAGE plpgsql AS 'BEGIN END';"
        "CREATE EVENT TRIGGER quiet ON login EXECUTE FUNCTION public.quiet()"
    ): "the event trigger quiet",
}


def test_settings_and_powers_that_this_software_does_not_give_are_named(scene: Scene) -> None:
    """Roles are the server's, not a database's: what is done to them here is rolled back."""
    dsn = scene.database.superuser_dsn
    with closing(psycopg2.connect(dsn)) as session, session.cursor() as cursor:
        assert [] == list(meddling(cursor))
        for change, what in MEDDLING.items():
            cursor.execute(change)
            assert f"nobody of this ledger made {what}" in list(meddling(cursor)), change
            session.rollback()


def test_a_head_that_takes_in_nothing_is_found_and_put_right_as_the_runbook_says(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    runbook = (ROOT / "docs/runbook.md").read_text("utf-8").split("## CannotStore")[1]
    mend = runbook.partition("BEGIN;")[2].partition("COMMIT;")[0]
    future = "UPDATE ledger.head SET not_before = now() + interval '4 days'"
    with scene.attacked(future) as database:
        (said,) = scene.fsck(database)
        assert said.startswith("the head takes in nothing before 20")
        assert said.endswith(", which nobody signed")
        monkeypatch.setenv("LEDGER_HOME", str(scene.home.path))
        monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
        seen = CliRunner().invoke(operate.app, ["status"]).stdout
        assert "SEE  clock        nothing is taken in before " in seen
        run_sql(database.owner_dsn, mend)
        assert [] == scene.fsck(database)


SWITCHED_OFF = {
    "UPDATE pg_index SET indisready = false WHERE indrelid = 'read.keys'::regclass": (
        "the index read.keys"
    ),
    "UPDATE pg_index SET indisvalid = false WHERE indexrelid = 'ledger.entries_pkey'::regclass": (
        "the index ledger.entries_pkey as it is"
    ),
    "UPDATE pg_index SET indisunique = false WHERE indexrelid = 'ledger.head_pkey'::regclass": (
        "the index ledger.head_pkey as it is"
    ),
    "UPDATE pg_class SET relhastriggers = false WHERE oid = 'ledger.vault'::regclass": (
        "ledger.vault as it is: its triggers are passed over"
    ),
    "UPDATE pg_class SET relhasindex = false WHERE oid = 'ledger.tags'::regclass": (
        "ledger.tags as it is: its indexes are passed over"
    ),
    "UPDATE pg_class SET relchecks = 1 WHERE oid = 'ledger.batches'::regclass": (
        "ledger.batches as it is: its checks are passed over"
    ),
    (
        "CREATE TRIGGER quiet BEFORE INSERT ON read.parties FOR EACH ROW"
        " EXECUTE FUNCTION ledger.refuse_change();"
        "UPDATE pg_trigger SET tgisinternal = true WHERE tgname = 'quiet'"
    ): "the trigger quiet on read.parties",
}


@pytest.mark.parametrize("change", SWITCHED_OFF)
def test_what_a_flag_of_the_catalogue_switches_off_is_found_and_not_served(
    scene: Scene, change: str
) -> None:
    with scene.attacked(change, mended=False) as database:
        assert any(SWITCHED_OFF[change] in what for what in scene.fsck(database))
        with pytest.raises(DatabaseUnfit, match="nobody of this ledger made"):
            attest(database.app_dsn)


WRITTEN = {
    "entries_event_id_key": ("ledger.entries", "UPDATE ledger.entries SET topic = topic || ''"),
    "technologies": ("read.technologies", "UPDATE read.technologies SET title = title || ''"),
    "vault_holders": (
        "ledger.vault",
        (
            "CREATE TABLE public.put AS SELECT * FROM ledger.vault; DELETE FROM ledger.vault;"
            "INSERT INTO ledger.vault SELECT * FROM public.put"
        ),
    ),
}


@pytest.mark.parametrize("index", WRITTEN)
def test_rows_that_an_index_does_not_have_are_found(scene: Scene, index: str) -> None:
    """Written while it was off: anyone who asks by it is not told of them."""
    table, written = WRITTEN[index]
    off = f"UPDATE pg_index SET indisready = {{}} WHERE indrelid = '{table}'::regclass;"
    with scene.attacked(f"{off.format('false')}{written};{off.format('true')}") as database:
        said = [what for what in scene.fsck(database) if what.startswith("the index")]
        assert any(what.startswith(f"the index {index}") for what in said)
        assert all(f"does not have what {table} has: REINDEX it" in what for what in said)


def rehashed(scene: Scene, database: Database) -> StoredCheckpoint:
    """Recompute leaf hashes, nodes and head from the bytes that are there now; return the head."""
    rows = run_sql(database.superuser_dsn, "SELECT entry FROM ledger.entries ORDER BY position")
    leaves = [leaf_hash(bytes(entry)) for (entry,) in rows]  # type: ignore[arg-type]
    tree, nodes = grow(Frontier(), leaves)
    changes = [
        f"UPDATE ledger.entries SET leaf_hash = '\\x{leaf.hex()}' WHERE position = {n}"
        for n, leaf in enumerate(leaves)
    ]
    changes += [
        f"UPDATE ledger.nodes SET hash = '\\x{node.hash.hex()}'"
        f" WHERE level = {node.level} AND index = {node.index}"
        for node in nodes
    ]
    frontier = ",".join(f"'\\x{each.hex()}'::bytea" for each in tree.hashes)
    changes.append(
        f"UPDATE ledger.head SET root = '\\x{tree.root().hex()}', frontier = ARRAY[{frontier}]"
    )
    run_sql(database.superuser_dsn, f"{triggers('DISABLE')}{';'.join(changes)};{triggers()}")
    now = datetime.now(UTC)
    note = scene.signer.sign(tree.size, tree.root(), now)
    return StoredCheckpoint(tree.size, tree.root(), note, now)


EDIT = (
    "UPDATE ledger.entries SET entry = convert_to(replace(convert_from(entry, 'UTF8'),"
    " 'technology:t5\"', 'technology:u5\"'), 'UTF8') WHERE position = 9"
)
"""An entry is another one, and well-formed: its tag goes with it."""


def test_m9_m10_an_edit_with_every_hash_computed_anew_is_found_by_fsck(scene: Scene) -> None:
    """Anyone who has no key cannot bring the checkpoints along."""
    with scene.attacked(EDIT) as database:
        rehashed(scene, database)
        assert any("do not hash to the root of checkpoint" in what for what in scene.fsck(database))


def resigned(database: Database, forged: StoredCheckpoint, home: Home) -> None:
    """Replace all checkpoints by one, and the anti-rollback file, as who has the log's key can."""
    with pool_of(database) as pool, pool.transaction() as transaction:
        transaction.cursor.execute(
            f"{triggers('DISABLE')} DELETE FROM ledger.checkpoints;"
            f" DELETE FROM ledger.cosignatures; {triggers()}"
        )
        transaction.cursor.execute(
            "INSERT INTO ledger.checkpoints VALUES (%s, %s, %s, %s)",
            (forged.size, forged.root, forged.note, forged.created),
        )
    file = CheckpointFile(home.checkpoints)
    file.restore(file.read(), forged.note)


def test_m11_m12_m19_even_with_the_logs_key_it_is_found_by_who_kept_anything(
    scene: Scene, tmp_path: Path
) -> None:
    """An older checkpoint, an old receipt, a witness: each alone is enough."""
    home = Home(tmp_path / "home")
    shutil.copytree(scene.home.path, home.path)
    with scene.attacked(EDIT) as database:
        forged = rehashed(scene, database)
        resigned(database, forged, home)
        refusal = scene.audit(database, tmp_path / "log")
        assert refusal is not None
        held = verify_tlog_proof(scene.receipt, scene.leaf, ORIGIN, scene.signer.verifiers)
        assert (held.size, True) == (forged.size, held.root != forged.root)
        with ExitStack() as stack, pool_of(database) as pool:
            for member in scene.members.values():
                stack.enter_context(member.served())
            policy = parse_policy(scene.home.policy.read_bytes())
            feeder = Feeder(pool, policy, latest=lambda: forged, prove=lambda *_: (), standards=())
            with ThreadPoolExecutor(3) as asking:
                feeder.feed(asking)
            feeder.close()
        assert all(target.frozen for target in feeder.targets)


def test_m18_an_old_copy_of_the_database_does_not_sign(scene: Scene) -> None:
    """The head, entries and checkpoints of an earlier day, as a restored dump has them."""
    older = (
        "DELETE FROM ledger.checkpoints WHERE size > 104; DELETE FROM ledger.cosignatures;"
        "DELETE FROM ledger.tags WHERE position >= 104;"
        "DELETE FROM ledger.entries WHERE position >= 104; DELETE FROM ledger.nodes;"
    )
    with scene.attacked(older) as database:
        leaves = run_sql(database.superuser_dsn, "SELECT leaf_hash FROM ledger.entries ORDER BY 1")
        assert 104 == len(leaves)
        rehashed(scene, database)
        run_sql(
            database.superuser_dsn,
            f"{triggers('DISABLE')} UPDATE ledger.head SET size = 104; {triggers()}",
        )
        node = open_halting(scene, database)
        with pytest.raises(Halted, match="104 entries"):
            node.start()
        node.stop()
        (scene.home.checkpoints / "HALTED").unlink()


def open_halting(scene: Scene, database: Database) -> Node:
    """Open a node on an attacked database; its schema is not what is asked about here."""
    settings = settings_for(database, scene.home.path)
    return Node(settings, open_database(settings))


@pytest.mark.parametrize(
    "attack",
    [
        "CREATE VIEW ledger.entries_too AS SELECT * FROM ledger.entries",
        "DROP TRIGGER entries_are_append_only ON ledger.entries",
        'ALTER TABLE ledger.tags ALTER COLUMN subject TYPE text COLLATE "ucs_basic"',
        "GRANT UPDATE ON ledger.entries TO ledger_app",
        (
            "CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN RETURN new; END'"
        ),
        "ALTER TABLE ledger.entries ADD COLUMN note text",
        "ALTER TABLE ledger.cosignatures DROP COLUMN line",
    ],
)
def test_m24_a_schema_that_was_changed_serves_nothing(scene: Scene, attack: str) -> None:
    name = f"{scene.database.name}_schema"
    elsewhere = scene.database.superuser_dsn.replace(f"/{scene.database.name}?", "/postgres?")
    run_sql(elsewhere, f"CREATE DATABASE {name} TEMPLATE {scene.database.name}")
    try:
        dsn = scene.database.superuser_dsn.replace(f"/{scene.database.name}?", f"/{name}?")
        run_sql(dsn, attack)
        with pytest.raises(DatabaseUnfit, match="schema"):
            attest(scene.database.app_dsn.replace(f"/{scene.database.name}?", f"/{name}?"))
    finally:
        run_sql(elsewhere, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.mark.parametrize(
    ("model", "attack"),
    [
        ("technologies", "UPDATE read.technologies SET title = 'other'"),
        ("technologies", "DELETE FROM read.technologies WHERE ctid = '(0,1)'"),
        ("timeline", "DELETE FROM read.timeline WHERE position = 5"),
        ("timeline", "UPDATE read.progress SET size = 100 WHERE name = 'timeline'"),
    ],
)
def test_m16_m17_a_read_model_that_was_changed_differs_from_the_replay(
    scene: Scene, model: str, attack: str
) -> None:
    with scene.attacked(attack) as database, pool_of(database) as pool:
        assert difference(pool, BY_NAME[model]).count


def test_a_digest_that_was_changed_differs_from_that_of_the_rows(scene: Scene) -> None:
    """No row differs; the next seal would lie, and anyone who replays the log would find it."""
    spoilt = SPOILT["bytea"].format("digest")
    attack = f"UPDATE read.progress SET digest = {spoilt} WHERE name IN ('title', 'timeline')"
    with scene.attacked(attack) as database, pool_of(database) as pool:
        for model in ("title", "timeline"):
            found = difference(pool, BY_NAME[model])
            assert (0, found.replayed) == (found.count, found.stored)
            assert not found.agrees
        assert difference(pool, BY_NAME["offers"]).agrees


NOTHING = (
    "VACUUM FULL ledger.entries",
    "CLUSTER ledger.tags USING tags_pkey",
    "REINDEX TABLE ledger.checkpoints",
    "ANALYZE",
    "ALTER TABLE ledger.cosignatures SET (fillfactor = 50)",
    (
        "CREATE TABLE other AS SELECT * FROM ledger.vault ORDER BY path; DELETE FROM ledger.vault;"
        "INSERT INTO ledger.vault SELECT * FROM other"
    ),
    # Only the triggers kept it from being written; nobody reads it.
    (
        "ALTER TABLE ledger.checkpoints DISABLE TRIGGER ALL;"
        "UPDATE ledger.checkpoints SET created = created + interval '1 day'"
    ),
)


@pytest.mark.parametrize("change", NOTHING)
def test_what_changes_nothing_is_no_alarm(scene: Scene, change: str) -> None:
    """Rows moved, rewritten, restored in another order."""
    with scene.attacked("SELECT") as database:
        for statement in change.split(";"):
            run_sql(database.superuser_dsn, statement)
        assert [] == scene.fsck(database)


def test_an_untouched_copy_is_clean(scene: Scene, tmp_path: Path) -> None:
    with scene.attacked("SELECT") as database:
        assert [] == scene.fsck(database)
        assert scene.audit(database, tmp_path / "log") is None
