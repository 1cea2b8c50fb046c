"""
What every answer says, whatever was asked: its verdict, how far it knows, what proves it.

The members are one base of all answers, so that anyone who reads one reads them all. Later what an
answer rests on stands here as well: `rests_on`, `candidates`, `findings`, `missing` are kept free.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

Verdict = Literal["yes", "no", "contested", "unknown", "answered"]
"""Yes and no are of yes/no questions alone; any other that can be answered is `answered`.

`contested`: recorded facts contradict what the answer stands on, so that it would be a guess.
`unknown`: the log never named what is asked about, or what would say it is sealed.
"""


@dataclass(frozen=True, slots=True)
class Near:
    """An id that the log does not name, and ids that it names which are one slip away."""

    asked: str
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The base of all answers.

    `near` are the ids asked about that the log does not name, as known at the time asked of, each
    with what may be meant by it. `doubted` are the positions that make it contested. `known_at` is
    what bounds the knowledge that was asked for, None for all: an answer says what it was asked.
    """

    known_at: str | None = None
    near: tuple[Near, ...] = ()
    doubted: tuple[int, ...] = ()

    if TYPE_CHECKING:  # Fields of some answers, and derived from their fields in others.

        @property
        def size(self) -> int:
            """Return how many entries the answer is folded from."""

        @property
        def positions(self) -> tuple[int, ...]:
            """Return the positions of the events that prove it, in order, each once."""

    @property
    def unknown(self) -> tuple[str, ...]:
        """Return the ids asked about that the log does not name."""
        return tuple(each.asked for each in self.near)

    @property
    def verdict(self) -> Verdict:
        """Return the answer in a word."""
        if self.unknown:
            return "unknown"
        return "contested" if self.doubted else self._says

    @property
    def _says(self) -> Verdict:
        """Return the verdict where nothing asked about is unknown and nothing contradicts it."""
        return "answered"


@dataclass(frozen=True, slots=True, kw_only=True)
class YesOrNo(Answer):
    """The base of the answers to yes/no questions.

    Where a thing that is known gives no occasion to ask, as a contract without a minimum, it is
    `answered`.
    """


def yes_or_no(said: bool) -> Verdict:  # noqa: FBT001  (what was said is the one argument)
    """Return the verdict of a yes/no question."""
    return "yes" if said else "no"
