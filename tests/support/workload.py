"""
A log of any length, for figures: the same deal again and again, each time between other parties.

A deal is fourteen events: a right filed and granted, a technology listed, an offer accepted, a
licence, its revenue shared, reported, distributed and paid, a security created and released, an
assignment agreed and registered. All of them would be admitted.
"""

from collections.abc import Iterator

from ledger.domain.event import Body
from tests.support import builders as b


def deal(number: int) -> list[Body]:
    """Return the events of one deal."""
    institute, firm, author = (
        f"party:vn.{role}{number}" for role in ("institute", "firm", "author")
    )
    right = f"right:vn.1-2020-{number:06d}"
    ids = {
        kind: f"{kind}:01890000-0000-7000-8000-{number:012x}"
        for kind in (
            [
                "listing",
                "offer",
                "contract",
                "share",
                "report",
                "distribution",
                "payment",
                "security",
                "assignment",
            ]
        )
    }
    parts = [b.part(institute, 700_000), b.part(author, 300_000)]
    payable = [
        {"party": institute, "amount": 35_000_000},
        {"party": author, "amount": 15_000_000},
    ]
    grant = b.grant(licensor=institute, licensee=firm, rights=[right])
    return [
        b.right_filed(
            right=right, application_no=f"1-2020-{number:06d}", owners=[b.held(institute)]
        ),
        b.right_granted(right=right),
        b.listing_published(listing=ids["listing"], lister=institute, rights=[right]),
        b.offer_made(offer=ids["offer"], listing=ids["listing"], offeror=firm, offeree=institute),
        b.offer_accepted(offer=ids["offer"], accepted_by=institute),
        b.contract_concluded(
            contract=ids["contract"], parties=[institute, firm], offer=None, grants=[grant]
        ),
        b.share_agreed(
            share=ids["share"], contract=ids["contract"], parts=parts, agreed_by=[institute, author]
        ),
        b.revenue_reported(report=ids["report"], contract=ids["contract"], reported_by=firm),
        b.revenue_distributed(
            distribution=ids["distribution"],
            share=ids["share"],
            contract=ids["contract"],
            reports=[ids["report"]],
            parts=payable,
        ),
        b.payment_confirmed(
            payment=ids["payment"],
            distribution=ids["distribution"],
            payer=firm,
            payee=author,
            confirmed_by=author,
        ),
        b.security_created(security=ids["security"], rights=[right], debtors=[institute]),
        b.security_released(security=ids["security"], rights=[right]),
        b.assignment_agreed(
            assignment=ids["assignment"],
            rights=[right],
            assignors=[b.held(institute)],
            assignees=[b.held(firm)],
        ),
        b.assignment_registered(assignment=ids["assignment"], rights=[right]),
    ]


def deals(count: int) -> Iterator[Body]:
    """Return the events of so many deals, one deal after the other."""
    return (body for number in range(count) for body in deal(number))
