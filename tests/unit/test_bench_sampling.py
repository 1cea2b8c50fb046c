"""The sampler lays CPU time on who used it, not on who waits."""

import sys
import threading
import time

import pytest

from bench.sampling import Sampler

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="threads' clocks are Linux's")

BUSY_S = 0.4


def spin() -> None:
    until = time.thread_time() + BUSY_S
    while time.thread_time() < until:
        pass


def test_a_thread_that_waits_weighs_nothing_and_one_that_works_all():
    waiting = threading.Event()
    threads = [
        threading.Thread(target=spin, name="busy-1"),
        threading.Thread(target=waiting.wait, name="waiting"),
    ]
    sampler = Sampler()
    sampler.start()
    for thread in threads:
        thread.start()
    threads[0].join()
    profile = sampler.stop()
    waiting.set()
    threads[1].join()
    assert BUSY_S / 2 < profile.threads["busy"] < 2 * BUSY_S
    assert profile.threads.get("waiting", 0.0) < BUSY_S / 10
    (most, *_) = profile.to_object(3)["own"]
    assert most["where"].endswith("spin")
