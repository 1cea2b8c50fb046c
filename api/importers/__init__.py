"""Readers of other registers: they plan events for a clerk to sign, and post nothing themselves."""


class ImporterError(Exception):
    """Superclass of the errors of this package. Never raised itself."""
