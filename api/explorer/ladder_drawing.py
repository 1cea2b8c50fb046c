"""The tiers of a royalty, as a drawing: a step for each, as wide as its rate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.describe import money
from api.describe.language import Language, Said
from api.describe.values import value_name

WIDTH, ROW, HIGH, LABELS, _RATES = 560, 34, 22, 250, 80
"""Units of the drawing: its width, from step to step, its height; room for words."""


@dataclass(frozen=True, slots=True)
class Rung:
    """One tier: over what part of the base it runs, and at which rate."""

    y: int
    width: int
    part: str
    rate: str

    @property
    def baseline(self) -> int:
        """Return where its text stands."""
        return self.y + 16


@dataclass(frozen=True, slots=True)
class Ladder:
    """The tiers of a royalty, the lowest first."""

    over: str
    rungs: tuple[Rung, ...]
    width: int = WIDTH
    labels: int = LABELS
    high: int = HIGH

    @property
    def height(self) -> int:
        """Return how high the drawing is."""
        return ROW * len(self.rungs)


def ladder_of(contract: Mapping[str, Any], language: Language) -> Ladder | None:
    """Return the tiers of the terms of a contract on a day; None where there are none to see."""
    royalty = (contract["terms"] or {}).get("royalty")
    if not royalty or not royalty.get("tiers"):
        return None
    over = value_name("Royalty", "tiers_over", royalty["tiers_over"], language)
    return Ladder(over, tuple(_rungs(royalty, language)))


def _rungs(royalty: Mapping[str, Any], language: Language) -> Iterator[Rung]:
    highest = max(tier["rate_ppm"] for tier in royalty["tiers"])
    below = None
    for number, tier in enumerate(royalty["tiers"]):
        upto = tier["upto"] and money.sum_of(int(tier["upto"]), royalty["currency"], language)
        part = _PARTS[below is not None, upto is not None].in_(language).format(below, upto)
        width = (WIDTH - LABELS - _RATES) * tier["rate_ppm"] // (highest or 1)
        yield Rung(number * ROW, max(2, width), part, money.percent(tier["rate_ppm"], language))
        below = upto


_PARTS: Mapping[tuple[bool, bool], Said] = {
    (False, False): Said("toàn bộ", "all of it"),
    (False, True): Said("đến {1}", "up to {1}"),
    (True, True): Said("trên {0} đến {1}", "over {0} up to {1}"),
    (True, False): Said("trên {0}", "over {0}"),
}
