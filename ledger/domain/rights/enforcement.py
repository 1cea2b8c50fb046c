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
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_known
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
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
    TITLE = "Security registered"
    TITLE_VI = "Đăng ký biện pháp bảo đảm"
    SUBJECTS = "security rights/* attested_by"

    security: SecurityId
    """Security that was entered in the register."""
    rights: RightIds
    """Rights on which it was entered."""
    registered_at: Instant
    """Instant of the entry: it decides the rank among securities (Civil Code art. 308). Its
    legal day is not after the day of recording.
    """
    register_no: OfficeNumber
    """Number of the entry."""


class SecurityAssigned(Body):
    """A creditor passed the security on these rights on to another, with its rank."""

    TOPIC: ClassVar[str] = "security.assigned/1"
    TITLE = "Security assigned"
    TITLE_VI = "Chuyển giao biện pháp bảo đảm"
    SUBJECTS = "security rights/* creditor new_creditor"
    SIGNERS = "creditor new_creditor"
    COMMITS = "gives:creditor"
    OPPOSED = "creditor~new_creditor"

    security: SecurityId
    """Security that passes to the new creditor."""
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
            raise ValueError(
                f"a security is passed on to another, not by {self.creditor} to itself"
            )
        return self


class SecurityEnforced(Attested):
    """The security was enforced: fractions of these rights passed from owners to acquirers."""

    TOPIC: ClassVar[str] = "security.enforced/1"
    TITLE = "Security enforced"
    TITLE_VI = "Xử lý tài sản bảo đảm"
    SUBJECTS = "security rights/* owners/*/party acquirers/*/party attested_by"

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


@admits(SecurityPerfected)
def _admit_perfected(body: SecurityPerfected, state: State, context: Context) -> None:
    """Refuse what names no security, or a day to come: the State's word stands otherwise."""
    require_known(state, body.security, Security)
    not_in_future(context.accepted, registered_at=legal_day(body.registered_at))


@admits(SecurityAssigned)
def _admit_assigned(body: SecurityAssigned, state: State, context: Context) -> None:
    """Refuse to pass on what is not charged, or by another than the creditor."""
    security = require_known(state, body.security, Security)
    not_in_future(context.accepted, assigned_on=body.assigned_on)
    must_be_charged(body.security, security, body.rights)
    must_be_creditors(body.security, security, body.rights, (body.creditor,))


@admits(SecurityEnforced)
def _admit_enforced(body: SecurityEnforced, state: State, context: Context) -> None:
    """Refuse what names no security, or takes another sum than is given."""
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


@evolves(KIND, SecurityAssigned)
def _evolve_assigned(
    body: SecurityAssigned, logged: Logged, value: Security | None
) -> Security | None:
    if value is None:
        return None
    return passed(value, body.rights, (body.creditor,), (body.new_creditor,), logged.position)


@evolves(KIND, SecurityEnforced)
def _evolve_enforced(
    body: SecurityEnforced, logged: Logged, value: Security | None
) -> Security | None:
    if value is None:
        return None
    for right in body.rights:
        creditors = value.creditors.get(right, frozenset())
        value = passed(value, (right,), creditors, (), logged.position)
    return value


@evolves("right", SecurityPerfected)
def _evolve_right_perfected(
    body: SecurityPerfected, logged: Logged, value: Right | None
) -> Right | None:
    if value is None:
        return None
    lien = value.liens.get(body.security)
    if lien is None or lien.perfected is not None:
        return value
    perfected = Perfected(body.registered_at, logged.position)
    return with_lien(value, body.security, replace(lien, perfected=perfected))


@evolves("right", SecurityAssigned)
def _evolve_right_assigned(
    body: SecurityAssigned, _logged: Logged, value: Right | None
) -> Right | None:
    return value and lien_passed(value, body.security, (body.creditor,), (body.new_creditor,))


@evolves("right", SecurityEnforced)
def _evolve_right_enforced(
    body: SecurityEnforced, logged: Logged, value: Right | None
) -> Right | None:
    if value is None:
        return None
    given = {holding.party: holding.share for holding in body.owners}
    taken = {holding.party: holding.share for holding in body.acquirers}
    return passed_on(without_lien(value, body.security), given, taken, logged)
