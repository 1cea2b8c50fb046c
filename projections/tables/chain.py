"""
The chain of title: everything by which a right moved, was charged or freed, in order of the log.

Serves `GET /v1/rights/{id}/chain`, and proves what `title` and `liens` say.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.core.body import Body
from ledger.domain.core.court_order import kind_of
from ledger.domain.core.event import Logged
from ledger.domain.core.types import legal_day
from ledger.domain.disputes.ruling import RulingMade
from ledger.domain.rights.assignment import AssignmentRefused, AssignmentRescinded, PriorityNoted
from ledger.domain.rights.conveyance import OF_LIENS, ConveyanceAttested
from ledger.domain.rights.enforcement import SecurityAssigned, SecurityEnforced, SecurityPerfected
from ledger.domain.rights.investment import InvestmentEnded, InvestmentMade
from ledger.domain.rights.preemption import CoOwnerNotified
from ledger.domain.rights.right import RightFiled
from ledger.domain.rights.security import SecurityCreated, SecurityReleased
from ledger.domain.rights.title import AssignmentRegistered
from projections.engine.answer import Answer
from projections.engine.projection import Journal, Tells
from projections.engine.view import RECORDED, Known, View, bound_parameters, positions_of
from projections.tables.basis import listing, named
from projections.tables.dispute_events import VOIDS_NOTHING
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class ChainRow:
    """A row of `read.chain`: one event of one right's title.

    `record` is the subject by which the event is known: an assignment, a conveyance, a security, an
    investment or, for a filing, the right itself. `link` is what it did: `filed`; `notified`,
    `agreed`, `priority`, `registered`, `refused`, `rescinded`, `voided`; `security`, `perfected`,
    `security_assignment`, `release`, `enforced`, `security_voided`; `covenant`, `covenant_ended`;
    or the kind of the conveyance. `true_from` is the day from which it has effect between its
    parties, `opposable_from` against third parties, if it has.
    """

    subject: str
    position: int
    accepted: datetime
    link: str
    record: str
    givers: tuple[str, ...]
    takers: tuple[str, ...]
    true_from: date
    opposable_from: date | None
    office_recorded_on: date | None
    register: str | None
    record_no: str | None
    refers_to: str | None


@dataclass(frozen=True, slots=True)
class Chain(Answer):
    """The chain of title of a right, folded up to `size` entries."""

    right: str
    size: int
    links: tuple[ChainRow, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events."""
        return positions_of([link.position for link in self.links])


@dataclass(frozen=True, slots=True)
class _Link:
    """What the rows of one event have in common."""

    rights: tuple[str, ...]
    link: str
    record: str
    givers: tuple[str, ...]
    takers: tuple[str, ...]
    true_from: date
    opposable_from: date | None = None
    office_recorded_on: date | None = None
    register: str | None = None
    record_no: str | None = None
    refers_to: str | None = None


def _filed(body: RightFiled) -> _Link:
    return _Link(
        rights=(body.right,),
        link="filed",
        record=body.right,
        givers=(),
        takers=tuple(sorted(holding.party for holding in body.owners)),
        true_from=body.filed_on,
        opposable_from=body.filed_on,
        office_recorded_on=body.filed_on,
        register=body.office,
        record_no=body.application_no,
    )


def _agreed(body: AssignmentAgreed) -> _Link:
    return _Link(
        rights=body.rights,
        link="agreed",
        record=body.assignment,
        givers=tuple(sorted(holding.party for holding in body.assignors)),
        takers=tuple(sorted(holding.party for holding in body.assignees)),
        true_from=body.agreed_on,
    )


def _registered(body: AssignmentRegistered) -> _Link:
    return _Link(
        rights=body.rights,
        link="registered",
        record=body.assignment,
        givers=(),
        takers=(),
        true_from=body.effective_on,
        opposable_from=max(body.effective_on, body.registered_on),
        office_recorded_on=body.registered_on,
        record_no=body.register_no,
    )


