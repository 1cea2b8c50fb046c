"""
Which events turn what admission asks of a steady subject: a party, a key, the ledger.

Of these admission asks for the value alone, not for who touched them last (STALE_VIEW), so a party
that a hundred thousand offers name is folded from the few events that change it. Which topics those
are follows from the folds themselves: whatever has no fold for a kind leaves its subjects as they
are.
"""

from collections.abc import Iterable

from ledger.domain.registry import EVOLVES, TOPICS

STEADY = ("party", "key", "ledger")
"""Kinds of which admission asks for the value alone."""

TURNS = frozenset(
    (topic, kind) for kind in STEADY for topic, body in TOPICS.items() if (kind, body) in EVOLVES
)
"""(topic, kind) of every event that can change the value of a steady subject."""


def is_steady(subject: str) -> bool:
    """Say whether admission asks for a subject's value alone."""
    return subject.partition(":")[0] in STEADY


def moves(topic: str, subject: str) -> bool:
    """Say whether an event of that type may change what admission asks of a subject.

    One of a type that is not known here may change anything.
    """
    kind = subject.partition(":")[0]
    return kind not in STEADY or (topic, kind) in TURNS or topic not in TOPICS


def turned(topic: str, subjects: Iterable[str]) -> frozenset[str]:
    """Return the steady subjects among these whose value an event of that type may change."""
    return frozenset(each for each in subjects if is_steady(each) and moves(topic, each))
