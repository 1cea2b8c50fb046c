"""
What the law asks of the terms of every agreement: by the law of the recorded day.

Refusals come in the order: codes, contents, rates, the State, clauses.
"""

from collections.abc import Iterable

from ledger.domain.contracts.approval import must_wait_for_the_state
from ledger.domain.contracts.clauses import must_be_free_of_void_clauses, must_have_contents
from ledger.domain.contracts.contract_terms import TermsVersion
from ledger.domain.contracts.royalty import LateRateCap, Royalty, must_respect_the_cap
from ledger.domain.core.body import State
from ledger.domain.core.codes import Scoped, must_be_codes
from ledger.domain.core.context import Context, if_opened, reveal
from ledger.domain.core.dated_law import law_day
from ledger.domain.core.money import check_rate
from ledger.domain.core.remedy import Step
from ledger.domain.market.listing import ContentMissing


def must_be_lawful(
    state: State, version: TermsVersion, context: Context, stood: Iterable[Scoped] = ()
) -> None:
    """Refuse what lacks its contents, does not wait for the State, or has a void clause.

    `stood` is what it may repeat as it stands: the grant above a sublicence, what was accepted,
    what a change leaves.
    """
    law, day = context.law, law_day(context.accepted)
    must_be_codes(version.new, day, law, stood)
    must_have_contents(version, law, day)
    _must_be_rated(version, context)
    must_wait_for_the_state(state, version, law, day)
    must_be_free_of_void_clauses(state, version.terms, version.grants, law, day, version.said_on)


def _must_be_rated(version: TermsVersion, context: Context) -> None:
    """Refuse a royalty that is no rate, is computed on nothing, or has too much late interest.

    A rate that stood is not asked again, what it is computed on is.
    """
    said, pointer, day = version.told, version.place, law_day(context.accepted)
    if version.terms.royalty_ppm is not None and version.terms.royalty_base == "none":
        raise ContentMissing(
            "a royalty states what it is computed on",
            positions=version.positions,
            pointer=version.at("royalty_base"),
            step=Step({"what": "royalty_base"}, ask=(f"{pointer}/royalty_base",)),
        )
    check_rate(said.royalty_ppm, f"{pointer}/royalty_ppm", context)
    if said.royalty is None:
        return
    with if_opened(context, LateRateCap):
        royalty = reveal(said.royalty, f"{pointer}/royalty", context, Royalty.model_validate)
        if royalty.late is not None:
            at = f"{pointer}/royalty/late/yearly_ppm"
            must_respect_the_cap(context.law, royalty.late.yearly_ppm, day, at)
