"""
A ledger at work, those who look at it, and an operator who has all that an operator has.

The ledger is made once, through the product's own sequencer, sealer and publisher; each lie is told
on a copy of its database and home. Who looks has kept what such a person keeps: an export, a
mirror with a monitor over it, a receipt, the operator's word, a witness's book.
"""

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID

from api.cli.sealer import seal
from api.cli.signing import sign_sealed
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.events.compose import uuid7
from ledger.events.lawbook import available_laws
from ledger.follow.audit import Source, StoredLog, export
from ledger.follow.client import Signed
from ledger.follow.monitor import Mine, Monitor
from ledger.follow.sent import read_sent
from ledger.home.antirollback import CheckpointFile, Halted
from ledger.home.batches import BatchKey
from ledger.home.keystore import load_log_keys, save_key
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.merkle import Frontier, leaf_hash
from ledger.log.note import parse_note
from ledger.log.proof import prove_consistency
from ledger.log.tiles import TileHashes
from ledger.log.tree_head import parse_checkpoint
from ledger.log.witness_request import format_add_checkpoint
from ledger.node.node import batch_key, publisher_of, vault_of
from ledger.publish.publisher import LogSigner
from ledger.publish.receipts import Prover
from ledger.publish.refuser import KEY_FILE, refuser_of
from ledger.runtime.clock import Clock
from ledger.sequence.judging import Recorded
from ledger.sequence.sequencer import Sequencer
from ledger.sequence.vault import Vault
from ledger.store.append import NewEntry, appending
from ledger.store.checkpoints import StoredCheckpoint, insert_checkpoint, latest_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_entries, read_head
from ledger.wire import canonical
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import PAYLOAD_TYPE, Envelope, envelope_to_object, sign_envelope
from ledger.wire.instant import format_instant
from ledger.wire.signing_keys import PrivateKey
from ledger.witness.state import WitnessState, create_book
from ledger.witness.witness import Witness
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import outdated, rebuild
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL
from tests.support.governance import refusal_keys_adopted
from tests.support.node import found, settings_for
from tests.support.postgres import ORIGIN, Database, run_sql
from tests.support.scene import triggers
from tests.support.witnessing import signers
from tests.support.world import World, submission

_numbers = count(1)

TECHNOLOGY = "technology:kept"
"""What the witnesses of this suite care for: the firm's, of which there is a receipt."""


