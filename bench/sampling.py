"""
Says where a running process spends its time: CPU time of each thread, laid on the lines it ran.

A thread that waits for the interpreter's lock looks busy to any sampler that only looks at stacks.
So each sample asks the kernel how much CPU time every thread has used since the last one, and puts
that on the stack it has now: who waits weighs nothing.
"""

import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, TypeVar

K = TypeVar("K")

PERIOD_S = 0.002
"""Seconds between two looks."""

_HERE = Path(__file__).resolve().parents[1]


Function = tuple[str, str]
"""File, and line and name within it."""


@dataclass
class Profile:
    """CPU seconds of each thread, and of the functions in which they were spent.

    `own` counts the function that ran, `within` every function that was on the stack.
    """

    seconds: float = 0.0
    threads: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    own: dict[Function, float] = field(default_factory=lambda: defaultdict(float))
    within: dict[Function, float] = field(default_factory=lambda: defaultdict(float))

    def to_object(self, top: int) -> dict[str, Any]:
        """Return the shares as JSON, the `top` most expensive functions of each kind."""
        return {
            "seconds": self.seconds,
            "threads": dict(_most(self.threads)),
            "own": _listed(self.own, top),
            "within": _listed(self.within, top),
        }


class Sampler:
    """A thread that looks at all the others, from `start` to `stop`."""

    def __init__(self) -> None:
        self.profile = Profile()
        self._used: dict[int, float] = {}
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler", daemon=True)
        self._started = 0.0

    def start(self) -> None:
        """Begin to look."""
        self._started = time.perf_counter()
        self._thread.start()

    def stop(self) -> Profile:
        """End, and return what was seen."""
        self._stopping.set()
        self._thread.join()
        self.profile.seconds = time.perf_counter() - self._started
        return self.profile

    def _run(self) -> None:
        own = threading.get_ident()
        while not self._stopping.wait(PERIOD_S):
            names = {thread.ident: thread.name for thread in threading.enumerate()}
            for ident, frame in sys._current_frames().items():  # noqa: SLF001  (documented)
                if ident != own and ident in names:
                    self._sample(ident, names[ident], frame)

    def _sample(self, ident: int, name: str, frame: FrameType) -> None:
        try:
            used = time.clock_gettime(time.pthread_getcpuclockid(ident))
        except OSError:  # The thread has ended since it was listed.
            return
        spent = used - self._used.get(ident, used)
        self._used[ident] = used
        if spent <= 0:
            return
        self.profile.threads[_without_number(name)] += spent
        stack = list(_functions(frame))
        self.profile.own[stack[0]] += spent
        for function in set(stack):
            self.profile.within[function] += spent


def _functions(frame: FrameType | None) -> Iterable[Function]:
    while frame is not None:
        code = frame.f_code
        yield code.co_filename, f"{code.co_firstlineno} {code.co_qualname}"
        frame = frame.f_back


def _without_number(name: str) -> str:
    """Return a pool thread's name without its number, so that a pool is one line."""
    return name.rstrip("0123456789").rstrip("_-") or name


def _most(spent: Mapping[K, float]) -> list[tuple[K, float]]:
    return sorted(spent.items(), key=lambda item: -item[1])


def _listed(spent: Mapping[Function, float], top: int) -> list[dict[str, Any]]:
    return [
        {"where": f"{_short(file)}:{where}", "cpu_s": seconds}
        for (file, where), seconds in _most(spent)[:top]
    ]


def _short(file: str) -> str:
    path = Path(file)
    if path.is_relative_to(_HERE) and "site-packages" not in path.parts:
        return str(path.relative_to(_HERE))
    return "/".join(path.parts[-2:])
