"""
The whole domain against a plain-Python reference, event by event.

Random events of every family go through real admission; for each of them the reference says that
it is admitted, or by which code it is refused, and both must agree. After each step the invariants
of the domain hold. `WHOLE_RUNS` sets how many histories there are, `WHOLE_STEPS` how long one is;
each has its number as its seed, and what fails says which (docs/testing.md).
"""

import os
from collections import Counter
from functools import partial
from random import Random

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.support.beside import Beside
from tests.support.reference_signers import SIGNS
from tests.support.whole_actions import ACTIONS, any_event

RUNS = int(os.environ.get("WHOLE_RUNS", "40"))
STEPS = int(os.environ.get("WHOLE_STEPS", "150"))


class WholeDomain(RuleBasedStateMachine):
    """Random histories, shrunk where the two disagree."""

    @initialize()
    def open(self) -> None:
        self.world = Beside()

    @rule(seed=st.integers(0, 2**32 - 1), number=st.integers(0, len(ACTIONS) - 1))
    def act(self, seed: int, number: int) -> None:
        self.world.step(Random(seed), partial(any_event, number=number))

    @rule(days=st.sampled_from((1, 5, 20)))
    def wait(self, days: int) -> None:
        self.world.wait(days)

    @invariant()
    def holds(self) -> None:
        if hasattr(self, "world"):
            self.world.check()


TestWholeDomain = WholeDomain.TestCase
TestWholeDomain.settings = settings(
    max_examples=60,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)

CODES_TRIED = 60


def test_histories_agree_and_meet_every_topic() -> None:
    """Nothing passes by doing nothing: every topic is admitted, and most codes are met."""
    seen: Counter[str] = Counter()
    for seed in range(RUNS):
        seen += _history(seed)
    admitted = {each.partition("/")[0] for each in seen if "/" in each}
    assert set(SIGNS) == admitted
    codes = {each for each in seen if "/" not in each}
    assert len(codes) >= CODES_TRIED, sorted(codes)


def _history(seed: int) -> Counter[str]:
    """Run one history; return how often each topic was admitted, and each code met."""
    random, world = Random(seed), Beside()
    try:
        for _ in range(STEPS):
            world.step(random, any_event)
            if not random.randint(0, 9):
                world.wait(random.choice((1, 5, 20)))
            world.check()
    except AssertionError as error:
        error.add_note(f"history {seed}, {len(world.reference.log)} events in its log")
        raise
    return world.seen
