"""A ledger with names to be found, folded into read models that are asked."""

from collections.abc import Iterable
from typing import Any

from ledger.domain.core.body import Body
from ledger.store.connection import Pool
from projections.engine.decoding import decode
from projections.engine.runner import Runner
from projections.questions.search import Found, search
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import rebuild
from tests.support.logbook import NOON, append_all, written_again
from tests.support.projecting import logged
from tests.support.reading import reading


def tell(pool: Pool, events: Iterable[Body]) -> None:
    """Record admissible events, and fold them."""
    rebuild(pool, READ_MODELS, decode)
    append_all(pool, written_again(logged(*events)), NOON, batch=1)
    Runner(pool, READ_MODELS, decode).catch_up()


def find(pool: Pool, q: str, known_at: int | None = None, **asked: Any) -> Found:
    """Return what is found by a text."""
    return search(reading(pool, known_at=known_at), q, **asked)
