"""Dry runs of one event loop: one at a time, in turns, and none right behind a heavy one."""

import asyncio
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

from api.problems import problem
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.types import format_instant
from ledger.events.intake import Submission
from ledger.node.answers import Rejected, rejected
from ledger.node.dryruns import DryRun, DryRuns
from ledger.node.submit import Submitter
from ledger.powers import member
from ledger.runtime.turns import Turns
from ledger.sequence.judging import Recorded

WAITING = 32
"""Events that wait to be judged, besides the one that is."""

SHARE = 4
"""Of them, those of one address."""

HEAVY_S = 0.1
"""How long, in seconds, one may take that the next one follows at once."""

REST = 3
"""How many times longer than one took beyond that, the next one waits."""


class DryRunTurns:
    """Checks and judges what is not to be recorded, behind whatever is."""

    def __init__(
        self,
        submitter: Submitter,
        dry_runs: DryRuns,
        must_be_left: Callable[[Sequence[str]], None],
        patience_s: float,
    ) -> None:
        """`must_be_left` raises `Throttled` for keys whose quotas are used up, and takes none."""
        self._submitter, self._dry_runs = submitter, dry_runs
        self._must_be_left = must_be_left
        self._turns = Turns(1, waiting=WAITING, share=SHARE, patience_s=patience_s)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="dry-run")
        self._under_way: set[asyncio.Task[tuple[Submission, DryRun] | Rejected]] = set()

    @property
    def waiting(self) -> int:
        """How many wait for their turn."""
        return self._turns.waiting

    def close(self) -> None:
        """Begin nothing more."""
        self._thread.shutdown(wait=False, cancel_futures=True)

    async def run(self, raw: bytes, address: str) -> tuple[Submission, DryRun] | Rejected:
        """Judge one submission. Raises `Throttled` or `Busy` where it was not begun."""
        await self._turns.enter(address)
        loop, began = asyncio.get_running_loop(), time.monotonic()

        def done(task: asyncio.Task[tuple[Submission, DryRun] | Rejected]) -> None:
            self._under_way.discard(task)
            rest_s = REST * max(0.0, time.monotonic() - began - HEAVY_S)
            loop.call_later(rest_s, self._turns.leave, address)

        # A client that goes away does not end its turn: only the end of the work does.
        task = asyncio.create_task(self._run(raw))
        self._under_way.add(task)
        task.add_done_callback(done)
        return await asyncio.shield(task)

    async def _run(self, raw: bytes) -> tuple[Submission, DryRun] | Rejected:
        submission: Submission | None = None
        try:
            found = await self._submitter.vetted(raw)
            if isinstance(found, Rejected):
                return found
            submission = found
            self._must_be_left(submission.event.signatures)
            loop = asyncio.get_running_loop()
            judged = await loop.run_in_executor(self._thread, self._dry_runs.judge, submission)
        except Exception as error:  # noqa: BLE001  (whatever it is, the client is told)
            return rejected(submission.event, error) if submission else Rejected(None, error)
        return submission, judged


def refused_json(rejected: Rejected, *, vietnamese: bool) -> dict[str, Any]:
    """Return what is said of an event that was refused for its signatures, before it was judged."""
    return {
        "verdict": "refused",
        "event_id": rejected.event_id,
        "payload_sha256": rejected.payload,
        "final": False,
        "problem": problem(rejected.error, vietnamese=vietnamese),
    }


def judged_json(submission: Submission, judged: DryRun, *, vietnamese: bool) -> dict[str, Any]:
    """Return what is said of an event that was judged."""
    event, outcome = submission.event, judged.outcome
    members: dict[str, Any] = {
        "verdict": _verdict_of(judged),
        "event_id": event.event_id,
        "payload_sha256": event.payload_hash,
        "size": judged.size,
        "judged": format_instant(judged.at),
    }
    if isinstance(outcome, Refusal):
        members |= {"final": outcome.dead, "problem": problem(outcome, vietnamese=vietnamese)}
        return members | ({"refused": format_instant(judged.dead)} if judged.dead else {})
    if outcome.replayed:
        return members | {
            "position": outcome.position,
            "accepted": format_instant(outcome.accepted),
        }
    binds = member(event.body, "not_before")
    return members | ({"not_before": format_instant(binds)} if isinstance(binds, datetime) else {})


def _verdict_of(judged: DryRun) -> str:
    """Return the verdict in one word."""
    if isinstance(judged.outcome, Recorded):
        return "recorded" if judged.outcome.replayed else "admitted"
    return "refused"
