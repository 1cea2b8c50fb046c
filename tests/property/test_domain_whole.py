"""
The whole domain against a plain-Python reference, event by event.

Random events of every family go through real admission; for each of them the reference says that
it is admitted, or by which code it is refused, and both must agree. After each step the invariants
of the domain hold. `WHOLE_RUNS` sets how many histories there are, `WHOLE_STEPS` how long one is;
each has its number as its seed, and what fails says which (docs/testing.md).
"""

import os
from collections import Counter
from datetime import timedelta
from random import Random
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from ledger.domain.event import Body, Logged, format_instant, legal_day
from tests.support.builders import ledger_opened
from tests.support.chance import PARTIES, RIGHTS
from tests.support.disputes import court_registered
from tests.support.reference_money import WholeReference
from tests.support.reference_signers import SIGNS, who_signs
from tests.support.specification import START, Attempt, Past, said
from tests.support.whole_actions import ACTIONS, chosen

RUNS = int(os.environ.get("WHOLE_RUNS", "40"))
STEPS = int(os.environ.get("WHOLE_STEPS", "150"))


class World:
    """A log under real admission, and the reference beside it."""

    def __init__(self) -> None:
        self.past, self.logged = Past(), list[Logged]()
        for body in (ledger_opened(), court_registered()):
            self._tell(self.past.when(body))
        self.reference = WholeReference()
        self.now = START
        self.seen: Counter[str] = Counter()

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    def step(self, random: Random, number: int | None = None) -> None:
        """Try one event in both; fail unless both say the same."""
        self.now += timedelta(seconds=1)
        action = chosen(random, self.reference, number)
        body = action.act(random, self.reference, str(legal_day(self.now)))
        self.attempt(body, self._lines(body, random))

    def _lines(self, body: Body, random: Random) -> set[str]:
        lines = who_signs(body.TOPIC, body.model_dump(mode="json"))
        odd = random.randint(0, 24)
        if odd == 0 and len(lines) > 1:
            return set(sorted(lines)[1:])
        if odd in (1, 2, 3):
            return {*sorted(lines)[1:], random.choice(PARTIES)}
        return lines

    def attempt(self, body: Body, lines: set[str]) -> None:
        day, at = str(legal_day(self.now)), format_instant(self.now)
        told: dict[str, Any] = body.model_dump(mode="json")
        expected = self.reference.judge(body.TOPIC, told, day, at, lines)
        attempt = self.past.when(said(body, accepted=self.now, signed_by=sorted(lines)))
        found = attempt.refusal.code if attempt.refusal else None
        assert found == expected, (
            f"{body.TOPIC}: the ledger says {found} ({attempt.refusal}), the reference {expected}: "
            f"{told}"
        )
        self.seen[found or body.TOPIC] += 1
        if found is None:
            self._tell(attempt)
            self.reference.record(body.TOPIC, told, day, at, attempt.event.payload_hash)

    def _tell(self, attempt: Attempt) -> None:
        self.past, context = attempt.then_admitted(), attempt.context
        self.logged.append(Logged(attempt.event, context.position, context.accepted))

    def check(self) -> None:
        """Hold the ledger's state to the invariants."""
        for right in RIGHTS:
            value = self.past.value(right)
            if value is None:
                continue
            owners = dict(value.owners.items())
            assert sum(owners.values()) == 1
            assert all(share > 0 for share in owners.values())
            assert owners == self.reference.owners(right)
        for entry in self.reference.all("revenue.distributed"):
            told = entry["said"]
            assert sum(part["amount"] for part in told["parts"]) == told["total"]["amount"]
            marked = self.reference.all(
                "payment.confirmed", distribution=told["distribution"], overpayment=True
            )
            state = self.past.value(told["distribution"])
            for party, paid in state.confirmed.items():
                assert paid == self.reference.confirmed(told["distribution"], party)
                assert marked or abs(paid) <= abs(state.payable[party])


class WholeDomain(RuleBasedStateMachine):
    """Random histories, shrunk where the two disagree."""

    @initialize()
    def open(self) -> None:
        self.world = World()

    @rule(seed=st.integers(0, 2**32 - 1), number=st.integers(0, len(ACTIONS) - 1))
    def act(self, seed: int, number: int) -> None:
        self.world.step(Random(seed), number)

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
    random, world = Random(seed), World()
    try:
        for _ in range(STEPS):
            world.step(random)
            if not random.randint(0, 9):
                world.wait(random.choice((1, 5, 20)))
            world.check()
    except AssertionError as error:
        error.add_note(f"history {seed}, {len(world.reference.log)} events in its log")
        raise
    return world.seen
