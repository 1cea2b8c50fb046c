"""
Events of every topic before all who judge authority: `python -m tests.differential DIRECTORY`.

Each seed is a walk through the story with `--cases` events at each step; what came of it is kept in
the directory, so an interrupted run goes on where it was. `--planted` changes a word in one judge's
table, each of its words in turn, and must find each. Exit code 1 where somebody disagrees.
"""

import argparse
import json
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

from ledger import court
from ledger.wire import signing_keys
from tests.differential import notes
from tests.differential.planted import CHANGES, TABLES, planted
from tests.differential.run import Tally, summary, walk


def remember_keys() -> None:
    """Look at each key once: all cases bring the same few, and a point takes 50 ms to check."""
    court.is_prime_order = lru_cache(maxsize=4096)(court.is_prime_order)  # type: ignore[assignment]
    signing_keys.admit_key = lru_cache(maxsize=4096)(signing_keys.admit_key)  # type: ignore[assignment]


def one(task: tuple[Path, int, int]) -> Tally:
    """Walk a seed, or read what came of it before."""
    directory, seed, cases = task
    path = directory / f"{seed}-{cases}.json"
    if not path.exists():
        tally = walk(seed, cases)
        tally.apart += notes.apart(seed, 10 * cases)
        kept = {
            "answers": [[name, answer, n] for (name, answer), n in tally.answers.items()],
            "topics": sorted(tally.topics),
            "apart": tally.apart,
            "foreign": tally.foreign,
            "shapes": [[answer, n] for answer, n in tally.shapes.items()],
        }
        path.with_suffix(".new").write_text(json.dumps(kept), "utf-8")
        path.with_suffix(".new").replace(path)
    kept = json.loads(path.read_text("utf-8"))
    answers = Counter({(name, answer): n for name, answer, n in kept["answers"]})
    shapes = Counter(dict(kept["shapes"]))
    return Tally(answers, set(kept["topics"]), kept["apart"], kept["foreign"], shapes)


def found(task: tuple[int, str, int, int]) -> tuple[str, bool]:
    """Say whether a planted disagreement is found, by the first of the seeds that finds it."""
    number, table, seeds, cases = task
    with planted(table, CHANGES[number]):
        was = any(walk(seed, cases, most=1).apart for seed in range(1, seeds + 1))
    return f"{table}: {CHANGES[number]}", was


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.differential", description=__doc__)
    parser.add_argument("directory", type=Path, help="where what came of each seed is kept")
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--cases", type=int, default=40, help="events at each step of the story")
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--planted", action="store_true", help="find the planted disagreements")
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(given.workers, initializer=remember_keys) as pool:
        if given.planted:
            tasks = [(n, t, given.seeds, given.cases) for n in range(len(CHANGES)) for t in TABLES]
            answers = list(pool.map(found, tasks))
            missed = [name for name, was in answers if not was]
            print(f"{len(answers) - len(missed)} of {len(answers)} planted disagreements found")
            print(*missed, sep="\n")
            return 1 if missed else 0
        seeds = [(given.directory, seed, given.cases) for seed in range(1, given.seeds + 1)]
        tallies = list(pool.map(one, seeds))
    print(*summary(tallies), sep="\n")
    return 1 if any(tally.apart for tally in tallies) else 0


if __name__ == "__main__":
    sys.exit(main())
