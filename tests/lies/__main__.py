"""
`python -m tests.lies [--write] [LIE...]`: every lie, and who finds it.

With `--write` the table goes between its marks in docs/verify.md.
"""

import argparse
import sys

from tests.lies.lies import LIES
from tests.lies.suite import answers, lent_stage, table, write
from tests.support.postgres import home_directory, running_server


def main() -> int:
    """Tell them all; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.lies", description=__doc__)
    parser.add_argument("lies", nargs="*", help="words that a lie's name has")
    parser.add_argument("--write", action="store_true", help="write docs/verify.md")
    given = parser.parse_args()
    chosen = [lie for lie in LIES if all(word in lie for word in given.lies)]
    with home_directory() as home, running_server(home) as server, lent_stage(server) as stage:
        found = {lie: answers(stage, lie) for lie in chosen}
    sys.stdout.write(table(found))
    if given.write:
        write(found)
    return 0


if __name__ == "__main__":
    sys.exit(main())
