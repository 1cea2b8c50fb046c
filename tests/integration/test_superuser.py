"""
Whoever owns the database changes it, and is found out.

By `fsck`, by an auditor, by a receipt or by a witness, each where it must. What changes nothing is
no alarm. The ledger of the suite has 300 entries, several checkpoints, the cosignatures of three
witnesses, openings, a seal and read models; every attack is on a copy of its database. A page of a
table file is flipped in test_store_embedded; nothing is attached to entries but hashes (M2, M21).
"""

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from api.cli.sealer import seal
from api.cli.signing import sign_sealed
from ledger.antirollback import Halted
from ledger.audit import StoredLog, export
from ledger.client import Signed
from ledger.feeder import Feeder
from ledger.fsck import check_log
from ledger.home import Home
from ledger.keystore import load_log_keys
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.policy import parse_policy
from ledger.log.receipt import verify_tlog_proof
from ledger.node import Node, open_database
from ledger.publisher import LogSigner
from ledger.store.attest import Unfit, attest
from ledger.store.checkpoints import StoredCheckpoint, latest_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_entries
from ledger.store.nodes import grow
from ledger.verify.outcome import Refused
from ledger.verify.verifier import verify_export
from projections.catalogue import READ_MODELS
from projections.comparison import BY_NAME, difference
from projections.decoding import decode
from projections.rebuild import outdated, rebuild
from tests.support import builders as b
from tests.support.builders import AUTHOR, FIRM, INSTITUTE, technology_registered
from tests.support.columns import AUTHENTICATED, COLUMNS, DERIVED, SPOILT
from tests.support.node import append, found, running, settings_for
from tests.support.postgres import ORIGIN, Database, fresh_database, run_sql
from tests.support.sealing import erasure, sealed
from tests.support.tampering import NO_CHECKS, TRIGGERS
from tests.support.technologies import authors_declared
from tests.support.witnessing import Member, members, policy_of
from tests.support.world import World

ENTRIES = 300
_numbers = count(1)


@dataclass
class Scene:
    """The ledger before anybody touched it, and what others kept of it."""

    database: Database
    home: Home
    signer: LogSigner
    members: dict[str, Member]
    kept: bytes
    receipt: bytes
    leaf: bytes

    @contextmanager
    def attacked(self, statements: str) -> Iterator[Database]:
        """Lend a copy of the database in which a superuser ran statements."""
        name = f"{self.database.name}_attack_{next(_numbers)}"
        elsewhere = self.database.superuser_dsn.replace(f"/{self.database.name}?", "/postgres?")
        run_sql(elsewhere, f"CREATE DATABASE {name} TEMPLATE {self.database.name}")

        def renamed(dsn: str) -> str:
            return dsn.replace(f"/{self.database.name}?", f"/{name}?")

        dsns = (self.database.app_dsn, self.database.owner_dsn, self.database.superuser_dsn)
        copy = Database(name, *map(renamed, dsns))
        try:
            run_sql(copy.superuser_dsn, NO_CHECKS)
            run_sql(copy.superuser_dsn, f"{_triggers('DISABLE')}{statements};{_triggers()}")
            yield copy
        finally:
            run_sql(elsewhere, f"DROP DATABASE {name} WITH (FORCE)")

    def fsck(self, database: Database) -> list[str]:
        """Return what `fsck` finds, with the database alone and the home's files."""
        with pool_of(database) as pool:
            return [finding.what for finding in check_log(pool, self.home).findings]

    def audit(self, database: Database, directory: Path) -> str | None:
        """Return why an auditor who kept a checkpoint refuses the log, if they do."""
        with pool_of(database) as pool:
            export(StoredLog(pool), directory)
        try:
            verify_export(directory, self.home.trust.read_bytes(), previous=self.kept, workers=1)
        except Refused as refused:
            return str(refused)
        return None


def _triggers(how: str = "ENABLE ALWAYS") -> str:
    return "".join(f"ALTER TABLE ledger.{t} {how} TRIGGER {n};" for n, t in TRIGGERS.items())


@contextmanager
def pool_of(database: Database) -> Iterator[Pool]:
    pool = Pool(database.superuser_dsn, size=2)
    try:
        yield pool
    finally:
        pool.close()


def persons(world: World) -> list[Signed]:
    """Return the sealed names of two persons, of whom one is erased then."""
    minutes = {"declared_by": [INSTITUTE], "minutes_sha256": b.SOME_HASH, "split": None}
    named = [
        sealed(
            world,
            authors_declared(technology=f"technology:t{n}", authors=[person], **minutes),
            ("/body/authors",),
            INSTITUTE,
        )
        for n, person in enumerate((AUTHOR, f"party:tok.{1:032x}"))
    ]
    registered = world.registration(AUTHOR, kind="person", name=None)
    return [registered, *named, erasure(world)]


