"""
Which liens weighed on a right, on which day, as known when. Serves `GET /v1/rights/{id}/liens`.

A lien recorded in another register has effect between its parties from the day they signed, against
third parties from the day that office recorded it. One that only this ledger holds has effect
between its parties; against third parties a register perfects it (Civil Code art. 297). Those that
a register perfected come first, in the order of their registration (art. 308); the others follow.
The liens on record last are those of `ledger.domain.rights.right.Right`: a test holds the two
together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time

from ledger.domain.core.court_order import kind_of
from ledger.domain.core.event import Logged
from ledger.domain.core.types import HANOI, legal_day
from ledger.domain.disputes.ruling import RulingMade
from ledger.domain.rights.conveyance import OF_LIENS, ConveyanceAttested
from ledger.domain.rights.enforcement import SecurityAssigned, SecurityEnforced, SecurityPerfected
from ledger.domain.rights.security import SecurityCreated, SecurityReleased
from projections.engine.answer import Answer
from projections.engine.bitemporal import UNRECORDED, Change, Dated, Effect, end, open_box, revise
from projections.engine.projection import On, Projection, Tells
from projections.engine.view import (
    DATED,
    TRUE_ON,
    Known,
    KnownBy,
    View,
    bound_parameters,
    positions_of,
)
from projections.tables.basis import answering, told
from projections.tables.chain import OF_LIEN, ChainRow, chain, is_on_record, links
from projections.tables.dispute_events import VOIDS_NOTHING
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class LienRow(Dated):
    """A row of `read.liens`: a creditor of a security, the subject, on the right that it charges.

    `debtors` are those who charged it, no matter who has the title since. `secures` is None where
    the record does not say it.
    """

    effect: Effect
    charged: str
    creditor: str
    debtors: tuple[str, ...]
    secures: str | None
    forbids_assignment: bool
    created_position: int
    perfected_at: datetime | None
    perfected_position: int | None


Rows = tuple[LienRow, ...]

EFFECTS: tuple[Effect, ...] = ("parties", "third_parties")


@dataclass(frozen=True, slots=True)
class Lien:
    """A security on a right, from its first day under these creditors; `rank` counts from 1.

    `perfected_at` is when a register made it good against everybody, if by the day asked about.
    """

    rank: int
    security: str
    creditors: tuple[str, ...]
    debtors: tuple[str, ...]
    secures: str | None
    forbids_assignment: bool
    true_from: date
    perfected_at: datetime | None


@dataclass(frozen=True, slots=True)
class Liens(Answer):
    """The liens in force on a right on a day, in order of rank; folded up to `size` entries."""

    right: str
    true_on: date
    known_by: KnownBy
    effect: Effect
    size: int
    liens: tuple[Lien, ...]
    positions: tuple[int, ...]


def _created(security: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, SecurityCreated)
    change = Change(logged, body.created_on, UNRECORDED)
    fresh = (
        LienRow(
            security,
            *open_box(change),
            effect="parties",
            charged=right,
            creditor=body.creditor,
            debtors=tuple(sorted(body.debtors)),
            secures=body.secures,
            forbids_assignment=body.forbids_assignment,
            created_position=logged.position,
            perfected_at=None,
            perfected_position=None,
        )
        for right in body.rights
    )
    return (*rows, *fresh)


def _perfected(security: str, rows: Rows, logged: Logged) -> Rows:
    """Return the rows after a register entered the security: it knows it, and all may be told."""
    body = logged.event.body
    assert isinstance(body, SecurityPerfected)
    del security
    day, named = legal_day(body.registered_at), frozenset(body.rights)

    def enters(row: LienRow) -> bool:
        plain = row.effect == "parties" and row.perfected_at is None
        return plain and row.known_to is None and row.charged in named

    entered = tuple(
        replace(
            row,
            office_from=day,
            known_from=logged.position,
            known_from_at=logged.accepted,
            perfected_at=body.registered_at,
            perfected_position=logged.position,
        )
        for row in rows
        if enters(row)
    )
    opposable = tuple(
        replace(row, effect="third_parties", true_from=max(row.true_from, day))
        for row in entered
        if row.true_to is None or max(row.true_from, day) < row.true_to
    )
    return (*end(rows, logged, enters), *entered, *opposable)


def _released(security: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, SecurityReleased)
    del security
    change = Change(logged, body.released_on, UNRECORDED)
    return _everywhere(rows, change, body.rights, _passing(frozenset((body.creditor,)), ()))


def _assigned(security: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, SecurityAssigned)
    del security
    change = Change(logged, body.assigned_on, UNRECORDED)
    passing = _passing(frozenset((body.creditor,)), (body.new_creditor,))
    return _everywhere(rows, change, body.rights, passing)


def _enforced(security: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, SecurityEnforced)
    del security
    opposable_on = max(body.effective_on, body.registered_on)
    for effect, day in zip(EFFECTS, (body.effective_on, opposable_on), strict=True):
        change = Change(logged, day, body.registered_on)
        rows = revise(rows, change, _concerned(effect, body.rights), _nothing_left)
    return rows


def _ruled(security: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, RulingMade)
    for order in body.orders:
        if order.event is not None and security in order.on:
            rights = [subject for subject in order.on if kind_of(subject) == "right"]
            change = Change(logged, order.start, UNRECORDED)
            rows = _everywhere(rows, change, rights, _nothing_left)
    return rows


def _nothing_left(held: Rows) -> Rows:
    return () if held else held


def _everywhere(
    rows: Rows, change: Change, rights: Iterable[str], transform: Callable[[Rows], Rows]
) -> Rows:
    """Return the rows after a change that has effect between the parties and for everybody."""
    named = tuple(rights)
    for effect in EFFECTS:
        rows = revise(rows, change, _concerned(effect, named), transform)
    return rows


def _conveyed(subject: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, ConveyanceAttested)
    signed_on = max(assignor.executed_on for assignor in body.assignors)
    recorded_on = body.office_recorded_on
    changes: Sequence[tuple[Effect, Change]] = (
        ("parties", Change(logged, signed_on, recorded_on)),
        ("third_parties", Change(logged, recorded_on, recorded_on)),
    )
    if subject == body.conveyance:
        return (*rows, *(row for effect, on in changes for row in _charges(body, effect, on)))
    takers = body.assignees if body.kind == "security_assignment" else ()
    for effect, change in changes:
        concerned = _concerned(effect, body.rights)
        rows = revise(rows, change, concerned, _passing(body.givers(), takers))
    return rows


def _charges(body: ConveyanceAttested, effect: Effect, change: Change) -> Iterable[LienRow]:
    return (
        LienRow(
            body.conveyance,
            *open_box(change),
            effect=effect,
            charged=right,
            creditor=creditor,
            debtors=tuple(sorted(body.givers())),
            secures=None,
            forbids_assignment=False,
            created_position=change.logged.position,
            perfected_at=datetime.combine(body.office_recorded_on, time(), HANOI),
            perfected_position=change.logged.position,
        )
        for right in body.rights
        for creditor in sorted(body.assignees)
    )


def _concerned(effect: Effect, rights: Iterable[str]) -> Callable[[LienRow], bool]:
    named = frozenset(rights)
    return lambda row: row.effect == effect and row.charged in named


def _passing(givers: frozenset[str], takers: Iterable[str]) -> Callable[[Rows], Rows]:
    """Return what becomes of a box when creditors pass a security on or, nobody taking, free it."""
    taking = frozenset(takers)

    def pass_on(held: Rows) -> Rows:
        by_right: dict[str, list[LienRow]] = {}
        for row in held:
            by_right.setdefault(row.charged, []).append(row)
        after = tuple(row for rows in by_right.values() for row in _passed(rows, givers, taking))
        return held if set(after) == set(held) else after

    return pass_on


def _passed(
    rows: Sequence[LienRow], givers: frozenset[str], takers: frozenset[str]
) -> Iterable[LienRow]:
    """Return the creditors on one right after some passed the security on."""
    staying = [row for row in rows if row.creditor not in givers]
    if len(staying) == len(rows):
        return rows
    new = takers.difference(row.creditor for row in staying)
    return (*staying, *(replace(rows[0], creditor=taker) for taker in sorted(new)))


_OfSecurity = (
    SecurityCreated | SecurityPerfected | SecurityAssigned | SecurityReleased | SecurityEnforced
)


def _the_security(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, _OfSecurity)
    return (body.security,)


def _ruled_securities(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, RulingMade)
    deeds = (deed for order in body.orders if order.event is not None for deed in order.deeds())
    return sorted({deed for deed in deeds if kind_of(deed) == "security"})


def _the_lien(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, ConveyanceAttested)
    if body.kind == "security":
        return (body.conveyance,)
    return (body.refers_to,) if body.kind in OF_LIENS and body.refers_to is not None else ()


liens = Projection(
    name="liens",
    version=2,
    row=LienRow,
    on={
        SecurityCreated: On(_the_security, _created),
        SecurityPerfected: On(_the_security, _perfected),
        SecurityAssigned: On(_the_security, _assigned),
        SecurityReleased: On(_the_security, _released),
        SecurityEnforced: On(_the_security, _enforced),
        RulingMade: On(_ruled_securities, _ruled),
        ConveyanceAttested: On(_the_lien, _conveyed),
    },
    indexes=(("charged", "true_from"),),
    tells={
        "security": Tells(("position", "creditors", "ended"), unaffected_by=VOIDS_NOTHING),
    },
    besides={"its rank is of the lien on each right": (SecurityPerfected,)},
)


def liens_on(reader: Reader, right: str, *, true_on: date, effect: Effect = "parties") -> Liens:
    """Return the liens in force on a right on a legal day, from what was known.

    The positions are those of every known event about a lien on the right that has effect by then.
    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, liens, chain) as view:
        known = reader.as_of_either(view)
        asked = {"right": right, "effect": effect, "true_on": true_on, **bound_parameters(known)}
        rows = view.rows(
            liens,
            f"charged = %(right)s AND effect = %(effect)s AND {TRUE_ON} AND {DATED}",
            asked,
            order="true_from, subject, creditor",
        )
        proof = [
            link.position for link in links(view, right, known) if _bears(link, true_on, effect)
        ]
        found = gathered(rows, true_on)
        positions = positions_of(proof, proof_of(rows, known))
        answer = Liens(right, true_on, reader.known_by, effect, view.size, found, positions)
        return told(view, answer, known, right, recorded=is_on_record(view, right, known))


