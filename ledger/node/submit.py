"""
The way of a submission, from bytes to receipt, for one event or for many.

    read -> check signatures (other processes) -> sequencer -> checkpoint -> proof

Every step takes what is there as one batch, so a bulk request and many single ones cost about the
same an event. asyncio at the edge; the workers are threads and processes of their own.
"""

import asyncio
import sys
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from ledger.domain.parties.signature_refusals import KeyUnknown, SignerMissing
from ledger.events.intake import (
    SignatureCheck,
    Submission,
    key_checks,
    new_key_records,
    signature_checks,
    weak_key,
)
from ledger.events.signatures import Unchecked
from ledger.events.verdicts import GOOD, weakness
from ledger.events.vintage import SoftwareOlder, Vintage
from ledger.home.antirollback import Halted
from ledger.node.answers import (
    Answer,
    Numbered,
    Placed,
    PromisedAnswer,
    Receipt,
    Rejected,
    Tell,
    keep_payable,
    keep_verified,
    placed,
    receipt_at,
    rejected,
)
from ledger.node.chunks import Gathering, Single, by, next_chunk, read_all, telling
from ledger.node.promises import Promises
from ledger.node.signature_checks import CheckQueue, Key, KeyDirectory, brought_by
from ledger.publish.quorum import Grade, Standard
from ledger.publish.receipts import CheckpointFeed, Prover
from ledger.runtime.pending import Pending
from ledger.runtime.turns import Busy, FairQueue, Look, NoPayers, Payers, Throttled, Turns
from ledger.sequence.judging import Outcome, Recorded
from ledger.sequence.sequencer import Sequencer
from ledger.store.connection import OutcomeUnknown, Pool, StoreError, Unavailable
from ledger.store.entries import find_event

UNSIGNED = "it is recorded, and waits to be signed"

DEPTH = 4
"""Chunks of one bulk request that are under way at once."""

SINGLES_DEPTH = 2
"""Chunks of single requests that are under way at once: one is read while one is committed."""

BLOCKING = 3
"""Threads that look up keys and old receipts for submissions."""

AT_ONCE_BYTES = 16 * 1024
"""Bytes that the event loop reads by itself; more is read beside it."""

SINGLES_SHARE = 512
"""Single requests of one address that wait at most."""

BULK_PLACES = 32
"""Chunks of bulk requests that are at hand at once."""

BULK_CHUNKS = 3
"""Of them, those that are under way."""

BULK_PATIENCE_S = 30.0
"""How long, in seconds, a bulk request waits for a place."""

BROUGHT_MAX = 4096
"""Keys remembered that earlier events of the same bulk request bring: the last ones."""


T = TypeVar("T")
P = ParamSpec("P")


class _Turn:
    """How far a chunk of a bulk request is: the next one asks for keys, and is judged, after it."""

    def __init__(self) -> None:
        self.read = asyncio.Event()
        self.judged = asyncio.Event()


def _bring(submissions: Iterable[Numbered], brought: dict[str, Key]) -> dict[str, Key]:
    """Add the keys that these bring to those that events before them bring."""
    for _index, submission in submissions:
        brought |= brought_by(submission.event)
    while len(brought) > BROUGHT_MAX:  # The first ones were learnt when they were verified.
        del brought[next(iter(brought))]
    return brought


