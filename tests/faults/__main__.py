"""
Injects faults at every open, write, fsync, rename, send, receive, await of a served ledger.

    python -m tests.faults sites             a dry run: the sites; fails for one that is not listed
    python -m tests.faults run --results F   every row, then pairs; goes on where F ends
    python -m tests.faults run --seed 7 --pairs 300

After each fault five questions: is anything lost, is anything there twice, did anything hang, was
everybody told by a code, and was a fresh honest event receipted within ten seconds of its end,
without a restart unless the fault was a kill of the server itself?
"""

import argparse
import json
import sys
import time
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from random import Random
from subprocess import TimeoutExpired

from tests.faults.rows import SITES, Row, When, pairs, read_sites, rows
from tests.faults.scene import LASTS_S, ONCE, Scene, scene

QUIET_S = 3.0
"""After so many seconds what belongs to the start is over."""

STRIKES_S = 4.0
"""How long, in seconds, load is driven until a fault strikes."""


def dry_run() -> dict[str, When]:
    """Return the sites that a ledger passes which starts, serves, stops and starts again."""
    with scene() as made:
        for _round in range(4):
            made.drive()
            time.sleep(QUIET_S)
        made.note_anew()
        for _round in range(10):
            made.drive()
            time.sleep(0.5)
        made.note_anew()
        made.start_again()
        time.sleep(QUIET_S)
        serving = made.sites(1)
        starting = (made.sites(0) | made.sites(2)) - serving
    return dict.fromkeys(sorted(serving), "serving") | dict.fromkeys(sorted(starting), "starting")


def strike(made: Scene, row: Row, then: Row | None = None) -> dict[str, object]:
    """Inject a fault, and another one in its recovery; return what the questions are answered."""
    made.all.wrong.clear()
    since = len(made.all.receipts)
    struck, ended = _until_over(made, row, then)
    if struck and row.fault == "kill" and row.site.startswith("server "):
        # A start that was killed has been repeated already; what it begins later has not.
        with suppress(TimeoutExpired):
            made.server.await_end(30 if row.when == "serving" else 1)
    killed = not made.server.runs
    if killed:
        made.disarm()
        ended = made.start_again()
        if "kill" not in (row.fault, then.fault if then else "") and row.when == "serving":
            made.all.wrong.append("resumed: the server has ended")
    resumed = made.resumed_after(ended)
    made.disarm()
    if resumed is None:
        made.all.wrong.append("resumed: no receipt in ten seconds")
        made.start_again()
    made.settle()
    made.check_kept(since)
    return {
        "struck": struck,
        "restarted": killed,
        "resumed_s": None if resumed is None else round(resumed, 2),
        "wrong": list(made.all.wrong),
    }


def _until_over(made: Scene, row: Row, then: Row | None) -> tuple[bool, float]:
    """Have a fault strike under load; return whether it did, and when it was over."""
    number = made.arm(row.site, row.fault)
    if then:
        made.arm(then.site, then.fault, after=number)
    if row.when == "starting":
        made.start_again()
    until = time.monotonic() + STRIKES_S
    while made.struck_at(number) is None and time.monotonic() < until:
        made.drive()
    struck = made.struck_at(number)
    over = time.monotonic() if struck is None else struck + (row.fault not in ONCE) * LASTS_S
    if then:
        over += 2 * LASTS_S
        while time.monotonic() < over:
            made.drive()
    time.sleep(max(0.0, over - time.monotonic()))
    return struck is not None, max(over, until - STRIKES_S)


def run(results: Path, seed: int, count: int, only: str) -> int:
    """Run what is not in the results yet; return how many rows went wrong."""
    sites = read_sites()
    wanted: list[tuple[Row, Row | None]] = [(row, None) for row in rows(sites)]
    Random(seed).shuffle(wanted)  # A run that was cut short has looked everywhere.
    wanted += pairs(sites, count, seed)
    done = set()
    if results.exists():
        done = {json.loads(line)["key"] for line in results.read_text().splitlines()}
    wrong = 0
    with scene() as made, results.open("a") as out:
        for number, (row, then) in enumerate(wanted):
            key = json.dumps([asdict(row), then and asdict(then), number if then else None])
            if key in done or only not in key:
                continue
            answer = strike(made, row, then)
            wrong += bool(answer["wrong"])
            print(
                f"{row.site} {row.fault}{' then ' + then.site if then else ''}: {answer}",
                flush=True,
            )
            out.write(json.dumps({"key": key, **answer}) + "\n")
            out.flush()
    return wrong


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults")
    parser.add_argument("command", choices=("sites", "run"))
    parser.add_argument("--results", type=Path, default=Path("faults.jsonl"))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--only", default="", help="rows whose key holds this text")
    parser.add_argument("--write", action="store_true", help="write the list of sites anew")
    arguments = parser.parse_args()
    if arguments.command == "run":
        return min(1, run(arguments.results, arguments.seed, arguments.pairs, arguments.only))
    found = dry_run()
    if arguments.write:
        SITES.write_text("".join(f"{when} {site}\n" for site, when in found.items()))
    new = [site for site in found if site not in read_sites()]
    print(f"{len(found)} sites, {len(rows(found))} rows")
    for site in new:
        print(f"no row: {site}")
    return min(1, len(new))


if __name__ == "__main__":
    sys.exit(main())
