"""Requests begin a few at a time, address by address, however many come at once."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from api.limits.edge import Edge
from api.limits.quotas import Quotas
from api.limits.starts import EACH_PASS, Starts
from api.metrics import Metrics
from ledger.home.settings import Settings


def test_many_that_come_at_once_begin_a_few_in_each_pass_and_addresses_in_turn() -> None:
    async def story() -> tuple[list[str], list[int]]:
        gate, begun, passes = Starts(), list[str](), list[int]()

        async def request(address: str) -> None:
            await gate.turn(address)
            begun.append(address)

        flood = [asyncio.ensure_future(request(f"a{n % 2}")) for n in range(40 * EACH_PASS)]
        await asyncio.sleep(0)
        honest = asyncio.ensure_future(request("b"))
        while not all(each.done() for each in flood):
            before = len(begun)
            await asyncio.sleep(0)
            passes.append(len(begun) - before)
        await honest
        return begun, passes

    begun, passes = asyncio.run(story())
    assert max(passes) <= EACH_PASS
    assert begun.index("b") < 4 * EACH_PASS
    assert [40 * EACH_PASS + 1, 20 * EACH_PASS] == [len(begun), begun.count("a0")]
    assert (
        abs(begun[: 10 * EACH_PASS].count("a0") - begun[: 10 * EACH_PASS].count("a1")) <= EACH_PASS
    )


def test_a_few_begin_at_once_and_what_is_gone_keeps_nobody_waiting() -> None:
    async def story() -> None:
        gate = Starts()
        for _ in range(EACH_PASS):
            with pytest.raises(StopIteration):
                gate.turn("a").send(None)
        gone = [asyncio.ensure_future(gate.turn("a")) for _ in range(EACH_PASS * 3)]
        await asyncio.sleep(0)
        for each in gone:
            each.cancel()
        for who in ("b", "a"):
            await asyncio.wait_for(gate.turn(who), 1)

    asyncio.run(story())


def test_the_edge_lets_nobody_wait_for_whoever_sends_hundreds() -> None:
    begun = []

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        begun.append(scope["client"][0])

    edge = Edge(application, hosts=None, quotas=Quotas.of(Settings()), metrics=Metrics())

    async def story() -> None:
        hosts = ["192.0.2.1"] * 40 * EACH_PASS + ["192.0.2.2"]
        scopes = [
            {"type": "http", "method": "GET", "path": "/", "headers": [], "client": (host, 1)}
            for host in hosts
        ]
        await asyncio.gather(*(edge(scope, _nothing, _nothing) for scope in scopes))

    asyncio.run(story())
    assert (40 * EACH_PASS + 1, True) == (len(begun), begun.index("192.0.2.2") < 3 * EACH_PASS)


async def _nothing(*_: object) -> Any:
    raise AssertionError("nothing is read or written")
