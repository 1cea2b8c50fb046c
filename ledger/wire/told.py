"""What a command tells in one line, wherever the error comes from."""


class Told(Exception):
    """Marks an error that a command tells in one line, with `exit_code`. Never raised itself."""

    exit_code = 1
