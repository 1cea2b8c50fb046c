"""What a clerk attests: a fact of an office, with the document that was seen."""

from pydantic import model_validator

from ledger.domain.core.body import Body
from ledger.domain.core.types import PartyId, Sha256


class Attested(Body):
    """A fact of an office: as its registrar says (`attested_by` null), or as a clerk attests.

    A clerk names the SHA-256 of the document seen.
    """

    attested_by: PartyId | None
    document_sha256: Sha256 | None

    @model_validator(mode="after")
    def _document_is_named(self) -> "Attested":
        if self.attested_by is not None and self.document_sha256 is None:
            raise ValueError("an attested fact names its document")
        return self
