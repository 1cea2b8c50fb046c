"""The publisher at each of its crash points, against each database that is not what was signed."""

import errno
import os
import shutil
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx2
import pytest

from api.cli.operate import resume
from api.watching import watch
from ledger.home.antirollback import CheckpointFile, Halted, InUse, Missing, Swapped
from ledger.home.paths import Home
from ledger.log.checkpoint import Checkpoint, open_checkpoint, sign_checkpoint
from ledger.node.node import Node, open_node
from ledger.runtime import durable
from ledger.runtime.faults import Fault, fault_of
from ledger.store.checkpoints import checkpoint_at, insert_checkpoint, latest_checkpoint
from ledger.store.connection import Unavailable
from ledger.store.entries import read_head
from tests.support.builders import FIRM, INSTITUTE, RIVAL
from tests.support.http import serving
from tests.support.node import append, running, settings_for
from tests.support.postgres import Database, run_sql
from tests.support.tampering import as_owner
from tests.support.world import World

TIMEOUT_S = 30


def publish(node: Node, *many) -> None:
    """Append events and wait for the checkpoint that covers the last."""
    outcomes = append(node, *many)
    node.feed.covering(outcomes[-1].position).result(TIMEOUT_S)


def test_a_checkpoint_is_signed_by_both_keys_over_the_head(
    database: Database, home: Home, world: World
):
    with running(settings_for(database, home.path)) as node:
        publish(node, *world.registrations())
        latest = node.feed.latest
        opened = open_checkpoint(latest.note, world.origin, node.publisher.signer.verifiers)
        assert (4, latest.root) == (opened.size, opened.root)
        assert latest.note == CheckpointFile(home.checkpoints).read()
        assert latest == latest_checkpoint(node.pool)


def test_an_empty_store_beside_a_log_halts_the_start(database: Database, home: Home):
    (home.checkpoints / "last-signed").unlink()
    node = open_node(settings_for(database, home.path))
    with pytest.raises(Missing):
        node.start()


def test_a_checkpoint_that_was_swapped_but_not_stored_is_published_verbatim(
    database: Database, home: Home, world: World
):
    """F11: the crash came between the file and the row."""
    with running(settings_for(database, home.path)) as node:
        publish(node, world.registration(INSTITUTE))
        note = node.feed.latest.note
    as_owner(database, "DELETE FROM ledger.checkpoints WHERE size = 2")
    with running(settings_for(database, home.path)) as node:
        assert note == checkpoint_at(node.pool, 2).note


def test_without_the_logs_keys_a_process_sends_who_wants_a_cose_receipt_elsewhere(
    database: Database, home: Home
):
    assert home.trust.exists()
    with running(settings_for(database, home.path), publishes=False) as node, serving(node) as url:
        answer = httpx2.get(f"{url}/v1/entries/0/cose-receipt")
        assert (503, "NO_LOG_KEYS") == (answer.status_code, answer.json()["code"])


def test_entries_committed_but_not_signed_are_signed_at_the_next_start(
    database: Database, home: Home, world: World
):
    """F9: the crash came between the commit and the checkpoint."""
    with running(settings_for(database, home.path), publishes=False) as node:
        append(node, *world.registrations())
    with running(settings_for(database, home.path)) as node:
        assert 4 == node.feed.covering(3).result(TIMEOUT_S).size


def test_a_database_rolled_back_behind_the_store_halts_and_stays_halted(
    database: Database, home: Home, world: World
):
    """F15: a restored backup is smaller than what was signed."""
    with running(settings_for(database, home.path)) as node:
        publish(node, world.registration(INSTITUTE))
        old = node.feed.latest
        publish(node, world.registration(FIRM))
    frontier = run_sql(database.superuser_dsn, "SELECT leaf_hash FROM ledger.entries")
    assert 3 == len(frontier)
    as_owner(
        database,
        "DELETE FROM ledger.checkpoints WHERE size > 2;"
        "DELETE FROM ledger.tags WHERE position > 1;"
        "DELETE FROM ledger.entries WHERE position > 1;"
        f"UPDATE ledger.head SET size = 2, root = '\\x{old.root.hex()}',"
        f" frontier = ARRAY['\\x{old.root.hex()}'::bytea]",
    )
    for _attempt in range(2):
        node = open_node(settings_for(database, home.path))
        with pytest.raises(Halted, match="the database has 2 entries"):
            node.start()
        node.close()
    assert (home.checkpoints / "HALTED").read_text().startswith("the database has 2 entries")


