"""
The projections' process.

A read model that cannot fold an entry halts by itself and stays halted. A process that ends is
another matter: it was killed, or hit a bug that may pass; then another one takes its place.
"""

import threading
from pathlib import Path

from api.cli.keeper import Keeper
from api.cli.logs import configure_logs
from ledger.events.lawbook import LawSets
from ledger.home.batches import BatchKey
from projections.run.process import run_projections


def projector(app_dsn: str, law: Path, log_level: str, key: BatchKey) -> Keeper:
    """Return what keeps a process that folds the log into the read models.

    `law` is the directory of the sets of law data beside the shipped one.
    """
    return Keeper("projections", _project, app_dsn, law, log_level, key)


def _project(app_dsn: str, law: Path, log_level: str, key: BatchKey) -> None:
    configure_logs(log_level)
    stop = threading.Event()  # A signal stops it: nothing to share, or to leak.
    run_projections(app_dsn, LawSets(law), stop, key)
