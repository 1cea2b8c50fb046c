"""
What the orders of a forum do to the subjects that they are on.

A hold is kept with what it holds, under the order's ref, until it is lifted. A deed that is void
from a day on ends there: its grants, those below them, its lien. Title that an assignment moved
goes back as far as the assignees still have it.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from rpds import HashTrieMap

from ledger.domain.contracts.agreed_share import Share
from ledger.domain.contracts.contract import Contract
from ledger.domain.core.court_hold import Hold, Holds, voided_from
from ledger.domain.core.court_order import OfDispute, Order, kind_of
from ledger.domain.core.event import Logged
from ledger.domain.market.listing import Listing
from ledger.domain.rights.estate import E, ended_from
from ledger.domain.rights.moving import undone
from ledger.domain.rights.right import Right, without_lien
from ledger.domain.rights.security import Security, charging
from ledger.domain.rights.technology import Technology
from ledger.domain.rights.title import Assignment


def concerned_by(deed: object) -> frozenset[str]:
    """Return what a deed concerns: all of it is named where it is declared void."""
    match deed:
        case Contract():
            return deed.objects()
        case Assignment():
            return deed.rights
        case Security():
            return frozenset(deed.creditors)
        case _:
            return frozenset()


def _held(holds: Holds, body: OfDispute, logged: Logged, subject: str) -> Holds:
    """Return the holds on a subject after an event of a dispute."""
    gone, begun = _lifted_and_begun(body, logged, subject)
    return {ref: hold for ref, hold in holds.items() if ref not in gone} | begun


def _frozen(right: Right, body: OfDispute, logged: Logged, subject: str) -> Right:
    gone, begun = _lifted_and_begun(body, logged, subject)
    frozen = right.frozen.update(begun)
    for ref in gone - begun.keys():
        frozen = frozen.discard(ref)
    return replace(right, frozen=frozen)


def _lifted_and_begun(
    body: OfDispute, logged: Logged, subject: str
) -> tuple[set[str], dict[str, Hold]]:
    gone = {f"{body.dispute}#{lift.order}" for lift in body.lifted() if subject in lift.on}
    begun = {
        f"{body.dispute}#{order.order}": Hold(logged.position, order.start, order.end, order.party)
        for order in body.ordered()
        if subject in order.on and order.event is None
    }
    return gone, begun


def _voiding(body: OfDispute, subject: str) -> tuple[Order, ...]:
    return tuple(
        order for order in body.ordered() if order.event is not None and subject in order.on
    )


def _holdable(
    body: OfDispute, logged: Logged, value: Contract | Share, subject: str
) -> Contract | Share:
    value = replace(value, holds=_held(value.holds, body, logged, subject))
    for order in _voiding(body, subject):
        value = replace(value, voided=voided_from(value.voided, logged.position, order.start))
    return value


def _listing(body: OfDispute, logged: Logged, value: Listing, subject: str) -> Listing:
    return replace(value, holds=_held(value.holds, body, logged, subject))


def _assignment(body: OfDispute, logged: Logged, value: Assignment, subject: str) -> Assignment:
    for order in _voiding(body, subject):
        value = replace(value, voided=voided_from(value.voided, logged.position, order.start))
    return value


def _security(body: OfDispute, logged: Logged, value: Security, subject: str) -> Security:
    """Return the security, with no creditor left on any right."""
    if not _voiding(body, subject):
        return value
    return replace(
        value,
        creditors=charging(value.creditors, ()),
        ended=HashTrieMap(dict.fromkeys(value.creditors, logged.position)),
    )


def _right(body: OfDispute, logged: Logged, value: Right, subject: str) -> Right:
    value = _frozen(value, body, logged, subject)
    for order in _voiding(body, subject):
        (deed,) = order.deeds()
        value = _VOIDED[kind_of(deed)](value, deed, order.start, logged)
    return value


def _technology(body: OfDispute, logged: Logged, value: Technology, subject: str) -> Technology:
    for order in _voiding(body, subject):
        (deed,) = order.deeds()
        value = _without_grants(value, deed, order.start, logged)
    return value


def _without_grants(thing: E, contract: str, start: date, logged: Logged) -> E:
    """Return the thing after a contract's grants, and those below them, ended on a day."""
    del logged
    return ended_from(thing, {grant.ref for grant in thing.grants.of(contract)}, start)


def _without_assignment(right: Right, assignment: str, start: date, logged: Logged) -> Right:
    """Return the right after title went back, as far as the assignees still have it."""
    del start
    return undone(right, assignment, logged)


def _without_security(right: Right, security: str, start: date, logged: Logged) -> Right:
    del start, logged
    return without_lien(right, security)


_VOIDED: Mapping[str, Callable[[Right, str, date, Logged], Right]] = {
    "contract": _without_grants,
    "security": _without_security,
    "assignment": _without_assignment,
}

EFFECTS: Mapping[str, Callable[[OfDispute, Logged, Any, str], Any]] = {
    "contract": _holdable,
    "share": _holdable,
    "listing": _listing,
    "assignment": _assignment,
    "security": _security,
    "right": _right,
    "technology": _technology,
}
"""How an event of a dispute folds into each kind of subject that orders are on."""
