"""
The read models of an audit, on disk: their rows take no memory, and another audit goes on.

The file (`ledger.follow.auditfile`) holds no row: of each key the positions of the events that
changed its rows, of each read model what is kept for its digest, and what seals were held to. The
rows of a key are folded again from the log's own bytes when they are asked, by the same folds.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path

import ledger
import projections
from ledger.domain.core.event import Logged
from ledger.follow import auditfile
from ledger.follow.auditfile import AuditFile, CopyEvents, audit_file, noting, software_of
from ledger.log.merkle import leaf_hash
from projections.engine.digest import Replay, Rows
from projections.engine.projection import Projection, ReadModel
from projections.engine.row_cache import Touched
from projections.run.catalogue import READ_MODELS
from projections.run.seal_check import HeldToSeals

KEYS = 5_000
"""Keys of a read model whose rows stay in memory."""

_TABLES = {
    "touched": "model TEXT, key TEXT, position INTEGER, PRIMARY KEY (model, key, position)",
    "states": "model TEXT PRIMARY KEY, state BLOB",
}


@contextmanager
def folding_on(path: Path, copy: CopyEvents) -> Iterator["FoldedOnDisk"]:
    """Lend the read models that earlier audits of a copy folded; note what is folded in the block.

    Raises `Stale`, and `Contradicted` if the copy does not begin with what they saw.
    """
    software = software_of(ledger, projections)
    with (
        audit_file(path, copy, _TABLES, software) as file,
        noting(FoldedOnDisk(file, copy)) as folded,
    ):
        yield folded


class FoldedOnDisk:
    """All read models after the first entries of a copy. For one thread."""

    def __init__(self, file: AuditFile, copy: CopyEvents) -> None:
        self._file, self._copy = file, copy
        taken = file.notes.get("taken", {}).items()
        self.held = HeldToSeals(
            file.notes.get("compared", 0),
            [(position, what) for position, what in file.notes.get("unchecked", [])],
            {int(size): digests for size, digests in taken},
        )
        self._states = dict[str, bytes](file.rows("SELECT model, state FROM states"))
        self._replays = [
            Replay(
                model,
                self._states.get(model.name),
                load=partial(self._rows, model),
                capacity=KEYS,
            )
            for model in READ_MODELS
        ]
        self._touched = Touched(self._replays)

    @property
    def size(self) -> int:
        """How many entries were folded."""
        return self._file.size

    def fold(self, logged: Logged) -> None:
        """Fold in the next event."""
        position = logged.position
        for each in self._touched[type(logged.event.body)]:
            name, changed = each.model.name, dict.fromkeys(each.fold(logged))
            self._file.insert("touched", *((name, key, position) for key in changed))
        self._file.take_in(leaf_hash(self._copy.entry(position)))
        if self.size % auditfile.COMMIT == 0:
            self.note()

    def digests(self) -> Mapping[str, str]:
        """Return the digest of each read model."""
        return {each.model.name: each.result() for each in self._replays}

    def note(self) -> None:
        """Commit what was folded so far."""
        for name, state in self._states.items():
            self._file.delete("states", (name, state), "model = ?", name)
        self._states = {each.model.name: each.state for each in self._replays}
        self._file.insert("states", *self._states.items())
        self._file.notes = asdict(self.held)
        self._file.commit()

    def _rows(self, model: ReadModel, key: str) -> Rows:
        assert isinstance(model, Projection), "a journal never looks back"
        read = "SELECT position FROM touched WHERE model = ? AND key = ? ORDER BY position"
        rows: Rows = ()
        for (position,) in self._file.rows(read, model.name, key):
            logged = self._copy.event(position)
            rows = model.on[type(logged.event.body)].fold(key, rows, logged)
        return rows
