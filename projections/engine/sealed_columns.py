"""How a private section stands in a row: its open value or its commitment, never an opening."""

from ledger.domain.core.money import Money
from ledger.domain.core.types import Sealed

Amount = tuple[int | None, str | None, str | None]
"""Amount in minor units, currency, commitment."""

Rate = tuple[int | None, str | None]
"""Rate in ppm, commitment."""


def amount_of(value: Money | Sealed | None) -> Amount:
    """Return the three columns of a price."""
    if value is None:
        return None, None, None
    if isinstance(value, Sealed):
        return None, None, value.commitment
    return value.amount, value.currency, None


def rate_of(value: int | Sealed | None) -> Rate:
    """Return the two columns of a rate."""
    if isinstance(value, Sealed):
        return None, value.commitment
    return value, None
