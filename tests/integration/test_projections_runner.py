"""The runner against a real database: batches, crashes, rivals, events that cannot be folded."""

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger.domain.core.event import Logged
from ledger.domain.market.offer import OfferRejected
from ledger.store import readmodels
from ledger.store.checkpoints import StoredCheckpoint, insert_checkpoint
from ledger.store.connection import Pool
from ledger.store.entries import read_entries
from ledger.store.frames import read_frames
from ledger.store.readmodels import Fenced, read_progress
from projections.engine import runner as runners
from projections.engine.decoding import decode
from projections.engine.digest import replay, stored_digest
from projections.engine.projection import Journal, On, Projection, ReadModel
from projections.engine.runner import Gap, NotBuilt, Runner
from projections.engine.worker import Limits
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.offers import offers
from projections.tables.timeline import timeline
from projections.tables.title_events import title
from tests.support.histories import random_history
from tests.support.logbook import put
from tests.support.postgres import fresh_database, run_sql

HISTORY = random_history(Random(7), 120)


def digests(pool: Pool, models: tuple[ReadModel, ...] = READ_MODELS) -> dict[str, str]:
    return {model.name: stored_digest(pool, model) for model in models}


def sizes(pool: Pool) -> set[int]:
    return {progress.size for progress in read_progress(pool).values()}


def built(pool: Pool, models: tuple[ReadModel, ...] = READ_MODELS) -> None:
    """Make the tables while the log is still empty."""
    rebuild(pool, models, decode)


def test_tables_and_memory_have_the_same_digests(pool):
    built(pool)
    events = put(pool, HISTORY)
    Runner(pool, READ_MODELS, decode).catch_up()
    assert replay(events, READ_MODELS) == digests(pool)
    assert {len(events)} == sizes(pool)


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    seed=st.integers(0, 2**32),
    cuts=st.lists(st.integers(1, 9), min_size=1),
    keys=st.integers(1, 4),
)
def test_batches_cut_anywhere_give_the_same_digests(postgres_server, seed, cuts, keys):
    """So few keys fit into memory that rows are loaded again and again."""
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=2)
        built(pool)
        events = put(pool, random_history(Random(seed), 40))
        start = 0
        while start < len(events):
            runner = Runner(pool, READ_MODELS, decode, limits=Limits(batch=3, keys=keys))
            for cut in cuts:
                start += cut
                runner.catch_up(start)
        assert replay(events, READ_MODELS) == digests(pool)
        pool.close()


def test_a_runner_that_comes_back_goes_on_where_the_tables_are(pool):
    built(pool)
    events = put(pool, HISTORY)
    for size in (1, 50, 51, len(events)):
        Runner(pool, READ_MODELS, decode, limits=Limits(batch=10)).catch_up(size)
        assert {size} == sizes(pool)
    assert replay(events, READ_MODELS) == digests(pool)


def test_a_commit_that_fails_leaves_nothing_behind(pool, monkeypatch):
    """The last table's rows cannot be written; by then all the others' are, and they go too."""
    built(pool)
    put(pool, HISTORY)
    Runner(pool, READ_MODELS, decode).catch_up(60)
    before = digests(pool)
    runner = Runner(pool, READ_MODELS, decode)
    monkeypatch.setattr(runners, "write_batch", spoiling_the_last)
    assert runner.step(), "what it holds is to be folded again, one by one"
    assert before == digests(pool)
    assert {60} == sizes(pool)
    monkeypatch.undo()
    runner.catch_up()
    assert {len(HISTORY)} == sizes(pool)


def spoiling_the_last(pool: Pool, writes: list[readmodels.Write]) -> None:
    *others, last = writes
    assert last.added, "the last table gets rows"
    spoilt = [("a text with a\nline feed", *row[1:]) for row in last.added]
    readmodels.write_batch(pool, [*others, replace(last, added=spoilt)])


def test_of_two_runners_one_is_fenced_off_and_goes_on(pool):
    built(pool)
    events = put(pool, HISTORY)
    one, other = (Runner(pool, READ_MODELS, decode, limits=Limits(batch=20)) for _ in range(2))
    one.step()
    other.step()
    other.step()
    assert {60} == sizes(pool)
    assert one.step(), "its batch was dropped, and it looks again"
    assert {60} == sizes(pool)
    one.catch_up()
    assert replay(events, READ_MODELS) == digests(pool)


