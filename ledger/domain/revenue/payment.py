"""
Payments: instructed by the payer, confirmed by who receives, failed, refunded, noted as too much.

No more is confirmed than is payable, unless the event says that it is an overpayment. What a forum
holds back is not instructed; that it arrived all the same is a fact, and recorded. Who receives
confirms, also what goes back. A refund mirrors a payment to the unit.
Refusals come in the order in which they are defined here, existence first.
Read in this order: events, state, refusals, admit, evolve.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Annotated, ClassVar

from pydantic import model_validator

from ledger.domain.contracts.agreed_share import Share
from ledger.domain.contracts.contract import Contract
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.court_hold import must_not_be_held
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    PredecessorUnknown,
    not_in_future,
    require_known,
    require_new,
)
from ledger.domain.core.money import CurrencyMismatch, Money, Price, in_currency
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step, naming
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, Text, legal_day, of_kind
from ledger.domain.parties.party import party_of
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.revenue.distribution import Distribution, DistributionId, Move

KIND = "payment"

PaymentId = Annotated[str, of_kind(KIND)]
RefundId = Annotated[str, of_kind("refund")]


class OfDistribution(Body):
    """What is said of money that a distribution makes payable. Never an event itself."""

    COMMITS = "sum:amount"

    distribution: DistributionId
    """Distribution by which the money is payable."""
    payer: PartyId
    """Who pays what is payable; of money that goes back, who gets it."""
    payee: PartyId
    """Who gets what is payable; of money that goes back, who gives it."""

    def reads(self, state: State) -> Iterable[str]:
        """Return the share and the contract, which may be held."""
        distribution = state.get(self.distribution)
        if isinstance(distribution, Distribution):
            yield from (distribution.share, distribution.contract)


class PaymentInstructed(OfDistribution):
    """A payer has told its bank to pay."""

    TOPIC: ClassVar[str] = "payment.instructed/1"
    TITLE = "Payment instructed"
    TITLE_VI = "Lệnh thanh toán"
    SUBJECTS = "payment distribution payer payee"
    SIGNERS = "payer"
    OPPOSED = "payer~payee"

    payment: PaymentId
    """Id of the new payment."""
    amount: Price
    """What is paid, in the distribution's currency: no more than is payable to the payee and
    not confirmed yet.
    """
    instructed_on: Day
    """Day of the instruction, not after the day of recording."""

    @model_validator(mode="after")
    def _to_another(self) -> "PaymentInstructed":
        if self.payer == self.payee:
            raise ValueError(f"a payment is made to another, not by {self.payee} to itself")
        return self


class PaymentConfirmed(OfDistribution):
    """A payee, or a bank, says that money arrived."""

    TOPIC: ClassVar[str] = "payment.confirmed/1"
    TITLE = "Payment confirmed by who received it"
    TITLE_VI = "Xác nhận đã nhận thanh toán"
    SUBJECTS = "payment distribution payer payee confirmed_by"
    SIGNERS = "confirmed_by"
    OPPOSED = "payer~confirmed_by payee~confirmed_by"

    payment: PaymentId
    """Payment that arrived: an instructed one, neither confirmed nor failed, or a new one."""
    confirmed_by: PartyId
    """Who received the money, or a party with the role `bank`; never who gave it."""
    amount: Money
    """What arrived, in the distribution's currency; negative where it went back from the payee
    to the payer, who owed it under the contract.
    """
    paid_on: Day
    """Day on which it arrived, not after the day of recording."""
    overpayment: bool
    """Whether it is said to be more than is payable; if not, it must not be."""


class PaymentFailed(Body):
    """An instructed payment did not arrive, as its payer or a bank says."""

    TOPIC: ClassVar[str] = "payment.failed/1"
    TITLE = "Payment failed"
    TITLE_VI = "Thanh toán không thành"
    SUBJECTS = "payment said_by"
    SIGNERS = "said_by"

    payment: PaymentId
    """Instructed payment, neither confirmed nor failed."""
    said_by: PartyId
    """The payer, or a party with the role `bank`."""
    reason: Text
    """Why it failed, in words, without personal data."""
    failed_on: Day
    """Day on which it failed, not after the day of recording."""


class OverpaymentNoted(OfDistribution):
    """Payer and payee agree that so much too much was paid."""

    TOPIC: ClassVar[str] = "overpayment.noted/1"
    TITLE = "Overpayment noted"
    TITLE_VI = "Ghi nhận trả thừa"
    SUBJECTS = "distribution payer payee"
    SIGNERS = "payer payee"
    OPPOSED = "payer~payee"

    amount: Price
    """All that was paid too much to the payee, in the distribution's currency."""
    noted_on: Day
    """Day of the agreement, not after the day of recording."""


