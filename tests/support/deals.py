"""
Deals that real parties sign: every step admissible when the steps before it are in the log.

A deal touches every read model: a technology and its right, a listing, an offer and its
acceptance, a licence, its revenue shared and paid, a security, an assignment.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from ledger.domain.core.body import Body
from ledger.domain.core.types import format_instant, legal_day
from ledger.events.compose import uuid7
from ledger.follow.client import Signed
from ledger.wire.envelope import payload_hash
from tests.support import builders as b
from tests.support.running import RUNNING, contract_running
from tests.support.world import World


@dataclass(frozen=True)
class Trade:
    """Who deals with whom."""

    institute: str
    firm: str
    author: str
    bank: str

    @classmethod
    def between(cls, name: str) -> "Trade":
        """Return four parties that share a name."""
        return cls(*(f"party:vn.{role}.{name}" for role in ("institute", "firm", "author", "bank")))

    def registrations(self, world: World) -> list[Signed]:
        """Return the events by which they come to be known."""
        return world.registrations((self.institute, self.firm, self.author, self.bank))


class Signs(Protocol):
    """Signs a body by the keys of its signers, as `World.sign` does."""

    def __call__(self, body: Body, /, *signers: str) -> Signed: ...


def deal(world: World, trade: Trade) -> list[Signed]:
    """Return the events of one deal, in an order in which they may stand in the log."""
    return list(deal_at(world.sign, trade, datetime.now(UTC), uuid7))


def deal_at(
    sign: Signs, trade: Trade, now: datetime, new_id: Callable[[], str]
) -> Iterator[Signed]:
    """Yield the events of one deal that is made at an instant."""
    on = legal_day(now).isoformat()
    institute, firm, author, bank = trade.institute, trade.firm, trade.author, trade.bank
    number = new_id()
    right, technology = f"right:vn.{number}", f"technology:{number}"
    listing, contract = f"listing:{number}", f"contract:{number}"
    share, report = f"share:{number}", f"report:{number}"
    yield sign(
        b.technology_registered(technology=technology, owners=[b.held(institute)]), institute
    )
    filed = b.right_filed(right=right, application_no=number, owners=[b.held(institute)])
    yield sign(filed, b.REGISTRAR)
    yield sign(b.right_granted(right=right), b.REGISTRAR)
    listed = b.listing_published(
        listing=listing, lister=institute, reviewer=b.OPERATOR, rights=[right]
    )
    yield sign(listed, institute, b.OPERATOR)
    offer = f"offer:{new_id()}"
    until = format_instant(now + timedelta(days=10))
    offered = sign(
        b.offer_made(
            offer=offer, listing=listing, offeror=firm, offeree=institute, expires_at=until
        ),
        firm,
    )
    yield offered
    agreed = b.offer_accepted(
        offer=offer, accepts=payload_hash(offered.envelope.payload), accepted_by=institute
    )
    accepted = sign(agreed, institute)
    yield accepted
    grant = b.grant(
        licensor=institute, licensee=firm, rights=[right], valid_from=RUNNING["effective_from"]
    )
    concluded = contract_running(
        contract=contract,
        parties=sorted([institute, firm]),
        listing=listing,
        offer=offer,
        acceptance=payload_hash(accepted.envelope.payload),
        grants=[grant],
    )
    yield sign(concluded, institute, firm)
    shared = b.share_agreed(
        share=share,
        contract=contract,
        parts=[b.part(institute, 700_000), b.part(author, 300_000)],
        agreed_by=sorted([institute, author]),
    )
    yield sign(shared, institute, author)
    yield sign(b.revenue_reported(report=report, contract=contract, reported_by=firm), firm)
    distribution = f"distribution:{new_id()}"
    distributed = b.revenue_distributed(
        distribution=distribution,
        share=share,
        contract=contract,
        reports=[report],
        parts=[
            {"party": institute, "amount": 35_000_000},
            {"party": author, "amount": 15_000_000},
        ],
    )
    yield sign(distributed, b.OPERATOR)
    paid = b.payment_confirmed(
        payment=f"payment:{new_id()}",
        distribution=distribution,
        payer=firm,
        payee=author,
        confirmed_by=author,
        paid_on=on,
    )
    yield sign(paid, author)
    security = f"security:{new_id()}"
    pledged = b.security_created(
        security=security, rights=[right], debtors=[institute], creditor=bank, created_on=on
    )
    yield sign(pledged, institute, bank)
    freed = b.security_released(security=security, rights=[right], creditor=bank, released_on=on)
    yield sign(freed, bank)
    assignment = f"assignment:{new_id()}"
    sold = b.assignment_agreed(
        assignment=assignment,
        rights=[right],
        assignors=[b.held(institute, 1, 2)],
        assignees=[b.held(firm, 1, 2)],
        agreed_on=on,
    )
    yield sign(sold, institute, firm)
    entered = b.assignment_registered(
        assignment=assignment, rights=[right], registered_on=on, effective_on=on
    )
    yield sign(entered, b.REGISTRAR)
