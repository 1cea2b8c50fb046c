"""
The way of a submission, from bytes to receipt, for one event or for many.

    read -> check signatures (other processes) -> sequencer -> checkpoint -> proof

Every step takes what is there as one batch, so a bulk request and many single ones cost about the
same an event. asyncio at the edge; the workers are threads and processes of their own.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import ParamSpec, Protocol, TypeVar
from uuid import UUID

from ledger.antirollback import Halted
from ledger.domain.authority import BadSignature, KeyUnknown, SignerMissing
from ledger.domain.event import Event, format_instant
from ledger.intake import (
    Invalid,
    KeyCheck,
    SignatureCheck,
    Submission,
    decode,
    key_checks,
    new_key_records,
    read,
    signature_checks,
    weak_key,
)
from ledger.pending import Pending
from ledger.receipts import CheckpointFeed, Proof, Prover
from ledger.sequencer import Busy, Outcome, Recorded, Sequencer
from ledger.signatures import GOOD, SignatureChecker, weakness
from ledger.store.checkpoints import StoredCheckpoint
from ledger.store.connection import OutcomeUnknown, Pool, StoreError
from ledger.store.entries import find_event, read_by_subject
from ledger.vintage import SoftwareOlder, Vintage
from ledger.wire.base64 import b64decode
from ledger.witnessed import Grade, Standard

PIECE = 64
"""Signatures that travel to a checking process at once."""

CHUNK = 256
"""Events of a bulk request that are judged together."""

DEPTH = 4
"""Chunks of one bulk request that are under way at once."""

SINGLES_DEPTH = 2
"""Chunks of single requests that are under way at once: one is read while one is committed."""

BLOCKING = 3
"""Threads that look up keys and old receipts for submissions."""

SINGLES_MAX = 4096
"""Single requests that wait for their chunk at most."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """Durable, in the log, under a signed checkpoint: what the client keeps."""

    event_id: str
    position: int
    accepted: str
    leaf_hash: bytes
    proof: Proof
    replayed: bool
    grade: Grade = "logged"


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not in the log, and why. `event_id` and the payload's hash, if it could be read that far."""

    event_id: str | None
    error: Exception
    payload: str | None = None


Answer = Receipt | Rejected

T = TypeVar("T")
P = ParamSpec("P")


class Look(Protocol):
    """Does what reads, and blocks, on a thread for it."""

    async def __call__(self, work: Callable[[], T], /) -> T:
        """Return what `work` returns."""


class KeyDirectory:
    """Key id to (algorithm, SPKI DER). A key id is the key's hash, so nothing here can be wrong."""

    def __init__(self, pool: Pool, capacity: int = 100_000) -> None:
        self._pool = pool
        self._capacity = capacity
        self._keys: OrderedDict[str, tuple[str, bytes]] = OrderedDict()

    def find(self, key_id: str) -> tuple[str, bytes] | None:
        """Return a key that is at hand."""
        return self._keys.get(key_id)

    def learn(self, event: Event) -> None:
        """Keep the keys that an event brings; intake has checked them."""
        for record in new_key_records(event):
            self._keys[record.key_id] = (record.algorithm, b64decode(record.public_key))
        while len(self._keys) > self._capacity:
            self._keys.popitem(last=False)

    def fetch(self, key_ids: Iterable[str]) -> None:
        """Look keys up in the log. Blocks."""
        for key_id in key_ids:
            for entry in read_by_subject(self._pool, f"key:{key_id}", limit=1):
                self.learn(decode(entry.entry, entry.position).event)


_Check = SignatureCheck | KeyCheck
_Piece = tuple[Sequence[_Check], "asyncio.Future[bytes]"]
"""Checks, and who waits for their verdicts."""


