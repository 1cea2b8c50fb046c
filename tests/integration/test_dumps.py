"""A dump of a database whose read models the application makes and makes again."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.store import basebackup
from ledger.store.basebackup import take_dump
from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.postgres import Database


@pytest.fixture
def folded(database: Database) -> Iterator[Pool]:
    pool = Pool(database.app_dsn, size=4)
    rebuild(pool, READ_MODELS, decode)
    yield pool
    pool.close()


def test_a_rebuild_that_begins_beside_a_dump_does_not_break_it(
    folded: Pool, database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The application owns its tables; the owner of the schema may not lock them to read them."""
    listed = basebackup._tables_of_others

    def then_rebuilt(owner_dsn: str) -> list[str]:
        found = listed(owner_dsn)
        with folded.session() as session:
            session.execute("CREATE TABLE read.title__next (LIKE read.title)")
        return found

    monkeypatch.setattr(basebackup, "_tables_of_others", then_rebuilt)
    take_dump(database.owner_dsn, tmp_path)
    assert (tmp_path / basebackup.DUMP).stat().st_size > 0
