"""
What a command costs until it asks its first question: `python -m tests.benchmarks.start [N]`.

CPU, user and system, the median of N (20), with a server named that nobody runs; beside it what
Python takes to do nothing.
"""

import os
import subprocess
import sys
from resource import RUSAGE_CHILDREN, getrusage
from statistics import median

LINES = (
    *("--help", "--version", "rights --help", "rights title --help", "ask --help", "rights sell"),
    *("find x", "ask party-keys party:x", "rights title right:x", "licences check"),
    *("events types", "openapi", "policy --help", "operate status"),
    *("report year 2026 --pdf none/x.pdf", "events template offer.made/1", "events list"),
)


def cpu_of(*words: str) -> float:
    """Return the seconds of CPU that a process takes to its end."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    own |= {"LEDGER_URL": "http://127.0.0.1:9"}
    before = getrusage(RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *words], check=False, capture_output=True, env=own)
    after = getrusage(RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main(times: int) -> None:
    """Print a line for each command."""
    for line in (None, *LINES):
        words = ("-c", "") if line is None else ("-m", "api.cli", *line.split())
        told = "python" if line is None else f"techledger {line}"
        print(f"{median(cpu_of(*words) for _ in range(times)):.3f} s  {told}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 20)
