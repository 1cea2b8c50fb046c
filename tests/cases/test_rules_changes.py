"""Cases that the rules answered wrongly: what a contract could not say, no change of it says."""

from typing import Any

import pytest
from pydantic import ValidationError

from ledger.domain.contracts.amendment import CorrectionRecorded
from ledger.domain.contracts.approval import BannedTech, PermitMissing, RegistrationNeeded
from ledger.domain.contracts.clauses import GrantOutlastsContract
from ledger.domain.contracts.contract_terms import Changes
from ledger.domain.core.body import Body
from ledger.domain.core.existence import IntervalEmpty, PredecessorUnknown
from ledger.domain.market.listing import ContentMissing
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.backdating import Backdated, RightNotYet
from tests.support.builders import (
    AUTHOR,
    BANK,
    CONTRACT,
    FIRM,
    INSTITUTE,
    OTHER_RIGHT,
    RIGHT,
    RIVAL,
    SUBLICENCE,
    TECHNOLOGY,
    THIRD,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    first_party,
    grant,
    hash_of,
    held,
    other_right_filed,
    party_registered,
    right_filed,
    security_created,
    share_agreed,
    sublicence_granted,
    technology_registered,
    vnd,
)
from tests.support.contracts import (
    BOTH,
    LATE,
    contract_terminated,
    correction_recorded,
    leave,
    permit_issued,
    terms_amended,
)
from tests.support.specification import Past, given

CITY, ABROAD = "party:vn.city", "party:jp.5010001008685"

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


CHANGES = {"amended": terms_amended, "corrected": correction_recorded}
either = pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)


def of(past: Past, change: Any, contract: str = CONTRACT, **said: Any) -> Body:
    """Return an amendment or a correction of a contract of the past."""
    if change is correction_recorded:
        said["corrects"] = past.value(contract).payload_hash
    made: Body = change(contract=contract, **said)
    return made


@either
def test_no_change_leaves_a_contract_without_what_the_law_asks_of_it(change: Any) -> None:
    """A price, or a royalty in its place, and what that is computed on; a dispute body."""
    past = given(right_filed(), contract_concluded(price=None))
    unpaid = of(past, change, changes={"royalty_ppm": None})
    refusal = past.when(unpaid).then_refused(ContentMissing, word={"/body/changes/price": vnd(1)})
    assert "/body/changes" == refusal.pointer
    past.when(of(past, change, changes={"royalty_ppm": None, "price": vnd(1)})).then_admitted()
    past.when(of(past, change, changes={"royalty_base": "none"})).then_refused(
        ContentMissing, word={"/body/changes/royalty_base": "net_revenue"}
    )
    taught = given(right_filed(), technology_registered(), contract_concluded(kind="know_how"))
    taught.when(of(taught, change, changes={"dispute_body": None})).then_refused(
        ContentMissing, word={"/body/changes/dispute_body": "Tòa án"}
    )
    served = given(contract_concluded(kind="service", grants=[]))
    served.when(of(served, change, changes={"dispute_body": None})).then_admitted()


def know_how(**others: Any) -> dict[str, Any]:
    """Return a grant on the technology alone, as JSON."""
    return grant(rights=[], technologies=[TECHNOLOGY], **others)


def symbol(code: str) -> dict[str, Any]:
    """Return the field of one symbol as JSON."""
    return {"scheme": "ipc", "edition": "2026.01", "codes": [code]}


@either
def test_a_change_brings_in_nothing_that_is_banned_or_restricted(change: Any) -> None:
    """What waits for a permit that will see it may be restricted; what stood stands."""
    signed = contract_concluded(kind="know_how", grants=[know_how()])
    past = given(technology_registered(), signed)
    genes = {"changes": {"grants": [know_how(field=symbol("C12N 15/09"))]}, "rights": [TECHNOLOGY]}
    past.when(of(past, change, **genes)).then_refused(PermitMissing)
    arms = {**genes, "changes": {"grants": [know_how(field=symbol("G21J"))]}}
    past.when(of(past, change, **arms)).then_refused(BannedTech)
    waits = signed.model_copy(update={"effective_upon": "permit"})
    unseen = given(technology_registered(), waits)
    unseen.when(of(unseen, change, **genes)).then_admitted()
    permitted = unseen.and_then(permit_issued(filing=None))
    permitted.when(of(permitted, change, **genes)).then_refused(PermitMissing)
    stood = contract_concluded(
        kind="know_how",
        grants=[know_how(field=symbol("C12N 15/09"))],
        effective_upon="permit",
    )
    listed = given(technology_registered(), stood, permit_issued(filing=None))
    fewer = [know_how(field=symbol("C12N 15/09"), acts=["sell"])]
    listed.when(of(listed, change, changes={"grants": fewer}, rights=[TECHNOLOGY])).then_admitted()