def _conveyed(body: ConveyanceAttested) -> _Link:
    return _Link(
        rights=body.rights,
        link=body.kind,
        record=body.conveyance,
        givers=tuple(sorted(body.givers())),
        takers=tuple(sorted(body.assignees)),
        true_from=min(assignor.executed_on for assignor in body.assignors),
        opposable_from=body.office_recorded_on,
        office_recorded_on=body.office_recorded_on,
        register=body.office,
        record_no=body.record,
        refers_to=body.refers_to,
    )


def _charged(body: SecurityCreated) -> _Link:
    return _Link(
        rights=body.rights,
        link="security",
        record=body.security,
        givers=tuple(sorted(body.debtors)),
        takers=(body.creditor,),
        true_from=body.created_on,
    )


def _freed(body: SecurityReleased) -> _Link:
    return _Link(
        rights=body.rights,
        link="release",
        record=body.security,
        givers=(body.creditor,),
        takers=(),
        true_from=body.released_on,
    )


def _notified(body: CoOwnerNotified) -> _Link:
    return _Link(
        rights=body.rights,
        link="notified",
        record=body.preemption,
        givers=tuple(sorted(seller.party for seller in body.sellers)),
        takers=(body.notified,),
        true_from=body.received_on,
    )


def _noted(body: PriorityNoted, day: date) -> _Link:
    return _Link(
        rights=body.rights,
        link="priority",
        record=body.assignment,
        givers=(),
        takers=(body.noted_by,),
        true_from=day,
    )


def _refused(body: AssignmentRefused) -> _Link:
    return _Link(
        rights=body.rights,
        link="refused",
        record=body.assignment,
        givers=(),
        takers=(),
        true_from=body.refused_on,
        office_recorded_on=body.refused_on,
    )


def _rescinded(body: AssignmentRescinded) -> _Link:
    return _Link(
        rights=body.rights,
        link="rescinded",
        record=body.assignment,
        givers=(),
        takers=tuple(sorted(body.parties)),
        true_from=body.rescinded_on,
    )


def _perfected(body: SecurityPerfected) -> _Link:
    day = legal_day(body.registered_at)
    return _Link(
        rights=body.rights,
        link="perfected",
        record=body.security,
        givers=(),
        takers=(),
        true_from=day,
        opposable_from=day,
        office_recorded_on=day,
        record_no=body.register_no,
    )


def _passed_on(body: SecurityAssigned) -> _Link:
    return _Link(
        rights=body.rights,
        link="security_assignment",
        record=body.security,
        givers=(body.creditor,),
        takers=(body.new_creditor,),
        true_from=body.assigned_on,
        opposable_from=body.assigned_on,
    )


def _enforced(body: SecurityEnforced) -> _Link:
    return _Link(
        rights=body.rights,
        link="enforced",
        record=body.security,
        givers=tuple(sorted(holding.party for holding in body.owners)),
        takers=tuple(sorted(holding.party for holding in body.acquirers)),
        true_from=body.effective_on,
        opposable_from=max(body.effective_on, body.registered_on),
        office_recorded_on=body.registered_on,
        record_no=body.register_no,
    )


def _promised(body: InvestmentMade) -> _Link:
    return _Link(
        rights=tuple(right for each in body.covenants for right in each.rights),
        link="covenant",
        record=body.investment,
        givers=(body.company,),
        takers=(body.fund,),
        true_from=body.made_on,
    )


def _given_up(body: InvestmentEnded) -> _Link:
    return _Link(
        rights=body.rights,
        link="covenant_ended",
        record=body.investment,
        givers=(body.ended_by,),
        takers=(),
        true_from=body.ended_on,
    )


