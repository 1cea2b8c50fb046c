"""Cases that the rules answered wrongly: who shares out what is due, and who is asked for less."""

from datetime import date
from typing import Any

import pytest

from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.existence import PredecessorUnknown
from ledger.domain.core.money import PPM as WHOLE
from ledger.domain.parties.signature_refusals import SelfDealing
from ledger.domain.revenue.share_agreement import ShareAgreed, ShareByStranger, ShareSupersede
from ledger.domain.rights.backdating import Backdated
from tests.support.builders import (
    AUTHOR,
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    SHARE,
    TECHNOLOGY,
    contract_concluded,
    grant,
    hash_of,
    held,
    part,
    right_filed,
    sealed,
    share_agreed,
    technology_registered,
    vnd,
)
from tests.support.contracts import LATE, correction_recorded, terms_amended
from tests.support.disputes import court_registered, dispute_opened, ruling_made, void
from tests.support.mandates import mandate_given
from tests.support.moneys import royalty, split
from tests.support.specification import Attempt, Past, given, said
from tests.support.technologies import authors_declared

HALVES = share_agreed(parts=[part(AUTHOR, 500_000), part(INSTITUTE, 500_000)])
OTHER_SHARE = "share:01890000-0000-7000-8000-0000000000fe"


def anew(*parts: tuple[str, int], **overrides: Any) -> ShareAgreed:
    """Return an agreement that supersedes the halves, by those who get a part."""
    return share_agreed(
        **{
            "share": OTHER_SHARE,
            "parts": [part(party, ppm) for party, ppm in parts],
            "agreed_by": sorted(party for party, _ in parts),
            "supersedes": SHARE,
            **overrides,
        }
    )


def test_stranger_shares() -> None:
    """RIVAL shares out for itself what is due to the institute, with and without an agreement."""
    past = given(right_filed(), contract_concluded())
    alone = anew((RIVAL, WHOLE), supersedes=None)
    past.when(alone).then_refused(ShareByStranger, positions=[1], subjects=[INSTITUTE])
    past.when(HALVES.model_copy(update={"agreed_by": (INSTITUTE,)})).then_admitted()
    agreed = past.and_then(HALVES)
    agreed.when(anew((RIVAL, WHOLE))).then_refused(ShareByStranger, subjects=[INSTITUTE])
    assert agreed.value(SHARE).superseded is None


def test_every_creditor_shares() -> None:
    """Of two licensors one alone does not share out what is due to both."""
    owned = right_filed(owners=[held(RIVAL, 1, 2), held(INSTITUTE, 1, 2)])
    two = contract_concluded(
        parties=[FIRM, INSTITUTE, RIVAL],
        grants=[grant(), grant(grant="g2", licensor=RIVAL, exclusivity="non_exclusive")],
    )
    past = given(owned, two)
    past.when(HALVES).then_refused(ShareByStranger, subjects=[RIVAL])
    both = HALVES.model_copy(update={"agreed_by": (AUTHOR, INSTITUTE, RIVAL)})
    past.when(both).then_admitted()


def test_supersede_alone() -> None:
    """The institute ends what it agreed with the author: the author agrees to that, or stays."""
    past = given(right_filed(), contract_concluded(), HALVES)
    alone = anew((INSTITUTE, WHOLE))
    past.when(alone).then_refused(ShareSupersede, positions=[2], subjects=[AUTHOR])
    less = anew((INSTITUTE, 900_000), (AUTHOR, 100_000))
    past.when(less).then_admitted()
    out = past.and_then(anew((INSTITUTE, WHOLE), agreed_by=[AUTHOR, INSTITUTE]))
    again = anew((INSTITUTE, WHOLE), share=f"{OTHER_SHARE}1", supersedes=OTHER_SHARE)
    out.when(again).then_admitted()


def test_an_agreement_that_was_declared_void_binds_nobody() -> None:
    """The author agrees to the end of what it has; of what was never due to it nobody asks it."""
    past = given(right_filed(), contract_concluded(), HALVES, court_registered(), dispute_opened())
    alone = anew((INSTITUTE, WHOLE))
    past.when(alone).then_refused(ShareSupersede, subjects=[AUTHOR])
    voided = past.and_then(ruling_made(orders=[void(HALVES, SHARE)]))
    voided.when(anew((INSTITUTE, WHOLE), supersedes=None)).then_admitted()
    voided.when(alone).then_admitted()


def test_no_second_agreement_beside_the_first() -> None:
    """Two agreements on one thing would both hold; of another thing there may be one too."""
    past = given(right_filed(), contract_concluded(), HALVES)
    second = anew((INSTITUTE, 500_000), (AUTHOR, 500_000), supersedes=None)
    past.when(second).then_refused(ShareSupersede, positions=[2], subjects=[SHARE])
    of_profit = second.model_copy(update={"of": "after_tax_profit_state_part"})
    past.when(of_profit).then_admitted()


