"""
Feeds the witnesses of a policy with the log's checkpoints (C2SP tlog-witness).

In rounds: one checkpoint, the newest, goes to every witness at once, because a quorum counts on
cosignatures of one size. A witness that does not answer in a second is asked again later, ever
more rarely, and holds up nobody. One that says that a checkpoint of ours does not continue what we
signed before is frozen: either it or we are wrong, and a person must look. Nothing that is
appended waits for any of this.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import groupby
from operator import attrgetter

import httpx2
import structlog

from ledger.log.cosignature import cosignature_time
from ledger.log.encoding import read_decimal
from ledger.log.merkle import LogError
from ledger.log.note import NoteSignature, UnverifiedNote, Verifier, open_note
from ledger.log.policy import Policy
from ledger.log.witness_request import format_add_checkpoint
from ledger.publish.quorum import Standard
from ledger.quoted import quoted
from ledger.runtime.http import fetch, open_client
from ledger.runtime.loops import Loop
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.connection import Pool
from ledger.store.cosignatures import Cosignature, cosignatures_of, insert_cosignatures

TIMEOUT_S = 1.0
"""How long one witness may take to answer, in seconds."""

PAUSE_S = 0.2
"""The least time between two rounds, in seconds: under load one round stands for many commits."""

LOOK_S = 1.0
"""How often, in seconds, to look whether a witness is due, without a hint."""

REFRESH_S = 3300
"""How old a cosignature may grow, in seconds, before it is asked for again: within the hour."""

BACKOFF_S = (0.5, 60.0)
"""The first and the longest pause, in seconds, after a witness did not answer."""

CLOCK_TOLERANCE_S = 60
"""How far, in seconds, a cosignature may be dated from when we received it."""

AGAIN = 2
"""How often a witness that names another size is asked again in one round."""

MAX_ANSWER = 1 << 16
"""Bytes of an answer that are read at most."""

_log = structlog.get_logger(__name__)

Prove = Callable[[int, StoredCheckpoint], Sequence[bytes]]
"""Returns the consistency proof from a size to a checkpoint."""


@dataclass(slots=True)
class Target:
    """
    A witness by its URL, all keys that the policy knows of it, and how it stands.

    `size` is what it last cosigned, as far as we know; `frozen` says why it is not asked any more.
    """

    url: str
    verifiers: tuple[Verifier, ...]
    size: int = 0
    cosigned_at: float | None = None
    failures: int = 0
    not_before: float = 0.0
    problem: str | None = None
    frozen: str | None = None

    def due(self, size: int, now: float) -> bool:
        """Say whether to ask for a cosignature of `size` at the instant `now`."""
        if self.frozen or now < self.not_before:
            return False
        return self.cosigned_at is None or self.size != size or now - self.cosigned_at >= REFRESH_S


def targets_of(policy: Policy) -> list[Target]:
    """Return the witnesses that a policy has a URL for; two keys of one URL are one witness."""
    witnesses = sorted((each for each in policy.witnesses if each.url), key=attrgetter("url"))
    return [
        Target(str(url).rstrip("/"), tuple(each.verifier for each in group))
        for url, group in groupby(witnesses, key=attrgetter("url"))
    ]


class _Failed(Exception):
    """A witness gave no cosignature this time."""


class _Contradicted(Exception):
    """A witness says that what we signed now does not continue what we signed before."""


class Feeder:
    """One thread that feeds the witnesses of a policy; `standards` judge what they cosign."""

    def __init__(  # noqa: PLR0913  (what it is wired to, by name)
        self,
        pool: Pool,
        policy: Policy,
        *,
        latest: Callable[[], StoredCheckpoint | None],
        prove: Prove,
        standards: Sequence[Standard],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._pool = pool
        self._latest, self._prove, self._clock = latest, prove, clock
        self._standards = standards
        self.targets = targets_of(policy)
        self._fed = -1
        self._http = open_client(timeout_s=TIMEOUT_S, transport=transport)
        self._asking = ThreadPoolExecutor(max(1, len(self.targets)), "witness")
        self.loop = Loop("feeder", self._round)

    def start(self) -> None:
        """Begin to feed."""
        self.loop.start()

    def hint(self) -> None:
        """Say that there is a new checkpoint."""
        self.loop.wake()

    def stop(self) -> None:
        """End the thread, after the round that is under way."""
        self.loop.stop()
        self.close()

    def close(self) -> None:
        """Let go of the connections of a feeder that was never started, or has stopped."""
        self._asking.shutdown(wait=False, cancel_futures=True)
        self._http.close()

    def _round(self) -> float:
        self.feed(self._asking)
        self.loop.pause(PAUSE_S)
        return LOOK_S

    def feed(self, asking: ThreadPoolExecutor) -> None:
        """Run one round: ask all who are due for the newest checkpoint, keep what they answer."""
        checkpoint, now = self._latest(), time.monotonic()
        if checkpoint is None:
            return
        due = [target for target in self.targets if target.due(checkpoint.size, now)]
        answers = asking.map(lambda target: self._ask(target, checkpoint), due)
        lines = [line for answer in answers for line in answer]
        if lines:
            insert_cosignatures(self._pool, lines)
        if lines or self._fed < checkpoint.size:
            self._fed = checkpoint.size
            known = cosignatures_of(self._pool, checkpoint.size)
            for standard in self._standards:
                standard.judge(checkpoint, known)

    def _ask(self, target: Target, checkpoint: StoredCheckpoint) -> list[Cosignature]:
        """Ask one witness; return its lines, none where it gives none."""
        now = time.monotonic()
        try:
            lines = self._cosigned(target, checkpoint)
        except _Contradicted as error:
            target.frozen = target.problem = str(error)
            _log.critical("witness_contradicts", witness=target.url, why=target.frozen)
            return []
        except (_Failed, httpx2.HTTPError, LogError) as error:
            first, longest = BACKOFF_S
            target.problem = f"{type(error).__name__.lstrip('_')}: {error}"
            target.not_before = now + min(longest, first * 2 ** min(target.failures, 10))
            target.failures += 1
            _log.warning("witness_gave_nothing", witness=target.url, why=target.problem)
            return []
        target.size, target.cosigned_at = checkpoint.size, now
        target.failures, target.problem = 0, None
        return lines

    def _cosigned(self, target: Target, checkpoint: StoredCheckpoint) -> list[Cosignature]:
        """Return verified lines; a 409 says which size to prove from, and is tried again.

        More than once, as another process may feed the same witness at this moment.
        """
        old = min(target.size, checkpoint.size)
        status, answer = self._post(target, checkpoint, old)
        for _ in range(AGAIN):
            if status == HTTPStatus.CONFLICT:
                old = target.size = self._stated_size(answer, old, checkpoint)
                status, answer = self._post(target, checkpoint, old)
        if status == HTTPStatus.CONFLICT:
            self._stated_size(answer, old, checkpoint)
        if status == HTTPStatus.UNPROCESSABLE_ENTITY:
            raise _Contradicted(f"size {checkpoint.size} from {target.size}: {_shown(answer)}")
        if status != HTTPStatus.OK:
            raise _Failed(f"{status}: {_shown(answer)}")
        return self._verified(target, checkpoint, answer)

    def _stated_size(self, answer: bytes, asked: int, checkpoint: StoredCheckpoint) -> int:
        """Return the size that a 409 states, however it spells it.

        Raises `_Contradicted` where that settles it: a size beyond ours; and, of a request from our
        own size to our own size, whatever it says: so witnesses of protocol 1.0.0 answer whose root
        of that size is another.
        """
        if asked == checkpoint.size:
            raise _Contradicted(f"it refuses size {asked} as its own: {_shown(answer)}")
        try:
            size = read_decimal(answer.decode("ascii", "replace").strip(), LogError)
        except LogError:
            raise _Failed(f"409 without a size: {_shown(answer)}") from None
        if size > checkpoint.size:
            raise _Contradicted(f"it has cosigned size {size}; this log is at {checkpoint.size}")
        return size

    def _post(self, target: Target, checkpoint: StoredCheckpoint, old: int) -> tuple[int, bytes]:
        proof = self._prove(old, checkpoint) if 0 < old < checkpoint.size else ()
        body = format_add_checkpoint(old, proof, checkpoint.note)
        answer = fetch(
            self._http,
            "POST",
            f"{target.url}/add-checkpoint",
            limit=MAX_ANSWER,
            deadline_s=TIMEOUT_S,
            content=body,
        )
        return answer.status, answer.content

    def _verified(
        self, target: Target, checkpoint: StoredCheckpoint, answer: bytes
    ) -> list[Cosignature]:
        """Return the lines by keys of this witness. Raises `_Failed`, `LogError`."""
        try:
            _, lines = open_note(checkpoint.note + answer, target.verifiers)
        except UnverifiedNote:
            raise _Failed(
                f"no line by a key that the policy knows of it: {quoted(answer)}"
            ) from None
        return [self._dated(checkpoint.size, line) for line in lines]

    def _dated(self, size: int, line: NoteSignature) -> Cosignature:
        signed_at, now = cosignature_time(line.blob), int(self._clock().timestamp())
        if abs(signed_at - now) > CLOCK_TOLERANCE_S:
            raise _Failed(f"its clock is {signed_at - now} seconds off")
        return Cosignature(size, line.name, line.key_id, signed_at, line.line)


def _shown(answer: bytes) -> str:
    return answer[:200].decode("utf-8", "replace").strip()
