"""
Which terms of a contract held on a day, as known when. Serves `GET /v1/contracts/{id}` and below.

Terms on a day are what was agreed first, then every change with effect by then, of what is known;
versions are counted as they were recorded. What is sealed is its commitment.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Literal

from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import Grant, Terms, changed
from ledger.domain.core.dated_law import Law
from ledger.domain.core.types import legal_day
from projections.engine.answer import Answer
from projections.engine.event_bodies import EventBody
from projections.engine.view import (
    Known,
    NotThere,
    TooMany,
    View,
    positions_of,
)
from projections.tables.basis import answering, listing, named, told
from projections.tables.contract_events import contract_events, events_of, folded
from projections.tables.contract_revenue import ReportRow, reports
from projections.tables.reader import Reader
from projections.tables.status import ENDED, status_rows
from projections.tables.status import status as rights_status
from projections.tables.status import status_on as rights_status_on

Status = Literal[
    "not_concluded",
    "awaiting_permit",
    "awaiting_registration",
    "awaiting_conditions",
    "concluded",
    "in_force",
    "suspended",
    "terminated",
    "expired",
    "right_ended",
    "void",
]
"""How a contract stands. `not_concluded`: on that day there was none yet. `right_ended`: all that
it grants has ended, and so the licence has by itself (IP Law art. 148(4)).
"""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The days of a contract: who signed when, between whom it has effect from when.

    `third_parties` is the day of its entry in the office's register; `recorded` the instant at
    which this ledger took it.
    """

    signed: tuple[tuple[str, date], ...]
    concluded: date
    between_the_parties: date | None
    third_parties: date | None
    permitted: date | None
    registered: date | None
    ended: date | None
    sell_off_to: date | None
    recorded: datetime


