"""
A consent given ahead of time: by a head licensor, a joint owner, or anyone who is exclusive.

Anyone who has to agree may also sign the act itself; then no consent on record is needed. A consent
counts only where an act names it, for the party, the matter and the days that it says.
Read in this order: events, state, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.contracts.contract_terms import ConsentId, GrantRef
from ledger.domain.core.body import Body, State
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import all_known, require_days, require_known, require_new
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, Sha256, of_kind

KIND = "consent"

Matter = Literal["licence", "sublicence", "own_use"]
Consented = Annotated[str, of_kind("right")] | Annotated[str, of_kind("technology")] | GrantRef


class ConsentGiven(Body):
    """A party agrees that another licenses, passes on or uses, in the days [valid_from, valid_to).

    It counts only where an act names it (`consents_given`).
    """

    TOPIC: ClassVar[str] = "consent.given/1"
    TITLE = "Consent given in advance"
    TITLE_VI = "Cho phép trước"
    SUBJECTS = "consent given_by to about"
    SIGNERS = "given_by"
    OPPOSED = "given_by~to"

    consent: ConsentId
    """Id of the consent, which is new."""
    given_by: PartyId
    """Who agrees, and signs."""
    to: PartyId
    """To whose acts: another's."""
    matter: Matter
    """What the other may do by it: grant a `licence`, grant a `sublicence`, or use itself
    within another's exclusive grant (`own_use`)."""
    about: Consented
    """A right or a technology, or a grant by its ref `contract:<id>#<grant>`: that under which
    a sublicence may be given, or the exclusive one beside which there may be another."""
    valid_from: Day
    """First legal day on which acts may rely on it."""
    valid_to: Day | None
    """No act relies on it from this legal day on; null has no end."""
    document_sha256: Sha256 | None
    """SHA-256 of the document in which it was given; null: there is none."""

    @model_validator(mode="after")
    def _to_another(self) -> "ConsentGiven":
        if self.given_by == self.to:
            raise ValueError(f"consent is given to another, not by {self.to} to itself")
        return self

    def subjects(self) -> frozenset[str]:
        """Return the consent, its parties, and the right, technology or contract that it is about.

        A grant ref stands for its contract.
        """
        return frozenset(each.partition("#")[0] for each in super().subjects())


@dataclass(frozen=True, slots=True)
class Consent:
    """A consent as the acts that name it see it."""

    position: int
    given_by: str
    to: str
    matter: str
    about: str
    start: date
    end: date | None


def consenting(
    state: State, named: Iterable[str], to: str, matter: Matter, day: date
) -> dict[str, frozenset[str]]:
    """Return who agreed, by what they agreed about: of the named consents those that reach so far.

    Raises `PredecessorUnknown` if one of them is not in the log.
    """
    found: dict[str, frozenset[str]] = {}
    for subject in named:
        consent = require_known(state, subject, Consent)
        in_time = consent.start <= day and (consent.end is None or day < consent.end)
        if in_time and (consent.to, consent.matter) == (to, matter):
            found[consent.about] = found.get(consent.about, frozenset()) | {consent.given_by}
    return found


@admits(ConsentGiven)
def _admit_given(body: ConsentGiven, state: State) -> None:
    """Refuse a consent about what is not in the log, or for no day."""
    require_new(state, body.consent)
    all_known(state, (body.about.partition("#")[0],))
    require_days(body.valid_from, body.valid_to, "/body/valid_to")


@evolves(KIND, ConsentGiven)
def _evolve_given(body: ConsentGiven, logged: Logged) -> Consent:
    return Consent(
        position=logged.position,
        given_by=body.given_by,
        to=body.to,
        matter=body.matter,
        about=body.about,
        start=body.valid_from,
        end=body.valid_to,
    )
