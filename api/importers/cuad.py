"""
Plans the events by which mapped agreements become contracts. It posts nothing.

Each agreement brings its parties, what it is about (a technology, and the undisclosed know-how in
it: the exhibits name no title that could be looked up), where it assigns that an assignment, and
then the contract. The parties' keys are stand-ins kept by the importer: the data set has no
signatures. Whether a contract may stand is for the ledger to say. See
docs/decisions/0011-cuad-import.md.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from api.importers import Declined
from api.importers.cuad_money import money_of
from api.importers.cuad_records import Agreement, Labels, in_words, labels_of, unread
from api.importers.cuad_review import review
from api.importers.cuad_terms import (
    ARTICLE,
    Grantable,
    NotCarried,
    Reading,
    Unmappable,
    clauses_of,
    grants_of,
)
from api.importers.memory import Memory, PlannedEvent
from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.core.body import Body, KeyRecord
from ledger.domain.parties.party import PartyRegistered
from ledger.domain.rights.number import right_id
from ledger.domain.rights.right import RightFiled
from ledger.domain.rights.technology import TechnologyRegistered

REGISTER = "cuad"
_LAW = re.compile(r"[A-Z]{2}(-[A-Z0-9]{1,3})?")


@dataclass(slots=True)
class PlannedAgreement:
    """What becomes of an agreement: its events in order, and how its text was read.

    `unreadable` says why nothing was planned, by a code; the last event of the others is the
    contract.
    """

    agreement: str
    steps: list[PlannedEvent] = field(default_factory=list)
    reading: Reading = field(default_factory=Reading)
    review: tuple[str, ...] = ()
    unreadable: Declined | None = None


@dataclass(frozen=True, slots=True)
class _Side:
    """A party of an agreement by the name of its role."""

    role: str
    party: str
    name: str
    seat: str


@dataclass(frozen=True, slots=True)
class Importing:
    """What the plan is made with: who attests, whose keys sign, what was said before."""

    clerk: str
    key_of: Callable[[str], KeyRecord]
    memory: Memory
    now: datetime


def plan(
    agreements: tuple[Agreement, ...], labels: tuple[Labels, ...], importing: Importing
) -> tuple[PlannedAgreement, ...]:
    """Return what becomes of each agreement, in their order. Parties are registered once."""
    registered: set[str] = set()
    return tuple(_planned(each, labels, importing, registered) for each in agreements)


def _planned(
    agreement: Agreement,
    labels: tuple[Labels, ...],
    importing: Importing,
    registered: set[str],
) -> PlannedAgreement:
    planned = PlannedAgreement(agreement.id)
    labelled = labels_of(agreement, labels)
    hints = () if labelled is None else tuple(review(labelled))
    bodies: list[tuple[str, Body]] = []
    try:
        bodies += list(_bodies(agreement, planned.reading, importing))
    except Unmappable as error:
        planned.unreadable = Declined(agreement.id, error.code, str(error))
    except (ValueError, KeyError, TypeError) as error:
        planned.unreadable = Declined(agreement.id, "MALFORMED", str(error).splitlines()[0])
    planned.review = (*planned.reading.review, *hints)
    for subject, body in bodies:
        if isinstance(body, PartyRegistered):
            if subject in registered:
                continue
            registered.add(subject)
        digest = "sha256:" + hashlib.sha256(body.model_dump_json().encode()).hexdigest()
        identity = importing.memory.identity(subject, digest, importing.now)
        planned.steps.append(PlannedEvent(agreement.id, subject, body, identity))
    return planned


_READ = frozenset(
    {
        "id",
        "file_prefix",
        "kind",
        "licensor",
        "licensee",
        "assignor",
        "assignee",
        "effective",
        "agreed",
        "expires",
        "grants",
        "consideration",
        "late_interest",
        "audit",
        "governing_law",
        "worked_example",
        "clauses",
        "grant_back",
        "assignment",
    }
)
_ASIDE = frozenset({"why", "net_sales_rule", "redacted"})
"""What is told and limits no grant: a reason, how sales are counted, which numbers are blacked."""


def _limits(agreement: Agreement) -> Iterator[str]:
    """Yield what may limit every grant, in words: what nobody reads, a last day that is none."""
    yield from unread(agreement.said, _READ | _ASIDE)
    for name in ("effective", "expires"):
        if name in agreement.said and _day(agreement, name) is None:
            yield f"{name}: {agreement.said[name]}"
    kind = str(agreement.said.get("kind"))
    if kind not in _KINDS and "assignment" not in kind:
        yield f"kind: {kind}"
    for clause in agreement.items("clauses"):
        if not any(name.startswith(ARTICLE) for name in clause):
            yield f"clause {in_words(clause)}"


def _bodies(
    agreement: Agreement, reading: Reading, importing: Importing
) -> Iterator[tuple[str, Body]]:
    sides = _sides(agreement, reading)
    concluded, effective = _days(agreement, reading)
    grants = grants_of(agreement, list(_limits(agreement)), reading)
    for side in sides.values():
        yield side.party, _registered(side, importing)
    objects = _objects(agreement, grants, sides)
    for right, (owner, technology) in objects.items():
        yield technology, _technology(agreement, technology, owner)
        yield right, _filed(agreement, right, technology, owner, concluded, importing.clerk)
    assigns = "assignment" in str(agreement.said.get("kind"))
    if assigns:
        _must_be_whole(agreement)
        yield _assigned(agreement, sides, next(iter(objects)), concluded)
    for said in unread(agreement.said, frozenset(agreement.said) - _ASIDE):
        reading.left_out.append(said)
    contract = _concluded(agreement, reading, sides, grants, list(objects), (concluded, effective))
    yield contract.contract, contract


def _sides(agreement: Agreement, reading: Reading) -> dict[str, _Side]:
    roles = ("licensor", "licensee") if agreement.text("licensor") else ("assignor", "assignee")
    seat = _seat(agreement, reading)
    found = {}
    for role in roles:
        name = agreement.text(role)
        if name is None:
            raise Unmappable(f"the mapping names no {role}")
        named = agreement.said[role]
        if isinstance(named, list) and len(named) > 1:
            raise NotCarried(f"{role}s are {named}: each has a share, and the mapping says none")
        bare = re.sub(r"\s*\([^)]*\)", "", name).strip()
        if re.fullmatch(r"(?i)party [a-z]|licensor|licensee|assignor|assignee", bare):
            reading.assumed.append(f"{role}: the mapping says only {bare}")
            bare = f"{bare} of {agreement.id}"
        found[role] = _Side(role, f"party:{seat.lower()}.{_slug(bare)}", bare, seat)
    return found


def _slug(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:70]


def _seat(agreement: Agreement, reading: Reading) -> str:
    """Return the country where the parties are taken to sit: the mapping does not say it."""
    law = agreement.text("governing_law")
    if law is not None and _LAW.fullmatch(law):
        reading.assumed.append(f"both parties sit in {law[:2]}, whose law governs")
        return law[:2]
    places = {
        str(code)
        for grant in agreement.items("grants")
        for code in (grant.get("territory") or ())
        if re.fullmatch(r"[A-Z]{2}", str(code))
    }
    if len(places) == 1:
        (place,) = places
        reading.assumed.append(f"both parties sit in {place}, the territory")
        return place
    reading.assumed.append("both parties sit in US, where the exhibit was filed")
    return "US"


def _days(agreement: Agreement, reading: Reading) -> tuple[date, date]:
    """Return the day of signing and the first day of effect, as far as they are mapped."""
    agreed, effective = _day(agreement, "agreed"), _day(agreement, "effective")
    if effective is None and agreement.text("effective") is not None:
        reading.assumed.append("with effect from the signing, as far as its field in words goes")
    if agreed is None:
        reading.assumed.append("signed on the first day of effect")
    first = agreed or effective
    if first is None:
        raise Unmappable("the mapping names no day of signing or of effect")
    return min(first, effective or first), max(first, effective or first)


def _day(agreement: Agreement, name: str) -> date | None:
    text = agreement.said.get(name)
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _registered(side: _Side, importing: Importing) -> PartyRegistered:
    key = importing.key_of(side.party)
    described = {
        "party": side.party,
        "kind": "organisation",
        "name": side.name,
        "roles": [],
        "seat": side.seat,
        "keys": [key.model_dump()],
    }
    return PartyRegistered.model_validate(described)


def _objects(
    agreement: Agreement, grants: tuple[Grantable, ...], sides: Mapping[str, _Side]
) -> dict[str, tuple[str, str]]:
    """Return what the agreement is about: right to first owner and technology, the main one first.

    Each is named after the agreement; what is not the main owner's to grant is another object.
    """
    giver = next(iter(sides.values()))
    found = {_right(agreement, ""): (giver.party, f"technology:{REGISTER}.{agreement.id}")}
    for number, grant in enumerate(grants, start=1):
        if not _is_main(agreement, sides, grant):
            owner = _side(sides, grant.giver).party
            name = f"{agreement.id}.{number}"
            found[_right(agreement, f".{number}")] = (owner, f"technology:{REGISTER}.{name}")
    return found


def _is_main(agreement: Agreement, sides: Mapping[str, _Side], grant: Grantable) -> bool:
    """Whether a grant is on the main object: by its owner, the assignee if it is assigned."""
    first, last = next(iter(sides)), list(sides)[-1]
    owner = last if "assignment" in str(agreement.said.get("kind")) else first
    return grant.what is None and grant.giver == owner


def _right(agreement: Agreement, suffix: str) -> str:
    return right_id(f"us.{REGISTER}", f"{agreement.id}{suffix}")


def _side(sides: Mapping[str, _Side], role: str) -> _Side:
    if role not in sides:
        raise Unmappable(f"a grant is from or to {role}, who is no party")
    return sides[role]


def _technology(agreement: Agreement, technology: str, owner: str) -> TechnologyRegistered:
    said = {
        "technology": technology,
        "title": f"What is licensed under {agreement.text('file_prefix') or agreement.id}",
        "summary": "As the agreement describes it; the data set holds clauses, not the object.",
        "object_kind": "know_how",
        "trl": None,
        "owners": [{"party": owner, "share": [1, 1]}],
        "state_funded_ppm": 0,
    }
    return TechnologyRegistered.model_validate(said)


def _filed(
    agreement: Agreement, right: str, technology: str, owner: str, day: date, clerk: str
) -> RightFiled:
    said = {
        "right": right,
        "office": f"us.{REGISTER}",
        "kind": "know_how",
        "application_no": right.removeprefix(f"right:us.{REGISTER}."),
        "title_no": None,
        "name": f"Know-how under {agreement.text('file_prefix') or agreement.id}",
        "filed_on": day.isoformat(),
        "owners": [{"party": owner, "share": [1, 1]}],
        "technology": technology,
        "attested_by": clerk,
        "document_sha256": agreement.sha256,
    }
    return RightFiled.model_validate(said)


def _assigned(
    agreement: Agreement, sides: Mapping[str, _Side], right: str, day: date
) -> tuple[str, AssignmentAgreed]:
    assignor, assignee = sides.values()
    said = {
        "assignment": f"assignment:{REGISTER}.{agreement.id}",
        "rights": [right],
        "assignors": [{"party": assignor.party, "share": [1, 1]}],
        "assignees": [{"party": assignee.party, "share": [1, 1]}],
        "price": {"commitment": agreement.sha256},
        "agreed_on": day.isoformat(),
        "terms_sha256": agreement.sha256,
        "grant_back": f"contract:{REGISTER}.{agreement.id}",
        "confirms": {"reason": _reason(agreement)},
    }
    return str(said["assignment"]), AssignmentAgreed.model_validate(said)


_WHOLE = frozenset({"entire right, title and interest", "all right, title and interest"})


def _must_be_whole(agreement: Agreement) -> None:
    """Raise `NotCarried` unless an agreement assigns all of it on a day, or says nothing else."""
    for limit in _limits(agreement):
        raise NotCarried(f"it assigns, {limit}: an assignment here passes when it is agreed")
    for part in agreement.items("assignment"):
        strange = list(unread(part, frozenset({"interest", "includes"})))
        if strange or part.get("interest", "entire right, title and interest") not in _WHOLE:
            raise NotCarried(f"it assigns {part}, and an assignment here passes all of it")


def _reason(agreement: Agreement) -> str:
    source = agreement.text("file_prefix") or agreement.id
    return f"Converted from the paper agreement filed as {source}"


def _concluded(
    agreement: Agreement,
    reading: Reading,
    sides: Mapping[str, _Side],
    grants: tuple[Grantable, ...],
    objects: list[str],
    days: tuple[date, date],
) -> ContractConcluded:
    concluded, effective = days
    ends = _day(agreement, "expires")
    if "expires" not in agreement.said:
        reading.assumed.append("without a last day: the mapping names none")
    until = None if ends is None else ends.isoformat()
    law = agreement.text("governing_law")
    if law is not None and not _LAW.fullmatch(law):
        reading.left_out.append(f"governing law, in words only: {law}")
        law = None
    described = {
        "contract": f"contract:{REGISTER}.{agreement.id}",
        "kind": _kind(agreement, grants, reading),
        "parties": sorted({side.party for side in sides.values()}),
        "listing": None,
        "offer": None,
        "acceptance": None,
        "grants": [
            _granted(grant, sides, objects, agreement, number, effective, until)
            for number, grant in enumerate(grants, start=1)
        ],
        **money_of(agreement, reading),
        **clauses_of(agreement, reading),
        "terms_sha256": agreement.sha256,
        "concluded_on": concluded.isoformat(),
        "effective_from": effective.isoformat(),
        "effective_to": until,
        "dispute_body": None,
        "form": "written",
        "confirms": {"reason": _reason(agreement)},
        "governing_law": law,
    }
    return ContractConcluded.model_validate(described)


_KINDS = {
    "licence": "licence",
    "license": "licence",
    "know_how": "know_how",
    "know-how": "know_how",
    "development": "development",
    "collaboration": "development",
    "service": "service",
    "assignment": "assignment",
}


def _kind(agreement: Agreement, grants: tuple[Grantable, ...], reading: Reading) -> str:
    said = str(agreement.said.get("kind"))
    if grants and "assignment" in said:
        reading.read.append(f"kind {said}: an assignment, then a licence by the assignee")
        return "licence"
    if said not in _KINDS:
        reading.assumed.append(f"kind {said} is taken for a licence")
    return _KINDS.get(said, "licence")


def _granted(  # noqa: PLR0913, PLR0917  (what a grant is made of)
    grant: Grantable,
    sides: Mapping[str, _Side],
    objects: list[str],
    agreement: Agreement,
    number: int,
    effective: date,
    until: str | None,
) -> dict[str, Any]:
    main = _is_main(agreement, sides, grant)
    right = objects[0] if main else _right(agreement, f".{number}")
    return {
        **grant.members,
        "licensor": _side(sides, grant.giver).party,
        "licensee": _side(sides, grant.taker).party,
        "rights": [right],
        "technologies": [],
        "valid_from": effective.isoformat(),
        "valid_to": until,
        "accepts": [],
    }
