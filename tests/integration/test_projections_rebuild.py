"""The rebuild against a real database: beside the live tables, then in their place."""

import threading
import time
from dataclasses import replace
from random import Random

import pytest

from ledger.domain.core.event import Logged
from ledger.store import readmodels
from ledger.store.connection import Pool
from ledger.store.readmodels import Rebuilding, only_rebuild, read_progress, swap_tables
from projections.engine.decoding import decode
from projections.engine.digest import replay, stored_digest
from projections.engine.projection import ReadModel
from projections.engine.runner import Runner
from projections.engine.view import NotFolded
from projections.engine.worker import Limits
from projections.questions.histories import timeline_of
from projections.run import rebuild as rebuilding
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import Halted, next_name, outdated, rebuild, rebuild_all
from projections.tables.offers import offers
from projections.tables.timeline import EventRow, events, timeline
from projections.tables.title_events import title
from tests.support.builders import OPERATOR
from tests.support.histories import random_history
from tests.support.logbook import NOON, append_all, put, written_again
from tests.support.postgres import run_sql
from tests.support.reading import reading

HISTORY = random_history(Random(11), 100)


def digests(pool: Pool, models: tuple[ReadModel, ...] = READ_MODELS) -> dict[str, str]:
    return {model.name: stored_digest(pool, model) for model in models}


def generation(pool: Pool, name: str) -> int:
    return read_progress(pool)[name].generation


def test_a_rebuild_gives_what_following_gave(pool):
    rebuild(pool, READ_MODELS, decode)
    events = put(pool, HISTORY)
    Runner(pool, READ_MODELS, decode, limits=Limits(batch=9)).catch_up()
    followed = digests(pool)
    rebuild(pool, READ_MODELS, decode)
    assert followed == digests(pool)
    assert replay(events, READ_MODELS) == followed


def test_a_rebuild_mends_tables_that_somebody_changed(pool, database):
    rebuild(pool, READ_MODELS, decode)
    events = put(pool, HISTORY)
    Runner(pool, READ_MODELS, decode).catch_up()
    run_sql(database.app_dsn, "UPDATE read.title SET party = 'party:thief'")
    assert replay(events, READ_MODELS) != digests(pool)
    assert replay(events, READ_MODELS) == rebuild_all(database.app_dsn)


def test_the_new_tables_have_the_keys_and_indexes_of_the_read_model(pool, database):
    rebuild(pool, READ_MODELS, decode)
    rebuild(pool, READ_MODELS, decode)
    for model in READ_MODELS:
        found = run_sql(
            database.app_dsn,
            "SELECT array_agg(a.attname::text ORDER BY k.n) FROM pg_index i"
            " JOIN unnest(i.indkey) WITH ORDINALITY AS k (attnum, n) ON true"
            " JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum"
            " WHERE i.indrelid = %s::regclass GROUP BY i.indexrelid",
            (f"read.{model.name}",),
        )
        assert sorted([model.table.key, *model.table.indexes]) == sorted(
            tuple(columns) for (columns,) in found
        )


def test_nothing_is_left_beside_the_live_tables(pool, database):
    rebuild(pool, READ_MODELS, decode)
    tables = run_sql(
        database.app_dsn, "SELECT relname FROM pg_class WHERE relname ~ '__next' AND relkind = 'r'"
    )
    assert [] == tables
    assert {model.name for model in READ_MODELS} == set(read_progress(pool))


def test_what_another_version_made_is_outdated(pool):
    assert READ_MODELS == outdated(pool, READ_MODELS)
    rebuild(pool, READ_MODELS, decode)
    assert () == outdated(pool, READ_MODELS)
    newer, other_shape = replace(title, version=99), replace(offers, row=timeline.row)
    assert (newer, other_shape) == outdated(pool, (newer, timeline, other_shape))


def test_a_new_version_is_built_beside_the_old_one_and_swapped_in(pool):
    rebuild(pool, (timeline,), decode)
    events = put(pool, HISTORY)
    Runner(pool, (timeline,), decode).catch_up()
    newer = replace(timeline, version=2, emit=lambda each: timeline.emit(each)[:1])
    old_runner = Runner(pool, (timeline,), decode)
    rebuild(pool, (newer,), decode)
    assert replay(events, (newer,)) == digests(pool, (newer,))
    assert not old_runner.step()  # It is left to anyone who has the newer version.
    assert () == outdated(pool, (timeline,))
    assert replay(events, (newer,)) == digests(pool, (newer,))


