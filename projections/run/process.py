"""
The projections' process: keeps every read model up to date, in a process of its own.

Folding is CPU-bound; beside the sequencer's thread it would slow each receipt down. Where the code
has a newer version of a read model, that one is rebuilt first, beside the table in use.
"""

import multiprocessing
import os
import signal
import threading
from collections.abc import Mapping
from functools import partial
from multiprocessing.connection import wait
from multiprocessing.synchronize import Event

import structlog

from ledger.domain.core.dated_law import Law
from ledger.events.vintage import Vintage
from ledger.home.batches import BatchKey
from ledger.store.checkpoints import published_size
from ledger.store.connection import Pool, Unavailable
from ledger.store.hint import CHECKPOINT_CHANNEL
from ledger.store.readmodels import Rebuilding
from ledger.store.subscription import POLL_S, Listener
from projections.engine.decoding import decode
from projections.engine.projection import ReadModel
from projections.engine.runner import NotBuilt, Runner
from projections.run.catalogue import READ_MODELS
from projections.run.rebuild import Doubts, Halted, outdated, rebuild

_log = structlog.get_logger(__name__)

AnyEvent = threading.Event | Event
"""Set by a thread of this process, or by another process."""


def run_projections(
    app_dsn: str, laws: Mapping[str, Law], stop: AnyEvent, key: BatchKey | None = None
) -> None:
    """Fold the log into all read models until `stop` is set or the parent process ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # The parent says when to stop.
    threading.Thread(target=die_with_parent, daemon=True).start()
    pool = Pool(app_dsn, size=3, application_name="techledger projections")
    vintage = Vintage(pool, laws)
    listener = Listener(pool, CHECKPOINT_CHANNEL)
    while not stop.is_set():
        _follow(pool, vintage, stop, listener, key)
    listener.close()
    pool.close()


def _follow(
    pool: Pool, vintage: Vintage, stop: AnyEvent, listener: Listener, key: BatchKey | None
) -> None:
    """Build and follow the read models, until one of them has to be made again."""
    models = _brought_up(pool, vintage, stop, key)
    doubts = Doubts(pool, models, key)

    def check() -> None:
        vintage.check()
        doubts.check()

    listener.listen()
    try:
        Runner(pool, models, decode, check=check, key=key).run(stop, lambda: _wait(listener))
    except NotBuilt as error:
        _log.error("read_models_made_anew", why=str(error))


def _brought_up(
    pool: Pool, vintage: Vintage, stop: AnyEvent, key: BatchKey | None = None
) -> tuple[ReadModel, ...]:
    """Build what is missing, or not of this version; return the read models that can be followed.

    A database that restarts and a rebuild by somebody else are waited for. A read model that
    cannot be built is left out: to try again would replay the whole log for nothing.
    """
    while not stop.is_set():
        try:
            vintage.check()
            unfit, until = outdated(pool, READ_MODELS, key), partial(published_size, pool)
            rebuild(pool, unfit, decode, until=until, key=key)
        except (Unavailable, Rebuilding) as error:
            _log.warning("read_models_wait", why=str(error))
            stop.wait(1.0)
        except Halted as error:
            _log.error("read_models_not_built", why=error.halted)
            return tuple(model for model in READ_MODELS if model.name not in error.halted)
        else:
            return READ_MODELS
    return ()


def _wait(listener: Listener) -> None:
    """Wait for a hint that a checkpoint was signed, or until it is time to look without one."""
    listener.listen()
    listener.wait(POLL_S)


def die_with_parent() -> None:
    """End this process once its parent has ended; it does not return."""
    parent = multiprocessing.parent_process()
    assert parent is not None, "this runs in a child process"
    wait([parent.sentinel])
    os._exit(1)
