"""
Plans the events by which a clerk attests an office's legal events. It posts nothing.

First a `right.filed/1`, then a fact of status for each event, in order of publication; what has no
legal effect here is recorded in the office's words. What the extract does not say (who owns the
right, when it was filed, its application's number, the day of issue) is told by `Filing`, or stands
as docs/decisions/0010-inpadoc-import.md says: nothing is guessed silently.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from pydantic import ValidationError

from api.importers import Declined, ImporterError
from api.importers.inpadoc_records import (
    LegalEvent,
    MalformedEvents,
    Publication,
    PublicationRecord,
)
from api.importers.memory import Memory, PlannedEvent
from api.importers.office_codes import Meaning, ReviewedCode, reviewed
from ledger.domain.core.body import Body
from ledger.domain.core.existence import FutureFact, not_in_future
from ledger.domain.core.forms import first_fault
from ledger.domain.core.office import FORMER_STATES, STATES
from ledger.domain.core.types import legal_day
from ledger.domain.rights.number import canonical, right_id
from ledger.domain.rights.right import Holding, RightFiled, RightKind
from ledger.domain.rights.right_status import (
    OfficeEventRecorded,
    OfRight,
    RightCancelled,
    RightFeePaid,
    RightGranted,
    RightLapsed,
    RightLimited,
    RightPublished,
    RightRestored,
    RightSurrendered,
)

_KINDS: dict[str, RightKind] = {
    **dict.fromkeys("ABCET", "invention"),
    "P": "plant_variety",
    "S": "design",
    **dict.fromkeys("UYZ", "utility_solution"),
}
"""By the first letter of the publication's kind code (WIPO ST.16): none of the others is a title.

I is a supplementary protection certificate, whose events are none of the patent's.
"""

_ISSUED = re.compile(r"B[12]?|E[0-9]?|S[0-9]?|P[23]")
_ISSUED_SINCE = date(2001, 1, 2)
"""Kinds of publication that are an American patent as issued.

Before that day B was a certificate of reexamination, years after the issue.
"""

_REGIONAL = frozenset({"AP", "EA", "EP", "GC", "OA", "WO"})
_NUMBERED = frozenset({"EP", "US", "WO"})
"""Offices whose numbers of applications have a form of their own.

Those of their publications look alike: US 11408812 is a grant, and another patent's application.
"""


class ApplicationUnknown(ImporterError):
    """The file names a publication only, and its number is no application's."""


class NoTitle(ImporterError):
    """What was published is no patent, utility model or design."""


@dataclass(frozen=True, slots=True)
class Filing:
    """What the extract leaves out of an application, as far as somebody knows it.

    `already` says that the right is in the ledger, by another event, and is not to be filed.
    """

    owner: str | None = None
    filed_on: date | None = None
    name: str | None = None
    application_no: str | None = None
    issued_on: date | None = None
    already: bool = False


@dataclass(frozen=True, slots=True)
class Mapped:
    """A legal event and the fact that it became; `unclear` says why it is noted, if in doubt.

    `note` is what it is where nothing is read into it.
    """

    event: LegalEvent
    body: OfRight
    note: OfRight
    unclear: str | None = None


@dataclass(frozen=True, slots=True)
class StatusPlan:
    """All that follows from a register, in the order in which it is to be posted.

    `filing` is None where the right was filed before; `assumed` says what the file does not.
    `declined` is what an earlier import said otherwise, and is not said again.
    """

    right: str
    filing: PlannedEvent | None
    facts: tuple[PlannedEvent, ...]
    mapped: tuple[Mapped, ...]
    assumed: tuple[str, ...] = ()
    declined: tuple[Declined, ...] = ()

    def __iter__(self) -> Iterator[PlannedEvent]:
        """Yield the filing, then the facts."""
        if self.filing is not None:
            yield self.filing
        yield from self.facts


