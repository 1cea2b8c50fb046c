"""
What the State has to see of a contract, and what it answered: `/v1/contracts/registrations`.

A contract that says that it waits for a permit or a registration is one that must have it:
admission holds it to the law (`ledger.domain.contracts.approval`). It is filed within the days that
the law of the day of its signing gives (Technology Transfer Law arts. 28 and 31), and answered
within the working days that it gives; what was filed late, or not at all, follows from the day
asked about.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.contract_terms import AgreedTerms
from ledger.domain.contracts.filing import (
    CertificateIssued,
    FilingMade,
    PermitIssued,
    RegistrationRefused,
)
from ledger.domain.contracts.sublicence import SublicenceGranted
from ledger.domain.core.body import Body
from ledger.domain.core.dated_law import Law, law_day
from ledger.domain.core.event import Logged
from ledger.domain.core.ground import Ground
from ledger.domain.core.periods import end_of_days, end_of_working_days
from projections.engine.answer import Answer
from projections.engine.projection import On, Projection, Tells
from projections.engine.view import KNOWN, bound_parameters
from projections.tables.basis import answering, told
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class Registration:
    """A row of `read.registrations`: a version of what is known of a contract's duty to file.

    `recorded_on` is the day whose law says what is due, `purpose` is what it waits for. The filing
    and the answer are those that came first; it is known from `known_from` up to, not including,
    `known_to`.
    """

    subject: str
    known_from: int
    known_from_at: datetime
    known_to: int | None
    known_to_at: datetime | None
    position: int
    recorded_on: date
    concluded_on: date
    purpose: str
    technologies: tuple[str, ...]
    filed_on: date | None
    filed_position: int | None
    answered_on: date | None
    answered_position: int | None
    number: str | None
    list_edition: str | None
    refused_on: date | None
    refused_position: int | None


Rows = tuple[Registration, ...]


@dataclass(frozen=True, slots=True)
class Duty:
    """A contract that must be filed, as it stood on a day: until when, and whether it was late.

    `overdue_days` counts from the last day to the filing, or to the day asked about; `answer_by` is
    the State's own last day, once it was filed.
    """

    registration: Registration
    file_by: date
    overdue_days: int
    answer_by: date | None
    rule: str | None

    @property
    def late(self) -> bool:
        """Say whether it was filed after the last day, or not at all by the day asked about."""
        return self.overdue_days > 0


@dataclass(frozen=True, slots=True)
class Duties(Answer):
    """The contracts that must be filed, oldest first; folded up to `size` entries.

    Only those filed late, or of a `contract` or a `technology`, if that was asked.
    """

    true_on: date
    late: bool
    contract: str | None
    technology: str | None
    size: int
    duties: tuple[Duty, ...]
    after: int
    limit: int
    next_after: int | None

    def at_odds(self) -> Iterator[str]:
        """Yield what is filed late by other days than are said."""
        for each in self.duties:
            filed = each.registration.filed_on
            done = self.true_on if filed is None else min(filed, self.true_on)
            if each.overdue_days != max(0, (done - each.file_by).days):
                yield f"overdue_days {each.overdue_days} of what was to be filed by {each.file_by}"
            if self.late and not each.late:
                yield "what is not late, where only what is late was asked for"

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the contracts, of what was filed and of the answers."""
        found = (
            position
            for duty in self.duties
            for position in (
                duty.registration.position,
                duty.registration.filed_position,
                duty.registration.answered_position,
                duty.registration.refused_position,
            )
            if position is not None
        )
        return tuple(sorted(set(found)))


def _the_contract(logged: Logged) -> tuple[str, ...]:
    body = logged.event.body
    assert isinstance(
        body, AgreedTerms | FilingMade | CertificateIssued | PermitIssued | (RegistrationRefused)
    )
    return (body.contract,)


def _made(contract: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, ContractConcluded | SublicenceGranted)
    if body.effective_upon not in ("permit", "registration"):
        return rows
    grants = body.grants if isinstance(body, ContractConcluded) else (body.grant,)
    technologies = {item for grant in grants for item in grant.technologies}
    return (
        Registration(
            contract,
            logged.position,
            logged.accepted,
            None,
            None,
            position=logged.position,
            recorded_on=law_day(logged.accepted),
            concluded_on=body.concluded_on,
            purpose=body.effective_upon,
            technologies=tuple(sorted(technologies)),
            filed_on=None,
            filed_position=None,
            answered_on=None,
            answered_position=None,
            number=None,
            list_edition=None,
            refused_on=None,
            refused_position=None,
        ),
    )


def _revised(
    rows: Rows, logged: Logged, concerns: Callable[[Registration], bool], **said: Any
) -> Rows:
    """Return the rows with what is believed last told again, if it concerns it."""
    if not rows or not concerns(rows[-1]):
        return rows
    last = rows[-1]
    ended = replace(last, known_to=logged.position, known_to_at=logged.accepted)
    begun = replace(last, known_from=logged.position, known_from_at=logged.accepted, **said)
    return (*rows[:-1], ended, begun)


