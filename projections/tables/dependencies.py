"""
What rests on what, and so which events fall with one that is void from the start.

Serves `GET /v1/entries/{position}/falls`. An event makes things: a deed (a contract, a share, a
report), or the title of its takers in each right. Later events need them: a distribution needs its
share, a grant needs its licensor's title. What needs a thing that a void event made falls, and so
on from there. Where the same party has its title from another event as well, the later one may
stand: that is for the one who judges to say, and the answer says so.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

from ledger.domain.contracts.amendment import TermsAmended
from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.contracts.consent import ConsentGiven
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.filing import CompulsoryLicenceGranted, FilingMade
from ledger.domain.contracts.notice import NoticeServed
from ledger.domain.contracts.own_use import UseDeclared
from ledger.domain.contracts.sublicence import SublicenceGranted
from ledger.domain.core.body import Body
from ledger.domain.core.court_order import OfDispute
from ledger.domain.core.event import Logged
from ledger.domain.disputes.dispute import DisputeOpened
from ledger.domain.market.listing import ListingPublished
from ledger.domain.revenue.distribution import RevenueDistributed
from ledger.domain.revenue.payment import PaymentConfirmed
from ledger.domain.revenue.report import RevenueReported
from ledger.domain.revenue.share_agreement import ShareAgreed
from ledger.domain.rights.conveyance import OF_LIENS, ConveyanceAttested
from ledger.domain.rights.enforcement import SecurityEnforced
from ledger.domain.rights.investment import InvestmentMade
from ledger.domain.rights.preemption import CoOwnerNotified
from ledger.domain.rights.right import RightFiled
from ledger.domain.rights.security import SecurityCreated
from ledger.domain.rights.title import AssignmentRegistered
from projections.engine.answer import Answer
from projections.engine.projection import Journal
from projections.engine.view import RECORDED, Known, View, bound_parameters, read_snapshot
from projections.tables.reader import Reader
from projections.tables.timeline import EventRow, events

Role = Literal["makes", "completes", "needs"]

DEEDS = frozenset(
    (
        "contract",
        "assignment",
        "security",
        "conveyance",
        "share",
        "report",
        "distribution",
        "preemption",
        "investment",
        "consent",
        "notice",
        "filing",
    )
)
"""The kinds of subject that an event makes and later ones rest on."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A row of `read.dependencies`: the event at `position` makes, completes or needs a thing.

    A thing is the subject id of a deed, or `right:<id>#party:<id>`: a party's title in a right.
    Who completes a deed (the office that registers an assignment) gives effect to the titles that
    the deed's own event makes.
    """

    thing: str
    position: int
    accepted: datetime
    role: Role


@dataclass(frozen=True, slots=True)
class Fallen:
    """An event that falls: because of which things, made by which events.

    It is `certain` unless a title that it needs has another source that stands.
    """

    event: EventRow
    certain: bool
    because: tuple[str, ...]
    of: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Falls(Answer):
    """What falls if the event at `position` is void from the start, in order of the log."""

    position: int
    size: int
    fallen: tuple[Fallen, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that fall."""
        return tuple(each.event.position for each in self.fallen)


class Things(NamedTuple):
    """What an event makes and needs, beyond the deeds that it is tagged with."""

    makes: Iterable[str] = ()
    needs: Iterable[str] = ()


def title_in(right: str, party: str) -> str:
    """Return the name of a party's title in a right."""
    return f"{right}#{party}"


def is_title(thing: str) -> bool:
    """Say whether a thing is a title, not a deed."""
    return "#" in thing


def _titles(rights: Iterable[str], parties: Iterable[str]) -> list[str]:
    held = tuple(parties)
    return [title_in(right, party) for right in rights for party in held]


def _conveyed(body: ConveyanceAttested) -> Things:
    if body.kind in OF_LIENS:
        return Things()
    givers = _titles(body.rights, body.givers())
    if body.kind == "security":
        return Things((body.conveyance,), givers)
    return Things((body.conveyance, *_titles(body.rights, body.assignees)), givers)


def _contracted(body: ContractConcluded) -> Things:
    needs = [
        title
        for grant in body.grants
        for title in _titles((*grant.rights, *grant.technologies), (grant.licensor,))
    ]
    return Things((body.contract,), [*needs, *body.consents_given])


_THINGS: Mapping[type[Body], Callable[[Any], Things]] = {
    RightFiled: lambda body: Things(_titles((body.right,), (each.party for each in body.owners))),
    AssignmentAgreed: lambda body: Things(
        (body.assignment, *_titles(body.rights, (each.party for each in body.assignees))),
        _titles(body.rights, (each.party for each in body.assignors)),
    ),
    ConveyanceAttested: _conveyed,
    CoOwnerNotified: lambda body: Things(
        (body.preemption,), _titles(body.rights, (each.party for each in body.sellers))
    ),
    SecurityCreated: lambda body: Things((body.security,), _titles(body.rights, body.debtors)),
    SecurityEnforced: lambda body: Things(
        _titles(body.rights, (each.party for each in body.acquirers)),
        _titles(body.rights, (each.party for each in body.owners)),
    ),
    InvestmentMade: lambda body: Things(
        (body.investment,),
        [title for each in body.covenants for title in _titles(each.rights, (body.company,))],
    ),
    ContractConcluded: _contracted,
    SublicenceGranted: lambda body: Things((body.contract,), body.consents_given),
    CompulsoryLicenceGranted: lambda body: Things((body.contract,)),
    ConsentGiven: lambda body: Things((body.consent,)),
    TermsAmended: lambda body: Things((), body.consents_given),
    NoticeServed: lambda body: Things((body.notice,)),
    FilingMade: lambda body: Things((body.filing,)),
    UseDeclared: lambda body: Things((), body.consents_given),
    ShareAgreed: lambda body: Things((body.share,)),
    RevenueReported: lambda body: Things((body.report,)),
    RevenueDistributed: lambda body: Things((body.distribution,)),
    PaymentConfirmed: lambda body: Things((body.payment,)),
    ListingPublished: lambda body: Things((), _titles(body.rights, (body.lister,))),
}

