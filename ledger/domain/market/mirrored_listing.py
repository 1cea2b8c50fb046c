"""
A mirrored listing: what a linked exchange shows, so that one right is not sold on two of them.

Read in this order: events, admit, evolve.
"""

from typing import ClassVar

from ledger.domain.core.body import Body, State
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import all_known, require_new
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import PartyId, RightIds, Sha256, Text
from ledger.domain.market.listing import KIND, Listing, ListingId, with_listing
from ledger.domain.rights.right import Right


class ListingMirrored(Body):
    """What a linked exchange lists, as a clerk saw it there: `record_sha256` is that of its record.

    It takes no answers here; it shows that the right is on offer.
    """

    TOPIC: ClassVar[str] = "listing.mirrored/1"
    TITLE = "Listing mirrored on a linked exchange"
    TITLE_VI = "Tin niêm yết trên sàn liên thông"
    SUBJECTS = "listing owner attested_by rights/*"
    SIGNERS = "attested_by @operator"
    MAY = "attested_by=#clerk"

    listing: ListingId
    """Id of the new listing."""
    exchange: Text
    """Name of the linked exchange."""
    external_id: Text
    """Number of the listing there."""
    owner: PartyId
    """Who lists it there."""
    rights: RightIds
    """Rights that are shown there."""
    title: Text
    """Title of the listing there."""
    record_sha256: Sha256
    """SHA-256 of the exchange's record as the clerk saw it."""
    attested_by: PartyId
    """Clerk who saw it; the operator signs as well."""


@admits(ListingMirrored)
def _admit_mirrored(body: ListingMirrored, state: State) -> None:
    """Refuse a copy that no clerk attests, or of a right that is not here."""
    require_new(state, body.listing)
    all_known(state, body.rights)


@evolves(KIND, ListingMirrored)
def _evolve_mirrored(body: ListingMirrored, logged: Logged) -> Listing:
    return Listing(
        logged.position,
        body.owner,
        body.attested_by,
        None,
        rights=body.rights,
        stage="mirrored",
    )


@evolves("right", ListingMirrored)
def _evolve_right_mirrored(
    body: ListingMirrored, _logged: Logged, value: Right | None
) -> Right | None:
    return value and with_listing(value, body.owner, body.listing)