def _filed(contract: str, rows: Rows, logged: Logged) -> Rows:
    del contract
    body = logged.event.body
    assert isinstance(body, FilingMade)
    return _revised(
        rows,
        logged,
        lambda row: row.filed_on is None and (row.purpose, None) == (body.purpose, body.amendment),
        filed_on=body.filed_on,
        filed_position=logged.position,
    )


def _answered(contract: str, rows: Rows, logged: Logged) -> Rows:
    del contract
    body = logged.event.body
    assert isinstance(body, CertificateIssued | PermitIssued)
    purpose, amendment, edition = (
        ("permit", None, body.list_edition)
        if isinstance(body, PermitIssued)
        else (body.purpose, body.amendment, None)
    )
    return _revised(
        rows,
        logged,
        lambda row: row.answered_on is None and (row.purpose, None) == (purpose, amendment),
        answered_on=body.issued_on,
        answered_position=logged.position,
        number=body.number,
        list_edition=edition,
    )


def _refused(contract: str, rows: Rows, logged: Logged) -> Rows:
    del contract
    body = logged.event.body
    assert isinstance(body, RegistrationRefused)
    return _revised(
        rows,
        logged,
        lambda row: row.purpose == body.purpose,
        refused_on=body.decided_on,
        refused_position=logged.position,
    )


_MADE_BY: tuple[type[Body], ...] = (ContractConcluded, SublicenceGranted)

registrations = Projection(
    name="registrations",
    version=2,
    row=Registration,
    on={
        **{body: On(_the_contract, _made) for body in _MADE_BY},
        FilingMade: On(_the_contract, _filed),
        CertificateIssued: On(_the_contract, _answered),
        PermitIssued: On(_the_contract, _answered),
        RegistrationRefused: On(_the_contract, _refused),
    },
    indexes=(("position",),),
    tells={"filing": Tells(("position", "contract", "purpose", "filed_on", "answered"))},
    besides={"what waits for an act of the State is to be filed": tuple(_MADE_BY)},
)


def duties(  # noqa: PLR0913  (each is a parameter of the question)
    reader: Reader,
    *,
    true_on: date,
    late_only: bool = False,
    contract: str | None = None,
    technology: str | None = None,
    after: int = -1,
    limit: int = 100,
) -> Duties:
    """Return the contracts that must be filed as they stood on a day; those filed late only.

    Narrowed to a contract or to a technology; up to `limit`, of contracts after a position.
    """
    conditions = [
        "position > %(after)s",
        KNOWN,
        "concluded_on <= %(true_on)s",
    ]
    if contract is not None:
        conditions.append("subject = %(contract)s")
    if technology is not None:
        conditions.append("%(technology)s = ANY(technologies)")
    law = reader.law
    with answering(reader, registrations) as view:
        known = reader.as_of(view)
        asked = {
            "after": after,
            "true_on": true_on,
            "contract": contract,
            "technology": technology,
            **bound_parameters(known),
        }
        rows = view.rows(
            registrations, " AND ".join(conditions), asked, order="position", limit=limit + 1
        )
        page = rows[:limit]
        found = tuple(duty_of(row, true_on, law) for row in page)
        kept = tuple(duty for duty in found if duty.late) if late_only else found
        cursor = page[-1].position if len(rows) > limit else None
        answer = Duties(
            true_on, late_only, contract, technology, view.size, kept, after, limit, cursor
        )
        return told(view, answer, known, contract, technology)


def ground_of(purpose: str, day: date, law: Law) -> Ground | None:
    """Return the rule by which what is recorded on a day must be filed; None where there is none.

    Its purpose is a `permit` or a `registration`.
    """
    topic = {"permit": "contract.permit", "registration": "contract.registration"}[purpose]
    # Whatever crosses the border or is paid by the State has the same days.
    return law.find(topic, day, direction="inbound", state_money=False)


def duty_of(row: Registration, day: date, law: Law) -> Duty:
    """Return a contract's duty to be filed as it stood on a day."""
    ground = ground_of(row.purpose, row.recorded_on, law)
    done = day if row.filed_on is None or row.filed_on > day else row.filed_on
    if ground is None:
        return Duty(row, row.concluded_on, max(0, (done - row.concluded_on).days), None, None)
    file_by = end_of_days(law, row.concluded_on, ground.number("days"))
    return Duty(
        row, file_by, max(0, (done - file_by).days), _answer_by(row, ground, law), ground.rule
    )


def _answer_by(row: Registration, ground: Ground, law: Law) -> date | None:
    if row.filed_on is None:
        return None
    return end_of_working_days(law, row.filed_on, ground.number("answer_working_days"))
