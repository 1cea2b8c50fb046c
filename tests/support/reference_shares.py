"""Shares of a title as the plain references move them."""

from collections.abc import Iterable
from fractions import Fraction
from typing import Any

Said = dict[str, Any]


def shares(holdings: Iterable[Said]) -> dict[str, Fraction]:
    """Return holdings by party."""
    return {each["party"]: Fraction(*each["share"]) for each in holdings}


def voided_by(entry: Said, kind: str, right: str = "") -> list[str]:
    """Return the deeds of a kind that a ruling declares void, as far as they are on a right."""
    if entry["topic"] != "ruling.made/1":
        return []
    return [
        subject
        for order in entry["said"]["orders"]
        if order["event"] is not None and (not right or right in order["on"])
        for subject in order["on"]
        if subject.startswith(kind + ":")
    ]


def passed(
    owners: dict[str, Fraction], given: dict[str, Fraction], taken: dict[str, Fraction]
) -> dict[str, Fraction]:
    """Return the owners after shares passed as far as the givers have them."""
    there = {party: min(share, owners.get(party, Fraction(0))) for party, share in given.items()}
    part = sum(there.values(), Fraction(0)) / sum(taken.values(), Fraction(0))
    after = dict(owners)
    for party, share in there.items():
        after[party] = after.get(party, Fraction(0)) - share
    for party, share in taken.items():
        after[party] = after.get(party, Fraction(0)) + share * part
    return {party: share for party, share in after.items() if share}
