"""Lanes: bounded, fair by address, and no thread is lost by a client that goes away."""

import asyncio
import threading

import pytest

from api.limits.lanes import Lane
from ledger.runtime.computing import Computing
from ledger.runtime.turns import Busy, Throttled


def lane(**given):
    bounds = {"threads": 1, "waiting": 100, "share": 100, "patience_s": 30}
    return Lane("test", **(bounds | {"computing": Computing()} | given))


class Stop:
    """Work that goes on until it is let go."""

    def __init__(self):
        self.begun, self.let_go = threading.Event(), threading.Event()

    def __call__(self):
        self.begun.set()
        assert self.let_go.wait(30)

    async def under_way(self):
        await asyncio.to_thread(self.begun.wait)


async def _settled():
    for _ in range(5):
        await asyncio.sleep(0)


def test_the_next_turn_goes_to_the_address_that_waits_longest():
    async def story():
        order, one, stop = [], lane(), Stop()
        first = asyncio.create_task(one.run("a", stop))
        await stop.under_way()
        crowd = [asyncio.create_task(one.run("a", lambda: order.append("a"))) for _ in range(50)]
        await _settled()
        honest = asyncio.create_task(one.run("b", lambda: order.append("b")))
        await _settled()
        stop.let_go.set()
        await asyncio.gather(first, honest, *crowd)
        assert order.index("b") <= 1, "one turn of the other address came before, not fifty"
        assert 51 == len(order)

    asyncio.run(story())


def test_an_address_has_its_share_and_no_more():
    async def story():
        one, stop = lane(share=1), Stop()
        first = asyncio.create_task(one.run("a", stop))
        await stop.under_way()
        with pytest.raises(Throttled):
            await one.run("a", list)
        other = asyncio.create_task(one.run("b", list))
        await _settled()
        stop.let_go.set()
        await asyncio.gather(first, other)
        assert [] == await one.run("a", list), "its share is free again"

    asyncio.run(story())


def test_whoever_finds_no_room_or_no_turn_in_time_is_told_so():
    async def story():
        one, stop = lane(waiting=1, patience_s=0.05), Stop()
        first = asyncio.create_task(one.run("a", stop))
        await stop.under_way()
        late = asyncio.create_task(one.run("b", list))
        await _settled()
        with pytest.raises(Busy, match="waiting already"):
            await one.run("c", list)
        with pytest.raises(Busy, match="no turn"):
            await late
        stop.let_go.set()
        await first
        assert [] == await one.run("b", list)

    asyncio.run(story())


def test_a_client_that_goes_away_frees_its_place_but_not_a_thread_that_works():
    async def story():
        one, stop = lane(), Stop()
        first = asyncio.create_task(one.run("a", stop))
        await stop.under_way()
        waiting = asyncio.create_task(one.run("b", list))
        await _settled()
        first.cancel()
        waiting.cancel()
        await asyncio.gather(first, waiting, return_exceptions=True)
        assert 0 == one.waiting
        last = asyncio.create_task(one.run("c", lambda: "done"))
        await _settled()
        assert not last.done(), "the thread still works for the client that went away"
        stop.let_go.set()
        assert "done" == await last

    asyncio.run(story())


def test_what_the_work_raises_is_raised():
    with pytest.raises(ZeroDivisionError):
        asyncio.run(lane().run("a", lambda: 1 // 0))


def test_of_the_threads_of_lanes_one_computes_and_the_others_wait():
    async def story():
        computing, stop = Computing(), Stop()
        one, other = lane(threads=2, computing=computing), lane(computing=computing)
        first = asyncio.create_task(one.run("a", stop))
        await stop.under_way()
        rest = [asyncio.create_task(each.run("b", threading.get_ident)) for each in (one, other)]
        done, _ = await asyncio.wait(rest, timeout=0.2)
        assert not done, "the turn is taken"
        stop.let_go.set()
        await asyncio.gather(first, *rest)

    asyncio.run(story())


def test_whoever_waits_lets_another_compute_and_goes_on_in_a_turn_of_its_own():
    computing, order = Computing(), []
    waits, goes_on = threading.Event(), threading.Event()

    def first():
        with computing.turn():
            with computing.waiting():
                waits.set()
                assert goes_on.wait(30)
            order.append("first")

    thread = threading.Thread(target=first)
    thread.start()
    assert waits.wait(30)
    with computing.turn():
        goes_on.set()
        thread.join(0.2)
        order.append("second")
    thread.join()
    assert ["second", "first"] == order
    with computing.waiting():  # Without a turn there is none to give back.
        pass
    with computing.turn():
        pass
