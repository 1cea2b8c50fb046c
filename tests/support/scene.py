"""The ledger that a superuser attacks: 300 entries, and what others kept of it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from api.cli.sealer import seal
from api.cli.signing import sign_sealed
from ledger.follow.audit import StoredLog, export
from ledger.follow.client import Signed
from ledger.home.keystore import load_log_keys
from ledger.home.paths import Home
from ledger.node.fsck import check_log
from ledger.publish.publisher import LogSigner
from ledger.store.checkpoints import latest_checkpoint
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.store.entries import read_entries
from ledger.verify.outcome import Refused
from ledger.verify.verifier import verify_export
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.comparison import BY_NAME
from projections.run.rebuild import outdated, rebuild
from tests.support import builders as b
from tests.support.builders import AUTHOR, FIRM, INSTITUTE, technology_registered
from tests.support.node import append, found, rest, running, settings_for
from tests.support.postgres import ORIGIN, Database, fresh_database, run_sql
from tests.support.sealing import erasure
from tests.support.sealing import sealed as sealed_body
from tests.support.tampering import NO_CHECKS, TRIGGERS, beside_the_schema
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
    def attacked(self, statements: str, *, mended: bool = True) -> Iterator[Database]:
        """Lend a copy of the database in which a superuser ran statements.

        Not `mended`, the triggers stay off: there may be no table left to have them.
        """
        name = f"{self.database.name}_attack_{next(_numbers)}"
        elsewhere = self.database.superuser_dsn.replace(f"/{self.database.name}?", "/postgres?")
        run_sql(elsewhere, f"CREATE DATABASE {name} TEMPLATE {self.database.name}")

        def renamed(dsn: str) -> str:
            return dsn.replace(f"/{self.database.name}?", f"/{name}?")

        dsns = (self.database.app_dsn, self.database.owner_dsn, self.database.superuser_dsn)
        copy = Database(name, *map(renamed, dsns))
        back = triggers() if mended else ""
        try:
            run_sql(copy.superuser_dsn, NO_CHECKS)
            run_sql(copy.superuser_dsn, f"{triggers('DISABLE')}{statements};{back}")
            yield copy
        finally:
            run_sql(elsewhere, f"DROP DATABASE {name} WITH (FORCE)")

    def fsck(self, database: Database) -> list[str]:
        """Return what `fsck` finds, with the database alone and the home's files."""
        with pool_of(database) as pool:
            return beside_the_schema(check_log(pool, self.home))

    def audit(self, database: Database, directory: Path) -> str | None:
        """Return why an auditor who kept a checkpoint refuses the log, if they do."""
        with pool_of(database) as pool:
            export(StoredLog(pool), directory)
        try:
            verify_export(directory, self.home.trust.read_bytes(), previous=self.kept, workers=1)
        except Refused as refused:
            return str(refused)
        return None


def triggers(how: str = "ENABLE ALWAYS") -> str:
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
        sealed_body(
            world,
            authors_declared(technology=f"technology:t{n}", authors=[person], **minutes),
            ("/body/authors",),
            INSTITUTE,
        )
        for n, person in enumerate((AUTHOR, f"party:tok.{1:032x}"))
    ]
    registered = world.registration(AUTHOR, kind="person", name=None)
    return [registered, *named, erasure(world)]


@contextmanager
def lent_scene(postgres_server: EmbeddedPostgres, directory: Path) -> Iterator[Scene]:
    """Make the ledger, once for a file of tests."""
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
            append(node, world.registration(INSTITUTE))  # Refused for good: it is registered.
            rebuild(node.pool, outdated(node.pool, READ_MODELS), decode, key=node.key)
            sealed = seal(node.pool, home)
            assert sealed is not None
            node.feed.covering(sealed.position).result(30)
            while node.witnessed.latest is None or node.witnessed.latest.size <= sealed.position:
                pass
            rest(node)
            latest = latest_checkpoint(node.pool)
            assert latest is not None
            (proof,) = node.prover.prove([9], latest)
            (entry,) = read_entries(node.pool, 9, 10, 1)
        serving.close()
        receipt = proof.tlog_proof()
        yield Scene(database, home, signer, made, latest.note, receipt, entry.leaf_hash)


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
