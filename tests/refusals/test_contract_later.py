"""Rules 16, 25, 33 to 34, 84 to 86 and their neighbours: what happens under a contract."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.amendment import AmendForm, CorrectionRewrites
from ledger.domain.contracts.approval import PermitMissing, RegistrationNeeded
from ledger.domain.contracts.changing import RightsNotNamed
from ledger.domain.contracts.contract import ContractEnded
from ledger.domain.contracts.entry_into_force import ConditionOpen, OptionNotOpen
from ledger.domain.contracts.granting import ExclusiveOverlap
from ledger.domain.contracts.noticed import NoticeMatter, TerminationNotReceived
from ledger.domain.contracts.own_use import ExclusiveSelfUse
from ledger.domain.contracts.sublicence import SublicenceOfCompulsory
from ledger.domain.contracts.suspension_and_termination import (
    CureRunning,
    ExitMissing,
    NoticeTooShort,
)
from ledger.domain.core.body import Body
from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.money import RateRange
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.backdating import Backdated
from tests.support.builders import (
    CLERK,
    CONTRACT,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    REGISTRAR,
    RIGHT,
    RIVAL,
    SUBLICENCE,
    THIRD,
    contract_concluded,
    grant,
    hash_of,
    other_right_filed,
    right_filed,
    sealed,
    sublicence_granted,
)
from tests.support.contracts import (
    COMPULSORY,
    CONSENT,
    NOTICE,
    OPTIONED,
    WAITING,
    certificate_issued,
    compulsory_licence_granted,
    condition_met,
    consent_given,
    contract_in_force,
    contract_suspended,
    contract_terminated,
    correction_recorded,
    leave,
    notice_received,
    notice_served,
    option_exercised,
    optioned_filed,
    permit_issued,
    terms_amended,
    use_declared,
    waiting,
)
from tests.support.specification import Past, given, said

SECOND = "contract:01890000-0000-7000-8000-0000000000ff"


def licensed(**overrides: Any) -> Past:
    """Return a log with the builders' contract, whose terms differ."""
    return given(right_filed(), contract_concluded(**overrides))


def test_exclusive_self_use() -> None:
    """The licensor files own sales in the exclusive territory with no leave; with leave it may."""
    past = licensed()
    own = {"used_from": "2026-12-01", "used_to": "2027-01-01"}
    later = {"accepted": (datetime(2027, 1, 2, 3, 0, tzinfo=UTC))}
    past.when(said(use_declared(**own), **later)).then_refused(ExclusiveSelfUse, positions=[1])
    past.when(said(use_declared(**own, consents=[FIRM]), **later)).then_admitted()
    leave = consent_given(given_by=FIRM, to=INSTITUTE, matter="own_use", about=RIGHT)
    agreed = past.and_then(leave)
    named = use_declared(**own, consents_given=[CONSENT])
    agreed.when(said(named, **later)).then_admitted()
    past.when(use_declared()).then_admitted()
    sole = licensed(grants=[grant(exclusivity="sole")])
    sole.when(said(use_declared(**own), **later)).then_admitted()


def test_sublicence_of_compulsory() -> None:
    """A compulsory licensee sublicenses (146(1)(c)); a licensee by contract may."""
    past = given(optioned_filed(), compulsory_licence_granted())
    passed_on = sublicence_granted(
        head_contract=COMPULSORY,
        sublicensor=THIRD,
        sublicensee=RIVAL,
        consent_by=INSTITUTE,
        grant=grant(licensor=THIRD, licensee=RIVAL, rights=[OPTIONED], exclusivity="non_exclusive"),
    )
    past.when(passed_on).then_refused(SublicenceOfCompulsory, positions=[1])
    licensed().when(sublicence_granted()).then_admitted()


def test_a_compulsory_licence_stands_beside_an_exclusive_one() -> None:
    """The State's word is never refused for what it contradicts; who comes later accepts it."""
    exclusive = contract_concluded(grants=[grant(rights=[OPTIONED])])
    past = given(optioned_filed(), exclusive, compulsory_licence_granted())
    assert ["exclusive", "compulsory"] == [held.kind for held in past.value(OPTIONED).grants]
    earlier = given(optioned_filed(), compulsory_licence_granted())
    earlier.when(exclusive).then_refused(ExclusiveOverlap, positions=[1])
    knowing = grant(rights=[OPTIONED], accepts=[f"{COMPULSORY}#g1"])
    earlier.when(contract_concluded(grants=[knowing])).then_admitted()


