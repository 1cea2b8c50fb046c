"""Money that goes back, and who may say that it arrived."""

from ledger.domain.parties.signature_refusals import WrongSigner
from tests.support.builders import (
    AUTHOR,
    DISTRIBUTION,
    FIRM,
    INSTITUTE,
    RIVAL,
    payment_confirmed,
    vnd,
)
from tests.support.moneys import refund_made
from tests.unit.test_domain_revenue import BACK, taken_back


def test_what_is_paid_back_goes_to_who_owed_it() -> None:
    """A stranger says that it got back what the licensee had paid."""
    parts = [{"party": AUTHOR, "amount": -3}, {"party": INSTITUTE, "amount": -8}]
    past, back = taken_back(parts)
    past = past.and_then(back)
    for_itself = {"payer": RIVAL, "confirmed_by": RIVAL}
    stranger = payment_confirmed(distribution=BACK, amount=vnd(-3), **for_itself)
    past.when(stranger).then_refused(WrongSigner, word={"/body/payer": FIRM})
    paid = past.and_then(payment_confirmed(amount=vnd(15_000_000)))
    refunded = refund_made(5, distribution=DISTRIBUTION, **for_itself)
    paid.when(refunded).then_refused(WrongSigner, word={"/body/payer": FIRM})
