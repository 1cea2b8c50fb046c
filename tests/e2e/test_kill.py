"""A dozen kills of server, database and workers under load: nothing that was promised is lost."""

import sys

import pytest

from tests.e2e.kill import plan, run, seed_of_the_day


@pytest.mark.timeout(600)
def test_what_was_acknowledged_survives_a_dozen_kills(capsys: pytest.CaptureFixture[str]):
    """Kill -9 under load; the seed that it prints repeats it (docs/testing.md)."""
    seed = seed_of_the_day()
    result = run(seed, plan(seed))
    with capsys.disabled():
        sys.stdout.write(f"\nSEED={seed} {result.verdict} seconds={result.seconds:.0f}\n")
    assert [] == result.wrong
    assert (0, 0) == (result.verdict.lost, result.verdict.dup)
    assert result.verdict.acked > 0, "no event was acknowledged: the kills proved nothing"
    assert result.verdict.acked == result.verdict.receipts_ok
