"""
A conveyance recorded in another register, as a clerk attests it.

Registries record, they do not check (37 CFR 3.54). Here a private act recorded elsewhere is judged
like any private act: an assignor that never appears as owner is a gap in the chain, a release may
name only what its security charges. A record that fails is not in the log; it stays where it was.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal

from pydantic import StringConstraints, model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import must_not_be_frozen
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import (
    FutureFact,
    PredecessorUnknown,
    all_known,
    not_in_future,
    require_known,
    require_new,
)
from ledger.domain.core.office import Office
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    FROM_LIST,
    HANOI,
    NOT_EMPTY,
    Day,
    Model,
    PartyId,
    PartyIds,
    RightIds,
    Sha256,
    legal_day,
    of_kind,
)
from ledger.domain.parties.name import spelling_subject
from ledger.domain.parties.name_alias import Spelling, must_be_called
from ledger.domain.rights.assignability import must_be_allowed_by_creditors
from ledger.domain.rights.backdating import Backdated
from ledger.domain.rights.covenant import Act, must_have_covenant_consent
from ledger.domain.rights.encumbrances import Lien, Perfected
from ledger.domain.rights.moving import moved
from ledger.domain.rights.right import Right, with_lien
from ledger.domain.rights.security import (
    Security,
    charging,
    lien_passed,
    must_be_charged,
    must_be_creditors,
    passed,
)
from ledger.domain.rights.title import NotOwner, owned_by
from ledger.quoted import repeated

KIND = "conveyance"

ConveyanceId = Annotated[str, of_kind(KIND)]
RecordNumber = Annotated[str, StringConstraints(pattern=r"^[a-z0-9.-]{1,60}$")]
Reference = Annotated[str, StringConstraints(pattern=r"^(conveyance|security):[a-z0-9.-]{1,80}$")]
ConveyanceKind = Literal[
    "assignment",
    "merger",
    "nunc_pro_tunc",
    "correction",
    "name_change",
    "security",
    "release",
    "security_assignment",
]
OF_LIENS = frozenset({"release", "security_assignment"})
"""The kinds that refer to a security; `correction` refers to a record; the others to nothing."""


class Executed(Model):
    """An assignor, and the day on which it signed."""

    party: PartyId
    """The assignor."""
    executed_on: Day
    """Day on which it signed, not after the one on which the office recorded it."""


class Spelled(Model):
    """How the record writes the name of a party that is an organisation."""

    party: PartyId
    """Assignor or assignee of the record."""
    name: Spelling
    """Its name letter by letter, vouched for as this party's (`party.known_as/1`) or
    registered.
    """


class ConveyanceAttested(Body):
    """A clerk saw a record of another register; the office recorded it on `office_recorded_on`."""

    TOPIC: ClassVar[str] = "conveyance.attested/1"
    TITLE = "Conveyance of another register attested"
    TITLE_VI = "Xác nhận chuyển quyền từ sổ đăng bạ khác"
    SUBJECTS = "conveyance rights/* assignors/*/party assignees/* attested_by refers_to"
    SIGNERS = "attested_by @operator"
    MAY = "attested_by=#clerk"

    conveyance: ConveyanceId
    """Id made of the office's country and the record: `conveyance:us.` and the record."""
    office: Office
    """Office that recorded it, by its code (WIPO ST.3) in lower case, such as `us`; behind a
    point, which of its registers.
    """
    record: RecordNumber
    """Number of the record there, in lower case, of letters, digits, `.` and `-`."""
    kind: ConveyanceKind
    """What was conveyed. `security`, `release` and `security_assignment` are about a lien; a
    `correction` transfers what those own who took by the record it corrects, the others what
    the assignors own.
    """
    assignors: Annotated[tuple[Executed, ...], FROM_LIST, NOT_EMPTY]
    """Who gave, each once: of a `security` the debtors, of `release` and `security_assignment`
    the creditors.
    """
    assignees: PartyIds
    """Who took, in equal parts; of a `security` the creditors, of a `security_assignment` the
    new ones.
    """
    rights: RightIds
    """Rights that the record is on."""
    office_recorded_on: Day
    """Day on which the office recorded it, not after the day of recording here."""
    refers_to: Reference | None
    """Security that is released or passed on, or record that a `correction` corrects: these
    kinds name it. Null for the others, unless they refer to a record that is here.
    """
    attested_by: PartyId
    """Clerk who saw the record; the operator signs as well."""
    document_sha256: Sha256
    """SHA-256 of the record as it was seen."""
    spellings: Annotated[tuple[Spelled, ...], FROM_LIST] = ()
    """Names of assignors and assignees as the record writes them; absent or empty where none is
    told.
    """

    def reads(self, state: State) -> Iterable[str]:
        """Return the subjects of the spellings."""
        del state
        return (spelling_subject(spelled.name) for spelled in self.spellings)

    def givers(self) -> frozenset[str]:
        """Return the assignors."""
        return frozenset(assignor.party for assignor in self.assignors)

    @model_validator(mode="after")
    def _is_named_by_its_record(self) -> "ConveyanceAttested":
        natural = f"{KIND}:{self.office[:2]}.{self.record}"
        if self.conveyance != natural:
            raise ValueError(f"its id is {natural}")
        if (twice := repeated(each.party for each in self.assignors)) is not None:
            raise ValueError(f"an assignor is listed twice: {twice}")
        strangers = {spelled.party for spelled in self.spellings} - {
            *self.givers(),
            *self.assignees,
        }
        if strangers:
            raise ValueError(f"the record does not name {', '.join(sorted(strangers))}")
        return self


