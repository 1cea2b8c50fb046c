"""
A security interest: a lien on rights, and its release.

A release names the security and a subset of what it charges. A register that does not check this
leaves liens open for ever: USPTO release 61835-778 names application 15145543 where the security
charges 15145443.
Read in this order: events, state, refusals, helpers, admit, evolve.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, ClassVar

from ledger.domain.event import (
    Admits,
    Body,
    Context,
    Day,
    Event,
    Evolves,
    Logged,
    PartyId,
    PartyIds,
    Refusal,
    RightIds,
    State,
    Text,
    of_kind,
)
from ledger.domain.existence import known, new, not_in_future
from ledger.domain.right import Lien, Right, with_lien, without_lien
from ledger.domain.title import NotOwner

KIND = "security"

SecurityId = Annotated[str, of_kind(KIND)]


class SecurityCreated(Body):
    """The debtors charge these rights in favour of the creditor (Civil Code art. 297)."""

    TOPIC: ClassVar[str] = "security.created/1"

    security: SecurityId
    rights: RightIds
    debtors: PartyIds
    creditor: PartyId
    secures: Text
    forbids_assignment: bool
    created_on: Day

    def subjects(self) -> frozenset[str]:
        """Return the security, the rights, the debtors and the creditor."""
        return frozenset((self.security, *self.rights, *self.debtors, self.creditor))


class SecurityReleased(Body):
    """The creditor frees these rights from its security."""

    TOPIC: ClassVar[str] = "security.released/1"

    security: SecurityId
    rights: RightIds
    creditor: PartyId
    released_on: Day

    def subjects(self) -> frozenset[str]:
        """Return the security, the rights and the creditor."""
        return frozenset((self.security, *self.rights, self.creditor))


@dataclass(frozen=True, slots=True)
class Security:
    """A security: who is creditor on each right; no one any more where it is released.

    `ended` maps each released right to the position of its release.
    """

    position: int
    creditors: Mapping[str, frozenset[str]]
    ended: Mapping[str, int] = field(default_factory=dict)


class ReleaseMismatch(Refusal):
    """The security does not charge, or charges no more, what the event names."""

    code = "RELEASE_MISMATCH"
    title_vi = "Văn bản giải chấp nêu quyền không thuộc biện pháp bảo đảm"


class ReleaseByStranger(Refusal):
    """Only its creditor can release a security or pass it on."""

    code = "RELEASE_BY_STRANGER"
    title_vi = "Chỉ bên nhận bảo đảm mới được giải chấp"


def must_be_charged(subject: str, security: Security, rights: Iterable[str]) -> None:
    """Raise `ReleaseMismatch`, naming the rights that the security does not charge (any more)."""
    strangers = sorted(right for right in rights if not security.creditors.get(right))
    if strangers:
        released = (security.ended[right] for right in strangers if right in security.ended)
        raise ReleaseMismatch(
            f"{subject} does not charge {', '.join(strangers)}",
            positions=(security.position, *released),
            subjects=strangers,
        )


def must_be_creditors(
    subject: str, security: Security, rights: Iterable[str], parties: Iterable[str]
) -> None:
    """Raise `ReleaseByStranger` unless each party is a creditor on each of the rights."""
    for right in rights:
        strangers = sorted(set(parties) - security.creditors[right])
        if strangers:
            raise ReleaseByStranger(
                f"{', '.join(strangers)} is not creditor of {subject} on {right}",
                positions=(security.position,),
                subjects=strangers,
            )


def passed(
    security: Security, rights: Iterable[str], given: Iterable[str], taken: Iterable[str], at: int
) -> Security:
    """Return the security after creditors passed it on, or, with nobody taking, released it."""
    after = {right: (security.creditors[right] - set(given)) | set(taken) for right in rights}
    ended = {right: at for right, creditors in after.items() if not creditors}
    return replace(
        security,
        creditors={**security.creditors, **after},
        ended={**security.ended, **ended},
    )


def lien_passed(right: Right, subject: str, given: Iterable[str], taken: Iterable[str]) -> Right:
    """Return the right after creditors of its lien passed it on or released it."""
    lien = right.liens[subject]
    creditors = (lien.creditors - set(given)) | set(taken)
    if not creditors:
        return without_lien(right, subject)
    return with_lien(right, subject, replace(lien, creditors=creditors))


def _admit_created(state: State, event: Event, context: Context) -> None:
    """Refuse a charge on what none of the debtors owns."""
    body = event.body
    assert isinstance(body, SecurityCreated)
    new(state, body.security)
    rights = {subject: known(state, subject, Right) for subject in body.rights}
    not_in_future(context.accepted, created_on=body.created_on)
    for subject, right in rights.items():
        if not any(debtor in right.owners for debtor in body.debtors):
            left = (right.former[debtor] for debtor in body.debtors if debtor in right.former)
            raise NotOwner(
                f"none of the debtors owns {subject}",
                positions=tuple(left) or (right.titled,),
                subjects=(subject,),
            )


def _admit_released(state: State, event: Event, context: Context) -> None:
    """Refuse a release of what is not charged, or by another than the creditor."""
    body = event.body
    assert isinstance(body, SecurityReleased)
    security = known(state, body.security, Security)
    not_in_future(context.accepted, released_on=body.released_on)
    must_be_charged(body.security, security, body.rights)
    must_be_creditors(body.security, security, body.rights, (body.creditor,))


def _evolve_created(subject: str, value: Security | None, logged: Logged) -> Security:
    body = logged.event.body
    assert isinstance(body, SecurityCreated)
    del subject, value
    return Security(
        position=logged.position,
        creditors=dict.fromkeys(body.rights, frozenset((body.creditor,))),
    )


def _evolve_released(subject: str, value: Security | None, logged: Logged) -> Security | None:
    body = logged.event.body
    assert isinstance(body, SecurityReleased)
    del subject
    return value and passed(value, body.rights, (body.creditor,), (), logged.position)


def _evolve_right_created(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, SecurityCreated)
    del subject
    lien = Lien(
        creditors=frozenset((body.creditor,)),
        debtors=frozenset(body.debtors),
        forbids_assignment=body.forbids_assignment,
        position=logged.position,
    )
    return value and with_lien(value, body.security, lien)


def _evolve_right_released(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, SecurityReleased)
    del subject
    return value and lien_passed(value, body.security, (body.creditor,), ())


BODIES: tuple[type[Body], ...] = (SecurityCreated, SecurityReleased)
ADMITS: Admits = {SecurityCreated: _admit_created, SecurityReleased: _admit_released}
EVOLVES: Evolves = {
    (KIND, SecurityCreated): _evolve_created,
    (KIND, SecurityReleased): _evolve_released,
    ("right", SecurityCreated): _evolve_right_created,
    ("right", SecurityReleased): _evolve_right_released,
}
