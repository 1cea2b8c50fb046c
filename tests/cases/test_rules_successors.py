"""Cases that the rules answered wrongly: who signs for a party that merged into another."""

from typing import Any

import pytest

from ledger.domain.contracts.granting import CoownerConsent, ExclusiveOverlap
from ledger.domain.parties.party import PartyEnded
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.revenue.share_agreement import ShareByStranger, ShareSupersede
from ledger.domain.rights.backdating import Backdated
from tests.support.builders import (
    AUTHOR,
    BANK,
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    SHARE,
    THIRD,
    contract_concluded,
    grant,
    held,
    part,
    right_filed,
    share_agreed,
)
from tests.support.contracts import LATE, contract_terminated, terms_amended
from tests.support.parties import party_merged
from tests.support.specification import Past, given

LICENCE = contract_concluded(
    concluded_on="2026-09-01",
    effective_from="2026-09-01",
    grants=[grant(valid_from="2026-09-01")],
    **LATE,
)
HALVES = share_agreed(
    parts=[part(RIVAL, 500_000), part(INSTITUTE, 500_000)], agreed_by=[INSTITUTE, RIVAL]
)


def merged(*steps: tuple[str, str]) -> Past:
    """Return the licence and the halves, after parties merged into others."""
    mergers = [party_merged(party=party, into=into) for party, into in steps]
    return given(right_filed(), LICENCE, HALVES, *mergers)


def alone(*agreed_by: str) -> Any:
    """Return an agreement that takes the rival's half."""
    whole = {"parts": [part(INSTITUTE, 1_000_000)], "agreed_by": sorted(agreed_by)}
    return share_agreed(share=f"{SHARE}1", supersedes=SHARE, **whole)


def test_a_successor_gives_up_a_part() -> None:
    """The rival merged into a third: that agrees in its place, and nobody else does."""
    past = merged((RIVAL, THIRD))
    past.when(alone(INSTITUTE)).then_refused(ShareSupersede, subjects=[RIVAL])
    past.when(alone(INSTITUTE, RIVAL)).then_refused(PartyEnded, subjects=[RIVAL])
    past.when(alone(INSTITUTE, THIRD)).then_admitted()
    merged().when(alone(INSTITUTE, THIRD)).then_refused(ShareSupersede)
    past.when(alone(INSTITUTE, THIRD, BANK)).then_refused(WrongSigner, subjects=[BANK])


def test_a_successor_in_any_number_of_steps() -> None:
    """It is the last one's, and of two registrations the later one's."""
    past = merged((RIVAL, THIRD), (THIRD, BANK))
    past.when(alone(INSTITUTE, BANK)).then_admitted()
    moved = merged((RIVAL, THIRD), (RIVAL, BANK))
    moved.when(alone(INSTITUTE, THIRD)).then_refused(ShareSupersede, subjects=[RIVAL])
    moved.when(alone(INSTITUTE, BANK)).then_admitted()


def test_a_successor_of_a_creditor_shares_out() -> None:
    past = given(right_filed(), LICENCE, party_merged(party=INSTITUTE, into=THIRD))
    shared = share_agreed(parts=[part(THIRD, 1_000_000)], agreed_by=[THIRD])
    past.when(shared).then_admitted()
    by_another = share_agreed(parts=[part(BANK, 1_000_000)], agreed_by=[BANK])
    past.when(by_another).then_refused(ShareByStranger, subjects=[INSTITUTE])


def test_a_successor_of_a_party_amends_and_ends_the_contract() -> None:
    past = merged((FIRM, THIRD))
    both = sorted([INSTITUTE, THIRD])
    past.when(terms_amended()).then_refused(PartyEnded, subjects=[FIRM])
    past.when(terms_amended(parties=both)).then_admitted()
    past.when(terms_amended(parties=[INSTITUTE])).then_refused(SignerMissing, subjects=[FIRM])
    merged().when(terms_amended(parties=both)).then_refused(SignerMissing, subjects=[FIRM])
    over = contract_terminated(
        contract=CONTRACT,
        ground="consent",
        exit=None,
        notice=None,
        terminated_by=both,
        terminated_on="2026-11-02",
        rights=[RIGHT],
    )
    past.when(over).then_admitted()
    without = over.model_copy(update={"terminated_by": (INSTITUTE,)})
    past.when(without).then_refused(SignerMissing, subjects=[FIRM])


def test_a_successor_of_who_shares_agrees_to_less() -> None:
    past = merged((RIVAL, THIRD))
    less = {"changes": {"royalty_ppm": 40_000}, "effective_from": "2026-10-01", **LATE}
    past.when(terms_amended(**less)).then_refused(Backdated, subjects=[CONTRACT, RIVAL])
    past.when(terms_amended(**less, consents=[THIRD])).then_admitted()


@pytest.mark.parametrize("who", [THIRD, BANK])
def test_a_successor_consents_to_what_its_predecessor_could_forbid(who: str) -> None:
    """An exclusive licensee that merged, and a co-owner that did."""
    past = merged((FIRM, THIRD))
    to_author = {"grant": "g2", "licensee": AUTHOR}
    second = contract_concluded(
        contract=f"{CONTRACT}1",
        parties=sorted([INSTITUTE, AUTHOR]),
        grants=[grant(**to_author, exclusivity="non_exclusive")],
        consents=[who],
    )
    owned = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)])
    shared = given(owned, party_merged(party=FIRM, into=THIRD))
    if who == THIRD:
        past.when(second).then_admitted()
        shared.when(second).then_admitted()
    else:
        past.when(second).then_refused(ExclusiveOverlap)
        shared.when(second).then_refused(CoownerConsent)
