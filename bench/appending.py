"""The product's own paths without HTTP: read and check, append, judge and fold."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice

from bench.figure import Figure, WrongAnswer
from bench.workload import Prepared
from ledger.domain import admission
from ledger.domain.core.body import Folded
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.events.intake import Submission, decode, read
from ledger.events.lawbook import available_laws
from ledger.sequence.judging import Outcome, Recorded
from ledger.sequence.sequencer import Sequencer
from ledger.store.connection import Pool

GROUP = 256
"""Events handed to the sequencer at once, as a bulk request's chunks are."""

AHEAD = 8
"""Groups that wait in its queue, so that it never does."""


@contextmanager
def sequencing(pool: Pool) -> Iterator[Sequencer]:
    """Run a sequencer alone: nobody signs what it appends."""
    sequencer = Sequencer(pool, lambda: None, laws=available_laws())
    sequencer.start()
    try:
        yield sequencer
    finally:
        sequencer.stop()


def append_all(sequencer: Sequencer, submissions: Sequence[Submission], seconds: float) -> int:
    """Append submissions in groups, until time is up; return how many.

    Raises `WrongAnswer` unless each of them is recorded.
    """
    groups = iter([submissions[at : at + GROUP] for at in range(0, len(submissions), GROUP)])
    until = time.perf_counter() + seconds
    waiting = [sequencer.submit(group) for group in islice(groups, AHEAD)]
    done = 0
    while waiting:
        done += _recorded(waiting.pop(0).result())
        if time.perf_counter() < until and (group := next(groups, None)):
            waiting.append(sequencer.submit(group))
    return done


def _recorded(outcomes: Iterable[Outcome]) -> int:
    count = 0
    for outcome in outcomes:
        if not isinstance(outcome, Recorded):
            raise WrongAnswer(f"not recorded: {outcome}") from outcome
        count += 1
    return count


def appended(pool: Pool, origin: str, prepared: Sequence[Prepared], seconds: float) -> Figure:
    """Return events a second of the sequencer alone; what they read of the log is there already."""
    submissions = [read(each.body, origin) for each in prepared]
    with sequencing(pool) as sequencer:
        start = time.perf_counter()
        done = append_all(sequencer, submissions, seconds)
        elapsed = time.perf_counter() - start
    detail = f"{done} events judged, hashed, committed; signatures not checked"
    return Figure("append", "Sequencer alone", done / elapsed, "events/s", detail)


def judged(entries: Sequence[bytes]) -> list[Figure]:
    """Return the microseconds that a warm admission takes, and a fold, over a log's first entries.

    `entries` are those of a log from position 0 on, so that every event finds what it reads.
    """
    events = [decode(entry, position) for position, entry in enumerate(entries)]
    state, positions, laws = _State(), dict[str, int](), available_laws()
    admit_s = evolve_s = 0.0
    for logged in events:
        known = {name: positions[name] for name in logged.event.body.references()}
        context = Context(logged.accepted, logged.position, {}, known, laws)
        start = time.thread_time()
        admission.reads(logged.event, state)
        admission.admit(state, logged.event, context)
        between = time.thread_time()
        state.apply(logged)
        admit_s += between - start
        evolve_s += time.thread_time() - between
        positions[logged.event.payload_hash] = logged.position
    detail = f"mean CPU time of {len(events)} events"
    million = 1_000_000 / len(events)
    return [
        Figure("admission", "Rules of one event, warm", admit_s * million, "µs", detail),
        Figure("admission.fold", "Fold of one event", evolve_s * million, "µs", detail),
    ]


class _State:
    """Folds in a dictionary: what the sequencer has when everything is warm."""

    def __init__(self) -> None:
        self._folded: dict[str, Folded] = {}

    def get(self, subject: str) -> object:
        folded = self._folded.get(subject)
        return folded.value if folded else None

    def folded(self, subject: str) -> Folded | None:
        return self._folded.get(subject)

    def apply(self, logged: Logged) -> None:
        for subject in logged.event.subjects:
            self._folded[subject] = admission.evolve_subject(
                subject, self._folded.get(subject), logged
            )
