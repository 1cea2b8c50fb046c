"""
Stories of royalties and guards, told to the ledger and to the reference: `python -m tests.rules`.

Each number is a story of each kind. `--planted` plants the faults of `planted.py` in turn and tells
stories until one finds it. Exit code 1 where the two disagree, or a fault is not found.
"""

import argparse
import os
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

from tests.rules.planted import FAULTS, found_by
from tests.rules.stories import STORIES, tell


def told(seed: int) -> tuple[Counter[str], list[str]]:
    """Tell a story of each kind; return what was said, and where the two disagree."""
    seen, apart = Counter[str](), list[str]()
    for name, story in STORIES.items():
        try:
            seen += tell(story, seed)
        except AssertionError as error:
            apart.append(f"{name} {seed}: {error}")
    return seen, apart


def main() -> int:
    """Run the command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.rules", description=__doc__)
    parser.add_argument("--stories", type=int, default=200)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--planted", action="store_true", help="find the planted faults")
    given = parser.parse_args()
    with ProcessPoolExecutor(given.workers) as pool:
        if given.planted:
            seeds = list(pool.map(partial(found_by, stories=given.stories), FAULTS))
            for fault, seed in zip(FAULTS, seeds, strict=True):
                print("NOT FOUND" if seed is None else f"story {seed}", *fault, sep="  ")
            print(f"{len(FAULTS) - seeds.count(None)} of {len(FAULTS)} planted faults found")
            return 1 if None in seeds else 0
        answers = list(pool.map(told, range(given.stories)))
    seen = sum((each for each, _ in answers), Counter[str]())
    apart = [line for _, lines in answers for line in lines]
    print(*(f"{n:8} {name}" for name, n in seen.most_common()), sep="\n")
    print(f"{seen.total()} events, {len(apart)} stories in which the two disagree")
    print(*apart, sep="\n")
    return 1 if apart else 0


if __name__ == "__main__":
    sys.exit(main())