@dataclass(frozen=True, slots=True)
class Conveyance:
    """An attested record that is no security: a security becomes a `Security` instead."""

    position: int
    kind: ConveyanceKind


class RecordExists(Refusal):
    """The record is attested already."""

    code = "RECORD_EXISTS"
    title_vi = "Bản ghi này đã được chứng thực trong sổ cái"


class ChainGap(Refusal):
    """An assignor never appears as owner: a link of the chain of title is missing."""

    code = "CHAIN_GAP"
    title_vi = "Chuỗi quyền sở hữu bị đứt: bên chuyển giao chưa từng là chủ sở hữu"


def must_link(subject: str, right: Right, party: str) -> None:
    """Raise `NotOwner` if the party owns no more of the right, `ChainGap` if it never did."""
    if party in right.owners:
        return
    if party in right.former:
        raise NotOwner(
            f"{party} owns no more of {subject}",
            positions=(right.former[party],),
            subjects=(subject, party),
            step=owned_by(right, subject, "/body/assignors"),
        )
    raise ChainGap(
        f"{party} never appears as owner of {subject}",
        positions=(right.titled,),
        subjects=(subject, party),
        step=Step(
            {"who": party, "what": subject},
            first=(Other(ConveyanceAttested.TOPIC, {"rights": [subject], "assignees": [party]}),),
        ),
    )


@admits(ConveyanceAttested)
def _admit(body: ConveyanceAttested, state: State, context: Context, event: Event) -> None:
    """Judge the record as the private act that it is."""
    require_new(state, body.conveyance, RecordExists)
    not_in_future(context.accepted, office_recorded_on=body.office_recorded_on)
    for number, assignor in enumerate(body.assignors):
        if assignor.executed_on > body.office_recorded_on:
            raise FutureFact(
                f"{assignor.party} signed after the office recorded it",
                pointer=f"/body/assignors/{number}/executed_on",
                step=Step({"day": body.office_recorded_on}, case="signed", ask=(HERE,)),
            )
    for spelled in body.spellings:
        must_be_called(state, spelled.party, spelled.name)
    if body.kind in OF_LIENS:
        _must_be_the_creditors_to_give(state, body)
        return
    rights = {subject: require_known(state, subject, Right) for subject in body.rights}
    if body.kind == "correction":
        _must_correct_a_transfer(state, body)
    elif body.refers_to is not None:
        all_known(state, (body.refers_to,))
    today = legal_day(context.accepted)
    for subject, right in rights.items():
        _must_be_theirs_to_give(subject, right, body)
        must_not_be_frozen(subject, right.frozen, today)
        _must_be_free(subject, right, body, event)


def _must_be_the_creditors_to_give(state: State, body: ConveyanceAttested) -> None:
    # The security is asked before the rights: one wrong digit may name a right nobody knows here,
    # and what is wrong is still that the security does not charge it.
    if body.refers_to is None:
        raise PredecessorUnknown(
            f"a {body.kind} names the security that it is about",
            pointer="/body/refers_to",
            step=_REFERRING,
        )
    security = require_known(state, body.refers_to, Security)
    must_be_charged(body.refers_to, security, body.rights)
    must_be_creditors(body.refers_to, security, body.rights, body.givers(), "/body/assignors")


def _must_correct_a_transfer(state: State, body: ConveyanceAttested) -> None:
    if body.refers_to is None:
        raise PredecessorUnknown(
            "a correction names the record that it corrects",
            pointer="/body/refers_to",
            step=_REFERRING,
        )
    record = state.get(body.refers_to)
    if not isinstance(record, Conveyance) or record.kind in OF_LIENS:
        raise PredecessorUnknown(
            f"no transfer {body.refers_to} is in the log",
            subjects=(body.refers_to,),
            step=_REFERRING,
        )


_REFERRING = Step(ask=("/body/refers_to",))


def _must_be_theirs_to_give(subject: str, right: Right, body: ConveyanceAttested) -> None:
    corrected = _corrected(right, body)
    if corrected == frozenset(body.assignees):
        return  # The correction restates to whom the record gave: nothing moves.
    givers = corrected or body.givers()
    one_is_enough = body.kind == "security" or corrected is not None
    one_owns = any(party in right.owners for party in givers)
    if one_owns and one_is_enough:
        return
    if _leads_to_the_first_owners(right, body):
        return
    for party in sorted(givers, key=lambda giver: (giver not in right.former, giver)):
        if not (one_owns and _only_confirms(right, party, body)):
            must_link(subject, right, party)