def test_an_agreement_takes_the_place_of_one_of_the_same() -> None:
    """Another of the profit would leave nothing that says how revenue is shared."""
    of_profit = {"of": "after_tax_profit_state_part"}
    past = given(right_filed(), contract_concluded(), HALVES)
    other = anew((INSTITUTE, WHOLE), **of_profit)
    past.when(other).then_refused(PredecessorUnknown, positions=[2])
    both = past.and_then(other.model_copy(update={"supersedes": None}))
    third = anew((INSTITUTE, WHOLE), **of_profit, share=f"{OTHER_SHARE}1")
    both.when(third).then_refused(PredecessorUnknown, positions=[2])
    both.when(third.model_copy(update={"supersedes": OTHER_SHARE})).then_admitted()


def test_who_gives_up_a_sealed_part_agrees_and_is_not_told_to_others() -> None:
    """What the vault keeps says who it is; without it nothing is superseded."""
    shut = share_agreed(parts=sealed())
    parts = [part(AUTHOR, 500_000), part(INSTITUTE, 500_000)]
    opened = said(shut, openings={"/body/parts": parts})
    past = given(right_filed(), contract_concluded(), opened)
    kept = {(SHARE, sealed()["commitment"]): parts}
    alone = anew((INSTITUTE, WHOLE))
    refusal = past.when(said(alone, kept=kept)).then_refused(ShareSupersede, subjects=[SHARE])
    assert AUTHOR not in refusal.detail
    past.when(said(alone, kept={})).then_refused(OpeningRequired)
    both = anew((INSTITUTE, WHOLE), agreed_by=[AUTHOR, INSTITUTE])
    past.when(said(both, kept=kept)).then_admitted()


def test_co_authors_agree_to_less_than_their_one_part() -> None:
    """Nobody takes the co-authors' part who have not said who they are, nor without them."""
    shared = split(contract=CONTRACT, share=SHARE)
    past = given(right_filed(), contract_concluded(), technology_registered(), shared)
    alone = anew((INSTITUTE, WHOLE))
    past.when(alone).then_refused(ShareSupersede, positions=[3])
    kept = anew((INSTITUTE, 700_000), technology=TECHNOLOGY, authors_ppm=300_000)
    past.when(kept).then_admitted()
    declared = past.and_then(
        authors_declared(
            authors=[AUTHOR],
            split=[part(AUTHOR, WHOLE)],
            declared_by=[AUTHOR],
            minutes_sha256=None,
        )
    )
    declared.when(alone).then_refused(ShareSupersede, subjects=[AUTHOR])
    declared.when(anew((INSTITUTE, WHOLE), agreed_by=[AUTHOR, INSTITUTE])).then_admitted()


def test_a_beneficiary_shares_out_by_no_mandate_of_the_creditor() -> None:
    """Who gets a part, sealed or as an author, does not give it to itself in another's name."""
    deputed = mandate_given(principal=INSTITUTE, holder=AUTHOR, topics=["share.agreed"])
    past = given(right_filed(), contract_concluded(), deputed)
    parts = [part(AUTHOR, 500_000), part(INSTITUTE, 500_000)]
    alone = {"agreed_by": [INSTITUTE]}

    def by_the_author(past: Past, **terms: Any) -> Attempt:
        return past.when(said(share_agreed(**alone, **terms), signed_by=[AUTHOR]))

    by_the_author(past, parts=parts).then_refused(SelfDealing, subjects=[AUTHOR, INSTITUTE])
    takes_first = [{"name": "chi phí", "to": AUTHOR, "rate_ppm": 10_000}]
    whole = [part(INSTITUTE, WHOLE)]
    by_the_author(past, parts=whole, waterfall=takes_first).then_refused(SelfDealing)
    by_the_author(past, parts=whole).then_admitted()
    made = technology_registered(), authors_declared(authors=[AUTHOR], split=None)
    shared = {"technology": TECHNOLOGY, "authors_ppm": 300_000}
    shared["parts"] = [part(INSTITUTE, 700_000)]
    by_the_author(past.and_then(made[0]), **shared).then_admitted()
    by_the_author(past.and_then(made[0]).and_then(made[1]), **shared).then_refused(SelfDealing)


def test_sealed_parts_leave_open_who_dealt_with_himself() -> None:
    """Opened they are judged; a replay says that this was not, where a deputy signed at all."""
    deputed = mandate_given(principal=INSTITUTE, holder=AUTHOR, topics=["share.agreed"])
    past = given(right_filed(), contract_concluded(), deputed)
    shut = share_agreed(parts=sealed(), agreed_by=[INSTITUTE])
    opened = {"/body/parts": [part(AUTHOR, 500_000), part(INSTITUTE, 500_000)]}
    past.when(said(shut, signed_by=[AUTHOR], openings=opened)).then_refused(SelfDealing)
    others = {"/body/parts": [part(RIVAL, 500_000), part(INSTITUTE, 500_000)]}
    admitted = past.when(said(shut, signed_by=[AUTHOR], openings=others))
    admitted.then_admitted()
    parts = ("RATE_RANGE, SHARE_SUM", "/body/parts"), ("WRONG_SIGNER", "/body/parts")
    admitted.then_left_out(*parts, ("SELF_DEALING", "/body/parts"))
    past.when(said(shut, signed_by=[INSTITUTE], openings=opened)).then_left_out(*parts)


