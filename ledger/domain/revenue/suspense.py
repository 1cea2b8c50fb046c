"""
Suspense: what waits until the co-authors of a technology have agreed how to split their part.

Read in this order: events, admit, evolve.
"""

from dataclasses import replace
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from ledger.domain.contracts.agreed_share import Parts, Share
from ledger.domain.contracts.contract_terms import ContractId
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import require_known
from ledger.domain.core.money import (
    Currency,
    CurrencyMismatch,
    RateRange,
    ShareSum,
    in_currency,
    largest_remainder,
)
from ledger.domain.core.remedy import Other, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import FROM_LIST, NOT_EMPTY, Sealed
from ledger.domain.revenue.authors_split import AuthorSplitMissing, agreed_split
from ledger.domain.revenue.distribution import (
    KIND,
    Distribution,
    DistributionId,
    DistributionMismatch,
)
from ledger.domain.revenue.share_agreement import ShareId
from ledger.domain.revenue.split_arithmetic import (
    Payable,
    added_up,
    one_each,
    payables,
    told_amounts,
)
from ledger.domain.rights.technology import Technology, TechnologyId


class SuspenseReleased(Body):
    """What waited for the co-authors' agreement is split as they have agreed by now."""

    TOPIC: ClassVar[str] = "suspense.released/1"
    TITLE = "Suspended sum released"
    TITLE_VI = "Giải tỏa khoản tạm treo"
    SUBJECTS = "distribution contract share technology authors/*/party"
    SIGNERS = "@operator"

    distribution: DistributionId
    """Distribution of which a sum waits."""
    contract: ContractId
    """Contract whose money was distributed."""
    share: ShareId
    """Its agreement on shares."""
    technology: TechnologyId
    """Technology whose co-authors it waits for: that of the agreement."""
    currency: Currency
    """The distribution's currency, by its ISO 4217 code."""
    authors: Annotated[tuple[Payable, ...], FROM_LIST, NOT_EMPTY, AfterValidator(one_each)]
    """What each co-author gets of all that waits, as they have agreed by now, by largest
    remainder.
    """
    authors_split: Annotated[Parts | Sealed | None, FROM_LIST] = None
    """The co-authors' split once more, open or sealed, where it is sealed and no longer kept;
    else null or absent.
    """


@admits(SuspenseReleased)
def _admit_released(body: SuspenseReleased, state: State, context: Context) -> None:
    """Refuse to release what does not wait, or otherwise than the co-authors agreed."""
    distribution = require_known(state, body.distribution, Distribution)
    technology = require_known(state, body.technology, Technology)
    share = require_known(state, body.share, Share)
    of = (distribution.contract, distribution.share, share.technology)
    if of != (body.contract, body.share, body.technology) or not distribution.suspense:
        raise DistributionMismatch(
            f"nothing of {body.distribution} waits for it",
            positions=(distribution.position,),
            step=_waiting(distribution, share),
        )
    if body.currency != distribution.currency:
        raise CurrencyMismatch(
            f"{body.distribution} is in {distribution.currency}",
            positions=(distribution.position,),
            step=in_currency(distribution.currency, "/body/currency"),
        )
    with if_opened(context, RateRange, ShareSum, DistributionMismatch):
        split = agreed_split(body.technology, technology, body.authors_split, context)
        if split is None:
            raise AuthorSplitMissing(
                f"the authors of {body.technology} have agreed no split",
                positions=(technology.position,),
                subjects=(body.technology,),
                step=Step(
                    {"technology": body.technology},
                    case="release",
                    first=(Other("authors.declared/1", {"technology": body.technology}),),
                ),
            )
        expected = largest_remainder(distribution.suspense, split)
        if {each.party: each.amount for each in body.authors} != expected:
            raise DistributionMismatch(
                "it is not split as the authors agreed",
                positions=(distribution.position,),
                pointer="/body/authors",
                step=Step(
                    {"what": told_amounts(expected)}, change={"/body/authors": payables(expected)}
                ),
            )


def _waiting(distribution: Distribution, share: Share) -> Step:
    """Return the step in which it names the contract, share and technology that it waits for."""
    if not distribution.suspense:
        return Step(case="nothing")
    change = {"/body/contract": distribution.contract, "/body/share": distribution.share}
    if share.technology is not None:
        change["/body/technology"] = share.technology
    return Step({"what": distribution.share}, case="waiting", change=change)


@evolves(KIND, SuspenseReleased)
def _evolve_released(body: SuspenseReleased, _logged: Logged, value: Distribution) -> Distribution:
    given = added_up(body.authors)
    total = {party: given.get(party, 0) + value.payable.get(party, 0) for party in given}
    return replace(value, payable={**value.payable, **total}, suspense=0)
