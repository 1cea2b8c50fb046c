"""
Before an offer: somebody shows interest in a listing, and parties agree to keep what they see.

Read in this order: events, state, admit, evolve.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_days, require_known, require_new
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Day,
    PartyId,
    PartyIds,
    Sha256,
    Text,
    of_kind,
)
from ledger.domain.market.listing import Listing, ListingId, must_be_open, rights_of
from ledger.quoted import listed

NdaId = Annotated[str, of_kind("nda")]


class InterestShown(Body):
    """A party is interested in a listing. It binds nobody."""

    TOPIC: ClassVar[str] = "interest.shown/1"
    TITLE = "Interest shown"
    TITLE_VI = "Bày tỏ quan tâm"
    SUBJECTS = "listing party"
    SIGNERS = "party"

    listing: ListingId
    """Listing that is on the market."""
    party: PartyId
    """Who is interested."""
    note: Text | None
    """What it says to the lister, in words, without personal data; null for nothing."""

    def reads(self, state: State) -> tuple[str, ...]:
        """Return the rights of the listing."""
        return tuple(rights_of(state, self.listing))


class NdaSigned(Body):
    """Parties keep secret what they show each other, in `[signed_on, until)`."""

    TOPIC: ClassVar[str] = "nda.signed/1"
    TITLE = "Confidentiality agreement signed"
    TITLE_VI = "Ký thỏa thuận bảo mật"
    SUBJECTS = "nda listing parties/*"
    SIGNERS = "parties/*"
    OPPOSED = "parties/*"

    nda: NdaId
    """Id of the new agreement."""
    parties: PartyIds
    """Who keeps secret, two at least. All of them sign."""
    listing: ListingId | None
    """Listing that it is about; null where it is about none."""
    documents: Annotated[tuple[Sha256, ...], FROM_LIST, DISTINCT]
    """SHA-256 of each document that is kept secret; empty where none is named."""
    terms_sha256: Sha256
    """SHA-256 of the agreement's paper."""
    signed_on: Day
    """First day, not after the day of recording."""
    until: Day | None
    """First day on which nothing need be kept any more; null has no end."""

    @model_validator(mode="after")
    def _of_several(self) -> "NdaSigned":
        if len(self.parties) < 2:  # noqa: PLR2004  (a secret is kept from somebody, for somebody)
            raise ValueError(f"it takes two to keep a secret: {listed(self.parties)}")
        return self


@dataclass(frozen=True, slots=True)
class Nda:
    """An agreement to keep secret."""

    position: int


@admits(InterestShown)
def _admit_interest(body: InterestShown, state: State, context: Context) -> None:
    """Refuse interest in what is not on the market."""
    must_be_open(state, body.listing, context)


@admits(NdaSigned)
def _admit_nda(body: NdaSigned, state: State, context: Context) -> None:
    """Refuse an agreement twice, for no time, or about an unknown listing."""
    require_new(state, body.nda)
    if body.listing is not None:
        require_known(state, body.listing, Listing)
    require_days(body.signed_on, body.until, "/body/until")
    not_in_future(context.accepted, signed_on=body.signed_on)


@evolves("listing", InterestShown)
def _evolve_interest(_body: InterestShown, _logged: Logged, value: Listing) -> Listing:
    """Return the listing as it was: interest binds nobody."""
    return value


@evolves("nda", NdaSigned)
def _evolve_nda(_body: NdaSigned, logged: Logged) -> Nda:
    return Nda(logged.position)