@pytest.mark.parametrize("upon", ["permit", "conditions"])
def test_an_amendment_waits_for_its_certificate_or_for_nothing(upon: str) -> None:
    """No act would bring it into force: what it changed counted at once, whatever it waited for."""
    with pytest.raises(ValidationError, match="'day' or 'registration'"):
        terms_amended(effective_upon=upon)


def test_a_transfer_that_a_change_takes_abroad_is_registered() -> None:
    """An amendment waits for its own certificate; a correction is none of what was at home."""
    abroad = party_registered(**first_party(ABROAD, name="Ono", seat="JP"))
    three = sorted([INSTITUTE, FIRM, ABROAD])
    signed = contract_concluded(kind="know_how", parties=three, grants=[know_how()])
    past = given(technology_registered(), abroad, signed)
    moved = {
        "changes": {"grants": [know_how(licensee=ABROAD)]},
        "rights": [TECHNOLOGY],
        "parties": three,
    }
    refusal = past.when(terms_amended(**moved)).then_refused(RegistrationNeeded)
    assert {"/body/effective_upon": "registration"} == refusal.changes
    past.when(terms_amended(**moved, effective_upon="registration")).then_admitted()
    meant = of(past, correction_recorded, **moved, parties_meant=three)
    past.when(meant).then_refused(RegistrationNeeded)


@either
def test_no_change_binds_one_who_is_no_party_or_grants_for_the_state(change: Any) -> None:
    """Neither is a licence made compulsory, nor bought by the State without a body of it."""
    past = given(right_filed(), contract_concluded())
    forced = of(past, change, changes={"grants": [grant(exclusivity="compulsory")]}, rights=[RIGHT])
    past.when(forced).then_refused(WrongSigner, positions=[1])
    city = party_registered(**first_party(CITY, kind="state_body", name="Thành phố"))
    bought = contract_concluded(
        parties=sorted([INSTITUTE, FIRM, CITY]),
        grants=[grant(licensee=CITY)],
        open_beneficiaries=True,
    )
    public = given(right_filed(), city, bought)
    private = {
        "changes": {"grants": [grant(licensee=FIRM)]},
        "rights": [RIGHT],
        "parties": sorted([INSTITUTE, FIRM, CITY]),
    }
    if change is correction_recorded:
        private["parties_meant"] = private["parties"]
    public.when(of(public, change, **private)).then_refused(
        WrongSigner, word={"/body/changes/grants": [grant(licensee=CITY)]}
    )


def test_a_correction_of_the_parties_leaves_no_grant_and_no_exit_without_them() -> None:
    """What stands binds those who are meant; a contract is between two."""
    signed = contract_concluded(exits=[leave()])
    past = given(right_filed(), signed)
    among = sorted([INSTITUTE, FIRM, RIVAL])
    swapped = of(past, correction_recorded, parties=among, parties_meant=sorted([INSTITUTE, RIVAL]))
    past.when(swapped).then_refused(SignerMissing, subjects=[FIRM])
    moved = {"grants": [grant(licensee=RIVAL)], "exits": [leave(who=[RIVAL])]}
    past.when(
        swapped.model_copy(update={"changes": Changes(**moved), "rights": (RIGHT,)})
    ).then_admitted()
    with pytest.raises(ValidationError, match="two parties"):
        correction_recorded(parties_meant=[FIRM])


ENDED = {
    "effective_to": "2026-10-15",
    "grants": [grant(valid_from="2026-09-01", valid_to="2026-10-15")],
}
"""An end that is past, for a grant that was to run on."""


