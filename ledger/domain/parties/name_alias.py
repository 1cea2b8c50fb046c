"""
A spelling: a name as somebody wrote it, and the one party that is meant by it.

Read in this order: events, admit, evolve; what is alike, and the refusal, stand in `name`.
"""

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from ledger.domain.core.body import Body, State
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import SubjectExists
from ledger.domain.core.personal_data import PersonalDataInEvent
from ledger.domain.core.remedy import Other, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import DISTINCT, FROM_LIST, PartyId, Sha256, Text
from ledger.domain.parties.name import (
    KIND,
    Meant,
    PartyByName,
    Spellings,
    must_not_be_anothers,
    name_key,
    spelling_subject,
)
from ledger.domain.parties.party import Party
from ledger.quoted import quoted


def _has_letters(name: str) -> str:
    if not name_key(name):
        raise ValueError(f"a name has a letter or a digit, unlike {quoted(name)}")
    return name


Spelling = Annotated[Text, AfterValidator(_has_letters)]


class PartyKnownAs(Body):
    """The party is the one that is meant where this name is written, letter by letter."""

    TOPIC: ClassVar[str] = "party.known_as/1"
    TITLE = "Spelling of a name confirmed"
    TITLE_VI = "Xác nhận cách viết tên"
    SUBJECTS = "party attested_by distinct_from/*"
    SIGNERS = "attested_by|party @operator"
    MAY = "attested_by=#clerk"

    party: PartyId
    """Party that is meant; not a person, of whom no name stands in the log."""
    spelling: Spelling
    """The name as somebody wrote it, letter by letter, with a letter or a digit at least."""
    distinct_from: Annotated[tuple[PartyId, ...], FROM_LIST, DISTINCT]
    """Parties with a like name that are not this one; empty where no like name is known."""
    attested_by: PartyId | None
    """Clerk who attests it from a document, also of a party that only another register names;
    null where the party says so itself. The operator signs as well.
    """
    document_sha256: Sha256 | None
    """SHA-256 of the document that shows the name; null where there is none."""

    def subjects(self) -> frozenset[str]:
        """Return the spelling, the party and who attests it."""
        return super().subjects() | {spelling_subject(self.spelling)}


def must_be_called(state: State, party: str, name: str) -> None:
    """Raise `PartyByName` unless this very spelling is vouched for as the party's, or registered.

    Anyone who asks also reads `spelling_subject(name)`.
    """
    registered = state.get(party)
    if isinstance(registered, Party) and name in registered.names:
        return
    subject = spelling_subject(name)
    spellings: Spellings | None = state.get(subject)
    alike = {} if spellings is None else spellings.meant
    found = alike.get(name)
    if found is not None and found.party == party:
        return
    if found is not None:
        others, detail = [found], f"{name!r} is {found.party}, not {party}"
        step = Step({"meant": found.party}, case="meant", replace={party: found.party})
    else:
        others = [alike[written] for written in sorted(alike)]
        near = "; ".join(f"{written!r} is {alike[written].party}" for written in sorted(alike))
        detail = f"nobody vouches that {name!r} is {party}" + (near and f", though {near}")
        told = {"party": party, "meant": ", ".join(each.party for each in others) or "another"}
        vouched = Other(PartyKnownAs.TOPIC, {"party": party, "spelling": name})
        step = Step(told, first=(vouched,))
    raise PartyByName(
        detail,
        positions=(meant.position for meant in others),
        subjects=(party, subject),
        step=step,
    )


@admits(PartyKnownAs)
def _admit(body: PartyKnownAs, state: State) -> None:
    """Refuse a person's name, a spelling of another party, and one that is known."""
    if body.party.startswith("party:tok."):
        raise PersonalDataInEvent(
            f"{body.party} is a person: no name of it stands in the log", step=Step(case="person")
        )
    must_not_be_anothers(state, body.party, body.spelling, body.distinct_from)
    subject = spelling_subject(body.spelling)
    spellings: Spellings | None = state.get(subject)
    if spellings is not None and body.spelling in spellings.meant:
        known = spellings.meant[body.spelling]
        raise SubjectExists(
            f"{body.spelling!r} is {known.party} already",
            positions=(known.position,),
            subjects=(subject,),
            step=Step(case="spelling"),
        )


@evolves(KIND, PartyKnownAs)
def _evolve(body: PartyKnownAs, logged: Logged, value: Spellings | None) -> Spellings:
    before = value or Spellings(logged.position, {})
    meant = Meant(body.party, logged.position)
    return replace(before, meant={**before.meant, body.spelling: meant})