@pytest.fixture(scope="module")
def scene(postgres_server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    directory = tmp_path_factory.mktemp("superuser")
    with ExitStack() as stack:
        database = stack.enter_context(fresh_database(postgres_server))
        settings = settings_for(database, directory / "home")
        home = found(settings)
        world, signer = World.of(home), LogSigner(ORIGIN, *load_log_keys(home.keys))
        made = stack.enter_context(members(directory, signer.verifiers))
        home.policy.write_text(policy_of(made))
        serving = stack.enter_context(ExitStack())
        for member in made.values():
            serving.enter_context(member.served())
        with running(settings) as node:
            append(node, *world.registrations((INSTITUTE, FIRM)))
            body = b.offer_made(listing=None).model_dump(mode="json")
            key = [world.key(FIRM)]
            append(node, sign_sealed(ORIGIN, "offer.made/1", body, [FIRM], key, ["/body/price"]))
            for start in range(0, ENTRIES, 100):
                many = [
                    world.sign(technology_registered(technology=f"technology:t{n}"), INSTITUTE)
                    for n in range(start, start + 100)
                ]
                last = append(node, *many)[-1]
                node.feed.covering(last.position).result(30)
            append(node, *persons(world))
            rebuild(node.pool, outdated(node.pool, READ_MODELS), decode)
            sealed = seal(node.pool, home)
            assert sealed is not None
            node.feed.covering(sealed.position).result(30)
            while node.witnessed.latest is None or node.witnessed.latest.size <= sealed.position:
                pass
            latest = latest_checkpoint(node.pool)
            assert latest is not None
            (proof,) = node.prover.prove([9], latest)
            (entry,) = read_entries(node.pool, 9, 10, 1)
        serving.close()
        receipt = proof.tlog_proof()
        yield Scene(database, home, signer, made, latest.note, receipt, entry.leaf_hash)


# The manifest


def columns_of(scene: Scene) -> dict[str, dict[str, str]]:
    """Return the columns of the tables that migrations make, with their types."""
    rows = run_sql(
        scene.database.superuser_dsn,
        "SELECT table_schema || '.' || table_name, column_name, data_type"
        " FROM information_schema.columns WHERE table_schema IN ('ledger', 'read') ORDER BY 1, 2",
    )
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        if str(table).removeprefix("read.") not in BY_NAME:
            found.setdefault(str(table), {})[str(column)] = str(kind)
    return found


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


@pytest.mark.parametrize("table", ["head", "entries", "tags", "nodes", "vault"])
def test_m3_a_row_taken_out_is_found(scene: Scene, table: str) -> None:
    """A checkpoint or a line that is gone proves nothing wrong: who has one has it."""
    table = f"ledger.{table}"
    middle = f"(SELECT count(*) / 2 FROM {table})"
    one = f"SELECT ctid FROM {table} ORDER BY ctid LIMIT 1 OFFSET {middle}"
    with scene.attacked(f"DELETE FROM {table} WHERE ctid = ({one})") as database:
        assert scene.fsck(database)


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
    run_sql(database.superuser_dsn, f"{_triggers('DISABLE')}{';'.join(changes)};{_triggers()}")
    now = datetime.now(UTC)
    note = scene.signer.sign(tree.size, tree.root(), now)
    return StoredCheckpoint(tree.size, tree.root(), note, now)


EDIT = (
    "UPDATE ledger.entries SET entry = convert_to(replace(convert_from(entry, 'UTF8'),"
    " 'technology:t5\"', 'technology:u5\"'), 'UTF8') WHERE position = 9"
)
"""An entry is another one, and well-formed: its tag goes with it."""


def test_m9_m10_an_edit_with_every_hash_computed_anew_is_found_by_fsck(scene: Scene) -> None:
    """Whoever has no key cannot bring the checkpoints along."""
    with scene.attacked(EDIT) as database:
        rehashed(scene, database)
        assert any("do not hash to the root of checkpoint" in what for what in scene.fsck(database))


def resigned(database: Database, forged: StoredCheckpoint, home: Home) -> None:
    """Replace all checkpoints by one, and the anti-rollback file, as who has the log's key can."""
    with pool_of(database) as pool, pool.transaction() as transaction:
        transaction.cursor.execute(
            f"{_triggers('DISABLE')} DELETE FROM ledger.checkpoints;"
            f" DELETE FROM ledger.cosignatures; {_triggers()}"
        )
        transaction.cursor.execute(
            "INSERT INTO ledger.checkpoints VALUES (%s, %s, %s, %s)",
            (forged.size, forged.root, forged.note, forged.created),
        )
    (home.checkpoints / "latest").write_bytes(forged.note)


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
            f"{_triggers('DISABLE')} UPDATE ledger.head SET size = 104; {_triggers()}",
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
        with pytest.raises(Unfit, match="schema"):
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
    """No row differs; the next seal would lie, and whoever replays the log would find it."""
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
