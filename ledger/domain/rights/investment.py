"""
An investment: a fund's money against a stake in a company, and what was promised about rights.

The covenants weigh on the rights until the fund gives them up or their day is over. They are
promises of the company: a later owner is bound only by what it promised itself.
Read in this order: events, state, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, ClassVar

from pydantic import Field, model_validator

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import (
    PredecessorUnknown,
    not_in_future,
    require_known,
    require_new,
)
from ledger.domain.core.money import Price, check_rate
from ledger.domain.core.remedy import Step, listed, naming
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Day,
    Model,
    PartyId,
    RightId,
    RightIds,
    Sealed,
    Text,
    of_kind,
)
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.covenant import Promise
from ledger.domain.rights.encumbrances import Covenant
from ledger.domain.rights.right import Right
from ledger.domain.rights.title import must_own
from ledger.quoted import repeated

KIND = "investment"

InvestmentId = Annotated[str, of_kind(KIND)]


class Promised(Model):
    """What the company promises about these rights, up to and including the day `until`."""

    rights: RightIds
    """Rights that the promise is about; the company owns a share of each."""
    promises: Annotated[tuple[Promise, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    """To pledge nothing without the fund (`negative_pledge`), to offer it a share first
    (`preemption`), to license exclusively only with it (`exclusive_licence_veto`).
    """
    notice_days: Annotated[int, Field(ge=0, le=366)]
    """Days that the fund may think about a share that it is offered first, counted from the
    arrival of the notice.
    """
    until: Day | None
    """Last day of the promise, inclusive; null is until the fund gives it up."""


class InvestmentMade(Body):
    """A fund put money into a company, which promised something about its rights for it."""

    TOPIC: ClassVar[str] = "investment.made/1"
    TITLE = "Investment made"
    TITLE_VI = "Đầu tư"
    SUBJECTS = "investment fund company covenants/*/rights/*"
    SIGNERS = "fund company"
    MAY = "fund=#fund"
    COMMITS = "sum:amount gives:company"
    OPPOSED = "fund~company"

    investment: InvestmentId
    """Id of the new investment."""
    fund: PartyId
    """Who invests, registered with the role `fund`."""
    company: PartyId
    """Who gets the money and promises; another party."""
    amount: Price | Sealed
    """What the fund put in, open or sealed."""
    stake_ppm: int | Sealed | None
    """Part of the company's capital that it got, in parts per million (0 to 1,000,000), open or
    sealed; null for none.
    """
    covenants: Annotated[tuple[Promised, ...], FROM_LIST]
    """What is promised, each right in one covenant only; empty for nothing."""
    made_on: Day
    """Day of the investment, not after the day of recording."""

    @model_validator(mode="after")
    def _well_formed(self) -> "InvestmentMade":
        if self.fund == self.company:
            raise ValueError(f"a fund invests in another, not {self.fund} in itself")
        rights = [right for promised in self.covenants for right in promised.rights]
        if (twice := repeated(rights)) is not None:
            raise ValueError(f"one covenant says all that is promised about a right: {twice}")
        return self


class InvestmentEnded(Body):
    """The fund gave up what it was promised about these rights."""

    TOPIC: ClassVar[str] = "investment.ended/1"
    TITLE = "Investor's covenants ended"
    TITLE_VI = "Chấm dứt cam kết với nhà đầu tư"
    SUBJECTS = "investment ended_by rights/*"
    SIGNERS = "ended_by"

    investment: InvestmentId
    """Investment for which it was promised."""
    rights: Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]
    """Rights about which nothing is promised any more; it promises about each of them still."""
    ended_by: PartyId
    """The fund that invested."""
    ended_on: Day
    """Day on which it gave the promise up, not after the day of recording."""
    reason: Text
    """Why it gave the promise up."""


@dataclass(frozen=True, slots=True)
class Investment:
    """An investment, and the rights about which its covenants still hold."""

    position: int
    fund: str
    rights: frozenset[str]


@admits(InvestmentMade)
def _admit_made(body: InvestmentMade, state: State, context: Context) -> None:
    """Refuse an investor that is no fund, and promises about what the company does not own."""
    require_new(state, body.investment)
    not_in_future(context.accepted, made_on=body.made_on)
    check_rate(body.stake_ppm, "/body/stake_ppm", context)
    for promised in body.covenants:
        for subject in promised.rights:
            must_own(subject, require_known(state, subject, Right), body.company, "/body/covenants")


@admits(InvestmentEnded)
def _admit_ended(body: InvestmentEnded, state: State, context: Context) -> None:
    """Refuse to end what was promised to another, or was not promised."""
    investment = require_known(state, body.investment, Investment)
    if body.ended_by != investment.fund:
        raise WrongSigner(
            f"{body.investment} is {investment.fund}'s to give up",
            positions=(investment.position,),
            subjects=(body.ended_by,),
            step=naming("/body/ended_by", investment.fund),
        )
    not_in_future(context.accepted, ended_on=body.ended_on)
    strangers = sorted(set(body.rights) - investment.rights)
    if strangers:
        raise PredecessorUnknown(
            f"{body.investment} promises nothing about {', '.join(strangers)}",
            positions=(investment.position,),
            subjects=strangers,
            step=_about(investment, body.rights),
        )


def _about(investment: Investment, named: Iterable[str]) -> Step:
    meant = sorted(investment.rights.intersection(named) or investment.rights)
    if not meant:
        return Step(case="done")
    return Step({"rights": listed(meant)}, case="rights", change={"/body/rights": meant})


@evolves(KIND, InvestmentMade)
def _evolve_made(body: InvestmentMade, logged: Logged) -> Investment:
    rights = frozenset(right for promised in body.covenants for right in promised.rights)
    return Investment(logged.position, body.fund, rights)


@evolves(KIND, InvestmentEnded)
def _evolve_ended(
    body: InvestmentEnded, _logged: Logged, value: Investment | None
) -> Investment | None:
    return value and replace(value, rights=value.rights.difference(body.rights))


@evolves("right", InvestmentMade)
def _evolve_right_made(
    body: InvestmentMade, logged: Logged, value: Right | None, subject: str
) -> Right | None:
    promised = next(each for each in body.covenants if subject in each.rights)
    covenant = Covenant(
        fund=body.fund,
        company=body.company,
        promises=frozenset(promised.promises),
        notice_days=promised.notice_days,
        until=promised.until,
        position=logged.position,
    )
    return value and replace(value, covenants=value.covenants.insert(body.investment, covenant))


@evolves("right", InvestmentEnded)
def _evolve_right_ended(
    body: InvestmentEnded, _logged: Logged, value: Right | None
) -> Right | None:
    return value and replace(value, covenants=value.covenants.discard(body.investment))
