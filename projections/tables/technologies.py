"""
A technology as it is known: what it is, who owns it, paid for it and made it, what protects it.

Serves `GET /v1/technologies/{id}`. Every fact stands for itself, so these are journals; of facts of
one kind the last that is known counts. Authors stand as tokens, or as the commitment to them.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from ledger.domain.core.event import Logged
from ledger.domain.core.types import Sealed
from ledger.domain.rights.funding import AuthorsDeclared, ContributionRecorded, FundingAgreed
from ledger.domain.rights.right import Holding, RightFiled
from ledger.domain.rights.technology import TechnologyClassified, TechnologyRegistered, TrlDeclared
from projections.engine.answer import Answer
from projections.engine.projection import Exact, Journal, Tells
from projections.engine.view import RECORDED, bound_parameters, positions_of
from projections.tables.basis import answering, told
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class TechnologyRow:
    """A row of `read.technologies`: what one event says of a technology; the rest is null."""

    subject: str
    position: int
    accepted: datetime
    fact: str
    title: str | None = None
    object_kind: str | None = None
    trl: int | None = None
    category: str | None = None
    state_funded_ppm: int | None = None
    task: str | None = None
    task_assigned_on: date | None = None
    terms: tuple[str, ...] = ()
    authors_commitment: str | None = None
    split_commitment: str | None = None
    document_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A row of `read.technology_roles`: what a party is to a technology by an event.

    A share is a fraction of the whole, or, of authors, parts per million of their share.
    """

    subject: str
    position: int
    accepted: datetime
    role: str
    party: str
    numerator: Exact | None = None
    denominator: Exact | None = None
    ppm: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class ProtectionRow:
    """A row of `read.technology_rights`: a right that protects a technology."""

    subject: str
    position: int
    accepted: datetime
    right: str


@dataclass(frozen=True, slots=True)
class Share:
    """A party and its exact fraction of the whole."""

    party: str
    share: tuple[int, int]


@dataclass(frozen=True, slots=True)
class FundingView:
    """Who pays for the task, in exact fractions, and what funders keep."""

    contributors: tuple[Share, ...]
    by_state: tuple[Share, ...]
    task: str | None
    task_assigned_on: date | None
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Author:
    """An author's token, and its part of the authors' share, if one is agreed in the open."""

    party: str
    ppm: int | None


@dataclass(frozen=True, slots=True)
class TechnologyView(Answer):
    """A technology as known at a point; folded up to `size` entries.

    `state_funded_ppm` is as declared at registration; `funding`, once agreed, takes its place.
    A commitment stands in place of authors, or of their split, that are sealed.
    """

    technology: str
    size: int
    title: str | None
    object_kind: str | None
    owners: tuple[Share, ...]
    trl: int | None
    category: str | None
    state_funded_ppm: int | None
    funding: FundingView | None
    authors: tuple[Author, ...]
    authors_commitment: str | None
    split_commitment: str | None
    contributions: tuple[RoleRow, ...]
    rights: tuple[str, ...]
    positions: tuple[int, ...]


def _fact(logged: Logged) -> list[TechnologyRow]:
    body = logged.event.body
    place = (logged.position, logged.accepted)
    match body:
        case TechnologyRegistered():
            row = TechnologyRow(
                body.technology,
                *place,
                "registered",
                title=body.title,
                object_kind=body.object_kind,
                trl=body.trl,
                category=body.category,
                state_funded_ppm=body.state_funded_ppm,
            )
        case TrlDeclared():
            row = TechnologyRow(
                body.technology,
                *place,
                "trl_declared",
                trl=body.trl,
                document_sha256=body.evidence_sha256,
            )
        case TechnologyClassified():
            row = TechnologyRow(body.technology, *place, "classified", category=body.category)
        case FundingAgreed():
            row = TechnologyRow(
                body.technology,
                *place,
                "funding_agreed",
                task=body.task,
                task_assigned_on=body.task_assigned_on,
                terms=tuple(f"{term.funder} {term.kind}: {term.text}" for term in body.terms),
            )
        case _:
            assert isinstance(body, AuthorsDeclared)
            row = TechnologyRow(
                body.technology,
                *place,
                "authors_declared",
                authors_commitment=_commitment(body.authors),
                split_commitment=_commitment(body.split),
                document_sha256=body.minutes_sha256,
            )
    return [row]


def _commitment(section: object) -> str | None:
    return section.commitment if isinstance(section, Sealed) else None


def _roles(logged: Logged) -> list[RoleRow]:
    body = logged.event.body
    match body:
        case TechnologyRegistered():
            return _held(logged, body.technology, ((each, "owner") for each in body.owners))
        case FundingAgreed():
            funders = ((each, "state" if each.state else "funder") for each in body.contributors)
            return _held(logged, body.technology, funders)
        case ContributionRecorded():
            row = RoleRow(
                body.technology,
                logged.position,
                logged.accepted,
                body.kind,
                body.contributor,
                note=body.description,
            )
            return [row]
    assert isinstance(body, AuthorsDeclared)
    authors = () if isinstance(body.authors, Sealed) else body.authors
    split = () if body.split is None or isinstance(body.split, Sealed) else body.split
    parts = {part.party: part.ppm for part in split}
    place = (body.technology, logged.position, logged.accepted)
    return [RoleRow(*place, "author", party, ppm=parts.get(party)) for party in authors]


