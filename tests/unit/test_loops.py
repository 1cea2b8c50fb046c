"""A worker goes on after whatever passes, ends at a contradiction alone, and says how it stands."""

import errno
import threading
import time
from collections.abc import Callable

import pytest

from ledger.home.antirollback import Halted, Missing, Swapped
from ledger.node.supervisor import Supervisor, hindrance, told_as
from ledger.runtime.faults import Fault, NeedsOperator, canonical_reason, fault_of, reason_of
from ledger.runtime.loops import Loop
from ledger.runtime.turns import Busy
from ledger.sequence.sequencer import ClockBehind
from ledger.store.connection import DatabaseDamaged, OutcomeUnknown, StorageFull, Unavailable

WAIT_S = 10


def await_(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)


PASSING = [
    *(OSError(n, "a") for n in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE, errno.ENOMEM)),
    *(MemoryError(), Unavailable("a"), OutcomeUnknown("a"), StorageFull("a"), Busy("a")),
    *(
        RuntimeError("can't start new thread"),
        TimeoutError(),
        ConnectionResetError(),
        ClockBehind(),
    ),
]


@pytest.mark.parametrize("error", PASSING, ids=repr)
def test_what_passes(error: Exception):
    assert Fault.PASSES is fault_of(error)


@pytest.mark.parametrize(
    "error",
    [PermissionError(errno.EACCES, "a"), DatabaseDamaged("a"), KeyError("a"), RuntimeError("b")],
)
def test_what_needs_the_operator(error: Exception):
    assert Fault.OPERATOR is fault_of(error)


@pytest.mark.parametrize("error", [Halted("a"), Missing("a"), Swapped("a")])
def test_what_is_a_contradiction(error: Exception):
    assert Fault.CONTRADICTION is fault_of(error)


def test_a_reason_is_one_line_of_our_own_words():
    assert "ENOSPC: No space left on device" == reason_of(OSError(errno.ENOSPC, "a\nb", "/path"))
    assert "Unavailable" == reason_of(Unavailable("server said\nDETAIL: password"))
    assert "the root is wrong" == reason_of(Halted("the root\n is  wrong\u202e\ud800"))
    assert 300 == len(canonical_reason("x" * 4000))
    assert "\u00e9" == canonical_reason("e\u0301")


def test_a_step_that_fails_is_taken_again_and_the_trouble_is_told_while_it_lasts():
    failing, steps = [OSError(errno.ENOSPC, "full")], []

    def step() -> float:
        steps.append(1)
        if failing:
            raise failing[0]
        return 60

    loop, supervisor = Loop("worker", step), Supervisor()
    supervisor.watch(loop)
    loop.start()
    await_(lambda: len(steps) > 2)
    assert ["worker: passes: ENOSPC: No space left on device"] == supervisor.troubles()
    assert loop.alive
    failing.clear()
    await_(lambda: loop.error is None)
    assert [] == supervisor.troubles()
    assert loop.restarts > 2
    loop.stop()


def test_a_contradiction_ends_a_worker_and_is_told():
    told: list[BaseException] = []
    error = Halted("two roots")

    def step() -> float:
        raise error

    loop, supervisor = Loop("worker", step, ended=told.append), Supervisor()
    supervisor.watch(loop)
    loop.start()
    await_(lambda: not loop.alive)
    assert [error] == told
    assert ["worker: contradiction: two roots"] == supervisor.troubles()
    assert isinstance(hindrance([loop]), Halted)


def test_a_short_trouble_is_waited_out_and_a_long_one_turns_new_events_away(
    monkeypatch: pytest.MonkeyPatch,
):
    def step() -> float:
        raise OSError(errno.EDQUOT, "full")

    loop = Loop("worker", step)
    loop.start()
    await_(lambda: loop.error is not None)
    monkeypatch.setattr("ledger.node.supervisor.GRACE_S", WAIT_S)
    assert hindrance([loop]) is None
    monkeypatch.setattr("ledger.node.supervisor.GRACE_S", 0)
    assert isinstance(hindrance([loop]), StorageFull)
    loop.stop()


def test_a_worker_that_is_stuck_is_told(monkeypatch: pytest.MonkeyPatch):
    going_on = threading.Event()

    def step() -> float:
        going_on.wait()
        return 60

    loop, supervisor = Loop("worker", step), Supervisor()
    supervisor.watch(loop)
    monkeypatch.setattr("ledger.node.supervisor.STUCK_S", 0)
    loop.start()
    await_(lambda: supervisor.troubles() != [])
    assert isinstance(hindrance([loop]), Unavailable)
    going_on.set()
    await_(lambda: supervisor.troubles() == [])
    loop.stop()


def test_a_hint_between_step_and_wait_is_not_lost():
    steps, first = [], threading.Event()

    def step() -> float | None:
        steps.append(1)
        if len(steps) == 1:
            first.wait()
        return None

    loop = Loop("worker", step)
    loop.start()
    await_(lambda: len(steps) == 1)
    loop.wake()
    first.set()
    await_(lambda: len(steps) == 2)
    loop.stop()


def test_a_stop_takes_one_more_step_where_asked_and_ends_one_that_fails():
    steps = []

    def step() -> float:
        steps.append(loop.stopping)
        if len(steps) > 1:
            raise OSError(errno.EIO, "broken")
        return 60

    loop = Loop("worker", step, last=True)
    loop.start()
    await_(lambda: len(steps) == 1)
    loop.stop()
    assert [False, True] == steps


def test_clients_are_told_by_the_class_of_the_fault():
    assert isinstance(told_as(OSError(errno.ENOSPC, "a")), StorageFull)
    assert isinstance(told_as(OSError(errno.EMFILE, "a")), Unavailable)
    assert isinstance(told_as(PermissionError(errno.EACCES, "a")), NeedsOperator)
    assert isinstance(told_as(Swapped("a")), Halted)
