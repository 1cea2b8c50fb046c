"""The publisher signs what a sequencer of this ledger judged and a verifier accepts; no more."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.domain.core.types import format_instant
from ledger.follow.client import Signed
from ledger.home.antirollback import CheckpointFile, Halted
from ledger.home.batches import KEY_FILE, load_batch_key, make_batch_key
from ledger.home.keystore import KeyFileMissing, KeyFileUnsafe
from ledger.home.paths import Home
from ledger.home.settings import Settings
from ledger.log.merkle import leaf_hash
from ledger.node.fsck import check_log
from ledger.node.node import Node, batch_key
from ledger.store.append import Mac, NewEntry, appending
from ledger.store.checkpoints import latest_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_head
from ledger.wire import canonical
from ledger.wire.entry import Entry, format_entry
from ledger.wire.envelope import PAYLOAD_TYPE, Envelope, Signature, sign_envelope
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, RIVAL
from tests.support.node import append, running
from tests.support.postgres import Database, run_sql
from tests.support.world import World

TECHNOLOGY = b.technology_registered(owners=[b.held(INSTITUTE)])


@pytest.fixture
def node(settings: Settings, world: World) -> Iterator[Node]:
    with running(settings) as node:
        append(node, *world.registrations((INSTITUTE, FIRM)))
        until(lambda: signed_size(node) == 3)
        yield node


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline, "it did not come about"
        time.sleep(0.02)


def signed_size(node: Node) -> int:
    latest = latest_checkpoint(node.pool)
    return latest.size if latest else 0


def past_the_sequencer(node: Node, envelope: Envelope, mac: Mac | None = None) -> int:
    """Write an envelope into the log as anyone who has the application's role can."""
    payload = canonical.load(envelope.payload)
    with appending(node.pool) as log:
        accepted = log.head.accepted or datetime.now(UTC)
        text = format_instant(accepted)
        frame = format_entry(Entry(text, PAYLOAD_TYPE, envelope.signatures, envelope.payload))
        log.write(
            [
                NewEntry(
                    UUID(payload["event_id"]),
                    sha256(envelope.payload).digest(),
                    payload["type"],
                    frame,
                    leaf_hash(frame),
                    tuple(payload["subjects"]),
                )
            ],
            accepted,
            mac,
        )
    node._committed()
    return read_head(node.pool).size - 1


def garbage(signed: Signed) -> Envelope:
    lines = (Signature(each.key_id, bytes(64)) for each in signed.envelope.signatures)
    return Envelope(PAYLOAD_TYPE, signed.envelope.payload, tuple(lines))


@pytest.mark.parametrize("forged", ["no signature", "good signature", "another's MAC"])
def test_a_row_that_no_sequencer_judged_is_never_signed(
    forged: str, node: Node, world: World, home: Home, tmp_path: Path
) -> None:
    signed = world.sign(TECHNOLOGY, INSTITUTE)
    envelope = garbage(signed) if forged == "no signature" else signed.envelope
    other = make_batch_key(tmp_path / "other", node.identity.origin)
    at = past_the_sequencer(node, envelope, other.mac if forged == "another's MAC" else None)
    until(lambda: node.halted is not None)
    assert f"entry {at} was judged by no sequencer of this ledger" in str(node.halted)
    assert 3 == signed_size(node)
    findings = [each.what for each in check_log(node.pool, home).findings]
    assert any(
        "no sequencer of this ledger" in what and f"from {at} on" in what for what in findings
    )


def test_what_a_verifier_would_refuse_is_not_signed_though_a_sequencer_judged_it(
    node: Node, world: World, home: Home
) -> None:
    """A fault of the rules must not make a log that is refused for ever."""
    payload = world.payload(b.contract_concluded(), OPERATOR)
    envelope = sign_envelope(payload, [world.key(OPERATOR)])
    at = past_the_sequencer(node, envelope, batch_key(home).mac)
    until(lambda: node.halted is not None)
    assert f"entry {at} would be refused by every verifier: step 8" in str(node.halted)
    assert 3 == signed_size(node)


EVENT_IDS = "indexrelid = 'ledger.entries_event_id_key'::regclass"


def told(node: Node, what: str) -> bool:
    return what in " ".join(node.supervisor.troubles())