def _held(
    logged: Logged, technology: str, holdings: Iterable[tuple[Holding, str]]
) -> list[RoleRow]:
    return [
        RoleRow(
            technology,
            logged.position,
            logged.accepted,
            role,
            holding.party,
            holding.share.numerator,
            holding.share.denominator,
        )
        for holding, role in holdings
    ]


def _protections(logged: Logged) -> list[ProtectionRow]:
    body = logged.event.body
    assert isinstance(body, RightFiled)
    if body.technology is None:
        return []
    return [ProtectionRow(body.technology, logged.position, logged.accepted, body.right)]


technologies = Journal(
    name="technologies",
    version=1,
    row=TechnologyRow,
    emit=_fact,
    bodies=frozenset(
        {TechnologyRegistered, TrlDeclared, TechnologyClassified, FundingAgreed, AuthorsDeclared}
    ),
    tells={
        "technology": Tells(
            ("position", "trl", "category", "classified", "funding", "authors"),
            {
                "technology_roles": ("owners", "contributed"),
                "`grants` says what is granted by each contract": ("grants",),
                "what a right protects, and whether it is secret, is said of the right": (
                    "secrets",
                ),
            },
        ),
    },
)

technology_roles = Journal(
    name="technology_roles",
    version=1,
    row=RoleRow,
    emit=_roles,
    bodies=frozenset({TechnologyRegistered, FundingAgreed, AuthorsDeclared, ContributionRecorded}),
    identity=("subject", "role", "party"),
    tells={
        "technology": Tells(("owners", "funding", "authors", "contributed"), rest="technologies"),
    },
)

technology_rights = Journal(
    name="technology_rights",
    version=1,
    row=ProtectionRow,
    emit=_protections,
    bodies=frozenset({RightFiled}),
    tells={"right": Tells(("technology",), rest="status")},
)


def technology_of(reader: Reader, technology: str) -> TechnologyView:
    """Return a technology as known at a position or instant (default: now).

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, technologies, technology_roles, technology_rights) as view:
        known = reader.as_of(view)
        asked = {"technology": technology, **bound_parameters(known)}
        condition = f"subject = %(technology)s AND {RECORDED}"
        facts = view.rows(technologies, condition, asked, order="position")
        roles = view.rows(technology_roles, condition, asked, order="position, role, party")
        rights = view.rows(technology_rights, condition, asked, order="position")
        answer = technology_view(technology, view.size, facts, roles, rights)
        return told(view, answer, known, technology)


def technology_view(
    technology: str,
    size: int,
    facts: Sequence[TechnologyRow],
    roles: Sequence[RoleRow],
    rights: Sequence[ProtectionRow],
) -> TechnologyView:
    """Return what these rows, in order of recording, say together."""
    last = {row.fact: row for row in facts}
    first = last.get("registered", _UNSAID)
    listed = last.get("classified", first)
    authors = last.get("authors_declared", _UNSAID)
    trl = [row.trl for row in facts if row.trl is not None]
    made = [row for row in roles if row.position == authors.position]
    return TechnologyView(
        technology=technology,
        size=size,
        title=first.title,
        object_kind=first.object_kind,
        owners=_shares(row for row in roles if row.role == "owner"),
        trl=trl[-1] if trl else None,
        category=listed.category,
        state_funded_ppm=first.state_funded_ppm,
        funding=_funding(last.get("funding_agreed"), roles),
        authors=tuple(Author(row.party, row.ppm) for row in made),
        authors_commitment=authors.authors_commitment,
        split_commitment=authors.split_commitment,
        contributions=tuple(row for row in roles if row.role in _CONTRIBUTED),
        rights=tuple(row.right for row in rights),
        positions=positions_of(
            [row.position for row in facts],
            [row.position for row in roles],
            [row.position for row in rights],
        ),
    )


_UNSAID = TechnologyRow("", -1, datetime.min.replace(tzinfo=UTC), "unsaid")
_CONTRIBUTED = frozenset({"background", "foreground", "lab_use"})


def _funding(agreed: TechnologyRow | None, roles: Sequence[RoleRow]) -> FundingView | None:
    if agreed is None:
        return None
    paying = [row for row in roles if row.position == agreed.position]
    return FundingView(
        contributors=_shares(paying),
        by_state=_shares(row for row in paying if row.role == "state"),
        task=agreed.task,
        task_assigned_on=agreed.task_assigned_on,
        terms=agreed.terms,
    )


def _shares(rows: Iterable[RoleRow]) -> tuple[Share, ...]:
    return tuple(
        Share(row.party, (row.numerator, row.denominator))
        for row in rows
        if row.numerator is not None and row.denominator is not None
    )
