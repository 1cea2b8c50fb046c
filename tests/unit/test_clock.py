"""Wall time is used for as long as the time that has passed bears it out."""

from datetime import UTC, datetime, timedelta

import pytest

from ledger.runtime.clock import SET_BACK_S, TOLERANCE, Anchor, Clock, ClockAhead

START = datetime(2026, 11, 29, tzinfo=UTC)


class Machine:
    """Two clocks, the first of which can be set."""

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.passed = 1000.0

    def clock(self, anchor: Anchor | None = None) -> Clock:
        return Clock(anchor, wall=self.wall, passed=lambda: self.passed)

    def wall(self) -> datetime:
        return START + timedelta(seconds=self.passed - 1000) + self.ahead


def test_time_that_passes_is_told():
    machine = Machine()
    clock = machine.clock()
    for _ in range(100):
        machine.passed += 3600
        assert machine.wall() == clock.now()


@pytest.mark.parametrize("ahead", [timedelta(days=365), timedelta(minutes=2), TOLERANCE * 1.1])
def test_time_that_jumps_ahead_is_not_used_until_it_is_right_again(ahead: timedelta):
    machine = Machine()
    clock = machine.clock()
    machine.passed += 10
    machine.ahead = ahead
    with pytest.raises(ClockAhead):
        clock.now()
    machine.passed += 10
    with pytest.raises(ClockAhead):
        clock.now()
    machine.ahead = timedelta()
    assert machine.wall() == clock.now()


def test_small_steps_ahead_do_not_add_up():
    machine = Machine()
    clock = machine.clock()
    for _ in range(3):
        machine.passed += 1
        machine.ahead += TOLERANCE / 3
        clock.now()
    machine.ahead += TOLERANCE / 3
    with pytest.raises(ClockAhead):
        clock.now()


def test_clocks_that_drift_apart_as_good_ones_may_are_no_trouble():
    machine = Machine()
    clock = machine.clock()
    for _ in range(10_000):
        machine.passed += 600
        machine.ahead += timedelta(seconds=0.3)
        assert machine.wall() == clock.now()


def test_time_that_was_ahead_from_the_start_is_the_measure_once_it_was_set_back():
    machine = Machine()
    machine.ahead = timedelta(days=365)
    clock = machine.clock()
    machine.ahead = timedelta()
    assert machine.wall() == clock.now()
    machine.passed += SET_BACK_S
    assert machine.wall() == clock.now()
    machine.ahead = timedelta(days=365)
    with pytest.raises(ClockAhead):
        clock.now()


@pytest.mark.parametrize("back", [timedelta(seconds=-70), timedelta(days=-365)])
def test_time_that_was_set_back_for_a_moment_may_be_put_right_again(back: timedelta):
    machine = Machine()
    clock = machine.clock()
    machine.ahead = back
    for _ in range(3):
        machine.passed += 1
        assert machine.wall() == clock.now()
    machine.ahead = timedelta()
    assert machine.wall() == clock.now()
    machine.ahead = 2 * TOLERANCE
    with pytest.raises(ClockAhead):
        clock.now()


def test_a_process_that_starts_while_the_clock_is_ahead_goes_by_its_parents_anchor():
    machine = Machine()
    anchor = machine.clock().anchor
    machine.passed += 5
    machine.ahead = timedelta(days=365)
    with pytest.raises(ClockAhead):
        machine.clock(anchor).now()


def test_the_machines_own_clocks_agree():
    assert abs(Clock(Anchor.now()).now() - datetime.now(UTC)) < TOLERANCE
