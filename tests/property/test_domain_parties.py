"""Tax codes and spellings against naive models, and personal data in whatever stands around it."""

from hypothesis import given
from hypothesis import strategies as st

from ledger.domain.core.personal_data import personal_data_in
from ledger.domain.parties.identifier import checks
from ledger.domain.parties.name import name_key, spelling_subject

NINE = st.text("0123456789", min_size=9, max_size=9)
WORDS = st.text(st.characters(exclude_categories=("Cs", "Nd")), max_size=40)
WEIGHTS = (31, 29, 23, 19, 17, 13, 7, 5, 3)


@given(NINE)
def test_nine_digits_have_one_check_digit_or_none(nine: str) -> None:
    weighed = sum(int(digit) * weight for digit, weight in zip(nine, WEIGHTS, strict=True))
    valid = [digit for digit in range(10) if checks(f"{nine}{digit}")]
    assert ([] if weighed % 11 == 0 else [10 - weighed % 11]) == valid


@given(NINE, st.integers(0, 8), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(nine: str, place: int, more: int) -> None:
    (check,) = [digit for digit in range(10) if checks(f"{nine}{digit}")] or [None]
    wrong = f"{nine[:place]}{(int(nine[place]) + more) % 10}{nine[place + 1 :]}"
    assert check is None or not checks(f"{wrong}{check}")


@given(WORDS, st.integers(10**11, 10**12 - 1), WORDS)
def test_a_citizen_number_is_found_wherever_it_stands(before: str, number: int, after: str) -> None:
    assert personal_data_in(f"{before} {number} {after}") is not None
    grouped = f"{number:,}".replace(",", ".")
    if "@" not in before + after:
        assert personal_data_in(f"{before} {grouped} đồng {after}") is None


@given(WORDS)
def test_case_and_punctuation_make_no_other_spelling(name: str) -> None:
    assert name_key(name) == name_key(name.replace(" ", "  ").replace(".", "")) or "&" in name
    local = spelling_subject(name).removeprefix("spelling:")
    assert len(local) <= 80
    assert set(local) <= set("abcdefghijklmnopqrstuvwxyz0123456789.")
