"""`python -m api.cli`: the same as `techledger`, for processes that start one another."""

import sys

EXTRA_MISSING = """\
techledger: EXTRA_MISSING: {name} is not installed, which the commands of techledger need; \
pip install 'techledger[server]' brings it (without it: python -m ledger.verify, court.py)
"""


def run() -> None:
    """Run the command line; what is not installed is told with the extra that brings it."""
    # Here and not above: each process that the server starts imports this module first.
    try:
        from api.cli.main import run as run_commands  # noqa: PLC0415

        run_commands()
    except ModuleNotFoundError as missing:
        sys.stderr.write(EXTRA_MISSING.format(name=str(missing.name).partition(".")[0]))
        sys.exit(2)
    except ImportError as unfit:
        sys.stderr.write(f"techledger: a package is not fit: {unfit}\n")
        sys.exit(2)


if __name__ == "__main__":
    run()
