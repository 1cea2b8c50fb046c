"""
What the rules of an event cost, and whether they cost more once a subject has ten thousand.

    python -m tests.benchmarks.admission

It prints, in µs: the check of one Ed25519 signature in this very run; the rules and the fold of one
event of every topic, with all that they read at hand; and the rules and the fold of an event on a
subject that has 100, 1,000 and 10,000 of its kind. No figure passes or fails.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from statistics import median

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.domain.admission import Folds, admit, evolve_subject, reads
from ledger.domain.core.body import Body, Folded
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged
from tests.support import builders as b
from tests.support import disputes, rights
from tests.support.golden_events import STORY
from tests.support.running import contract_running
from tests.support.specification import Past

RUNS = 200
"""Times that the rules of one event are judged; the median counts."""

STEPS = (100, 1_000, 10_000)
LAST = 50
"""Events up to a step whose median is its figure."""

FIRST_DAY = date(1990, 1, 1)
SLIVER = (1, 20_000)


@dataclass
class Warm:
    """A log whose folds are kept in one dictionary: what the sequencer has when all is warm."""

    subjects: dict[str, Folded] = field(default_factory=dict)
    known: dict[str, int] = field(default_factory=dict)
    size: int = 0

    def prepared(self, body: Body) -> tuple[Event, Context]:
        """Return the body as an event, signed by whom it binds, and where it would stand."""
        attempt = Past(self.subjects, self.known, self.size, offset=0).when(body)
        assert attempt.refusal is None, f"{body.TOPIC}: {attempt.refusal}"
        return attempt.event, attempt.context

    def judge(self, event: Event, context: Context) -> float:
        """Return the µs that its rules took."""
        state = Folds(self.subjects)
        start = time.perf_counter()
        reads(event, state)
        admit(state, event, context)
        return (time.perf_counter() - start) * 1e6

    def add(self, event: Event, context: Context, runs: int = 1) -> float:
        """Add the event; return the µs that its fold took, the median of some runs."""
        logged, took = Logged(event, context.position, context.accepted), []
        for _ in range(runs):
            start = time.perf_counter()
            after = {
                subject: evolve_subject(subject, self.subjects.get(subject), logged)
                for subject in event.subjects
            }
            took.append((time.perf_counter() - start) * 1e6)
        self.subjects.update(after)
        self.known[event.payload_hash] = self.size
        self.size += 1
        return median(took)


def signature_us() -> float:
    """Return the µs of one check of an Ed25519 signature of 800 bytes."""
    key, message = Ed25519PrivateKey.generate(), bytes(800)
    signature, public = key.sign(message), key.public_key()
    took = []
    for _ in range(2_000):
        start = time.perf_counter()
        public.verify(signature, message)
        took.append((time.perf_counter() - start) * 1e6)
    return median(took)


def by_topic() -> Iterator[tuple[str, float, float]]:
    """Yield each topic of a story that has them all, the µs of its rules, and of its fold."""
    log, seen = Warm(), set[str]()
    for body in STORY:
        event, context = log.prepared(body)
        rules = median(log.judge(event, context) for _ in range(RUNS))
        folded = log.add(event, context, RUNS)
        if body.TOPIC not in seen:
            seen.add(body.TOPIC)
            yield body.TOPIC, rules, folded


def day(number: int, first: date = FIRST_DAY) -> str:
    """Return the day so many days after a first one."""
    return (first + timedelta(days=number)).isoformat()


def changed(number: int) -> Body:
    """Return a lapse or a restoration with effect from a day of its own."""
    make = b.right_lapsed if number % 2 else b.right_restored
    return make(effective_from=day(number))


def fee_paid(number: int) -> Body:
    """Return a fee that was paid."""
    return rights.right_fee_paid(right=b.RIGHT, territory=None, fee_year=number % 20 + 1)


def assigned(number: int) -> Body:
    """Return an assignment of a sliver, which waits for its registration."""
    return b.assignment_agreed(
        assignment=f"assignment:{number}",
        assignors=[b.held(b.INSTITUTE, *SLIVER)],
        assignees=[b.held(b.FIRM, *SLIVER)],
    )


def moved(number: int) -> Body:
    """Return an assignment of a sliver, and the registration by which title moves, in turn."""
    return assigned(number) if number % 2 == 0 else registered(number - 1)


def registered(number: int) -> Body:
    """Return the registration of such an assignment."""
    return b.assignment_registered(assignment=f"assignment:{number}")


def charged(number: int) -> Body:
    """Return a security of its own."""
    return b.security_created(security=f"security:{number}")


def licensed(number: int) -> Body:
    """Return a licence that is not exclusive, in one of two places."""
    place = "vn-2025:01" if number % 2 else "vn-2025:48"
    granted = b.grant(exclusivity="non_exclusive", territory={"codes": [place]})
    return b.contract_concluded(contract=f"contract:{number}", grants=[granted])


def exclusive(number: int) -> Body:
    """Return an exclusive licence for a day of its own."""
    first = date(2026, 12, 1)
    granted = b.grant(valid_from=day(number, first), valid_to=day(number + 1, first))
    return b.contract_concluded(contract=f"contract:{number}", grants=[granted], effective_to=None)


def reported(number: int) -> Body:
    """Return the report of one day's sales."""
    days = {"period_from": day(number), "period_to": day(number + 1)}
    return b.revenue_reported(report=f"report:{number}", **days)


