"""
What an audit by the rules takes, in memory and with its state on disk, on one log in one run.

    python -m tests.support.big_ledger 100000 export DIR
    python -m tests.benchmarks.audit DIR/log

Each way runs in a process of its own, and its peak memory is that process's: in memory as before,
on disk from nothing, then on disk over what is judged already.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ledger.events.lawbook import available_laws
from ledger.follow.audit import Replay, exported_checkpoint, exported_entries
from ledger.follow.judged import going_on

MB = 1024
"""Kilobytes, as `ru_maxrss` counts on Linux."""


def in_memory(directory: Path) -> int:
    """Replay a log with all in memory; return how many entries were judged."""
    replay = Replay(
        exported_entries(directory), exported_checkpoint(directory).origin, available_laws()
    )
    return sum(1 for _ in replay)


def on_disk(directory: Path, file: Path) -> int:
    """Go on with an audit; return how many entries were judged."""
    laws = available_laws()
    with going_on(file, directory, laws) as past:
        entries = exported_entries(directory, past.size)
        replay = Replay(entries, exported_checkpoint(directory).origin, laws, (), past)
        return sum(1 for _ in replay)


def measure(directory: Path, file: Path | None) -> None:
    """Run one way in this process and print what it took."""
    start = time.perf_counter()
    judged = in_memory(directory) if file is None else on_disk(directory, file)
    seconds, cpu = time.perf_counter() - start, time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MB
    print(f"{judged:>9} judged  {seconds:8.1f} s  {cpu:8.1f} s of CPU  {peak:6} MB at most")


def main() -> None:
    """Measure each way, or the one that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.audit")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--way", choices=("memory", "disk"))
    parser.add_argument("--file", type=Path)
    asked = parser.parse_args()
    if asked.way:
        measure(asked.directory, asked.file if asked.way == "disk" else None)
        return
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder) / "judged")
        for name, *way in (
            ("in memory", "memory"),
            ("on disk", "disk", "--file", file),
            ("again", "disk", "--file", file),
        ):
            command = [sys.executable, "-m", "tests.benchmarks.audit", str(asked.directory)]
            print(f"{name:<10}", end="", flush=True)
            subprocess.run([*command, "--way", *way], check=True)


if __name__ == "__main__":
    main()