def plan_status(
    register: PublicationRecord, filing: Filing, memory: Memory, *, clerk: str, now: datetime
) -> StatusPlan:
    """Return the events that attest a register.

    `clerk` is the party id of the one who attests, `now` the instant at which new events are
    issued. Pure but for `memory`, which gives the same answers on every run.
    Raises `MalformedEvents` for an event that no fact can say, `FutureFact` for one of a day to
    come, `NoTitle` for a publication that is none, and `ApplicationUnknown` where only `filing` can
    say which application it is, and nobody did.
    """
    filed = _filed(register, filing, clerk)
    not_in_future(now, filed_on=filed.filed_on)
    mapped = tuple(_Facts(register, filing, filed.right, clerk))
    facts: list[PlannedEvent] = []
    declined: list[Declined] = []
    for item in mapped:
        source = f"{item.event.event_code} {item.event.event_date}"
        if item.body.said_on() > legal_day(now):
            raise FutureFact(f"{source} is of a day to come: nothing is sent of the title")
        subject = _subject(filed.right, item, memory)
        if _is_new(subject, item.body, memory):
            identity = memory.identity(subject, _digest(item.body), now)
            facts.append(PlannedEvent(source, subject, item.body, identity))
        else:
            detail = "an earlier import said it as another fact, which stands"
            declined.append(Declined(source, "RECORD_EXISTS", detail))
    first = None
    source = _number(register.publication)
    if not filing.already and _is_new(filed.right, filed, memory):
        identity = memory.identity(filed.right, _digest(filed), now)
        first = PlannedEvent(source, filed.right, filed, identity)
    elif not filing.already and (filing.owner or filing.filed_on or filing.name):
        detail = "an earlier import filed it as was told then, which stands: it may be the same"
        declined.append(Declined(source, "RIGHT_EXISTS", detail))
    assumed = tuple(_assumed(filing, filed)) if first is not None else ()
    return StatusPlan(filed.right, first, tuple(facts), mapped, assumed, tuple(declined))


def _subject(right: str, item: Mapped, memory: Memory) -> str:
    """Return by what a fact is remembered: one that was only noted before is told beside the note.

    Its code may have been reviewed since, or the day of issue be told.
    """
    subject = f"{right}#{item.event.identity}"
    noted = memory.admitted_body(subject) == _digest(item.note)
    return f"{subject}#{item.body.TOPIC}" if noted and item.body != item.note else subject


def _is_new(subject: str, body: Body, memory: Memory) -> bool:
    """Whether a body is the one that was admitted for a subject, or none was: it is said once."""
    return memory.admitted_body(subject) in (None, _digest(body))


def _assumed(filing: Filing, filed: RightFiled) -> Iterator[str]:
    """Yield what a filing says without anybody's word."""
    if filing.already:
        return
    if filing.owner is None:
        yield f"owner: nobody is named, so {filed.owners[0].party} stands for the proprietor"
    if filing.filed_on is None:
        yield f"day of filing: by {filed.filed_on}, the first day on which the office said anything"
    if filing.application_no is None:
        yield f"application: {filed.application_no}, the number of the publication"
    if filed.office.upper() in _REGIONAL and not filed.designated:
        yield "States: no event names any, so the title is taken to be for each that is asked of"