def standing_liens(view: View, right: str, true_on: date, known: Known) -> Rows:
    """Return the rows of the liens in force between their parties on a day, for `gathered`."""
    return view.rows(
        liens,
        f"charged = %(right)s AND effect = 'parties' AND {TRUE_ON} AND {DATED}",
        {"right": right, "true_on": true_on, **bound_parameters(known)},
        order="true_from, subject, creditor",
    )


def proof_of(rows: Iterable[LienRow], known: Known) -> tuple[int, ...]:
    """Return where liens were created and put in a register, as far as that was known."""
    made = positions_of(*((row.created_position, row.perfected_position) for row in rows))
    return tuple(place for place in made if place <= known.position)


def _bears(link: ChainRow, true_on: date, effect: Effect) -> bool:
    day = link.true_from if effect == "parties" else link.opposable_from
    return link.link in (*OF_LIEN, "enforced") and day is not None and day <= true_on


def gathered(rows: Iterable[LienRow], true_on: date) -> tuple[Lien, ...]:
    """Return the liens that rows of a right say, as they rank on a day."""
    by_security: dict[str, list[LienRow]] = {}
    for row in rows:
        by_security.setdefault(row.subject, []).append(row)
    ranked = sorted(by_security.values(), key=lambda held: _rank(held[0], true_on))
    return tuple(
        Lien(
            rank,
            held[0].subject,
            tuple(row.creditor for row in held),
            held[0].debtors,
            held[0].secures,
            held[0].forbids_assignment,
            held[0].true_from,
            _perfected_by(held[0], true_on),
        )
        for rank, held in enumerate(ranked, 1)
    )


def _perfected_by(row: LienRow, true_on: date) -> datetime | None:
    """Return when the lien was perfected, unless that came after the day asked about."""
    at = row.perfected_at
    return None if at is None or legal_day(at) > true_on else at


def _rank(row: LienRow, true_on: date) -> tuple[datetime, int, int]:
    """Return the place: perfected by instant, ties by the log's order; then by the log's order."""
    at = _perfected_by(row, true_on)
    if at is None:
        return datetime.max.replace(tzinfo=HANOI), row.created_position, 0
    assert row.perfected_position is not None, "perfected by some event"
    return at, row.perfected_position, row.created_position