def paid(number: int) -> Body:
    """Return one of many payments to one payee."""
    return b.payment_confirmed(payment=f"payment:{number}", amount=b.vnd(1))


def held_back(number: int) -> Body:
    """Return an order that holds a payment, and the end of it, in turn."""
    name = f"o{number // 2}"
    if number % 2:
        return disputes.hold_lifted(disputes.lift(b.SHARE, name=name))
    return disputes.hold_ordered(disputes.order("HOLD_PAYMENT", b.SHARE, name=name))


def offered(number: int) -> Body:
    """Return an offer of one party to another."""
    return b.offer_made(offer=f"offer:{number}")


SINCE = day(0)
OLD = {"effective_from": SINCE, "grants": [b.grant(valid_from=SINCE)]}
OLD_RIGHT = b.right_filed(kind="software", filed_on=SINCE)
SHARED = (b.right_filed(), contract_running(), b.share_agreed())

GROWING: tuple[tuple[str, Sequence[Body], Callable[[int], Body]], ...] = (
    ("ends and restorations of a right", (b.right_filed(),), changed),
    ("fees paid on a right", (b.right_filed(), b.right_granted()), fee_paid),
    ("assignments that wait", (b.right_filed(),), assigned),
    ("assignments and registrations", (b.right_filed(),), moved),
    ("securities on a right", (b.right_filed(),), charged),
    ("licences of a right", (b.right_filed(),), licensed),
    ("exclusive licences, day by day", (b.right_filed(kind="software"),), exclusive),
    ("reports under a contract", (OLD_RIGHT, contract_running(**OLD)), reported),
    (
        "payments of a distribution",
        (*SHARED, b.revenue_reported(), b.revenue_distributed()),
        paid,
    ),
    (
        "orders of a dispute",
        (*SHARED, disputes.court_registered(), disputes.dispute_opened()),
        held_back,
    ),
    ("offers between two parties", (), offered),
)
"""What gathers, the events before it, and one of it by its number."""


def growth(before: Sequence[Body], made: Callable[[int], Body]) -> Iterator[tuple[float, float]]:
    """Yield the µs of rules and fold of an event on a subject with so many as `STEPS` say."""
    log, took = Warm(), list[tuple[float, float]]()
    for body in (b.ledger_opened(), *before):
        log.add(*log.prepared(body))
    for number in range(STEPS[-1]):
        event, context = log.prepared(made(number))
        took.append((log.judge(event, context), log.add(event, context)))
        if number + 1 in STEPS:
            rules, folds = zip(*took[-LAST:], strict=True)
            yield median(rules), median(folds)


def main() -> None:
    """Print the figures."""
    print(f"one Ed25519 check: {signature_us():.0f} µs\n")
    print(f"{'topic':<34} {'rules':>8} {'fold':>8}   µs")
    for topic, rules, folded in sorted(by_topic(), key=lambda each: -each[1]):
        print(f"{topic:<34} {rules:>8.1f} {folded:>8.1f}")
    print(f"\n{'rules + fold, µs':<34}" + "".join(f"{step:>18,}" for step in STEPS))
    for name, before, made in GROWING:
        cells = "".join(f"{rules:>10.1f} + {fold:>5.1f}" for rules, fold in growth(before, made))
        print(f"{name:<34}{cells}", flush=True)


if __name__ == "__main__":
    main()