def test_a_database_with_another_history_of_the_same_size_halts(
    database: Database, home: Home, world: World, tmp_path: Path
):
    """F16: after a failover the log was continued differently."""
    with running(settings_for(database, home.path)) as node:
        publish(node, world.registration(INSTITUTE))
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(home.path, elsewhere)
    as_owner(
        database,
        "UPDATE ledger.entries SET leaf_hash = sha256('\\x00'::bytea || entry || 'x'),"
        " entry = entry || 'x' WHERE position = 1",
    )
    node = open_node(settings_for(database, home.path))
    with pytest.raises(Halted, match="do not hash to the signed root"):
        node.start()
    node.close()


def test_an_entry_changed_between_commit_and_signature_is_never_signed(
    database: Database, home: Home, world: World
):
    """F21: what is signed is what the database gives back, hashed again."""
    with running(settings_for(database, home.path), publishes=False) as node:
        append(node, world.registration(INSTITUTE))
    as_owner(
        database,
        "UPDATE ledger.entries SET entry = overlay(entry placing 'X'::bytea from 40)"
        " WHERE position = 1",
    )
    with running(settings_for(database, home.path)) as node:
        with pytest.raises(Halted, match="entry 1 is not what was appended"):
            node.feed.covering(1).result(TIMEOUT_S)
        assert "entry 1 is not what was appended" in node.halted
        with pytest.raises(Halted):
            append(node, world.registration(FIRM))
        assert 1 == latest_checkpoint(node.pool).size
    assert (home.checkpoints / "HALTED").exists()


@pytest.mark.parametrize("publishes", [True, False])
def test_a_halt_by_hand_is_seen_by_a_publisher_that_rests_and_by_who_does_not_publish(
    database: Database, home: Home, world: World, *, publishes: bool
) -> None:
    with running(settings_for(database, home.path)) as node:
        publish(node, world.registration(INSTITUTE))
    settings = settings_for(database, home.path)
    with running(settings, publishes=publishes) as node, serving(node) as url:
        size = read_head(node.pool).size
        CheckpointFile(home.checkpoints).halt("an operator did")
        await_(lambda: node.halted is not None)
        answer = httpx2.post(
            f"{url}/v1/events",
            content=world.registration(FIRM).to_json(),
            headers={"Content-Type": "application/json"},
        )
        assert (503, "HALTED") == (answer.status_code, answer.json()["code"])
        assert size == read_head(node.pool).size
        assert "an operator did" == node.halted
        assert "halted: an operator did" in reasons(url)


def reasons(url: str) -> list[str]:
    return list(httpx2.get(f"{url}/health/ready").json()["reasons"])


