"""
What a party has: the rights in which it has a share, its contracts, the offers it made or was made.

Serves `GET /v1/parties/{id}/rights`, `…/contracts` and `…/offers`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from fractions import Fraction
from itertools import groupby
from typing import Literal

from ledger.domain.core.types import legal_day
from projections.engine.bitemporal import Effect
from projections.engine.view import (
    DATED,
    KNOWN,
    RECORDED,
    STANDS,
    TRUE_ON,
    Known,
    KnownBy,
    View,
    bound_parameters,
    positions_of,
)
from projections.questions.listed import NAMED_BY, Listed, leaf_of, names_in
from projections.tables.basis import answering, listing, named, told
from projections.tables.contract_parties import contract_parties
from projections.tables.grants import ContractRow, contracts, grants
from projections.tables.market_events import market_events
from projections.tables.offers import (
    OfferState,
    instant_of,
    offers,
    positions_told,
    states_of,
)
from projections.tables.reader import Reader
from projections.tables.timeline import events
from projections.tables.title_events import TitleRow, title

Side = Literal["made", "received"]


@dataclass(frozen=True, slots=True)
class HeldRight:
    """A right in which a party has a share: how much of the whole, by which records.

    `position` is that of the event by which it was last known so.
    """

    right: str
    kind: str
    share: Fraction
    by: tuple[str, ...]
    position: int
    accepted: datetime


@dataclass(frozen=True, slots=True)
class PartyRights(Listed):
    """A page of the rights in which a party has a share on a day, in the order of their ids."""

    party: str
    true_on: date
    known_by: KnownBy
    effect: Effect
    rights: tuple[HeldRight, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events by which the party has them."""
        return positions_of([row.position for row in self.rights])


@dataclass(frozen=True, slots=True)
class ContractOf:
    """A contract as it was first agreed, the parties as known, and what is granted under it.

    `objects` are the rights and technologies of its grants, as known.
    """

    contract: str
    position: int
    accepted: datetime
    kind: str
    parties: tuple[str, ...]
    objects: tuple[str, ...]
    head_contract: str | None
    listing: str | None
    offer: str | None
    concluded_on: date
    effective_from: date
    effective_to: date | None