def _filed(register: PublicationRecord, filing: Filing, clerk: str) -> RightFiled:
    publication = register.publication
    office = publication.country.lower()
    number = filing.application_no or publication.number
    if filing.application_no is None and publication.country in _NUMBERED:
        raise ApplicationUnknown(
            f"{_number(publication)} is a publication, and its number no application's: give the "
            "number of the application (--application-no)"
        )
    number = canonical(office, number)
    right = right_id(office, number)
    kind = (publication.kind or "A")[0]
    if kind not in _KINDS:
        raise NoTitle(f"{_number(publication)} is of kind {kind}, which is no title of its own")
    named = (event for event in register.events if event.designated_states)
    states = next((event.designated() for event in named), ())
    # No day of effect: an assignment has that of its signing, which may come before the filing.
    shown = min(event.event_date for event in register.events)
    return RightFiled(
        right=right,
        office=office,
        kind=_KINDS[kind],
        application_no=number,
        title_no=None,
        name=filing.name or _name(publication),
        filed_on=filing.filed_on or shown,
        owners=(
            Holding(
                party=filing.owner or f"party:{right.removeprefix('right:')}.proprietor",
                share=Fraction(1),
            ),
        ),
        technology=None,
        designated=states,
        filing_day="latest" if filing.filed_on is None else "exact",
        attested_by=clerk,
        document_sha256=register.events[0].document_sha256,
    )


Said = tuple[type[OfRight], dict[str, Any]]


def _note(event: LegalEvent) -> Said:
    return OfficeEventRecorded, {
        "effective_from": event.effective_date,
        "description": event.event_description,
    }


def _fee(event: LegalEvent) -> Said:
    year = event.fee_year if event.fee_year and 1 <= event.fee_year <= _YEARS else None
    return RightFeePaid, {"paid_on": event.effect, "fee_year": year}


_YEARS = 100

_SAYS: dict[Meaning, Callable[[LegalEvent], Said]] = {
    "lapsed": lambda event: (
        RightLapsed,
        {"effective_from": event.effect, "reason": event.reason or event.event_description},
    ),
    "cancelled": lambda event: (
        RightCancelled,
        {
            "extent": "whole",
            "effective_from": None,
            "reason": event.reason or event.event_description,
        },
    ),
    "limited": lambda event: (
        RightLimited,
        {"effective_from": event.effect, "limits": event.event_description},
    ),
    "restored": lambda event: (RightRestored, {"effective_from": event.effect}),
    "surrendered": lambda event: (RightSurrendered, {"effective_from": event.effect}),
    "fee_paid": _fee,
}
"""What an event with a meaning of its own says, beside what all facts say."""


def _issued(publication: Publication, filing: Filing) -> date | None:
    """Return the day of issue of a patent of the United States, if it is told."""
    if publication.country != "US":
        return None
    day = publication.published_on
    granted = _ISSUED.fullmatch(publication.kind or "") and day and day >= _ISSUED_SINCE
    return filing.issued_on or (day if granted else None)


