"""
A technology: what is traded, who owns it, how ready it is, and what list it may stand on.

Who paid for it and who made it is said in `funding`; the one value that every rule about a
technology reads is `Technology`.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints
from rpds import HashTrieMap

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_known, require_new
from ledger.domain.core.money import PPM, Part, ppm
from ledger.domain.core.remedy import Step, naming_one_of
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, Sealed, Sha256, Text, of_kind
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.estate import Estate
from ledger.domain.rights.right import SECRETS, Holdings, RightFiled, must_be_whole

KIND = "technology"

TechnologyId = Annotated[str, of_kind(KIND)]
ObjectKind = Literal["know_how", "process", "software", "design", "data", "equipment", "biological"]
Category = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9.-]{0,59}$")]
"""An entry of the lists of restricted and banned technologies, as the law data spell it."""
Readiness = Annotated[int, Field(ge=1, le=9)]


class TechnologyRegistered(Body):
    """Its owners declare a technology (Technology Transfer Law art. 4 lists the objects)."""

    TOPIC: ClassVar[str] = "technology.registered/1"
    TITLE = "Technology registered"
    TITLE_VI = "Khai báo công nghệ"
    SUBJECTS = "technology owners/*/party"
    SIGNERS = "owners/*/party"

    technology: TechnologyId
    """Id of the new technology."""
    title: Text
    """Its name."""
    summary: Text
    """What it does, in words, without personal data."""
    object_kind: ObjectKind
    """What kind of object it is."""
    trl: Readiness | None
    """Technology readiness level, 1 to 9; null where it is not said."""
    owners: Holdings
    """Its owners, each once, with fractions that add up to 1. All of them sign."""
    state_funded_ppm: int
    """The State's part of its cost, in parts per million (0 to 1,000,000); `funding.agreed/1`
    replaces it.
    """
    category: Category | None = None
    """Entry of a list of restricted or banned technologies under which it falls (TTL arts. 10,
    11), as the law data spell it; null or absent is none.
    """


class TrlDeclared(Body):
    """An owner declares how ready the technology is by now; evidence stands by its hash."""

    TOPIC: ClassVar[str] = "technology.trl_declared/1"
    TITLE = "Readiness of a technology declared"
    TITLE_VI = "Khai báo mức độ sẵn sàng công nghệ"
    SUBJECTS = "technology declared_by"
    SIGNERS = "declared_by"

    technology: TechnologyId
    """Technology that is declared to be so far."""
    trl: Readiness
    """Technology readiness level that it has by now, 1 to 9."""
    declared_by: PartyId
    """Owner of a share of it."""
    declared_on: Day
    """Day of the declaration, not after the day of recording."""
    evidence_sha256: Sha256 | None
    """SHA-256 of the evidence; null for none."""


class TechnologyClassified(Body):
    """A reviewer says under which entry of the lists it falls (TTL arts. 10, 11); null is none."""

    TOPIC: ClassVar[str] = "technology.classified/1"
    TITLE = "Technology classified"
    TITLE_VI = "Phân loại công nghệ"
    SUBJECTS = "technology classified_by"
    SIGNERS = "classified_by"
    MAY = "classified_by=@officers|#reviewer"

    technology: TechnologyId
    """Technology that is classified."""
    category: Category | None
    """Entry of a list of restricted or banned technologies, as the law data spell it; null is
    none, and takes back an earlier one.
    """
    classified_by: PartyId
    """Party with the role `reviewer`, or an officer of the ledger."""
    reason: Text
    """Why it falls under that entry, or under none."""


@dataclass(frozen=True, slots=True)
class Funding:
    """Who pays for a task, by the event at `position`: the State's exact part of it all."""

    position: int
    state_share: Fraction
    task: str | None = None
    task_assigned_on: date | None = None


@dataclass(frozen=True, slots=True)
class Authors:
    """Who made it, and how they share what is due to authors: one share, split by agreement.

    `split` is None where nothing is agreed; either may be sealed.
    """

    position: int
    parties: frozenset[str] | Sealed
    split: tuple[Part, ...] | Sealed | None


@dataclass(frozen=True, slots=True)
class Technology(Estate):
    """A registered technology: its owners' shares, its grants, what the law makes depend on it.

    `secrets` are the rights in it as know-how or a trade secret. `funding` is as agreed last, or
    else as declared at registration. `contributed` maps those who
    brought something in to the position of the last record of it.
    """

    position: int
    owners: Mapping[str, Fraction]
    funding: Funding
    trl: int | None = None
    category: str | None = None
    classified: int | None = None
    authors: Authors | None = None
    contributed: "HashTrieMap[str, int]" = HashTrieMap()
    secrets: frozenset[str] = frozenset()

    @property
    def state_funded(self) -> bool:
        """Whether the State paid for any part of it."""
        return self.funding.state_share > 0


def must_be_owner(subject: str, technology: Technology, party: str, step: Step) -> None:
    """Raise `WrongSigner` unless the party owns a share of the technology."""
    if party not in technology.owners:
        raise WrongSigner(
            f"{party} does not own {subject}",
            positions=(technology.position,),
            subjects=(subject, party),
            step=step,
        )


@admits(TechnologyRegistered)
def _admit_registered(body: TechnologyRegistered, state: State) -> None:
    """Refuse a technology twice, a part above the whole, and shares that are not a whole."""
    require_new(state, body.technology)
    ppm(body.state_funded_ppm)
    must_be_whole(body.owners)


@admits(TrlDeclared)
def _admit_trl(body: TrlDeclared, state: State, context: Context) -> None:
    """Refuse a declaration by a stranger, or of a day to come."""
    technology = require_known(state, body.technology, Technology)
    owner = naming_one_of("/body/declared_by", technology.owners)
    must_be_owner(body.technology, technology, body.declared_by, owner)
    not_in_future(context.accepted, declared_on=body.declared_on)


@admits(TechnologyClassified)
def _admit_classified(body: TechnologyClassified, state: State) -> None:
    """Refuse a classification by whom is neither reviewer, nor the exchange, nor the State."""
    require_known(state, body.technology, Technology)


@evolves(KIND, TechnologyRegistered)
def _evolve_registered(body: TechnologyRegistered, logged: Logged) -> Technology:
    return Technology(
        position=logged.position,
        owners={holding.party: holding.share for holding in body.owners},
        funding=Funding(logged.position, Fraction(body.state_funded_ppm, PPM)),
        trl=body.trl,
        category=body.category,
        classified=None if body.category is None else logged.position,
    )


@evolves(KIND, TrlDeclared)
def _evolve_trl(body: TrlDeclared, _logged: Logged, value: Technology | None) -> Technology | None:
    return value and replace(value, trl=body.trl)


@evolves(KIND, TechnologyClassified)
def _evolve_classified(
    body: TechnologyClassified, logged: Logged, value: Technology | None
) -> Technology | None:
    return value and replace(value, category=body.category, classified=logged.position)


@evolves(KIND, RightFiled)
def _evolve_filed(body: RightFiled, _logged: Logged, value: Technology | None) -> Technology | None:
    if value is None or body.kind not in SECRETS:
        return value
    return replace(value, secrets=value.secrets | {body.right})
