"""
What is known of each subject, folded from the entries tagged with it, as of one size of the log.

`Folds` keeps the warm subjects, bounded in bytes; `Overlay` holds what a batch not yet committed
would add. A subject about which nothing is known is warm too, with the value None: only a *cold*
subject was never looked up.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ledger.domain import admission
from ledger.domain.core.body import Folded
from ledger.domain.core.event import Logged
from ledger.domain.turning import is_steady, moves
from ledger.events.intake import decode
from ledger.sequence.weight import weigh
from ledger.store.connection import Pool
from ledger.store.entries import read_histories

Load = Callable[[Sequence[str], int], Iterable[tuple[Logged, Sequence[str]]]]
"""(subjects, size) -> the events below that size that move any of them, each with those of them
that it moves; of each in order of position. They may come in pages: nobody keeps them."""


def load_histories(
    pool: Pool, subjects: Sequence[str], size: int
) -> Iterator[tuple[Logged, list[str]]]:
    """Yield what moves these subjects; of a steady one only the events that turn it."""
    for stored, tagged in read_histories(pool, subjects, size, is_steady):
        logged = decode(stored.entry, stored.position)
        # A stored tag is believed where the entry's own bytes say so too.
        named = set(logged.event.subjects).intersection(tagged)
        moved = [subject for subject in named if moves(logged.event.type, subject)]
        if moved:
            yield logged, moved


class Cold(Exception):
    """A subject was asked for that has not been folded yet."""


NAMED_B = 400
"""What it takes, in bytes, to keep a subject at all: its name, and its places in two tables."""


HEAVY_B = 2 << 20
"""A subject of more bytes is not weighed again as it grows: that would keep others waiting."""


class Weight(NamedTuple):
    """What a subject took in memory when it had so many entries, and takes by now, in bytes."""

    entries: int
    weighed: int
    bytes: int

    @classmethod
    def of(cls, folded: Folded | None, known: "Weight | None") -> "Weight":
        """Return the weight of a subject that had another one before, if it was known.

        It is weighed again once it has half as many entries again, unless that would take long, and
        till then grows as they do. So what weighing costs stays in proportion to folding.
        """
        count = folded.count if folded else 0
        heavy = known and known.weighed > HEAVY_B
        if known and known.entries and (heavy or count < known.entries * 3 // 2):
            return known._replace(bytes=known.weighed * count // known.entries)
        weighed = NAMED_B + weigh(folded)
        return cls(count, weighed, weighed)


class SubjectCache:
    """The warm subjects. Not thread-safe: the sequencer's thread owns it."""

    def __init__(self, load: Load, most: int) -> None:
        """Keep subjects of so many bytes at `most` beyond those of one batch."""
        self._load = load
        self._most = most
        self._values: OrderedDict[str, Folded | None] = OrderedDict()
        self._weights: dict[str, Weight] = {}
        self.size = self.weight = 0

    def __contains__(self, subject: str) -> bool:
        return subject in self._values

    def get(self, subject: str) -> Any:
        """Return the subject's value, or None where it is cold or unknown."""
        folded = self._values.get(subject)
        return folded.value if folded else None

    def folded(self, subject: str) -> Folded | None:
        """Return the subject's fold; raises `Cold` where it was never looked up."""
        try:
            folded = self._values[subject]
        except KeyError:
            raise Cold(subject) from None
        self._values.move_to_end(subject)
        return folded

    def warm(self, subjects: Iterable[str]) -> bool:
        """Fold the cold ones of these subjects up to `size`; say whether there were any."""
        cold = [subject for subject in subjects if subject not in self._values]
        if not cold:
            return False
        found: dict[str, Folded | None] = dict.fromkeys(cold)
        for logged, subjects_moved in self._load(cold, self.size) if self.size else ():
            for subject in subjects_moved:
                found[subject] = admission.evolve_subject(subject, found[subject], logged)
        self._keep(found)
        return True

    def follow(self, logged: Logged) -> None:
        """Take in the next event of the log, appended by anyone."""
        assert logged.position == self.size, "events are followed in order, none left out"
        for subject in logged.event.subjects:
            if subject in self._values and moves(logged.event.type, subject):
                known = self._values[subject]
                self._keep({subject: admission.evolve_subject(subject, known, logged)})
        self.size += 1

    def update(self, values: Mapping[str, Folded | None], size: int) -> None:
        """Take over what a committed batch added."""
        self._keep(values)
        self.size = size

    def _keep(self, values: Mapping[str, Folded | None]) -> None:
        self._values.update(values)
        for subject, folded in values.items():
            known = self._weights.get(subject)
            weight = Weight.of(folded, known)
            self._weights[subject] = weight
            self.weight += weight.bytes - (known.bytes if known else 0)

    def shrink(self) -> None:
        """Let the least recently used go, down to the bound."""
        while self.weight > self._most and self._values:
            subject, _folded = self._values.popitem(last=False)
            self.weight -= self._weights.pop(subject).bytes

    def clear(self, size: int) -> None:
        """Forget everything, and go on from a log of that size."""
        self._values.clear()
        self._weights.clear()
        self.size, self.weight = size, 0


class Overlay:
    """The folds, and above them what this batch would add."""

    def __init__(self, folds: SubjectCache) -> None:
        self._folds = folds
        self._added: dict[str, Folded | None] = {}
        self.size = folds.size

    def folded(self, subject: str) -> Folded | None:
        """Return the subject's fold with this batch's events; raises `Cold`."""
        if subject in self._added:
            return self._added[subject]
        return self._folds.folded(subject)

    def get(self, subject: str) -> Any:
        """Return the subject's value, or None where nothing is known of it; raises `Cold`."""
        folded = self.folded(subject)
        return folded.value if folded else None

    def apply(self, logged: Logged) -> None:
        """Fold an admitted event into each of its subjects, or, if that raises, into none."""
        self._added |= {
            subject: admission.evolve_subject(subject, self.folded(subject), logged)
            for subject in logged.event.subjects
            if moves(logged.event.type, subject)
        }
        self.size += 1

    def merge(self) -> None:
        """Hand everything to the folds: the batch is known to be committed."""
        self._folds.update(self._added, self.size)
        self._folds.shrink()