class _Facts:
    """The facts of a register: it is read forwards, and a European grant is known by its place."""

    def __init__(self, register: PublicationRecord, filing: Filing, right: str, clerk: str) -> None:
        self._register = register
        self._issued = _issued(register.publication, filing)
        self._right = right
        self._clerk = clerk
        self._expected = False
        self._granted: date | None = None

    def __iter__(self) -> Iterator[Mapped]:
        for event in self._register.events:
            yield self._mapped(event)

    def _mapped(self, event: LegalEvent) -> Mapped:
        meaning, unclear = self._meaning(event)
        note = self._fact(event, "noted")
        return Mapped(event, self._fact(event, meaning), note, unclear)

    def _meaning(self, event: LegalEvent) -> tuple[Meaning, str | None]:
        """Return what an event means, and why it is only noted, if that is in doubt."""
        row = reviewed().get(event.event_code)
        if row is None:
            return "noted", "nobody reviewed the code"
        if strange := self._strange(event, row):
            return "noted", strange
        in_state = self._state(event) is not None
        meaning = row.meaning(self._register.publication.kind, in_state=in_state)
        if meaning == "granted_on_issue" and self._issued is None:
            return "noted", "the day of issue is not told (--issued-on)"
        if meaning == "not_told":
            return "noted", row.reason
        return meaning, None if meaning == row.means else "the code has several meanings here"

    def _strange(self, event: LegalEvent, row: ReviewedCode) -> str | None:
        """Return why a code says nothing about this title, or not there: it is of another office.

        A national office tells of its own titles, and of the fate in its State of regional ones.
        """
        office, own = event.event_code[:2], self._register.publication.country
        if office != own and (office in _REGIONAL or own not in _REGIONAL):
            return f"the code is one of {office}, and the title one of {own}"
        only = row.state or (None if office in _REGIONAL else office)
        named = {event.state, event.event_country} - {None, own, *_REGIONAL}
        if len(named | ({only} - {None})) > 1:
            return f"the code is told of {' and '.join(sorted(filter(None, named)))}"
        return None

    def _fact(self, event: LegalEvent, meaning: Meaning) -> OfRight:
        if meaning == "designated":
            return self._designated(event)
        if meaning in ("granted", "granted_on_issue"):
            return self._grant(event, None)
        if meaning == "granted_nationally":
            return self._grant(event, self._state(event))
        self._expected |= meaning == "expected_grant"
        kind, members = _SAYS.get(meaning, _note)(event)
        return self._of(kind, event, **members)

    def _designated(self, event: LegalEvent) -> OfRight:
        """Return the publication or, once the grant was to come, the grant (EPC arts. 93, 97(3)).

        Both list the States: the first in the published application, the last in the patent.
        """
        if self._expected and self._granted is None:
            return self._grant(event, None)
        number = _number(self._register.publication)
        return self._of(RightPublished, event, publication_no=number)

    def _grant(self, event: LegalEvent, state: str | None) -> OfRight:
        """Return a grant; a national office tells later of one that took effect everywhere.

        A regional patent has effect in each of its States from the mention of its grant (EPC
        art. 64(1)), whenever a national gazette repeats it; a US patent from its issue.
        """
        effect = self._issued or event.effect
        if self._granted is not None:
            state = state or self._state(event)
        else:
            self._granted = effect
            state = None if self._register.publication.country in _REGIONAL else state
        return self._of(
            RightGranted,
            event,
            territory=state,
            title_no=_number(self._register.publication, kind=False),
            granted_on=self._issued or event.event_date,
            in_force_from=min(effect, self._granted),
            expires_on=None,
            designated=event.designated(),
        )

    def _of(self, kind: type[OfRight], event: LegalEvent, **members: Any) -> OfRight:
        common: dict[str, Any] = {
            "right": self._right,
            "territory": self._state(event),
            "national_code": event.event_code,
            "attested_by": self._clerk,
            "document_sha256": event.document_sha256,
        }
        if "published_on" in kind.model_fields:
            common["published_on"] = event.event_date
        try:
            return kind.model_validate({**common, **members})
        except ValidationError as error:
            where, said = first_fault(error)
            of = f"{event.event_code} {event.event_date}"
            raise MalformedEvents(f"{of}, {'/'.join(where)}: {said}") from error

    def _state(self, event: LegalEvent) -> str | None:
        """Return the State in which an event befell, or None for the right as a whole."""
        row = reviewed().get(event.event_code)
        office = event.event_code[:2]
        own = self._register.publication.country
        of_state = office if office.lower() in STATES | FORMER_STATES else None
        named = (event.state, event.event_country, row and row.state, of_state)
        places = (place for place in named if place and place not in {own, *_REGIONAL})
        state = next(places, None)
        return None if state is None else f"iso:{state}"


def _name(publication: Publication) -> str:
    """Return the publication as people write it: twelve digits in a row are a citizen's number."""
    grouped = re.sub(r"[0-9](?=([0-9]{3})+(?![0-9]))", r"\g<0> ", publication.number)
    return " ".join(filter(None, (publication.country, grouped, publication.kind)))


def _number(publication: Publication, *, kind: bool = True) -> str:
    suffix = publication.kind if kind and publication.kind else ""
    return f"{publication.country}{publication.number}{suffix}"


def _digest(body: Body) -> str:
    return "sha256:" + hashlib.sha256(body.model_dump_json().encode()).hexdigest()
