"""A worker can always give its answer, whatever became of those who wait for it."""

import asyncio
import threading

import pytest

from ledger.runtime.pending import Pending


def test_what_is_given_first_is_what_everybody_gets():
    pending = Pending[int]()
    assert not pending.done()
    pending.give(1)
    pending.give(2)
    pending.fail(ValueError("late"))
    assert pending.done()
    assert 1 == pending.result(0) == asyncio.run(pending.wait(0))


def test_an_error_is_raised_at_whoever_waits():
    pending = Pending[int]()
    pending.fail(ValueError("why"))
    with pytest.raises(ValueError, match="why"):
        pending.result(0)
    with pytest.raises(ValueError, match="why"):
        asyncio.run(pending.wait())


def test_a_waiter_that_is_cancelled_only_leaves():
    pending = Pending[int]()

    async def leave() -> None:
        task = asyncio.create_task(pending.wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(leave())
    assert pending.left
    pending.give(1)
    assert 1 == pending.result(0)


def test_one_that_leaves_takes_no_other_with_it():
    pending = Pending[int]()

    async def two() -> int:
        leaves, stays = (asyncio.create_task(pending.wait()) for _ in range(2))
        await asyncio.sleep(0)
        leaves.cancel()
        await asyncio.sleep(0)
        pending.give(7)
        return await stays

    assert 7 == asyncio.run(two())


def test_a_wait_ends_in_time():
    pending = Pending[int]()
    with pytest.raises(TimeoutError):
        pending.result(0)
    with pytest.raises(TimeoutError):
        asyncio.run(pending.wait(0))
    assert pending.left


def test_a_loop_that_has_ended_does_not_raise_in_the_giver():
    pending = Pending[int]()
    loop = asyncio.new_event_loop()
    loop.run_until_complete(_begin(pending))
    loop.close()
    raised: list[BaseException] = []

    def give() -> None:
        try:
            pending.give(1)
        except BaseException as error:  # noqa: BLE001  (whatever it is, it must not be)
            raised.append(error)

    giver = threading.Thread(target=give)
    giver.start()
    giver.join()
    assert [] == raised
    assert 1 == pending.result(0)


async def _begin(pending: Pending[int]) -> None:
    """Begin to wait as a request does whose loop then ends."""
    task = asyncio.create_task(pending.wait())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