def test_readers_see_the_old_rows_until_the_swap(pool, monkeypatch):
    """At the last moment before the swap, and at every one before it, the answer is the old one."""
    rebuild(pool, READ_MODELS, decode)
    put(pool, HISTORY)
    Runner(pool, READ_MODELS, decode).catch_up(50)
    before = timeline_of(reading(pool), OPERATOR)
    seen = []

    def look_and_swap(pool: Pool, names: dict[str, str]) -> bool:
        seen.append(timeline_of(reading(pool), OPERATOR))
        return swap_tables(pool, names)

    monkeypatch.setattr(rebuilding, "swap_tables", look_and_swap)
    rebuild(pool, READ_MODELS, decode)
    assert [before] == seen
    assert len(HISTORY) == timeline_of(reading(pool), OPERATOR).size


def test_a_live_runner_goes_on_in_the_new_tables(pool):
    rebuild(pool, READ_MODELS, decode)
    events = put(pool, HISTORY)
    live = Runner(pool, READ_MODELS, decode, limits=Limits(batch=10))
    live.step()
    old = generation(pool, "title")
    rebuild(pool, READ_MODELS, decode)
    assert old != generation(pool, "title")
    append_all(pool, written_later(3), NOON.replace(hour=6))
    live.catch_up()
    assert {len(events) + 3} == {progress.size for progress in read_progress(pool).values()}


def written_later(count: int) -> list:
    """Return more events, with ids of their own, that fit behind any history."""
    more = random_history(Random(5), count)
    return [
        replace(event, event_id=event.event_id.replace("0189", "0190"))
        for event in written_again(more)
    ]


def test_a_table_never_goes_back(pool, monkeypatch):
    """Entries that came and were folded during the rebuild are folded there too before the swap."""
    rebuild(pool, READ_MODELS, decode)
    put(pool, HISTORY)
    live = Runner(pool, READ_MODELS, decode)
    live.catch_up()
    index_table = rebuilding.index_table

    def meanwhile(pool: Pool, table: readmodels.Table, *, keyed: bool) -> None:
        index_table(pool, table, keyed=keyed)
        if table.name == next_name("timeline"):
            append_all(pool, written_later(3), NOON.replace(hour=6))
            live.catch_up()

    monkeypatch.setattr(rebuilding, "index_table", meanwhile)
    rebuild(pool, READ_MODELS, decode)
    assert {len(HISTORY) + 3} == {progress.size for progress in read_progress(pool).values()}


def test_a_long_reader_is_waited_for_and_keeps_its_rows(pool, monkeypatch):
    """To older eyes a new table would be empty; so the swap waits, a second at a time."""
    rebuild(pool, (timeline,), decode)
    put(pool, HISTORY)
    Runner(pool, (timeline,), decode).catch_up()
    reading, tries, found = threading.Event(), [], []

    def read_for_long() -> None:
        with readmodels.snapshot(pool, [timeline.table]) as looked_at:
            reading.set()
            deadline = time.monotonic() + 20
            while len(tries) < 2 and time.monotonic() < deadline:
                time.sleep(0.01)
            found.extend(looked_at.select(timeline.table, "true", {}, "position", None))

    def swap(pool: Pool, names: dict[str, str]) -> bool:
        tries.append(names)
        return swap_tables(pool, names)

    monkeypatch.setattr(rebuilding, "swap_tables", swap)
    thread = threading.Thread(target=read_for_long)
    thread.start()
    reading.wait(10)
    rebuild(pool, (timeline,), decode)
    thread.join()
    assert len(tries) >= 2
    assert sum(len(each.event.subjects) for each in HISTORY) == len(found)


def test_one_rebuild_runs_at_a_time(pool):
    with only_rebuild(pool), pytest.raises(Rebuilding):
        rebuild(pool, READ_MODELS, decode)
    rebuild(pool, READ_MODELS, decode)


def test_what_halts_is_not_swapped_in_and_the_others_are(pool):
    rebuild(pool, (timeline, offers), decode)
    events = put(pool, HISTORY)
    Runner(pool, (timeline, offers), decode).catch_up()
    old = generation(pool, "offers")

    def failing(logged: Logged) -> list:
        if logged.position == 40:
            raise ZeroDivisionError("a bug")
        return timeline.emit(logged)

    with pytest.raises(Halted) as caught:
        rebuild(pool, (replace(timeline, version=2, emit=failing), offers), decode)
    assert {"timeline": "ZeroDivisionError: a bug"} == caught.value.halted
    assert replay(events, (timeline, offers)) == digests(pool, (timeline, offers))
    assert old != generation(pool, "offers")
    rebuild(pool, (timeline,), decode)
    assert replay(events, (timeline,)) == digests(pool, (timeline,))


def test_a_table_of_another_shape_is_not_asked(pool):
    """The code is newer than the table: an answer in the old columns would be no answer."""
    older = replace(timeline, row=EventRow, emit=lambda _logged: [])
    rebuild(pool, (older, events), decode)
    with pytest.raises(NotFolded, match="timeline was made by another version"):
        timeline_of(reading(pool), OPERATOR)


def test_a_question_to_what_is_not_built_is_told_so(pool):
    with pytest.raises(NotFolded):
        timeline_of(reading(pool), OPERATOR)
