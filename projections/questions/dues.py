"""
What is owed to a party: payable, paid, waiting in suspense, held and why.

Serves `GET /v1/parties/{id}/dues` and `GET /v1/shares/{id}`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.domain.contracts.agreed_share import WaterfallStep
from ledger.domain.core.money import Part
from ledger.domain.core.types import Sealed
from ledger.domain.revenue.distribution import Distributed
from ledger.domain.revenue.payment import PaymentConfirmed, RefundMade
from ledger.domain.revenue.share_agreement import RoleOf, ShareAgreed
from ledger.domain.revenue.suspense import SuspenseReleased
from projections.engine.answer import Answer, Verdict, YesOrNo, yes_or_no
from projections.engine.view import (
    RECORDED,
    Known,
    View,
    bound_parameters,
    positions_of,
    read_snapshot,
)
from projections.questions.dispute_record import standing_orders
from projections.questions.party_keys import owners_of
from projections.tables.basis import answering, told
from projections.tables.contract_revenue import PayableRow, payables
from projections.tables.dispute_events import OrderRow, orders, told_of
from projections.tables.key_events import keys
from projections.tables.money_events import MoneyEvent, money_events, money_of, said_as
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class DueLine:
    """What one distribution gives the party, what of it was paid, and the orders that hold it."""

    distribution: str
    contract: str
    share: str
    position: int
    currency: str
    payable: int
    paid: int
    held_by: tuple[OrderRow, ...]

    @property
    def open(self) -> int:
        """Return what is still owed; negative if too much was paid."""
        return self.payable - self.paid

    @property
    def held(self) -> int:
        """Return what of the open sum is held back."""
        return self.open if self.held_by else 0


@dataclass(frozen=True, slots=True)
class UnsplitMoney:
    """What of a distribution waits until the co-authors have agreed to split it."""

    distribution: str
    contract: str
    position: int
    currency: str
    amount: int


@dataclass(frozen=True, slots=True)
class Dues(Answer):
    """What is owed to a party to date, folded up to `size` entries; sums by currency.

    Only under a `contract`, if that was asked.
    """

    party: str
    contract: str | None
    true_on: date
    size: int
    lines: tuple[DueLine, ...]
    suspense: tuple[UnsplitMoney, ...]
    positions: tuple[int, ...]

    @property
    def payable(self) -> tuple[tuple[str, int], ...]:
        """Return what was to be paid."""
        return sums((line.currency, line.payable) for line in self.lines)

    @property
    def paid(self) -> tuple[tuple[str, int], ...]:
        """Return what was paid of it."""
        return sums((line.currency, line.paid) for line in self.lines)

    @property
    def held(self) -> tuple[tuple[str, int], ...]:
        """Return what of it is held back."""
        return sums((line.currency, line.held) for line in self.lines)


@dataclass(frozen=True, slots=True)
class Agreement(YesOrNo):
    """An agreement on shares, and who signed it: each beneficiary, by which party's key."""

    share: str
    size: int
    contract: str | None
    parts: tuple[Part, ...] | None
    parts_commitment: str | None
    authors_ppm: int
    technology: str | None
    roles: tuple[RoleOf, ...]
    waterfall: tuple[WaterfallStep, ...]
    effective_from: date | None
    superseded_by: str | None
    agreed_by: tuple[str, ...]
    signed_by: tuple[str, ...]
    not_agreed: tuple[str, ...]
    positions: tuple[int, ...]

    @property
    def agreed_by_all(self) -> bool | None:
        """Say whether every beneficiary agreed; None where the parts are sealed."""
        return None if self.parts is None else not self.not_agreed

    @property
    def _says(self) -> Verdict:
        return "unknown" if self.agreed_by_all is None else yes_or_no(self.agreed_by_all)


