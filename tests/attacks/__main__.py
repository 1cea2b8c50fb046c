"""
`python -m tests.attacks [NAME…]`: attack a ledger of its own, and print what its clients see.

Exit code 1 where a count is wrong; with `--figures`, for a quiet machine, also where a p99 is.
"""

import argparse
import sys

from tests.attacks.hostile import ATTACKS
from tests.attacks.stage import stage
from tests.attacks.suite import run

EVENTS_A_SECOND = 60
"""Events that the honest client posts at most."""


def main() -> int:
    """Run the attacks that were asked for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.attacks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(ATTACKS))
    parser.add_argument("--seconds", type=float, default=10.0, help="of each attack")
    parser.add_argument("--quiet", type=float, default=5.0, help="seconds before each attack")
    parser.add_argument("--figures", action="store_true", help="hold the p99 figures too")
    asked = parser.parse_args()
    names = asked.names or list(ATTACKS)
    if unknown := set(names) - set(ATTACKS):
        parser.error(f"no such attack: {', '.join(sorted(unknown))}")
    seconds = (asked.seconds + asked.quiet) * len(names)
    wrong = False
    with stage(fresh=int(seconds * EVENTS_A_SECOND)) as on:
        events = iter(on.fresh)
        for name in names:
            verdict = run(name, on, events, quiet_s=asked.quiet, attack_s=asked.seconds)
            slow = verdict.slow()
            print("\n".join([*verdict.lines(), *(f"{'':16} SLOW: {each}" for each in slow)]))
            sys.stdout.flush()
            wrong = wrong or bool(verdict.broken) or (asked.figures and bool(slow))
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