def test_an_entry_that_the_index_of_event_ids_does_not_have_is_not_signed(
    database: Database, node: Node, world: World
) -> None:
    """Anyone who owns the database switches it off; nothing that is there twice may be signed."""
    run_sql(database.superuser_dsn, f"UPDATE pg_index SET indisready = false WHERE {EVENT_IDS}")
    append(node, world.sign(TECHNOLOGY, INSTITUTE))
    until(lambda: told(node, "entries_event_id_key is not as it was made"))
    run_sql(database.superuser_dsn, f"UPDATE pg_index SET indisready = true WHERE {EVENT_IDS}")
    until(lambda: told(node, "entries_event_id_key does not have entry 3"))
    assert (3, None) == (signed_size(node), node.halted)
    run_sql(database.owner_dsn, "REINDEX INDEX ledger.entries_event_id_key")
    until(lambda: signed_size(node) == 4)


def test_an_event_that_is_in_the_log_already_is_not_signed_again(
    database: Database, node: Node, world: World, home: Home
) -> None:
    """Whatever keeps the index from refusing it: fsck counts without it."""
    signed = world.sign(TECHNOLOGY, INSTITUTE)
    append(node, signed)
    until(lambda: signed_size(node) == 4)
    run_sql(database.superuser_dsn, f"UPDATE pg_index SET indisready = false WHERE {EVENT_IDS}")
    past_the_sequencer(node, signed.envelope, batch_key(home).mac)
    found = [each.what for each in check_log(node.pool, home).findings]
    assert any("is in the log more than once, at 3 and at 4" in what for what in found)
    run_sql(
        database.superuser_dsn,
        # As two rows are in an index that was not held to be unique.
        f"UPDATE pg_index SET indisunique = false WHERE {EVENT_IDS};"
        "REINDEX INDEX ledger.entries_event_id_key;"
        f"UPDATE pg_index SET indisunique = true WHERE {EVENT_IDS}",
    )
    until(lambda: node.halted is not None)
    assert "entry 4 would be refused by every verifier: step 6, its event" in str(node.halted)
    assert 4 == signed_size(node)


def test_fsck_verifies_the_signatures_of_what_it_calls_clean(
    node: Node, world: World, home: Home
) -> None:
    assert [] == check_log(node.pool, home).findings
    signed = world.sign(TECHNOLOGY, INSTITUTE)
    at = past_the_sequencer(node, garbage(signed), batch_key(home).mac)
    assert any(
        "step 8 refuses it" in each.what and each.position == at
        for each in check_log(node.pool, home).findings
    )


def test_a_log_does_not_go_on_with_rows_that_no_sequencer_judged(
    node: Node, world: World, home: Home, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What stops the publisher stops the operator too, before anything is appended behind it."""
    at = past_the_sequencer(node, garbage(world.sign(TECHNOLOGY, INSTITUTE)))
    until(lambda: node.halted is not None)
    node.stop()
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", str(settings.database_url))
    resumed = CliRunner().invoke(operate.app, ["resume", "--reason", "I hope"])
    assert isinstance(resumed.exception, Halted)
    assert f"entry {at} was judged by no sequencer of this ledger" in str(resumed.exception)
    assert "Rows that are not to be signed" in str(resumed.exception)
    with pytest.raises(Halted, match="no sequencer"):
        CheckpointFile(home.checkpoints).check_not_halted()
    with closing(Pool(str(settings.database_url), size=1)) as pool:
        assert at + 1 == read_head(pool).size, "nothing was appended behind it"


def test_two_processes_append_by_one_key(
    settings: Settings, node: Node, world: World, home: Home
) -> None:
    with running(settings, publishes=False) as other:
        append(other, *world.registrations((RIVAL,)))
        append(node, world.sign(TECHNOLOGY, INSTITUTE))
        until(lambda: signed_size(node) == 5)
    assert [] == check_log(node.pool, home).findings


def test_a_process_that_does_not_publish_makes_no_key_of_its_own(home: Home) -> None:
    (home.keys / KEY_FILE).unlink()
    with pytest.raises(KeyFileMissing, match=KEY_FILE):
        batch_key(home, publishes=False)
    made = batch_key(home)
    assert made == load_batch_key(home.keys, made.origin) == batch_key(home, publishes=False)
    (home.keys / KEY_FILE).write_text("00", "ascii")
    with pytest.raises(KeyFileUnsafe, match="no key of 32 bytes"):
        load_batch_key(home.keys, made.origin)
