"""The versions of a contract's terms, as a drawing: one below another, from when each holds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from projections.questions.terms import Version

WIDTH, ROW, TOP, AT = 320, 52, 14, 12
"""Units of the drawing: its width, from version to version, above the first, where the rail is."""

SHOWN = 10
"""Versions that are drawn at once: the chosen ones, and of the others the newest."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A version where it is drawn; `chosen`: it is one of the two that are compared."""

    y: int
    version: Version
    chosen: bool


@dataclass(frozen=True, slots=True)
class Rail:
    """The versions that are drawn, the first above; `between` is from where to where they differ.

    `left_out` is how many there are beside.
    """

    stops: tuple[Stop, ...]
    between: tuple[int, int]
    left_out: int
    width: int = WIDTH
    at: int = AT

    @property
    def height(self) -> int:
        """Return how high the drawing is."""
        return 2 * TOP + ROW * (len(self.stops) - 1) + 24


def rail_of(versions: Sequence[Version], chosen: Collection[int]) -> Rail:
    """Return the drawing of versions, two of which are compared."""
    others = [each for each in versions if each.version not in chosen]
    kept = {*chosen, *(each.version for each in others[-(SHOWN - len(chosen)) :])}
    drawn = [each for each in versions if each.version in kept]
    stops = tuple(
        Stop(TOP + ROW * number, each, each.version in chosen) for number, each in enumerate(drawn)
    )
    ends = [stop.y for stop in stops if stop.chosen]
    return Rail(stops, (min(ends), max(ends)), len(versions) - len(stops))
