"""Cases that the rules answered wrongly: who may end, share out, sign for, dispose of, confirm."""

from typing import Any

import pytest

from ledger.domain.authority import SelfDealing
from ledger.domain.backdating import Backdated
from ledger.domain.ending import ContractTerminated, ExitMissing, NoticeMatter
from ledger.domain.event import Body
from tests.support.builders import (
    AUTHOR,
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    assignment_agreed,
    contract_concluded,
    grant,
    held,
    key_added,
    key_id,
    offer_accepted,
    offer_made,
    planted_key,
    right_filed,
    security_created,
    sublicence_granted,
)
from tests.support.contracts import (
    BOTH,
    consent_given,
    contract_terminated,
    leave,
    notice_received,
    notice_served,
    terms_amended,
)
from tests.support.disputes import court_registered, dispute_opened
from tests.support.mandates import mandate_given
from tests.support.specification import Said, given, said


def five_years(**overrides: Any) -> Any:
    """Return an exclusive licence of five years, without an exit."""
    return contract_concluded(
        grants=[grant(valid_to="2031-12-01", sublicensing="free")],
        effective_to="2031-12-01",
        **overrides,
    )


def told(**overrides: Any) -> tuple[Any, Any]:
    """Return a notice from the institute to the firm, and its receipt."""
    served = {
        "contract": CONTRACT,
        "served_by": INSTITUTE,
        "served_on": FIRM,
        "matter": "renewal",
        "exit": None,
    }
    received = notice_received(contract=CONTRACT, confirmed_by=FIRM)
    return notice_served(**{**served, **overrides}), received


def ended(**overrides: Any) -> ContractTerminated:
    """Return the institute's end of the licence, today and at will."""
    said = {"contract": CONTRACT, "rights": [RIGHT], "terminated_by": [INSTITUTE]}
    return contract_terminated(**{**said, "terminated_on": "2026-11-02", **overrides})


def test_renewal_notice() -> None:
    """No exit was agreed; and where one was, a notice of renewal takes none."""
    past = given(right_filed(), five_years(), *told())
    past.when(ended()).then_refused(ExitMissing, positions=[1])
    agreed = five_years(exits=[leave(who=[INSTITUTE])])
    given(right_filed(), agreed, *told()).when(ended()).then_refused(NoticeMatter, positions=[2])
    right = told(matter="termination", exit="out")
    given(right_filed(), agreed, *right).when(ended()).then_admitted()


def test_end_in_the_past() -> None:
    """By consent, for a day before the contract, over a sublicensee: it signs, and all say why."""
    passed_on = sublicence_granted(
        grant=grant(licensor=FIRM, licensee=RIVAL, exclusivity="non_exclusive", acts=["sell"])
    )
    past = given(right_filed(), five_years(), passed_on)
    everybody = {"terminated_by": [INSTITUTE, FIRM, RIVAL]}
    by_consent = {"ground": "consent", "exit": None, "notice": None, "terminated_on": "2019-01-01"}
    why = {"confirms": {"reason": "Ghi sổ lại theo biên bản năm 2019"}}
    both = ended(**by_consent, terminated_by=[INSTITUTE, FIRM])
    past.when(both).then_refused(Backdated, positions=[1])
    reasoned = ended(**by_consent, **why, terminated_by=[INSTITUTE, FIRM])
    refusal = past.when(reasoned).then_refused(Backdated)
    assert RIVAL in refusal.subjects
    past.when(ended(**by_consent, **why, **everybody)).then_admitted()


BY_MANDATE = mandate_given(holder=FIRM, topics=["*"], valid_to=None)
"""The institute's mandate to the firm, for everything and without a ceiling."""


def by(body: Body, *signing: str) -> Said:
    """Say a body, signed by the keys of these alone."""
    return said(body, signed_by=signing)


def test_both_sides() -> None:
    """The firm, with the institute's mandate, concludes with itself; with a rival it may."""
    past = given(right_filed(), BY_MANDATE)
    past.when(by(contract_concluded(), FIRM)).then_refused(SelfDealing, subjects=[FIRM, INSTITUTE])
    with_rival = contract_concluded(parties=[INSTITUTE, RIVAL], grants=[grant(licensee=RIVAL)])
    past.when(by(with_rival, FIRM, RIVAL)).then_admitted()
    past.when(by(contract_concluded(), FIRM, INSTITUTE)).then_admitted()


def test_the_other_side_signs_for_nobody() -> None:
    """Whoever signs for the firm, the firm does not speak for the institute against itself."""
    for_firm = mandate_given(
        mandate="mandate:firm", principal=FIRM, holder=AUTHOR, topics=["*"], valid_to=None
    )
    past = given(right_filed(), BY_MANDATE, for_firm)
    past.when(by(contract_concluded(), FIRM, AUTHOR)).then_refused(SelfDealing)


def test_two_hats() -> None:
    """One person with both mandates, by one line or by two keys; another for one side will do."""
    both = [
        mandate_given(mandate=f"mandate:{n}", principal=each, topics=["*"], valid_to=None)
        for n, each in enumerate((INSTITUTE, FIRM))
    ]
    second = key_added(party=AUTHOR, key=planted_key(AUTHOR, 1))
    past = given(right_filed(), *both, second)
    past.when(by(contract_concluded(), AUTHOR)).then_refused(SelfDealing)
    lines = tuple(sorted((key_id(AUTHOR), key_id(AUTHOR, 1))))
    past.when(said(contract_concluded(), signatures=lines)).then_refused(SelfDealing)
    past.when(by(contract_concluded(), AUTHOR, FIRM)).then_admitted()


@pytest.mark.parametrize(
    ("before", "body"),
    [
        ((), consent_given(given_by=INSTITUTE, to=FIRM)),
        ((), assignment_agreed(assignors=[held(INSTITUTE)], assignees=[held(FIRM)])),
        ((), security_created(debtors=[INSTITUTE], creditor=FIRM)),
        ((offer_made(offeror=FIRM, offeree=INSTITUTE),), offer_accepted(accepted_by=INSTITUTE)),
        ((contract_concluded(),), terms_amended()),
        ((contract_concluded(),), ended(ground="consent", terminated_by=BOTH, exit=None)),
        (
            (contract_concluded(), told(served_by=FIRM, served_on=INSTITUTE)[0]),
            notice_received(contract=CONTRACT, confirmed_by=INSTITUTE),
        ),
        ((court_registered(),), dispute_opened(claimant=INSTITUTE, respondents=[FIRM])),
    ],
    ids=lambda each: getattr(each, "TOPIC", None),
)
def test_nobody_signs_both_sides_of(before: tuple[Body, ...], body: Body) -> None:
    """The firm signs for the institute what is for, from, or between it and the firm."""
    past = given(right_filed(), *before, BY_MANDATE)
    past.when(by(body, FIRM)).then_refused(SelfDealing)


def test_co_holders_of_one_side_may_sign_for_each_other() -> None:
    """The lead owner signs for the other owner; who takes signs for itself."""
    owned = right_filed(owners=[held(FIRM, 1, 2), held(INSTITUTE, 1, 2)])
    sold = assignment_agreed(
        assignors=[held(FIRM, 1, 2), held(INSTITUTE, 1, 2)], assignees=[held(RIVAL)]
    )
    given(owned, BY_MANDATE).when(by(sold, FIRM, RIVAL)).then_admitted()
