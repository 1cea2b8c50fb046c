"""Contracts: which terms held when, who changed what, what stands below, what the State saw."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.deps import law_of, node_of
from api.problems import ApiProblem, BadParameter
from api.reads.common import AtLeast, KnownAtText, TrueOn, ask, read_known_at, today
from api.reads.parameters import Cursor, Hundred, Ordinal
from projections.questions.sublicences import sublicences_of
from projections.questions.terms import (
    ReportTerms,
    TermsOn,
    VersionDiff,
    diff_of,
    terms_for_report,
    terms_on,
    versions_of,
)
from projections.tables.registrations import duties

EXAMPLE = "contract:01890000-0000-7000-8000-000000000008"
PATTERN = r"^contract:[a-z0-9.-]{1,80}$"

ContractPath = Annotated[str, Path(pattern=PATTERN, examples=[EXAMPLE])]
VersionPath = Annotated[
    Ordinal, Path(description="Versions are counted as recorded, from 1", examples=[1])
]

router = APIRouter(prefix="/v1/contracts", tags=["contracts"])


@router.get(
    "/registrations",
    operation_id="listRegistrations",
    summary="Which contracts must the State see, and which were filed late?",
)
async def list_registrations(  # noqa: PLR0913  (the question's parameters)
    request: Request,
    *,
    true_on: TrueOn = None,
    late: Annotated[bool, Query(description="Only those filed late, or not at all")] = False,
    contract: Annotated[str | None, Query(pattern=PATTERN)] = None,
    technology: Annotated[str | None, Query(pattern=r"^technology:[a-z0-9.-]{1,80}$")] = None,
    known_at: KnownAtText = None,
    after: Annotated[Cursor, Query(description="Cursor: contracts after this position")] = -1,
    limit: Hundred = 100,
    at_least: AtLeast = None,
) -> Response:
    """Return contracts that wait for a permit or a registration, with filing and answer."""
    return await ask(
        request,
        at_least,
        lambda: duties(
            node_of(request).reads,
            law_of(node_of(request)),
            true_on=true_on or today(),
            late_only=late,
            contract=contract,
            technology=technology,
            known_at=read_known_at(known_at),
            after=after,
            limit=limit,
        ),
    )


@router.get(
    "/{contract}/terms", operation_id="getTerms", summary="Which terms held on a day, known when?"
)
async def get_terms(
    request: Request,
    contract: ContractPath,
    *,
    true_on: TrueOn = None,
    report: Annotated[
        str | None,
        Query(
            pattern=r"^report:[a-z0-9.-]{1,80}$",
            description="Instead of a day: the terms known when this report was filed, and those "
            "of the days of its sales",
        ),
    ] = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the terms in force, the contract's clocks and status, and the events behind them."""
    node, known = node_of(request), read_known_at(known_at)
    day = true_on or today()

    def find() -> TermsOn | ReportTerms:
        law = law_of(node)
        if report is not None and true_on is not None:
            raise BadParameter("true_on", true_on, "a report has its own days: ask one of the two")
        if report is None:
            return terms_on(node.reads, contract, law, true_on=day, known_at=known)
        return terms_for_report(node.reads, contract, report, law, known_at=known)

    return await ask(request, at_least, find)


@router.get(
    "/{contract}/versions", operation_id="listVersions", summary="Who changed the terms, and when?"
)
async def list_versions(
    request: Request,
    contract: ContractPath,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return the versions of the terms in the order in which they were recorded."""
    return await ask(
        request,
        at_least,
        lambda: versions_of(node_of(request).reads, contract, known_at=read_known_at(known_at)),
    )


@router.get(
    "/{contract}/versions/{before}/diff/{after}",
    operation_id="diffVersions",
    summary="What changed between two versions, and who signed?",
)
async def diff_versions(
    request: Request,
    contract: ContractPath,
    before: VersionPath,
    after: VersionPath,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return each member that the two versions have otherwise, with the events that changed it."""
    pool, known = node_of(request).reads, read_known_at(known_at)
    return await ask(
        request,
        at_least,
        lambda: _found(diff_of(pool, contract, before, after, known_at=known)),
    )


@router.get(
    "/{contract}/sublicences",
    operation_id="getSublicences",
    summary="What was passed on under a contract, tier by tier",
)
async def get_sublicences(
    request: Request,
    contract: ContractPath,
    true_on: TrueOn = None,
    known_at: KnownAtText = None,
    at_least: AtLeast = None,
) -> Response:
    """Return every grant below the contract's, and whether it fell with its head."""
    return await ask(
        request,
        at_least,
        lambda: sublicences_of(
            node_of(request).reads,
            contract,
            true_on=true_on or today(),
            known_at=read_known_at(known_at),
        ),
    )


def _found(answer: VersionDiff | None) -> VersionDiff:
    if answer is None:
        raise ApiProblem(404, "NOT_FOUND", "the contract has no such versions, one after the other")
    return answer