def test_permit_missing() -> None:
    """Restricted technology marked in force before the permit; from the permit on it may be."""
    past = licensed(effective_upon="permit")
    marked = contract_in_force(contract=CONTRACT)
    word = {"permit.issued/1": permit_issued(filing=None).model_dump(mode="json")}
    past.when(marked).then_refused(PermitMissing, positions=[1], word=word)
    permitted = past.and_then(permit_issued(filing=None))
    early = contract_in_force(contract=CONTRACT, in_force_from="2026-11-01")
    permitted.when(early).then_refused(PermitMissing, positions=[1])
    permitted.when(marked).then_admitted()


def test_registration_needed() -> None:
    """A contract that must be registered marked effective before the certificate; then it is."""
    past = licensed(effective_upon="registration")
    marked = contract_in_force(contract=CONTRACT)
    word = {"certificate.issued/1": certificate_issued(filing=None).model_dump(mode="json")}
    past.when(marked).then_refused(RegistrationNeeded, positions=[1], word=word)
    assert past.value(CONTRACT).in_force_from is None
    registered = past.and_then(certificate_issued(filing=None))
    assert "2026-12-01" == str(registered.value(CONTRACT).in_force_from)
    registered.when(marked).then_admitted()


def test_condition_open() -> None:
    past = given(optioned_filed(), waiting())
    word = {"condition.met/1": {"met_on": "2026-11-02", "document_sha256": None}}
    past.when(contract_in_force()).then_refused(ConditionOpen, positions=[1], word=word)
    past.when(condition_met(parties=[FIRM])).then_refused(SignerMissing, subjects=[INSTITUTE])
    past.and_then(condition_met()).when(contract_in_force()).then_admitted()


def test_option_not_open() -> None:
    """An option is taken up by its holder, as it was offered; what others got since forbids it."""
    past = given(optioned_filed(), waiting())
    past.when(option_exercised(exercised_by=RIVAL)).then_refused(OptionNotOpen, positions=[1])
    wider = grant(rights=[OPTIONED], acts=["make", "sell", "use"])
    past.when(option_exercised(grant=wider)).then_refused(OptionNotOpen, positions=[1])
    taken = past.and_then(option_exercised())
    assert [f"{WAITING}#g1"] == [held.ref for held in taken.value(OPTIONED).grants]
    word = {"terms.amended/1": {"concluded_on": "2026-11-02", "effective_from": "2026-12-01"}}
    taken.when(option_exercised()).then_refused(OptionNotOpen, word=word)
    rival = contract_concluded(
        contract=SECOND,
        parties=[INSTITUTE, RIVAL],
        grants=[grant(rights=[OPTIONED], licensee=RIVAL)],
    )
    amended = terms_amended(
        contract=WAITING,
        changes={"grants": [grant(rights=[OPTIONED], accepts=[f"{SECOND}#g1"])]},
        rights=[OPTIONED],
        effective_from="2026-12-01",
    ).model_dump(mode="json")
    past.and_then(rival).when(option_exercised()).then_refused(
        ExclusiveOverlap, positions=[2], word={"terms.amended/1": amended}
    )


def told(*exits: dict[str, Any], **notice: Any) -> Past:
    """Return a log in which the firm told the institute, who got it, under these exits."""
    agreed = {"exits": list(exits)} if exits else {}
    return given(optioned_filed(), waiting(**agreed), notice_served(**notice), notice_received())


NEXT = datetime(2026, 11, 3, 3, 0, tzinfo=UTC)


def test_termination_not_received() -> None:
    """A contract ended on the sending date; from its receipt, and the days agreed, it may end."""
    served = given(optioned_filed(), waiting(exits=[leave()]), notice_served())
    today = {"terminated_on": "2026-11-02"}
    arrives = {"notice.received/1": notice_received().model_dump(mode="json")}
    served.when(contract_terminated(**today)).then_refused(
        TerminationNotReceived, positions=[2], word=arrives
    )
    anew = f"{NOTICE}f"
    word = {
        "notice.served/1": notice_served(notice=anew).model_dump(mode="json"),
        "notice.received/1": notice_received(notice=anew).model_dump(mode="json"),
        "/body/notice": anew,
    }
    served.when(contract_terminated(notice=None)).then_refused(TerminationNotReceived, word=word)
    arrived = said(notice_received(received_on="2026-11-03"), accepted=NEXT)
    received = served.and_then(arrived)
    early = said(contract_terminated(terminated_on="2026-11-02"), accepted=NEXT)
    received.when(early).then_refused(Backdated, positions=[1])
    on_time = said(contract_terminated(terminated_on="2026-11-03"), accepted=NEXT)
    received.when(on_time).then_admitted()


