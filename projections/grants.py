"""
Contracts and the grants in force under them. Serves `GET /v1/licences/check`.

Three journals: `contracts` holds the terms, `grants` what is granted, `encumbrances` finds the
grants on a right or technology. `licences` asks them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from ledger.domain.contract import ContractConcluded
from ledger.domain.contract_terms import Grant
from ledger.domain.event import Body, Logged
from ledger.domain.sublicence import SublicenceGranted
from projections.private import amount_of, rate_of
from projections.projection import Journal


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A row of `read.contracts`: the terms. Of what is sealed it has the commitment only.

    A sublicence names the contract that it sits under, and has the days of its grant.
    """

    subject: str
    position: int
    accepted: datetime
    kind: str
    parties: tuple[str, ...]
    listing: str | None
    offer: str | None
    head_contract: str | None
    price_amount: int | None
    price_currency: str | None
    price_commitment: str | None
    royalty_ppm: int | None
    royalty_commitment: str | None
    royalty_base: str
    currency: str
    terms_sha256: str
    concluded_on: date
    effective_from: date
    effective_to: date | None
    dispute_body: str | None


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A row of `read.grants`: one right to use, in the legal days `[valid_from, valid_to)`.

    `subject` is the contract, `ref` is `contract:<id>#<grant>`, `head` the ref of the grant that a
    sublicence sits under.
    """

    subject: str
    position: int
    accepted: datetime
    ref: str
    head: str | None
    licensor: str
    licensee: str
    rights: tuple[str, ...]
    technologies: tuple[str, ...]
    acts: tuple[str, ...]
    exclusivity: str
    territory: tuple[str, ...]
    field_scheme: str
    field_edition: str | None
    field_codes: tuple[str, ...]
    valid_from: date
    valid_to: date | None
    sublicensing: str
    transferable: bool
    accepts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EncumbranceRow:
    """A row of `read.encumbrances`: a grant burdens a right or technology, which is the subject."""

    subject: str
    position: int
    ref: str
    licensee: str


def _contract(logged: Logged) -> list[ContractRow]:
    body = logged.event.body
    if isinstance(body, ContractConcluded):
        row = ContractRow(
            body.contract,
            logged.position,
            logged.accepted,
            body.kind,
            tuple(sorted(body.parties)),
            body.listing,
            body.offer,
            None,
            *amount_of(body.price),
            *rate_of(body.royalty_ppm),
            body.royalty_base,
            body.currency,
            body.terms_sha256,
            body.concluded_on,
            body.effective_from,
            body.effective_to,
            body.dispute_body,
        )
        return [row]
    assert isinstance(body, SublicenceGranted)
    row = ContractRow(
        body.contract,
        logged.position,
        logged.accepted,
        "sublicence",
        tuple(sorted((body.sublicensor, body.sublicensee))),
        None,
        None,
        body.head_contract,
        *amount_of(body.price),
        *rate_of(body.royalty_ppm),
        body.royalty_base,
        body.currency,
        body.terms_sha256,
        body.concluded_on,
        body.grant.valid_from,
        body.grant.valid_to,
        body.dispute_body,
    )
    return [row]


def grants_in(logged: Logged) -> tuple[GrantRow, ...]:
    """Return the grants that an event makes."""
    body = logged.event.body
    if isinstance(body, ContractConcluded):
        return tuple(_grant(logged, body.contract, grant, None) for grant in body.grants)
    assert isinstance(body, SublicenceGranted)
    head = f"{body.head_contract}#{body.head_grant}"
    return (_grant(logged, body.contract, body.grant, head),)


def _grant(logged: Logged, contract: str, grant: Grant, head: str | None) -> GrantRow:
    return GrantRow(
        contract,
        logged.position,
        logged.accepted,
        f"{contract}#{grant.grant}",
        head,
        grant.licensor,
        grant.licensee,
        _set(grant.rights),
        _set(grant.technologies),
        _set(grant.acts),
        grant.exclusivity,
        _set(grant.territory.codes),
        grant.field.scheme,
        grant.field.edition,
        _set(grant.field.codes),
        grant.valid_from,
        grant.valid_to,
        grant.sublicensing,
        grant.transferable,
        _set(grant.accepts),
    )


def _set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _encumbrances(logged: Logged) -> list[EncumbranceRow]:
    return [
        EncumbranceRow(subject, logged.position, grant.ref, grant.licensee)
        for grant in grants_in(logged)
        for subject in (*grant.rights, *grant.technologies)
    ]


_BODIES: frozenset[type[Body]] = frozenset({ContractConcluded, SublicenceGranted})

contracts = Journal(name="contracts", version=2, row=ContractRow, emit=_contract, bodies=_BODIES)

grants = Journal(
    name="grants",
    version=1,
    row=GrantRow,
    emit=grants_in,
    bodies=_BODIES,
    identity=("ref",),
    indexes=(("licensee", "valid_from"),),
)

encumbrances = Journal(
    name="encumbrances",
    version=1,
    row=EncumbranceRow,
    emit=_encumbrances,
    bodies=_BODIES,
    identity=("subject", "ref"),
    indexes=(("subject", "licensee"),),
)