def _only_confirms(right: Right, party: str, body: ConveyanceAttested) -> bool:
    """Whether who gave all to the same assignees before signs again, beside one who still owns.

    Joint inventors often do so when the last of them signs: of its own nothing moves.
    """
    return party in right.former and frozenset(body.assignees) in right.records.values()


def _leads_to_the_first_owners(right: Right, body: ConveyanceAttested) -> bool:
    """Whether a record comes before the beginning: it says how the first owners got the title.

    Who they are a clerk read from the earliest records at hand. One that is found later, and is no
    younger than the title's last transfer, moves nothing: those who took by it own already.
    """
    before = right.office_recorded_on is None or body.office_recorded_on <= right.office_recorded_on
    strangers = not any(party in right.owners or party in right.former for party in body.givers())
    return (
        body.kind != "security"
        and before
        and strangers
        and right.first_attested.issuperset(body.assignees)
    )


def _must_be_free(subject: str, right: Right, body: ConveyanceAttested, event: Event) -> None:
    """Refuse what a creditor here or a fund was promised, and what comes out of turn."""
    if body.kind == "security":
        must_have_covenant_consent(
            subject,
            right,
            Act("negative_pledge", body.givers(), body.office_recorded_on),
            event.signers,
        )
        return
    must_be_allowed_by_creditors(subject, right, body.givers(), event.signers, signs=False)
    _must_come_in_turn(subject, right, body)


def _must_come_in_turn(subject: str, right: Right, body: ConveyanceAttested) -> None:
    """Refuse a transfer that the office recorded before one which is attested already.

    Records count in the order of the office. One that turns up late would take from those to whom
    title has passed since; where they are its own parties, nobody is harmed.
    """
    recorded = right.office_recorded_on
    if recorded is None or body.office_recorded_on >= recorded:
        return
    if _leads_to_the_first_owners(right, body):
        return
    if frozenset(right.owners.keys()) <= {*body.givers(), *body.assignees}:
        return
    raise Backdated(
        f"recorded on {body.office_recorded_on}, before a transfer of {subject} of {recorded}",
        positions=(right.titled,),
        subjects=(subject,),
        step=Step({"day": recorded}, case="turn"),
    )


def _corrected(right: Right, body: ConveyanceAttested) -> frozenset[str] | None:
    """Return to whom the record that is corrected gave this right, if it did."""
    if body.kind != "correction" or body.refers_to is None:
        return None
    return right.records.get(body.refers_to)


@evolves(KIND, ConveyanceAttested)
def _evolve(body: ConveyanceAttested, logged: Logged, value: Any, subject: str) -> Any:
    """Return the record's own value, or that of the security to which it refers."""
    if subject != body.conveyance:
        return _evolve_security(body, logged, value)
    if body.kind != "security":
        return Conveyance(logged.position, body.kind)
    return Security(
        position=logged.position,
        creditors=charging(body.rights, body.assignees),
    )


def _evolve_security(body: ConveyanceAttested, logged: Logged, value: Any) -> Any:
    if body.kind not in OF_LIENS or not isinstance(value, Security):
        return value
    return passed(value, body.rights, body.givers(), _creditors_after(body), logged.position)


def _creditors_after(body: ConveyanceAttested) -> Iterable[str]:
    return body.assignees if body.kind == "security_assignment" else ()


@evolves("right", ConveyanceAttested)
def _evolve_right(body: ConveyanceAttested, logged: Logged, value: Right | None) -> Right | None:
    if value is None:
        return None
    if body.kind in OF_LIENS:
        assert body.refers_to is not None, "admitted without the security that it is about"
        return lien_passed(value, body.refers_to, body.givers(), _creditors_after(body))
    if body.kind == "security":
        return with_lien(value, body.conveyance, _lien(body, logged))
    return _transferred(value, body, logged)


def _lien(body: ConveyanceAttested, logged: Logged) -> Lien:
    # The record does not say whether the agreement forbids assignment; absence is not a covenant.
    # An office that knows days only ranks what it recorded on one day in the order of the log.
    recorded_at = datetime.combine(body.office_recorded_on, time(), HANOI)
    return Lien(
        creditors=frozenset(body.assignees),
        debtors=body.givers(),
        forbids_assignment=False,
        position=logged.position,
        recorded=legal_day(logged.accepted),
        perfected=Perfected(recorded_at, logged.position),
    )


def _transferred(right: Right, body: ConveyanceAttested, logged: Logged) -> Right:
    """Return the right after the givers gave all they own, in equal parts, to the assignees.

    In a correction those give who took by the corrected record, as far as they still own.
    """
    givers = _corrected(right, body) or body.givers()
    given = {party: right.owners[party] for party in givers if party in right.owners}
    part = sum(given.values(), Fraction(0)) / len(body.assignees)
    taken = dict.fromkeys(body.assignees, part)
    records = right.records.insert(body.conveyance, frozenset(body.assignees))
    recorded = max(right.office_recorded_on or body.office_recorded_on, body.office_recorded_on)
    right = moved(right, given, taken, logged)
    return replace(right, records=records, office_recorded_on=recorded)


evolves("security", ConveyanceAttested)(_evolve_security)