_COMPLETES: Mapping[type[Body], Callable[[Any], str]] = {
    AssignmentRegistered: lambda body: body.assignment,
}


def _depends(logged: Logged) -> list[Dependency]:
    body = logged.event.body
    if isinstance(body, OfDispute | DisputeOpened):
        return []  # What is said of a deed in a dispute does not rest on it.
    makes, needs = _THINGS.get(type(body), lambda _: Things())(body)
    made = frozenset(makes)
    deeds = {each for each in logged.event.subjects if each.partition(":")[0] in DEEDS}
    rows = dict.fromkeys(made, "makes")
    rows |= dict.fromkeys(deeds.union(needs) - made, "needs")
    if (completes := _COMPLETES.get(type(body))) is not None:
        rows[completes(body)] = "completes"
    return [
        Dependency(thing, logged.position, logged.accepted, role)  # type: ignore[arg-type]
        for thing, role in sorted(rows.items())
    ]


dependencies = Journal(
    name="dependencies",
    version=2,
    row=Dependency,
    emit=_depends,
    indexes=(("position",),),
)


def falls_with(reader: Reader, position: int) -> Falls:
    """Return which events fall if the one at a position is void from the start.

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with read_snapshot(reader.pool, dependencies, events) as view:
        return falls_in(view, reader.as_of(view), position)


def falls_in(view: View, known: Known, position: int) -> Falls:
    """Do what `falls_with` does, in a snapshot of these read models."""
    search = _Search(view, bound_parameters(known), position)
    search.run()
    at = {"at": sorted(search.because)}
    found = (
        view.rows(events, "position = ANY(%(at)s)", at, order="position") if search.because else ()
    )
    fallen = tuple(search.fallen(found))
    return Falls(position, view.size, fallen, known_at=known.asked)


class _Search:
    """Goes from things to those who need them, a query a level."""

    def __init__(self, view: View, asked: Mapping[str, object], start: int) -> None:
        self._view, self._asked, self._start = view, asked, start
        self.because: dict[int, dict[str, set[int]]] = {}

    def run(self) -> None:
        """Follow the dependencies until nothing new falls."""
        level = [self._start]
        while level:
            level = self._needing(self._made_by(level))

    def fallen(self, found: Iterable[EventRow]) -> Iterable[Fallen]:
        """Yield what is known of the events that fall, in order of the log."""
        sources = self._standing_sources()
        certain = {self._start: True}
        for event in found:
            because = self.because[event.position]
            certain[event.position] = any(
                any(certain[maker] for maker in makers)
                and not any(at < event.position for at in sources.get(thing, ()))
                for thing, makers in because.items()
            )
            of = sorted(set().union(*because.values()))
            yield Fallen(event, certain[event.position], tuple(sorted(because)), tuple(of))

    def _made_by(self, positions: Iterable[int]) -> dict[str, set[int]]:
        """Return the things that fell with these events, each with the events that gave it."""
        made: dict[str, set[int]] = {}
        completed: dict[str, int] = {}
        for row in self._rows("position = ANY(%(at)s)", at=list(positions)):
            if row.role == "makes":
                made.setdefault(row.thing, set()).add(row.position)
            elif row.role == "completes":
                completed[row.thing] = row.position
        if not completed:
            return made
        for maker in self._rows("thing = ANY(%(things)s) AND role = 'makes'", things=[*completed]):
            for row in self._rows("position = %(at)s AND role = 'makes'", at=maker.position):
                if is_title(row.thing):
                    made.setdefault(row.thing, set()).add(completed[maker.thing])
        return made

    def _needing(self, made: Mapping[str, set[int]]) -> list[int]:
        """Return the events that fall again because they need these things."""
        fresh: list[int] = []
        if not made:
            return fresh
        for row in self._rows("thing = ANY(%(things)s) AND role <> 'makes'", things=[*made]):
            makers = {at for at in made[row.thing] if at < row.position}
            if not makers or row.position == self._start:
                continue
            if row.position not in self.because:
                fresh.append(row.position)
            self.because.setdefault(row.position, {}).setdefault(row.thing, set()).update(makers)
        return fresh

    def _standing_sources(self) -> dict[str, set[int]]:
        """Return which events that do not fall made a title that others need."""
        titles = {thing for because in self.because.values() for thing in because}
        gone = {self._start, *self.because}
        gone |= {at for because in self.because.values() for of in because.values() for at in of}
        sources: dict[str, set[int]] = {}
        asked = sorted(filter(is_title, titles))
        if not asked:
            return sources
        for row in self._rows("thing = ANY(%(things)s) AND role = 'makes'", things=asked):
            if row.position not in gone and not self._completed_by(row.position, gone):
                sources.setdefault(row.thing, set()).add(row.position)
        return sources

    def _completed_by(self, maker: int, gone: set[int]) -> bool:
        """Say whether what gave effect to a deed is gone, as when its registration is void."""
        deeds = [
            row.thing
            for row in self._rows("position = %(at)s AND role = 'makes'", at=maker)
            if not is_title(row.thing)
        ]
        completing = self._rows("thing = ANY(%(things)s) AND role = 'completes'", things=deeds)
        return any(row.position in gone for row in completing)

    def _rows(self, where: str, **asked: object) -> tuple[Dependency, ...]:
        return self._view.rows(
            dependencies,
            f"{where} AND {RECORDED}",
            {**asked, **self._asked},
            order="position, thing",
        )