@either
def test_a_term_that_a_change_ends_in_the_past_is_confirmed_by_all_who_lose(change: Any) -> None:
    """As an end of the contract is: for a reason, by licensees below and who shares in it."""
    licensed = contract_concluded(
        concluded_on="2026-09-01",
        effective_from="2026-09-01",
        grants=[grant(valid_from="2026-09-01", sublicensing="free")],
        **LATE,
    )
    past = given(right_filed(), licensed, share_agreed())
    shorter = {"changes": ENDED, "rights": [RIGHT]}
    if change is terms_amended:
        shorter["effective_from"] = "2026-11-02"
        refusal = past.when(of(past, change, **shorter)).then_refused(Backdated, positions=[1])
        assert {"/body/changes/effective_to": "2026-11-02"} == refusal.changes
        shorter |= LATE
    refusal = past.when(of(past, change, **shorter)).then_refused(Backdated, positions=[1])
    assert AUTHOR in refusal.subjects
    past.when(of(past, change, **shorter, consents=[AUTHOR])).then_admitted()
    today = {
        "effective_to": "2026-11-02",
        "grants": [{**ENDED["grants"][0], "valid_to": "2026-11-02"}],
    }
    past.when(of(past, change, **{**shorter, "changes": today})).then_admitted()


def test_what_was_passed_on_under_a_grant_that_is_gone_is_not_changed_any_more() -> None:
    """Its rate may be; a new reach has nothing that it could lie within."""
    passed_on = grant(licensor=FIRM, licensee=RIVAL, exclusivity="non_exclusive")
    past = given(
        right_filed(),
        contract_concluded(grants=[grant(sublicensing="free"), grant(grant="g2", acts=["use"])]),
        sublicence_granted(grant=passed_on),
        terms_amended(changes={"grants_ended": ["g1"]}, rights=[RIGHT]),
    )
    both = {"contract": SUBLICENCE, "parties": sorted([FIRM, RIVAL])}
    fewer = {"grants": [{**passed_on, "acts": ["sell"]}]}
    past.when(terms_amended(**both, changes=fewer, rights=[RIGHT])).then_refused(
        PredecessorUnknown, positions=[1, 3]
    )
    past.when(terms_amended(**both, changes={"royalty_ppm": 60_000})).then_admitted()


def test_what_frees_a_right_as_from_the_past_takes_nothing_from_its_creditor() -> None:
    """A narrower licence, or one that ended, burdens the right less; from its owner it takes."""
    past = given(right_filed(), OLD, security_created())
    within = {"valid_from": "2020-03-10", "acts": ["sell"]}
    past.when(meant(**within)).then_admitted()
    early = {"effective_from": "2020-03-10", "rights": [RIGHT], **LATE}
    past.when(terms_amended(changes={"grants": [grant(**within)]}, **early)).then_admitted()
    for wider in ({"transferable": True}, {"acts": ["sell", "import"]}):
        past.when(meant(**{**within, **wider})).then_refused(Backdated, positions=[2])
    over = contract_terminated(
        contract=CONTRACT,
        ground="consent",
        exit=None,
        notice=None,
        terminated_by=BOTH,
        terminated_on="2026-10-01",
        rights=[RIGHT],
        **LATE,
    )
    past.when(over).then_admitted()
    sold = (
        assignment_agreed(assignors=[held(INSTITUTE)], assignees=[held(THIRD)]),
        assignment_registered(),
    )
    passed = given(right_filed(), OLD, *sold)
    passed.when(over).then_refused(Backdated, positions=[3])
    passed.when(meant(**within)).then_refused(Backdated, positions=[3])


def test_a_grant_is_changed_to_no_day_beyond_an_end_that_is_set() -> None:
    """An amendment after the contract was ended, and before that day, made it run on."""
    kept = {"rights": [RIGHT]}
    end = {"ground": "consent", "exit": None, "terminated_by": BOTH, "terminated_on": "2027-12-01"}
    ended = given(
        right_filed(kind="software"),
        contract_concluded(),
        contract_terminated(contract=CONTRACT, notice=None, **end, **kept),
    )
    changes = {**kept, "changes": {"grants": [grant(acts=["make"])]}}
    refusal = ended.when(terms_amended(**changes)).then_refused(GrantOutlastsContract)
    assert "the contract runs to 2027-11-30, grant g1 to 2030-11-30" == refusal.detail
    shorter = {**kept, "changes": {"grants": [grant(acts=["make"], valid_to="2027-12-01")]}}
    ended.when(terms_amended(**shorter)).then_admitted()
