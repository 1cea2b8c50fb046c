"""Documents: what was handed over, received, answered and opened."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from api.deps import node_of
from api.reads.common import AtLeast, KnownAtText, ask, read_known_at
from projections.tables.documents import document_as_known, documents_of

router = APIRouter(prefix="/v1", tags=["documents"])


@router.get(
    "/contracts/{contract}/documents",
    operation_id="getDocuments",
    summary="What was handed over under a contract",
)
async def get_documents(
    request: Request,
    contract: Annotated[
        str,
        Path(
            pattern=r"^contract:[a-z0-9.-]{1,80}$",
            examples=["contract:01890000-0000-7000-8000-000000000008"],
        ),
    ],
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return its documents by hash, who received them, and whether all that were sent arrived."""
    return await ask(
        request,
        at_least,
        lambda: documents_of(node_of(request).reads, contract, known_at=read_known_at(known_at)),
    )


@router.get(
    "/documents/{document}",
    operation_id="getDocument",
    summary="What happened to a document, and who opened it",
)
async def get_document(
    request: Request,
    document: Annotated[
        str,
        Path(
            pattern=r"^document:[a-z0-9.-]{1,80}$",
            examples=["document:01890000-0000-7000-8000-000000000020"],
        ),
    ],
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return when it was sent, received, answered, and each opening of the file."""
    return await ask(
        request,
        at_least,
        lambda: document_as_known(
            node_of(request).reads, document, known_at=read_known_at(known_at)
        ),
    )
