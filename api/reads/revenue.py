"""Money: what was agreed, reported, shared out and paid; what is owed, held, late, and why."""

from typing import Annotated

from fastapi import Path, Query

from api.reads.common import (
    AsKnown,
    TrueOn,
)
from api.reads.named import Party, PartyPath
from api.reads.parameters import Year
from api.reads.questions import Questions
from projections.questions.arrears import MinimumMet, Overdue, minimum_of, overdue_of
from projections.questions.computation import Computation, computation_of
from projections.questions.dues import Agreement, Dues, agreement_of, dues_of
from projections.tables.contract_revenue import Revenue, revenue_of

EXAMPLE = "contract:01890000-0000-7000-8000-000000000008"

ContractPath = Annotated[str, Path(pattern=r"^contract:[a-z0-9.-]{1,80}$", examples=[EXAMPLE])]

router = Questions(prefix="/v1", tags=["money"])


@router.question("/contracts/{contract}/revenue", "getRevenue", "The money of a contract")
def get_revenue(reader: AsKnown, contract: ContractPath) -> Revenue:
    """Return what was agreed, reported, distributed and paid, and each payee's balance."""
    return revenue_of(reader, contract)


@router.question(
    "/distributions/{distribution}/computation",
    "getComputation",
    "How was this distribution computed?",
)
def get_computation(
    reader: AsKnown, distribution: Annotated[str, Path(pattern=r"^distribution:[a-z0-9.-]{1,80}$")]
) -> Computation:
    """Return report lines, rates, waterfall, parts, rounding and rules; computed again."""
    return computation_of(reader, distribution)


@router.question("/parties/{party}/dues", "getDues", "What is owed to a party?")
def get_dues(
    reader: AsKnown,
    party: PartyPath,
    *,
    contract: Annotated[str | None, Query(pattern=r"^contract:[a-z0-9.-]{1,80}$")] = None,
    true_on: TrueOn,
) -> Dues:
    """Return what is payable, paid, waiting and held, and the orders that hold it."""
    return dues_of(reader, party, true_on=true_on, contract=contract)


@router.question("/shares/{share}", "getShare", "Did all beneficiaries agree themselves?")
def get_share(
    reader: AsKnown, share: Annotated[str, Path(pattern=r"^share:[a-z0-9.-]{1,80}$")]
) -> Agreement:
    """Return the parts of an agreement, who agreed to them, and whose keys signed."""
    return agreement_of(reader, share)


@router.question(
    "/contracts/{contract}/overdue",
    "getOverdue",
    "Which reports and sums are overdue, by how many days, with what interest?",
)
def get_overdue(reader: AsKnown, contract: ContractPath, *, true_on: TrueOn) -> Overdue:
    """Return missing reports and unpaid sums of a contract on a day, with interest so far."""
    return overdue_of(reader, contract, true_on=true_on)


@router.question(
    "/contracts/{contract}/minimum", "getMinimum", "Did the licensee meet the minimum of a year?"
)
def get_minimum(
    reader: AsKnown,
    contract: ContractPath,
    *,
    year: Annotated[Year, Query(description="The year in which it begins")],
    licensee: Party | None = None,
) -> MinimumMet:
    """Return what was earned in the year, what of earlier years counts, and what is short."""
    return minimum_of(reader, contract, year=year, licensee=licensee)
