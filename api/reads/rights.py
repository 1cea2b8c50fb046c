"""Rights: who owns them, how title came there, what burdens them, whether they are in force."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from api.deps import law_of, node_of
from api.reads.common import (
    AtLeast,
    EffectText,
    KnownAtByEither,
    KnownAtText,
    KnownByText,
    RightPath,
    TrueOn,
    ask,
    read_known_at,
    today,
)
from api.reads.named import Country
from projections.questions.lapses import lapse_effects
from projections.questions.title import title_of
from projections.tables.chain import chain_of
from projections.tables.liens import liens_on
from projections.tables.status import status_of

router = APIRouter(prefix="/v1/rights", tags=["rights"])


@router.get("/{right}/title", operation_id="getTitle", summary="Who owned the right on a day")
async def get_title(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    right: RightPath,
    *,
    true_on: TrueOn = None,
    known_at: KnownAtByEither = None,
    known_by: KnownByText = "ledger",
    effect: EffectText = "parties",
    at_least: AtLeast = None,
) -> Response:
    """Return the owners with exact fractions, as true on a day and as known at a time."""
    return await ask(
        request,
        at_least,
        lambda: title_of(
            node_of(request).reads,
            right,
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
            known_by=known_by,
            effect=effect,
        ),
    )


@router.get("/{right}/chain", operation_id="getChain", summary="The chain of title")
async def get_chain(
    request: Request, right: RightPath, known_at: KnownAtText = None, at_least: AtLeast = None
) -> Response:
    """Return every event of the right's title, in order of recording."""
    return await ask(
        request,
        at_least,
        lambda: chain_of(node_of(request).reads, right, known_at=read_known_at(known_at)),
    )


@router.get("/{right}/liens", operation_id="getLiens", summary="What secures debts on the right")
async def get_liens(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    right: RightPath,
    *,
    true_on: TrueOn = None,
    known_at: KnownAtByEither = None,
    known_by: KnownByText = "ledger",
    effect: EffectText = "parties",
    at_least: AtLeast = None,
) -> Response:
    """Return the liens in force, as true on a day and as known at a time."""
    return await ask(
        request,
        at_least,
        lambda: liens_on(
            node_of(request).reads,
            right,
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
            known_by=known_by,
            effect=effect,
        ),
    )


@router.get("/{right}/status", operation_id="getStatus", summary="Whether the right is in force")
async def get_status(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    right: RightPath,
    *,
    true_on: TrueOn = None,
    known_at: KnownAtByEither = None,
    known_by: KnownByText = "ledger",
    territory: Annotated[
        Country | None,
        Query(
            examples=["iso:GB"],
            description="One of the States that the right is for; default: the right as a whole, "
            "with its fate in each",
        ),
    ] = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the legal status, as true on a day and as known at a time."""
    return await ask(
        request,
        at_least,
        lambda: status_of(
            node_of(request).reads,
            right,
            law_of(node_of(request)),
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
            known_by=known_by,
            territory=territory,
        ),
    )


@router.get(
    "/{right}/lapse-effects",
    operation_id="getLapseEffects",
    summary="What was paid for days after the right had ended",
)
async def get_lapse_effects(
    request: Request, right: RightPath, known_at: KnownAtText = None, at_least: AtLeast = None
) -> Response:
    """Return, for each end of the right, the money of later days recorded before it was known."""
    return await ask(
        request,
        at_least,
        lambda: lapse_effects(node_of(request).reads, right, known_at=read_known_at(known_at)),
    )
