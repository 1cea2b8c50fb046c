"""Splitting money: exact to the unit, mirrored by refunds, the same no matter who computes it."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.core.money import PPM, Part, check_parts, distribute

totals = st.integers(min_value=-(2**53) + 1, max_value=2**53 - 1)


@st.composite
def wholes(draw: st.DrawFn) -> list[Part]:
    """Parts that add up to the whole: the gaps between cuts, some of them empty."""
    cuts = sorted(draw(st.lists(st.integers(0, PPM), max_size=12)))
    sizes = [after - before for before, after in zip([0, *cuts], [*cuts, PPM], strict=True)]
    return [Part(party=f"party:p{number}", ppm=size) for number, size in enumerate(sizes)]


def naive_distribute(total: int, parts: list[Part]) -> dict[str, int]:
    """Give the left-over units one by one, each to the one furthest below its exact share."""
    if total < 0:
        return {party: -amount for party, amount in naive_distribute(-total, parts).items()}
    exact = {part.party: Fraction(total * part.ppm, PPM) for part in parts}
    given_out = {party: int(share) for party, share in exact.items()}
    while sum(given_out.values()) < total:
        neediest = max(sorted(exact), key=lambda party: exact[party] - given_out[party])
        given_out[neediest] += 1
    return given_out


@given(wholes(), totals)
def test_no_unit_is_lost_or_made(parts: list[Part], total: int) -> None:
    check_parts(parts)
    assert total == sum(distribute(total, parts).values())


@given(wholes(), totals)
def test_a_refund_mirrors_the_payment(parts: list[Part], total: int) -> None:
    mirrored = {party: -amount for party, amount in distribute(total, parts).items()}
    assert mirrored == distribute(-total, parts)


@given(wholes(), totals)
def test_each_part_is_less_than_one_unit_from_its_exact_share(
    parts: list[Part], total: int
) -> None:
    amounts = distribute(total, parts)
    for part in parts:
        assert 1 > abs(Fraction(total * part.ppm, PPM) - amounts[part.party])


@given(wholes(), totals)
def test_the_largest_remainders_get_what_is_left_over(parts: list[Part], total: int) -> None:
    assert naive_distribute(total, parts) == distribute(total, parts)


@given(wholes(), totals, st.randoms(use_true_random=False))
def test_the_order_of_the_parts_does_not_matter(parts: list[Part], total: int, random) -> None:
    shuffled = list(parts)
    random.shuffle(shuffled)
    assert distribute(total, parts) == distribute(total, shuffled)
