"""What a report consists of: its lines, what is deducted, units, exchange, and the reckoning."""

from typing import Annotated

from pydantic import Field, StringConstraints, model_validator

from ledger.domain.contracts.contract_terms import GrantId
from ledger.domain.core.scope import TerritoryCode
from ledger.domain.core.types import FROM_LIST, Day, Model, Text, of_kind

ReportId = Annotated[str, of_kind("report")]
Natural = Annotated[int, Field(ge=0)]
Positive = Annotated[int, Field(ge=1)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
LineName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,32}$")]

ONE_LINE = "1"
"""The name of the line that a report is which names none."""


class Deduction(Model):
    """What lies between gross and base, in minor units (Decree 76/2018 art. 4)."""

    kind: Name
    amount: int


class Sold(Model):
    """How many units were made or sold under a grant that is limited in quantity."""

    grant: GrantId
    units: Natural


class Rate(Model):
    """`numerator/denominator` minor units of the contract's currency for one of the report's."""

    numerator: Positive
    denominator: Positive
    source: Text
    on: Day


class Returned(Model):
    """The line of sales that a return takes back, of a report or of what that report corrects.

    A report that names no lines is one line, `1`.
    """

    report: ReportId
    line: LineName = ONE_LINE


class Line(Model):
    """What was sold in days of the report, or taken back of the line that `returns` names.

    Without days of its own it has those of the report. `territory` is where it was sold, in which
    a schedule may ask nothing. Amounts and units are those of the report; of a return none is
    above 0.
    """

    line: LineName
    period_from: Day | None = None
    period_to: Day | None = None
    territory: TerritoryCode | None = None
    gross: int
    deductions: Annotated[tuple[Deduction, ...], FROM_LIST] = ()
    units: int = 0
    returns: Returned | None = None

    @model_validator(mode="after")
    def _of_one_sign(self) -> "Line":
        sign = 1 if self.returns is None else -1
        numbers = (self.gross, self.units, *(each.amount for each in self.deductions))
        if any(sign * number < 0 for number in numbers):
            raise ValueError("of sales nothing is below 0, of a return nothing is above")
        return self


class Reckoning(Model):
    """How the sum due comes about: the running royalty, what is set off or capped, milestones."""

    royalty: int
    set_off: Natural = 0
    capped: Natural = 0
    milestones: Annotated[tuple[Name, ...], FROM_LIST] = ()