EARLY = contract_concluded(
    concluded_on="2026-09-01",
    effective_from="2026-09-01",
    grants=[grant(valid_from="2026-09-01")],
    **LATE,
)
"""A licence of 1 September, at 5 %."""


def amended(since: str, **changes: Any) -> Any:
    """Return an amendment of `EARLY` that has effect from a day on."""
    rights = [RIGHT] if {"grants", "grants_ended"} & changes.keys() else []
    late = LATE if since < "2026-11-02" else {}
    return terms_amended(effective_from=since, changes=changes, rights=rights, **late)


LESS: dict[str, dict[str, Any]] = {
    "a lower rate": {"royalty_ppm": 49_999},
    "a sealed rate": {"royalty_ppm": sealed()},
    "another base": {"royalty_base": "pre_tax_profit"},
    "a schedule": {"royalty": royalty(), "royalty_ppm": None},
    "no price": {"price": None},
    "a price in another currency": {"price": {"amount": 10**15, "currency": "USD"}},
    "fewer acts": {"grants": [grant(valid_from="2026-09-01", acts=["make"])]},
    "a grant that ends": {"grants_ended": ["g1"]},
}


@pytest.mark.parametrize("changes", LESS.values(), ids=LESS)
def test_who_shares_agrees_to_less_as_from_the_past(changes: dict[str, Any]) -> None:
    """What accrued is theirs, too: of today's sales on, those agree who are paid and who pay."""
    opened = {"/body/changes/royalty_ppm": 40_000}
    openings = opened if changes.get("royalty_ppm") == sealed() else {}
    past = given(right_filed(), EARLY, HALVES)
    before = amended("2026-10-01", **changes)
    refusal = past.when(said(before, openings=openings)).then_refused(
        Backdated, positions=[1], subjects=[AUTHOR, CONTRACT]
    )
    assert refusal.changes["/body/consents"] == [AUTHOR]
    today = before.model_copy(update={"effective_from": date(2026, 11, 2), "confirms": None})
    past.when(said(today, openings=openings)).then_admitted()
    alone = given(right_filed(), EARLY)
    alone.when(said(before, openings=openings)).then_admitted()


def test_who_shares_is_not_asked_for_more() -> None:
    """Nor for what has no effect on what was due; every version of those days is looked at."""
    past = given(right_filed(), EARLY, HALVES)
    price = past.value(CONTRACT).newest.price.amount
    for more in (
        {"royalty_ppm": 50_001},
        {"price": vnd(price + 1)},
        {"grants": [grant(valid_from="2026-09-01", acts=["make", "sell", "use", "import"])]},
        {"grants": [grant(valid_from="2026-09-01", valid_to="2027-11-02")]},
        {"dispute_body": "VIAC"},
    ):
        past.when(amended("2026-10-01", **more)).then_admitted()
    raised = past.and_then(amended("2026-10-01", royalty_ppm=80_000))
    raised.when(amended("2026-09-15", royalty_ppm=60_000)).then_refused(Backdated)
    later = past.and_then(amended("2027-01-01", royalty_ppm=30_000))
    later.when(amended("2026-10-01", royalty_ppm=40_000)).then_refused(Backdated)


def test_who_shares_agrees_that_less_was_meant() -> None:
    """A correction says so of all days since the contract began."""
    past = given(right_filed(), EARLY, HALVES)
    less = correction_recorded(corrects=hash_of(EARLY), changes={"royalty_ppm": 40_000})
    past.when(less).then_refused(Backdated, positions=[1], subjects=[AUTHOR, CONTRACT])
    more = correction_recorded(corrects=hash_of(EARLY), changes={"royalty_ppm": 60_000})
    past.when(more).then_admitted()


def test_who_has_a_sealed_part_of_what_was_due_agrees_to_less() -> None:
    """It is not told to anyone who asks."""
    opened = {"/body/parts": [part(AUTHOR, 500_000), part(INSTITUTE, 500_000)]}
    shut = share_agreed(parts=sealed(), agreed_by=[INSTITUTE])
    past = given(right_filed(), EARLY, said(shut, openings=opened))
    kept = {(SHARE, sealed()["commitment"]): opened["/body/parts"]}
    less = amended("2026-10-01", royalty_ppm=40_000)
    refusal = past.when(said(less, kept=kept)).then_refused(Backdated, subjects=[CONTRACT])
    assert AUTHOR not in refusal.detail
    agreed = less.model_copy(update={"consents": (AUTHOR,)})
    past.when(said(agreed, kept=kept)).then_admitted()
