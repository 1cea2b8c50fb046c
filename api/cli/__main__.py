"""`python -m api.cli`: the same as `techledger`, for processes that start one another."""

import sys


def run() -> None:
    """Run the command line."""
    # Here and not above: each process that the server starts imports this module first.
    try:
        from api.cli.main import run as run_commands  # noqa: PLC0415
    except ImportError as missing:
        sys.stderr.write(f"techledger: a package is missing or not fit: {missing}\n")
        sys.exit(2)
    run_commands()


if __name__ == "__main__":
    run()