def test_a_stale_write_is_refused_whole(pool):
    built(pool)
    put(pool, HISTORY)
    models = (offers, timeline)
    progress = read_progress(pool)
    Runner(pool, (timeline,), decode).catch_up(5)
    writes = [
        readmodels.Write(model.table, progress[model.name], 3, None, None, (), ())
        for model in models
    ]
    with pytest.raises(Fenced):
        readmodels.write_batch(pool, writes)
    assert 0 == read_progress(pool)["offers"].size


def test_a_write_from_before_a_rebuild_is_refused(pool):
    """The size is the same, but it is another table."""
    built(pool, (timeline,))
    put(pool, HISTORY)
    Runner(pool, (timeline,), decode).catch_up()
    before = read_progress(pool)["timeline"]
    rebuild(pool, (timeline,), decode)
    assert before.size == read_progress(pool)["timeline"].size
    write = readmodels.Write(timeline.table, before, before.size + 1, None, None, (), ())
    with pytest.raises(Fenced):
        readmodels.write_batch(pool, [write])


def test_a_last_commit_that_is_fenced_off_is_made_good(pool, monkeypatch):
    built(pool)
    events = put(pool, HISTORY)
    commits = []

    def fencing_the_first(pool: Pool, writes: list[readmodels.Write]) -> None:
        commits.append(writes)
        if len(commits) == 1:
            raise Fenced("by the test")
        readmodels.write_batch(pool, writes)

    monkeypatch.setattr(runners, "write_batch", fencing_the_first)
    Runner(pool, READ_MODELS, decode).catch_up()
    assert 2 == len(commits)
    assert replay(events, READ_MODELS) == digests(pool)


def test_rows_are_not_loaded_while_they_are_written(pool, monkeypatch):
    """A runner that catches up commits behind itself; here commits are slow and memory is small."""
    built(pool)
    events = put(pool, HISTORY)

    def slowly(pool: Pool, writes: list[readmodels.Write]) -> None:
        time.sleep(0.05)
        readmodels.write_batch(pool, writes)

    monkeypatch.setattr(runners, "write_batch", slowly)
    Runner(pool, READ_MODELS, decode, limits=Limits(batch=8, keys=1)).catch_up()
    assert replay(events, READ_MODELS) == digests(pool)


def test_a_read_model_that_is_ahead_folds_nothing_twice(pool):
    built(pool)
    events = put(pool, HISTORY)
    models = (offers, title, timeline)
    Runner(pool, (timeline, title), decode).catch_up(60)
    Runner(pool, models, decode, limits=Limits(batch=50)).catch_up()
    assert replay(events, models) == digests(pool, models)


def test_runners_at_once_fold_each_entry_once(pool):
    built(pool)
    events = put(pool, HISTORY)

    def work() -> None:
        Runner(pool, READ_MODELS, decode, limits=Limits(batch=4)).catch_up()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert replay(events, READ_MODELS) == digests(pool)
    assert {len(events)} == sizes(pool)


def failing_at(position: int) -> Projection[object]:
    """Return `offers` with a fold that fails at one position."""

    def fail(fold: Callable[..., object]) -> Callable[..., object]:
        def failing(key: str, rows: object, logged: Logged) -> object:
            if logged.position == position:
                raise ZeroDivisionError("a bug")
            return fold(key, rows, logged)

        return failing

    return replace(offers, on={body: On(on.keys, fail(on.fold)) for body, on in offers.on.items()})


def first_rejection(events: list[Logged]) -> int:
    return next(each.position for each in events if isinstance(each.event.body, OfferRejected))


def test_an_event_that_cannot_be_folded_halts_that_read_model_only(pool):
    built(pool)
    events = put(pool, HISTORY)
    poison = first_rejection(events)
    models = (failing_at(poison), timeline)
    Runner(pool, models, decode, limits=Limits(batch=10)).catch_up()
    progress = read_progress(pool)
    assert (poison, "ZeroDivisionError: a bug") == (
        progress["offers"].size,
        progress["offers"].halted,
    )
    assert (len(events), None) == (progress["timeline"].size, progress["timeline"].halted)
    assert replay(events[:poison], (offers,)) == digests(pool, (offers,))


def test_what_halted_goes_on_with_better_code_and_skips_nothing(pool):
    built(pool)
    events = put(pool, HISTORY)
    broken = (failing_at(first_rejection(events)), timeline)
    for _ in range(2):
        Runner(pool, broken, decode).catch_up()
    Runner(pool, (offers, timeline), decode).catch_up()
    assert (len(events), None) == (
        read_progress(pool)["offers"].size,
        read_progress(pool)["offers"].halted,
    )
    assert replay(events, (offers, timeline)) == digests(pool, (offers, timeline))


