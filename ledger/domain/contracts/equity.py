"""
What a company gives for a right that is contributed to its capital.

Read in this order: what is said, the rule.
"""

from collections.abc import Sequence

from ledger.domain.core.context import Context
from ledger.domain.core.money import Price, check_rate
from ledger.domain.core.remedy import Step
from ledger.domain.core.types import Model, PartyId, Sealed
from ledger.domain.market.listing import ContentMissing


class Equity(Model):
    """What a company gives for a right that is contributed to its capital."""

    company: PartyId
    """The company, to which the right passes."""
    stake_ppm: int | Sealed
    """The stake given for it, in parts per million of the capital, open or sealed."""
    value: Price | Sealed
    """What that is worth, open or sealed."""


def must_say_what_for(
    equity: Equity | None, ground: str | None, takers: Sequence[str], context: Context
) -> None:
    """Raise `ContentMissing` unless a contribution, and nothing else, says what it is for."""
    contributed = ground == "capital_contribution"
    if contributed and equity is None:
        raise ContentMissing(
            "a capital contribution says for which stake, of which value",
            step=Step({"what": "equity"}, ask=("/body/equity",)),
        )
    if equity is None:
        return
    if not contributed:
        raise ContentMissing(
            "who gets a stake for a right contributes it to the capital",
            step=Step(case="contribution", change={"/body/ground": "capital_contribution"}),
        )
    if equity.company not in takers:
        raise ContentMissing(
            "a right is contributed to the company whose stake is given for it",
            step=_given_for(takers),
        )
    check_rate(equity.stake_ppm, "/body/equity/stake_ppm", context)


def _given_for(takers: Sequence[str]) -> Step:
    pointer = "/body/equity/company"
    if len(takers) > 1:
        return Step({"what": "company"}, ask=(pointer,))
    return Step({"company": takers[0]}, case="company", change={pointer: takers[0]})
