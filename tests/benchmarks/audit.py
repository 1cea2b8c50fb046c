"""
What an audit by the rules takes, in memory and with its state on disk, on one log in one run.

    python -m tests.support.big_ledger 100000 export DIR
    python -m tests.benchmarks.audit DIR/log

Each way runs in a process of its own, and its peak memory is that process's: the rules in memory,
the rules on disk, all read models as well; what is on disk from nothing, then once more.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from api.cli.replaying import Fold, judge
from ledger.events.lawbook import available_laws
from ledger.follow.audit import Replay, exported_checkpoint, exported_entries

MB = 1024
"""Kilobytes, as `ru_maxrss` counts on Linux."""


def in_memory(directory: Path, _file: Path) -> int:
    """Replay a log with all in memory; return how many entries were judged."""
    replay = Replay(
        exported_entries(directory), exported_checkpoint(directory).origin, available_laws()
    )
    return sum(1 for _ in replay)


def on_disk(fold: Fold) -> Callable[[Path, Path], int]:
    """Return what goes on with an audit; it returns how many entries were judged."""

    def way(directory: Path, file: Path) -> int:
        done = judge(directory, None, file, fold, hidden=True)
        return done.size - done.began

    return way


WAYS = {"memory": in_memory, "rules": on_disk(Fold.NOTHING), "replay": on_disk(Fold.ALL)}


def measure(directory: Path, way: str, file: Path) -> None:
    """Run one way in this process and print what it took."""
    start = time.perf_counter()
    judged = WAYS[way](directory, file)
    seconds, cpu = time.perf_counter() - start, time.process_time()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // MB
    print(f"{judged:>9} judged  {seconds:8.1f} s  {cpu:8.1f} s of CPU  {peak:6} MB at most")


def main() -> None:
    """Measure each way, or the one that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.audit")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--way", choices=WAYS)
    parser.add_argument("--file", type=Path)
    asked = parser.parse_args()
    if asked.way:
        measure(asked.directory, asked.way, asked.file)
        return
    with tempfile.TemporaryDirectory() as folder:
        for way in ("memory", "rules", "rules", "replay", "replay"):
            command = [sys.executable, "-m", "tests.benchmarks.audit", str(asked.directory)]
            print(f"{way:<10}", end="", flush=True)
            file = str(Path(folder) / way)
            subprocess.run([*command, "--way", way, "--file", file], check=True)


if __name__ == "__main__":
    main()
