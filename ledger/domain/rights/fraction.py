"""
How fine the shares of a title may be, and what becomes of those that would be finer.

Shares are exact. They are bounded by what an event can say, integers up to 2^53 - 1: anyone who
owns a share can write it, and so give it on. The shares of one title, and those that one event
names, therefore have a common denominator of at most `FINEST`. What parties agree on, and would
leave none, is refused. What an office, a register or a court says stands, and is rounded as far as
it must be, among those whom it concerns: nobody else's share moves by a unit.
Read in this order: bound, refusal, arithmetic.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from math import lcm

from ledger.domain.core.money import largest_remainder
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step

FINEST = 2**53 - 1
"""The largest common denominator of shares: the largest integer that an event can say."""

_NOTHING = Fraction(0)


class ShareTooFine(Refusal):
    """The shares of a title, with these, have no common denominator of at most 2^53 - 1."""

    code = "SHARE_TOO_FINE"
    members = ("owners",)
    title_vi = "Các phần quyền quá nhỏ: mẫu số chung vượt quá 2^53 - 1"


def common_denominator(shares: Iterable[Fraction]) -> int | None:
    """Return the least common denominator, or None if it is above `FINEST`."""
    common = 1
    for denominator in {share.denominator for share in shares}:
        common = lcm(common, denominator)
        if common > FINEST:
            return None
    return common


def must_be_writable(
    named: Iterable[Fraction],
    owned: Iterable[Fraction] = (),
    *,
    subject: str = "",
    positions: Iterable[int] = (),
    step: Step,
) -> None:
    """Raise `ShareTooFine` unless shares that an event names fit among those that there are."""
    named, owned = tuple(named), tuple(owned)
    if common_denominator(named) is None:
        raise ShareTooFine(f"the shares named have no common denominator up to {FINEST}", step=step)
    if common_denominator((*named, *owned)) is None:
        there = common_denominator(owned)
        raise ShareTooFine(
            f"shares of {subject} are multiples of 1/{there}; with these they would have no common"
            f" denominator up to {FINEST}",
            positions=positions,
            subjects=(subject,),
            step=step,
        )


def fitted(
    owners: Mapping[str, Fraction], given: Mapping[str, Fraction], taken: Mapping[str, Fraction]
) -> tuple[Mapping[str, Fraction], Mapping[str, Fraction]]:
    """Return what is given and taken, rounded if the shares after it could not be written.

    Nobody gives more than they own, and as much is taken as is given. The unit is the finest
    multiple of the present denominator; what is given is rounded down, and its units are taken by
    largest remainder. Who takes less than a unit takes nothing.
    """
    moving = given.keys() | taken.keys()
    after = [
        owners.get(party, _NOTHING) - given.get(party, _NOTHING) + taken.get(party, _NOTHING)
        for party in moving
    ]
    after += [share for party, share in owners.items() if party not in moving]
    if common_denominator(after) is not None:
        return given, taken
    there = lcm(*{share.denominator for share in owners.values()})
    unit = there * max(1, FINEST // there)
    units = {party: int(share * unit) for party, share in given.items()}
    scale = lcm(*{share.denominator for share in taken.values()})
    weights = {party: int(share * scale) for party, share in taken.items()}
    parts = largest_remainder(sum(units.values()), weights)
    return (
        {party: Fraction(part, unit) for party, part in units.items()},
        {party: Fraction(part, unit) for party, part in parts.items() if part},
    )
