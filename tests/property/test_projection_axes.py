"""
Boxes on three axes say of every point what a plain replay says of that one point.

The replay here is the definition: go through the log in order; an event counts if it is known by
then, has effect by then and the office had recorded it by then. Boxes only save the going through.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from fractions import Fraction
from functools import singledispatchmethod
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.core.body import Body
from ledger.domain.core.event import Logged
from ledger.domain.rights.assignment import AssignmentRefused, AssignmentRescinded
from ledger.domain.rights.conveyance import OF_LIENS, ConveyanceAttested
from ledger.domain.rights.enforcement import SecurityAssigned, SecurityEnforced, SecurityPerfected
from ledger.domain.rights.protection import lapse_on
from ledger.domain.rights.right import Holding, RightFiled
from ledger.domain.rights.right_status import RightGranted, RightLapsed, RightRestored
from ledger.domain.rights.security import SecurityCreated, SecurityReleased
from ledger.domain.rights.title import BY_AGREEMENT, AssignmentRegistered
from projections.engine.bitemporal import UNRECORDED
from projections.tables.liens import liens
from projections.tables.status import status
from projections.tables.title_events import title
from tests.support.histories import DAYS, FIRST_DAY, RIGHTS, random_history
from tests.support.projecting import rows_of, true_and_known, value_of

HISTORIES = st.builds(
    random_history, st.integers(0, 2**32).map(Random), st.integers(min_value=10, max_value=40)
)
KNOWN_AT = st.integers(5, 40)
ALL_DAYS = [FIRST_DAY + timedelta(days=number) for number in range(-1, DAYS + 1)]
LATER = date(2100, 1, 1)
NOTHING = Fraction(0)

by_right = pytest.mark.parametrize("right", RIGHTS)
by_effect = pytest.mark.parametrize("effect", ["parties", "third_parties"])


def known_by(events: Iterable[Logged], at: int) -> list[Logged]:
    return [each for each in events if each.position <= at]


def points(step: int = 1) -> Iterator[tuple[date, date]]:
    """Return pairs of a day and an office day."""
    return ((day, office) for day in ALL_DAYS for office in (*ALL_DAYS[::step], UNRECORDED))


@dataclass
class Point:
    """A day, what an office had recorded by a day, an effect: what counts there."""

    right: str
    day: date
    office_day: date
    effect: str

    def reached(self, day: date, recorded: date, opposable: date | None) -> bool:
        start = day if self.effect == "parties" else opposable
        return start is not None and start <= self.day and recorded <= self.office_day


@dataclass
class Owners(Point):
    """Who owns a right at a point."""

    kind: str = ""
    shares: dict[str, Fraction] = field(default_factory=dict)
    terms: dict[str, AssignmentAgreed] = field(default_factory=dict)
    takers: dict[str, set[str]] = field(default_factory=dict)
    states: dict[str, str] = field(default_factory=dict)

    def after(self, events: Sequence[Logged]) -> dict[str, Fraction]:
        for each in events:
            if self.right in each.event.subjects:
                self.apply(each.event.body)
        return self.shares

    @property
    def agreed_suffices(self) -> bool:
        return self.kind in BY_AGREEMENT and self.effect == "parties"

    @singledispatchmethod
    def apply(self, body: Body) -> None:
        """Do nothing: the event moves no title."""

    @apply.register
    def _filed(self, body: RightFiled) -> None:
        self.kind = body.kind
        if self.reached(body.filed_on, body.filed_on, body.filed_on):
            self.shares = {holding.party: holding.share for holding in body.owners}

    @apply.register
    def _agreed(self, body: AssignmentAgreed) -> None:
        self.terms[body.assignment] = body
        if self.agreed_suffices and self.reached(body.agreed_on, UNRECORDED, None):
            self.assign(body)

    @apply.register
    def _registered(self, body: AssignmentRegistered) -> None:
        terms = self.terms.get(body.assignment)
        opposable = max(body.effective_on, body.registered_on)
        reached = self.reached(body.effective_on, body.registered_on, opposable)
        state = self.states.get(body.assignment, "agreed")
        self.states[body.assignment] = "registered"
        passed = state == "registered" or (state != "ended" and self.agreed_suffices)
        if terms is not None and reached and not passed:
            self.assign(terms)

    @apply.register
    def _refused(self, body: AssignmentRefused) -> None:
        if self.states.get(body.assignment, "agreed") == "agreed":
            by_agreement = self.kind in BY_AGREEMENT
            self.states[body.assignment] = "refused" if by_agreement else "ended"

    @apply.register
    def _rescinded(self, body: AssignmentRescinded) -> None:
        if self.states.get(body.assignment, "agreed") != "agreed":
            return
        self.states[body.assignment] = "ended"
        terms = self.terms[body.assignment]
        if self.agreed_suffices and self.reached(body.rescinded_on, UNRECORDED, None):
            self.pass_on(terms.assignees, terms.assignors)

    @apply.register
    def _enforced(self, body: SecurityEnforced) -> None:
        opposable = max(body.effective_on, body.registered_on)
        if self.reached(body.effective_on, body.registered_on, opposable):
            self.pass_on(body.owners, body.acquirers)

    def assign(self, terms: AssignmentAgreed) -> None:
        self.pass_on(terms.assignors, terms.assignees)

    def pass_on(self, givers: Iterable[Holding], takers: Sequence[Holding]) -> None:
        asked = sum(holding.share for holding in takers)
        given = {
            holding.party: min(holding.share, self.shares.get(holding.party, NOTHING))
            for holding in givers
        }
        part = Fraction(sum(given.values()), asked)
        self.move(given, {taker.party: taker.share * part for taker in takers})

    @apply.register
    def _conveyed(self, body: ConveyanceAttested) -> None:
        if body.kind in {*OF_LIENS, "security"}:
            return
        signed = {assignor.party: assignor.executed_on for assignor in body.assignors}
        recorded, last = body.office_recorded_on, max(signed.values())
        givers: Iterable[str] = signed
        if body.kind == "correction":
            givers = self.takers.get(str(body.refers_to), givers)
        given = {
            giver: self.shares.get(giver, NOTHING)
            for giver in givers
            if self.reached(signed.get(giver, last), recorded, recorded)
        }
        part = sum(given.values(), NOTHING) / len(body.assignees)
        self.move(given, dict.fromkeys(body.assignees, part))
        self.takers[body.conveyance] = set(body.assignees)

    def move(self, given: dict[str, Fraction], taken: dict[str, Fraction]) -> None:
        after = dict(self.shares)
        for party, share in given.items():
            after[party] = after.get(party, NOTHING) - share
        for party, share in taken.items():
            after[party] = after.get(party, NOTHING) + share
        self.shares = {party: share for party, share in after.items() if share}


@by_right
@by_effect
@settings(max_examples=8, deadline=None)
@given(events=HISTORIES, at=KNOWN_AT)
def test_title_is_what_a_replay_of_the_point_says(right, effect, events, at):
    rows = [row for row in rows_of(title, events)[right] if row.effect == effect]
    known = known_by(events, at)
    for day, office_day in points():
        found = true_and_known(rows, day, at=at, office_day=office_day)
        expected = Owners(right, day, office_day, effect).after(known)
        assert expected == {row.party: row.share for row in found}
        assert sum(expected.values()) in {0, 1}


@by_right
@settings(max_examples=8, deadline=None)
@given(events=HISTORIES)
def test_the_last_title_is_that_of_the_domain(right, events):
    value: Any = value_of(right, events)
    rows = true_and_known(rows_of(title, events)[right], LATER)
    for effect in ("parties", "third_parties"):
        if effect == "third_parties" and value.kind in BY_AGREEMENT:
            continue  # The domain does not wait for the register here.
        found = {row.party: row.share for row in rows if row.effect == effect}
        assert dict(value.owners) == found


@dataclass
class Creditors(Point):
    """Whose liens weigh on a right at a point."""

    creditors: dict[str, set[str]] = field(default_factory=dict)
    ledgers: "Creditors | None" = None
    """What the ledger knows of the same day between the parties."""

    perfected: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        if (self.effect, self.office_day) != ("parties", UNRECORDED):
            self.ledgers = Creditors(self.right, self.day, UNRECORDED, "parties")

    def after(self, events: Sequence[Logged]) -> dict[str, set[str]]:
        for each in events:
            if self.right in each.event.subjects:
                if self.ledgers is not None:
                    self.ledgers.apply(each.event.body)
                self.apply(each.event.body)
        return {lien: creditors for lien, creditors in self.creditors.items() if creditors}

    @singledispatchmethod
    def apply(self, body: Body) -> None:
        """Do nothing: the event is about no lien."""

    @apply.register
    def _created(self, body: SecurityCreated) -> None:
        if self.reached(body.created_on, UNRECORDED, None):
            self.creditors[body.security] = {body.creditor}

    @apply.register
    def _perfected(self, body: SecurityPerfected) -> None:
        """From its day on the register knows what the ledger knows, and others are told."""
        day = body.registered_at.date()
        if body.security in self.perfected or self.ledgers is None:
            return
        self.perfected.add(body.security)
        known = day <= self.office_day
        if known and (self.effect == "parties" or day <= self.day):
            self.creditors[body.security] = set(self.ledgers.creditors.get(body.security, ()))

    @apply.register
    def _released(self, body: SecurityReleased) -> None:
        if self.reached(body.released_on, UNRECORDED, body.released_on):
            self.creditors.get(body.security, set()).discard(body.creditor)

    @apply.register
    def _assigned(self, body: SecurityAssigned) -> None:
        held = self.creditors.get(body.security, set())
        if self.reached(body.assigned_on, UNRECORDED, body.assigned_on) and body.creditor in held:
            self.creditors[body.security] = (held - {body.creditor}) | {body.new_creditor}

    @apply.register
    def _enforced(self, body: SecurityEnforced) -> None:
        opposable = max(body.effective_on, body.registered_on)
        if self.reached(body.effective_on, body.registered_on, opposable):
            self.creditors.pop(body.security, None)

    @apply.register
    def _conveyed(self, body: ConveyanceAttested) -> None:
        signed = max(assignor.executed_on for assignor in body.assignors)
        if not self.reached(signed, body.office_recorded_on, body.office_recorded_on):
            return
        if body.kind == "security":
            self.creditors[body.conveyance] = set(body.assignees)
        held = self.creditors.get(str(body.refers_to), set())
        if body.kind in OF_LIENS and not held.isdisjoint(body.givers()):
            taken = body.assignees if body.kind == "security_assignment" else ()
            self.creditors[str(body.refers_to)] = (held - body.givers()) | set(taken)


@by_right
@by_effect
@settings(max_examples=8, deadline=None)
@given(events=HISTORIES, at=KNOWN_AT)
def test_liens_are_what_a_replay_of_the_point_says(right, effect, events, at):
    known, table = known_by(events, at), rows_of(liens, events)
    for day, office_day in points(step=3):
        found: dict[str, set[str]] = {}
        for lien, rows in table.items():
            for row in true_and_known(rows, day, at=at, office_day=office_day):
                if row.effect == effect and row.charged == right:
                    found.setdefault(lien, set()).add(row.creditor)
        assert Creditors(right, day, office_day, effect).after(known) == found


@by_right
@settings(max_examples=8, deadline=None)
@given(events=HISTORIES)
def test_the_last_liens_are_those_of_the_domain(right, events):
    value: Any = value_of(right, events)
    found: dict[str, set[str]] = {}
    for lien, rows in rows_of(liens, events).items():
        for row in true_and_known(rows, LATER):
            if row.effect == "parties" and row.charged == right:
                found.setdefault(lien, set()).add(row.creditor)
    assert {lien: set(held.creditors) for lien, held in value.liens.items()} == found


@dataclass
class Standing(Point):
    """Whether a right is granted and whether it has lapsed at a point."""

    filed: bool = False
    granted: bool = False
    changes: list[tuple[date, int, bool]] = field(default_factory=list)

    def after(self, events: Sequence[Logged]) -> list[tuple[bool, bool]]:
        for each in events:
            if self.right in each.event.subjects:
                self.apply(each.event.body, each.position)
        lapsed = bool(self.changes) and max(self.changes)[2]
        return [(self.granted, lapsed)] if self.filed else []

    @singledispatchmethod
    def apply(self, body: Body, position: int) -> None:
        """Do nothing: the event changes no status."""

    @apply.register
    def _filed(self, body: RightFiled, _position: int) -> None:
        self.filed = self.reached(body.filed_on, body.filed_on, None)

    @apply.register
    def _granted(self, body: RightGranted, _position: int) -> None:
        self.granted |= self.reached(body.in_force_from, body.granted_on, None)

    @apply.register
    def _changed(self, body: RightLapsed | RightRestored, position: int) -> None:
        if self.reached(body.effective_from, body.published_on, None):
            self.changes.append((body.effective_from, position, isinstance(body, RightLapsed)))


@by_right
@settings(max_examples=8, deadline=None)
@given(events=HISTORIES, at=KNOWN_AT)
def test_status_is_what_a_replay_of_the_point_says(right, events, at):
    rows, known = rows_of(status, events)[right], known_by(events, at)
    for day, office_day in points():
        found = true_and_known(rows, day, at=at, office_day=office_day)
        expected = Standing(right, day, office_day, "parties").after(known)
        assert expected == [
            (row.granted_position is not None, row.outcome == "lapsed") for row in found
        ]


@by_right
@settings(max_examples=8, deadline=None)
@given(events=HISTORIES)
def test_what_lapsed_is_what_the_domain_says_lapsed(right, events):
    value: Any = value_of(right, events)
    rows = rows_of(status, events)[right]
    for day in ALL_DAYS:
        lapses = [
            row.changed_position for row in true_and_known(rows, day) if row.outcome == "lapsed"
        ]
        lapse = lapse_on(value, day) if day >= value.filed_on else None
        assert ([] if lapse is None else [lapse.position]) == lapses


@pytest.mark.parametrize("model", [title, liens, status], ids=lambda model: model.name)
@settings(max_examples=8, deadline=None)
@given(events=HISTORIES, at=KNOWN_AT)
def test_what_was_known_stays_known_as_it_was(model, events, at):
    """Later events add to the past; they never change what it says."""
    whole, part = rows_of(model, events), rows_of(model, known_by(events, at))
    for key, rows in whole.items():
        then = {said(row) for row in rows if row.known_from <= at < (row.known_to or 1000)}
        now = {said(row) for row in part.get(key, ()) if row.known_to is None}
        assert now == then
        assert all(row.known_from != row.known_to for row in rows)


def said(row: Any) -> tuple[Any, ...]:
    """Return a row but for when it ceased to be known."""
    names = (name for kind in type(row).__mro__ for name in getattr(kind, "__slots__", ()))
    return tuple(getattr(row, name) for name in names if not name.startswith("known_to"))
