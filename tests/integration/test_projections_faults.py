"""An entry at which a read model fails, in whatever step, stops that one there and no other."""

from collections.abc import Callable, Sequence
from random import Random

import pytest

from ledger.domain.core.event import Logged
from ledger.store import readmodels
from ledger.store.connection import Pool, ValueUnfit
from ledger.store.readmodels import Write, read_progress
from projections.engine import runner as runners
from projections.engine.decoding import decode
from projections.engine.digest import Digest, replay, stored_digest
from projections.engine.runner import Runner
from projections.engine.worker import Limits
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from projections.tables.timeline import timeline
from tests.support.histories import random_history
from tests.support.logbook import put

HISTORY = random_history(Random(7), 60)
BAD = 33
Ways = Callable[[pytest.MonkeyPatch], None]


def cannot_be_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def write(pool: Pool, writes: Sequence[Write]) -> None:
        if any(each.table.name == "timeline" and is_bad(each.added) for each in writes):
            raise ValueUnfit("index row requires 12040 bytes, maximum size is 8191\nDETAIL: …")
        readmodels.write_batch(pool, writes)

    monkeypatch.setattr(runners, "write_batch", write)


def cannot_be_digested(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Digest.move

    def move(self: Digest, changes: object) -> None:
        if b'"timeline"' in self._head and is_bad(changes.added):  # type: ignore[attr-defined]
            raise ValueError("Exceeds the limit (4300 digits)\nfor integer string conversion")
        whole(self, changes)  # type: ignore[arg-type]

    monkeypatch.setattr(Digest, "move", move)


def is_bad(rows: Sequence[tuple[object, ...]]) -> bool:
    return any(BAD in row for row in rows)


@pytest.fixture
def events(pool: Pool) -> list[Logged]:
    rebuild(pool, READ_MODELS, decode)
    return put(pool, HISTORY)


@pytest.mark.parametrize("spoil", [cannot_be_written, cannot_be_digested])
@pytest.mark.parametrize("threads", [False, True])
def test_the_others_go_on(
    pool: Pool,
    events: list[Logged],
    monkeypatch: pytest.MonkeyPatch,
    spoil: Ways,
    *,
    threads: bool,
) -> None:
    spoil(monkeypatch)
    runner = Runner(pool, READ_MODELS, decode, limits=Limits(batch=20))
    if threads:
        runner.catch_up()
    else:
        while runner.step():
            pass
    found = read_progress(pool)
    assert found["timeline"].size == BAD
    assert "\n" not in str(found["timeline"].halted)
    others = [model for model in READ_MODELS if model is not timeline]
    assert {(len(events), None)} == {(found[m.name].size, found[m.name].halted) for m in others}
    assert replay(events, others) == {each.name: stored_digest(pool, each) for each in others}
    monkeypatch.undo()
    rebuild(pool, (timeline,), decode)
    assert replay(events, (timeline,))["timeline"] == stored_digest(pool, timeline)


def test_one_that_stands_is_tried_again_by_another_runner_and_goes_on(
    pool: Pool, events: list[Logged], monkeypatch: pytest.MonkeyPatch
) -> None:
    cannot_be_written(monkeypatch)
    for _ in range(2):
        Runner(pool, READ_MODELS, decode, limits=Limits(batch=20)).catch_up()
        assert read_progress(pool)["timeline"].size == BAD
    monkeypatch.undo()
    Runner(pool, READ_MODELS, decode).catch_up()
    assert replay(events, READ_MODELS) == {m.name: stored_digest(pool, m) for m in READ_MODELS}


def test_what_is_no_fault_of_an_entry_is_raised(
    pool: Pool, events: list[Logged], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A right that the application lost: to halt all read models for it would hide it."""
    assert events

    def refuse(*_: object) -> None:
        run_sql_of(pool, "SELECT 1 FROM nothing_of_that_name")

    monkeypatch.setattr(runners, "write_batch", refuse)
    with pytest.raises(Exception, match="nothing_of_that_name"):
        Runner(pool, READ_MODELS, decode).step()
    assert {None} == {each.halted for each in read_progress(pool).values()}


def run_sql_of(pool: Pool, statement: str) -> None:
    with pool.session() as session:
        session.execute(statement)
