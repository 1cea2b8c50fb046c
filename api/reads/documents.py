"""Documents: what was handed over, received, answered and opened."""

from typing import Annotated

from fastapi import Path

from api.reads.common import (
    AsKnown,
)
from api.reads.questions import Questions
from projections.tables.documents import DocumentAsKnown, Documents, document_as_known, documents_of

router = Questions(prefix="/v1", tags=["documents"])


@router.question(
    "/contracts/{contract}/documents", "getDocuments", "What was handed over under a contract"
)
def get_documents(
    reader: AsKnown,
    contract: Annotated[
        str,
        Path(
            pattern=r"^contract:[a-z0-9.-]{1,80}$",
            examples=["contract:01890000-0000-7000-8000-000000000008"],
        ),
    ],
) -> Documents:
    """Return its documents by hash, who received them, and whether all that were sent arrived."""
    return documents_of(reader, contract)


@router.question(
    "/documents/{document}", "getDocument", "What happened to a document, and who opened it"
)
def get_document(
    reader: AsKnown,
    document: Annotated[
        str,
        Path(
            pattern=r"^document:[a-z0-9.-]{1,80}$",
            examples=["document:01890000-0000-7000-8000-000000000020"],
        ),
    ],
) -> DocumentAsKnown:
    """Return when it was sent, received, answered, and each opening of the file."""
    return document_as_known(reader, document)
