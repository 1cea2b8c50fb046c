"""Sums, rates, shares and whole numbers, as either language writes them."""

from api.describe.language import Language, Said
from ledger.domain.core.money import MINOR_UNITS

_THE_WHOLE = Said("toàn bộ", "the whole")
_MINOR = Said("đơn vị nhỏ nhất của", "minor units of")
_THE_CONTRACT_S = Said("đồng tiền hợp đồng", "the contract's currency")


def number(value: int | str, language: Language) -> str:
    """Return a whole number with marks between its thousands: 437.500.000, 437,500,000.

    One that is too large for JSON is given by its digits.
    """
    written = f"{int(value):,}"
    return written.replace(",", ".") if language == "vi" else written


def sum_of(amount: int | str, currency: str | None, language: Language) -> str:
    """Return an amount of minor units as a sum: 2.000,00 USD, USD 2,000.00.

    Too large an amount is given by its digits, as JSON has it. Of a currency that is not known
    here, or that the answer does not name, it is said that these are minor units.
    """
    amount, digits = int(amount), MINOR_UNITS.get(currency or "")
    if digits is None:
        of = currency or _THE_CONTRACT_S.in_(language)
        return f"{number(amount, language)} {_MINOR.in_(language)} {of}"
    whole, rest = divmod(abs(amount), 10**digits)
    point = "," if language == "vi" else "."
    fraction = f"{point}{rest:0{digits}d}" if digits else ""
    written = f"{'-' if amount < 0 else ''}{number(whole, language)}{fraction}"
    return f"{written} {currency}" if language == "vi" else f"{currency} {written}"


def percent(ppm: int, language: Language) -> str:
    """Return parts per million as a percentage, exactly: 5,25%, 5.25%."""
    whole, rest = divmod(abs(ppm), 10_000)
    point = "," if language == "vi" else "."
    decimals = f"{rest:04d}".rstrip("0")
    written = f"{number(whole, language)}{point}{decimals}" if decimals else number(whole, language)
    return f"{'-' if ppm < 0 else ''}{written}%"


def share(numerator: int, denominator: int, language: Language) -> str:
    """Return a fraction of the whole; all of it in a word."""
    return _THE_WHOLE.in_(language) if numerator == denominator else f"{numerator}/{denominator}"
