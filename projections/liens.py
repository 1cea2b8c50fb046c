"""
Which liens weighed on a right, on which day, as known when. Serves `GET /v1/rights/{id}/liens`.

A lien recorded in another register has effect between its parties from the day they signed, against
third parties from the day that office recorded it. One that only this ledger holds has effect
between its parties; against third parties a register perfects it (Civil Code art. 297).
The liens on record last are those of `ledger.domain.right.Right`: a test holds the two together.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.conveyance import OF_LIENS, ConveyanceAttested
from ledger.domain.event import Logged
from ledger.domain.security import SecurityCreated, SecurityReleased
from ledger.store.connection import Pool
from projections.axes import NEVER, Change, Dated, Effect, believed, revise
from projections.chain import OF_LIEN, ChainRow, chain, links
from projections.projection import On, Projection
from projections.view import (
    DATED,
    TRUE_ON,
    KnownAt,
    KnownBy,
    knowing,
    positions_of,
    viewing,
)


@dataclass(frozen=True, slots=True)
class LienRow(Dated):
    """A row of `read.liens`: a creditor of a security, the subject, on the right that it charges.

    `secures` is None where the record does not say it.
    """

    effect: Effect
    charged: str
    creditor: str
    debtors: tuple[str, ...]
    secures: str | None
    forbids_assignment: bool


Rows = tuple[LienRow, ...]


@dataclass(frozen=True, slots=True)
class Lien:
    """A security on a right, from its first day under these creditors."""

    security: str
    creditors: tuple[str, ...]
    debtors: tuple[str, ...]
    secures: str | None
    forbids_assignment: bool
    true_from: date


@dataclass(frozen=True, slots=True)
class Liens:
    """The liens in force on a right on a day, oldest first; folded up to `size` entries."""

    right: str
    true_on: date
    effect: Effect
    size: int
    liens: tuple[Lien, ...]
    positions: tuple[int, ...]


def _created(security: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, SecurityCreated)
    change = Change(logged, body.created_on, NEVER)
    fresh = (
        LienRow(
            security,
            *believed(change),
            effect="parties",
            charged=right,
            creditor=body.creditor,
            debtors=tuple(sorted(body.debtors)),
            secures=body.secures,
            forbids_assignment=body.forbids_assignment,
        )
        for right in body.rights
    )
    return (*rows, *fresh)


def _released(security: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, SecurityReleased)
    del security
    change = Change(logged, body.released_on, NEVER)
    freed = _passing(frozenset((body.creditor,)), ())
    return revise(rows, change, _concerned("parties", body.rights), freed)


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
            *believed(change),
            effect=effect,
            charged=right,
            creditor=creditor,
            debtors=tuple(sorted(body.givers())),
            secures=None,
            forbids_assignment=False,
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


def _the_security(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, SecurityCreated | SecurityReleased)
    return (body.security,)


def _the_lien(logged: Logged) -> Sequence[str]:
    body = logged.event.body
    assert isinstance(body, ConveyanceAttested)
    if body.kind == "security":
        return (body.conveyance,)
    return (body.refers_to,) if body.kind in OF_LIENS and body.refers_to is not None else ()


liens = Projection(
    name="liens",
    version=1,
    row=LienRow,
    on={
        SecurityCreated: On(_the_security, _created),
        SecurityReleased: On(_the_security, _released),
        ConveyanceAttested: On(_the_lien, _conveyed),
    },
    indexes=(("charged", "true_from"),),
)


def liens_on(
    pool: Pool,
    right: str,
    *,
    true_on: date,
    known_at: KnownAt = None,
    known_by: KnownBy = "ledger",
    effect: Effect = "parties",
) -> Liens:
    """Return the liens in force on a right on a legal day, from what was known.

    The positions are those of every known event about a lien on the right that has effect by then.
    Raises `NotFolded` or `NotAsked` (`projections.view`).
    """
    with viewing(pool, liens, chain) as view:
        known = view.known(known_at, known_by)
        asked = {"right": right, "effect": effect, "true_on": true_on, **knowing(known)}
        rows = view.rows(
            liens,
            f"charged = %(right)s AND effect = %(effect)s AND {TRUE_ON} AND {DATED}",
            asked,
            order="true_from, subject, creditor",
        )
        proof = [
            link.position for link in links(view, right, known) if _bears(link, true_on, effect)
        ]
        return Liens(right, true_on, effect, view.size, _gathered(rows), positions_of(proof))


def _bears(link: ChainRow, true_on: date, effect: Effect) -> bool:
    day = link.true_from if effect == "parties" else link.opposable_from
    return link.link in OF_LIEN and day is not None and day <= true_on


def _gathered(rows: Iterable[LienRow]) -> tuple[Lien, ...]:
    by_security: dict[str, list[LienRow]] = {}
    for row in rows:
        by_security.setdefault(row.subject, []).append(row)
    return tuple(
        Lien(
            security,
            tuple(row.creditor for row in held),
            held[0].debtors,
            held[0].secures,
            held[0].forbids_assignment,
            held[0].true_from,
        )
        for security, held in by_security.items()
    )
