"""
What of a contract waits for the State: filed or not, answered or not, as things stood on a day.

A contract and each of its amendments that needs a certificate wait for themselves. A refusal
answers what was filed before it and ends nothing: what is filed again is to be answered again.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.domain.contracts.amendment import TermsAmended
from ledger.domain.contracts.contract_terms import AgreedTerms
from ledger.domain.contracts.entry_into_force import ContractInForce
from ledger.domain.contracts.filing import (
    CertificateIssued,
    FilingMade,
    PermitIssued,
    RegistrationRefused,
)
from ledger.domain.core.body import Body
from ledger.domain.core.dated_law import law_day
from ledger.domain.registry import TOPICS
from projections.engine.event_bodies import EventBody

Said = tuple[EventBody, Body]
"""An event and what it says."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for a permit or a registration: a contract, or an amendment by its hash.

    `recorded_on` is the day whose law says what is due; `filed` are the applications in the order
    of their days, `refused` the refusals, `granted` the days on which the State allowed it.
    """

    position: int
    purpose: str
    amendment: str | None
    concluded_on: date
    recorded_on: date
    filed: Sequence[tuple[date, int, str]]
    refused: Sequence[tuple[date, int, str | None]]
    granted: Collection[date]

    def to_file(self, on: date) -> bool:
        """Say whether nothing was filed by a day that the State allowed or refused."""
        known = [*self.granted, *(each[0] for each in (*self.filed, *self.refused))]
        return all(on < day for day in known)

    def to_answer(self, on: date) -> tuple[date, int] | None:
        """Return the day and the position of what was filed first and is not answered by a day."""
        if any(day <= on for day in self.granted):
            return None
        refused = [each for each in self.refused if each[0] <= on]
        answered = {filing for _, _, filing in refused}
        own = {filing for _, _, filing in self.filed}
        unnamed = [each[:2] for each in refused if each[2] not in own]
        for day, position, filing in self.filed:
            before = any((day, position) < refusal for refusal in unnamed)
            if day <= on and filing not in answered and not before:
                return day, position
        return None


def waiting_in(rows: Iterable[EventBody]) -> Iterator[Waiting]:
    """Yield what of a contract waits for the State, by all of its events that are known."""
    said = [(row, TOPICS[row.type].model_validate_json(row.said)) for row in rows if _heard(row)]
    of = {body.filing: body.amendment for _, body in said if isinstance(body, FilingMade)}
    for row, body in said:
        if isinstance(body, AgreedTerms) and body.effective_upon in ("permit", "registration"):
            yield _waiting(row, body.concluded_on, body.effective_upon, None, said, of)
        if isinstance(body, TermsAmended) and body.waits:
            amendment = row.payload_hash
            yield _waiting(row, body.concluded_on, "registration", amendment, said, of)


def in_force_by(rows: Iterable[EventBody]) -> list[int]:
    """Return the positions of what brought a contract, or a change of it, into force."""
    kinds = {each.TOPIC for each in (CertificateIssued, PermitIssued, ContractInForce)}
    return [row.position for row in rows if row.type in kinds]


def _heard(row: EventBody) -> bool:
    return issubclass(TOPICS[row.type], _HEARD)


_HEARD = (
    *(AgreedTerms, TermsAmended, FilingMade),
    *(CertificateIssued, PermitIssued, RegistrationRefused),
)


def _waiting(
    row: EventBody,
    concluded_on: date,
    purpose: str,
    amendment: str | None,
    said: Sequence[Said],
    of: Mapping[str, str | None],
) -> Waiting:
    filed, refused, granted = [], [], []
    for each, body in said:
        match body:
            case FilingMade() if (body.purpose, body.amendment) == (purpose, amendment):
                filed.append((body.filed_on, each.position, body.filing))
            case CertificateIssued() if (body.purpose, body.amendment) == (purpose, amendment):
                granted.append(body.issued_on)
            case PermitIssued() if (purpose, amendment) == ("permit", None):
                granted.append(body.issued_on)
            case RegistrationRefused() if (
                body.purpose == purpose and of.get(body.filing or "") == amendment
            ):
                refused.append((body.decided_on, each.position, body.filing))
    return Waiting(
        row.position,
        purpose,
        amendment,
        concluded_on,
        law_day(row.accepted),
        sorted(filed),
        refused,
        granted,
    )
