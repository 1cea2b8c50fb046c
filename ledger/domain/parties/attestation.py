"""What a clerk attests: a fact of an office, with the document that was seen."""

from pydantic import model_validator

from ledger.domain.core.body import Body
from ledger.domain.core.types import PartyId, Sha256


class Attested(Body):
    """A fact of an office: as its registrar says (`attested_by` null), or as a clerk attests."""

    SIGNERS = "attested_by|@registrar @operator?attested_by"
    MAY = "attested_by=#clerk"

    attested_by: PartyId | None
    """Clerk who attests the fact from a document; the operator signs as well. Null where the
    State's registrar says it itself.
    """
    document_sha256: Sha256 | None
    """SHA-256 of the document that was seen. A clerk has to name it; null is for the registrar
    alone.
    """

    @model_validator(mode="after")
    def _document_is_named(self) -> "Attested":
        if self.attested_by is not None and self.document_sha256 is None:
            raise ValueError(f"a fact that {self.attested_by} attests names its document")
        return self
