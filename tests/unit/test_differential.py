"""A sample of `python -m tests.differential`, which judges a hundred times as many events."""

from functools import lru_cache

import pytest

from ledger import court
from ledger.wire import signing_keys
from tests.differential import notes
from tests.differential.planted import CHANGES, planted
from tests.differential.run import walk

EACH_STEP = 4


@pytest.fixture(autouse=True)
def _keys_are_looked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(court, "is_prime_order", lru_cache(court.is_prime_order))
    monkeypatch.setattr(signing_keys, "admit_key", lru_cache(signing_keys.admit_key))


@pytest.mark.parametrize("seed", [1, 2], ids=["a ledger with a delay", "one without"])
def test_all_who_judge_authority_agree_on_every_topic(seed: int) -> None:
    tally = walk(seed, EACH_STEP)
    assert [] == tally.apart
    assert 1_000 <= tally.events
    assert 0.25 < tally.wrong / tally.events < 0.5
    assert tally.events // 5 == tally.foreign
    assert {True, False, None} == {*tally.shapes}


def test_both_verifiers_read_the_same_times_from_notes_of_any_lines() -> None:
    assert [] == notes.apart(seed=1, cases=300)


@pytest.mark.parametrize(
    ("table", "change"),
    [
        ("admission", CHANGES[0]),
        ("verify", CHANGES[5]),
        ("court", CHANGES[9]),
        ("court", CHANGES[13]),
        ("verify", CHANGES[14]),
    ],
)
def test_a_planted_disagreement_is_found(table: str, change: tuple[str, int, str, str]) -> None:
    with planted(table, change):
        assert walk(1, EACH_STEP, most=1).apart
