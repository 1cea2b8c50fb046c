"""
Fractions against a naive model, written apart: after every event owners are who it says, and whole.

The model keeps a list of what was agreed and a plain dictionary of shares. It knows only this: a
share moves when a register says so, or at once where no register is needed; who has less by then
gives what there is.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from hypothesis import event, settings
from hypothesis import given as for_all
from hypothesis import strategies as st

from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.core.body import Body
from ledger.domain.rights.fraction import common_denominator
from tests.support.builders import (
    ASSIGNMENT,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    THIRD,
    assignment_agreed,
    assignment_registered,
    hash_of,
    right_filed,
    security_created,
)
from tests.support.conveyances import conveyance_attested, executed
from tests.support.disputes import court_registered, dispute_opened, order, ruling_made
from tests.support.specification import Past, given
from tests.support.titles import assignment_refused, assignment_rescinded, security_enforced

PARTIES = (INSTITUTE, FIRM, RIVAL, THIRD)
NOTHING = Fraction(0)

Shares = dict[str, Fraction]


@dataclass
class Naive:
    """Who owns what, the slow way."""

    owners: Shares
    at_once: bool
    terms: dict[str, tuple[Shares, Shares]] = field(default_factory=dict)
    state: dict[str, str] = field(default_factory=dict)

    def pass_on(self, given_by: Mapping[str, Fraction], taken_by: Mapping[str, Fraction]) -> None:
        there = {
            party: min(share, self.owners.get(party, NOTHING)) for party, share in given_by.items()
        }
        part = sum(there.values(), NOTHING) / sum(taken_by.values(), NOTHING)
        for party, share in there.items():
            self.owners[party] = self.owners.get(party, NOTHING) - share
        for party, share in taken_by.items():
            self.owners[party] = self.owners.get(party, NOTHING) + share * part
        self.owners = {party: share for party, share in self.owners.items() if share}

    def agreed(self, name: str, gives: Shares, takes: Shares) -> None:
        self.terms[name], self.state[name] = (gives, takes), "waits"
        if self.at_once:
            self.pass_on(gives, takes)

    def registered(self, name: str) -> None:
        gives, takes = self.terms[name]
        passed = self.state[name] == "registered" or (self.state[name] != "ended" and self.at_once)
        self.state[name] = "registered"
        if not passed:
            self.pass_on(gives, takes)

    def refused(self, name: str) -> None:
        if self.state[name] == "waits":
            self.state[name] = "refused" if self.at_once else "ended"

    def ended(self, name: str, *, void: bool) -> None:
        gives, takes = self.terms[name]
        state = self.state[name]
        if state == "ended" or (state != "waits" and not void):
            return
        self.state[name] = "ended"
        if state == "registered" or self.at_once:
            self.pass_on(takes, gives)


@dataclass
class Walk:
    """A log and the model beside it; a step that a rule refuses leaves both as they were."""

    log: Past
    model: Naive
    bodies: dict[str, AssignmentAgreed] = field(default_factory=dict)
    number: int = 0

    def admitted(self, body: Body) -> bool:
        attempt = self.log.when(body)
        if attempt.refusal is None:
            self.log = attempt.then_admitted()
        return attempt.refusal is None

    def agree(self, gives: Shares, takes: Shares, _name: str) -> None:
        body = assignment_agreed(
            assignment=f"{ASSIGNMENT}{self.number}",
            assignors=holdings(gives),
            assignees=holdings(takes),
            agreed_on="2026-11-02",
            ground="gift",
        )
        if self.admitted(body):
            self.bodies[body.assignment] = body
            self.model.agreed(body.assignment, gives, takes)

    def enforce(self, gives: Shares, takes: Shares, _name: str) -> None:
        body = security_enforced(owners=holdings(gives), acquirers=holdings(takes))
        assert self.admitted(body), "the State's word stands"
        self.model.pass_on(gives, takes)

    def convey(self, gives: Shares, takes: Shares, _name: str) -> None:
        record = conveyance_attested(
            f"{self.number}-1",
            assignors=executed(*gives),
            assignees=list(takes),
            office_recorded_on="2026-11-02",
        )
        if self.admitted(record):
            all_of_it = {party: self.model.owners[party] for party in gives}
            self.model.pass_on(all_of_it, dict.fromkeys(takes, Fraction(1)))

    def register(self, _gives: Shares, _takes: Shares, name: str) -> None:
        assert self.admitted(assignment_registered(assignment=name)), "the State's word stands"
        self.model.registered(name)

    def refuse(self, _gives: Shares, _takes: Shares, name: str) -> None:
        assert self.admitted(assignment_refused(assignment=name)), "the State's word stands"
        self.model.refused(name)

    def rescind(self, _gives: Shares, _takes: Shares, name: str) -> None:
        parties = sorted(self.bodies[name].parties())
        if self.admitted(assignment_rescinded(assignment=name, parties=parties)):
            self.model.ended(name, void=False)

    def void(self, _gives: Shares, _takes: Shares, name: str) -> None:
        dispute = f"dispute:{self.number}"
        deed = hash_of(self.bodies[name])
        voiding = order("DECLARE_VOID", name, RIGHT, event=deed, start="2026-11-02")
        opened = self.admitted(dispute_opened(dispute, concerns=[name]))
        if opened and self.admitted(ruling_made(dispute, orders=[voiding])):
            self.model.ended(name, void=True)


def holdings(shares: Shares) -> list[dict[str, Any]]:
    return [{"party": party, "share": share} for party, share in shares.items()]


OF_ONE = ("register", "register", "refuse", "rescind", "void")
STEPS = st.tuples(
    st.sampled_from(("agree", "agree", "agree", "enforce", "convey", *OF_ONE)),
    st.sampled_from(PARTIES),
    st.lists(st.sampled_from(PARTIES), min_size=1, max_size=2, unique=True),
    st.builds(Fraction, st.integers(1, 5), st.sampled_from((5, 6, 7))),
    st.integers(0, 5),
)


@settings(max_examples=120, deadline=None)
@for_all(st.sampled_from(("invention", "software")), st.lists(STEPS, max_size=15))
def test_owners_are_those_of_the_naive_model_after_every_event(
    kind: str, steps: list[tuple[str, str, list[str], Fraction, int]]
) -> None:
    """Registered out of order, refused and then registered, void, enforced: the sum is always 1."""
    charged = security_created(forbids_assignment=False)
    log = given(right_filed(kind=kind), charged, court_registered())
    walk = Walk(log, Naive({INSTITUTE: Fraction(1)}, at_once=kind == "software"))
    for number, (step, giver, takers, share, which) in enumerate(steps):
        walk.number = number
        if step in OF_ONE and not walk.bodies:
            continue
        names = sorted(walk.bodies) or [""]
        takes = {party: share / len(takers) for party in takers}
        getattr(walk, step)({giver: share}, takes, names[which % len(names)])
        event(step)
        owners = dict(walk.log.value(RIGHT).owners)
        if common_denominator(walk.model.owners.values()) is None:
            return  # What follows is rounded: tests/unit/test_domain_fraction.py.
        assert walk.model.owners == owners
        assert 1 == sum(owners.values())
        assert all(part > 0 for part in owners.values())
