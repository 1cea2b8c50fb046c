"""
The course of a security: a register perfects it, its creditor passes it on or has it enforced.

Against others a security has effect from its registration, and among several the one registered
first comes first (Civil Code arts. 297, 308). Who buys at an enforcement gets title from those who
owned, whether or not they are the debtors: a lien follows the right.
Read in this order: events, admit, evolve.
"""

from dataclasses import replace
from typing import ClassVar

from pydantic import model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Admits, Context, Evolves
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import not_in_future, require_known
from ledger.domain.core.remedy import Step
from ledger.domain.core.types import Day, Instant, PartyId, RightIds, legal_day
from ledger.domain.parties.attestation import Attested
from ledger.domain.rights.encumbrances import Perfected
from ledger.domain.rights.fraction import must_be_writable
from ledger.domain.rights.moving import passed_on
from ledger.domain.rights.right import (
    FractionSum,
    Holdings,
    OfficeNumber,
    Right,
    adding_up,
    sum_of,
    with_lien,
    without_lien,
)
from ledger.domain.rights.security import (
    KIND,
    Security,
    SecurityId,
    lien_passed,
    must_be_charged,
    must_be_creditors,
    passed,
)


class SecurityPerfected(Attested):
    """A register entered the security on these rights: from then on it binds everybody."""

    TOPIC: ClassVar[str] = "security.perfected/1"

    security: SecurityId
    """The security."""
    rights: RightIds
    """Rights on which it was entered."""
    registered_at: Instant
    """Instant of the entry: it decides the rank among securities (Civil Code art. 308). Its
    legal day is not after the day of recording.
    """
    register_no: OfficeNumber
    """Number of the entry."""

    def subjects(self) -> frozenset[str]:
        """Return the security and the rights."""
        return frozenset((self.security, *self.rights))


class SecurityAssigned(Body):
    """A creditor passed the security on these rights on to another, with its rank."""

    TOPIC: ClassVar[str] = "security.assigned/1"

    security: SecurityId
    """The security."""
    rights: RightIds
    """Rights for which it passes on; the security charges each of them still."""
    creditor: PartyId
    """A creditor of the security on each of these rights."""
    new_creditor: PartyId
    """Who takes its place, another party. Both sign."""
    assigned_on: Day
    """Day of the agreement, not after the day of recording."""

    @model_validator(mode="after")
    def _to_another(self) -> "SecurityAssigned":
        if self.creditor == self.new_creditor:
            raise ValueError("a security is passed on to another")
        return self

    def subjects(self) -> frozenset[str]:
        """Return the security, the rights and both creditors."""
        return frozenset((self.security, *self.rights, self.creditor, self.new_creditor))


class SecurityEnforced(Attested):
    """The security was enforced: fractions of these rights passed from owners to acquirers."""

    TOPIC: ClassVar[str] = "security.enforced/1"

    security: SecurityId
    """The security, which ends on these rights."""
    rights: RightIds
    """Rights that were sold."""
    owners: Holdings
    """Who lost which fraction of the whole title of each right, debtor or not."""
    acquirers: Holdings
    """Who got which fraction of it; the fractions add up to those of `owners`."""
    effective_on: Day
    """Day from which the acquirers own."""
    registered_on: Day
    """Day of the entry in the register, not after the day of recording."""
    register_no: OfficeNumber
    """Number of the entry."""

    def subjects(self) -> frozenset[str]:
        """Return the security, the rights and the parties."""
        parties = (holding.party for holding in (*self.owners, *self.acquirers))
        return frozenset((self.security, *self.rights, *parties))


def _admit_perfected(state: State, event: Event, context: Context) -> None:
    """Refuse what names no security, or a day to come: the State's word stands otherwise."""
    body = event.body
    assert isinstance(body, SecurityPerfected)
    require_known(state, body.security, Security)
    not_in_future(context.accepted, registered_at=legal_day(body.registered_at))


def _admit_assigned(state: State, event: Event, context: Context) -> None:
    """Refuse to pass on what is not charged, or by another than the creditor."""
    body = event.body
    assert isinstance(body, SecurityAssigned)
    security = require_known(state, body.security, Security)
    not_in_future(context.accepted, assigned_on=body.assigned_on)
    must_be_charged(body.security, security, body.rights)
    must_be_creditors(body.security, security, body.rights, (body.creditor,))


def _admit_enforced(state: State, event: Event, context: Context) -> None:
    """Refuse what names no security, or takes another sum than is given."""
    body = event.body
    assert isinstance(body, SecurityEnforced)
    require_known(state, body.security, Security)
    for subject in body.rights:
        require_known(state, subject, Right)
    not_in_future(context.accepted, registered_on=body.registered_on)
    must_be_writable(
        (holding.share for holding in (*body.owners, *body.acquirers)),
        step=Step(ask=("/body/owners", "/body/acquirers")),
    )
    given, taken = sum_of(body.owners), sum_of(body.acquirers)
    if given != taken:
        raise FractionSum(
            f"the owners lose {given}, the acquirers get {taken}",
            step=adding_up("/body/acquirers", body.acquirers, given),
        )


def _evolve_assigned(subject: str, value: Security | None, logged: Logged) -> Security | None:
    body = logged.event.body
    assert isinstance(body, SecurityAssigned)
    del subject
    if value is None:
        return None
    return passed(value, body.rights, (body.creditor,), (body.new_creditor,), logged.position)


def _evolve_enforced(subject: str, value: Security | None, logged: Logged) -> Security | None:
    body = logged.event.body
    assert isinstance(body, SecurityEnforced)
    del subject
    if value is None:
        return None
    for right in body.rights:
        creditors = value.creditors.get(right, frozenset())
        value = passed(value, (right,), creditors, (), logged.position)
    return value


def _evolve_right_perfected(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, SecurityPerfected)
    del subject
    if value is None:
        return None
    lien = value.liens.get(body.security)
    if lien is None or lien.perfected is not None:
        return value
    perfected = Perfected(body.registered_at, logged.position)
    return with_lien(value, body.security, replace(lien, perfected=perfected))


def _evolve_right_assigned(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, SecurityAssigned)
    del subject
    return value and lien_passed(value, body.security, (body.creditor,), (body.new_creditor,))


def _evolve_right_enforced(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, SecurityEnforced)
    del subject
    if value is None:
        return None
    given = {holding.party: holding.share for holding in body.owners}
    taken = {holding.party: holding.share for holding in body.acquirers}
    return passed_on(without_lien(value, body.security), given, taken, logged)


BODIES: tuple[type[Body], ...] = (SecurityPerfected, SecurityAssigned, SecurityEnforced)
ADMITS: Admits = {
    SecurityPerfected: _admit_perfected,
    SecurityAssigned: _admit_assigned,
    SecurityEnforced: _admit_enforced,
}
EVOLVES: Evolves = {
    (KIND, SecurityAssigned): _evolve_assigned,
    (KIND, SecurityEnforced): _evolve_enforced,
    ("right", SecurityPerfected): _evolve_right_perfected,
    ("right", SecurityAssigned): _evolve_right_assigned,
    ("right", SecurityEnforced): _evolve_right_enforced,
}
