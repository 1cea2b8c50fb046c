"""Lines of a bulk request are gathered into chunks of what has come, each with a place."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest

from ledger.node import chunks
from ledger.node.chunks import CHUNK, Gathering
from ledger.runtime.turns import Busy, Turns
from ledger.store.connection import OutcomeUnknown


async def parts(*given: Sequence[bytes] | float) -> AsyncIterator[Sequence[bytes]]:
    """Yield lines that come together; a number is a pause, in seconds."""
    for each in given:
        if isinstance(each, float):
            await asyncio.sleep(each)
        else:
            yield each


def places(width: int, patience_s: float = 30) -> Turns:
    return Turns(width, waiting=100, share=100, patience_s=patience_s)


async def gathered(gathering: Gathering) -> list[int]:
    """Return how many lines each chunk has; each gives its place back."""
    turns, found = places(1), []
    while await gathering.begins():
        found.append(len(await gathering.take(turns, "a")))
        turns.leave("a")
    return found


def test_a_chunk_is_what_came_and_has_a_bound() -> None:
    async def story() -> None:
        assert [CHUNK, 44] == await gathered(Gathering(parts([b"a"] * 200, [b"b"] * 100)))
        assert [2] == await gathered(Gathering(parts([b"a"], [b"b"])))
        assert [] == await gathered(Gathering(parts()))

    asyncio.run(story())


def test_what_comes_later_is_another_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chunks, "GATHER_S", 0.02)
    asyncio.run(_later())


async def _later() -> None:
    assert [1, 2] == await gathered(Gathering(parts([b"a"], 0.3, [b"b", b"c"])))


def test_no_place_is_taken_before_a_line_is_there() -> None:
    async def story() -> None:
        gathering = Gathering(parts(30.0, [b"a"]))
        waiting = asyncio.create_task(gathering.begins())
        await asyncio.sleep(0.02)
        assert not waiting.done()
        waiting.cancel()
        gathering.close()

    asyncio.run(story())


def test_where_there_is_no_place_in_time_it_is_said_what_became_of_it() -> None:
    async def story() -> None:
        turns, first = places(1, patience_s=0.02), Gathering(parts([b"a"] * (CHUNK + 1)))
        assert await first.begins()
        assert CHUNK == len(await first.take(turns, "a"))
        with pytest.raises(OutcomeUnknown):
            await first.take(turns, "a")
        other = Gathering(parts([b"a"]))
        assert await other.begins()
        with pytest.raises(Busy):
            await other.take(turns, "b")

    asyncio.run(story())
