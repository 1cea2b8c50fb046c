"""
An evidence bundle to ask: what it shows of a log, verified, folded in a database of one's own.

Its entries are folded with the gaps that are between them, into the read models of a server, and
the same questions are put to these. What they need is noted (`shown_rows`): where that is not all
shown, there is no answer. It is as of the entries below the bundle's seal, up to which its
histories are whole.
"""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from ledger.court import Verified
from ledger.domain.core.dated_law import Law
from ledger.follow.checked import CopyState
from ledger.log.encoding import write_base64
from ledger.log.evidence_bundle import parse_evidence
from ledger.runtime import durable
from ledger.store.connection import Pool
from ledger.store.readmodels import create_table, write_batch
from ledger.verify.evidence_check import is_demonstration, show
from projections.engine.decoding import decode
from projections.engine.digest import Digest
from projections.engine.row_cache import Touched
from projections.engine.worker import Limits, Worker
from projections.run.own_copy import OwnCopy, alone, database_in
from projections.run.shown_rows import Shown


@contextmanager
def own_bundle(
    raw: bytes, trust_root: bytes, beside: Path, laws: Mapping[str, Law]
) -> Iterator[tuple[OwnCopy, Shown]]:
    """Lend a bundle to ask, folded in the directory `beside`, one at a time; and what it shows.

    Raises `Refused` for one that does not verify.
    """
    found = show(raw, trust_root)
    shown = shown_by(found, raw)
    durable.make_directories(beside, 0o755)  # The database's server may run as another user.
    with alone(beside), database_in(beside / "database", found.trust.origin) as server:
        with closing(Pool(server.app_dsn, size=2)) as pool:
            fold(pool, shown)
        named = "techledger ask"
        with closing(Pool(server.app_dsn, application_name=named, watch=shown.see)) as watched:
            yield OwnCopy(watched, laws, shown.size, _state(found)), shown


def shown_by(found: Verified, raw: bytes) -> Shown:
    """Return what a verified bundle shows below its seal; nothing where it has none."""
    whole = [subject for subject, _ in found.histories]
    entries = [decode(each.raw, each.position) for each in parse_evidence(raw).entries]
    return Shown(found.trust.origin, found.sealed, whole, entries)


def fold(pool: Pool, shown: Shown) -> None:
    """Make the read models again, of what is shown."""
    workers = []
    for model in shown.models:
        nothing = Digest(model).state, None
        progress = create_table(pool, model.table, model.version, nothing, keyed=True)
        workers.append(Worker(model, model.table, progress, Limits()))
    touched = Touched(workers)
    for _, logged in sorted(shown.entries.items()):
        for worker in touched[type(logged.event.body)]:
            worker.fold(logged)
    for worker in workers:
        worker.reach(shown.size)
    write_batch(pool, [write for worker in workers if (write := worker.write()) is not None])


def _state(found: Verified) -> CopyState:
    root, unchecked = write_base64(found.root), len(found.unchecked)
    return CopyState(
        found.trust.origin, found.size, root, "", unchecked, bool(is_demonstration(found))
    )
