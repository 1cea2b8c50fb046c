"""The checking processes: right verdicts, and no process left behind."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

import pytest

from ledger.events.intake import SignatureCheck
from ledger.events.signatures import SignatureChecker, Unchecked, VerifierHung
from ledger.node.signature_checks import CheckQueue
from ledger.wire.signing_keys import ALGORITHMS, PrivateKey

TIMEOUT_S = 60


@pytest.fixture
def checker():
    made = SignatureChecker(1)
    yield made
    made.close()


def checks() -> list[SignatureCheck]:
    """Return for each algorithm a good signature and one over other bytes."""
    made = []
    for algorithm in ALGORITHMS:
        key = PrivateKey.generate(algorithm)
        signature = key.sign(b"message")
        made.append(SignatureCheck(algorithm, key.spki, signature, b"message"))
        made.append(SignatureCheck(algorithm, key.spki, signature, b"another"))
    return made


def test_a_batch_gets_one_verdict_a_signature(checker: SignatureChecker):
    assert bytes([1, 0] * len(ALGORITHMS)) == checker.submit(checks()).result(TIMEOUT_S)


def test_a_key_that_is_none_verifies_nothing(checker: SignatureChecker):
    check = SignatureCheck("ed25519", b"no key", b"x" * 64, b"message")
    assert b"\0" == checker.submit([check]).result(TIMEOUT_S)


def test_a_batch_is_checked_again_if_its_process_is_killed(checker: SignatureChecker):
    """Nobody's submission fails because a checking process died under it."""
    checker.submit(checks()).result(TIMEOUT_S)

    async def check_while_killing() -> bytes:
        queue = CheckQueue(checker, 1)
        many = checks() * 40
        for process in checker._pool._processes.values():
            os.kill(process.pid, signal.SIGKILL)
        return await queue.check(many)

    assert bytes([1, 0] * len(ALGORITHMS)) * 40 == asyncio.run(check_while_killing())


@contextmanager
def looked_after(checker: SignatureChecker) -> Iterator[None]:
    checker.start()
    try:
        yield
    finally:
        checker.stop()


def test_a_process_that_hangs_is_replaced_and_nobody_is_refused(
    checker: SignatureChecker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ledger.events.signatures.HUNG_S", 1.0)
    checker.submit([]).result(TIMEOUT_S)
    (hung,) = checker._pool._processes.values()
    os.kill(hung.pid, signal.SIGSTOP)
    with looked_after(checker):
        assert bytes([1, 0] * len(ALGORITHMS)) == asyncio.run(
            CheckQueue(checker, 1).check(checks())
        )
        assert 1 == checker.loop.restarts
        deadline = time.monotonic() + TIMEOUT_S
        while checker.loop.error or not checker.up or _alive(hung.pid):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_a_process_that_hangs_is_told_of(
    checker: SignatureChecker, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ledger.events.signatures.HUNG_S", 0.5)
    checker.submit([]).result(TIMEOUT_S)
    for process in checker._pool._processes.values():
        os.kill(process.pid, signal.SIGSTOP)
    with pytest.raises(VerifierHung):
        checker.look()


def test_processes_that_only_begin_are_not_replaced(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("ledger.events.signatures.HUNG_S", 0.0)
    checker = SignatureChecker(1)
    try:
        checker.look()
        assert checker.submit([]).result(TIMEOUT_S) == b""
    finally:
        checker.close()


def test_what_ends_again_and_again_is_said_to_be_unchecked():
    """Not that the database could not be reached."""

    class Broken:
        def submit(self, _checks: object) -> "Future[bytes]":
            future: Future[bytes] = Future()
            future.set_exception(BrokenProcessPool())
            return future

    async def story() -> None:
        queue = CheckQueue(Broken(), 1)
        with pytest.raises(Unchecked):
            await queue.check(checks())

    asyncio.run(story())


PARENT = """
import sys, time
from ledger.events.signatures import SignatureChecker

if __name__ == "__main__":
    checker = SignatureChecker(1)
    assert checker.submit([]).result(60) == b""
    print(*[process.pid for process in checker._pool._processes.values()], flush=True)
    time.sleep(600)
"""


def test_checking_processes_die_with_a_killed_parent(tmp_path):
    program = tmp_path / "parent.py"
    program.write_text(PARENT)
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        parent.kill()
    deadline = time.monotonic() + TIMEOUT_S
    while _alive(child):
        assert time.monotonic() < deadline, f"process {child} outlived its parent"
        time.sleep(0.05)


def _alive(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii")
        return stat.rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_checking_process_imports_no_rules_and_no_models():
    """It is there soon after a start, and small."""
    script = "import sys, ledger.events.verdicts; print(' '.join(sys.modules))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    loaded = run.stdout.split()
    assert "ledger.events.verdicts" in loaded
    assert not {"pydantic", "psycopg2", "fastapi", "ledger.domain", "ledger.store"} & {*loaded}
