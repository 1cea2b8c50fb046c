"""Contracts: which terms held when, who changed what, what stands below, what the State saw."""

from typing import Annotated

from fastapi import Path, Query

from api.openapi.told import NOT_FOUND
from api.problems import BadParameter
from api.reads.common import (
    AsKnown,
    TrueOn,
    TrueOnIfAny,
    today,
)
from api.reads.parameters import Cursor, Hundred, Ordinal
from api.reads.questions import Questions
from projections.questions.sublicences import Tree, sublicences_of
from projections.questions.terms import (
    ReportTerms,
    TermsOn,
    VersionDiff,
    Versions,
    diff_of,
    terms_for_report,
    terms_on,
    versions_of,
)
from projections.tables.registrations import Duties, duties

EXAMPLE = "contract:01890000-0000-7000-8000-000000000008"
PATTERN = r"^contract:[a-z0-9.-]{1,80}$"

ContractPath = Annotated[str, Path(pattern=PATTERN, examples=[EXAMPLE])]
VersionPath = Annotated[
    Ordinal, Path(description="Versions are counted as recorded, from 1", examples=[1])
]

router = Questions(prefix="/v1/contracts", tags=["contracts"])


@router.question(
    "/registrations",
    "listRegistrations",
    "Which contracts must the State see, and which were filed late?",
)
def list_registrations(  # noqa: PLR0913  (the question's parameters)
    reader: AsKnown,
    *,
    true_on: TrueOn,
    late: Annotated[bool, Query(description="Only those filed late, or not at all")] = False,
    contract: Annotated[str | None, Query(pattern=PATTERN)] = None,
    technology: Annotated[str | None, Query(pattern=r"^technology:[a-z0-9.-]{1,80}$")] = None,
    after: Annotated[Cursor, Query(description="Cursor: contracts after this position")] = -1,
    limit: Hundred = 100,
) -> Duties:
    """Return contracts that wait for a permit or a registration, with filing and answer."""
    return duties(
        reader,
        true_on=true_on,
        late_only=late,
        contract=contract,
        technology=technology,
        after=after,
        limit=limit,
    )


@router.question("/{contract}/terms", "getTerms", "Which terms held on a day, known when?")
def get_terms(
    reader: AsKnown,
    contract: ContractPath,
    *,
    true_on: TrueOnIfAny = None,
    report: Annotated[
        str | None,
        Query(
            pattern=r"^report:[a-z0-9.-]{1,80}$",
            description="Instead of a day: the terms known when this report was filed, and those "
            "of the days of its sales",
        ),
    ] = None,
) -> TermsOn | ReportTerms:
    """Return the terms in force, the contract's clocks and status, and the events behind them."""
    if report is None:
        return terms_on(reader, contract, true_on=true_on or today())
    if true_on is not None:
        raise BadParameter("true_on", true_on, "a report has its own days: ask one of the two")
    return terms_for_report(reader, contract, report)


@router.question("/{contract}/versions", "listVersions", "Who changed the terms, and when?")
def list_versions(reader: AsKnown, contract: ContractPath) -> Versions:
    """Return the versions of the terms in the order in which they were recorded."""
    return versions_of(reader, contract)


@router.question(
    "/{contract}/versions/{before}/diff/{after}",
    "diffVersions",
    "What changed between two versions, and who signed?",
    told=(NOT_FOUND,),
)
def diff_versions(
    reader: AsKnown, contract: ContractPath, before: VersionPath, after: VersionPath
) -> VersionDiff:
    """Return each member that the two versions have otherwise, with the events that changed it."""
    return diff_of(reader, contract, before, after)


@router.question(
    "/{contract}/sublicences", "getSublicences", "What was passed on under a contract, tier by tier"
)
def get_sublicences(reader: AsKnown, contract: ContractPath, *, true_on: TrueOn) -> Tree:
    """Return every grant below the contract's, and whether it fell with its head."""
    return sublicences_of(reader, contract, true_on=true_on)
