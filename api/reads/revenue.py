"""Money: what was agreed, reported, shared out and paid; what is owed, held, late, and why."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import law_of, node_of
from api.reads.common import AtLeast, KnownAtText, TrueOn, ask, read_known_at, today
from api.reads.named import Party, PartyPath
from api.reads.parameters import Year
from projections.questions.arrears import minimum_of, overdue_of
from projections.questions.computation import computation_of
from projections.questions.dues import agreement_of, dues_of
from projections.tables.revenue import revenue_of

EXAMPLE = "contract:01890000-0000-7000-8000-000000000008"

ContractPath = Annotated[str, Path(pattern=r"^contract:[a-z0-9.-]{1,80}$", examples=[EXAMPLE])]

router = APIRouter(prefix="/v1", tags=["money"])


@router.get(
    "/contracts/{contract}/revenue", operation_id="getRevenue", summary="The money of a contract"
)
async def get_revenue(
    request: Request,
    contract: ContractPath,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return what was agreed, reported, distributed and paid, and each payee's balance."""
    return await ask(
        request,
        at_least,
        lambda: revenue_of(node_of(request).reads, contract, known_at=read_known_at(known_at)),
    )


@router.get(
    "/distributions/{distribution}/computation",
    operation_id="getComputation",
    summary="How was this distribution computed?",
)
async def get_computation(
    request: Request,
    distribution: Annotated[str, Path(pattern=r"^distribution:[a-z0-9.-]{1,80}$")],
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return report lines, rates, waterfall, parts, rounding and rules; computed again."""
    return await ask(
        request,
        at_least,
        lambda: computation_of(
            node_of(request).reads, distribution, known_at=read_known_at(known_at)
        ),
    )


@router.get("/parties/{party}/dues", operation_id="getDues", summary="What is owed to a party?")
async def get_dues(
    request: Request,
    party: PartyPath,
    *,
    contract: Annotated[str | None, Query(pattern=r"^contract:[a-z0-9.-]{1,80}$")] = None,
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return what is payable, paid, waiting and held, and the orders that hold it."""
    return await ask(
        request,
        at_least,
        lambda: dues_of(
            node_of(request).reads,
            party,
            true_on=true_on or today(),
            contract=contract,
            known_at=read_known_at(known_at),
        ),
    )


@router.get(
    "/shares/{share}", operation_id="getShare", summary="Did all beneficiaries agree themselves?"
)
async def get_share(
    request: Request,
    share: Annotated[str, Path(pattern=r"^share:[a-z0-9.-]{1,80}$")],
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the parts of an agreement, who agreed to them, and whose keys signed."""
    return await ask(
        request,
        at_least,
        lambda: agreement_of(node_of(request).reads, share, known_at=read_known_at(known_at)),
    )


@router.get(
    "/contracts/{contract}/overdue",
    operation_id="getOverdue",
    summary="Which reports and sums are overdue, by how many days, with what interest?",
)
async def get_overdue(
    request: Request,
    contract: ContractPath,
    *,
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return missing reports and unpaid sums of a contract on a day, with interest so far."""
    return await ask(
        request,
        at_least,
        lambda: overdue_of(
            node_of(request).reads,
            contract,
            law_of(node_of(request)),
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
        ),
    )


@router.get(
    "/contracts/{contract}/minimum",
    operation_id="getMinimum",
    summary="Did the licensee meet the minimum of a year?",
)
async def get_minimum(
    request: Request,
    contract: ContractPath,
    *,
    year: Annotated[Year, Query(description="The year in which it begins")],
    licensee: Party | None = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return what was earned in the year, what of earlier years counts, and what is short."""
    return await ask(
        request,
        at_least,
        lambda: minimum_of(
            node_of(request).reads,
            contract,
            year=year,
            licensee=licensee,
            known_at=read_known_at(known_at),
        ),
    )