class RefundMade(OfDistribution):
    """What a payee had got went back to the payer, as the payer or a bank confirms."""

    TOPIC: ClassVar[str] = "refund.made/1"
    TITLE = "Refund made"
    TITLE_VI = "Hoàn trả"
    SUBJECTS = "refund distribution payer payee confirmed_by"
    SIGNERS = "confirmed_by"
    OPPOSED = "payer~confirmed_by payee~confirmed_by"

    refund: RefundId
    """Id of the new refund."""
    confirmed_by: PartyId
    """The payer, who got it back, or a party with the role `bank`."""
    amount: Price
    """What went back, in the distribution's currency; no more than was paid."""
    paid_on: Day
    """Day on which it arrived, not after the day of recording."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A payment that was instructed, confirmed or failed: of which distribution, by whom, to whom.

    `confirmed` and `failed` are the positions of the events that said so.
    """

    position: int
    distribution: str
    payer: str
    payee: str
    confirmed: int | None = None
    failed: int | None = None

    @property
    def instructed_by(self) -> tuple[str, ...]:
        """Return who instructed it: nobody where it was first told of when it had come."""
        return () if self.position in {self.confirmed, self.failed} else (self.payer,)


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund that was made."""

    position: int


class ConfirmByPayer(Refusal):
    """A payment is confirmed by the one who receives it, or by a bank."""

    code = "CONFIRM_BY_PAYER"
    members = ("confirmed_by",)
    title_vi = "Bên trả tiền không thể tự xác nhận đã nhận tiền"


class PaymentClosed(Refusal):
    """The payment was confirmed, or failed, already."""

    code = "PAYMENT_CLOSED"
    title_vi = "Khoản thanh toán đã được xác nhận hoặc đã thất bại"


class Overpaid(Refusal):
    """No more is confirmed than is payable, but as an overpayment; nor goes back before it came."""

    code = "OVERPAID"
    members = ("amount",)
    title_vi = "Số tiền xác nhận vượt quá số phải trả, hoặc được hoàn trước khi nhận"


def _payable(state: State, body: OfDistribution, amount: Money) -> Distribution:
    """Return the distribution, if the amount is in its currency."""
    distribution = require_known(state, body.distribution, Distribution)
    if amount.currency != distribution.currency:
        raise CurrencyMismatch(
            f"{body.distribution} is in {distribution.currency}",
            positions=(distribution.position,),
            step=in_currency(distribution.currency, "/body/amount/currency"),
        )
    return distribution


def _must_be_free_to_pay(
    state: State, body: OfDistribution, distribution: Distribution, context: Context
) -> None:
    """Raise `Held` if a forum holds back what is due to the payee, by share or by contract."""
    today = legal_day(context.accepted)
    share = require_known(state, distribution.share, Share)
    must_not_be_held(distribution.share, share.holds, today, body.payee)
    contract = require_known(state, distribution.contract, Contract)
    must_not_be_held(distribution.contract, contract.holds, today, body.payee)


def _must_be_received_by(state: State, receiver: str, giver: str, said_by: str) -> None:
    if said_by == giver:
        raise ConfirmByPayer(
            f"{giver} pays this: {receiver}, who receives it, or a bank confirms",
            subjects=(giver,),
            step=Step({"receiver": receiver}, change={"/body/confirmed_by": receiver})
            if receiver != giver
            else Step(case="bank", ask=("/body/confirmed_by",)),
        )
    registered = party_of(state, said_by)
    if said_by != receiver and "bank" not in registered.roles:
        raise WrongSigner(
            f"{said_by} is neither {receiver}, who receives it, nor a bank",
            positions=(registered.position,),
            subjects=(said_by,),
            step=naming("/body/confirmed_by", receiver),
        )


def _must_have_owed(state: State, distribution: Distribution, party: str) -> None:
    """Refuse that money goes back to another than who owed it under the contract."""
    contract = require_known(state, distribution.contract, Contract)
    debtors = contract.licensees() or contract.parties
    if party not in debtors:
        told = {"debtors": ", ".join(sorted(debtors)), "contract": distribution.contract}
        raise WrongSigner(
            f"{party} owed nothing under {distribution.contract}: nothing goes back to it",
            positions=(distribution.position,),
            pointer="/body/payer",
            step=Step(told, case="debtor", ask=(HERE,)),
        )


@admits(PaymentInstructed)
def _admit_instructed(body: PaymentInstructed, state: State, context: Context) -> None:
    """Refuse to instruct twice, from a day to come, too much, or what is held."""
    require_new(state, body.payment)
    distribution = _payable(state, body, body.amount)
    not_in_future(context.accepted, instructed_on=body.instructed_on)
    _must_be_free_to_pay(state, body, distribution, context)
    _must_be_payable(distribution, body, body.amount.amount)


@admits(PaymentConfirmed)
def _admit_confirmed(body: PaymentConfirmed, state: State, context: Context) -> None:
    """Refuse a confirmation by who gives or a stranger, too early, or of too much."""
    _must_be_open(state, body)
    require_known(state, body.distribution, Distribution)
    ways = (body.payee, body.payer)
    receiver, giver = ways if body.amount.amount >= 0 else ways[::-1]
    _must_be_received_by(state, receiver, giver, body.confirmed_by)
    distribution = _payable(state, body, body.amount)
    if body.amount.amount < 0:
        _must_have_owed(state, distribution, receiver)
    not_in_future(context.accepted, paid_on=body.paid_on)
    if not body.overpayment:
        _must_be_payable(distribution, body, body.amount.amount)
    after = distribution.confirmed.get(body.payee, 0) + body.amount.amount
    least = min(after, distribution.payable.get(body.payee, 0), 0)
    _must_have_come(distribution, body, -body.amount.amount, least)


_CLOSED = Step()


def _must_be_open(state: State, body: PaymentConfirmed) -> None:
    """Refuse a payment that is closed, or was instructed between others."""
    payment = state.get(body.payment)
    if payment is None:
        return
    payment = require_known(state, body.payment, Payment)
    again = Step(case="failed", ask=("/body/payment",))
    _must_not_be_closed(body.payment, payment, again)
    said = (body.distribution, body.payer, body.payee)
    if (payment.distribution, payment.payer, payment.payee) != said:
        raise PredecessorUnknown(
            f"{body.payment} was instructed otherwise",
            positions=(payment.position,),
            pointer="/body/payment",
            step=Step(
                {"payer": payment.payer, "payee": payment.payee, "what": payment.distribution},
                case="instructed",
                change={
                    "/body/distribution": payment.distribution,
                    "/body/payer": payment.payer,
                    "/body/payee": payment.payee,
                },
            ),
        )


def _must_not_be_closed(subject: str, payment: Payment, failed: Step = _CLOSED) -> None:
    """Raise `PaymentClosed` if it was confirmed, or failed; then that step may help."""
    closed = payment.confirmed if payment.failed is None else payment.failed
    if closed is not None:
        raise PaymentClosed(
            f"{subject} is closed",
            positions=(closed,),
            subjects=(subject,),
            step=_CLOSED if payment.failed is None else failed,
        )


def _must_be_payable(distribution: Distribution, body: OfDistribution, amount: int) -> None:
    payable = distribution.payable.get(body.payee, 0)
    confirmed = distribution.confirmed.get(body.payee, 0)
    total = confirmed + amount
    if not min(payable, 0) <= total <= max(payable, 0):
        raise Overpaid(
            f"{total} would be paid to {body.payee}, {payable} is payable",
            positions=(distribution.position,),
            step=_of_the_rest(payable - confirmed, amount, body),
        )


def _of_the_rest(left: int, amount: int, body: OfDistribution) -> Step:
    """Return the step in which as much is paid as is left, or it is said that it is too much."""
    if left * amount > 0:
        return Step({"left": left}, change={"/body/amount/amount": left})
    if isinstance(body, PaymentConfirmed):
        return Step(case="above", change={"/body/overpayment": True})
    return Step(case="paid")


@admits(PaymentFailed)
def _admit_failed(body: PaymentFailed, state: State, context: Context) -> None:
    """Refuse a failure of what is closed, as said by a stranger, or on a day to come."""
    payment = require_known(state, body.payment, Payment)
    _must_not_be_closed(body.payment, payment)
    if body.said_by != payment.payer and "bank" not in party_of(state, body.said_by).roles:
        raise WrongSigner(
            f"{body.said_by} is neither the payer nor a bank",
            positions=(payment.position,),
            pointer="/body/said_by",
            step=naming("/body/said_by", payment.payer),
        )
    not_in_future(context.accepted, failed_on=body.failed_on)


def _above(distribution: Distribution, payee: str) -> int:
    """Return how much more was confirmed to a payee than is payable."""
    return distribution.confirmed.get(payee, 0) - distribution.payable.get(payee, 0)


@admits(OverpaymentNoted)
def _admit_overpayment(body: OverpaymentNoted, state: State, context: Context) -> None:
    """Refuse to note more than was paid too much."""
    distribution = _payable(state, body, body.amount)
    not_in_future(context.accepted, noted_on=body.noted_on)
    above = _above(distribution, body.payee)
    if body.amount.amount != above:
        raise Overpaid(
            f"{above} was paid too much to {body.payee}",
            positions=(distribution.position,),
            step=_of_at_most(above),
        )


def _of_at_most(amount: int) -> Step:
    if amount <= 0:
        return Step(case="nothing")
    return Step({"left": amount}, change={"/body/amount/amount": amount})


@admits(RefundMade)
def _admit_refund(body: RefundMade, state: State, context: Context) -> None:
    """Refuse a refund confirmed by who gives it, twice, too early, or of more than was paid."""
    require_new(state, body.refund)
    distribution = _payable(state, body, body.amount)
    _must_be_received_by(state, body.payer, body.payee, body.confirmed_by)
    _must_have_owed(state, distribution, body.payer)
    not_in_future(context.accepted, paid_on=body.paid_on)
    if body.amount.amount > (paid := distribution.confirmed.get(body.payee, 0)):
        raise Overpaid(
            f"{paid} was paid to {body.payee}, no more goes back",
            positions=(distribution.position,),
            step=_of_at_most(paid),
        )
    _must_have_come(distribution, body, body.amount.amount, 0)


def _must_have_come(
    distribution: Distribution, body: PaymentConfirmed | RefundMade, back: int, least: int
) -> None:
    """Refuse that money goes back on a day by which less had come, or from which on less is left.

    `least` is what has to be left on each day from then on.
    """
    moves = distribution.moves.get(body.payee, ())
    on_day = Counter({body.paid_on: 0})
    for each in moves:
        on_day[each.day] += each.amount
    days = sorted(on_day)
    had = dict(zip(days, accumulate(on_day[day] for day in days), strict=True))
    short = [day for day in days if day >= body.paid_on and had[day] - back < least]
    if back > 0 and short:
        first = days[days.index(short[-1]) + 1]
        raise Overpaid(
            f"so much had come to {body.payee} by {first}, and not by {body.paid_on}",
            positions=(each.position for each in moves if each.day > body.paid_on),
            pointer="/body/paid_on",
            step=Step({"day": first}, case="early", change={"/body/paid_on": first.isoformat()}),
        )


@evolves(KIND, PaymentInstructed)
def _evolve_instructed(body: PaymentInstructed, logged: Logged) -> Payment:
    return Payment(logged.position, body.distribution, body.payer, body.payee)


@evolves(KIND, PaymentConfirmed)
def _evolve_confirmed(body: PaymentConfirmed, logged: Logged, value: Payment | None) -> Payment:
    made = value or Payment(logged.position, body.distribution, body.payer, body.payee)
    return replace(made, confirmed=logged.position)


@evolves(KIND, PaymentFailed)
def _evolve_failed(_body: PaymentFailed, logged: Logged, value: Payment) -> Payment:
    return replace(value, failed=logged.position)


@evolves("refund", RefundMade)
def _evolve_refund(_body: RefundMade, logged: Logged) -> Refund:
    return Refund(logged.position)


@evolves("distribution", PaymentConfirmed, RefundMade)
def _evolve_paid(
    body: PaymentConfirmed | RefundMade, logged: Logged, value: Distribution
) -> Distribution:
    """Return the distribution, with what has been confirmed by now."""
    amount = body.amount.amount if isinstance(body, PaymentConfirmed) else -body.amount.amount
    moved = Move(logged.position, body.paid_on, amount)
    moves = (*value.moves.get(body.payee, ()), moved)
    return replace(value, moves={**value.moves, body.payee: moves})


@evolves("distribution", OverpaymentNoted)
def _evolve_noted(body: OverpaymentNoted, logged: Logged, value: Distribution) -> Distribution:
    return replace(value, noted={**value.noted, body.payee: logged.position})
