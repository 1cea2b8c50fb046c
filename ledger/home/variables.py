"""The variables of the environment that are ours, and those of them that only clients read."""

PREFIX = "LEDGER_"

OF_CLIENTS = ("LEDGER_URL", "LEDGER_TRUST", "LEDGER_SEEN", "LEDGER_COPIES", "LEDGER_LANG")
"""Variables of client commands: defaults of options, and where they keep what they have seen."""


def is_ours(name: str) -> bool:
    """Say whether a variable is one of ours, however it is spelt."""
    return name.upper().startswith(PREFIX)
