"""
One process of a ledger: its database, its workers, and how they are wired to each other.

    node = open_node(settings)   # database up, schema current, fit to serve
    node.start()                 # sequencer, publisher or follower, checking processes
"""

import fcntl
import os
from collections.abc import Callable
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Protocol

import structlog

from ledger.events.lawbook import LawSets
from ledger.events.signatures import SignatureChecker
from ledger.events.vintage import Vintage
from ledger.home.antirollback import CheckpointFile, Halted
from ledger.home.batches import BatchKey, load_batch_key, make_batch_key
from ledger.home.keystore import load_log_keys
from ledger.home.paths import Home, HomeNotInitialised, Identity
from ledger.home.settings import Settings
from ledger.log.policy import Policy
from ledger.node.dryruns import DryRuns
from ledger.node.postgres_supervisor import Watchdog
from ledger.node.promises import PromiseLimits, Promises
from ledger.node.supervisor import Supervisor, hindrance
from ledger.publish.bundle_builder import BundleBuilder
from ledger.publish.checkpoint_watcher import Follower
from ledger.publish.feeder import Feeder
from ledger.publish.log_key_history import read_policy_in_force
from ledger.publish.publisher import LogSigner, PublishedCheckpoint, Publisher
from ledger.publish.quorum import NONE_ASKED, Grade, Quorum, Standard, freshened, read_policy
from ledger.publish.receipts import CheckpointFeed, Prover
from ledger.publish.refuser import refuser_of
from ledger.publish.rollback_check import ask_who_saw_more, places
from ledger.publish.scrutiny import Scrutiny
from ledger.runtime.clock import Clock
from ledger.runtime.computing import Computing
from ledger.runtime.loops import Loop
from ledger.sequence.orders import Orders
from ledger.sequence.sequencer import Sequencer
from ledger.sequence.vault import Vault
from ledger.store.attest import attest
from ledger.store.basebackup import archive_settings
from ledger.store.checkpoints import (
    StoredCheckpoint,
    is_signed,
    latest_checkpoint,
    signed_again,
)
from ledger.store.connection import OutcomeUnknown, Pool, Timeouts
from ledger.store.embedded import EmbeddedPostgres, data_directories
from ledger.store.entries import LogUnfinished
from ledger.store.migrate import migrate, pending
from ledger.store.replication import Confirmations
from ledger.store.subject_map import StoredMap
from ledger.wire.told import Told

_log = structlog.get_logger(__name__)


class NodeError(Told):
    """Superclass of the errors of this module. Never raised itself."""


class MigrationsPending(NodeError):
    """The schema is older than this software; `techledger operate migrate` brings it up."""


class NoStandby(NodeError):
    """Replication is declared to be synchronous, and there is nobody to replicate to."""


