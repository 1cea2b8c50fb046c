"""How far a long piece of work has come, where a person looks on."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress

Told = Callable[[str, int, int], None]
"""Told what is done, how much of it, and of how much."""


@contextmanager
def showing_progress(*, hidden: bool = False) -> Iterator[Told]:
    """Show a bar for each kind of work, with the time left; none where nobody looks on."""
    nobody = hidden or not sys.stderr.isatty()
    with Progress(console=Console(file=sys.__stderr__), transient=True, disable=nobody) as bars:
        tasks = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield told
