"""Where the time of a served ledger goes, while it is flooded: in bulk, and one by one."""

import json
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table

from bench.lean import elapsed
from bench.run import Run, served
from bench.scratch import Scratch
from bench.serving import LANES, Flood, flood_in_bulk, flood_singly
from bench.workload import offers, registrations

EVENTS_A_SECOND = 5_000
"""Events made beforehand for a second of a flood: more than can be sent."""

CLIENTS = 64

SHOWN = 25
"""Functions that are shown of each kind."""

Flooding = Callable[[int], Flood]
"""Floods the server at a port."""


def profiled(scratch: Scratch, seconds: float) -> dict[str, dict[str, Any]]:
    """Return the profiles of a bulk flood and of one by single clients, by name."""
    Run(scratch, seconds).append(registrations(scratch.cast))
    count = int(EVENTS_A_SECOND * seconds / LANES)
    lanes = [offers(scratch.cast, count) for _ in range(LANES)]
    singles = iter(offers(scratch.cast, count))
    return {
        "bulk": _profile(scratch, lambda port: flood_in_bulk(port, lanes, seconds)),
        f"single.{CLIENTS}": _profile(
            scratch, lambda port: flood_singly(port, singles, CLIENTS, seconds)
        ),
    }


def _profile(scratch: Scratch, flooding: Flooding) -> dict[str, Any]:
    with TemporaryDirectory(prefix="techledger-bench-") as directory:
        file = Path(directory) / "profile.json"
        with served(scratch, "bench.profiled_serve", str(file)) as server:
            postgres, client = _postgres(scratch), time.process_time()
            os.kill(server.pid, signal.SIGUSR1)
            flood = flooding(server.port)
            os.kill(server.pid, signal.SIGUSR2)
            others = {
                "PostgreSQL": _postgres(scratch) - postgres,
                "this client": time.process_time() - client,
            }
            while not file.exists():
                time.sleep(0.05)
        profile: dict[str, Any] = json.loads(file.read_bytes())
    seconds = elapsed(flood.exchanges)
    return profile | {"others": others, "events": flood.events, "a_second": flood.events / seconds}


def _postgres(scratch: Scratch) -> float:
    """Return the CPU seconds of the database server and of all sessions that it has now."""
    embedded = scratch.database.embedded
    assert embedded is not None, "a scratch ledger runs its own server"
    return sum(map(_cpu_s, [embedded.pid, *_children(embedded.pid)]))


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    return [int(child) for child in listed.split()]


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    except FileNotFoundError:  # It has ended since it was listed.
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def report(profiles: dict[str, dict[str, Any]], console: Console) -> None:
    """Print where the time went, in microseconds of CPU for each event."""
    for name, profile in profiles.items():
        events = profile["events"]
        console.print(f"\n[bold]{name}[/]: {profile['a_second']:,.0f} a second, {events} events")
        shares = Table("CPU time for each event", "µs", box=None)
        for group, prefix in _GROUPS.items():
            for who, seconds in profile[group].items():
                shares.add_row(f"{prefix}{who}", f"{1e6 * seconds / events:.1f}")
        console.print(shares)
        for kind, says in _KINDS.items():
            functions = Table(f"\n{says}", "µs", box=None)
            for each in profile[kind][:SHOWN]:
                functions.add_row(each["where"], f"{1e6 * each['cpu_s'] / events:.1f}")
            console.print(functions)


_GROUPS = {"threads": "server, thread ", "children": "server's process ", "others": ""}
_KINDS = {"own": "Server: in the function itself", "within": "Server: in it and what it calls"}
