"""What an event commits to: admission, both verifiers and the reference come to the same sum."""

from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ledger import court
from ledger.domain.core.body import Body
from ledger.domain.signing.who_signs import WHO_SIGNS
from ledger.powers import TABLE, Exposure, OfferedTerms, exposure
from tests.support import builders as b
from tests.support.contracts import terms_amended
from tests.support.market import dutch_opened
from tests.support.moneys import royalty
from tests.support.reference_ceilings import costs

amounts = st.sampled_from((1, 2, 5, 499_999, 500_000, 1_000_000))
units = st.sampled_from(("VND", "VND", "VND", "USD"))
moneys = st.builds(lambda n, unit: {"amount": n, "currency": unit}, st.just(0) | amounts, units)
prices = st.none() | moneys
days = st.dates(date(2026, 1, 1), date(2032, 12, 31)).map(str)
royalties = st.none() | st.builds(
    lambda unit, rate, **said: royalty(
        currency=unit,
        tiers=[{"upto": 5, "rate_ppm": 0}, {"upto": None, "rate_ppm": rate}],
        **said,
    ),
    units,
    st.sampled_from((0, 0, 1)),
    cap=st.none() | st.builds(dict, amount=amounts, per=st.sampled_from(("term", "term", "year"))),
    minimum=st.none() | st.builds(dict, amount=amounts, credit=st.just("same_year")),
    milestones=st.lists(amounts, max_size=2).map(
        lambda sums: [
            {"milestone": f"m{n}", "yearly_base": 1, "amount": each} for n, each in enumerate(sums)
        ]
    ),
)
grants = st.builds(
    b.grant,
    exclusivity=st.sampled_from(("non_exclusive", "non_exclusive", "exclusive")),
    valid_to=st.none() | days,
)
terms = {
    "price": prices,
    "royalty_ppm": st.sampled_from((None, None, 0, 1)),
    "royalty": royalties,
    "renewal": st.sampled_from((None, None, {"by": "itself", "months": 12})),
}
offers = st.builds(b.offer_made, price=prices, royalty_ppm=st.sampled_from((None, 0, 1)))
contracts = st.builds(
    b.contract_concluded,
    **terms,
    effective_from=days,
    effective_to=st.none() | days,
    grants=grants.map(lambda each: [each]),
)
amendments = st.fixed_dictionaries(
    {"terms_sha256": st.just(b.SOME_HASH)},
    optional={
        "price": prices,
        "royalty": royalties,
        "grants": grants.map(lambda each: [each]),
        "effective_to": st.none() | days,
        "renewal": st.none(),
    },
).map(lambda changes: terms_amended(changes=changes))
sublicences = st.builds(
    b.sublicence_granted,
    grant=grants.map(lambda each: {**each, "licensor": b.FIRM, "licensee": b.RIVAL}),
    **terms,
)
sales = st.builds(
    lambda price, quoted, value: b.assignment_agreed(
        price=price,
        quoted_price=quoted,
        equity=value and {"company": b.FIRM, "stake_ppm": 1, "value": value},
    ),
    prices,
    prices,
    prices,
)
auctions = st.builds(
    dutch_opened,
    reserve=moneys,
    start=moneys,
)
bodies = st.one_of(contracts, contracts, amendments, sublicences, sales, auctions, offers)


def named_in(body: Body, offer: Body | None) -> Body:
    """Return a contract that names an offer, if there is one to name."""
    if offer is None or body.TOPIC != "contract.concluded/1":
        return body
    return body.model_copy(update={"offer": b.OFFER, "acceptance": b.SOME_HASH})


def by_court(body: Body, said: dict[str, Any], signer: str, offer: Any) -> list[Any]:
    """Return what the one-file verifier reads of a body, after the offer."""
    authority = court.Authority(whole=True)
    if offer is not None:
        authority.offers[b.OFFER] = (0, "offer.made/1", offer)
    event = court.Event(1, b"", "", (), b"", {}, body.TOPIC, said, {signer})
    return list(court.commits(event, signer, authority))


@settings(max_examples=600, deadline=None)
@given(bodies, st.none() | offers, st.sampled_from((b.INSTITUTE, b.FIRM)))
def test_all_come_to_the_same_sum(body: Body, offer: Any, signer: str) -> None:
    body = named_in(body, offer)
    said = body.model_dump(mode="json", exclude_unset=True)
    offered = None if offer is None else offer.model_dump(mode="json", exclude_unset=True)
    named = None if getattr(body, "offer", None) != b.OFFER else offered
    expected = costs(body.TOPIC, said, signer, named)
    read = [
        exposure(
            WHO_SIGNS[type(body)], body, signer, lambda _: OfferedTerms(TABLE[offer.TOPIC], offer)
        ),
        exposure(
            TABLE[body.TOPIC], said, signer, lambda _: OfferedTerms(TABLE[offer.TOPIC], offered)
        ),
    ]
    assert read[0] == read[1]
    assert expected == _costs(read[0])
    total = sum((expected or {}).values())
    for limit in {total, total - 1} - {-1}:
        for unit in ("VND", "USD"):
            within = (
                expected is not None
                and {**expected, unit: total} == {unit: total}
                and (total <= limit)
            )
            assert within is read[0].within(limit, unit)
            assert within is court.are_within(by_court(body, said, signer, offered), limit, unit)


def _costs(told: Exposure) -> dict[str, int] | None:
    return None if told.beyond else told.total
