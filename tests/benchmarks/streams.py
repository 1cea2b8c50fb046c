"""
What streams cost those who record: `python -m tests.benchmarks.streams [STREAMS] [ROUNDS]`.

An honest client posts for some seconds beside no stream, beside streams that watch what never
comes, and beside streams that are told everything, in turn, so that a machine that is slow for a
while is slow for all. Each figure is of all rounds together; CPU is of the serving process.
"""

import asyncio
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.attacks.honest import Seen, work
from tests.attacks.stage import memory_of, stage

SECONDS = 15.0
"""How long the client posts at a time."""

SHARE = 5
"""Streams of an address of this machine: 127.0.1.1 and on."""

WATCHED = {"none": None, "idle": "subject=right:nobody", "all": ""}
"""What streams there are, by what each asks."""


def follow(port: int, query: str, streams: int, ready: Any, told: Any) -> None:
    """Keep streams open and read them, until the process is ended."""
    asyncio.run(_follow(port, query, streams, ready, told))


async def _follow(port: int, query: str, streams: int, ready: Any, told: Any) -> None:
    async def read(number: int) -> None:
        address = f"127.0.{1 + number // SHARE // 250}.{1 + number // SHARE % 250}"
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        writer.write(f"GET /v1/stream?{query} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        ready.release()
        while part := await reader.read(1 << 16):
            with told.get_lock():
                told.value += part.count(b"data: ")

    await asyncio.gather(*map(read, range(streams)))


@contextmanager
def following(port: int, query: str | None, streams: int) -> Iterator[Any]:
    """Have a process keep so many streams open; lend the number of events that they were told."""
    told = multiprocessing.Value("q", 0)
    if query is None:
        yield told
        return
    ready = multiprocessing.Semaphore(0)
    process = multiprocessing.Process(target=follow, args=(port, query, streams, ready, told))
    process.start()
    try:
        for _ in range(streams):
            assert ready.acquire(timeout=60), "a stream was not opened"
        yield told
        assert process.is_alive()
    finally:
        process.kill()
        process.join()


def cpu_of(pid: int) -> float:
    """Return the seconds of CPU that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main(streams: int, rounds: int) -> None:
    """Print a line for each kind of streams."""
    seen = {name: Seen() for name in WATCHED}
    cpu, events = dict.fromkeys(WATCHED, 0.0), dict.fromkeys(WATCHED, 0)
    memory = dict.fromkeys(WATCHED, 0)
    with stage(fresh=20_000, history=20) as on:
        fresh, port = iter(on.fresh), int(on.server.url.rpartition(":")[2])
        work(on.server.url, fresh, 3)
        for _ in range(rounds):
            for name, query in WATCHED.items():
                with following(port, query, streams) as told:
                    before = cpu_of(on.server.pid)
                    found = work(on.server.url, fresh, SECONDS)
                    cpu[name] += cpu_of(on.server.pid) - before
                    events[name] += told.value
                    memory[name] = max(memory[name], memory_of(on.server.pid))
                seen[name].posts += found.posts
                seen[name].checkpoints += found.checkpoints
                seen[name].watched += found.watched
                seen[name].wrong += found.wrong
    for name, all_of in seen.items():
        share = cpu[name] / (rounds * SECONDS)
        print(
            f"{name}: {all_of.line()}, {events[name]} events told, CPU {share:.0%},"
            f" {memory[name] >> 20} MB",
            flush=True,
        )


if __name__ == "__main__":
    main(*map(int, [*sys.argv[1:], *("500", "3")[len(sys.argv) - 1 :]]))
