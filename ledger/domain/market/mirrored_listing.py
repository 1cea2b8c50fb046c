"""
A mirrored listing: what a linked exchange shows, so that one right is not sold on two of them.

Read in this order: events, admit, evolve.
"""

from typing import ClassVar

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Admits, Context, Evolves
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import all_known, require_new
from ledger.domain.core.types import PartyId, RightIds, Sha256, Text
from ledger.domain.market.listing import KIND, Listing, ListingId, with_listing
from ledger.domain.rights.right import Right


class ListingMirrored(Body):
    """What a linked exchange lists, as a clerk saw it there: `record_sha256` is that of its record.

    It takes no answers here; it shows that the right is on offer.
    """

    TOPIC: ClassVar[str] = "listing.mirrored/1"

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

    def subjects(self) -> frozenset[str]:
        """Return the listing, its owner, the rights and who attests it."""
        return frozenset((self.listing, self.owner, self.attested_by, *self.rights))


def _admit_mirrored(state: State, event: Event, context: Context) -> None:
    """Refuse a copy that no clerk attests, or of a right that is not here."""
    del context
    body = event.body
    assert isinstance(body, ListingMirrored)
    require_new(state, body.listing)
    all_known(state, body.rights)


def _evolve_mirrored(subject: str, value: Listing | None, logged: Logged) -> Listing:
    del subject, value
    body = logged.event.body
    assert isinstance(body, ListingMirrored)
    return Listing(
        logged.position,
        body.owner,
        body.attested_by,
        None,
        rights=body.rights,
        stage="mirrored",
    )


def _evolve_right_mirrored(subject: str, value: Right | None, logged: Logged) -> Right | None:
    body = logged.event.body
    assert isinstance(body, ListingMirrored)
    del subject
    return value and with_listing(value, body.owner, body.listing)


BODIES: tuple[type[Body], ...] = (ListingMirrored,)
ADMITS: Admits = {ListingMirrored: _admit_mirrored}
EVOLVES: Evolves = {
    (KIND, ListingMirrored): _evolve_mirrored,
    ("right", ListingMirrored): _evolve_right_mirrored,
}
