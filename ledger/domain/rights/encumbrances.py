"""
What weighs on a right, as the right remembers it: liens, assignments that wait, covenants.

These are the values only. The rules stand where the burdens come from:
`ledger.domain.rights.security`, `ledger.domain.rights.title` and `ledger.domain.rights.covenant`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Perfected:
    """A register made a lien good against everybody, from an instant on (Civil Code art. 297)."""

    at: datetime
    position: int


@dataclass(frozen=True, slots=True)
class Lien:
    """A security interest in the right: to whom, from whom, and whether it forbids assignment.

    Who gets a share from a debtor is one from then on.
    `recorded` is the legal day on which this ledger recorded it.
    """

    creditors: frozenset[str]
    debtors: frozenset[str]
    forbids_assignment: bool
    position: int
    recorded: date
    perfected: Perfected | None = None


@dataclass(frozen=True, slots=True)
class Priority:
    """A priority notice keeps shares for an assignment up to and including the day `until`.

    `recorded` is the legal day on which this ledger recorded it.
    """

    until: date
    position: int
    recorded: date


@dataclass(frozen=True, slots=True)
class PendingAssignment:
    """The terms of an agreed assignment of this right (IP Law art. 148(1)).

    `effective` says that title has passed by it: it was registered, or needs no register. `noted`
    is the position of its priority notice: an assignment has one.
    """

    given: Mapping[str, Fraction]
    taken: Mapping[str, Fraction]
    position: int
    effective: bool = False
    noted: int | None = None


@dataclass(frozen=True, slots=True)
class Covenant:
    """What an owner promised an investor about the right, up to and including the day `until`.

    `promises` are `negative_pledge`, `preemption` and `exclusive_licence_veto`; `notice_days` is
    how long the investor may think about a sale that it was told of.
    """

    fund: str
    company: str
    promises: frozenset[str]
    notice_days: int
    until: date | None
    position: int