def test_an_entry_that_cannot_be_decoded_halts_all(pool):
    built(pool)
    put(pool, HISTORY)

    def decode_until_30(entry: bytes, position: int) -> Logged:
        if position == 30:
            raise ValueError("no entry")
        return decode(entry, position)

    Runner(pool, READ_MODELS, decode_until_30, limits=Limits(batch=20)).catch_up()
    assert {(30, "ValueError: no entry")} == {
        (progress.size, progress.halted) for progress in read_progress(pool).values()
    }


def test_entries_that_do_not_follow_one_another_are_never_folded(pool, monkeypatch):
    built(pool)
    put(pool, HISTORY)
    read = runners.read_frames
    monkeypatch.setattr(
        runners, "read_frames", lambda *asked: [frame for frame in read(*asked) if frame[0] != 3]
    )
    with pytest.raises(Gap, match="position 3 was to come, 4 came"):
        Runner(pool, READ_MODELS, decode).step()
    assert {0} == sizes(pool)


def test_a_table_of_another_version_is_not_folded_into(pool):
    built(pool, (timeline,))
    put(pool, HISTORY)
    for model in (replace(timeline, version=2), offers):
        with pytest.raises(NotBuilt):
            Runner(pool, (model,), decode).step()


def test_rows_twice_at_one_place_halt_the_journal(pool):
    """Two rows of one identity are the read model's fault; the database never sees them."""
    twice = replace(timeline, emit=lambda logged: [*timeline.emit(logged), *timeline.emit(logged)])
    built(pool, (timeline,))
    put(pool, HISTORY)
    Runner(pool, (twice,), decode).catch_up()
    assert (0, True) == (
        read_progress(pool)["timeline"].size,
        str(read_progress(pool)["timeline"].halted).startswith("TwinRows"),
    )


def test_a_runner_follows_until_it_is_told_to_stop(pool):
    built(pool)
    stop, looked = threading.Event(), threading.Event()
    runner = Runner(pool, READ_MODELS, decode)
    thread = threading.Thread(
        target=runner.run, args=(stop, lambda: (looked.set(), stop.wait(0.01)))
    )
    thread.start()
    assert looked.wait(10)
    events = put(pool, HISTORY)
    # Nothing is folded that is not signed.
    root, now = bytes(32), datetime.now(UTC)
    insert_checkpoint(pool, StoredCheckpoint(len(events), root, b"a note", now))
    while sizes(pool) != {len(events)}:
        stop.wait(0.01)
    stop.set()
    thread.join()
    assert replay(events, READ_MODELS) == digests(pool)


def test_frames_are_the_entries_of_the_log(pool):
    put(pool, HISTORY)
    for start, stop, limit in ((0, None, 1000), (3, 50, 1000), (3, 50, 7), (115, None, 10)):
        entries = read_entries(pool, start, stop, limit)
        assert [(entry.position, entry.entry) for entry in entries] == read_frames(
            pool, start, stop, limit
        )
    assert [] == read_frames(pool, len(HISTORY), None, 10)


def test_the_application_may_do_all_this_and_no_more(database):
    """The role that folds may make and drop tables of `read`, and nothing else."""
    owned = run_sql(
        database.superuser_dsn,
        "SELECT nspname FROM pg_namespace"
        " WHERE has_schema_privilege('ledger_app', oid, 'CREATE') AND nspname !~ '^pg_'",
    )
    assert [("read",)] == owned


def test_text_of_any_kind_comes_back_as_it_was(pool):
    """Backslashes, quotes, braces, the empty text, NULL and its spelling: all are plain text."""
    texts = ("", "\\", "\\N", 'a "quoted" word', "{a,b}", "NULL", "tiếng Việt", "a, b", "\\x1e")
    model = Journal("texts", 1, timeline.row, lambda _logged: [])
    table = replace(
        model.table,
        columns=(
            readmodels.Column("subject", "text", optional=True),
            readmodels.Column("position", "bigint", optional=False),
            readmodels.Column("several", "text[]", optional=False),
        ),
    )
    progress = readmodels.create_table(pool, table, 1, (b"", None), keyed=False)
    rows = [
        *((text, n, texts[:n]) for n, text in enumerate(texts)),
        (None, len(texts), ()),
    ]
    readmodels.write_batch(pool, [readmodels.Write(table, progress, 1, None, None, (), rows)])
    assert [rows] == list(readmodels.scan(pool, table, ("position",)))
