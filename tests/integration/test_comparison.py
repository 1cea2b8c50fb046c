"""A table that says something else than the log: found, with the first event that differs."""

from collections.abc import Iterator
from unittest.mock import Mock

import pytest
from typer.testing import CliRunner

from api.cli import operate
from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.engine.digest import stored_digest
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from projections.run.comparison import (
    BY_NAME,
    TooLong,
    UnknownProjection,
    difference,
    folded_models,
    model_named,
    replay_digest,
)
from projections.run.rebuild import rebuild
from tests.support import builders as b
from tests.support.logbook import NOON, append_all, written_again
from tests.support.postgres import fresh_database
from tests.support.projecting import logged

STORY = (
    b.right_filed(),
    b.other_right_filed(),
    b.right_granted(),
    b.contract_concluded(),
    b.share_agreed(),
    b.right_lapsed(),
    b.right_restored(),
    b.offer_made(),
    b.offer_rejected(),
)
SIZE = len(STORY) + 1


@pytest.fixture
def pool(postgres_server) -> Iterator[Pool]:
    with fresh_database(postgres_server) as database:
        pool = Pool(database.app_dsn, size=4)
        rebuild(pool, READ_MODELS, decode)
        append_all(pool, written_again(logged(*STORY)), NOON, batch=1)
        Runner(pool, READ_MODELS, decode).catch_up()
        yield pool
        pool.close()


def change(pool: Pool, statement: str) -> None:
    with pool.session() as session:
        session.execute(statement)


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_faithful_table_differs_nowhere(pool, name):
    found = difference(pool, model_named(name))
    assert (None, 0, ()) == (found.first, found.count, found.rows)
    assert (found.stored, SIZE) == (found.replayed, found.size)
    assert stored_digest(pool, BY_NAME[name]) == found.stored


@pytest.mark.parametrize("edit", ["SELECT", "UPDATE read.status SET reason = 'another'"])
def test_the_command_says_who_holds_indexes_to_their_tables(pool, monkeypatch, edit):
    change(pool, edit)
    monkeypatch.setattr(operate, "open_database", Mock())
    monkeypatch.setattr(operate, "Pool", lambda *_, **__: pool)
    done = CliRunner().invoke(operate.app, ["compare", "status"])
    assert (edit != "SELECT") == done.exit_code
    assert "no index was held to its table: techledger operate fsck" in done.output


def test_an_edited_row_is_found_with_its_event(pool):
    change(pool, "UPDATE read.status SET reason = 'another' WHERE reason IS NOT NULL")
    found = difference(pool, model_named("status"))
    assert found.stored != found.replayed
    assert 6 == found.first
    assert found.positions[0] == found.first


def test_a_missing_and_an_added_row_are_found(pool):
    change(pool, "DELETE FROM read.timeline WHERE position = 4")
    change(pool, "INSERT INTO read.timeline VALUES ('right:none', 3)")
    found = difference(pool, model_named("timeline"))
    assert 3 == found.first
    assert ("right:none", 3) == found.rows[0].stored
    assert found.rows[0].replayed is None
    assert all(row.stored is None for row in found.rows[1:])


def test_a_row_with_another_position_names_the_earlier_one(pool):
    change(pool, "UPDATE read.offers SET closed_position = 3")
    assert 3 == difference(pool, model_named("offers")).first


def test_a_replay_has_the_digest_of_the_table(pool):
    title = model_named("title")
    assert stored_digest(pool, title) == replay_digest(pool, title, SIZE).digest
    assert stored_digest(pool, title) != replay_digest(pool, title, 2).digest


def test_a_request_replays_so_much_and_no_more(pool):
    with pytest.raises(TooLong):
        difference(pool, model_named("title"), limit=SIZE - 1)
    assert None is difference(pool, model_named("title"), limit=SIZE).first


def test_only_read_models_are_compared(pool):
    with pytest.raises(UnknownProjection):
        model_named("entries")
    assert SIZE == folded_models(pool).size
