"""A report as its contract remembers it: its days, and what later reports reckon with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class FiledReport:
    """The days `[start, end)` for which a licensee reported, by which event.

    `base` is what a royalty is due on, `royalty` what was due on it before set-off and cap,
    `earned` after; all in minor units of the contract's currency. `sold` are units by grant.
    """

    reporter: str
    start: date
    end: date
    position: int
    base: int
    royalty: int
    earned: int
    milestones: frozenset[str] = frozenset()
    sold: Mapping[str, int] = field(default_factory=dict)
