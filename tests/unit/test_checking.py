"""Where signatures are checked: at once where nobody waits, else in processes of their own."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import Future
from typing import Any

import pytest

from ledger.events.intake import KeyCheck, SignatureCheck
from ledger.events.verdicts import verdicts
from ledger.node.signature_checks import IN_PLACE, QUICK_BYTES, CheckQueue
from ledger.wire.signing_keys import PrivateKey

ED25519 = PrivateKey.generate("ed25519")
P256 = PrivateKey.generate("ecdsa-p256-sha256")


class Elsewhere:
    """Takes checks, and answers when it is told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[Sequence[Any], Future[bytes]]] = []

    def submit(self, checks: Sequence[Any]) -> "Future[bytes]":
        self.asked.append((checks, Future()))
        return self.asked[-1][1]

    def answer(self) -> None:
        for checks, future in self.asked:
            if not future.done():
                future.set_result(verdicts([tuple(check) for check in checks]))


def check_of(key: PrivateKey, message: bytes = b"message") -> SignatureCheck:
    return SignatureCheck(key.algorithm, key.spki, key.sign(message), message)


def forged(key: PrivateKey) -> SignatureCheck:
    return check_of(key)._replace(message=b"another")


@pytest.mark.parametrize("key", [ED25519, P256], ids=lambda key: key.algorithm)
@pytest.mark.parametrize("number", [1, IN_PLACE])
def test_few_quick_signatures_are_checked_at_once(key: PrivateKey, number: int) -> None:
    elsewhere = Elsewhere()
    queue = CheckQueue(elsewhere, 1)  # type: ignore[arg-type]
    checks = [check_of(key), forged(key)][:number]
    assert bytes([1, 0][:number]) == asyncio.run(queue.check(checks))
    assert [] == elsewhere.asked


@pytest.mark.parametrize(
    ("checks", "bulk"),
    [
        ([check_of(ED25519)] * (IN_PLACE + 1), False),
        ([check_of(ED25519)], True),
        ([check_of(PrivateKey.generate("ml-dsa-65"))], False),
        ([check_of(PrivateKey.generate("rsa-pss-sha256"))], False),
        ([check_of(ED25519, bytes(QUICK_BYTES + 1))], False),
        ([KeyCheck(ED25519.spki)], False),
    ],
    ids=["many", "bulk", "ml-dsa", "rsa", "long", "key"],
)
def test_what_takes_longer_goes_elsewhere(checks: list[Any], *, bulk: bool) -> None:
    async def run() -> bytes:
        elsewhere = Elsewhere()
        queue = CheckQueue(elsewhere, 1)  # type: ignore[arg-type]
        answer = asyncio.create_task(queue.check(checks, bulk=bulk))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert [checks] == [asked for asked, _ in elsewhere.asked]
        elsewhere.answer()
        return await answer

    assert bytes([1]) * len(checks) == asyncio.run(run())


def test_behind_others_nobody_goes_first() -> None:
    async def run() -> list[bytes]:
        elsewhere = Elsewhere()
        queue = CheckQueue(elsewhere, 1)  # type: ignore[arg-type]
        first = asyncio.create_task(queue.check([check_of(ED25519)] * 9))
        await asyncio.sleep(0)
        second = asyncio.create_task(queue.check([forged(ED25519)]))
        await asyncio.sleep(0.01)
        assert not second.done()
        while not second.done():
            elsewhere.answer()
            await asyncio.sleep(0.001)
        return [await first, await second]

    assert [bytes([1]) * 9, b"\0"] == asyncio.run(run())