class CheckQueue:
    """Gathers signature checks of many requests into pieces for the checking processes.

    A piece travels in a task of the queue's own, so a request that is cut takes nothing with it.
    """

    def __init__(self, checker: SignatureChecker, processes: int) -> None:
        self._checker = checker
        self._free = processes
        self._waiting: deque[_Piece] = deque()
        self._under_way: set[asyncio.Task[None]] = set()

    async def check(self, checks: Sequence[_Check]) -> bytes:
        """Return one byte a check: 1 where it is good."""
        loop = asyncio.get_running_loop()
        futures: list[asyncio.Future[bytes]] = []
        for start in range(0, len(checks), PIECE):
            futures.append(loop.create_future())
            self._waiting.append((checks[start : start + PIECE], futures[-1]))
        self._pump()
        return b"".join(await asyncio.gather(*futures))

    def _pump(self) -> None:
        while self._waiting and self._free:
            pieces = [self._waiting.popleft()]
            size = len(pieces[0][0])
            while self._waiting and size + len(self._waiting[0][0]) <= PIECE:
                pieces.append(self._waiting.popleft())
                size += len(pieces[-1][0])
            self._free -= 1
            task = asyncio.create_task(self._send(pieces))
            self._under_way.add(task)
            task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._free += 1
        self._pump()

    async def _send(self, pieces: Sequence[_Piece]) -> None:
        """Have pieces checked elsewhere, once more if the process dies under them."""
        checks = [check for checks, _future in pieces for check in checks]
        try:
            try:
                verdicts = await asyncio.wrap_future(self._checker.submit(checks))
            except BrokenProcessPool:
                verdicts = await asyncio.wrap_future(self._checker.submit(checks))
        except Exception as error:  # noqa: BLE001  (whatever it is, the clients are told)
            _fail(pieces, error)
        else:
            _deliver(pieces, verdicts)


def _fail(pieces: Sequence[_Piece], error: BaseException) -> None:
    for _checks, future in pieces:
        if not future.done():
            future.set_exception(error)


def _deliver(pieces: Sequence[_Piece], verdicts: bytes) -> None:
    start = 0
    for checks, future in pieces:
        if not future.done():
            future.set_result(verdicts[start : start + len(checks)])
        start += len(checks)