def dues_of(reader: Reader, party: str, *, true_on: date, contract: str | None = None) -> Dues:
    """Return what is owed to a party, of all contracts or one, with holds in force on a day.

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, payables, money_events, orders) as view:
        known = reader.as_of(view)
        owed = _payable(view, party, contract, known)
        around = money_of(view, {row.subject for row in owed}, known)
        held = standing_orders(
            view, {subject for row in owed for subject in (row.share, row.contract)}, true_on, known
        )
        lines = tuple(_lines(party, owed, around, held))
        waiting = tuple(_waiting(view, party, contract, known))
        answer = Dues(
            party,
            contract,
            true_on,
            view.size,
            lines,
            waiting,
            positions=positions_of(
                [row.position for row in owed],
                _positions_of_payments(party, around),
                *(told_of(order) for line in lines for order in line.held_by),
                [each.position for each in waiting],
            ),
        )
        deeds = {deed for line in lines for deed in (line.contract, line.share)}
        return told(view, answer, known, party, contract, rests_on=deeds)


def _payable(view: View, party: str, contract: str | None, known: Known) -> tuple[PayableRow, ...]:
    asked = {"payee": party, "contract": contract, **bound_parameters(known)}
    condition = f"payee = %(payee)s AND {RECORDED}"
    if contract is not None:
        condition += " AND contract = %(contract)s"
    return view.rows(payables, condition, asked, order="position, subject")


def _lines(
    party: str,
    owed: Sequence[PayableRow],
    around: Sequence[MoneyEvent],
    held: Mapping[str, tuple[OrderRow, ...]],
) -> Iterable[DueLine]:
    paid = _paid(party, around)
    by_distribution: dict[str, list[PayableRow]] = {}
    for row in owed:
        by_distribution.setdefault(row.subject, []).append(row)
    for distribution, rows in by_distribution.items():
        first = rows[0]
        holds = (*held.get(first.share, ()), *held.get(first.contract, ()))
        yield DueLine(
            distribution,
            first.contract,
            first.share,
            first.position,
            first.currency,
            sum(row.amount for row in rows),
            paid.get(distribution, 0),
            tuple(order for order in holds if order.party in (None, party)),
        )


def _paid(party: str, around: Sequence[MoneyEvent]) -> Mapping[str, int]:
    paid: dict[str, int] = {}
    for _, made in said_as(around, PaymentConfirmed):
        if made.payee == party:
            paid[made.distribution] = paid.get(made.distribution, 0) + made.amount.amount
    for _, back in said_as(around, RefundMade):
        if back.payee == party:
            paid[back.distribution] = paid.get(back.distribution, 0) - back.amount.amount
    return paid


def _positions_of_payments(party: str, around: Sequence[MoneyEvent]) -> list[int]:
    paid = [row.position for row, made in said_as(around, PaymentConfirmed) if made.payee == party]
    back = [row.position for row, made in said_as(around, RefundMade) if made.payee == party]
    return paid + back


def _waiting(view: View, party: str, contract: str | None, known: Known) -> Iterable[UnsplitMoney]:
    """Yield what waits of the distributions of a contract: it is asked about one at a time."""
    if contract is None:
        return
    del party
    rows = money_of(view, (contract,), known)
    waiting = [(row, body) for row, body in said_as(rows, Distributed) if body.suspense]
    own = money_of(view, {body.distribution for _, body in waiting}, known)
    released = {body.distribution for _, body in said_as(own, SuspenseReleased)}
    for row, body in waiting:
        if body.distribution not in released:
            yield UnsplitMoney(
                body.distribution,
                body.contract,
                row.position,
                body.total.currency,
                body.suspense,
            )


def distributed_by(reader: Reader, distribution: str) -> frozenset[str]:
    """Return the contract and the agreement on shares by which a distribution was made."""
    with read_snapshot(reader.pool, money_events) as view:
        own = money_of(view, (distribution,), reader.as_of(view))
    made = (body for _, body in said_as(own, Distributed) if body.distribution == distribution)
    return frozenset(subject for body in made for subject in (body.contract, body.share))


def releases_of(reader: Reader, distribution: str) -> tuple[int, ...]:
    """Return the positions of the events that released what of a distribution was waiting."""
    with read_snapshot(reader.pool, money_events) as view:
        own = money_of(view, (distribution,), reader.as_of(view))
        return positions_of([row.position for row, _ in said_as(own, SuspenseReleased)])


def sums(amounts: Iterable[tuple[str, int]]) -> tuple[tuple[str, int], ...]:
    """Return what each, a currency or a party, comes to; in order."""
    added: dict[str, int] = {}
    for name, amount in amounts:
        added[name] = added.get(name, 0) + amount
    return tuple(sorted(added.items()))


def agreement_of(reader: Reader, share: str) -> Agreement:
    """Return an agreement on shares and whose keys signed it.

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, money_events, keys) as view:
        known = reader.as_of(view)
        agreed = said_as(money_of(view, (share,), known), ShareAgreed)
        own = [(row, body) for row, body in agreed if body.share == share]
        if not own:
            nothing = Agreement(
                share, view.size, None, None, None, 0, None, (), (), None, None, (), (), (), ()
            )
            return told(view, nothing, known, share)
        (row, body) = own[0]
        later = [(r, each) for r, each in agreed if each.supersedes == share]
        parts = None if isinstance(body.parts, Sealed) else body.parts
        named = {part.party for part in parts or ()}.union(step.to for step in body.waterfall)
        answer = Agreement(
            share,
            view.size,
            body.contract,
            parts,
            body.parts.commitment if isinstance(body.parts, Sealed) else None,
            body.authors_ppm or 0,
            body.technology,
            body.roles,
            body.waterfall,
            body.effective_from,
            superseded_by=later[0][1].share if later else None,
            agreed_by=tuple(sorted(body.agreed_by)),
            signed_by=owners_of(view, row.signatures),
            not_agreed=tuple(sorted(named.difference(body.agreed_by))),
            positions=positions_of([row.position], [r.position for r, _ in later]),
        )
        return told(view, answer, known, share)
