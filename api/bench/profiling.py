"""Where the time of a served ledger goes, while it is flooded: in bulk, and one by one."""

import json
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from api.bench.processes import serving
from api.bench.run import Run, let_fold
from ledger.bench.figure import Figure
from ledger.bench.scratch import Scratch
from ledger.bench.serving import bulk, single
from ledger.bench.workload import offers, registrations

EVENTS_A_SECOND = 5_000
"""Events made beforehand for a second of a flood: more than can be sent."""

CLIENTS = 64

SHOWN = 25
"""Functions that are shown of each kind."""

Flood = Callable[[int], Figure]
"""Floods the server at a port, and returns the figure."""


def profiled(scratch: Scratch, seconds: float) -> list[dict[str, Any]]:
    """Return the profile of a bulk flood and of one by single clients."""
    Run(scratch, seconds).append(registrations(scratch.cast))
    prepared = offers(scratch.cast, 2 * int(EVENTS_A_SECOND * seconds))
    half = len(prepared) // 2
    floods: list[Flood] = [
        lambda port: bulk(port, scratch.trust, prepared[:half], seconds, "bulk", "Bulk")[0],
        partial(_single, scratch, prepared[half:], seconds),
    ]
    return [_profile(scratch, flood) for flood in floods]


def _single(scratch: Scratch, prepared: Any, seconds: float, port: int) -> Figure:
    return single(port, scratch.trust, iter(prepared), CLIENTS, seconds)


def _profile(scratch: Scratch, flood: Flood) -> dict[str, Any]:
    with TemporaryDirectory(prefix="techledger-bench-") as directory:
        file = Path(directory) / "profile.json"
        module = ("api.bench.profiled_serve", str(file))
        with serving(scratch.settings, module, "/health/ready") as server:
            postgres, ours = _postgres(scratch), time.process_time()
            os.kill(server.pid, signal.SIGUSR1)
            figure = flood(server.port)
            os.kill(server.pid, signal.SIGUSR2)
            used = {
                "PostgreSQL": _postgres(scratch) - postgres,
                "this client": time.process_time() - ours,
            }
            while not file.exists():
                time.sleep(0.05)
            let_fold(scratch)
        profile: dict[str, Any] = json.loads(file.read_bytes())
    return profile | {"figure": figure.name, "value": figure.value, "detail": figure.detail, "others": used}


def _postgres(scratch: Scratch) -> float:
    """Return the CPU seconds of the database server and of all sessions that it has now."""
    embedded = scratch.database.embedded
    assert embedded is not None, "a scratch ledger runs its own server"
    return sum(map(_cpu_s, [embedded.pid, *_children(embedded.pid)]))


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in listed.split()]


def _cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(profiles: list[dict[str, Any]], console: Console) -> None:
    """Print where the time went, in microseconds of CPU for each event."""
    for profile in profiles:
        events = profile["value"] * profile["seconds"]
        console.print(f"\n[bold]{profile['figure']}[/]: {profile['value']:,.0f} a second; {profile['detail']}")
        console.print("CPU time for each event, in µs", style="dim")
        shares = Table("who", "µs", box=None)
        for group in ("threads", "children", "others"):
            for name, seconds in profile[group].items():
                shares.add_row(f"{_GROUPS[group]}{name}", f"{1e6 * seconds / events:.1f}")
        console.print(shares)
        for kind in ("own", "within"):
            functions = Table(f"server, {_KINDS[kind]}", "µs", box=None)
            for each in profile[kind][:SHOWN]:
                functions.add_row(each["where"], f"{1e6 * each['cpu_s'] / events:.1f}")
            console.print(functions)


_GROUPS = {"threads": "server, thread ", "children": "its process ", "others": ""}
_KINDS = {"own": "in the function itself", "within": "in it and what it calls"}
