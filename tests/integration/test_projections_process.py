"""The projections' own process: it builds, follows, and ends when it is told to."""

import multiprocessing
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

from ledger.domain.core.event import Logged
from ledger.events.lawbook import available_laws
from ledger.events.vintage import Vintage
from ledger.home.batches import BatchKey
from ledger.store.checkpoints import StoredCheckpoint, insert_checkpoint
from ledger.store.readmodels import only_rebuild, read_progress
from ledger.store.subscription import POLL_S
from projections.engine.digest import replay, stored_digest
from projections.run import process
from projections.run.catalogue import READ_MODELS
from projections.run.process import run_projections
from projections.run.rebuild import outdated
from projections.run.waiting import folded_sizes, wait_until_folded
from projections.tables.offers import offers
from projections.tables.timeline import timeline
from tests.support.histories import random_history
from tests.support.logbook import NOON, append_all, put, written_again
from tests.support.postgres import ORIGIN

HISTORY = random_history(Random(13), 60)
LAWS = available_laws()


def test_it_builds_the_tables_and_follows_the_log(pool, database):
    """What is there when it starts, and what comes later."""
    first, later = written_again(HISTORY)[:20], written_again(HISTORY)[20:]
    append_all(pool, first, NOON)
    sign(pool, 20)
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    key = BatchKey(ORIGIN, bytes(32))
    projector = context.Process(target=run_projections, args=(database.app_dsn, LAWS, stop, key))
    projector.start()
    wait_until_built(pool)
    wait_until_folded(pool, 20, 20.0)
    append_all(pool, later, NOON.replace(hour=6))
    sign(pool, len(HISTORY) - 1)
    wait_until_folded(pool, len(HISTORY) - 1, 20.0)
    time.sleep(4 * POLL_S)
    assert {len(HISTORY) - 1} == set(folded_sizes(pool).values()), "what is unsigned waits"
    sign(pool, len(HISTORY))
    wait_until_folded(pool, len(HISTORY), 20.0)
    assert () == outdated(pool, READ_MODELS, key), "what it kept can be sealed"
    stop.set()
    projector.join(20)
    assert 0 == projector.exitcode


def sign(pool, size: int) -> None:
    """Publish the log up to a size, as far as the read models can tell."""
    insert_checkpoint(pool, StoredCheckpoint(size, bytes(32), b"signed", datetime.now(UTC)))


def test_what_is_unsigned_is_not_built_either(pool, monkeypatch):
    put(pool, HISTORY)
    sign(pool, 10)
    monkeypatch.setattr(process, "READ_MODELS", (offers, timeline))
    assert (offers, timeline) == process._brought_up(pool, Vintage(pool, LAWS), threading.Event())
    assert {10} == {folded_sizes(pool)[model.name] for model in (offers, timeline)}


def wait_until_built(pool) -> None:
    deadline = time.monotonic() + 30
    while 0 in folded_sizes(pool).values() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_read_model_that_cannot_be_built_is_left_out(pool, monkeypatch):
    """The others are built and followed; nobody replays the log for it again and again."""

    def failing(_logged: Logged) -> list:
        raise ZeroDivisionError("a bug")

    events = put(pool, HISTORY)
    monkeypatch.setattr(process, "READ_MODELS", (offers, replace(timeline, emit=failing)))
    sign(pool, len(HISTORY))
    assert (offers,) == process._brought_up(pool, Vintage(pool, LAWS), threading.Event())
    assert replay(events, (offers,))["offers"] == stored_digest(pool, offers)


def test_a_rebuild_by_somebody_else_is_waited_for(pool):
    stop, done = threading.Event(), threading.Event()

    def bring_up() -> None:
        process._brought_up(pool, Vintage(pool, LAWS), stop)
        done.set()

    with only_rebuild(pool):
        thread = threading.Thread(target=bring_up)
        thread.start()
        assert not done.wait(0.2)
    assert done.wait(20)
    thread.join()
    assert {model.name for model in READ_MODELS} == set(read_progress(pool))


def test_who_is_told_to_stop_waits_no_longer(pool):
    stop = threading.Event()
    stop.set()
    assert () == process._brought_up(pool, Vintage(pool, LAWS), stop)
