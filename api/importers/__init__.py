"""Readers of other registers: they plan events for a clerk to sign, and post nothing themselves."""

MAX_REGISTER = 1 << 28
"""Bytes at most of a file of records that is imported: it is read whole."""


class ImporterError(Exception):
    """Superclass of the errors of this package. Never raised itself."""
