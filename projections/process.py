"""
The projections' process: keeps every read model up to date, in a process of its own.

Folding is CPU-bound; beside the sequencer's thread it would slow each receipt down. Where the code
has a newer version of a read model, that one is rebuilt first, beside the table in use.
"""

import multiprocessing
import os
import signal
import threading
from multiprocessing.connection import wait
from multiprocessing.synchronize import Event
from typing import cast

import structlog

from ledger.intake import decode
from ledger.store.connection import Pool, Unavailable
from projections.catalogue import READ_MODELS
from projections.rebuild import outdated, rebuild
from projections.runner import Runner

POLL_S = 0.05
"""How often, in seconds, the log is looked at when nothing was new."""

_log = structlog.get_logger(__name__)


def run_projections(app_dsn: str, stop: Event) -> None:
    """Fold the log into all read models until `stop` is set or the parent process ends."""
    for signalled in (signal.SIGINT, signal.SIGTERM):  # The parent says when to stop.
        signal.signal(signalled, signal.SIG_IGN)
    threading.Thread(target=_die_with_parent, daemon=True).start()
    pool = Pool(app_dsn, size=2, application_name="techledger projections")
    _bring_up(pool, stop)
    runner = Runner(pool, READ_MODELS, decode)
    runner.run(cast(threading.Event, stop), lambda: stop.wait(POLL_S))
    pool.close()


def _bring_up(pool: Pool, stop: Event) -> None:
    """Build what is missing or of another version; a database that restarts is waited for."""
    while not stop.is_set():
        try:
            rebuild(pool, outdated(pool, READ_MODELS), decode)
        except Unavailable as error:
            _log.warning("read_models_wait", why=str(error))
            stop.wait(1.0)
        else:
            return


def _die_with_parent() -> None:
    parent = multiprocessing.parent_process()
    assert parent is not None, "this runs in a child process"
    wait([parent.sentinel])
    os._exit(1)
