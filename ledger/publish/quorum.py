"""
Which checkpoints a quorum of witnesses has cosigned, and who waits for one.

A receipt is graded: `logged`, under a checkpoint that the log signed; `witnessed`, under one that
the policy's quorum of the State, institutes and firms has cosigned as well; `degraded`, under one
that a fallback policy asks less for, while a whole group is silent: never unless it is asked for by
that name. Nothing that is appended waits for a witness; only who asks for another grade does.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from ledger.log.note import Note, format_note, parse_note
from ledger.log.policy import QUORUM_NONE_POLICY, MalformedPolicy, Policy, parse_policy
from ledger.runtime.faults import NeedsOperator
from ledger.runtime.pending import Pending
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.connection import Pool
from ledger.store.cosignatures import Cosignature, cosigned_checkpoints
from ledger.wire.regular import OddFile, read_regular


class BadPolicy(NeedsOperator):
    """The file of the trust policy is not there, or cannot be read."""

    exit_code = 2


def read_policy(path: Path) -> Policy:
    """Return the policy in a file. Raises `BadPolicy`."""
    try:
        return parse_policy(read_regular(path))
    except FileNotFoundError:
        raise BadPolicy(f"{path} is not there") from None
    except OddFile as error:
        raise BadPolicy(error.told) from None
    except MalformedPolicy as error:
        raise BadPolicy(f"{path}: {error}") from error


class Quorum:
    """The witnesses of a policy, by their keys, and how many of them are enough."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._names = {
            (each.verifier.name, each.verifier.key_id): each.name for each in policy.witnesses
        }

    @property
    def asked(self) -> bool:
        """Whether the policy asks for any witness at all."""
        return self.policy.quorum is not None

    def met(self, cosignatures: Iterable[Cosignature]) -> bool:
        """Say whether these, whose signatures hold, are enough; never so where none is asked."""
        found = (self._names.get((each.name, each.key_id)) for each in cosignatures)
        return self.asked and self.policy.satisfied(name for name in found if name is not None)

    def cosigners(self, note: bytes) -> frozenset[str]:
        """Return the witnesses of the policy whose lines stand below a stored checkpoint."""
        lines = ((each.name, each.key_id) for each in parse_note(note).signatures)
        return frozenset(self._names[line] for line in lines if line in self._names)

    def latest(self, pool: Pool, above: int = -1) -> StoredCheckpoint | None:
        """Return the largest stored checkpoint above a size that a quorum cosigned, or None."""
        if not self.asked:
            return None
        for checkpoint, cosignatures in cosigned_checkpoints(pool, above):
            if self.met(cosignatures):
                return cosigned(checkpoint, cosignatures)
        return None


NONE_ASKED = Quorum(parse_policy(QUORUM_NONE_POLICY))
"""The quorum of a log without witnesses."""


def cosigned(checkpoint: StoredCheckpoint, cosignatures: Sequence[Cosignature]) -> StoredCheckpoint:
    """Return a checkpoint with the witnesses' lines below those of the log."""
    lines = "".join(each.line for each in cosignatures)
    return replace(checkpoint, note=checkpoint.note + lines.encode())


def freshened(
    cosigned: StoredCheckpoint | None, newest: StoredCheckpoint | None
) -> StoredCheckpoint | None:
    """Return a cosigned checkpoint under the log's newest lines, where these are of its size.

    The newest alone where nothing is cosigned.
    """
    if cosigned is None or newest is None or cosigned.size != newest.size:
        return cosigned or newest
    note, fresh = parse_note(cosigned.note), parse_note(newest.note)
    by_log = {(each.name, each.key_id) for each in fresh.signatures}
    others = [each for each in note.signatures if (each.name, each.key_id) not in by_log]
    return replace(newest, note=format_note(Note(note.text, (*fresh.signatures, *others))))


Grade = Literal["logged", "witnessed", "degraded"]
"""Signed by the log alone; cosigned as its policy asks; cosigned as a fallback policy asks."""


class WitnessedFeed:
    """The latest checkpoint that a quorum has cosigned, and who waits for it. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[tuple[int, Pending[StoredCheckpoint]]] = []
        self.latest: StoredCheckpoint | None = None

    def tell(self, checkpoint: StoredCheckpoint) -> None:
        """Take in a checkpoint, its cosignatures in its note; the same size again is fresher."""
        with self._lock:
            if self.latest is not None and checkpoint.size < self.latest.size:
                return
            self.latest = checkpoint
            covered = [each for position, each in self._waiting if position < checkpoint.size]
            self._waiting = [item for item in self._waiting if item[0] >= checkpoint.size]
        for each in covered:
            each.give(checkpoint)

    def covering(self, position: int) -> Pending[StoredCheckpoint]:
        """Return the latest checkpoint over `position`, as soon as there is one."""
        pending = Pending[StoredCheckpoint]()
        with self._lock:
            self._waiting = [item for item in self._waiting if not item[1].left]
            if self.latest is None or self.latest.size <= position:
                self._waiting.append((position, pending))
                return pending
            found = self.latest
        pending.give(found)
        return pending


@dataclass(frozen=True, slots=True)
class Standard:
    """What one grade asks for, and who hears of the checkpoints that reached it."""

    quorum: Quorum
    feed: WitnessedFeed = field(default_factory=WitnessedFeed)

    def judge(self, checkpoint: StoredCheckpoint, known: Sequence[Cosignature]) -> None:
        """Tell of a checkpoint if these cosignatures of it are enough."""
        if self.quorum.met(known):
            self.feed.tell(cosigned(checkpoint, known))

    def look(self, pool: Pool) -> None:
        """Tell of the newest stored checkpoint that has enough, if it is newer than the last."""
        latest = self.feed.latest
        if newer := self.quorum.latest(pool, latest.size if latest else -1):
            self.feed.tell(newer)
