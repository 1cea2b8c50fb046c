"""`python -m api.cli`: the same as `techledger`, for processes that start one another."""


def run() -> None:
    """Run the command line."""
    # Here and not above: each process that the server starts imports this module first.
    from api.cli.main import run as run_commands  # noqa: PLC0415

    run_commands()


if __name__ == "__main__":
    run()
