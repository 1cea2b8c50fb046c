"""Cases of the kind `renewal-notice`: by which exit and whose notice somebody ends a contract."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ledger.domain.contracts.noticed import TerminationNotReceived
from ledger.domain.contracts.suspension_and_termination import ExitMissing, NoticeTooShort
from tests.cases.test_rules_authority import ended, five_years, told
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIVAL,
    contract_concluded,
    grant,
    hash_of,
    right_filed,
)
from tests.support.contracts import (
    NOTICE,
    contract_suspended,
    correction_recorded,
    leave,
    notice_received,
    notice_served,
)
from tests.support.specification import given, said


def test_an_exit_is_agreed_as_the_contract_was_meant() -> None:
    """A correction holds from the signing on, also before the first day of the contract."""
    noticed = told(matter="termination", exit="out")
    past = given(right_filed(), five_years(), *noticed)
    meant = correction_recorded(
        corrects=hash_of(five_years()), changes={"exits": [leave(who=[INSTITUTE])]}
    )
    past.and_then(meant).when(ended()).then_admitted()
    agreed = five_years(exits=[leave(who=[INSTITUTE])])
    past = given(right_filed(), agreed, *noticed)
    never = correction_recorded(corrects=hash_of(agreed), changes={"exits": []})
    past.and_then(never).when(ended()).then_refused(ExitMissing)


def two_licensees(**exit_terms: Any) -> Any:
    """Return a contract of the institute with the firm and the rival, whom it may leave."""
    grants = [
        grant(exclusivity="non_exclusive"),
        grant(grant="g2", licensee=RIVAL, exclusivity="non_exclusive"),
    ]
    exits = [leave(who=[INSTITUTE], **exit_terms)]
    return contract_concluded(parties=sorted([FIRM, INSTITUTE, RIVAL]), grants=grants, exits=exits)


def to_rival(**overrides: Any) -> tuple[Any, Any]:
    """Return a notice from the institute to the rival, and its receipt."""
    other = f"{NOTICE}f"
    served = {"notice": other, "contract": CONTRACT, "served_by": INSTITUTE, "served_on": RIVAL}
    arrived = notice_received(notice=other, contract=CONTRACT, confirmed_by=RIVAL)
    return notice_served(**{**served, **overrides}), arrived


def test_each_of_several_licensees_is_told() -> None:
    """The firm was told; the rival would be out without a word."""
    firm_told = told(matter="termination", exit="out")
    past = given(right_filed(), two_licensees(), *firm_told)
    word = {
        one.TOPIC: one.model_dump(mode="json") for one in to_rival(matter="termination", exit="out")
    }
    past.when(ended()).then_refused(
        TerminationNotReceived, positions=[2], subjects=[CONTRACT, NOTICE, RIVAL], word=word
    )
    for other in ({"matter": "other", "exit": None}, {"matter": "breach"}, {"served_by": FIRM}):
        amiss = given(right_filed(), two_licensees(), *firm_told, *to_rival(**other))
        amiss.when(ended()).then_refused(TerminationNotReceived)
    sent, arrived = to_rival()
    past.and_then(sent).when(ended()).then_refused(TerminationNotReceived)
    past.and_then(sent).and_then(arrived).when(ended()).then_admitted()
    past.when(ended(terminated_by=[INSTITUTE, RIVAL])).then_admitted()


def test_days_run_from_the_last_that_was_told() -> None:
    past = given(
        right_filed(), two_licensees(notice_days=30), *told(matter="termination", exit="out")
    )
    sent, arrived = to_rival()
    later = arrived.model_copy(update={"received_on": arrived.received_on + timedelta(days=10)})
    after = datetime(2026, 11, 12, 3, tzinfo=UTC)
    past = past.and_then(sent).and_then(said(later, accepted=after))

    def when(day: str) -> Any:
        return past.when(said(ended(terminated_on=day), accepted=after + timedelta(seconds=1)))

    when("2026-12-12").then_refused(NoticeTooShort)
    when("2026-12-13").then_admitted()


def test_each_of_several_licensees_is_told_of_a_suspension() -> None:
    alone = contract_suspended(contract=CONTRACT, suspended_by=[INSTITUTE], notice=NOTICE)
    resting = {"matter": "suspension", "exit": None}
    past = given(right_filed(), two_licensees(), *told(**resting))
    past.when(alone).then_refused(TerminationNotReceived, subjects=[CONTRACT, NOTICE, RIVAL])
    for one in to_rival(**resting):
        past = past.and_then(one)
    past.when(alone).then_admitted()
