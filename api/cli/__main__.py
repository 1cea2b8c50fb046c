"""`python -m api.cli`: the same as `techledger`, for processes that start one another."""

from api.cli.main import run

if __name__ == "__main__":
    run()