_LINKS: Mapping[type[Body], Callable[[Any], _Link]] = {
    RightFiled: _filed,
    AssignmentAgreed: _agreed,
    AssignmentRegistered: _registered,
    ConveyanceAttested: _conveyed,
    SecurityCreated: _charged,
    SecurityPerfected: _perfected,
    SecurityAssigned: _passed_on,
    SecurityReleased: _freed,
    SecurityEnforced: _enforced,
    CoOwnerNotified: _notified,
    AssignmentRefused: _refused,
    AssignmentRescinded: _rescinded,
    InvestmentMade: _promised,
    InvestmentEnded: _given_up,
}

OF_LIEN = frozenset({"security", "perfected", "security_voided", *OF_LIENS})
"""Links that charge or free a right and leave its owners as they are."""

MOVES_NOTHING = OF_LIEN | {"covenant", "covenant_ended", "notified"}
"""Links that bear on the right and never on who owns it."""


def _voided(body: RulingMade) -> Iterable[_Link]:
    """Return a link for each deed that the ruling declares void, on the rights that it names."""
    by_deed = {
        deed: _Link(
            rights=tuple(subject for subject in order.on if kind_of(subject) == "right"),
            link="security_voided" if kind_of(deed) == "security" else "voided",
            record=deed,
            givers=(),
            takers=(),
            true_from=order.start,
            opposable_from=order.start,
        )
        for order in body.orders
        if order.event is not None
        for deed in order.deeds()
        if kind_of(deed) in ("assignment", "security")
    }
    return by_deed.values()


def _emit(logged: Logged) -> list[ChainRow]:
    body = logged.event.body
    found: Iterable[_Link]
    if isinstance(body, RulingMade):
        found = _voided(body)
    elif isinstance(body, PriorityNoted):
        found = (_noted(body, legal_day(logged.accepted)),)
    else:
        found = (_LINKS[type(body)](body),)
    return [
        ChainRow(
            right,
            logged.position,
            logged.accepted,
            link.link,
            link.record,
            link.givers,
            link.takers,
            link.true_from,
            link.opposable_from,
            link.office_recorded_on,
            link.register,
            link.record_no,
            link.refers_to,
        )
        for link in found
        for right in link.rights
    ]


chain = Journal(
    name="chain",
    version=2,
    row=ChainRow,
    emit=_emit,
    bodies=frozenset((*_LINKS, PriorityNoted, RulingMade)),
    identity=("subject", "record"),
    tells={
        "right": Tells(
            (
                *("owners", "titled", "titled_on", "former", "records", "office_recorded_on"),
                *("pending", "priorities", "settled", "liens", "covenants", "first_attested"),
            ),
            rest="status",
            unaffected_by=VOIDS_NOTHING,
        ),
        "assignment": Tells(("position", "voided"), rest="title", unaffected_by=VOIDS_NOTHING),
        "conveyance": Tells(("position", "kind", "creditors", "ended")),
        "security": Tells(("position",), rest="liens"),
        "investment": Tells(("position", "fund", "rights")),
        "preemption": Tells(
            ("position", "rights", "sellers", "notified", "received_on"),
            {
                "what is offered to the others is in the event, sealed or not": (
                    *("price", "terms_sha256"),
                ),
                "a waiver moves nothing, and the law counts the days": ("recorded", "waived"),
            },
        ),
    },
)


def chain_of(reader: Reader, right: str) -> Chain:
    """Return the chain of title of a right, as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with listing(reader, chain) as view:
        known = reader.as_of(view)
        return named(view, Chain(right, view.size, links(view, right, known)), known, right)


def links(view: View, right: str, known: Known) -> tuple[ChainRow, ...]:
    """Return the links of a right that are known; an office knows those that it recorded."""
    condition = f"subject = %(right)s AND {RECORDED}"
    if known.office_day is not None:
        condition = f"{condition} AND office_recorded_on <= %(office_day)s"
    return view.rows(
        chain, condition, {"right": right, **bound_parameters(known)}, order="position"
    )


def is_on_record(view: View, right: str, known: Known) -> bool:
    """Say whether the office that is asked what it knew had recorded the right by then."""
    return known.office_day is None or bool(links(view, right, known))
