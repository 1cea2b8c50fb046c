"""Kill -9 under load: what was acknowledged is in the log, once, proven, and stays so."""

import pytest

from tests.e2e.kill import plan, run, seed_of_the_day


@pytest.mark.timeout(300)
def test_a_dozen_kills_lose_nothing_that_was_acknowledged(capsys: pytest.CaptureFixture[str]):
    """The same kills once more: SEED=… pytest tests/e2e/test_kill.py."""
    seed = seed_of_the_day()
    kills = plan(seed)
    result = run(seed, kills)
    with capsys.disabled():
        print(f"\nSEED={seed} kills={len(kills)} {result.verdict} seconds={result.seconds:.0f}")  # noqa: T201
    assert [] == result.wrong, f"SEED={seed}"
    assert result.verdict.acked > 0
    assert (0, 0) == (result.verdict.lost, result.verdict.dup)
    assert result.verdict.acked == result.verdict.receipts_ok
    assert result.verdict.refused > 0