@dataclass
class Operator:
    """Who has the database, the log's keys, the officers' of a demonstration, and the home."""

    database: Database
    home: Home
    world: World
    pool: Pool = field(init=False)
    settings: Settings = field(init=False)
    signer: LogSigner = field(init=False)
    stage: "Stage" = field(init=False)
    """What the others have kept."""

    def __post_init__(self) -> None:
        self.settings = settings_for(self.database, self.home.path)
        self.pool = Pool(self.database.app_dsn, size=3)
        self.signer = LogSigner(ORIGIN, *load_log_keys(self.home.keys))

    @property
    def vault(self) -> Vault:
        """The vault, with the keys of the home."""
        return vault_of(self.settings, self.pool)

    @property
    def entries(self) -> list[bytes]:
        """The entries as the database has them."""
        size = read_head(self.pool).size
        return [stored.entry for stored in read_entries(self.pool, 0, size, size)]

    def record(self, *many: Signed) -> list[int]:
        """Record events by the door that everybody takes; return their positions."""
        sequencer = Sequencer(
            self.pool,
            lambda: None,
            laws=available_laws(),
            vault=self.vault,
            key=batch_key(self.home),
            clock=Clock().now,
        )
        sequencer.start()
        try:
            # Each in a batch of its own, so that each can be taken out alone.
            outcomes = [sequencer.submit([submission(each)]).result()[0] for each in many]
        finally:
            sequencer.stop()
        positions = []
        for outcome in outcomes:
            assert isinstance(outcome, Recorded), outcome
            positions.append(outcome.position)
        return positions

    def publish(self) -> str | None:
        """Sign what is recorded, as the server does; return why it halts, if so."""
        file = CheckpointFile(self.home.checkpoints)
        try:
            publisher = publisher_of(self.settings, self.pool, file)
            publisher.start()
            publisher.stop()
            file.check_not_halted()
        except Halted as halted:
            return str(halted)
        return None

    def fold(self) -> BatchKey:
        """Bring the read models up to date; return the key by which they are known."""
        key = batch_key(self.home)
        rebuild(self.pool, outdated(self.pool, READ_MODELS, key), decode, key=key)
        Runner(self.pool, READ_MODELS, decode, key=key).catch_up()
        return key

    def sql(self, statements: str) -> None:
        """Run statements as the owner of the database, with its triggers put aside."""
        bare, back = triggers("DISABLE"), triggers()
        run_sql(self.database.superuser_dsn, f"{bare}{statements};{back}")

    def entry(self, payload: bytes, *parties: str, accepted: datetime | None = None) -> bytes:
        """Return an entry of the next instant, signed by the keys of these parties."""
        envelope = sign_envelope(payload, [self.world.key(party) for party in parties])
        now = format_instant(accepted or datetime.now(UTC))
        return format_entry(Entry(now, PAYLOAD_TYPE, envelope.signatures, payload))

    def rewrite(self, entries: Sequence[bytes]) -> None:
        """Let the database hold this history, every hash, MAC and signature made again."""
        before = self.entries
        pairs = zip(before, entries, strict=False)
        same = next((n for n, (old, new) in enumerate(pairs) if old != new), None)
        same = min(len(before), len(entries)) if same is None else same
        sizes = [size for (size,) in self._rows("SELECT size FROM ledger.checkpoints")]
        tree = Frontier().extend([leaf_hash(each) for each in entries[:same]])
        frontier = ",".join(f"'\\x{each.hex()}'::bytea" for each in tree.hashes)
        gone = (f"DELETE FROM ledger.{table} WHERE position >= {same};" for table in _TABLES)
        self.sql(
            "".join(gone) + f"DELETE FROM ledger.batches WHERE first >= {same};"
            f"DELETE FROM ledger.checkpoints WHERE size > {same};"
            "DELETE FROM ledger.links WHERE chain = 'checkpoints'"
            " AND number > (SELECT count(*) FROM ledger.checkpoints);"
            "UPDATE ledger.kept SET openings = (SELECT count(*) FROM ledger.vault);"
            "DELETE FROM read.progress; DELETE FROM read.subject_map;"
            "DELETE FROM read.subject_map_buckets; UPDATE read.subject_map_size SET size = 0;"
            f"UPDATE ledger.head SET size = {same}, root = '\\x{tree.root().hex()}',"
            f" frontier = ARRAY[{frontier}]::bytea[], accepted ="
            f" (SELECT accepted FROM ledger.entries WHERE position = {same - 1});"
        )
        run_sql(self.database.superuser_dsn, triggers("DISABLE"))
        for raw in entries[same:]:
            self.append(raw)
        run_sql(self.database.superuser_dsn, triggers())
        for size in sorted({*(n for n in sizes if same < n < len(entries)), len(entries)}):
            self._sign(entries[:size])

    def append(self, raw: bytes, *, judged: bool = True) -> None:
        """Write an entry past all rules, with the MAC of a sequencer or without."""
        entry = parse_entry(raw)
        says = canonical.load(entry.payload, admission=False)
        known = self._rows("SELECT 1 FROM ledger.entries WHERE event_id = %s", (says["event_id"],))
        row = NewEntry(
            UUID(uuid7() if known else says["event_id"]),
            sha256(entry.payload).digest(),
            says["type"],
            raw,
            leaf_hash(raw),
            tuple(says["subjects"]),
        )
        with appending(self.pool) as log:
            mac = batch_key(self.home).mac if judged else None
            log.write([row], datetime.fromisoformat(entry.accepted), mac)

    def _sign(self, entries: Sequence[bytes]) -> None:
        """Sign a size; the file that keeps a ledger from going back goes along."""
        tree, now = Frontier().extend([leaf_hash(each) for each in entries]), datetime.now(UTC)
        note = self.signer.sign(tree.size, tree.root(), now)
        insert_checkpoint(self.pool, StoredCheckpoint(tree.size, tree.root(), note, now))
        file = CheckpointFile(self.home.checkpoints)
        file.restore(file.read(), note)

    def _rows(self, statement: str, arguments: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        return run_sql(self.database.superuser_dsn, statement, arguments)

    def close(self) -> None:
        """Let go of the database."""
        self.pool.close()


_TABLES = ("entries", "tags", "turns", "vault", "erased_openings")


@dataclass(frozen=True)
class Stage:
    """The honest ledger, and what others have kept of it since."""

    database: Database
    home: Path
    keys: dict[str, Any]
    trust: bytes
    kept: Path
    """`export`, `mirror`, `book.sqlite`, of the size that the receipt is of; `sent` by the firm."""
    checkpoint: bytes
    receipt: bytes
    entry: bytes
    size: int
    withheld: tuple[str, ...]
    """Ids of events that the firm has sent, and that nobody took notice of."""

    @contextmanager
    def operator(self, directory: Path) -> Iterator[Operator]:
        """Lend an operator of a copy, who may do what they like."""
        name = f"{self.database.name}_lie_{next(_numbers)}"
        elsewhere = self.database.superuser_dsn.replace(f"/{self.database.name}?", "/postgres?")
        run_sql(elsewhere, f"CREATE DATABASE {name} TEMPLATE {self.database.name}")
        dsns = (self.database.app_dsn, self.database.owner_dsn, self.database.superuser_dsn)
        copy = Database(name, *(d.replace(f"/{self.database.name}?", f"/{name}?") for d in dsns))
        shutil.copytree(self.home, directory / "home", symlinks=True)
        operator = Operator(copy, Home(directory / "home"), World(ORIGIN, dict(self.keys)))
        operator.stage = self
        try:
            yield operator
        finally:
            operator.close()
            run_sql(elsewhere, f"DROP DATABASE {name} WITH (FORCE)")


def watching(source: Source, mirror: Path, trust: bytes, sent: Path) -> Monitor:
    """Return the firm's monitor over a mirror."""
    mine, now = Mine({FIRM}, read_sent(sent)), datetime.now(UTC).timestamp
    return Monitor(source, mirror, trust, laws=available_laws(), now=now, stall_s=3600.0, mine=mine)


def cosigned(source: Source, book: Path, keys: LogSigner) -> int:
    """Ask a witness for its cosignature, as a feeder does; return the status of its answer."""
    kept, note = WitnessState(book), source.checkpoint()
    try:
        witness = Witness(
            *signers(), {ORIGIN: keys.verifiers}, kept, lambda: int(datetime.now(UTC).timestamp())
        )
        last = kept.latest(ORIGIN)
        old, size = last.size if last else 0, parse_checkpoint(parse_note(note).text).size
        proof = prove_consistency(old, size, TileHashes(source.fetch)) if 0 < old < size else []
        return witness.add_checkpoint(format_add_checkpoint(old, proof, note)).status
    finally:
        kept.close()


def _registered(world: World, number: int) -> Signed:
    body = b.technology_registered(technology=f"technology:t{number}", owners=[b.held(INSTITUTE)])
    return world.sign(body, INSTITUTE)


def _keep_sent(directory: Path, *envelopes: Envelope) -> None:
    for number, each in enumerate(envelopes):
        file = directory / f"{number}.json"
        file.write_text(json.dumps(envelope_to_object(each)), "utf-8")


@contextmanager
def set_stage(database: Database, directory: Path) -> Iterator[Stage]:
    """Make the honest ledger, and let everybody look at it once."""
    home = found(settings_for(database, directory / "home"))
    world = World.of(home)
    operator = Operator(database, home, world)
    with closing(operator):
        save_key(home.keys / KEY_FILE, PrivateKey.generate())
        refuser = refuser_of(ORIGIN, home.keys)
        assert refuser is not None
        operator.record(
            world.sign(
                refusal_keys_adopted(ledger=ledger_subject(ORIGIN), refusal_keys=(refuser.vkey,)),
                OPERATOR,
                REGISTRAR,
            ),
            *world.registrations((INSTITUTE, FIRM, RIVAL)),
        )
        operator.publish()
        terms = b.offer_made(listing=None).model_dump(mode="json")
        offer, other = (
            sign_sealed(
                ORIGIN,
                "offer.made/1",
                {**terms, "offer": f"offer:{uuid7()}"},
                [FIRM],
                [world.key(FIRM)],
                ["/body/price"],
            )
            for _ in range(2)
        )
        mine = world.sign(
            b.technology_registered(technology=TECHNOLOGY, owners=[b.held(FIRM)]), FIRM
        )
        both = world.sign(
            b.technology_registered(
                technology="technology:both", owners=[b.held(FIRM, 1, 2), b.held(INSTITUTE, 1, 2)]
            ),
            FIRM,
            INSTITUTE,
        )
        *_, at = operator.record(offer, other, both, mine)
        operator.fold()
        assert seal(operator.pool, home) is not None
        operator.record(*(_registered(world, number) for number in range(4)))
        operator.publish()
        looked = directory / "kept"
        latest = latest_checkpoint(operator.pool)
        assert latest is not None
        source = StoredLog(operator.pool)
        trust = home.trust.read_bytes()
        export(source, looked / "export")
        registered = parse_entry(operator.entries[3])
        unheard = [
            world.sign(
                b.technology_registered(technology=f"technology:u{n}", owners=[b.held(FIRM)]), FIRM
            )
            for n in range(2)
        ]
        sent = looked / "sent"
        sent.mkdir()
        _keep_sent(
            sent,
            Envelope(registered.payload_type, registered.payload, registered.signatures),
            *(each.envelope for each in (offer, other, both, mine, *unheard)),
        )
        watching(source, looked / "mirror", trust, sent).look()
        create_book(looked / "book.sqlite")
        assert 200 == cosigned(source, looked / "book.sqlite", operator.signer)
        (proof,) = Prover(operator.pool).prove([at], latest)
        entry = operator.entries[at]
        stage = Stage(
            database,
            home.path,
            dict(world.keys),
            trust,
            looked,
            latest.note,
            proof.tlog_proof(),
            entry,
            latest.size,
            tuple(canonical.load(each.envelope.payload)["event_id"] for each in unheard),
        )
    yield stage