@dataclass(frozen=True, slots=True)
class Database:
    """Where the ledger's PostgreSQL is, and the embedded server if that is what runs it.

    `in_use` is a lock file that every process which uses the embedded server holds, shared: the
    last one to leave stops the server. A killed process leaves by being killed.
    """

    app_dsn: str = field(repr=False)
    owner_dsn: str = field(repr=False)
    embedded: EmbeddedPostgres | None = None
    in_use: int = -1

    def stop(self) -> None:
        """Leave the embedded server, if there is one, and stop it if nobody else uses it."""
        if self.embedded is None:
            return
        with suppress(BlockingIOError):
            fcntl.flock(self.in_use, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self.embedded.stop()
        os.close(self.in_use)


def open_database(settings: Settings, *, make: bool = False) -> Database:
    """Start or find PostgreSQL: `LEDGER_DATABASE_URL`, else the embedded one under the home.

    Who founds a ledger may `make` it; to all others it is there. Raises `HomeNotInitialised`.
    """
    if app_dsn := settings.app_dsn:
        return Database(app_dsn, settings.owner_dsn or app_dsn)
    if not (make or data_directories(settings.home)):
        raise HomeNotInitialised(
            f"NO_LEDGER: there is no database in {settings.home}: techledger operate init makes"
            " one, techledger operate restore brings one back"
        )
    settings.home.mkdir(mode=0o755, parents=True, exist_ok=True)
    in_use = os.open(settings.home / "postgres.in-use", os.O_RDWR | os.O_CREAT, 0o600)
    fcntl.flock(in_use, fcntl.LOCK_SH)
    archive = settings.wal_archive
    embedded = EmbeddedPostgres(
        settings.home,
        bin_dir=settings.postgres_bin,
        settings=archive_settings(archive) if archive else None,
    )
    embedded.start()
    # Nobody else looks after the embedded database: it is brought up to date at every start.
    migrate(embedded.owner_dsn)
    return Database(embedded.app_dsn, embedded.owner_dsn, embedded, in_use)


def open_log(settings: Settings) -> Database:
    """Do what `open_database` does for anyone who needs a log in it.

    Raises `LogUnfinished` where `operate init` has not come to its end: nothing was ever signed.
    """
    database = open_database(settings)
    try:
        _must_be_signed(settings, database)
    except BaseException:
        database.stop()
        raise
    return database


def _must_be_signed(settings: Settings, database: Database) -> None:
    # A file without the rows is of a database that lost them: anyone who opens it finds that out.
    with closing(Pool(database.app_dsn, size=1)) as pool:
        file = CheckpointFile(Home(settings.home).checkpoints)
        if not is_signed(pool) and file.read() is None:
            raise LogUnfinished


PROBED_WITHIN = Timeouts(lock_ms=1_000, statement_ms=1_000)
"""Anyone who asks whether the ledger works has an answer soon."""


CONFIRMED_WITHIN_S = 3.0
"""How long, in seconds, a commit may wait for a synchronous standby."""


class Worker(Protocol):
    """What works in a thread of its own."""

    loop: Loop

    def start(self) -> None:
        """Begin."""

    def stop(self) -> None:
        """End, after what is under way."""


class Node:
    """The workers of one process. Start them once, then stop them.

    `pool` is for those who write, and waits for a database that restarts; `reads` is for questions,
    which may take all of it and keep no writer waiting; `probe` asks once, for anyone who wants to
    know.
    """

    def __init__(self, settings: Settings, database: Database, *, publishes: bool = True) -> None:
        home = Home(settings.home)
        self.settings = settings
        self.database = database
        self.identity: Identity = home.identity()
        self.file = CheckpointFile(home.checkpoints)
        self.confirmations = (
            Confirmations(CONFIRMED_WITHIN_S) if settings.replication == "sync" else None
        )
        self.key = batch_key(home, publishes=publishes)
        opened = partial(Pool, database.app_dsn, kept_mac=self.key.kept_mac)
        confirmed = partial(opened, confirmations=self.confirmations)
        self.pool = confirmed(size=16)
        self.probe = confirmed(size=2, patience_s=1, timeouts=PROBED_WITHIN)
        # Beside the readers: who replays the log, who waits for folds, who looks up old receipts,
        # who judges what is not to be recorded, and who looks for what streams are told.
        self.computing = Computing()
        self.reads = opened(size=settings.readers + 6, patience_s=5, computing=self.computing)
        self.clock = Clock()
        self.feed = CheckpointFeed(self.reads)
        self.prover = Prover(self.pool)
        self.reading = Prover(self.reads)
        self.checker = SignatureChecker(settings.verifier_processes)
        self.policy = policy_of(settings, self.pool)
        self.laws = LawSets(home.law)
        self.vintage = Vintage(self.probe, self.laws)
        self.publisher = self._publisher() if publishes else None
        self.quorum = Quorum(self.policy)
        self.fallback = Quorum(fallback_of(settings))
        self.standards: dict[Grade, Standard] = {
            "witnessed": Standard(self.quorum),
            "degraded": Standard(self.fallback),
        }
        self.witnessed = self.standards["witnessed"].feed
        self.feeder = self._feeder()
        self.follower = None if publishes else self._follower()
        self.gatherer = BundleBuilder(
            self.reads, self.reading, self.identity.origin, StoredMap(self.reads)
        )
        self.refuser = refuser_of(self.identity.origin, home.keys)
        self.vault = vault_of(settings, self.pool)
        self.sequencer = Sequencer(
            self.pool,
            self._committed,
            batch_max=settings.batch_max,
            outstanding_max=settings.outstanding_max,
            subjects_bytes=settings.subjects_bytes,
            laws=self.laws,
            vault=self.vault,
            hindered=self._hindrance,
            vintage=self.vintage,
            key=self.key,
            clock=self.clock.now,
        )
        self.dry_runs = DryRuns(
            self.reads,
            vault=vault_of(settings, self.reads),
            laws=self.laws,
            sequencer=self.sequencer,
            key=self.key,
        )
        self.promises = self._promises()
        self.watchdog = Watchdog(database.embedded) if database.embedded else None
        self.supervisor = Supervisor()
        self.halted: str | None = None
        self._running = ExitStack()

    def start(self) -> None:
        """Begin to work. Raises `Halted` where the database is not what was signed."""
        try:
            self._start_all()
        except BaseException:
            self._running.close()
            raise

    def _start_all(self) -> None:
        self.supervisor.watch(self.pool.hinter.loop)
        if self.confirmations:
            self._start(self.confirmations)
            self._find_standby()
        self._start(self.checker)
        self._start(self.watchdog)
        self.vault.open()
        self._start(self.publisher)
        # Only now: the publisher may just have stored what a crash kept it from storing.
        if latest := latest_checkpoint(self.pool):
            self.feed.tell(latest)
        if again := signed_again(self.pool):
            self.feed.tell_again(again)
        for standard in self.standards.values():
            standard.look(self.pool)
        self._start(self.follower)
        self._start(self.feeder)
        self._start(self.sequencer)
        self._start(self.promises)

    def _find_standby(self) -> None:
        try:
            if not self.pool.has_standby_names():
                raise NoStandby("synchronous_standby_names is empty: PostgreSQL waits for nobody")
            self.pool.barrier()
        except OutcomeUnknown as error:
            raise NoStandby(
                f"no synchronous standby confirmed a commit in {CONFIRMED_WITHIN_S:.0f} s: start"
                " one, or declare another LEDGER_REPLICATION"
            ) from error

    def look(self) -> None:
        """See whether an event could be recorded now, without one. Raises what keeps it."""
        self.sequencer.look(self.probe)
        if self.confirmations:
            self.probe.barrier()

    def stop(self) -> None:
        """Finish what is under way, the last started first; the database goes on."""
        self._running.close()
        self.close()

    def close(self) -> None:
        """Let go of what a node holds that was never started, or has stopped."""
        self.checker.close()
        self.probe.close()
        self.reads.close()
        self.pool.close()

    @property
    def origin(self) -> str:
        """The name of the log."""
        return self.identity.origin

    @property
    def replay_max(self) -> int:
        """How many entries one question may have replayed."""
        return self.settings.replay_max

    @property
    def published(self) -> int:
        """Up to which size the log is signed: what is beyond is shown to nobody."""
        latest = self.feed.latest
        return latest.size if latest else 0

    @property
    def best_checkpoint(self) -> StoredCheckpoint | None:
        """What `/checkpoint` answers: the newest that a quorum cosigned, where one is asked for."""
        return freshened(self.witnessed.latest, self.feed.newest)

    def _publisher(self) -> Publisher:
        return publisher_of(
            self.settings,
            self.pool,
            self.file,
            told=self._told,
            failed=self._failed,
            clock=self.clock,
            barrier=self.pool.barrier if self.confirmations else None,
        )

    def _follower(self) -> Follower:
        standards = [*self.standards.values()]
        return Follower(self.pool, self.feed, standards, self.file, failed=self._failed)

    def _feeder(self) -> Feeder | None:
        if self.publisher is None or not any(each.url for each in self.policy.witnesses):
            return None
        return Feeder(
            self.pool,
            self.policy,
            latest=lambda: self.feed.latest,
            prove=self.prover.prove_prefix,
            standards=[*self.standards.values()],
        )

    def _promises(self) -> Promises | None:
        settings = self.settings
        if self.refuser is None:
            return None
        return Promises(
            self.pool,
            vault=vault_of(settings, self.pool),
            refuser=self.refuser,
            sequencer=self.sequencer,
            feed=self.feed,
            bounds=PromiseLimits(
                answer=timedelta(seconds=settings.promise_s),
                kept=timedelta(seconds=settings.promise_kept_s),
                count=settings.promises_max,
                of_key=settings.promises_per_key,
                bytes=settings.promises_bytes,
            ),
            clock=self.clock.now,
        )

    def _start(self, worker: Worker | None) -> None:
        if worker:
            worker.start()
            self.supervisor.watch(worker.loop)
            self._running.callback(worker.stop)

    def _hindrance(self) -> Exception | None:
        """Return what would keep an event posted now from its receipt."""
        signing = self.publisher or self.follower
        return hindrance([self.sequencer.loop, *([signing.loop] if signing else [])])

    def _committed(self) -> None:
        if self.publisher:
            self.publisher.hint()
        if self.follower:
            self.follower.hint()

    def _told(self, published: PublishedCheckpoint) -> None:
        if published.again:
            self.feed.tell_again(published.checkpoint)
            return
        self.prover.edge.tell(published)
        self.reading.edge.tell(published)
        self.feed.tell(published.checkpoint)
        if self.feeder:
            self.feeder.hint()

    def _failed(self, reason: str) -> None:
        # Nothing more is taken in, nobody waits in vain; what is signed can still be read.
        self.halted = reason
        self.sequencer.refuse(Halted(reason))
        self.feed.fail(Halted(reason))


def publisher_of(  # noqa: PLR0913  (what it is wired to, by name)
    settings: Settings,
    pool: Pool,
    file: CheckpointFile,
    *,
    told: Callable[[PublishedCheckpoint], None] = lambda _: None,
    failed: Callable[[str], None] = lambda _: None,
    clock: Clock | None = None,
    barrier: Callable[[], None] | None = None,
) -> Publisher:
    """Return the publisher of a home: its keys, and whom to ask before the first signature."""
    home, policy = Home(settings.home), policy_of(settings, pool)
    origin = home.identity().origin
    urls = places(policy, settings.mirrors.split(), origin)
    signer = LogSigner(
        origin, *load_log_keys(home.keys), look_again=lambda: load_log_keys(home.keys)
    )
    vintage = Vintage(pool, LawSets(home.law))
    return Publisher(
        pool,
        signer,
        file,
        told=told,
        failed=failed,
        clock=(clock or Clock()).now,
        others=lambda: ask_who_saw_more(urls),
        vintage=vintage,
        scrutiny=Scrutiny(pool, batch_key(home)),
        barrier=barrier or (lambda: None),
    )


def batch_key(home: Home, *, publishes: bool = True) -> BatchKey:
    """Return the key of the ledger's sequencers; where the log's keys are it is made if need be.

    Raises `KeyFileMissing` elsewhere: it is copied from the home that publishes.
    """
    read = make_batch_key if publishes else load_batch_key
    return read(home.keys, home.identity().origin)


def vault_of(settings: Settings, pool: Pool) -> Vault:
    """Return the vault of a home, unopened."""
    home = Home(settings.home)
    keys = home.data_keys(settings.vault, settings.kek_file)
    cached = settings.openings_cached_bytes
    orders = Orders(home.erasures)
    return Vault(pool, keys, home.identity().origin, orders, cache_bytes=cached)


def policy_of(settings: Settings, pool: Pool) -> Policy:
    """Return the policy by whose witnesses the log is cosigned: a file's, else the log's own.

    A file goes ahead of the log: its witnesses are fed before `ledger.policy_adopted/1` names
    them. Raises `BadPolicy`.
    """
    home = Home(settings.home)
    file = settings.policy or (home.policy if home.policy.exists() else None)
    return read_policy(file) if file else read_policy_in_force(pool, home.identity().origin)


def fallback_of(settings: Settings) -> Policy:
    """Return the policy of grade `degraded`; without a file no checkpoint has it."""
    home = Home(settings.home)
    file = settings.fallback_policy or (home.fallback if home.fallback.exists() else None)
    return read_policy(file) if file else NONE_ASKED.policy


def _check_schema(database: Database) -> None:
    if names := pending(database.app_dsn):
        told = f"MIGRATIONS_PENDING: not applied: {', '.join(names)}: techledger operate migrate"
        raise MigrationsPending(told)


def open_node(settings: Settings, *, publishes: bool = True) -> Node:
    """Return a node on a database that is up to date and fit to serve.

    Raises `HomeNotInitialised`, `LogUnfinished`, `MigrationsPending`, `DatabaseUnfit`.
    """
    Home(settings.home).identity()
    database = open_log(settings)
    try:
        _check_schema(database)
        attest(database.app_dsn)
        return Node(settings, database, publishes=publishes)
    except BaseException:
        with suppress(Exception):
            database.stop()
        raise
