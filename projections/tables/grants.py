"""
Contracts and the grants in force under them. Serves `GET /v1/licences/check`.

`contracts` holds the terms as first agreed; `encumbrances` finds the grants on a right or
technology; `grants` says what was granted on which day, as known when: an amendment, an early end
or a judgment changes the days from its own on, and what was believed before stays on record.
`licences` asks them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from ledger.domain.contracts.amendment import CorrectionRecorded, TermsAmended
from ledger.domain.contracts.changing import ContractChanged
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.contract_terms import AgreedTerms, Grant
from ledger.domain.contracts.entry_into_force import ContractInForce, OptionExercised
from ledger.domain.contracts.filing import (
    CertificateIssued,
    CompulsoryLicenceGranted,
    FilingAnswer,
    PermitIssued,
)
from ledger.domain.contracts.sublicence import SublicenceGranted
from ledger.domain.contracts.suspension_and_termination import (
    ContractResumed,
    ContractSuspended,
    ContractTerminated,
)
from ledger.domain.core.body import Body
from ledger.domain.core.court_order import OfDispute, kind_of
from ledger.domain.core.event import Logged
from ledger.domain.disputes.ruling import RulingMade
from projections.engine.bitemporal import UNRECORDED, Change, Dated, open_box, revise
from projections.engine.projection import Journal, On, Projection, Tells
from projections.engine.sealed_columns import amount_of, rate_of
from projections.tables.dispute_events import VOIDS_NOTHING


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
class GrantRow(Dated):
    """A row of `read.grants`: one right to use, of a contract, which is the subject.

    `ref` is `contract:<id>#<grant>`, `head` the ref of the grant that a sublicence sits under;
    what is excluded is not granted; with `open_beneficiaries` anyone whom the State names may use.
    `[valid_from, valid_to)` are the legal days as agreed. `waits` says what has to happen before
    it is in force, `suspended_position` that it rests. `registered_on` is the day of its entry in
    the office's register, from which it binds third parties. `position` is that of the event that
    made the contract, `changed_position` that of the last one that changed the grant.
    """

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
    excluded_territory: tuple[str, ...] | None
    excluded_scheme: str | None
    excluded_edition: str | None
    excluded_codes: tuple[str, ...] | None
    open_beneficiaries: bool
    valid_from: date
    valid_to: date | None
    quantity: int | None
    sublicensing: str
    direct_licence: bool
    transferable: bool
    accepts: tuple[str, ...]
    waits: str | None
    suspended_position: int | None
    registered_on: date | None
    registered_position: int | None
    changed_position: int | None


@dataclass(frozen=True, slots=True)
class EncumbranceRow:
    """A row of `read.encumbrances`: a grant burdens a right or technology, which is the subject."""

    subject: str
    position: int
    ref: str
    licensee: str


Rows = tuple[GrantRow, ...]


def _contract(logged: Logged) -> list[ContractRow]:
    body = logged.event.body
    assert isinstance(body, ContractConcluded | SublicenceGranted | CompulsoryLicenceGranted)
    if isinstance(body, ContractConcluded):
        return [
            _terms(
                logged,
                body,
                kind=body.kind,
                parties=body.parties,
                days=(body.effective_from, body.effective_to),
                origin=(body.listing, body.offer, None),
            )
        ]
    head = body.head_contract if isinstance(body, SublicenceGranted) else None
    return [
        _terms(
            logged,
            body,
            kind="compulsory" if head is None else "sublicence",
            parties=(body.grant.licensor, body.grant.licensee),
            days=(body.grant.valid_from, body.grant.valid_to),
            origin=(None, None, head),
        )
    ]


def _terms(
    logged: Logged,
    body: AgreedTerms,
    *,
    kind: str,
    parties: Iterable[str],
    days: tuple[date, date | None],
    origin: tuple[str | None, str | None, str | None],
) -> ContractRow:
    return ContractRow(
        body.contract,
        logged.position,
        logged.accepted,
        kind,
        _set(parties),
        *origin,
        *amount_of(body.price),
        *rate_of(body.royalty_ppm),
        body.royalty_base,
        body.currency,
        body.terms_sha256,
        body.concluded_on,
        *days,
        body.dispute_body,
    )


def _granted_by(body: Body) -> tuple[Grant, ...]:
    """Return the grants that an event makes or changes; an option is none yet."""
    match body:
        case ContractConcluded():
            made = body.grants
        case SublicenceGranted() | CompulsoryLicenceGranted() | OptionExercised():
            made = (body.grant,)
        case ContractChanged():
            made = body.changes.grants
        case _:
            made = ()
    return tuple(grant for grant in made if grant.option_until is None)


def _row(logged: Logged, contract: str, grant: Grant, start: date) -> GrantRow:
    change = Change(logged, max(start, grant.valid_from), UNRECORDED, grant.valid_to)
    excluded = grant.excluded
    place = None if excluded is None else excluded.territory
    field = None if excluded is None else excluded.field
    return GrantRow(
        contract,
        *open_box(change),
        position=logged.position,
        accepted=logged.accepted,
        ref=f"{contract}#{grant.grant}",
        head=None,
        licensor=grant.licensor,
        licensee=grant.licensee,
        rights=_set(grant.rights),
        technologies=_set(grant.technologies),
        acts=_set(grant.acts),
        exclusivity=grant.exclusivity,
        territory=_set(grant.territory.codes),
        field_scheme=grant.field.scheme,
        field_edition=grant.field.edition,
        field_codes=_set(grant.field.codes),
        excluded_territory=None if place is None else _set(place.codes),
        excluded_scheme=None if field is None else field.scheme,
        excluded_edition=None if field is None else field.edition,
        excluded_codes=None if field is None else _set(field.codes),
        open_beneficiaries=False,
        valid_from=grant.valid_from,
        valid_to=grant.valid_to,
        quantity=grant.quantity,
        sublicensing=grant.sublicensing,
        direct_licence=grant.direct_licence,
        transferable=grant.transferable,
        accepts=_set(grant.accepts),
        waits=None,
        suspended_position=None,
        registered_on=None,
        registered_position=None,
        changed_position=None,
    )


def _set(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))


def _concluded(contract: str, rows: Rows, logged: Logged) -> Rows:
    body = logged.event.body
    assert isinstance(body, ContractConcluded | SublicenceGranted | CompulsoryLicenceGranted)
    start = body.effective_from if isinstance(body, ContractConcluded) else date.min
    head = body.head() if isinstance(body, SublicenceGranted) else None
    waits = None if body.effective_upon == "day" else body.effective_upon
    anybody = isinstance(body, ContractConcluded) and body.open_beneficiaries
    made = (_row(logged, contract, grant, start) for grant in _granted_by(body))
    return (
        *rows,
        *(replace(row, head=head, waits=waits, open_beneficiaries=anybody) for row in made),
    )


def _changed(contract: str, rows: Rows, logged: Logged) -> Rows:
    """Return the rows after grants were replaced, added, ended or taken up from a day on.

    What waits for its registration stands beside what it will replace.
    """
    body = logged.event.body
    assert isinstance(body, ContractChanged | OptionExercised)
    start = _start(body)
    fresh = [_like(rows, _row(logged, contract, grant, start)) for grant in _granted_by(body)]
    if isinstance(body, TermsAmended) and body.effective_upon == "registration":
        waits = f"registration of {logged.event.payload_hash}"
        return (*rows, *(replace(row, waits=waits) for row in fresh))
    gone = {row.ref for row in fresh}
    if isinstance(body, ContractChanged):
        gone |= {f"{contract}#{name}" for name in body.changes.grants_ended}
    ended = _ended(rows, Change(logged, start, UNRECORDED), lambda row: row.ref in gone)
    return (*ended, *fresh)


def _start(body: Body) -> date:
    match body:
        case TermsAmended():
            return body.effective_from
        case OptionExercised():
            return body.exercised_on
        case _:
            return date.min  # A correction says what was meant from the start.


def told_of(row: GrantRow) -> tuple[int | None, ...]:
    """Return the events that a grant tells of: what granted it, changed it, or registered it."""
    return (row.position, row.changed_position, row.suspended_position, row.registered_position)


def _like(rows: Rows, row: GrantRow) -> GrantRow:
    """Return a changed grant with what its contract's others carry: origin, head, entry."""
    first = next((old for old in rows if old.ref == row.ref), rows[0] if rows else None)
    if first is None:
        return replace(row, changed_position=row.position)
    latest = next((old for old in reversed(rows) if old.ref == row.ref), first)
    return replace(
        row,
        position=first.position,
        accepted=first.accepted,
        head=first.head,
        open_beneficiaries=first.open_beneficiaries,
        waits=None if latest.waits is None or " of " in latest.waits else latest.waits,
        registered_on=latest.registered_on,
        registered_position=latest.registered_position,
        changed_position=row.position,
    )