@dataclass(frozen=True, slots=True)
class PartyContracts(Listed):
    """A page of the contracts that a party is party to, the newest first."""

    party: str
    contracts: tuple[ContractOf, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that made the contracts."""
        return positions_of([row.position for row in self.contracts])


@dataclass(frozen=True, slots=True)
class PartyOffers(Listed):
    """A page of the offers that a party made or was made, the newest first, as they stood then.

    `side` narrows them to those that it made or received, `open` to those that were open or not.
    """

    party: str
    side: Side | None
    open: bool | None
    offers: tuple[OfferState, ...]

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the events that made the offers and of those that closed them."""
        return positions_told(self.offers)


def rights_of(
    reader: Reader,
    party: str,
    *,
    true_on: date,
    effect: Effect = "parties",
    after: str | None = None,
    limit: int = 50,
) -> PartyRights:
    """Return a page of the rights in which a party has a share on a day, as known.

    Raises `NotFolded` or `NotAsked`, the latter also for a cursor of another question.
    """
    with answering(reader, title, *NAMED_BY) as view:
        asked = reader.as_of_either(view)
        leaf = leaf_of(reader, view, asked, after, "rights", party, true_on, effect, limit)
        of = {"party": party, "effect": effect, "true_on": true_on, **bound_parameters(leaf.known)}
        held = f"party = %(party)s AND effect = %(effect)s AND {TRUE_ON} AND {DATED}"
        page, count = _page(
            view, f"FROM read.title WHERE {held} GROUP BY subject", of, leaf.behind, limit
        )
        rows = view.rows(
            title, f"{held} AND subject = ANY(%(page)s)", {**of, "page": page}, "subject, n"
        )
        by_right = groupby(rows, lambda row: row.subject)
        rights = tuple(_held(right, list(held)) for right, held in by_right)
        answer = PartyRights(
            party=party,
            true_on=true_on,
            known_by=reader.known_by,
            effect=effect,
            rights=rights,
            size=view.size,
            count=count,
            names=names_in(view, leaf.known, (party, *page), true_on),
            after=after,
            limit=limit,
            next_after=leaf.next_of(len(page), count),
        )
        return told(view, answer, asked, party, rests_on=page)


def _page(
    view: View, source: str, asked: dict[str, object], behind: int, limit: int
) -> tuple[list[str], int]:
    """Return the subjects of a page, in order, and how many there are on all."""
    found = view.ask(
        f"SELECT subject, count(*) OVER () {source} ORDER BY subject"
        f" OFFSET {behind:d} LIMIT {limit:d}",
        asked,
    )
    return [subject for subject, _ in found], found[0][1] if found else 0


def _held(right: str, rows: list[TitleRow]) -> HeldRight:
    last = max(rows, key=lambda row: row.known_from)
    whole = sum((row.share for row in rows), Fraction(0))
    by = tuple(dict.fromkeys(row.by for row in rows))
    return HeldRight(right, last.right_kind, whole, by, last.known_from, last.known_from_at)


_BOUND = f"{RECORDED} AND {STANDS}"


def contracts_of(
    reader: Reader, party: str, *, after: str | None = None, limit: int = 50
) -> PartyContracts:
    """Return a page of the contracts that a party is party to, as known.

    Raises `NotFolded` or `NotAsked`, the latter also for a cursor of another question.
    """
    with listing(reader, contract_parties, contracts, grants, *NAMED_BY) as view:
        asked = reader.as_of(view)
        leaf = leaf_of(reader, view, asked, after, "contracts", party, limit)
        of = {"party": party, **bound_parameters(leaf.known)}
        own = f"party = %(party)s AND {_BOUND}"
        count = view.count(contract_parties, own, of)
        order = f"position DESC, subject OFFSET {leaf.behind:d}"
        page = view.rows(contract_parties, own, of, order, limit)
        rows = _contracts(view, leaf.known, [row.subject for row in page])
        answer = PartyContracts(
            party=party,
            contracts=rows,
            size=view.size,
            count=count,
            names=names_in(view, leaf.known, _named_by(party, rows), legal_day(datetime.now(UTC))),
            after=after,
            limit=limit,
            next_after=leaf.next_of(len(rows), count),
        )
        return named(view, answer, asked, party)


def _named_by(party: str, rows: Iterable[ContractOf]) -> Iterable[str]:
    yield party
    for row in rows:
        yield from (*row.parties, *row.objects, *filter(None, (row.listing, row.offer)))


def _contracts(view: View, known: Known, page: list[str]) -> tuple[ContractOf, ...]:
    made = {row.subject: row for row in view.recorded(contracts, known, subject=page)}
    of = {"page": page, **bound_parameters(known)}
    within = "subject = ANY(%(page)s)"
    bound = view.rows(contract_parties, f"{within} AND {_BOUND}", of, "subject, n")
    granted = view.rows(grants, f"{within} AND {KNOWN}", of, "subject, n")
    parties, objects = defaultdict[str, set[str]](set), defaultdict[str, set[str]](set)
    for party in bound:
        parties[party.subject].add(party.party)
    for grant in granted:
        objects[grant.subject].update(grant.rights, grant.technologies)
    return tuple(_contract(made[each], parties[each], objects[each]) for each in page)


def _contract(row: ContractRow, parties: Iterable[str], objects: Iterable[str]) -> ContractOf:
    return ContractOf(
        contract=row.subject,
        position=row.position,
        accepted=row.accepted,
        kind=row.kind,
        parties=tuple(sorted(parties)),
        objects=tuple(sorted(objects)),
        head_contract=row.head_contract,
        listing=row.listing,
        offer=row.offer,
        concluded_on=row.concluded_on,
        effective_from=row.effective_from,
        effective_to=row.effective_to,
    )


def offers_by(
    reader: Reader,
    party: str,
    *,
    side: Side | None = None,
    open: bool | None = None,  # noqa: A002  (the parameter's name)
    after: str | None = None,
    limit: int = 50,
) -> PartyOffers:
    """Return a page of the offers that a party made or was made, as they stood when known.

    Raises `NotFolded` or `NotAsked`, the latter also for a cursor of another question; `TooMany`
    where more unanswered offers than an answer may look at would have to be told from lapsed ones.
    """
    with listing(reader, offers, market_events, events, *NAMED_BY) as view:
        asked = reader.as_of(view)
        leaf = leaf_of(reader, view, asked, after, "offers", party, side, open, limit)
        of: dict[str, object] = {"party": party, **bound_parameters(leaf.known)}
        then = instant_of(reader, view, leaf.known)
        where = f"{_SIDES[side]} AND {RECORDED}"
        if open is not None:
            of["open"] = _open(view, where, of, leaf.known, then)
            where += " AND subject = ANY(%(open)s)" if open else " AND subject <> ALL(%(open)s)"
        count = view.count(offers, where, of)
        order = f"position DESC OFFSET {leaf.behind:d}"
        page = states_of(view, view.rows(offers, where, of, order, limit), leaf.known, then)
        ids = {party}.union(*((s.offer.offeror, s.offer.offeree) for s in page))
        ids |= {s.offer.listing for s in page if s.offer.listing is not None}
        answer = PartyOffers(
            party=party,
            side=side,
            open=open,
            offers=page,
            size=view.size,
            count=count,
            names=names_in(view, leaf.known, ids, legal_day(then)),
            after=after,
            limit=limit,
            next_after=leaf.next_of(len(page), count),
        )
        return named(view, answer, asked, party)


_SIDES: dict[Side | None, str] = {
    None: "(offeror = %(party)s OR offeree = %(party)s)",
    "made": "offeror = %(party)s",
    "received": "offeree = %(party)s",
}


def _open(
    view: View, where: str, of: Mapping[str, object], known: Known, then: datetime
) -> list[str]:
    """Return the offers, of these, that were open: those that nobody had answered, and more."""
    unanswered = """(closed_position IS NULL OR closed_position > %(known_position)s
        OR closed_at > %(known_accepted)s) AND expires_at >= %(then)s"""
    rows = view.rows(offers, f"{where} AND {unanswered}", {**of, "then": then}, "position")
    return [state.offer.subject for state in states_of(view, rows, known, then) if state.open]
