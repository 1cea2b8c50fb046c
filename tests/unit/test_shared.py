"""An answer that many ask for is found once, kept for a moment, and waited for only so long."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from api.watching import shared
from api.watching.shared import Shared


@contextmanager
def sharing(find: Callable[[], object], *, kept: bool = True) -> Iterator[Shared[[], object]]:
    made = Shared("test", find, kept=kept)
    try:
        yield made
    finally:
        made.close()


class Count:
    """Counts how often it is asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> int:
        self.times += 1
        time.sleep(0.02)
        return self.times


def test_all_who_ask_at_once_have_the_same_answer() -> None:
    async def story() -> None:
        find = Count()
        with sharing(find) as one:
            assert [1] * 200 == await asyncio.gather(*(one.get() for _ in range(200)))
            assert 1 == await one.get()
            assert 1 == find.times

    asyncio.run(story())


def test_what_is_not_kept_is_looked_for_again_at_once() -> None:
    async def story() -> None:
        with sharing(Count(), kept=False) as one:
            assert [1, 1] == await asyncio.gather(one.get(), one.get())
            assert 2 == await one.get()

    asyncio.run(story())


def test_whoever_shares_a_search_shares_what_it_was_begun_with() -> None:
    async def story() -> None:
        made = Shared("test", lambda number: -number, kept=False)
        assert [-1, -1] == await asyncio.gather(made.get(1), made.get(2))
        assert -2 == await made.get(2)
        made.close()

    asyncio.run(story())


def test_an_answer_counts_for_a_moment_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "KEPT_S", 0.05)

    async def story() -> None:
        with sharing(Count()) as one:
            assert 1 == await one.get()
            await asyncio.sleep(0.06)
            assert 2 == await one.get()

    asyncio.run(story())


def test_a_search_that_does_not_end_is_waited_for_only_so_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Those who come later do not wait as long again, and the answer is there once it is found."""
    monkeypatch.setattr(shared, "WITHIN_S", 0.2)
    let_go = threading.Event()

    async def story() -> None:
        with sharing(lambda: let_go.wait(30)) as one:
            began = time.monotonic()
            for _ in range(50):
                with pytest.raises(TimeoutError):
                    await one.get()
            assert time.monotonic() - began < 1
            let_go.set()
            await asyncio.sleep(0.1)
            assert await one.get()

    asyncio.run(story())


def test_whoever_goes_away_takes_nothing_from_the_others() -> None:
    async def story() -> None:
        with sharing(Count()) as one:
            gone = asyncio.create_task(one.get())
            other = asyncio.create_task(one.get())
            await asyncio.sleep(0)
            gone.cancel()
            assert 1 == await other

    asyncio.run(story())


def test_an_error_is_shared_too() -> None:
    async def story() -> None:
        with sharing(lambda: 1 // 0) as one:
            for _ in range(2):
                with pytest.raises(ZeroDivisionError):
                    await one.get()

    asyncio.run(story())