def _ended(rows: Rows, change: Change, concerns: Callable[[GrantRow], bool]) -> Rows:
    return revise(rows, change, concerns, lambda _: ())


def _with(
    rows: Rows,
    change: Change,
    concerns: Callable[[GrantRow], bool],
    update: Callable[[GrantRow], GrantRow],
) -> Rows:
    def transform(held: tuple[GrantRow, ...]) -> Sequence[GrantRow]:
        return [update(row) for row in held]

    return revise(rows, change, concerns, transform)


def _terminated(contract: str, rows: Rows, logged: Logged) -> Rows:
    del contract
    body = logged.event.body
    assert isinstance(body, ContractTerminated)
    return _ended(rows, Change(logged, body.terminated_on, UNRECORDED), lambda _: True)


def _voided(contract: str, rows: Rows, logged: Logged) -> Rows:
    """Return the rows after a forum declared the contract void from a day on, if it did."""
    body = logged.event.body
    assert isinstance(body, OfDispute)
    for order in body.ordered():
        if order.event is not None and contract in order.on:
            rows = _ended(rows, Change(logged, order.start, UNRECORDED), lambda _: True)
    return rows


def _suspended(contract: str, rows: Rows, logged: Logged) -> Rows:
    del contract
    body = logged.event.body
    assert isinstance(body, ContractSuspended)
    change = Change(logged, body.suspended_from, UNRECORDED, body.suspended_to)
    return _with(
        rows, change, lambda _: True, lambda row: replace(row, suspended_position=logged.position)
    )


