"""A contract with much in it: an exception, a quantity, another currency, a cap, a last day."""

from datetime import date, timedelta

from ledger.follow.client import LedgerClient
from tests.support import builders as b
from tests.support.world import World

LAST_DAY = (date(2034, 11, 28), "28/11/2034", "28 November 2034")
"""The last day of its grant, as it is kept less a day, and as people read it."""


def conclude(ledger: LedgerClient, world: World, today: date) -> str:
    """Record a right and the contract on it, and whoever the world has no key of; return its id."""
    grant = b.grant(
        excluded={"territory": {"codes": ["vn-2025:48"]}, "field": None},
        quantity=500,
        valid_from=today.isoformat(),
        valid_to=(LAST_DAY[0] + timedelta(days=1)).isoformat(),
    )
    royalty = {
        "currency": "USD",
        "base": "net_selling_price",
        "tiers": [{"upto": 10_000_000, "rate_ppm": 50_000}, {"upto": None, "rate_ppm": 32_500}],
        "tiers_over": "year",
        "minimum": {"amount": 123_456, "credit": "carried_forward"},
        "cap": {"amount": 9_000_000, "per": "year"},
        "milestones": [{"milestone": "first", "yearly_base": 1_000_000, "amount": 50_000}],
        "period": "quarter",
        "due_days": 30,
        "late": {"yearly_ppm": 100_000, "from_day": 1, "compounding": "none"},
        "audit": {"records_years": 5, "cost_shift_ppm": 50_000},
    }
    contract = b.contract_concluded(
        grants=[grant],
        price={"amount": 200_000, "currency": "USD"},
        royalty=royalty,
        royalty_ppm=None,
        royalty_base="none",
        currency="USD",
        concluded_on=today.isoformat(),
        effective_from=today.isoformat(),
        governing_law="VN",
        languages=["vi", "en"],
        renewal={"by": "notice", "months": 24, "notice_days": 60, "times": 2},
    )
    for signed in (
        *world.registrations(each for each in (b.INSTITUTE, b.FIRM) if each not in world.keys),
        world.sign(b.technology_registered(), b.INSTITUTE),
        world.sign(b.right_filed(), b.REGISTRAR),
        world.sign(b.right_granted(), b.REGISTRAR),
        world.sign(contract, b.INSTITUTE, b.FIRM),
    ):
        ledger.submit(signed)
    return contract.contract
