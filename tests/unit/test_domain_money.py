"""Money: amounts are whole minor units of a real currency, rates are parts per million."""

import csv
from pathlib import Path

import pytest
from pydantic import TypeAdapter, ValidationError

from ledger.domain.core.money import (
    MINOR_UNITS,
    Money,
    Part,
    Price,
    RateRange,
    ShareSum,
    check_parts,
    distribute,
    ppm,
)

CURRENCIES = Path(__file__).parents[2].parent / "shared/data/iso4217/active-codes.csv"


def parts(**shares: int) -> list[Part]:
    return [Part(party=f"party:{name}", ppm=share) for name, share in shares.items()]


def test_1_000_001_over_30_20_50_per_cent_gives_the_last_unit_to_the_largest_remainder() -> None:
    expected = {"party:a": 300_000, "party:b": 200_000, "party:c": 500_001}
    assert expected == distribute(1_000_001, parts(a=300_000, b=200_000, c=500_000))


def test_minus_1_000_001_is_split_as_its_mirror() -> None:
    expected = {"party:a": -300_000, "party:b": -200_000, "party:c": -500_001}
    assert expected == distribute(-1_000_001, parts(a=300_000, b=200_000, c=500_000))


def test_equal_remainders_are_served_by_party_id() -> None:
    expected = {"party:c": 0, "party:b": 1, "party:a": 1, "party:d": 0}
    shares = parts(c=250_000, b=250_000, a=250_000, d=250_000)
    assert expected == distribute(2, shares)


def test_seven_hundred_billion_dong_is_split_exactly() -> None:
    expected = {"party:a": 233_333_100_000, "party:b": 466_666_900_000}
    assert expected == distribute(700_000_000_000, parts(a=333_333, b=666_667))


@pytest.mark.parametrize("rate", [0, 1_000_000])
def test_a_rate_may_be_nothing_or_the_whole(rate: int) -> None:
    assert rate == ppm(rate)


@pytest.mark.parametrize("rate", [-1, 1_000_001, 50_000.0, True, "50000", None])
def test_rate_range(rate: object) -> None:
    with pytest.raises(RateRange):
        ppm(rate)


def test_parts_that_add_up_are_a_whole() -> None:
    check_parts(parts(a=300_000, b=200_000, c=500_000))


@pytest.mark.parametrize("last", [499_999, 500_001])
def test_share_sum(last: int) -> None:
    with pytest.raises(ShareSum):
        check_parts(parts(a=300_000, b=200_000, c=last))


def test_a_negative_part_is_out_of_range_even_if_the_sum_is_right() -> None:
    with pytest.raises(RateRange):
        check_parts(parts(a=1_000_001, b=-1))


@pytest.mark.parametrize("amount", [1.0, 1e6, "1", True, None])
def test_an_amount_is_an_integer_and_nothing_that_looks_like_one(amount: object) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": amount, "currency": "VND"})


@pytest.mark.parametrize("currency", ["vnd", "VNĐ", "XAU", "XXX", "", "DEM"])
def test_a_currency_is_an_active_code_with_a_minor_unit(currency: str) -> None:
    with pytest.raises(ValidationError):
        Money.model_validate({"amount": 1, "currency": currency})


def test_a_price_is_never_negative() -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Price).validate_python({"amount": -1, "currency": "VND"})


def test_money_may_be_negative_where_it_corrects() -> None:
    assert -1 == Money.model_validate({"amount": -1, "currency": "VND"}).amount


def test_dong_have_no_minor_unit_dollars_have_cents() -> None:
    assert (0, 2, 3) == (MINOR_UNITS["VND"], MINOR_UNITS["USD"], MINOR_UNITS["KWD"])


def test_the_table_of_minor_units_is_that_of_iso_4217() -> None:
    if not CURRENCIES.exists():
        pytest.skip("shared/data/iso4217 is not beside the project")
    with CURRENCIES.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    expected = {row["alpha"]: int(row["minor_unit"]) for row in rows if row["minor_unit"] != "-"}
    assert expected == MINOR_UNITS
