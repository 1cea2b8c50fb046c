"""
`techledger serve` under a sampler: `python -m bench.profiled_serve FILE`.

SIGUSR1 begins to sample, SIGUSR2 ends it and writes the profile to FILE, as JSON. Linux only.
"""

import json
import multiprocessing
import signal
import sys
import time
from pathlib import Path

from api.cli.serve import serve
from bench.sampling import Sampler

TOP = 60
"""Functions that are written of each kind."""


class Watch:
    """The sampler of this process, and the CPU time of its children."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._sampler = Sampler()
        self._before: dict[str, float] = {}

    def begin(self) -> None:
        """Begin to sample."""
        self._before = _children()
        self._sampler.start()

    def end(self) -> None:
        """Write what was sampled, whole or not at all."""
        profile = self._sampler.stop().to_object(TOP)
        children = {name: used - self._before.get(name, 0.0) for name, used in _children().items()}
        unfinished = self._file.with_suffix(".new")
        unfinished.write_text(json.dumps(profile | {"children": children}), "utf-8")
        unfinished.replace(self._file)


def _children() -> dict[str, float]:
    """Return the CPU seconds of each child process, by name."""
    return {
        child.name: time.clock_gettime(_clock_of(child.pid))
        for child in multiprocessing.active_children()
        if child.pid is not None
    }


def _clock_of(pid: int) -> int:
    """Return the CPU clock of a process, as clock_getcpuclockid(3) of Linux does."""
    return ~pid << 3 | 2


def main(file: Path) -> None:
    """Serve until interrupted."""
    watch = Watch(file)
    signal.signal(signal.SIGUSR1, lambda _number, _frame: watch.begin())
    signal.signal(signal.SIGUSR2, lambda _number, _frame: watch.end())
    serve(publisher=True, projections=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