def test_notice_too_short() -> None:
    past = told()
    early = contract_terminated(terminated_on="2026-12-02")
    past.when(early).then_refused(NoticeTooShort, positions=[1, 2])
    past.when(contract_terminated()).then_admitted()


def test_cure_running() -> None:
    """A breach is cured in the days agreed, whatever the notice that blames it says it is of."""
    for matter in ("breach", "termination"):
        past = told(matter=matter, exit="unpaid")
        early = contract_terminated(exit="unpaid", terminated_on="2027-01-01")
        past.when(early).then_refused(CureRunning, positions=[1, 2])
        past.when(contract_terminated(exit="unpaid", terminated_on="2027-01-02")).then_admitted()


def test_exit_missing() -> None:
    """Out is who an exit lets out, by the one that it takes, as long as it is agreed."""
    past = told(leave(), leave("in", who=[INSTITUTE]))
    refusal = past.when(contract_terminated(exit="in")).then_refused(ExitMissing, positions=[1])
    assert f"agreed: out (convenience) for {FIRM}; in (convenience) for {INSTITUTE}" in str(refusal)
    past.when(contract_terminated()).then_admitted()
    given_up = terms_amended(contract=WAITING, changes={"exits": []}, effective_from="2026-12-01")
    later = past.and_then(given_up)
    refusal = later.when(contract_terminated()).then_refused(ExitMissing, positions=[1, 4])
    assert "agreed: none" in str(refusal)
    later.when(contract_terminated(terminated_on="2026-11-30")).then_admitted()


def test_notice_matter() -> None:
    """What a notice was not about does not become so by ending the contract with it."""
    for wrong in ({"matter": "renewal", "exit": None}, {"exit": None}, {"exit": "unpaid"}):
        told(**wrong).when(contract_terminated()).then_refused(NoticeMatter, positions=[2])
    blamed = told(matter="breach")
    anew = f"{NOTICE}f"
    word = {
        "notice.served/1": notice_served(notice=anew).model_dump(mode="json"),
        "notice.received/1": notice_received(notice=anew).model_dump(mode="json"),
        "/body/notice": anew,
    }
    blamed.when(contract_terminated()).then_refused(NoticeMatter, positions=[2], word=word)
    alone = {"suspended_by": [FIRM], "notice": NOTICE}
    told().when(contract_suspended(**alone)).then_refused(NoticeMatter, positions=[2])
    told(matter="suspension", exit=None).when(contract_suspended(**alone)).then_admitted()


def test_a_serious_breach_needs_no_exit() -> None:
    """CC art. 428(1): by notice of it, from its receipt on."""
    serious = contract_terminated(ground="serious_breach", exit=None, terminated_on="2026-11-02")
    told(matter="breach", exit=None).when(serious).then_admitted()
    for matter in ("termination", "other"):
        told(matter=matter, exit=None).when(serious).then_refused(NoticeMatter)
    stranger = serious.model_copy(update={"terminated_by": (FIRM, RIVAL)})
    told(matter="breach", exit=None).when(stranger).then_refused(WrongSigner, subjects=[RIVAL])


def test_an_exit_is_for_a_party() -> None:
    stranger = [leave(who=[FIRM, RIVAL])]
    past = given(right_filed(), optioned_filed())
    past.when(waiting(exits=stranger)).then_refused(SignerMissing, subjects=[RIVAL])
    past = past.and_then(waiting())
    amended = terms_amended(contract=WAITING, changes={"exits": stranger})
    past.when(amended).then_refused(SignerMissing, subjects=[RIVAL])
    past = licensed()
    past.when(sublicence_granted(exits=[leave(who=[INSTITUTE])])).then_refused(SignerMissing)
    past.when(sublicence_granted(exits=[leave(who=[RIVAL])])).then_admitted()


@pytest.mark.parametrize(
    "malformed",
    [
        lambda: contract_terminated(exit=None),
        lambda: contract_terminated(ground="consent"),
        lambda: notice_served(matter="renewal"),
        lambda: waiting(exits=[leave(), leave(ground="breach")]),
    ],
)
def test_an_exit_is_named_where_it_means_something(malformed: Callable[[], Body]) -> None:
    with pytest.raises(ValidationError):
        malformed()


def test_the_sender_does_not_confirm_its_own_notice() -> None:
    past = given(optioned_filed(), waiting(), notice_served())
    past.when(notice_received(confirmed_by=FIRM)).then_refused(WrongSigner, positions=[2])
    past.when(notice_received(confirmed_by=RIVAL)).then_refused(WrongSigner)
    past.when(notice_received(confirmed_by=CLERK)).then_admitted()


