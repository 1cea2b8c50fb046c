"""A log under real admission, and a reference beside it: whatever one says the other must say."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from random import Random
from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.domain.core.types import format_instant, legal_day
from tests.support.builders import ledger_opened
from tests.support.chance import PARTIES, RIGHTS
from tests.support.disputes import court_registered
from tests.support.reference_model import Said
from tests.support.reference_money import WholeReference
from tests.support.reference_signers import who_signs
from tests.support.specification import START, Attempt, Past, said

Chosen = Callable[[Random, WholeReference, str], Body]
"""Makes the next body out of chance, what the reference knows, and today."""


class Beside:
    """A log, and the reference of all that was admitted in it."""

    def __init__(self, reference: WholeReference | None = None, start: datetime = START) -> None:
        self.past, self.logged = Past(), list[Logged]()
        for body in (ledger_opened(), court_registered()):
            self._tell(self.past.when(said(body, accepted=start)))
        self.reference = reference or WholeReference()
        self.now = start
        self.seen: Counter[str] = Counter()

    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @property
    def today(self) -> str:
        """The legal day."""
        return str(legal_day(self.now))

    def step(self, random: Random, chosen: Chosen) -> None:
        """Try one event in both, seldom by other lines than its own; fail unless both agree."""
        self.now += timedelta(seconds=1)
        body = chosen(random, self.reference, self.today)
        lines = who_signs(body.TOPIC, body.model_dump(mode="json"))
        self.attempt(body, self._odd_lines(body, lines, random))

    def _odd_lines(self, body: Body, lines: set[str], random: Random) -> set[str]:
        """Return by whom an event is signed: mostly by its signers, seldom by a proxy or others."""
        odd = random.randint(0, 24)
        mandates = [entry["said"] for entry in self.reference.all("mandate.given")]
        held = [said for said in mandates if said["principal"] in lines]
        # Who releases what another charged is a stranger, or signs both sides: both are wrong.
        if odd < 6 and held and body.TOPIC != "security.released/1":
            mandate = random.choice(held)
            return {*lines - {mandate["principal"]}, mandate["holder"]}
        if odd == 0 and len(lines) > 1:
            return set(sorted(lines)[1:])
        if odd in (1, 2, 3):
            return {*sorted(lines)[1:], random.choice(PARTIES)}
        return lines

    def attempt(self, body: Body, lines: set[str]) -> None:
        """Try an event in both; fail unless both admit it, or refuse it by one code."""
        told: Said = body.model_dump(mode="json")
        at = format_instant(self.now)
        expected = self.reference.judge(body.TOPIC, told, self.today, at, lines)
        attempt = self.past.when(said(body, accepted=self.now, signed_by=sorted(lines)))
        found = attempt.refusal.code if attempt.refusal else None
        assert found == expected, (
            f"{body.TOPIC}: the ledger says {found} ({attempt.refusal}), the reference {expected}: "
            f"{told}"
        )
        self.seen[found or body.TOPIC] += 1
        if found is None:
            self._tell(attempt)
            named = attempt.event.payload_hash, lines
            self.reference.record(body.TOPIC, told, self.today, at, named)

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
            self._check_payments(entry["said"])

    def _check_payments(self, told: Said) -> None:
        assert sum(part["amount"] for part in told["parts"]) == told["total"]["amount"]
        marked = self.reference.all(
            "payment.confirmed", distribution=told["distribution"], overpayment=True
        )
        state: Any = self.past.value(told["distribution"])
        for party, paid in state.confirmed.items():
            assert paid == self.reference.confirmed(told["distribution"], party)
            assert marked or abs(paid) <= abs(state.payable[party])
