"""
A security interest: a lien on rights, and its release.

A release names the security and a subset of what it charges. A register that does not check this
leaves liens open for ever: USPTO release 61835-778 names application 15145543 where the security
charges 15145443.
Read in this order: events, state, refusals, helpers, admit, evolve.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from rpds import HashTrieMap

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import must_not_be_frozen
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import not_in_future, require_known, require_new
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step, joining, listed
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Day,
    PartyId,
    PartyIds,
    RightIds,
    Text,
    legal_day,
    of_kind,
)
from ledger.domain.parties.party import standing_for
from ledger.domain.rights.covenant import Act, must_have_covenant_consent
from ledger.domain.rights.encumbrances import Lien
from ledger.domain.rights.right import Right, with_lien, without_lien
from ledger.domain.rights.title import NotOwner, owned_by

KIND = "security"

SecurityId = Annotated[str, of_kind(KIND)]


class SecurityCreated(Body):
    """The debtors charge these rights in favour of the creditor (Civil Code art. 297)."""

    TOPIC: ClassVar[str] = "security.created/1"
    TITLE = "Security created"
    TITLE_VI = "Thế chấp"
    SUBJECTS = "security rights/* debtors/* creditor consenting/*"
    SIGNERS = "debtors/* creditor consenting/*"
    COMMITS = "gives:debtors/*"
    OPPOSED = "debtors/*~creditor consenting/*~creditor"

    security: SecurityId
    """Id of the new security."""
    rights: RightIds
    """Rights that are charged; of each, one of the debtors at least owns a share."""
    debtors: PartyIds
    """Who charges what they own. All of them sign."""
    creditor: PartyId
    """In whose favour."""
    secures: Text
    """What debt it secures, in words."""
    forbids_assignment: bool
    """Whether the debtors may not assign the rights without the creditor, once the security is
    registered.
    """
    created_on: Day
    """Day of the agreement, not after the day of recording."""
    consenting: Annotated[tuple[PartyId, ...], FROM_LIST, DISTINCT] = ()
    """Funds to which a debtor promised not to pledge; they sign too. Absent or empty for
    none.
    """


class SecurityReleased(Body):
    """The creditor frees these rights from its security."""

    TOPIC: ClassVar[str] = "security.released/1"
    TITLE = "Security released"
    TITLE_VI = "Giải chấp"
    SUBJECTS = "security rights/* creditor"
    SIGNERS = "creditor"
    COMMITS = "gives:creditor"

    security: SecurityId
    """Security that ends on these rights."""
    rights: RightIds
    """Rights that are freed; the security charges each of them still."""
    creditor: PartyId
    """A creditor of the security on each of these rights."""
    released_on: Day
    """Day of the release, not after the day of recording."""


@dataclass(frozen=True, slots=True)
class Security:
    """A security: who is creditor on each right; no one any more where it is released.

    `ended` maps each released right to the position of its release.
    """

    position: int
    creditors: "HashTrieMap[str, frozenset[str]]"
    ended: "HashTrieMap[str, int]" = HashTrieMap()


class ReleaseMismatch(Refusal):
    """The security does not charge, or charges no more, what the event names."""

    code = "RELEASE_MISMATCH"
    title_vi = "Văn bản giải chấp nêu quyền không thuộc biện pháp bảo đảm"


class ReleaseByStranger(Refusal):
    """Only its creditor can release a security or pass it on."""

    code = "RELEASE_BY_STRANGER"
    title_vi = "Chỉ bên nhận bảo đảm mới được giải chấp"


def must_be_charged(subject: str, security: Security, rights: Collection[str]) -> None:
    """Raise `ReleaseMismatch`, naming the rights that the security does not charge (any more)."""
    strangers = sorted(right for right in rights if not security.creditors.get(right))
    if strangers:
        released = (security.ended[right] for right in strangers if right in security.ended)
        raise ReleaseMismatch(
            f"{subject} does not charge {', '.join(strangers)}",
            positions=(security.position, *released),
            subjects=strangers,
            step=_of_the_charged(security, rights),
        )


def _of_the_charged(security: Security, named: Collection[str]) -> Step:
    charged = {right for right, creditors in security.creditors.items() if creditors}
    meant = sorted(charged.intersection(named) or charged)
    if not meant:
        return Step(case="released")
    return Step({"rights": listed(meant)}, change={"/body/rights": meant})


def must_be_creditors(
    subject: str,
    security: Security,
    rights: Iterable[str],
    parties: Iterable[str],
    pointer: str = "/body/creditor",
) -> None:
    """Raise `ReleaseByStranger` unless each party is a creditor on each of the rights.

    `pointer` is where the payload names them.
    """
    for right in rights:
        strangers = sorted(set(parties) - security.creditors[right])
        if strangers:
            raise ReleaseByStranger(
                f"{', '.join(strangers)} is not creditor of {subject} on {right}",
                positions=(security.position,),
                subjects=strangers,
                step=_by_creditor(security.creditors[right], pointer),
            )


def _by_creditor(creditors: Collection[str], pointer: str) -> Step:
    who = sorted(creditors)
    if len(who) > 1 or pointer != "/body/creditor":
        return Step({"who": listed(who)}, ask=(pointer,))
    return Step({"who": who[0]}, change={pointer: who[0]})


def charging(rights: Iterable[str], creditors: Iterable[str]) -> "HashTrieMap[str, frozenset[str]]":
    """Return that these are the creditors on each of the rights."""
    return HashTrieMap(dict.fromkeys(rights, frozenset(creditors)))


def passed(
    security: Security, rights: Iterable[str], given: Iterable[str], taken: Iterable[str], at: int
) -> Security:
    """Return the security after creditors passed it on, or, with nobody taking, released it."""
    creditors, ended = security.creditors, security.ended
    for right in rights:
        after = (creditors.get(right, frozenset()) - set(given)) | set(taken)
        creditors = creditors.insert(right, after)
        if not after:
            ended = ended.insert(right, at)
    return replace(security, creditors=creditors, ended=ended)


def lien_passed(right: Right, subject: str, given: Iterable[str], taken: Iterable[str]) -> Right:
    """Return the right after creditors of its lien passed it on or released it."""
    lien = right.liens.get(subject)
    if lien is None:
        return right
    creditors = (lien.creditors - set(given)) | set(taken)
    if not creditors:
        return without_lien(right, subject)
    return with_lien(right, subject, replace(lien, creditors=creditors))


@admits(SecurityCreated)
def _admit_created(body: SecurityCreated, state: State, context: Context, event: Event) -> None:
    """Refuse a charge on what none of the debtors owns, or has promised not to pledge."""
    require_new(state, body.security)
    rights = {subject: require_known(state, subject, Right) for subject in body.rights}
    not_in_future(context.accepted, created_on=body.created_on)
    today = legal_day(context.accepted)
    for subject, right in rights.items():
        must_not_be_frozen(subject, right.frozen, today)
        _must_be_a_debtors(subject, right, body.debtors)
        must_have_covenant_consent(
            subject,
            right,
            Act("negative_pledge", body.debtors, today),
            standing_for(state, event.signers),
            lambda _, broken: joining(
                "/body/consenting", body.consenting, {covenant.fund for _, covenant in broken}
            ),
        )


def _must_be_a_debtors(subject: str, right: Right, debtors: Iterable[str]) -> None:
    if any(debtor in right.owners for debtor in debtors):
        return
    left = tuple(right.former[debtor] for debtor in debtors if debtor in right.former)
    raise NotOwner(
        f"none of the debtors owns {subject}",
        positions=left or (right.titled,),
        subjects=(subject,),
        step=owned_by(right, subject, "/body/debtors"),
    )


@admits(SecurityReleased)
def _admit_released(body: SecurityReleased, state: State, context: Context) -> None:
    """Refuse a release of what is not charged, or by another than the creditor."""
    security = require_known(state, body.security, Security)
    not_in_future(context.accepted, released_on=body.released_on)
    must_be_charged(body.security, security, body.rights)
    must_be_creditors(body.security, security, body.rights, (body.creditor,))


@evolves(KIND, SecurityCreated)
def _evolve_created(body: SecurityCreated, logged: Logged) -> Security:
    return Security(
        position=logged.position,
        creditors=charging(body.rights, (body.creditor,)),
    )


@evolves(KIND, SecurityReleased)
def _evolve_released(
    body: SecurityReleased, logged: Logged, value: Security | None
) -> Security | None:
    return value and passed(value, body.rights, (body.creditor,), (), logged.position)


@evolves("right", SecurityCreated)
def _evolve_right_created(
    body: SecurityCreated, logged: Logged, value: Right | None
) -> Right | None:
    lien = Lien(
        creditors=frozenset((body.creditor,)),
        debtors=frozenset(body.debtors),
        forbids_assignment=body.forbids_assignment,
        position=logged.position,
        recorded=legal_day(logged.accepted),
    )
    return value and with_lien(value, body.security, lien)


@evolves("right", SecurityReleased)
def _evolve_right_released(
    body: SecurityReleased, _logged: Logged, value: Right | None
) -> Right | None:
    return value and lien_passed(value, body.security, (body.creditor,), ())