class Submitter:
    """Takes submissions in and answers with receipts. One an event loop.

    Single requests go before bulk ones wherever they meet, and addresses take turns.
    """

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
        waiting_bytes: int,
        promises: Promises | None = None,
        payers: Payers | None = None,
    ) -> None:
        self._reads = reads
        self._standards = standards
        self._origin = origin
        self.keys = keys
        self.checks = checks
        self._sequencer = sequencer
        self._feed = feed
        self._prover = prover
        self._reading = reading
        self._wait_s = wait_s
        self._vintage = vintage
        self._promises = promises
        self._payers = payers or NoPayers()
        self._threads = ThreadPoolExecutor(BLOCKING, thread_name_prefix="intake")
        self._promising = ThreadPoolExecutor(1, thread_name_prefix="promising")
        self._bulk_threads = ThreadPoolExecutor(1, thread_name_prefix="bulk")
        self._singles: FairQueue[Single] = FairQueue()
        self._waiting_bytes = waiting_bytes
        self._held: Counter[str] = Counter()
        self.bytes = 0
        self._under_way = 0
        self._tasks: set[asyncio.Task[None]] = set()
        # How many enter these is bounded by the one who lets them in.
        many = sys.maxsize
        self._places = Turns(BULK_PLACES, waiting=many, share=many, patience_s=BULK_PATIENCE_S)
        self._chunks = Turns(BULK_CHUNKS, waiting=sys.maxsize, share=sys.maxsize)
        self._replays = Turns(BLOCKING - 1, waiting=sys.maxsize, share=sys.maxsize)

    async def submit(
        self, raw: bytes, address: str = "", *, promised: bool = False
    ) -> Answer | PromisedAnswer:
        """Take one submission in. The answer is a receipt only once it is under a checkpoint.

        `promised` asks for a promise instead, which is given where it can be (`Promises.give`).
        What waits together is judged together, so many clients cost about what one bulk request
        does: the more of them there are, the larger the chunks.
        """
        if self.bytes + len(raw) > self._waiting_bytes:
            return Rejected(None, Busy(f"{self.bytes} bytes are waiting already"))
        if self._held[address] >= SINGLES_SHARE:
            return Rejected(None, Throttled(f"{SINGLES_SHARE} events of this address are waiting"))
        loop = asyncio.get_running_loop()
        promised = promised and self._promises is not None
        single = Single(raw, address, promised, loop.create_future())
        self.bytes += len(raw)
        self._held[address] += 1
        try:
            self._singles.append(address, single)
            if len(self._singles) == 1:
                loop.call_soon(self._take_singles)
            return await single.future
        finally:
            self.bytes -= len(raw)
            self._held[address] -= 1
            if not self._held[address]:
                del self._held[address]

    def _take_singles(self) -> None:
        """Start a chunk of what waits, unless enough are under way."""
        if not self._singles or self._under_way >= SINGLES_DEPTH:
            return
        self._under_way += 1
        self._begin(self._answer(next_chunk(self._singles)))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, chunk: Sequence[Single]) -> None:
        def tell(index: int, answer: Answer | PromisedAnswer) -> None:
            if not chunk[index].future.done():
                chunk[index].future.set_result(answer)

        verified: list[Numbered] = []
        try:
            with telling(range(len(chunk)), tell):
                until, raws = self._until(), [each.raw for each in chunk]
                submissions = await self._read(raws, tell, until, bulk=False)
                brought = _bring(submissions, {})
                verified = await self._verify(submissions, brought, tell, until, bulk=False)
            if asking := [each for each in verified if chunk[each[0]].promised]:
                self._begin(self._promise(asking, chunk, tell))
            now = [each for each in verified if not chunk[each[0]].promised]
            await self._judge(now, chunk, tell)
        finally:
            self._under_way -= 1
            self._take_singles()

    async def _judge(
        self, verified: Sequence[Numbered], chunk: Sequence[Single], tell: Tell
    ) -> None:
        """Have submissions judged, and tell what became of them."""
        if not verified:
            return
        replayed: Sequence[Placed] = ()
        with telling([index for index, _submission in verified], tell):
            until = self._until()
            pending = self._sequencer.submit([each for _index, each in verified])
            outcomes = await self._outcomes(pending, len(verified))
            fresh, replayed = placed(verified, outcomes, self._payers, tell)
            await self._receive(fresh, tell, until)
        for each in replayed:  # They cost more, and nobody is to wait for another one's.
            self._begin(self._replay(each, chunk[each[0]].address, tell))

    async def _promise(
        self,
        asking: Sequence[Numbered],
        chunk: Sequence[Single],
        tell: Callable[[int, Answer | PromisedAnswer], None],
    ) -> None:
        """Tell the promises that are given; have judged now what gets none."""
        assert self._promises is not None, "nobody asks where none are given"
        now: list[Numbered] = []
        with telling([index for index, _submission in asking], tell):
            work = partial(self._promises.give, [submission for _index, submission in asking])
            try:
                async with asyncio.timeout(self._wait_s):
                    given = await asyncio.get_running_loop().run_in_executor(self._promising, work)
            except TimeoutError:
                raise OutcomeUnknown("it waits to be stored") from None
            for (index, submission), answer in zip(asking, given, strict=True):
                if answer is None:
                    now.append((index, submission))
                elif isinstance(answer, PromisedAnswer):
                    self._payers.charge(submission.event.signatures)
                    tell(index, answer)
                else:
                    tell(index, rejected(submission.event, answer))
        await self._judge(now, chunk, tell)

    async def submit_many(
        self, raws: AsyncIterator[Sequence[bytes]], address: str = ""
    ) -> AsyncIterator[list[Answer]]:
        """Take many in, in their order, not atomically; answers come chunk by chunk.

        Each chunk that is at hand has a place, so anyone who sends slowly takes none from others.
        Raises `Busy` where there was no place in time, `OutcomeUnknown` where some is under way.
        """
        under_way: deque[asyncio.Task[list[Answer]]] = deque()
        brought: dict[str, Key] = {}
        before: _Turn | None = None
        gathering = Gathering(raws)
        try:
            while await gathering.begins():
                after = _Turn()
                chunk = await gathering.take(self._places, address)
                task = asyncio.create_task(self._chunk(chunk, address, brought, before, after))
                task.add_done_callback(lambda _done: self._places.leave(address))
                under_way.append(task)
                before = after
                if len(under_way) >= DEPTH:
                    yield await under_way.popleft()
            while under_way:
                yield await under_way.popleft()
        finally:
            gathering.close()
            for task in under_way:
                task.cancel()

    async def _chunk(
        self,
        raws: Sequence[bytes],
        address: str,
        brought: dict[str, Key],
        before: _Turn | None,
        after: _Turn,
    ) -> list[Answer]:
        """Judge a chunk; it asks for keys, and enters the sequencer, after the one `before` it."""
        answers: list[Answer | None] = [None] * len(raws)
        try:
            await self._chunks.enter(address)
            try:
                tell, until = answers.__setitem__, self._until()
                submissions = await self._read(raws, tell, until, bulk=True)
                if before:
                    async with by(until, Busy("the lines before it are not read yet")):
                        await before.read.wait()
                _bring(submissions, brought)
                after.read.set()
                verified = await self._verify(submissions, brought, tell, until, bulk=True)
                if before:
                    async with by(until, Busy("the lines before it are not judged yet")):
                        await before.judged.wait()
                until, judged = self._until(), [each for _index, each in verified]
                pending = self._sequencer.submit(judged, bulk=True)
                after.judged.set()
                outcomes = await self._outcomes(pending, len(judged))
                fresh, replayed = placed(verified, outcomes, self._payers, tell)
                await self._receive(fresh, tell, until)
                for each in replayed:
                    await self._replay(each, address, tell)
            finally:
                self._chunks.leave(address)
        except Exception as error:  # noqa: BLE001  (Busy, Stopped: told to whom it concerns)
            return [answer or Rejected(None, error) for answer in answers]
        finally:
            after.read.set()
            after.judged.set()
        return [answer for answer in answers if answer]

    async def vetted(self, raw: bytes) -> Submission | Rejected:
        """Return a submission that is to be judged and no more, or why it is not judged.

        It is read and checked as others are, behind them. Raises what keeps it from being checked.
        """
        answers: dict[int, Answer] = {}
        tell, until = answers.__setitem__, self._until()
        read = await self._read([raw], tell, until, bulk=True)
        brought = _bring(read, {})
        verified = await self._verify(read, brought, tell, until, bulk=True, dry=True)
        answer = verified[0][1] if verified else answers[0]
        assert not isinstance(answer, Receipt), "nothing of it is recorded"
        return answer

    async def receipt(self, event_id: UUID, look: Look) -> Receipt | None:
        """Return the first receipt of an event, the same bytes each time, or None."""
        entry = await look(lambda: find_event(self._reads, event_id))
        if entry is None:
            return None
        at = Recorded(entry.position, entry.accepted, entry.leaf_hash, replayed=True)
        pending = await look(lambda: self._feed.covering(at.position))
        checkpoint = await pending.wait(self._wait_s)
        (proof,) = await look(lambda: self._reading.prove([at.position], checkpoint))
        return receipt_at(str(event_id), at, proof)

    async def graded(self, receipt: Receipt, grade: Grade, wait_s: float) -> Receipt | None:
        """Return a receipt under a checkpoint of a cosigned grade, or None after `wait_s`."""
        try:
            checkpoint = await self._standards[grade].feed.covering(receipt.position).wait(wait_s)
        except TimeoutError:
            return None
        (proof,) = await self._beside(self._reading.prove, [receipt.position], checkpoint)
        return replace(receipt, proof=proof, grade=grade)

    async def _read(
        self, raws: Sequence[bytes], tell: Tell, until: float, *, bulk: bool
    ) -> list[Numbered]:
        """Read all, what is much of it beside the event loop; tell what is none."""
        async with by(until, Unavailable("it was not read in time")):
            await self._must_not_be_older()
            if not bulk and sum(map(len, raws)) <= AT_ONCE_BYTES:
                found = read_all(raws, self._origin)
            else:  # One thread reads all bulk requests: their chunks are read in their order.
                threads = self._bulk_threads if bulk else self._threads
                loop = asyncio.get_running_loop()
                found = await loop.run_in_executor(threads, read_all, raws, self._origin)
        for index, each in enumerate(found):
            if isinstance(each, Exception):
                tell(index, Rejected(getattr(each, "event_id", None), each))
        return [(at, each) for at, each in enumerate(found) if isinstance(each, Submission)]

    async def _must_not_be_older(self) -> None:
        """Raise `SoftwareOlder` before anything is called unknown that is not known here yet."""
        if not self._vintage.is_fresh:
            with suppress(StoreError):
                await self._beside(self._vintage.look)
        if self._vintage.older:
            raise SoftwareOlder(self._vintage.older)

    async def _verify(
        self,
        submissions: Sequence[Numbered],
        brought: dict[str, Key],
        tell: Tell,
        until: float,
        *,
        bulk: bool,
        dry: bool = False,
    ) -> list[Numbered]:
        """Check all signatures; tell what fails. `brought` are keys that events up to here bring.

        Raises `Unchecked` or `Unavailable` where it is not done at `until`, an instant of the loop.
        `dry` is for what is not to be recorded: nobody pays, and no key of theirs is learnt.
        """
        async with by(until, Unavailable("the keys were not looked up in time")):
            await self._fetch_keys(submissions, brought)
        checks: list[SignatureCheck] = []
        checked: list[tuple[int, Submission, int]] = []
        for index, submission in submissions:
            try:
                own = signature_checks(
                    submission, lambda key_id: self.keys.find(key_id) or brought.get(key_id)
                )
            except (KeyUnknown, SignerMissing) as error:
                tell(index, rejected(submission.event, error))
                continue
            checks.extend(own)
            checked.append((index, submission, len(own)))
        async with by(until, Unchecked("the checking processes did not answer in time")):
            verdicts = await self.checks.check(checks, bulk=bulk)
            verified = await self._strong(keep_verified(checked, verdicts, tell), tell, bulk=bulk)
        if dry:
            return verified
        for _index, submission in verified:
            self.keys.learn(brought_by(submission.event))
        return keep_payable(verified, self._payers, tell)

    async def _strong(
        self, verified: Sequence[Numbered], tell: Tell, *, bulk: bool
    ) -> list[Numbered]:
        """Return the submissions without a weak new key; tell the others."""
        checks = [check for _index, submission in verified for check in key_checks(submission)]
        verdicts = iter(await self.checks.check(checks, bulk=bulk))
        strong = []
        for index, submission in verified:
            event = submission.event
            looked_at = [(record, next(verdicts)) for record in new_key_records(event)]
            weak = [
                weak_key(record.key_id, weakness(verdict))
                for record, verdict in looked_at
                if verdict != GOOD
            ]
            if weak:
                tell(index, rejected(event, weak[0]))
            else:
                strong.append((index, submission))
        return strong

    async def _fetch_keys(
        self, submissions: Sequence[Numbered], brought: Mapping[str, Key]
    ) -> None:
        wanted = self.keys.missing(
            key_id
            for _index, submission in submissions
            for key_id in submission.event.signatures
            if key_id not in brought
        )
        if wanted:
            self.keys.note(wanted, await self._beside(self.keys.read, wanted))

    def _until(self) -> float:
        """Return the instant of the event loop until which a client is to wait."""
        return asyncio.get_running_loop().time() + self._wait_s

    async def _outcomes(self, pending: Pending[list[Outcome]], count: int) -> Sequence[Outcome]:
        """Wait for what became of so many events, for as long as a client is to wait."""
        try:
            return await pending.wait(self._wait_s)
        except TimeoutError:
            return [OutcomeUnknown("it waits to be recorded")] * count

    async def _receive(self, fresh: Sequence[Placed], tell: Tell, until: float) -> None:
        """Wait for the checkpoints and tell the receipts.

        Not beyond `until`, an instant of the event loop: what is not signed then is unknown.
        """
        recorded = sorted(fresh, key=lambda item: item[2].position)
        while recorded:
            wait_s = max(0.0, until - asyncio.get_running_loop().time())
            try:
                checkpoint = await self._feed.covering(recorded[0][2].position).wait(wait_s)
            except (TimeoutError, Halted) as error:
                why = error if isinstance(error, Halted) else OutcomeUnknown(UNSIGNED)
                for index, event_id, _at in recorded:
                    tell(index, Rejected(event_id, why))
                return
            # The first checkpoint above one position is the first above all below its size.
            covered = [item for item in recorded if item[2].position < checkpoint.size]
            recorded = recorded[len(covered) :]
            positions = [at.position for _index, _event_id, at in covered]
            proofs = await self._beside(self._prover.prove, positions, checkpoint)
            for (index, event_id, at), proof in zip(covered, proofs, strict=True):
                tell(index, receipt_at(event_id, at, proof))

    async def _replay(self, at_hand: Placed, address: str, tell: Tell) -> None:
        """Tell the first receipt of what was in the log already."""
        index, event_id, at = at_hand
        try:
            await self._replays.enter(address)
            try:
                covering = await self._beside(self._feed.covering, at.position)
                checkpoint = await covering.wait(self._wait_s)
                (proof,) = await self._beside(self._reading.prove, [at.position], checkpoint)
            finally:
                self._replays.leave(address)
        except TimeoutError:
            tell(index, Rejected(event_id, OutcomeUnknown(UNSIGNED)))
        except Exception as error:  # noqa: BLE001  (whatever it is, the client is told)
            tell(index, Rejected(event_id, error))
        else:
            tell(index, receipt_at(event_id, at, proof))

    async def _beside(self, work: Callable[P, T], *arguments: P.args, **named: P.kwargs) -> T:
        """Do what blocks on a thread, beside the event loop."""
        call = partial(work, *arguments, **named)
        return await asyncio.get_running_loop().run_in_executor(self._threads, call)
