"""
The same work on many tasks, on all cores, with the answers in order.

A worker does nothing but this work: beside a CPU-bound thread of Python each call into
`cryptography` would wait for the interpreter's lock, and 20,000 checks a second become 200.
"""

import multiprocessing
import os
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import wait
from types import ModuleType
from typing import Any, TypeVar

T = TypeVar("T")
A = TypeVar("A")

IN_PROCESS_MAX = 16
"""So many chunks of tasks are done before other processes have started."""

_work: list[Callable[[Any], Any]] = []  # In a worker: what it does with each task.


@contextmanager
def in_order(
    work: Callable[[T], A], tasks: Sequence[T], workers: int, chunk: int = 1
) -> Iterator[Iterable[A]]:
    """Lend the answers `work(task)`, in order; what one raises arises at its place.

    A chunk of tasks, about 50 ms of work, goes to a process at once.
    """
    if workers == 1 or len(tasks) <= IN_PROCESS_MAX * chunk:
        yield map(work, tasks)
        return
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(work,))
    try:
        yield _answers(pool, tasks, chunk, 4 * workers)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _answers(
    pool: ProcessPoolExecutor, tasks: Sequence[T], chunk: int, ahead: int
) -> Iterator[Any]:
    """Yield the answers; never more than a few chunks wait, however many tasks are claimed."""
    waiting = deque[Future[list[Any]]]()
    for at in range(0, len(tasks), chunk):
        with _main_hidden():
            waiting.append(pool.submit(_do, tasks[at : at + chunk]))
        if len(waiting) > ahead:
            yield from waiting.popleft().result()
    while waiting:
        yield from waiting.popleft().result()


@contextmanager
def _main_hidden() -> Iterator[None]:
    """Keep new processes from importing the main module, and all that it imports, for nothing."""
    main = sys.modules["__main__"]
    sys.modules["__main__"] = ModuleType("__main__")
    try:
        yield
    finally:
        sys.modules["__main__"] = main


def _begin(work: Callable[[Any], Any]) -> None:
    """Remember the work, and die with the parent: after a kill -9 no pipe would tell."""
    _work.append(work)
    parent = multiprocessing.parent_process()
    assert parent is not None, "this runs in a worker"

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def _do(tasks: Sequence[Any]) -> list[Any]:
    return [_work[0](task) for task in tasks]
