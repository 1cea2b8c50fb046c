"""`python -m bench`: what the ledger does in a second, beside what the machine could at most."""

import json
import os
import platform
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Self

import typer
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from api.cli.options import AsJson
from bench.figure import Absent, BenchError, Figure, Result, compared, to_object
from bench.profiling import profiled, report
from bench.run import GOALS, STEPS, chosen, measured
from bench.scratch import scratch_ledger
from ledger.home.settings import Settings


def bench(
    seconds: Annotated[
        float, typer.Option(min=0.2, help="How long each figure is measured.")
    ] = 5.0,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Only these and what they need: {', '.join(STEPS)}.")
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="Say where the time goes instead, bulk and single.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Measure the ledger on this machine, beside the machine's own limits, in one run."""
    if unknown := set(only or ()) - STEPS.keys():
        raise typer.BadParameter(f"no such figure: {', '.join(sorted(unknown))}")
    if profile and sys.platform != "linux":
        raise typer.BadParameter("--profile reads the clocks of Linux")
    try:
        if profile:
            _profile(seconds, as_json=as_json)
        else:
            _figures(only or (), seconds, as_json=as_json)
    except BenchError as error:
        print(f"bench: {error}", file=sys.stderr)
        raise typer.Exit(1) from error


def _figures(only: Sequence[str], seconds: float, *, as_json: bool) -> None:
    with _Elsewhere() as elsewhere:
        results = _measure(chosen(only), seconds)
    if as_json:
        print(json.dumps(_document(results, elsewhere.share), indent=1))
    else:
        _print(results, elsewhere.share)


def _measure(steps: Sequence[str], seconds: float) -> list[Result]:
    results: dict[str, Result] = {}
    with _progress() as progress:
        task = progress.add_task("a fresh ledger", total=None)
        with scratch_ledger(Settings()) as scratch:
            for result in measured(scratch, steps, seconds):
                results[result.name] = result
                progress.update(task, description=f"{result.says}: {_value(result)}")
    return list(results.values())


def _profile(seconds: float, *, as_json: bool) -> None:
    with _progress() as progress, scratch_ledger(Settings()) as scratch:
        progress.add_task("sampling", total=None)
        profiles = profiled(scratch, seconds)
    if as_json:
        print(json.dumps(profiles, indent=1))
    else:
        report(profiles, Console(highlight=False))


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
        console=Console(file=sys.__stderr__),
        transient=True,
    )


def _print(results: Sequence[Result], elsewhere: float) -> None:
    console = Console(highlight=False)
    table = Table(title=f"bench: {_machine()}", title_justify="left", box=SIMPLE_HEAD)
    table.add_column("figure")
    for name in ("", "beside", "goal"):
        table.add_column(name, justify="right", no_wrap=True)
    comparisons = compared(results, GOALS)
    for each in results:
        beside = [c for c in comparisons if c.goal.figure == each.name]
        goals = ["" if c.goal.at_least is None else f"≥ {c.goal.at_least:g}" for c in beside]
        table.add_row(
            f"{each.says}\n[dim]{each.detail if isinstance(each, Figure) else each.why}[/]",
            f"{_value(each)}\n[dim]{each.unit if isinstance(each, Figure) else ''}[/]",
            "\n".join(f"{c.ratio:.2f} of {c.goal.beside}" for c in beside),
            "\n".join(goals),
        )
    console.print(table)
    console.print(_noise(elsewhere))


def _value(result: Result) -> str:
    if isinstance(result, Absent):
        return "-"
    return f"{result.value:,.0f}" if result.value >= 100 else f"{result.value:,.1f}"  # noqa: PLR2004


def _noise(elsewhere: float) -> str:
    return f"Other work used {elsewhere:.0%} of this machine meanwhile; no figure is pass or fail."


def _document(results: Sequence[Result], elsewhere: float) -> dict[str, Any]:
    return {
        "machine": _machine(),
        "used_by_others": elsewhere,
        "figures": to_object(results, GOALS),
    }


def _machine() -> str:
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()} {platform.release()},"
        f" Python {platform.python_version()}"
    )


class _Elsewhere:
    """Measures which share of all cores went to processes that are not ours (Linux)."""

    def __init__(self) -> None:
        self.share = 0.0

    def __enter__(self) -> Self:
        self._before = _ticks()
        return self

    def __exit__(self, *_error: object) -> None:
        total, busy, ours = (
            after - before for after, before in zip(_ticks(), self._before, strict=True)
        )
        self.share = max(0.0, (busy - ours) / total) if total else 0.0


def _ticks() -> tuple[float, float, float]:
    """Return CPU seconds since boot: all there were, those used, those used by us so far.

    Ours count when a process has ended; at the end of a run all of them have.
    """
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0, 0.0, 0.0
    fields = [int(field) for field in stat.read_text("ascii").split("\n", 1)[0].split()[1:9]]
    per_second = os.sysconf("SC_CLK_TCK")
    total, idle = sum(fields), fields[3] + fields[4]
    ours = sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )
    return total / per_second, (total - idle) / per_second, ours


if __name__ == "__main__":
    typer.run(bench)
