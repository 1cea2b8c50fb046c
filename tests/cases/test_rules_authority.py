"""Cases that the rules answered wrongly: who may end, share out, sign for, dispose of, confirm."""

from typing import Any

from ledger.domain.backdating import Backdated
from ledger.domain.ending import ContractTerminated, ExitMissing, NoticeMatter
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    contract_concluded,
    grant,
    right_filed,
    sublicence_granted,
)
from tests.support.contracts import (
    contract_terminated,
    leave,
    notice_received,
    notice_served,
)
from tests.support.specification import given


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
