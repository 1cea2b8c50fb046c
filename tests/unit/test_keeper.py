"""A process that ends again and again is not said to be at work in between."""

import multiprocessing

import pytest

from api.cli import keeper
from api.cli.keeper import Keeper, ProcessEnded, ProcessEnds
from ledger.runtime.faults import Fault, fault_of


class Ended:
    """A process that has ended as soon as it is looked at."""

    exitcode = 1
    alive = False

    def __init__(self, **_: object) -> None:
        """Take what a process is given."""

    def start(self) -> None:
        """Begin, and end."""

    def is_alive(self) -> bool:
        return self.alive


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> Keeper:
    class Context:
        Process = Ended

    assert multiprocessing.get_start_method()
    monkeypatch.setattr(keeper, "_CONTEXT", Context)
    return Keeper("projections", lambda: None)


def looks(kept: Keeper, times: int) -> list[type[Exception] | None]:
    found: list[type[Exception] | None] = []
    for _ in range(times):
        try:
            kept._look()
            found.append(None)
        except (ProcessEnded, ProcessEnds) as error:
            found.append(type(error))
    return found


def test_one_that_was_killed_once_has_another_in_its_place(
    kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert looks(kept, 2) == [None, ProcessEnded]
    monkeypatch.setattr(Ended, "alive", True)
    assert looks(kept, 3) == [None, None, None]


def test_one_that_ends_as_soon_as_it_begins_needs_the_operator(kept: Keeper) -> None:
    found = looks(kept, 12)
    assert found == [None, ProcessEnded, None, *[ProcessEnded] * 2, *[ProcessEnds] * 7]
    assert fault_of(ProcessEnds("it ends")) is Fault.OPERATOR


def test_it_is_at_work_again_once_it_has_lived_long_enough(
    kept: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks(kept, 9)
    monkeypatch.setattr(Ended, "alive", True)
    assert looks(kept, 3)[1:] == [ProcessEnds] * 2
    monkeypatch.setattr(keeper, "STEADY_S", -1.0)
    assert looks(kept, 2) == [None, None]
    monkeypatch.setattr(Ended, "alive", False)
    assert looks(kept, 1) == [ProcessEnded]
