"""The attacks, briefly: whatever is done to the server, honest requests are answered."""

from collections.abc import Iterator

import pytest

from bench.workload import Prepared
from tests.attacks.hostile import ATTACKS
from tests.attacks.stage import Stage, stage
from tests.attacks.suite import run

QUIET_S, ATTACK_S = 0.5, 2.5

EVENTS = 3000


@pytest.fixture(scope="module")
def on() -> Iterator[Stage]:
    with stage(fresh=EVENTS) as ready:
        yield ready


@pytest.fixture(scope="module")
def events(on: Stage) -> Iterator[Prepared]:
    return iter(on.fresh)


@pytest.mark.parametrize("name", ATTACKS)
def test_honest_requests_are_answered(
    name: str, on: Stage, events: Iterator[Prepared], capsys: pytest.CaptureFixture[str]
):
    verdict = run(name, on, events, quiet_s=QUIET_S, attack_s=ATTACK_S)
    with capsys.disabled():
        print("", *verdict.lines(), sep="\n")
    assert [] == verdict.broken
