"""
Boxes on three axes say of every point what a plain replay says of that one point.

The replay here is the definition: go through the log in order; an event counts if it is known by
then, has effect by then and the office had recorded it by then. Boxes only save the going through.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from fractions import Fraction
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.domain.conveyance import OF_LIENS, ConveyanceAttested
from ledger.domain.event import Logged, legal_day
from ledger.domain.right import RightFiled, RightGranted, RightLapsed, RightRestored, lapse_on
from ledger.domain.security import SecurityCreated, SecurityReleased
from ledger.domain.title import AssignmentAgreed, AssignmentRegistered
from projections.axes import NEVER
from projections.liens import liens
from projections.status import status
from projections.title import AGREED_SUFFICES, title
from tests.support.histories import DAYS, FIRST_DAY, RIGHTS, random_history
from tests.support.projecting import rows_of, true_and_known, value_of

HISTORIES = st.builds(
    random_history,
    st.integers(0, 2**32).map(Random),
    st.integers(5, 40),
)
DAY = st.integers(-1, DAYS).map(lambda number: FIRST_DAY + timedelta(days=number))
OFFICE_DAY = DAY | st.just(NEVER)
EFFECT = st.sampled_from(("parties", "third_parties"))
LATER = date(2100, 1, 1)


def known_by(events: Iterable[Logged], at: int) -> list[Logged]:
    return [each for each in events if each.position <= at]


class Owners:
    """Who owns a right at one point: a day, an office day, an effect."""

    def __init__(self, right: str, day: date, office_day: date, effect: str) -> None:
        self.right, self.day, self.office_day, self.effect = right, day, office_day, effect
        self.kind = ""
        self.owners: dict[str, Fraction] = {}
        self.terms: dict[str, AssignmentAgreed] = {}
        self.takers: dict[str, set[str]] = {}

    def reaches(self, day: date, recorded: date, opposable: date | None) -> bool:
        if self.effect == "third_parties":
            return opposable is not None and opposable <= self.day and recorded <= self.office_day
        return day <= self.day and recorded <= self.office_day

    def apply(self, body: Any) -> None:
        match body:
            case RightFiled(right=self.right):
                self.kind = body.kind
                if self.reaches(body.filed_on, body.filed_on, body.filed_on):
                    self.owners = {holding.party: holding.share for holding in body.owners}
            case AssignmentAgreed() if self.right in body.rights:
                self.terms[body.assignment] = body
                if self.kind in AGREED_SUFFICES and self.effect == "parties":
                    self.assign(body, body.agreed_on, NEVER, None)
            case AssignmentRegistered() if self.right in body.rights:
                terms = self.terms.pop(body.assignment, None)
                by_then = self.kind in AGREED_SUFFICES and self.effect == "parties"
                if terms is not None and not by_then:
                    opposable = max(body.effective_on, body.registered_on)
                    self.assign(terms, body.effective_on, body.registered_on, opposable)
            case ConveyanceAttested() if self.right in body.rights:
                if body.kind not in {*OF_LIENS, "security"}:
                    self.convey(body)

    def assign(
        self, terms: AssignmentAgreed, day: date, recorded: date, opposable: date | None
    ) -> None:
        if not self.reaches(day, recorded, opposable):
            return
        asked = sum(holding.share for holding in terms.assignees)
        given = {
            holding.party: min(holding.share, self.owners.get(holding.party, Fraction(0)))
            for holding in terms.assignors
        }
        part = Fraction(sum(given.values()), asked)
        self.move(given, {taker.party: taker.share * part for taker in terms.assignees})

    def convey(self, body: ConveyanceAttested) -> None:
        last = max(assignor.executed_on for assignor in body.assignors)
        signed = {assignor.party: assignor.executed_on for assignor in body.assignors}
        givers = (body.kind == "correction" and self.takers.get(str(body.refers_to))) or signed
        given = {
            giver: self.owners[giver]
            for giver in givers
            if giver in self.owners
            and self.reaches(
                signed.get(giver, last), body.office_recorded_on, body.office_recorded_on
            )
        }
        part = sum(given.values(), Fraction(0)) / len(body.assignees)
        self.move(given, dict.fromkeys(body.assignees, part))

    def move(self, given: dict[str, Fraction], taken: dict[str, Fraction]) -> None:
        for party, share in given.items():
            if party in self.owners:
                self.owners[party] -= share
        for party, share in taken.items():
            self.owners[party] = self.owners.get(party, Fraction(0)) + share
        self.owners = {party: share for party, share in self.owners.items() if share}


def replayed_owners(events: list[Logged], point: Owners) -> dict[str, Fraction]:
    for each in events:
        body = each.event.body
        point.apply(body)
        if isinstance(body, ConveyanceAttested) and point.right in body.rights:
            point.takers[body.conveyance] = set(body.assignees)
    return point.owners


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.sampled_from(RIGHTS), DAY, OFFICE_DAY, EFFECT, st.integers(0, 40))
def test_title_is_what_a_replay_of_the_point_says(events, right, day, office_day, effect, at):
    rows = rows_of(title, events)[right]
    found = [
        row
        for row in true_and_known(rows, day, at=at, office_day=office_day)
        if row.effect == effect
    ]
    point = Owners(right, day, office_day, effect)
    assert replayed_owners(known_by(events, at), point) == {row.party: row.share for row in found}


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.sampled_from(RIGHTS), DAY, OFFICE_DAY, EFFECT)
def test_shares_add_up_to_the_whole_wherever_there_are_any(events, right, day, office_day, effect):
    rows = true_and_known(rows_of(title, events)[right], day, office_day=office_day)
    shares = [row.share for row in rows if row.effect == effect]
    assert sum(shares) in {0, 1}


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.sampled_from(RIGHTS))
def test_the_last_title_is_that_of_the_domain(events, right):
    value: Any = value_of(right, events)
    rows = true_and_known(rows_of(title, events)[right], LATER)
    for effect in ("parties", "third_parties"):
        if effect == "parties" and value.kind in AGREED_SUFFICES:
            continue  # The domain waits for the register here as well.
        found = {row.party: row.share for row in rows if row.effect == effect}
        assert dict(value.owners) == found


def replayed_creditors(
    events: list[Logged], right: str, day: date, office_day: date, effect: str
) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for each in events:
        body: Any = each.event.body
        if right not in getattr(body, "rights", ()):
            continue
        match body:
            case SecurityCreated():
                if effect == "parties" and body.created_on <= day and office_day == NEVER:
                    found[body.security] = {body.creditor}
            case SecurityReleased() if body.security in found:
                known_on = max(body.released_on, legal_day(each.accepted))
                ends = body.released_on if effect == "parties" else known_on
                if ends <= day and office_day == NEVER:
                    found[body.security].discard(body.creditor)
            case ConveyanceAttested():
                signed = max(assignor.executed_on for assignor in body.assignors)
                starts = signed if effect == "parties" else body.office_recorded_on
                if starts > day or body.office_recorded_on > office_day:
                    continue
                if body.kind == "security":
                    found[body.conveyance] = set(body.assignees)
                elif body.kind in OF_LIENS and not found.get(body.refers_to, set()).isdisjoint(
                    body.givers()
                ):
                    taken = body.assignees if body.kind == "security_assignment" else ()
                    found[body.refers_to] = (found[body.refers_to] - body.givers()) | set(taken)
    return {lien: creditors for lien, creditors in found.items() if creditors}


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.sampled_from(RIGHTS), DAY, OFFICE_DAY, EFFECT, st.integers(0, 40))
def test_liens_are_what_a_replay_of_the_point_says(events, right, day, office_day, effect, at):
    found: dict[str, set[str]] = {}
    for lien, rows in rows_of(liens, events).items():
        for row in true_and_known(rows, day, at=at, office_day=office_day):
            if row.effect == effect and row.right == right:
                found.setdefault(lien, set()).add(row.creditor)
    expected = replayed_creditors(known_by(events, at), right, day, office_day, effect)
    assert expected == found


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.sampled_from(RIGHTS))
def test_the_last_liens_are_those_of_the_domain(events, right):
    value: Any = value_of(right, events)
    found: dict[str, set[str]] = {}
    for lien, rows in rows_of(liens, events).items():
        for row in true_and_known(rows, LATER):
            if row.effect == "parties" and row.right == right:
                found.setdefault(lien, set()).add(row.creditor)
    assert {lien: set(held.creditors) for lien, held in value.liens.items()} == found


@settings(max_examples=150, deadline=None)
@given(HISTORIES, st.sampled_from(RIGHTS), DAY, OFFICE_DAY, st.integers(0, 40))
def test_status_is_what_a_replay_of_the_point_says(events, right, day, office_day, at):
    granted, changes = False, []
    for each in known_by(events, at):
        body: Any = each.event.body
        if getattr(body, "right", None) != right:
            continue
        if isinstance(body, RightGranted):
            granted |= body.in_force_from <= day and body.granted_on <= office_day
        if isinstance(body, RightLapsed | RightRestored) and body.effective_from <= day:
            if body.published_on <= office_day:
                lapsed = isinstance(body, RightLapsed)
                changes.append((body.effective_from, each.position, lapsed))
    rows = rows_of(status, events)[right]
    for row in true_and_known(rows, day, at=at, office_day=office_day):
        assert granted is (row.granted_position is not None)
        assert (max(changes)[2] if changes else False) is row.lapsed


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.sampled_from(RIGHTS), DAY)
def test_what_lapsed_is_what_the_domain_says_lapsed(events, right, day):
    value: Any = value_of(right, events)
    rows = true_and_known(rows_of(status, events)[right], day)
    lapses = [row.changed_position for row in rows if row.lapsed]
    lapse = lapse_on(value, day) if day >= value.filed_on else None
    assert ([] if lapse is None else [lapse.position]) == lapses


@settings(max_examples=60, deadline=None)
@given(HISTORIES, st.integers(0, 40))
def test_what_was_known_stays_known_as_it_was(events, at):
    """Later events add to the past; they never change what it says."""
    for model in (title, liens, status):
        whole, part = rows_of(model, events), rows_of(model, known_by(events, at))
        for key, rows in whole.items():
            then = [row for row in rows if row.known_from <= at and (row.known_to or at + 1) > at]
            now = [row for row in part.get(key, ()) if row.known_to is None]
            assert {said(row) for row in now} == {said(row) for row in then}


def said(row: Any) -> tuple[Any, ...]:
    """Return a row but for the end of its being known."""
    values = [getattr(row, name) for name in row.__slots__ if not name.startswith("known_to")]
    box = (row.subject, row.true_from, row.true_to, row.office_from, row.office_to, row.known_from)
    return (*box, *values)
