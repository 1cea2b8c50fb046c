"""
How shares of a title move: by a deed with effect, by the register, and back.

What is given is what is taken, and owners' fractions add up to 1 after every step. Which deeds may
move them is said in `title`, `assignment` and `order_effects`.
"""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from ledger.domain.core.event import Logged
from ledger.domain.core.types import legal_day
from ledger.domain.rights.encumbrances import PendingAssignment
from ledger.domain.rights.fraction import fitted
from ledger.domain.rights.right import Right, debts_passed


def moved(
    right: Right, given: Mapping[str, Fraction], taken: Mapping[str, Fraction], logged: Logged
) -> Right:
    """Return the right after an event moved shares; what is given is what is taken.

    They are rounded if they must be (`fitted`). A party that is left with nothing is a former owner
    from then on. Nothing given, nothing moves.
    """
    given, taken = fitted(right.owners, given, taken)
    if not any(given.values()):
        return right
    owners, former = right.owners, right.former
    for party, share in given.items():
        owners = owners.insert(party, owners[party] - share)
    for party, share in taken.items():
        owners = owners.insert(party, owners.get(party, Fraction(0)) + share)
    for party in given:
        if not owners[party]:
            owners = owners.remove(party)
            former = former.insert(party, logged.position)
    return replace(
        right,
        owners=owners,
        former=former,
        liens=debts_passed(right.liens, given, taken),
        titled=logged.position,
        titled_on=legal_day(logged.accepted),
    )


def passed_on(
    right: Right, given: Mapping[str, Fraction], taken: Mapping[str, Fraction], logged: Logged
) -> Right:
    """Return the right after shares moved as far as the givers have them.

    What a register or a ruling says stands even where somebody owns less by now: they give what
    they still have, and the others take that in proportion.
    """
    nothing = Fraction(0)
    there = {
        party: min(share, right.owners[party])
        for party, share in given.items()
        if party in right.owners
    }
    part = sum(there.values(), nothing) / sum(taken.values(), nothing)
    return moved(right, there, {party: share * part for party, share in taken.items()}, logged)


def registered(right: Right, assignment: str, logged: Logged) -> Right:
    """Return the right after an agreed assignment was registered.

    The register has the last word, also on an assignment that was refused or rescinded before.
    """
    terms = right.pending.get(assignment) or right.settled.get(assignment)
    if terms is None:
        return right
    right = _waits_no_more(right, assignment, replace(terms, effective=True))
    return right if terms.effective else passed_on(right, terms.given, terms.taken, logged)


def left_unregistered(right: Right, assignment: str) -> Right:
    """Return the right after an office refused an assignment, which moves no title either way."""
    waiting = right.pending.get(assignment)
    return right if waiting is None else _waits_no_more(right, assignment, waiting)


def given_up(right: Right, assignment: str, logged: Logged) -> Right:
    """Return the right after the parties rescinded an assignment that waited."""
    return undone(right, assignment, logged) if assignment in right.pending else right


def undone(right: Right, assignment: str, logged: Logged) -> Right:
    """Return the right after an assignment lost its effect, whether it waited or was registered.

    Title that has passed goes back, as far as the takers still have it.
    """
    terms = right.pending.get(assignment) or right.settled.get(assignment)
    if terms is None:
        return right
    right = _waits_no_more(right, assignment, replace(terms, effective=False))
    return passed_on(right, terms.taken, terms.given, logged) if terms.effective else right


def _waits_no_more(right: Right, assignment: str, terms: PendingAssignment) -> Right:
    return replace(
        right,
        pending=right.pending.discard(assignment),
        priorities=right.priorities.discard(assignment),
        settled=right.settled.insert(assignment, terms),
    )
