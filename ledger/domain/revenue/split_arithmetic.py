"""
How a total is shared out by an agreement: arithmetic that anyone can repeat.

The waterfall first, step by step; then the parts by largest remainder, to the unit, with what is
above a party's cap going to the others by their own parts. Negative totals mirror positive ones.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.domain.contracts.agreed_share import CapOf, WaterfallStep
from ledger.domain.core.money import PPM, Part, largest_remainder
from ledger.domain.core.types import Model, PartyId
from ledger.quoted import repeated

AUTHORS = "authors"
"""Stands in the arithmetic for all co-authors together; it sorts before any party id."""


class Payable(Model):
    """What a distribution gives one party, in minor units; negative where it takes back."""

    party: PartyId
    """Who gets it."""
    amount: int
    """Minor units of the distribution's currency; negative where it takes back."""


def one_each(items: tuple[Payable, ...]) -> tuple[Payable, ...]:
    """Return payables that name each party once; a ValueError if they do not."""
    if (twice := repeated(item.party for item in items)) is not None:
        raise ValueError(f"a party is named twice: {twice}")
    return items


@dataclass(frozen=True, slots=True)
class Agreement:
    """What is agreed: the waterfall, the parts, the co-authors' one part, the caps."""

    parts: tuple[Part, ...]
    authors_ppm: int = 0
    waterfall: tuple[WaterfallStep, ...] = ()
    caps: tuple[CapOf, ...] = ()


@dataclass(frozen=True, slots=True)
class Computed:
    """What a total comes to: for each party, for the co-authors together, and step by step."""

    payable: Mapping[str, int]
    authors: int
    steps: tuple[int, ...]


def compute(total: int, agreement: Agreement) -> Computed:
    """Share out `total` minor units. `compute(-T)` is `compute(T)` with the sign changed."""
    sign, left = (-1 if total < 0 else 1), abs(total)
    steps = []
    payable: dict[str, int] = {}
    for step in agreement.waterfall:
        taken = left * step.rate_ppm // PPM if step.rate_ppm else min(step.amount or 0, left)
        left -= taken
        steps.append(sign * taken)
        payable[step.to] = payable.get(step.to, 0) + taken
    for party, amount in shared(left, weights_of(agreement), caps_of(agreement)).items():
        payable[party] = payable.get(party, 0) + amount
    authors = payable.pop(AUTHORS, 0)
    return Computed(
        {party: sign * amount for party, amount in payable.items()}, sign * authors, tuple(steps)
    )


def weights_of(agreement: Agreement) -> dict[str, int]:
    """Return the parts by whose they are, the co-authors' one part among them."""
    weights = {part.party: part.ppm for part in agreement.parts}
    return weights | ({AUTHORS: agreement.authors_ppm} if agreement.authors_ppm else {})


def caps_of(agreement: Agreement) -> dict[str, int]:
    """Return the caps by whom they hold."""
    return {cap.party: cap.amount for cap in agreement.caps}


def shared(left: int, weights: Mapping[str, int], caps: Mapping[str, int]) -> dict[str, int]:
    """Split by largest remainder; what is above a cap goes to the others by their own parts.

    `left` is not negative.
    """
    capped: dict[str, int] = {}
    while True:
        split = largest_remainder(left, weights)
        over = {party: caps[party] for party in split if split[party] > caps.get(party, left)}
        if not over:
            return capped | split
        capped |= over
        left -= sum(over.values())
        weights = {party: weight for party, weight in weights.items() if party not in over}


def told_amounts(amounts: Mapping[str, int]) -> str:
    """Return what each party gets, as a sentence lists it."""
    return ", ".join(f"{party} {amount}" for party, amount in sorted(amounts.items()))


def payables(amounts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return what each party gets, as JSON has it."""
    return [{"party": party, "amount": amount} for party, amount in sorted(amounts.items())]


def added_up(parts: Iterable[Payable]) -> dict[str, int]:
    """Return what each party gets in all."""
    payable: dict[str, int] = {}
    for each in parts:
        payable[each.party] = payable.get(each.party, 0) + each.amount
    return payable
