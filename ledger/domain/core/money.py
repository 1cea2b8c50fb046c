"""
Money is integers: amounts in minor units of ISO 4217, rates in parts per million.

A sum is split by largest remainder: each part gets the floor of its share, and the units left over
go one each to the largest remainders, ties by party id. A refund mirrors a payment to the đồng:
splitting minus T gives minus what splitting T gives.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator

from ledger.domain.core.context import Context, if_opened, reveal
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step
from ledger.domain.core.types import Model, PartyId, Sealed

PPM = 1_000_000
"""The whole, in parts per million."""

_ALPHABETIC_CODES = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BMD BND BOB BOV BRL BSD BTN BWP BYN BZD "
    "CAD CDF CHE CHF CHW CNY COP COU CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR "
    "LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MXV MYR MZN NAD NGN NIO NOK NPR NZD "
    "PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC "
    "SYP SZL THB TJS TMT TOP TRY TTD TWD TZS UAH USD USN UYU UZS VED VES WST XAD XCD XCG YER ZAR "
    "ZMW ZWG",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}

MINOR_UNITS: Mapping[str, int] = {
    code: digits for digits, codes in _ALPHABETIC_CODES.items() for code in codes.split()
}
"""Decimal digits of each active currency's minor unit, by alphabetic code (ISO 4217, 2026-02).

Codes that have no minor unit (metals, testing) are absent. The table only grows, so that a log
replays after a currency retires.
"""


class FractionalVnd(Refusal):
    """An amount is a whole number of minor units; it has no fraction and no exponent."""

    code = "FRACTIONAL_VND"
    title_vi = "Số tiền phải là số nguyên đơn vị nhỏ nhất của đồng tiền, không có phần lẻ"


class RateRange(Refusal):
    """A rate lies between 0 and 1,000,000 parts per million."""

    code = "RATE_RANGE"
    members = (
        "royalty_ppm",
        "stake_ppm",
        "share_ppm",
        "state_funded_ppm",
        "equity",
        "changes",
        "share_parts",
        "parts",
        "split",
        "authors_split",
        "terms",
    )
    title_vi = "Tỷ lệ phải nằm trong khoảng từ 0 đến 1.000.000 phần triệu"


class ShareSum(Refusal):
    """The parts of a whole add up to 1,000,000 parts per million."""

    code = "SHARE_SUM"
    members = ("share_parts", "parts", "split", "authors_split", "terms")
    title_vi = "Tổng các phần chia phải đúng bằng 1.000.000 phần triệu"


class CurrencyMismatch(Refusal):
    """Amounts that are added or compared are in one currency."""

    code = "CURRENCY_MISMATCH"
    members = ("currency", "total", "amount", "price", "start")
    title_vi = "Các khoản tiền tính chung phải cùng một đồng tiền"


def in_currency(currency: str, *pointers: str) -> Step:
    """Return the step in which amounts, of which a member each is here, are in a currency."""
    return Step({"currency": currency}, change=dict.fromkeys(pointers, currency))


def _active_currency(code: str) -> str:
    if code not in MINOR_UNITS:
        raise ValueError(f"{code} is not an active currency code of ISO 4217")
    return code


Currency = Annotated[str, AfterValidator(_active_currency)]


class Money(Model):
    """An amount in minor units of its currency: 1,000 VND is 1000, 10.00 USD is 1000."""

    amount: int
    """A whole number of minor units, of which ISO 4217 gives a currency so many digits: VND
    none, USD two. A price is never below 0."""
    currency: Currency
    """Alphabetic code of an active currency (ISO 4217), such as `VND`."""


def _not_negative(money: Money) -> Money:
    if money.amount < 0:
        raise ValueError(f"only a correction has a negative amount: {money.amount}")
    return money


Price = Annotated[Money, AfterValidator(_not_negative)]
"""What is asked or agreed: never negative."""


class Part(Model):
    """One party's part of a whole, in parts per million."""

    party: PartyId
    """The party whose part it is."""
    ppm: int
    """Parts per million of the whole, from 0 to 1,000,000, to which all parts together add
    up."""


def ppm(value: Any) -> int:
    """Return `value` if it is a rate from 0 to 1,000,000 ppm; raises `RateRange` if it is not."""
    if type(value) is not int or not 0 <= value <= PPM:
        raise RateRange(f"{value!r} is not a rate from 0 to {PPM} ppm", step=Step(ask=(HERE,)))
    return value


def check_rate(rate: int | Sealed | None, pointer: str, context: Context) -> None:
    """Refuse a private rate that is none (`RateRange`), or cannot be seen (`OpeningRequired`)."""
    if rate is not None:
        with if_opened(context, RateRange):
            ppm(reveal(rate, pointer, context, ppm))


def check_parts(parts: Iterable[Part]) -> None:
    """Refuse parts that are no rates (`RateRange`) or do not add up to the whole (`ShareSum`)."""
    must_be_all(sum(ppm(part.ppm) for part in parts))


def must_be_all(total: int) -> None:
    """Refuse parts that do not add up to the whole (`ShareSum`)."""
    if total != PPM:
        raise ShareSum(
            f"the parts add up to {total} ppm, not {PPM}",
            step=Step({"total": total}, ask=(HERE,)),
        )


def distribute(total: int, parts: Sequence[Part]) -> dict[str, int]:
    """Split `total` minor units by largest remainder, ties by party id; `total` may be negative.

    `parts` have passed `check_parts` and name each party once.
    """
    return largest_remainder(total, {part.party: part.ppm for part in parts})


def largest_remainder(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """Split `total` by weights that do not all vanish, ties by name; -T mirrors T.

    Each gets the floor of its share; the units left over go one each to the largest remainders.
    """
    whole, size = sum(weights.values()), abs(total)
    floors = {name: divmod(size * weight, whole) for name, weight in weights.items()}
    left_over = size - sum(floor for floor, _ in floors.values())
    lucky = set(sorted(floors, key=lambda name: (-floors[name][1], name))[:left_over])
    sign = -1 if total < 0 else 1
    return {name: sign * (floor + (name in lucky)) for name, (floor, _) in floors.items()}
