"""A run of the differential: the story walked through, and cases judged at each of its steps."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from ledger.home.antirollback import Halted
from ledger.home.batches import BatchKey
from ledger.log.merkle import leaf_hash
from ledger.publish.scrutiny import Scrutiny
from ledger.store.batches import Batch
from tests.differential.bench import Bench
from tests.differential.cases import ALWAYS_RIGHT, WRONG, draw
from tests.differential.judges import Answer, Judges
from tests.differential.shapes import Shaped, cases_of, shaped
from tests.differential.story import ORIGIN, Writer, entry, lines, steps

KEY = BatchKey(ORIGIN, bytes(32))
OTHER = BatchKey(ORIGIN, bytes(31) + b"\x01")
EVERY = 5
"""One case in so many is written past the sequencer: the publisher is asked about it."""


@dataclass
class Tally:
    """What came of a run: events by (case, answer), disagreements, rows that were never signed."""

    answers: Counter[tuple[str, Answer]] = field(default_factory=Counter)
    topics: set[str] = field(default_factory=set)
    apart: list[str] = field(default_factory=list)
    foreign: int = 0
    shapes: Counter[Answer] = field(default_factory=Counter)

    @property
    def events(self) -> int:
        return sum(self.answers.values())

    @property
    def wrong(self) -> int:
        return sum(n for (_, answer), n in self.answers.items() if answer is False)


def walk(
    seed: int, cases: int, *, heard: Callable[[Tally], None] = lambda _: None, most: int = 10**9
) -> Tally:
    """Judge `cases` events at each step of the story; stop at `most` disagreements.

    The ledger of an odd seed has a delay of a second.
    """
    writer = Writer(delay_s=seed % 2)
    chance, judges, tally = Random(seed), Judges(ORIGIN), Tally()
    for step in steps(writer):
        bench = Bench(writer, step, chance)
        if judges.size:
            for name, made in draw(bench, cases):
                _judge(tally, judges, step.topic, name, made)
                if len(tally.apart) >= most:
                    return tally
            for _ in range(cases * cases_of(step.topic)):
                _compare(tally, judges, step.topic, shaped(bench))
        payload = writer.payload(step.topic, step.said, step.signers, step.at)
        said = entry(payload, lines(payload, bench.own), step.at)
        writer.told(step, payload)
        answers = judges.judge(said) if judges.size else {}
        if any(answer is False for answer, _ in answers.values()):
            tally.apart.append(f"{judges.size} {step.topic}: the story itself: {answers}")
            return tally
        judges.follow(said)
        heard(tally)
    return tally


def _judge(tally: Tally, judges: Judges, topic: str, name: str, made: bytes) -> None:
    told = judges.judge(made)
    answers = {answer for answer, _ in told.values()}
    tally.topics.add(topic)
    answer = told["door"][0]
    expected = {
        **{case.__name__: False for case in WRONG},
        **{case.__name__: True for case in ALWAYS_RIGHT},
    }
    apart = len(answers) > 1 or (answer is not None and expected.get(name, answer) != answer)
    if apart:
        tally.apart.append(f"{judges.size} {topic} {name}: {told}")
    tally.answers[name, answer] += 1
    if tally.events % EVERY == 0:
        _must_never_be_signed(judges.size, made)
        tally.foreign += 1


def _compare(tally: Tally, judges: Judges, topic: str, made: Shaped | None) -> None:
    """Ask both verifiers about an odd shape."""
    if made is None:
        return
    told = judges.judge_shape(*made)
    answers = {answer for answer, _ in told.values()}
    if len(answers) > 1:
        tally.apart.append(f"{judges.size} {topic} {made}: {told}")
    tally.shapes[told["verify"][0]] += 1


def _must_never_be_signed(position: int, made: bytes) -> None:
    """Ask the publisher's own code about a row that no sequencer of this ledger wrote."""
    leaf = leaf_hash(made)
    for batches in ([], [Batch(position, 1, OTHER.mac(position, [leaf]))]):
        try:
            Scrutiny(None, KEY).conclude(batches, position, [leaf])  # type: ignore[arg-type]
        except Halted:
            continue
        raise AssertionError(f"the publisher would sign {made!r}")


def summary(tallies: Iterable[Tally]) -> list[str]:
    """Return the counts as lines of text."""
    total = Tally()
    for tally in tallies:
        total.answers += tally.answers
        total.topics |= tally.topics
        total.apart += tally.apart
        total.foreign += tally.foreign
        total.shapes += tally.shapes
    said = {True: "admitted", False: "refused", None: "unchecked"}
    rows = (
        f"{n:>8}  {name} {said[answer]}"
        for (name, answer), n in sorted(total.answers.items(), key=str)
    )
    return [
        *rows,
        f"{total.events} events of {len(total.topics)} topics, {total.wrong} refused",
        f"{total.foreign} of them past the sequencer, and never signed",
        *(f"{n} odd shapes {said[answer]}" for answer, n in sorted(total.shapes.items(), key=str)),
        f"{len(total.apart)} disagreements",
        *total.apart[:20],
    ]
