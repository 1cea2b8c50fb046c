"""What a report consists of: its lines, what is deducted, units, exchange, and the sum due."""

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
    """Kind of deduction, as the contract's schedule lists it."""
    amount: int
    """Minor units of the report's currency; of a return not above 0, else not below."""


class Sold(Model):
    """How many units were made or sold under a grant that is limited in quantity."""

    grant: GrantId
    """Name of the grant in the contract."""
    units: Natural
    """Units made or sold in the days of the report. With those reported before, they keep to
    the grant's quantity.
    """


class Rate(Model):
    """`numerator/denominator` minor units of the contract's currency for one of the report's."""

    numerator: Positive
    """Minor units of the contract's currency."""
    denominator: Positive
    """Minor units of the report's currency that they are worth."""
    source: Text
    """Whose rate it is: the source that the contract's schedule names."""
    on: Day
    """Day of which it is."""


class Returned(Model):
    """The line of sales that a return takes back, of a report or of what that report corrects."""

    report: ReportId
    """Report that has the sales: this one or another of the licensee's, or one that it
    corrects.
    """
    line: LineName = ONE_LINE
    """Name of the line there; absent is `1`, which is the line of a report that names none."""


class Line(Model):
    """What was sold in days of the report, or taken back of the line that `returns` names."""

    line: LineName
    """Name of the line, once in its report."""
    period_from: Day | None = None
    """First day, within the report; null or absent is the report's."""
    period_to: Day | None = None
    """Day after the last, within the report; null or absent is the report's."""
    territory: TerritoryCode | None = None
    """Where it was sold; null or absent is not said, and then nothing is zero-rated."""
    gross: int
    """Minor units of the report's currency; of a return not above 0, else not below."""
    deductions: Annotated[tuple[Deduction, ...], FROM_LIST] = ()
    """What is deducted of the gross, and is no more than it; absent or empty for nothing."""
    units: int = 0
    """How many units; of a return not above 0, else not below. Absent is 0."""
    returns: Returned | None = None
    """Line of sales that this one takes back; null or absent where it is sales."""

    @model_validator(mode="after")
    def _of_one_sign(self) -> "Line":
        sign = 1 if self.returns is None else -1
        numbers = (self.gross, self.units, *(each.amount for each in self.deductions))
        for number in numbers:
            if sign * number < 0:
                raise ValueError(
                    "of sales nothing is below 0, of a return nothing is above: "
                    f"{self.line} has {number}"
                )
        return self


class Reckoning(Model):
    """How the sum due comes about: the running royalty, what is set off or capped, milestones."""

    royalty: int
    """Running royalty before set-off and cap, in minor units of the contract's currency;
    negative where it takes back what was due before.
    """
    set_off: Natural = 0
    """What is set off for what third parties got, in minor units; absent is 0."""
    capped: Natural = 0
    """What is above the cap, and is not owed, in minor units; absent is 0."""
    milestones: Annotated[tuple[Name, ...], FROM_LIST] = ()
    """Names of the milestones reached by this report, whose sums are due beside; absent or
    empty for none.
    """
