"""Readers of other registers: they plan events for a clerk to sign, and post nothing themselves."""

from dataclasses import dataclass

MAX_REGISTER = 1 << 28
"""Bytes at most of a file of records that is imported: it is read whole."""


class ImporterError(Exception):
    """Superclass of the errors of this package. Never raised itself."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A record, an application, an agreement of which nothing is sent, by a code, and why."""

    source: str
    code: str
    detail: str
