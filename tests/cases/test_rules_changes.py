"""Cases that the rules answered wrongly: what a contract could not say, no change of it says."""

from typing import Any

from ledger.domain.amendment import CorrectionRecorded
from ledger.domain.backdating import Backdated, RightNotYet
from ledger.domain.existence import IntervalEmpty
from tests.support.builders import (
    BANK,
    CONTRACT,
    OTHER_RIGHT,
    RIGHT,
    contract_concluded,
    grant,
    hash_of,
    other_right_filed,
    right_filed,
    security_created,
)
from tests.support.contracts import LATE, correction_recorded, terms_amended
from tests.support.specification import given

OLD = contract_concluded(
    concluded_on="2026-11-01",
    effective_from="2019-06-01",
    grants=[grant(valid_from="2020-03-10")],
    **LATE,
)
"""A licence that has effect from before its right was filed, and grants from that day on."""


def meant(*rights: str, **granted: Any) -> CorrectionRecorded:
    """Return a correction by which the grant of `OLD` was meant to be another."""
    return correction_recorded(
        corrects=hash_of(OLD),
        changes={"grants": [grant(**granted)]},
        rights=sorted({RIGHT, *rights}),
    )


def test_a_correction_grants_nothing_from_before_the_filing() -> None:
    """Nor did the contract; from the filing on it may."""
    past = given(right_filed(), OLD)
    refusal = past.when(meant(valid_from="2019-07-01")).then_refused(RightNotYet, positions=[0])
    assert "/body/changes/grants/0/valid_from" == refusal.pointer
    past.when(meant(valid_from="2020-03-10", acts=["sell"])).then_admitted()


def test_a_correction_means_no_right_that_was_filed_later() -> None:
    """The contract of 1 November is about what there was; on a later right it is a new one."""
    later = other_right_filed(filed_on="2026-11-02")
    past = given(right_filed(), OLD, later)
    moved = meant(OTHER_RIGHT, rights=[OTHER_RIGHT], valid_from="2026-12-01")
    refusal = past.when(moved).then_refused(RightNotYet, positions=[2], subjects=[OTHER_RIGHT])
    assert "/body/changes/grants/0/rights" == refusal.pointer
    earlier = given(right_filed(), OLD, other_right_filed(filed_on="2026-11-01"))
    earlier.when(moved).then_admitted()


def test_a_correction_reaches_back_to_its_contract_and_no_further() -> None:
    """What a grant said of days before its contract stands, and is not made to begin sooner."""
    new = contract_concluded(grants=[grant(valid_from="2026-11-20")])
    past = given(right_filed(), new)
    sooner = correction_recorded(
        corrects=hash_of(new), changes={"grants": [grant(valid_from="2026-11-19")]}, rights=[RIGHT]
    )
    past.when(sooner).then_refused(Backdated, positions=[1])
    same = {"grants": [grant(valid_from="2026-11-20", acts=["sell"])]}
    past.when(sooner.model_copy(update={"changes": type(sooner.changes)(**same)})).then_admitted()


def test_a_correction_takes_from_nobody_who_got_a_right_meanwhile() -> None:
    """A creditor who took the right as charged with less agrees, or it holds from today."""
    past = given(right_filed(), OLD, security_created())
    wider = {"acts": ["make", "sell", "import"], "valid_from": "2020-03-10"}
    past.when(meant(**wider)).then_refused(Backdated, positions=[2], subjects=[RIGHT])
    agreed = meant(**wider).model_copy(update={"consents": (BANK,)})
    past.when(agreed).then_admitted()


def test_a_changed_contract_ends_after_it_began() -> None:
    past = given(right_filed(), contract_concluded(grants=[], kind="service"))
    for change in (terms_amended, correction_recorded):
        whole = {"corrects": past.value(CONTRACT).payload_hash}
        over = change(
            changes={"effective_to": "2026-12-01"},
            **(whole if change is correction_recorded else {}),
        )
        past.when(over).then_refused(IntervalEmpty)
