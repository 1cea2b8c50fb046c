"""How far a long piece of work has come: how much of how much, how fast, and for how long yet."""

from io import StringIO

from rich.console import Console
from rich.progress import Progress

from api.cli.progress import columns


def test_a_line_says_how_much_how_fast_and_how_long_yet() -> None:
    seconds = iter(range(100))
    shown = Console(file=StringIO(), width=120, force_terminal=True, color_system=None)
    bars = Progress(*columns(), console=shown, get_time=lambda: float(next(seconds)))
    task = bars.add_task("rules", total=1000)
    for done in (100, 200, 300):
        bars.update(task, completed=done)
    shown.print(bars.make_tasks_table(bars.tasks))
    assert isinstance(shown.file, StringIO)
    line = shown.file.getvalue()
    assert "rules" in line
    assert "300/1000" in line
    assert "100/s" in line
    assert "0:00:07" in line


def test_no_rate_is_said_before_there_is_one() -> None:
    shown = Console(file=StringIO(), width=120, force_terminal=True, color_system=None)
    bars = Progress(*columns(), console=shown)
    bars.add_task("rules", total=1000)
    shown.print(bars.make_tasks_table(bars.tasks))
    assert isinstance(shown.file, StringIO)
    assert "/s" not in shown.file.getvalue()
