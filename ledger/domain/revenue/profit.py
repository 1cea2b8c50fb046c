"""
Profit: what a party declares a result to have earned after tax, and how it got the figure.

Read in this order: events, state, admit, evolve.
"""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import ContractId
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_days, require_known, require_new
from ledger.domain.core.money import CurrencyMismatch, Money, in_currency
from ledger.domain.core.remedy import naming_one_of
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, Text, of_kind
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.technology import Technology, TechnologyId

KIND = "profit"

ProfitId = Annotated[str, of_kind(KIND)]


class ProfitDeclared(Body):
    """A party declares the profit of one result in `[period_from, period_to)`, and how it got it.

    How the profit of a result with mixed funding is derived is not settled in law, so the method is
    a signed declaration.
    """

    TOPIC: ClassVar[str] = "profit.declared/1"
    TITLE = "Profit declared"
    TITLE_VI = "Khai báo lợi nhuận"
    SUBJECTS = "profit contract technology declared_by"
    SIGNERS = "declared_by"
    COMMITS = "sum:state_part"

    profit: ProfitId
    """Id of the new declaration."""
    contract: ContractId
    """Contract by which it was earned."""
    technology: TechnologyId | None
    """Technology that earned it; null where none is named."""
    period_from: Day
    """First day."""
    period_to: Day
    """Day after the last, not after the day of recording."""
    before_tax: Money
    """Profit before tax, in the contract's currency."""
    after_tax: Money
    """Profit after tax, in the contract's currency."""
    state_part: Money
    """The State's part of the profit after tax, in the contract's currency: this is what is
    distributed.
    """
    method: Text
    """How the figures were derived, in words."""
    declared_by: PartyId
    """Party to the contract."""


@dataclass(frozen=True, slots=True)
class Profit:
    """A declared profit: of which contract, how much of it is the State's part."""

    position: int
    contract: str
    state_part: int
    currency: str
    distributed: int | None = None


@admits(ProfitDeclared)
def _admit_profit(body: ProfitDeclared, state: State, context: Context) -> None:
    """Refuse a profit of what is unknown, of a day to come, or in several currencies."""
    require_new(state, body.profit)
    contract = require_known(state, body.contract, Contract)
    if body.technology is not None:
        require_known(state, body.technology, Technology)
    require_days(body.period_from, body.period_to, "/body/period_to")
    not_in_future(context.accepted, period_to=body.period_to)
    amounts = (body.before_tax, body.after_tax, body.state_part)
    if any(amount.currency != contract.currency for amount in amounts):
        raise CurrencyMismatch(
            f"{body.contract} is in {contract.currency}",
            positions=(contract.position,),
            step=in_currency(
                contract.currency,
                *(f"/body/{name}/currency" for name in ("before_tax", "after_tax", "state_part")),
            ),
        )
    must_be_a_party(body.contract, contract, body.declared_by)


def must_be_a_party(subject: str, contract: Contract, party: str) -> None:
    """Raise `WrongSigner` unless the party is one of the contract's."""
    if party not in contract.parties:
        raise WrongSigner(
            f"{party} is no party to {subject}",
            positions=(contract.position,),
            subjects=(party,),
            step=naming_one_of("/body/declared_by", contract.parties),
        )


@evolves(KIND, ProfitDeclared)
def _evolve_profit(body: ProfitDeclared, logged: Logged) -> Profit:
    amount = body.state_part
    return Profit(logged.position, body.contract, amount.amount, amount.currency)
