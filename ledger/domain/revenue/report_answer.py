"""
What licensors say to a report: they take it, ask about it, or say that it is wrong.

Read in this order: events, refusals, admit, evolve; the state, `Report`, stands in `report`.
"""

from dataclasses import replace
from typing import ClassVar

from ledger.domain.contracts.contract import Contract, must_license
from ledger.domain.contracts.contract_terms import ContractId
from ledger.domain.core.body import Body, State
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import must_stand_under, require_known
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import PartyId, Text
from ledger.domain.revenue.report import KIND, Report, ReportClosed
from ledger.domain.revenue.report_lines import ReportId


class OfReport(Body):
    """What a licensor says to a report. Never an event itself."""

    SUBJECTS = "report contract said_by"
    SIGNERS = "said_by"

    report: ReportId
    """Report that is neither accepted nor corrected yet."""
    contract: ContractId
    """Contract that the report is under."""
    said_by: PartyId
    """Licensor of the contract."""


class ReportAccepted(OfReport):
    """A licensor takes a report as right."""

    TOPIC: ClassVar[str] = "report.accepted/1"
    TITLE = "Report accepted"
    TITLE_VI = "Chấp nhận báo cáo"


class ReportQueried(OfReport):
    """A licensor asks about a report; it is open until it is accepted."""

    TOPIC: ClassVar[str] = "report.queried/1"
    TITLE = "Explanation of a report asked for"
    TITLE_VI = "Yêu cầu giải trình báo cáo"

    question: Text
    """What is asked, in words, without personal data."""


class ReportDisputed(OfReport):
    """A licensor says that a report is wrong."""

    TOPIC: ClassVar[str] = "report.disputed/1"
    TITLE = "Report disputed"
    TITLE_VI = "Phản đối báo cáo"

    reason: Text
    """What is wrong, in words, without personal data."""


@admits(ReportAccepted, ReportQueried, ReportDisputed)
def _admit_said(body: OfReport, state: State) -> None:
    """Refuse a word on a report by another than a licensor, or after it was closed."""
    report = require_known(state, body.report, Report)
    contract = require_known(state, body.contract, Contract)
    must_stand_under(body.contract, body.report, report)
    must_license(contract, body.contract, body.said_by)
    closed = report.corrected if report.accepted is None else report.accepted
    if closed is not None:
        raise ReportClosed(
            f"{body.report} is closed",
            positions=(closed,),
            step=Step({"position": closed}, case="answered"),
        )


@evolves(KIND, ReportAccepted)
def _evolve_accepted(_body: ReportAccepted, logged: Logged, value: Report | None) -> Report | None:
    return value and replace(value, accepted=logged.position)


@evolves(KIND, ReportQueried, ReportDisputed)
def _evolve_questioned(_body: Body, logged: Logged, value: Report | None) -> Report | None:
    return value and replace(value, questioned=logged.position)