def _resumed(contract: str, rows: Rows, logged: Logged) -> Rows:
    del contract
    body = logged.event.body
    assert isinstance(body, ContractResumed)
    return _with(
        rows,
        Change(logged, body.resumed_on, UNRECORDED),
        lambda row: row.suspended_position is not None,
        lambda row: replace(row, suspended_position=None),
    )


def _in_force(contract: str, rows: Rows, logged: Logged) -> Rows:
    """Return the rows after what the contract waited for came about."""
    del contract
    body = logged.event.body
    if isinstance(body, ContractInForce):
        return _awaited(rows, Change(logged, body.in_force_from, UNRECORDED), lambda _: True)
    if isinstance(body, PermitIssued):
        return _awaited(
            rows, Change(logged, body.issued_on, UNRECORDED), lambda row: row.waits == "permit"
        )
    assert isinstance(body, CertificateIssued)
    if body.purpose == "recordal":
        return _with(
            rows,
            Change(logged, date.min, UNRECORDED),
            lambda row: row.registered_on is None and not set(body.rights).isdisjoint(row.rights),
            lambda row: replace(
                row, registered_on=body.issued_on, registered_position=logged.position
            ),
        )
    change = Change(logged, body.issued_on, UNRECORDED)
    if body.amendment is None:
        return _awaited(rows, change, lambda row: row.waits == "registration")
    waits = f"registration of {body.amendment}"
    refs = {row.ref for row in rows if row.waits == waits}
    old = _ended(rows, change, lambda row: row.ref in refs and row.waits != waits)
    return _awaited(old, change, lambda row: row.waits == waits)


def _awaited(rows: Rows, change: Change, concerns: Callable[[GrantRow], bool]) -> Rows:
    return _with(
        rows,
        change,
        lambda row: row.waits is not None and concerns(row),
        lambda row: replace(row, waits=None, changed_position=change.logged.position),
    )


_OF_ONE = (
    AgreedTerms,
    ContractChanged,
    OptionExercised,
    ContractInForce,
    FilingAnswer,
    ContractTerminated,
    ContractSuspended,
    ContractResumed,
)
"""Bodies that are of one contract."""


def _encumbrances(logged: Logged) -> list[EncumbranceRow]:
    (contract,), body = _the_contract(logged), logged.event.body
    return [
        EncumbranceRow(subject, logged.position, f"{contract}#{grant.grant}", grant.licensee)
        for grant in _granted_by(body)
        for subject in _set((*grant.rights, *grant.technologies))
    ]


def _the_contract(logged: Logged) -> tuple[str, ...]:
    body = logged.event.body
    assert isinstance(body, _OF_ONE)
    return (body.contract,)


def _void_contracts(logged: Logged) -> tuple[str, ...]:
    body = logged.event.body
    assert isinstance(body, OfDispute)
    deeds = (order.deeds() for order in body.ordered() if order.event is not None)
    return tuple(deed for found in deeds for deed in found if kind_of(deed) == "contract")


_MADE_BY: tuple[type[Body], ...] = (ContractConcluded, SublicenceGranted, CompulsoryLicenceGranted)
_GRANTED_BY: frozenset[type[Body]] = frozenset(
    (*_MADE_BY, TermsAmended, CorrectionRecorded, OptionExercised)
)

contracts = Journal(
    name="contracts",
    version=3,
    row=ContractRow,
    emit=_contract,
    bodies=frozenset(_MADE_BY),
    tells={"contract": Tells(("position", "kind", "terms_event", "first"), rest="contract_events")},
)

grants = Projection(
    name="grants",
    version=3,
    row=GrantRow,
    on={
        **{body: On(_the_contract, _concluded) for body in _MADE_BY},
        **{
            body: On(_the_contract, _changed)
            for body in (TermsAmended, CorrectionRecorded, OptionExercised)
        },
        **{
            body: On(_the_contract, _in_force)
            for body in (ContractInForce, PermitIssued, CertificateIssued)
        },
        ContractTerminated: On(_the_contract, _terminated),
        ContractSuspended: On(_the_contract, _suspended),
        ContractResumed: On(_the_contract, _resumed),
        RulingMade: On(_void_contracts, _voided),
    },
    indexes=(("licensee", "true_from"), ("open_beneficiaries", "true_from"), ("ref",), ("head",)),
    tells={
        "contract": Tells(
            (
                *("position", "grants", "changes", "permitted", "registered", "recorded"),
                *("declared_in_force_on", "suspended", "ended", "voided"),
            ),
            rest="contract_events",
            unaffected_by=VOIDS_NOTHING,
        ),
    },
)

encumbrances = Journal(
    name="encumbrances",
    version=2,
    row=EncumbranceRow,
    emit=_encumbrances,
    bodies=_GRANTED_BY,
    identity=("subject", "ref"),
    indexes=(("subject", "licensee"),),
    tells={"contract": Tells(("grants",), rest="contract_events")},
)