@dataclass(frozen=True, slots=True)
class TermsOn(Answer):
    """The terms of a contract that held on a day, as known; folded up to `size` entries.

    `version` is the newest one with effect by then. Both it and `terms` are None if nothing was
    known of the contract, or it was concluded later, as `status` says, and did not reach back to
    that day. `positions` are those of the contract and of the changes in them.
    """

    contract: str
    true_on: date
    size: int
    status: Status | None
    version: int | None
    terms: Terms | None
    clocks: Clocks | None
    parties: tuple[str, ...]
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReportTerms(Answer):
    """The terms under which a report was filed, and those of the days of its sales, in turn."""

    contract: str
    report: str
    size: int
    filed: TermsOn | None
    sold: tuple[TermsOn, ...]
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the terms: which event made it, who signed, from when it has effect."""

    version: int
    type: str
    position: int
    accepted: datetime
    payload_hash: str
    signers: tuple[str, ...]
    agreed_from: date
    effective_from: date | None
    changed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Versions(Answer):
    """The versions of a contract's terms, in the order of the log; folded up to `size` entries."""

    contract: str
    size: int
    versions: tuple[Version, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that made them."""
        return positions_of([each.position for each in self.versions])


@dataclass(frozen=True, slots=True)
class TermsDifference:
    """A member of the terms that two versions have otherwise; grants are named one by one."""

    member: str
    """Its name in the terms; of a grant `grants/` and the grant's."""
    before: Any
    """What it was in the earlier version; null where it was not there."""
    after: Any
    """What it is in the later version; null where it is not there."""
    by: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VersionDiff(Answer):
    """What changed between two versions, by which events, and who signed them."""

    contract: str
    size: int
    before: int
    after: int
    differences: tuple[TermsDifference, ...]
    versions: tuple[Version, ...]
    terms: Terms | None
    """The terms of the later version, whole; null where the contract is not known."""

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that changed them."""
        return positions_of([each.position for each in self.versions])


def terms_on(reader: Reader, contract: str, *, true_on: date) -> TermsOn:
    """Return the terms in force on a day, as known at a position or instant (default: now)."""
    law = reader.law
    with answering(reader, contract_events, rights_status) as view:
        known = reader.as_of(view)
        return told(view, _terms_on(view, contract, true_on, known, law), known, contract)


def terms_for_report(reader: Reader, contract: str, report: str) -> ReportTerms:
    """Return the terms as they stood when a report was filed, and those of its days of sale.

    What held when it was filed is asked of what was known by then; what held when the sales were
    made, of all that is known. Nothing if the report is not known, or is of another contract.
    """
    law = reader.law
    with answering(reader, contract_events, reports, rights_status) as view:
        known = reader.as_of(view)
        filed = view.recorded(reports, known, subject=report, contract=contract)
        if not filed:
            nothing = ReportTerms(contract, report, view.size, None, (), ())
            return told(view, nothing, known, contract, report)
        row = filed[0]
        then = Known(row.position, row.accepted, None)
        at_filing = _terms_on(view, contract, legal_day(row.accepted), then, law)
        sold = tuple(_terms_between(view, contract, row, known, law))
        positions = {
            row.position,
            *at_filing.positions,
            *(p for each in sold for p in each.positions),
        }
        proof = tuple(sorted(positions))
        answer = ReportTerms(contract, report, view.size, at_filing, sold, proof)
        return told(view, answer, known, contract, report)


def versions_of(reader: Reader, contract: str) -> Versions:
    """Return the versions of a contract's terms, as known."""
    with listing(reader, contract_events) as view:
        known = reader.as_of(view)
        found = tuple(_versions(events_of(view, contract, known)))
        return named(view, Versions(contract, view.size, found), known, contract)


def diff_of(reader: Reader, contract: str, before: int, after: int) -> VersionDiff:
    """Return what changed from one version of the terms to another.

    Raises `NotThere`, with the versions there are, if a contract that is known has not these.
    """
    with listing(reader, contract_events) as view:
        known = reader.as_of(view)
        rows = events_of(view, contract, known)
        found = tuple(_versions(rows))
        if not 1 <= before < after <= len(found):
            nothing = VersionDiff(contract, view.size, before, after, (), (), None)
            nothing = named(view, nothing, known, contract)
            if nothing.unknown:
                return nothing
            raise NotThere(_no_such_versions(contract, before, after, len(found)))
        value = folded(contract, rows)
        assert value is not None, "a contract with versions is known"
        between = found[before:after]
        later = _nth(value, after)
        differences = tuple(
            TermsDifference(
                member, old, new, tuple(v.position for v in between if member in v.changed)
            )
            for member, old, new in _differing(_nth(value, before), later)
        )
        answer = VersionDiff(contract, view.size, before, after, differences, between, later)
        return named(view, answer, known, contract)


def _no_such_versions(contract: str, before: int, after: int, newest: int) -> str:
    """Return why two versions cannot be compared, and which there are."""
    there = f"{contract} has {'versions 1 to' if newest > 1 else 'version'} {newest}"
    missing = next((each for each in (before, after) if not 1 <= each <= newest), None)
    if missing is not None:
        return f"there is no version {missing}: {there}"
    return f"version {before} does not come before version {after}: {there}"


def _terms_on(view: View, contract: str, day: date, known: Known, law: Law) -> TermsOn:
    rows = events_of(view, contract, known)
    value = folded(contract, rows)
    if value is None:
        return TermsOn(contract, day, view.size, None, None, None, None, (), ())
    if day < min(value.terms_event.concluded_on, value.effective_from):
        clocks, parties = _clocks(value, rows[0].accepted), tuple(sorted(value.parties))
        none_yet: Status = "not_concluded"
        said = (contract, day, view.size, none_yet, None, None, clocks, parties)
        return TermsOn(*said, positions_of([value.position]))
    held = [c for c in value.changes if c.effective_from is not None and c.effective_from <= day]
    status, by = standing_on(view, value, day, known, law)
    return TermsOn(
        contract=contract,
        true_on=day,
        size=view.size,
        status=status,
        version=max((change.version for change in held), default=1),
        terms=value.terms_on(day),
        clocks=_clocks(value, rows[0].accepted),
        parties=tuple(sorted(value.parties)),
        positions=positions_of([value.position, *(change.position for change in held)], by),
    )


def _terms_between(
    view: View, contract: str, report: ReportRow, known: Known, law: Law
) -> Iterator[TermsOn]:
    """Yield the terms on the first day of a report, and on each day in it when they changed."""
    value = folded(contract, events_of(view, contract, known))
    days = {report.period_from}
    if value is not None:
        days.update(
            change.effective_from
            for change in value.changes
            if change.effective_from is not None
            and report.period_from < change.effective_from < report.period_to
        )
    for day in sorted(days):
        yield _terms_on(view, contract, day, known, law)


def standing_on(
    view: View, contract: Contract, day: date, known: Known, law: Law
) -> tuple[Status, tuple[int, ...]]:
    """Return how a contract stands on a day, and the events by which what it rests on has ended.

    A sublicence falls with its head, or with the head grant alone, unless it lives on as a direct
    licence. Raises `TooMany`.
    """
    here: Contract | None = contract
    for _tier in range(TIERS_MAX):
        assert here is not None, "the way up ends before"
        status = status_on(here, day)
        if status in OVER:
            return status, ()
        if ends := _ends_of_rights(view, here, day, known, law):
            return "right_ended", ends
        above = _head_it_needs(view, here, known)
        if above is None:
            return status_on(contract, day), ()
        if ended := _ended_alone(above, str(here.head), day):
            return "terminated", ended
        here = above
    raise TooMany(
        f"more than {TIERS_MAX} tiers of sublicences lie above {contract.terms_event.contract}"
    )


def _head_it_needs(view: View, contract: Contract, known: Known) -> Contract | None:
    """Return the contract above, with which this one falls, if there is one."""
    if contract.head is None:
        return None
    above, _, name = contract.head.partition("#")
    head = folded(above, events_of(view, above, known))
    granted = [] if head is None else [g for g in _all_grants(head) if g.grant == name]
    return None if granted and granted[-1].direct_licence else head


def _all_grants(contract: Contract) -> Iterator[Grant]:
    """Yield the grants of a contract in the order in which they were agreed, ended ones too."""
    yield from contract.first.grants
    for change in contract.changes:
        yield from change.changes.grants


def _ended_alone(head: Contract, ref: str, day: date) -> tuple[int, ...]:
    """Return the change by which a head grant ended by a day, while its contract runs on."""
    name = ref.partition("#")[2]
    if any(grant.grant == name for grant in head.terms_on(day).grants):
        return ()
    return tuple(
        change.position
        for change in head.changes
        if change.effective_from is not None
        and change.effective_from <= day
        and name in change.changes.grants_ended
    )


TIERS_MAX = 200
"""Tiers of sublicences that an answer climbs at most."""


OVER: frozenset[Status] = frozenset({"terminated", "expired", "right_ended", "void"})
"""How a contract stands under which nothing more is used."""


def _ends_of_rights(
    view: View, contract: Contract, day: date, known: Known, law: Law
) -> tuple[int, ...]:
    """Return the events by which all rights ended that a contract grants; none while one has not.

    What is licensed with know-how lives on without the right.
    """
    grants = contract.terms_on(day).grants
    rights = sorted({right for grant in grants for right in grant.rights})
    if not rights or any(grant.technologies for grant in grants):
        return ()
    rows = status_rows(view, rights, day, known)
    found = [rights_status_on(right, day, rows.get(right, ()), law) for right in rights]
    if any(each.status not in ENDED for each in found):
        return ()
    return tuple(sorted({position for each in found for position in each.positions}))


def status_on(contract: Contract, day: date) -> Status:
    """Return how a contract stands on a day, as known: the first of these that is so."""
    start, rest, voided = contract.in_force_from, contract.suspended, contract.voided
    said: tuple[tuple[Status, bool], ...] = (
        ("void", voided is not None and voided.start <= day),
        ("terminated", contract.ended is not None and contract.ended <= day),
        ("expired", contract.newest.runs_to is not None and contract.newest.runs_to <= day),
        (_AWAITING.get(contract.terms_event.effective_upon, "concluded"), start is None),
        ("concluded", start is not None and day < start),
        ("suspended", rest is not None and rest.holds(day)),
    )
    return next((status for status, so in said if so), "in_force")


_AWAITING: Mapping[str, Status] = {
    "permit": "awaiting_permit",
    "registration": "awaiting_registration",
    "conditions": "awaiting_conditions",
}


def _clocks(contract: Contract, recorded: datetime) -> Clocks:
    said = contract.terms_event
    return Clocks(
        signed=tuple(sorted((each.party, each.on) for each in said.signed)),
        concluded=said.concluded_on,
        between_the_parties=contract.in_force_from,
        third_parties=contract.recorded,
        permitted=contract.permitted,
        registered=contract.registered,
        ended=contract.ended,
        sell_off_to=contract.sell_off_to,
        recorded=recorded,
    )


def _versions(rows: Sequence[EventBody]) -> Iterator[Version]:
    value = folded(rows[0].subject, rows) if rows else None
    if value is None:
        return
    by_position = {row.position: row for row in rows}
    first = by_position[value.position]
    yield _version(1, first, value.effective_from, value.effective_from, ())
    for change in value.changes:
        row = by_position[change.position]
        named = change.changes.model_fields_set - {"grants", "grants_ended"}
        grants = {f"grants/{grant.grant}" for grant in change.changes.grants}
        grants.update(f"grants/{name}" for name in change.changes.grants_ended)
        members = tuple(sorted(named | grants))
        yield _version(change.version, row, change.agreed_from, change.effective_from, members)


def _version(
    number: int, row: EventBody, agreed: date, effective: date | None, members: tuple[str, ...]
) -> Version:
    return Version(
        number,
        row.type,
        row.position,
        row.accepted,
        row.payload_hash,
        row.signers,
        agreed,
        effective,
        members,
    )


def _nth(contract: Contract, version: int) -> Terms:
    terms = contract.first
    for change in contract.changes[: version - 1]:
        terms = changed(terms, change.changes)
    return terms


def _differing(before: Terms, after: Terms) -> Iterator[tuple[str, Any, Any]]:
    old, new = _members(before), _members(after)
    for member in sorted(old.keys() | new.keys()):
        if old.get(member) != new.get(member):
            yield member, old.get(member), new.get(member)


def _members(terms: Terms) -> dict[str, Any]:
    said = terms.model_dump(mode="json")
    grants = {f"grants/{grant['grant']}": grant for grant in said.pop("grants")}
    return {**said, **grants}
