"""A database in which a story is told and folded."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.logbook import NOON, append_all, written_again
from tests.support.postgres import fresh_database
from tests.support.projecting import logged


@contextmanager
def telling(server: EmbeddedPostgres, story: Iterable[Body]) -> Iterator[Pool]:
    """Lend a pool on a database that holds the opening and these events, folded."""
    with fresh_database(server) as database:
        pool = Pool(database.app_dsn, size=4)
        rebuild(pool, READ_MODELS, decode)
        append_all(pool, written_again(logged(*story)), NOON, batch=1)
        Runner(pool, READ_MODELS, decode).catch_up()
        yield pool
        pool.close()
