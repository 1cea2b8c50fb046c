"""How far a long piece of work has come, where a person looks on."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text

Told = Callable[[str, int, int], None]
"""Told what is done, how much of it, and of how much."""


class _Rate(ProgressColumn):
    """How much is done in a second, once that is known."""

    def render(self, task: Task) -> Text:
        """Return the rate of a piece of work."""
        return Text("" if task.speed is None else f"{task.speed:,.0f}/s")


def columns() -> tuple[ProgressColumn, ...]:
    """Return what a line says: what is done, how much of it and of how much, rate, time left."""
    said = TextColumn("{task.description}")
    return said, BarColumn(), MofNCompleteColumn(), _Rate(), TimeRemainingColumn()


@contextmanager
def showing_progress(*, hidden: bool = False) -> Iterator[Told]:
    """Show a bar for each kind of work, with rate and time left; none where nobody looks on."""
    nobody = hidden or not sys.stderr.isatty()
    with Progress(
        *columns(), console=Console(file=sys.__stderr__), transient=True, disable=nobody
    ) as bars:
        tasks = {}

        def told(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(what, total=total)
            bars.update(tasks[what], completed=done)

        yield told