def test_all_parties_end_a_contract_by_consent() -> None:
    past = licensed().and_then(sublicence_granted())
    ended = {
        "contract": CONTRACT,
        "ground": "consent",
        "exit": None,
        "notice": None,
        "rights": [RIGHT],
        "terminated_on": "2027-01-01",
    }
    past.when(contract_terminated(**ended)).then_refused(SignerMissing, subjects=[INSTITUTE])
    both = contract_terminated(**ended, terminated_by=[INSTITUTE, FIRM])
    free = past.and_then(both)
    assert ["2027-01-01"] * 2 == [str(held.box.end) for held in free.value(RIGHT).grants]
    another = contract_concluded(
        contract=SECOND,
        parties=[INSTITUTE, RIVAL],
        grants=[grant(licensee=RIVAL, valid_from="2027-01-01")],
    )
    past.when(another).then_refused(ExclusiveOverlap)
    free.when(another).then_admitted()


def test_rights_not_named() -> None:
    past = given(optioned_filed(), waiting(), notice_served(), notice_received())
    refusal = past.when(contract_terminated(rights=[])).then_refused(RightsNotNamed, positions=[1])
    assert (OPTIONED,) == refusal.subjects


def test_a_direct_licence_outlives_its_head() -> None:
    past = licensed(grants=[grant(direct_licence=True)]).and_then(sublicence_granted())
    ended = contract_terminated(
        contract=CONTRACT,
        ground="consent",
        exit=None,
        notice=None,
        rights=[RIGHT],
        terminated_by=[INSTITUTE, FIRM],
        terminated_on="2027-01-01",
    )
    head, below = past.and_then(ended).value(RIGHT).grants
    assert ("2027-01-01", "2030-12-01") == (str(head.box.end), str(below.box.end))
    assert below.under(SUBLICENCE)


def test_amend_form() -> None:
    """A registered contract amended by chat message; in the form of the original it may be."""
    past = licensed(form="written").and_then(certificate_issued(filing=None))
    chat = terms_amended(form="chat_message", effective_upon="registration")
    past.when(chat).then_refused(AmendForm, positions=[1])
    past.when(terms_amended(form="data_message")).then_refused(AmendForm, positions=[1])
    written = terms_amended(form="written", effective_upon="registration")
    past.when(written).then_admitted()


def test_registration_needed_for_an_amendment() -> None:
    """What amends a registered contract has effect from its own certificate (TTL art. 24(3))."""
    past = licensed().and_then(certificate_issued(filing=None))
    past.when(terms_amended()).then_refused(RegistrationNeeded, positions=[1])
    pending = terms_amended(effective_upon="registration")
    waits = past.and_then(pending)
    assert 50_000 == waits.value(CONTRACT).terms_on(date(2027, 6, 1)).royalty_ppm
    told = waits.and_then(certificate_issued(filing=None, amendment=hash_of(pending)))
    assert 60_000 == told.value(CONTRACT).terms_on(date(2027, 6, 1)).royalty_ppm
    assert 50_000 == told.value(CONTRACT).terms_on(date(2026, 12, 31)).royalty_ppm


def test_contract_ended() -> None:
    past = told(leave())
    over = past.and_then(contract_terminated(terminated_on="2026-11-02"))
    anew = contract_concluded(contract=SECOND, grants=[grant(rights=[OPTIONED])])
    word = {"contract.concluded/1": anew.model_dump(mode="json")}
    over.when(terms_amended(contract=WAITING)).then_refused(ContractEnded, positions=[4], word=word)
    past.when(terms_amended(contract=WAITING)).then_admitted()
    again = over.when(contract_terminated()).then_refused(ContractEnded, positions=[4])
    assert again.detail.endswith(" is over from 2026-11-02 on")
    assert again.way is not None
    assert not again.way.helps


def test_correction_rewrites() -> None:
    """Other parties and another object: nothing remains. One of the two may be corrected."""
    past = licensed().and_then(other_right_filed())
    other = {"grants": [grant(rights=[OTHER_RIGHT], licensee=RIVAL)]}
    everyone = [INSTITUTE, FIRM, RIVAL]
    meant = [INSTITUTE, RIVAL]
    rewritten = correction_recorded(
        changes=other, parties=everyone, parties_meant=meant, rights=[RIGHT, OTHER_RIGHT]
    )
    anew = contract_concluded(contract=SECOND, parties=meant, **other).model_dump(mode="json")
    past.when(rewritten).then_refused(
        CorrectionRewrites, positions=[1], word={"contract.concluded/1": anew}
    )
    to_rival = {"grants": [grant(licensee=RIVAL)]}
    renamed = correction_recorded(
        changes=to_rival, parties=everyone, parties_meant=meant, rights=[RIGHT]
    )
    corrected = past.and_then(renamed)
    assert frozenset(meant) == corrected.value(CONTRACT).parties
    assert [RIVAL] == [held.licensee for held in corrected.value(RIGHT).grants]
    moved = {"grants": [grant(rights=[OTHER_RIGHT])]}
    past.when(correction_recorded(changes=moved, rights=[RIGHT, OTHER_RIGHT])).then_admitted()