class Submitter:
    """Takes submissions in and answers with receipts. One an event loop."""

    def __init__(  # noqa: PLR0913  (it wires the workers together, by name)
        self,
        *,
        reads: Pool,
        origin: str,
        keys: KeyDirectory,
        checks: CheckQueue,
        sequencer: Sequencer,
        feed: CheckpointFeed,
        prover: Prover,
        reading: Prover,
        standards: Mapping[Grade, Standard],
        wait_s: float,
        vintage: Vintage,
    ) -> None:
        self._reads = reads
        self._standards = standards
        self._wait_s = wait_s
        self._vintage = vintage
        self._origin = origin
        self._keys = keys
        self._checks = checks
        self._sequencer = sequencer
        self._feed = feed
        self._prover = prover
        self._reading = reading
        self._threads = ThreadPoolExecutor(BLOCKING, thread_name_prefix="intake")
        self._singles: list[tuple[bytes, asyncio.Future[Answer]]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    async def submit(self, raw: bytes) -> Answer:
        """Take one submission in. The answer is a receipt only once it is under a checkpoint.

        What waits together is judged together, so many clients cost about what one bulk request
        does: the more of them there are, the larger the chunks.
        """
        if len(self._singles) >= SINGLES_MAX:
            return Rejected(None, Busy(f"{SINGLES_MAX} requests are waiting already"))
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._singles.append((raw, future))
        if len(self._singles) == 1:
            loop.call_soon(self._take_singles)
        return await future

    def _take_singles(self) -> None:
        """Start a chunk of what waits, unless enough are under way."""
        if not self._singles or len(self._under_way) >= SINGLES_DEPTH:
            return
        singles, self._singles = self._singles[:CHUNK], self._singles[CHUNK:]
        task = asyncio.create_task(self._answer(singles))
        self._under_way.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._under_way.discard(task)
        self._take_singles()

    async def _answer(self, singles: Sequence[tuple[bytes, "asyncio.Future[Answer]"]]) -> None:
        try:
            answers = await self._chunk([raw for raw, _future in singles], None, None)
        except Exception as error:  # noqa: BLE001  (whatever it is, the clients are told)
            answers = [Rejected(None, error)] * len(singles)
        for (_raw, future), answer in zip(singles, answers, strict=True):
            if not future.done():
                future.set_result(answer)

    async def submit_many(self, raws: AsyncIterator[bytes]) -> AsyncIterator[list[Answer]]:
        """Take many in, in their order, not atomically; answers come chunk by chunk."""
        under_way: deque[asyncio.Task[list[Answer]]] = deque()
        before: asyncio.Event | None = None
        try:
            async for chunk in _chunks(raws):
                after = asyncio.Event()
                under_way.append(asyncio.create_task(self._chunk(chunk, before, after)))
                before = after
                # Let the chunk be read before the next: it may bring keys that the next one uses.
                await asyncio.sleep(0)
                if len(under_way) >= DEPTH:
                    yield await under_way.popleft()
            while under_way:
                yield await under_way.popleft()
        finally:
            for task in under_way:
                task.cancel()

    async def receipt(self, event_id: UUID, look: Look) -> Receipt | None:
        """Return the first receipt of an event, the same bytes each time, or None."""
        entry = await look(lambda: find_event(self._reads, event_id))
        if entry is None:
            return None
        at = Recorded(entry.position, entry.accepted, entry.leaf_hash, replayed=True)
        pending = await look(lambda: self._feed.covering(at.position))
        checkpoint = await pending.wait(self._wait_s)
        (proof,) = await look(lambda: self._reading.prove([at.position], checkpoint))
        return _receipt(str(event_id), at, proof)

    async def graded(self, receipt: Receipt, grade: Grade, wait_s: float) -> Receipt | None:
        """Return a receipt under a checkpoint of a cosigned grade, or None after `wait_s`."""
        try:
            checkpoint = await self._standards[grade].feed.covering(receipt.position).wait(wait_s)
        except TimeoutError:
            return None
        (proof,) = await self._beside(self._reading.prove, [receipt.position], checkpoint)
        return replace(receipt, proof=proof, grade=grade)

    async def _chunk(
        self,
        raws: Sequence[bytes],
        before: asyncio.Event | None,
        after: asyncio.Event | None,
    ) -> list[Answer]:
        """Judge a chunk; it enters the sequencer after the one `before` it."""
        answers: list[Answer | None] = [None] * len(raws)
        try:
            async with asyncio.timeout(self._wait_s):
                await self._must_not_be_older()
                verified = await self._verify(raws, answers)
                if before:
                    await before.wait()
            until = asyncio.get_running_loop().time() + self._wait_s
            pending = self._sequencer.submit([submission for _index, submission in verified])
        except Exception as error:  # noqa: BLE001  (Busy, Stopped: told to whom it concerns)
            return [answer or Rejected(None, error) for answer in answers]
        finally:
            if after:
                after.set()
        outcomes = await self._outcomes(pending, len(verified))
        await self._receive(verified, outcomes, answers, until)
        return [answer for answer in answers if answer]

    async def _outcomes(self, pending: Pending[list[Outcome]], count: int) -> Sequence[Outcome]:
        """Wait for what became of so many events, for as long as a client is to wait."""
        try:
            return await pending.wait(self._wait_s)
        except TimeoutError:
            return [OutcomeUnknown("it waits to be recorded")] * count

    async def _must_not_be_older(self) -> None:
        """Raise `SoftwareOlder` before anything is called unknown that is not known here yet."""
        if not self._vintage.is_fresh:
            with suppress(StoreError):
                await asyncio.to_thread(self._vintage.look)
        if self._vintage.older:
            raise SoftwareOlder(self._vintage.older)

    async def _verify(
        self, raws: Sequence[bytes], answers: list[Answer | None]
    ) -> list[tuple[int, Submission]]:
        """Read all and check their signatures; note in `answers` what fails."""
        submissions: list[tuple[int, Submission]] = []
        for index, raw in enumerate(raws):
            try:
                submission = read(raw, self._origin)
            except Invalid as error:
                answers[index] = Rejected(None, error)
            else:
                self._keys.learn(submission.event)
                submissions.append((index, submission))
        await self._fetch_keys(submission for _index, submission in submissions)
        checks: list[SignatureCheck] = []
        checked: list[tuple[int, Submission, int]] = []
        for index, submission in submissions:
            try:
                own = signature_checks(submission, self._keys.find)
            except (KeyUnknown, SignerMissing) as error:
                answers[index] = _rejected(submission.event, error)
                continue
            checks.extend(own)
            checked.append((index, submission, len(own)))
        verdicts = await self._checks.check(checks)
        return await self._strong(_verified(checked, verdicts, answers), answers)

    async def _strong(
        self, verified: list[tuple[int, Submission]], answers: list[Answer | None]
    ) -> list[tuple[int, Submission]]:
        """Return the submissions without a weak new key; note the others in `answers`."""
        checks = [check for _index, submission in verified for check in key_checks(submission)]
        verdicts = iter(await self._checks.check(checks))
        for index, submission in verified:
            event = submission.event
            for record in new_key_records(event):
                verdict = next(verdicts)
                if verdict != GOOD:
                    weak = weak_key(record.key_id, weakness(verdict))
                    answers[index] = _rejected(event, weak)
        return [each for each in verified if answers[each[0]] is None]

    async def _fetch_keys(self, submissions: Iterable[Submission]) -> None:
        unknown = {
            key_id
            for submission in submissions
            for key_id in submission.event.signatures
            if self._keys.find(key_id) is None
        }
        if unknown:
            await self._beside(self._keys.fetch, unknown)

    async def _receive(
        self,
        verified: Sequence[tuple[int, Submission]],
        outcomes: Sequence[Outcome],
        answers: list[Answer | None],
        until: float,
    ) -> None:
        """Wait for the checkpoints and note receipts and refusals in `answers`.

        Not beyond `until`, an instant of the event loop: what is not signed then is unknown.
        """
        recorded: list[tuple[int, str, Recorded]] = []
        for (index, submission), outcome in zip(verified, outcomes, strict=True):
            event_id = submission.event.event_id
            if isinstance(outcome, Recorded):
                recorded.append((index, event_id, outcome))
            else:
                answers[index] = _rejected(submission.event, outcome)
        recorded.sort(key=lambda item: item[2].position)
        while recorded:
            checkpoint = await self._checkpoint(recorded[0][2], until)
            if not isinstance(checkpoint, StoredCheckpoint):
                for index, event_id, _at in recorded:
                    answers[index] = Rejected(event_id, checkpoint)
                return
            # The first checkpoint above one position is the first above all below its size.
            covered = [item for item in recorded if item[2].position < checkpoint.size]
            recorded = recorded[len(covered) :]
            positions = [at.position for _index, _event_id, at in covered]
            proofs = (
                await self._beside(self._reading.prove, positions, checkpoint)
                if covered[0][2].replayed
                else self._prover.prove(positions, checkpoint)
            )
            for (index, event_id, at), proof in zip(covered, proofs, strict=True):
                answers[index] = _receipt(event_id, at, proof)

    async def _beside(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do what blocks on a thread, beside the event loop."""
        call = partial(work, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)

    async def _checkpoint(self, at: Recorded, until: float) -> StoredCheckpoint | Exception:
        """Return the first checkpoint over an entry, or why there is none by an instant."""
        try:
            if at.replayed:  # An old one may have to come from the database.
                pending = await self._beside(self._feed.covering, at.position)
            else:
                pending = self._feed.covering(at.position)
            return await pending.wait(max(0.0, until - asyncio.get_running_loop().time()))
        except TimeoutError:
            return OutcomeUnknown("it is recorded, and waits to be signed")
        except Halted as error:
            return error


def _rejected(event: Event, error: Exception) -> Rejected:
    return Rejected(event.event_id, error, event.payload_hash)


def _receipt(event_id: str, at: Recorded, proof: Proof) -> Receipt:
    return Receipt(
        event_id=event_id,
        position=at.position,
        accepted=format_instant(at.accepted),
        leaf_hash=at.leaf_hash,
        proof=proof,
        replayed=at.replayed,
    )


def _verified(
    checked: Sequence[tuple[int, Submission, int]],
    verdicts: bytes,
    answers: list[Answer | None],
) -> list[tuple[int, Submission]]:
    """Return the submissions whose every signature verified; note the others in `answers`."""
    verified, start = [], 0
    for index, submission, count in checked:
        own = verdicts[start : start + count]
        start += count
        if set(own) == {GOOD}:
            verified.append((index, submission))
        else:
            wrong = submission.envelope.signatures[own.index(0)].key_id
            error = BadSignature(f"the signature by key {wrong} does not verify")
            answers[index] = _rejected(submission.event, error)
    return verified


async def _chunks(raws: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    chunk: list[bytes] = []
    async for raw in raws:
        chunk.append(raw)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