def test_who_does_not_publish_is_not_ready_while_nobody_signs(
    database: Database, home: Home, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A halt may be written in another home, on another host."""
    monkeypatch.setattr(watch, "UNSIGNED_MAX", timedelta(0))
    settings = settings_for(database, home.path)
    with running(settings, publishes=False) as node, serving(node) as url:
        unsigned = lambda: [each for each in reasons(url) if each.startswith("unsigned: ")]  # noqa: E731
        assert [] == unsigned()
        append(node, world.registration(INSTITUTE))
        await_(unsigned)
        assert unsigned()[0].startswith("unsigned: entry 1, since 20")
        with running(settings):
            await_(lambda: not unsigned())


def test_a_second_publisher_of_one_store_does_not_start(database: Database, home: Home):
    with running(settings_for(database, home.path)):
        second = open_node(settings_for(database, home.path))
        with pytest.raises(InUse, match="stop it first"):
            second.start()
        second.close()


def test_a_swap_against_another_note_than_was_read_is_refused(home: Home):
    file = CheckpointFile(home.checkpoints)
    note = file.read()
    file.swap(note, b"second")
    with pytest.raises(Swapped):
        file.swap(note, b"third")
    assert b"second" == file.read()


def test_a_process_without_the_log_keys_answers_from_the_publishers_rows(
    database: Database, home: Home, world: World
):
    """A follower waits for the checkpoint rows of the one publisher."""
    with (
        running(settings_for(database, home.path)) as publisher,
        running(settings_for(database, home.path), publishes=False) as follower,
    ):
        (outcome,) = append(follower, world.registration(RIVAL))
        checkpoint = follower.feed.covering(outcome.position).result(TIMEOUT_S)
        assert checkpoint.note == checkpoint_at(publisher.pool, checkpoint.size).note


def test_the_first_checkpoint_above_a_position_is_the_same_for_ever(
    database: Database, home: Home, world: World
):
    with running(settings_for(database, home.path)) as node:
        publish(node, world.registration(INSTITUTE))
        first = node.feed.covering(1).result(TIMEOUT_S)
        publish(node, world.registration(FIRM))
        assert first == node.feed.covering(1).result(TIMEOUT_S)
    with running(settings_for(database, home.path)) as node:
        assert first == node.feed.covering(1).result(TIMEOUT_S)


@pytest.mark.parametrize(
    ("where", "case"),
    [
        ("swap", (OSError(errno.ENOSPC, "No space\nleft", "/a/path"), Fault.PASSES)),
        ("swap", (OSError(errno.EMFILE, "Too many"), Fault.PASSES)),
        ("sign", (MemoryError(), Fault.PASSES)),
        ("insert", (Unavailable("server closed the connection\n"), Fault.PASSES)),
        ("swap", (PermissionError(errno.EACCES, "Denied", "/a/path"), Fault.OPERATOR)),
        ("insert", (AssertionError("nobody thought of it"), Fault.OPERATOR)),
        ("sign", (AssertionError("nobody thought of it"), Fault.OPERATOR)),
    ],
)
def test_what_is_no_contradiction_never_halts_and_what_is_committed_is_signed_later(
    database: Database,
    home: Home,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
    case: tuple[Exception, Fault],
):
    raised, fault = case
    with running(settings_for(database, home.path)) as node:
        loop, failing = node.publisher.loop, [True]

        def broken(whole, *arguments):
            if failing:
                raise raised
            return whole(*arguments)

        match where:
            case "sign":
                monkeypatch.setattr(
                    node.publisher.signer, "sign", partial(broken, node.publisher.signer.sign)
                )
            case "swap":
                monkeypatch.setattr(node.file, "_write", partial(broken, node.file._write))
            case "insert":
                name = "ledger.publish.publisher.insert_checkpoint"
                monkeypatch.setattr(name, partial(broken, insert_checkpoint))
        (outcome,) = append(node, world.registration(INSTITUTE))
        pending = node.feed.covering(outcome.position)
        await_(lambda: loop.error is raised)
        assert fault is fault_of(loop.error)
        assert not pending.done()
        assert 1 == len(node.supervisor.troubles())
        assert "\n" not in node.supervisor.troubles()[0]
        assert "/a/path" not in node.supervisor.troubles()[0]
        failing.clear()
        assert 2 == pending.result(TIMEOUT_S).size
        await_(lambda: node.supervisor.troubles() == [])
        assert node.halted is None
        assert not (home.checkpoints / "HALTED").exists()


def test_a_flush_that_failed_after_the_write_is_done_again_with_the_same_note(
    database: Database, home: Home, world: World, monkeypatch: pytest.MonkeyPatch
):
    """The file has the new note, whether durably nobody knows: it is written again, verbatim."""
    with running(settings_for(database, home.path)) as node:
        append(node, world.registration(INSTITUTE))
        node.feed.covering(1).result(TIMEOUT_S)
        flush, notes = os.fdatasync, []

        def fail_twice(descriptor: int) -> None:
            notes.append(node.file.read())
            if len(notes) < 3:
                raise OSError(errno.EIO, "Input/output error")
            flush(descriptor)

        monkeypatch.setattr(os, "fdatasync", fail_twice)
        (outcome,) = append(node, world.registration(FIRM))
        told = node.feed.covering(outcome.position).result(TIMEOUT_S)
        assert {told.note} == set(notes)
        assert told.note == checkpoint_at(node.pool, told.size).note


def test_a_signature_over_something_else_halts_and_nothing_is_told(
    database: Database, home: Home, world: World, monkeypatch: pytest.MonkeyPatch
):
    with running(settings_for(database, home.path)) as node:
        signer = node.publisher.signer
        other = partial(sign_checkpoint, Checkpoint(world.origin, 2, bytes(32)))
        monkeypatch.setattr(
            "ledger.publish.publisher.sign_checkpoint", lambda _checkpoint, *rest: other(*rest)
        )
        (outcome,) = append(node, world.registration(INSTITUTE))
        with pytest.raises(Halted, match="our own signature"):
            node.feed.covering(outcome.position).result(TIMEOUT_S)
        assert signer.vkeys
        assert 1 == latest_checkpoint(node.pool).size
        node.publisher.loop._thread.join(TIMEOUT_S)
    assert (home.checkpoints / "HALTED").exists()


def test_a_halt_that_cannot_be_written_down_is_told_and_written_later(
    database: Database, home: Home, world: World, monkeypatch: pytest.MonkeyPatch
):
    with running(settings_for(database, home.path), publishes=False) as node:
        append(node, world.registration(INSTITUTE))
    as_owner(database, "UPDATE ledger.entries SET leaf_hash = sha256('a') WHERE position = 1")
    full = [True]

    def write(path: Path, content: bytes, whole=durable.replace) -> None:
        if full:
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(path, content)

    monkeypatch.setattr(durable, "replace", write)
    with running(settings_for(database, home.path)) as node:
        with pytest.raises(Halted):
            node.feed.covering(1).result(TIMEOUT_S)
        assert node.halted
        assert not (home.checkpoints / "HALTED").exists()
        full.clear()
        await_((home.checkpoints / "HALTED").exists)


def test_a_checkpoint_file_that_has_gone_halts(database: Database, home: Home, world: World):
    with running(settings_for(database, home.path)) as node:
        (home.checkpoints / "last-signed").unlink()
        append(node, world.registration(INSTITUTE))
        with pytest.raises(Halted, match="the stored checkpoint has gone"):
            node.feed.covering(1).result(TIMEOUT_S)


@pytest.mark.parametrize(
    "reason",
    ["disk full\nDETAIL:  \u202e x", "two\r\nlines", "", "x" * 5000, "\ud800", "e\u0301"],
)
def test_a_halt_of_any_reason_is_resumed(
    database: Database, home: Home, reason: str, monkeypatch: pytest.MonkeyPatch
):
    """Also one that an older version wrote, line feeds and all."""
    written = reason.encode("utf-8", "surrogatepass") + b"\n"
    (home.checkpoints / "HALTED").write_bytes(written)
    settings = settings_for(database, home.path)
    monkeypatch.setattr("api.cli.operate.Settings", lambda: settings)
    resume("it was looked at")
    assert not (home.checkpoints / "HALTED").exists()
    with running(settings) as node:
        node.feed.covering(1).result(TIMEOUT_S)


def await_(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_a_halt_names_its_first_reason(home: Home):
    file = CheckpointFile(home.checkpoints)
    file.halt("first")
    file.halt("second")
    with pytest.raises(Halted, match="first"):
        file.check_not_halted()
