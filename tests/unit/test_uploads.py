"""Bulk requests while they come in: who sends slowly, or holds much, keeps nobody out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import ExitStack

import pytest

from api.limits import uploads
from api.limits.uploads import Upload, Uploads
from api.writes import lines
from api.writes.lines import Lines
from ledger.runtime.turns import Busy, Throttled


@pytest.fixture
def all_of_them(monkeypatch: pytest.MonkeyPatch) -> Uploads:
    for name, value in {"UPLOADS": 4, "SHARE": 2, "LONG_MAX": 2, "ANSWERS": 1000}.items():
        monkeypatch.setattr(uploads, name, value)
    return Uploads()


@pytest.fixture
def begun(all_of_them: Uploads):
    """Begin bulk requests that last as long as the test."""
    with ExitStack() as running:
        yield lambda address: running.enter_context(all_of_them.begin(address))


def test_an_address_has_few_at_once(begun) -> None:
    for _ in range(2):
        begun("a")
    with pytest.raises(Throttled):
        begun("a")
    begun("b")


def test_the_one_that_is_furthest_behind_makes_room(begun) -> None:
    here = [begun(address) for address in "abcd"]
    with pytest.raises(Busy):
        begun("e")
    here[0].wait(9)
    here[0].take(40_000, whole=True)
    with pytest.raises(Busy):
        begun("e")
    for upload, seconds in zip(here, (0.5, 3, 2, 0), strict=True):
        upload.wait(seconds)
    assert begun("e").ended is None
    assert [False, True, False, False] == [bool(each.ended) for each in here]


def test_who_comes_again_and_again_keeps_nobody_out(all_of_them: Uploads) -> None:
    """Each is gone before it was waited for for a second, and another one is in its place."""
    for turn in range(20):
        with ExitStack() as running:
            here = [running.enter_context(all_of_them.begin(f"{turn}-{n}")) for n in range(4)]
            for upload in here:
                upload.wait(0.1)
            with all_of_them.begin("honest") as upload:
                assert upload.ended is None
            assert 1 == sum(bool(each.ended) for each in here)


def test_who_is_waited_for_now_makes_room_before_that_was_noted(begun) -> None:
    here = [begun(address) for address in "abcd"]
    with here[2].waited_for():
        assert begun("e").ended is None
    assert [False, False, True, False] == [bool(each.ended) for each in here]


def test_long_lines_have_a_bound_together(all_of_them: Uploads, begun) -> None:
    slow, quick, third = (begun(address) for address in "abc")
    slow.wait(5)
    all_of_them.see_rest(slow, 1 << 17)
    all_of_them.see_rest(quick, 1 << 17)
    all_of_them.see_rest(quick, 10)
    all_of_them.see_rest(third, 1 << 17)
    assert not slow.ended
    all_of_them.see_rest(quick, 1 << 17)
    assert (True, None, None) == (bool(slow.ended), quick.ended, third.ended)


def test_answers_have_a_bound_together(all_of_them: Uploads, begun) -> None:
    """Who holds them while it is waited for holds most; who was quick holds what it needs."""
    slow, quick = begun("a"), begun("b")
    slow.wait(9)
    all_of_them.hold(slow, 300)
    all_of_them.hold(quick, 700)
    assert (None, None) == (slow.ended, quick.ended)
    all_of_them.hold(quick, 1)
    assert (True, None) == (isinstance(slow.ended, Busy), quick.ended)
    assert 1001 == all_of_them.answers


@pytest.mark.parametrize("whole", [True, False])
def test_a_line_has_a_deadline_and_all_of_it_a_rate(*, whole: bool) -> None:
    upload = Upload("a")
    for _second in range(30):
        upload.wait(1)
        upload.take(5000, whole=whole)
    assert whole is (upload.ended is None)
    upload = Upload("a")
    for _second in range(30):
        upload.wait(1)
        upload.take(100, whole=True)
    assert upload.ended


def read(parts: AsyncIterator[bytes], paid: list[float]) -> tuple[list[list[bytes]], Lines]:
    """Return the lines of a body as they came together."""

    async def story() -> tuple[list[list[bytes]], Lines]:
        every = Uploads()
        with every.begin("a") as upload:
            made = Lines(parts, upload, every, paid.append)
            return [each async for each in made.read()], made

    return asyncio.run(story())


def test_lines_are_those_that_came_together_and_what_is_answered_is_given_back() -> None:
    async def parts() -> AsyncIterator[bytes]:
        for part in (b"a\nb", b"c", b"\n\nd\n", b"e", b""):
            yield part

    paid: list[float] = []
    found, made = read(parts(), paid)
    assert [[b"a"], [b"bc", b"", b"d"], [b"e"]] == found
    assert None is made.cut
    made.give_back(5)
    assert 0 <= sum(paid) < 0.001, "but for the line feeds"


def test_what_never_ends_a_line_is_cut_and_paid_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LINE_S", 0.2)
    monkeypatch.setattr(lines, "TICK_S", 0.02)

    async def parts() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 10_000
            await asyncio.sleep(0.01)

    paid: list[float] = []
    found, made = read(parts(), paid)
    assert [] == found
    assert made.cut
    assert sum(paid) > 0.5
