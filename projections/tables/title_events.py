"""
The table of title: which fraction of a right a party has, from and to which days, by which event.

An assignment of a right that exists by registration has no effect before it is registered (IP Law
art. 148(1)). Other rights, `BY_AGREEMENT`, pass between the parties as agreed; everybody else may
rely on the register. What another register holds has effect between its parties from the day each
assignor signed, against third parties from the day that office recorded it. A ruling that an
assignment is void gives title back from the day that it names, for everybody.

The owners on record last are those of `ledger.domain.rights.right.Right`: a test holds the two
together.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.core.court_order import kind_of
from ledger.domain.core.event import Logged
from ledger.domain.disputes.ruling import RulingMade
from ledger.domain.rights.assignment import AssignmentRefused, AssignmentRescinded, PriorityNoted
from ledger.domain.rights.conveyance import OF_LIENS, ConveyanceAttested
from ledger.domain.rights.enforcement import SecurityEnforced
from ledger.domain.rights.fraction import fitted
from ledger.domain.rights.right import Holding, RightFiled
from ledger.domain.rights.title import BY_AGREEMENT, AssignmentRegistered
from projections.engine.bitemporal import UNRECORDED, Change, Dated, Effect, box_of, open_box
from projections.engine.indexed_rows import IndexedRows
from projections.engine.projection import Exact, On, Projection, Tells
from projections.tables.dispute_events import VOIDS_NOTHING

EFFECTS: tuple[Effect, ...] = ("parties", "third_parties")

RowEffect = Literal["parties", "third_parties", "agreed", "registered", "refused", "ended"]

_NOTHING = Fraction(0)

# Few fractions are in use, and making one costs more than folding a row.
_fraction = lru_cache(maxsize=4096)(Fraction)


@dataclass(frozen=True, slots=True)
class TitleRow(Dated):
    """A row of `read.title`: a party's fraction `share_n/share_d` of the whole title of a right.

    `by` names what gave it: the right itself (its filing), an assignment, a conveyance, or a
    security that was enforced. Rows with another effect are the terms of an assignment, negative
    for what a party gives: `agreed` while it waits, then `registered`, `ended`, or `refused` for
    what passed by agreement; `kept_until` is the last day of its priority notice.
    """

    effect: RowEffect
    party: str
    share_n: Exact
    share_d: Exact
    by: str
    right_kind: str
    kept_until: date | None

    @property
    def share(self) -> Fraction:
        """Return the fraction."""
        return _fraction(self.share_n, self.share_d)


Rows = IndexedRows[TitleRow]
Held = tuple[TitleRow, ...]


def _group(row: TitleRow) -> str:
    """Return what tells rows apart: shares by their effect, terms by their assignment."""
    return row.effect if row.effect in EFFECTS else row.by


def _filed(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RightFiled)
    change = Change(logged, body.filed_on, body.filed_on)
    return rows.plus(
        _row(right, change, effect, holding.party, holding.share, by=right, kind=body.kind)
        for effect in EFFECTS
        for holding in body.owners
    )


def _row(  # noqa: PLR0913  (a row has this many columns)
    right: str,
    change: Change,
    effect: RowEffect,
    party: str,
    share: Fraction,
    *,
    by: str,
    kind: str,
    kept_until: date | None = None,
) -> TitleRow:
    terms = (effect, party, share.numerator, share.denominator, by, kind, kept_until)
    return TitleRow(right, *open_box(change), *terms)


def _agreed(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, AssignmentAgreed)
    if not rows:
        return rows
    kind = rows[0].right_kind
    change = Change(logged, body.agreed_on, UNRECORDED)
    terms = tuple(
        _row(right, change, "agreed", party, share, by=body.assignment, kind=kind)
        for party, share in (*_signed(body.assignors, -1), *_signed(body.assignees, 1))
    )
    if kind in BY_AGREEMENT:
        rows = _moved_as_agreed(rows, terms, change, "parties")
    return rows.plus(terms)


def _signed(holdings: Iterable[Holding], sign: int) -> Iterable[tuple[str, Fraction]]:
    return ((holding.party, sign * holding.share) for holding in holdings)


def _registered(right: str, rows: Rows, logged: Logged) -> Rows:
    """Return the rows after a registration: it has the last word, also on what had ended."""
    body = logged.event.body
    assert isinstance(body, AssignmentRegistered)
    terms = rows.believed(body.assignment)
    if not terms or terms[0].effect == "registered":
        return rows
    rows = _now(rows, terms, "registered", right, Change(logged, terms[0].true_from, UNRECORDED))
    if terms[0].right_kind not in BY_AGREEMENT or terms[0].effect == "ended":
        change = Change(logged, body.effective_on, body.registered_on)
        rows = _moved_as_agreed(rows, terms, change, "parties")
    opposable_on = max(body.effective_on, body.registered_on)
    change = Change(logged, opposable_on, body.registered_on)
    return _moved_as_agreed(rows, terms, change, "third_parties")


def _noted(right: str, rows: Rows, logged: Logged) -> Rows:
    """Return the rows after a priority notice: what waits says until when it is kept."""
    body = logged.event.body
    assert isinstance(body, PriorityNoted)
    terms = _waiting(rows, body.assignment)
    if not terms:
        return rows
    return _now(
        rows, terms, "agreed", right, Change(logged, terms[0].true_from, UNRECORDED), body.until
    )


def _refused(right: str, rows: Rows, logged: Logged) -> Rows:
    """Return the rows after an office refused: what waited waits no more, and nothing moves."""
    body = logged.event.body
    assert isinstance(body, AssignmentRefused)
    terms = _waiting(rows, body.assignment)
    if not terms:
        return rows
    effect: RowEffect = "refused" if terms[0].right_kind in BY_AGREEMENT else "ended"
    return _now(rows, terms, effect, right, Change(logged, body.refused_on, UNRECORDED))


def _rescinded(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, AssignmentRescinded)
    terms = _waiting(rows, body.assignment)
    return (
        _undone(right, rows, terms, Change(logged, body.rescinded_on, UNRECORDED))
        if terms
        else rows
    )


def _waiting(rows: Rows, assignment: str) -> Held:
    """Return the terms of an assignment that waits; nothing of another."""
    terms = rows.believed(assignment)
    return terms if terms and terms[0].effect == "agreed" else ()


def _ruled(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RulingMade)
    for order in body.orders:
        if order.event is None or right not in order.on:
            continue
        terms = rows.believed(order.deeds()[0])
        if terms and terms[0].effect != "ended":
            rows = _undone(right, rows, terms, Change(logged, order.start, UNRECORDED))
    return rows


def _undone(right: str, rows: Rows, terms: Held, change: Change) -> Rows:
    """Return the rows after an assignment lost its effect: what passed by it goes back."""
    rows = _now(rows, terms, "ended", right, change)
    back = tuple(_row_of(row, -row.share) for row in terms)
    if terms[0].effect == "registered":
        rows = _moved_as_agreed(rows, back, change, "third_parties")
        return _moved_as_agreed(rows, back, change, "parties")
    if terms[0].right_kind in BY_AGREEMENT:
        return _moved_as_agreed(rows, back, change, "parties")
    return rows


def _row_of(row: TitleRow, share: Fraction) -> TitleRow:
    terms = (row.effect, row.party, share.numerator, share.denominator, row.by, row.right_kind)
    return TitleRow(*box_of(row), *terms, None)


def _now(
    rows: Rows,
    terms: Held,
    effect: RowEffect,
    right: str,
    change: Change,
    kept_until: date | None = None,
) -> Rows:
    """Return the rows after the terms of an assignment are of another effect, or are kept."""
    return rows.end(terms[0].by, change.logged).plus(
        _row(
            right,
            change,
            effect,
            row.party,
            row.share,
            by=row.by,
            kind=row.right_kind,
            kept_until=kept_until,
        )
        for row in terms
    )


def _enforced(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, SecurityEnforced)
    if not rows:
        return rows
    effective = Change(logged, body.effective_on, body.registered_on)
    terms = tuple(
        _row(
            right, effective, "registered", party, share, by=body.security, kind=rows[0].right_kind
        )
        for party, share in (*_signed(body.owners, -1), *_signed(body.acquirers, 1))
    )
    rows = _moved_as_agreed(rows, terms, effective, "parties")
    opposable_on = max(body.effective_on, body.registered_on)
    opposable = Change(logged, opposable_on, body.registered_on)
    return _moved_as_agreed(rows, terms, opposable, "third_parties")


def _moved_as_agreed(rows: Rows, terms: Held, change: Change, effect: Effect) -> Rows:
    """Return the rows after shares moved as far as the givers have them (`title.passed_on`)."""
    giving = {row.party: -row.share for row in terms if row.share_n < 0}
    taking = {row.party: row.share for row in terms if row.share_n > 0}
    by = terms[0].by

    def move(held: Held) -> Held:
        owned = {row.party: row.share for row in held}
        given = {
            party: min(share, owned[party]) for party, share in giving.items() if party in owned
        }
        part = sum(given.values(), _NOTHING) / sum(taking.values(), _NOTHING)
        taken = {party: share * part for party, share in taking.items()}
        return _held_after(held, given, taken, by)

    return rows.revise(change, effect, move)


def _held_after(
    held: Held, given: Mapping[str, Fraction], taken: Mapping[str, Fraction], by: str
) -> Held:
    """Return a box's rows after shares moved, in order of the parties' ids."""
    given, taken = fitted({row.party: row.share for row in held}, given, taken)
    if not any(given.values()):
        return held
    after = {row.party: (row.share, row.by) for row in held}
    for party, share in given.items():
        owned, since = after.pop(party)
        if owned != share:
            after[party] = (owned - share, since)
    for party, share in taken.items():
        after[party] = (after[party][0] + share if party in after else share, by)
    box, effect, kind = box_of(held[0]), held[0].effect, held[0].right_kind
    return tuple(
        TitleRow(*box, effect, party, share.numerator, share.denominator, since, kind, None)
        for party, (share, since) in sorted(after.items())
    )


def _conveyed(right: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, ConveyanceAttested)
    del right
    for change, givers in _signed_in_turn(rows, body, logged):
        rows = _all_given(rows, change, givers, body, "parties")
    recorded = Change(logged, body.office_recorded_on, body.office_recorded_on)
    return _all_given(rows, recorded, _givers(rows, body), body, "third_parties")


def _signed_in_turn(
    rows: Rows, body: ConveyanceAttested, logged: Logged
) -> Iterable[tuple[Change, frozenset[str]]]:
    """Return from when to when it was which assignors that had signed."""
    givers = _givers(rows, body)
    signed = {assignor.party: assignor.executed_on for assignor in body.assignors}
    last = max(signed.values())
    days = sorted({signed.get(party, last) for party in givers})
    for day, until in pairwise((*days, None)):
        assert day is not None, "only the end is open"
        by_then = frozenset(party for party in givers if signed.get(party, last) <= day)
        yield Change(logged, day, body.office_recorded_on, until), by_then


def _givers(rows: Rows, body: ConveyanceAttested) -> frozenset[str]:
    """Return who gives: the assignors; in a correction, those to whom the corrected record gave."""
    if body.kind == "correction":
        takers = frozenset(row.party for row in rows if row.by == body.refers_to)
        if takers:
            return takers
    return body.givers()


def _all_given(
    rows: Rows, change: Change, givers: frozenset[str], body: ConveyanceAttested, effect: Effect
) -> Rows:
    """Return the rows after the givers gave all they owned, in equal parts, to the assignees."""

    def move(held: Held) -> Held:
        given = {row.party: row.share for row in held if row.party in givers}
        part = sum(given.values(), _NOTHING) / len(body.assignees)
        return _held_after(held, given, dict.fromkeys(body.assignees, part), body.conveyance)

    return rows.revise(change, effect, move)


_OfRights = (
    AssignmentAgreed
    | PriorityNoted
    | AssignmentRegistered
    | AssignmentRefused
    | AssignmentRescinded
    | SecurityEnforced
)


def _the_right(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, RightFiled)
    return (body.right,)


def _rights(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, _OfRights)
    return body.rights


def _ruled_rights(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, RulingMade)
    voided = {
        subject
        for order in body.orders
        if order.event is not None and kind_of(order.deeds()[0]) == "assignment"
        for subject in order.on
        if kind_of(subject) == "right"
    }
    return sorted(voided)


def _conveyed_rights(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, ConveyanceAttested)
    return () if body.kind in OF_LIENS or body.kind == "security" else body.rights


def _on(
    keys: Callable[[Logged], Iterable[str]], fold: Callable[[str, Rows, Logged], Rows]
) -> On[TitleRow]:
    """Return what an event does to rows on a shelf."""
    return On(keys, lambda right, rows, logged: fold(right, IndexedRows.of(rows, _group), logged))


title = Projection(
    name="title",
    version=4,
    row=TitleRow,
    on={
        RightFiled: _on(_the_right, _filed),
        AssignmentAgreed: _on(_rights, _agreed),
        PriorityNoted: _on(_rights, _noted),
        AssignmentRegistered: _on(_rights, _registered),
        AssignmentRefused: _on(_rights, _refused),
        AssignmentRescinded: _on(_rights, _rescinded),
        SecurityEnforced: _on(_rights, _enforced),
        RulingMade: _on(_ruled_rights, _ruled),
        ConveyanceAttested: _on(_conveyed_rights, _conveyed),
    },
    indexes=(("party",),),
    tells={
        "right": Tells(
            ("kind", "owners", "former", "titled", "pending", "priorities", "settled"),
            rest="status",
            unaffected_by=VOIDS_NOTHING,
        ),
        "assignment": Tells(
            ("rights", "assignors", "assignees", "settled", "voided"),
            {"chain": ("position",)},
            unaffected_by=VOIDS_NOTHING,
        ),
    },
)
