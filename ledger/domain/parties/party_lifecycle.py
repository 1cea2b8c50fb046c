"""
Who a party is, as that changes: its numbers, its name, and its end.

What a party that is merged owned and owed passes by the events that say so (an assignment, a
record of the office); here it only ceases to sign, and its successor signs where it would have to.
Its keys need no revocation for that.
Read in this order: events, state, admit, evolve; the refusals stand in `party` and `identifier`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar, Literal

from pydantic import StringConstraints, model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_new
from ledger.domain.core.personal_data import PersonalDataInEvent
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, Text
from ledger.domain.parties.attestation import Attested
from ledger.domain.parties.identifier import Identifiers, must_be_numbered
from ledger.domain.parties.name import must_not_be_anothers, spelling_subject
from ledger.domain.parties.party import Party, must_not_have_ended, party_of

KIND = "identifier"

Token = Annotated[str, StringConstraints(pattern=r"^party:tok\.[0-9a-f]{32}$")]


class PartyIdentified(Body):
    """The operator has seen that registers know the party under these numbers."""

    TOPIC: ClassVar[str] = "party.identified/1"
    TITLE = "Identifier recorded"
    TITLE_VI = "Ghi mã số định danh"
    SUBJECTS = "party"
    SIGNERS = "party @operator"

    party: PartyId
    """Organisation or body of the State that has these numbers. Of a person none stands in the
    log.
    """
    identifiers: Identifiers
    """Numbers that the operator has seen. No two parties share one, and none is said twice."""

    def subjects(self) -> frozenset[str]:
        """Return the party and its numbers."""
        return super().subjects().union(each.subject for each in self.identifiers)


class PartyRenamed(Body):
    """An organisation has another name from a day on. Old events keep the name of their day."""

    TOPIC: ClassVar[str] = "party.renamed/1"
    TITLE = "Party renamed"
    TITLE_VI = "Đổi tên"
    SUBJECTS = "party"
    SIGNERS = "party @operator"

    party: PartyId
    """Organisation or body of the State that is called otherwise. Of a person no name stands in
    the log.
    """
    name: Text
    """The new name, letter by letter. It must not be, or nearly be, the known spelling of
    another party.
    """
    effective_on: Day
    """First day of the new name, not after the day of recording."""

    def reads(self, state: State) -> Iterable[str]:
        """Return the spelling of the name: another party may be meant by it."""
        del state
        return (spelling_subject(self.name),)


class PartyMerged(Attested):
    """The register of enterprises has the party merged into another, which takes its place."""

    TOPIC: ClassVar[str] = "party.merged/1"
    TITLE = "Party merged"
    TITLE_VI = "Sáp nhập"
    SUBJECTS = "party into attested_by"
    MAY = "attested_by=#clerk party=!@officers"

    party: PartyId
    """Party that ceases to be, and signs nothing more. It is not an officer of the ledger."""
    into: PartyId
    """Party that takes its place, and signs where it would have to (Civil Code art. 88)."""
    effective_on: Day
    """Day of the merger by the register, not after the day of recording."""

    @model_validator(mode="after")
    def _into_another(self) -> "PartyMerged":
        if self.party == self.into:
            raise ValueError(f"a party is merged into another, not {self.into} into itself")
        return self


class PartyDissolved(Attested):
    """The register of enterprises has the party dissolved: it has no successor."""

    TOPIC: ClassVar[str] = "party.dissolved/1"
    TITLE = "Party dissolved"
    TITLE_VI = "Giải thể, chấm dứt tồn tại"
    SUBJECTS = "party attested_by"
    MAY = "attested_by=#clerk party=!@officers"

    party: PartyId
    """Party that ceases to be, and signs nothing more. It is not an officer of the ledger."""
    effective_on: Day
    """Day of the end by the register, not after the day of recording."""
    reason: Literal["dissolved", "bankrupt", "struck_off"]
    """How it ended: `dissolved`, `bankrupt`, or `struck_off` the register."""


class PersonErased(Body):
    """The operator destroyed what tied a token to a person. What the token did and got stays."""

    TOPIC: ClassVar[str] = "person.erased/1"
    TITLE = "Person's identity erased"
    TITLE_VI = "Xóa danh tính cá nhân"
    SUBJECTS = "token"
    SIGNERS = "@officers"
    MAY = "token=!@officers"

    token: Token
    """The person, as `party:tok.` and 32 hex digits. The token signs nothing more; it is not an
    officer of the ledger.
    """
    ground: Literal["request", "consent_withdrawn", "purpose_met", "retention_over", "order"]
    """Why: the person asked (`request`) or withdrew consent (`consent_withdrawn`), the purpose
    is met (`purpose_met`), the time of keeping is over (`retention_over`), or by `order`.
    """


@dataclass(frozen=True, slots=True)
class Numbered:
    """Which party has a number, since the event at `position`."""

    position: int
    party: str


@admits(PartyIdentified)
def _admit_identified(body: PartyIdentified, state: State) -> None:
    """Refuse a number that does not check, or is another party's; persons have none here."""
    _must_be_no_person(state, body.party)
    must_be_numbered(body.party, body.identifiers)
    for identifier in body.identifiers:
        require_new(state, identifier.subject)


@admits(PartyRenamed)
def _admit_renamed(body: PartyRenamed, state: State, context: Context) -> None:
    """Refuse a person's name, another party's, and one of days to come."""
    _must_be_no_person(state, body.party)
    not_in_future(context.accepted, effective_on=body.effective_on)
    must_not_be_anothers(state, body.party, body.name)


def _must_be_no_person(state: State, party: str) -> None:
    if party_of(state, party).kind == "person":
        raise PersonalDataInEvent(
            f"{party} is a person: no name or number of it stands in the log",
            step=Step(case="person"),
        )


@admits(PartyMerged, PartyDissolved)
def _admit_ended(body: PartyMerged | PartyDissolved, _state: State, context: Context) -> None:
    """Refuse an end of days to come, or by no office; not one that contradicts another end."""
    not_in_future(context.accepted, effective_on=body.effective_on)


@admits(PersonErased)
def _admit_erased(body: PersonErased, state: State) -> None:
    """Refuse to erase a person twice."""
    must_not_have_ended(body.token, party_of(state, body.token))


@evolves(KIND, PartyIdentified)
def _evolve_identified(body: PartyIdentified, logged: Logged) -> Numbered:
    return Numbered(logged.position, body.party)


@evolves("party", PartyRenamed)
def _evolve_renamed(body: PartyRenamed, _logged: Logged, value: Party | None) -> Party | None:
    return value and replace(value, names=value.names | {body.name})


@evolves("party", PartyMerged, PartyDissolved)
def _evolve_ended(
    body: PartyMerged | PartyDissolved, logged: Logged, value: Party | None, subject: str
) -> Party | None:
    if value is None:
        return value
    if subject != body.party:
        merged = isinstance(body, PartyMerged) and subject == body.into
        return replace(value, merged=value.merged | {body.party}) if merged else value
    successor = body.into if isinstance(body, PartyMerged) else None
    first = logged.position if value.ended is None else value.ended
    return replace(value, ended=first, successor=successor)


@evolves("party", PersonErased)
def _evolve_erased(_body: PersonErased, logged: Logged, value: Party | None) -> Party | None:
    return value and replace(value, ended=logged.position)