def test_signer_missing_from_an_amendment() -> None:
    """An amendment with one of two signatures."""
    past = licensed()
    past.when(terms_amended(parties=[FIRM])).then_refused(SignerMissing, subjects=[INSTITUTE])
    past.when(said(terms_amended(), signed_by=[FIRM])).then_refused(SignerMissing)
    past.when(terms_amended()).then_admitted()


def test_an_amended_grant_is_held_to_the_rules_of_grants() -> None:
    rival = contract_concluded(
        contract=SECOND,
        parties=[INSTITUTE, RIVAL],
        grants=[grant(licensee=RIVAL, territory={"codes": ["vn-2025:48"]})],
    )
    hanoi = grant(territory={"codes": ["vn-2025:01"]})
    past = licensed(grants=[hanoi]).and_then(rival)
    wider = {"changes": {"grants": [grant()]}, "rights": [RIGHT]}
    past.when(terms_amended(**wider)).then_refused(ExclusiveOverlap, positions=[2])
    longer = {"changes": {"grants": [{**hanoi, "valid_to": "2032-12-01"}]}, "rights": [RIGHT]}
    amended = past.and_then(terms_amended(**longer))
    ours = [held for held in amended.value(RIGHT).grants if held.under(CONTRACT)]
    assert [("2026-12-01", "2027-01-01"), ("2027-01-01", "2032-12-01")] == [
        (str(held.box.start), str(held.box.end)) for held in ours
    ]
    past.when(terms_amended(**{**longer, "rights": []})).then_refused(RightsNotNamed)


def test_only_the_state_says_that_it_registered() -> None:
    past = licensed()
    past.when(said(certificate_issued(filing=None), signed_by=[FIRM])).then_refused(WrongSigner)
    assert (REGISTRAR,) == past.when(certificate_issued(filing=None)).event.signers


def test_backdated_amendment() -> None:
    """What changes the past says why, and all sign (Cargill and BioAmber, July 2011)."""
    past = licensed()
    early = {"effective_from": "2026-10-01"}
    past.when(terms_amended(**early)).then_refused(Backdated, subjects=[CONTRACT])
    confirmed = {"confirms": {"reason": "Ký ngày 14 và 18, có hiệu lực từ ngày 5"}}
    past.when(terms_amended(**early, **confirmed)).then_admitted()
    past.when(terms_amended(effective_from="2026-11-02")).then_admitted()


def test_nothing_is_passed_on_from_what_has_ended() -> None:
    past = licensed().and_then(
        sublicence_granted(
            grant=grant(
                licensor=FIRM, licensee=RIVAL, exclusivity="non_exclusive", sublicensing="free"
            )
        )
    )
    over = contract_terminated(
        contract=CONTRACT,
        ground="consent",
        exit=None,
        notice=None,
        rights=[RIGHT],
        terminated_by=[INSTITUTE, FIRM],
        terminated_on="2026-11-02",
    )
    deeper = sublicence_granted(
        contract=SECOND,
        head_contract=SUBLICENCE,
        sublicensor=RIVAL,
        sublicensee=THIRD,
        grant=grant(licensor=RIVAL, licensee=THIRD, exclusivity="non_exclusive"),
    )
    past.when(deeper).then_admitted()
    past.and_then(over).when(deeper).then_refused(ContractEnded, positions=[3])


def test_rate_range_of_an_amended_royalty() -> None:
    past = licensed()
    past.when(terms_amended(changes={"royalty_ppm": 1_000_001})).then_refused(RateRange)
    past.when(terms_amended(changes={"royalty_ppm": sealed()})).then_refused(OpeningRequired)
    opened = {"/body/changes/royalty_ppm": 70_000}
    past.when(
        said(terms_amended(changes={"royalty_ppm": sealed()}), openings=opened)
    ).then_admitted()
    past.when(terms_amended(changes={"royalty_base": "pre_tax_profit"})).then_admitted()
