"""Cases that the rules answered wrongly: who may end, sign for, dispose of, confirm."""

from datetime import date
from typing import Any

import pytest

from ledger.domain.admission import Folds
from ledger.domain.contracts.contract import ContractEnded
from ledger.domain.contracts.noticed import NoticeMatter, TerminationNotReceived
from ledger.domain.contracts.suspension_and_termination import (
    ContractTerminated,
    CureRunning,
    ExitMissing,
)
from ledger.domain.core.body import Body
from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.court_hold import Held
from ledger.domain.core.existence import FutureFact
from ledger.domain.parties.signature_refusals import CeilingExceeded, SelfDealing, WrongSigner
from ledger.domain.revenue.payment import ConfirmByPayer
from ledger.domain.rights.assignability import GroundPrice, LienCovenant, must_fit_its_ground
from ledger.domain.rights.backdating import Backdated
from ledger.domain.rights.preemption import PreemptionOpen
from tests.support.builders import (
    ASSIGNMENT,
    AUTHOR,
    BANK,
    CONTRACT,
    COUNTER,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    SHARE,
    THIRD,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    grant,
    hash_of,
    held,
    key_added,
    key_id,
    offer_accepted,
    offer_made,
    part,
    planted_key,
    right_filed,
    sealed,
    security_created,
    share_agreed,
    sublicence_granted,
    technology_registered,
    vnd,
)
from tests.support.contracts import (
    BOTH,
    consent_given,
    contract_terminated,
    correction_recorded,
    leave,
    notice_received,
    notice_served,
    terms_amended,
)
from tests.support.disputes import court_registered, dispute_opened, hold_ordered, order
from tests.support.mandates import mandate_given
from tests.support.moneys import (
    LICENCE,
    SPLIT,
    confirmed,
    licence,
    payment_instructed,
    refund_made,
    report,
    royalty,
    shared_out,
    split,
)
from tests.support.parties import party_merged
from tests.support.specification import Said, given, said
from tests.support.titles import security_perfected


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


def test_an_end_is_moved_to_no_later_day() -> None:
    """All agreed on an end; the firm, which an exit lets out too, does not make it run on."""
    agreed = five_years(exits=[leave(who=[FIRM])], sell_off_days=90)
    notice = {"matter": "termination", "served_by": FIRM, "served_on": INSTITUTE, "exit": "out"}
    received = notice_received(contract=CONTRACT, confirmed_by=INSTITUTE)
    past = given(right_filed(), agreed, told(**notice)[0], received)
    together = {"ground": "consent", "exit": None, "notice": None, "terminated_by": BOTH}
    set_for = past.and_then(ended(**together, terminated_on="2027-06-01"))
    for later in ("2027-06-01", "2028-06-01"):
        alone = ended(terminated_by=[FIRM], terminated_on=later)
        set_for.when(alone).then_refused(ContractEnded, positions=[4], subjects=[CONTRACT])
        set_for.when(ended(**together, terminated_on=later)).then_refused(ContractEnded)
    sooner = ended(**together, terminated_on="2027-05-31")
    set_for.when(sooner).then_admitted()


def test_a_contract_does_not_end_after_its_term() -> None:
    """An end behind the term would let stock be sold for longer than was agreed."""
    past = given(right_filed(), five_years())
    together = {"ground": "consent", "exit": None, "notice": None, "terminated_by": BOTH}
    late = ended(**together, terminated_on="2031-12-01")
    past.when(late).then_refused(ContractEnded, positions=[1])
    past.when(ended(**together, terminated_on="2031-11-30")).then_admitted()


def test_renewal_notice() -> None:
    """No exit was agreed; and where one was, a notice of renewal takes none."""
    past = given(right_filed(), five_years(), *told())
    past.when(ended()).then_refused(ExitMissing, positions=[1])
    agreed = five_years(exits=[leave(who=[INSTITUTE])])
    given(right_filed(), agreed, *told()).when(ended()).then_refused(NoticeMatter, positions=[2])
    right = told(matter="termination", exit="out")
    given(right_filed(), agreed, *right).when(ended()).then_admitted()


@pytest.mark.parametrize(
    "notice",
    [
        {"matter": "termination", "exit": "out"},
        {"matter": "breach", "exit": "blamed"},
        {"matter": "termination"},
        {"matter": "suspension"},
        {"matter": "renewal"},
        {"matter": "other"},
    ],
)
def test_a_serious_breach_is_told_as_one(notice: Any) -> None:
    """A notice of an exit, whose days run, lets nobody out at once for a breach that it blames."""
    exits = [leave(who=[INSTITUTE]), leave("blamed", ground="breach", who=[INSTITUTE])]
    serious = ended(ground="serious_breach", exit=None)
    agreed = five_years(exits=exits)
    past = given(right_filed(), agreed, *told(**notice))
    past.when(serious).then_refused(NoticeMatter, positions=[2])
    given(right_filed(), agreed, *told(matter="breach")).when(serious).then_admitted()


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


@pytest.mark.parametrize(
    "changes",
    [{"grants_ended": ["g1"]}, {"grants": [grant(acts=["import"], sublicensing="free")]}],
    ids=["ended", "narrowed"],
)
def test_an_amendment_takes_nothing_in_the_past_from_a_sublicensee(changes: Any) -> None:
    """Nor does a correction, which has effect from the start."""
    passed_on = sublicence_granted(
        grant=grant(licensor=FIRM, licensee=RIVAL, exclusivity="non_exclusive", acts=["sell"])
    )
    licensed = contract_concluded(
        grants=[grant(sublicensing="free"), grant(grant="g2", acts=["use"])]
    )
    past = given(right_filed(), licensed, passed_on)
    early = {"effective_from": "2026-10-01", "confirms": {"reason": "Theo biên bản"}}
    amended = {"changes": changes, "rights": [RIGHT]}
    past.when(terms_amended(**amended, **early)).then_refused(Backdated, subjects=[RIVAL])
    past.when(terms_amended(**amended, **early, consents=[RIVAL])).then_admitted()
    past.when(terms_amended(**amended)).then_admitted()
    corrected = {"corrects": hash_of(licensed), **amended}
    past.when(correction_recorded(**corrected)).then_refused(Backdated, subjects=[RIVAL])
    past.when(correction_recorded(**corrected, consents=[RIVAL])).then_admitted()


def test_who_shares_in_the_revenue_confirms_an_end_in_the_past() -> None:
    """A third party's right recorded since: what the author was promised of every report."""
    past = given(right_filed(), five_years(), share_agreed())
    by_consent = {"ground": "consent", "exit": None, "notice": None, "terminated_on": "2026-10-01"}
    why = {"confirms": {"reason": "Theo biên bản thanh lý"}}
    both = ended(**by_consent, **why, terminated_by=[INSTITUTE, FIRM])
    refusal = past.when(both).then_refused(Backdated, positions=[1])
    assert AUTHOR in refusal.subjects
    past.when(ended(**by_consent, **why, terminated_by=[AUTHOR, INSTITUTE, FIRM])).then_admitted()
    unsigned = given(right_filed(), five_years(), share_agreed(agreed_by=[INSTITUTE]))
    unsigned.when(both).then_refused(Backdated, subjects=[CONTRACT, AUTHOR])


def test_who_has_a_sealed_part_confirms_an_end_in_the_past_and_is_not_told() -> None:
    parts = [part(AUTHOR, 500_000), part(INSTITUTE, 500_000)]
    shut = said(
        share_agreed(parts=sealed(), agreed_by=[INSTITUTE]), openings={"/body/parts": parts}
    )
    past = given(right_filed(), five_years(), shut)
    kept = {(SHARE, sealed()["commitment"]): parts}
    by_consent = {"ground": "consent", "exit": None, "notice": None, "terminated_on": "2026-10-01"}
    why = {"confirms": {"reason": "Theo biên bản thanh lý"}}
    both = ended(**by_consent, **why, terminated_by=[INSTITUTE, FIRM])
    refusal = past.when(said(both, kept=kept)).then_refused(Backdated, subjects=[CONTRACT])
    assert AUTHOR not in refusal.detail
    past.when(said(both, kept={})).then_refused(OpeningRequired)
    all_three = ended(**by_consent, **why, terminated_by=[AUTHOR, INSTITUTE, FIRM])
    past.when(said(all_three, kept=kept)).then_admitted()


def test_cure_running() -> None:
    """Of 30 days the day of receipt is none, and the last ends at midnight: free is day 31."""
    blamed = {"matter": "breach", "exit": "out"}
    agreed = five_years(exits=[leave(who=[INSTITUTE], ground="breach", cure_days=30)])
    past = given(right_filed(), agreed, *told(**blamed))
    for day in ("2026-12-01", "2026-12-02"):
        past.when(ended(terminated_on=day)).then_refused(CureRunning, positions=[1, 2])
    past.when(ended(terminated_on="2026-12-03")).then_admitted()


def test_a_notice_goes_to_the_other_side() -> None:
    """One licensor tells another, and the licensee would be out without a word."""
    owned = right_filed(owners=[held(RIVAL, 1, 2), held(INSTITUTE, 1, 2)])
    two = contract_concluded(
        parties=[FIRM, INSTITUTE, RIVAL],
        grants=[grant(), grant(grant="g2", licensor=RIVAL, exclusivity="non_exclusive")],
        exits=[leave(who=[INSTITUTE])],
    )
    inside = told(matter="termination", exit="out", served_on=RIVAL)[0]
    past = given(owned, two, inside, notice_received(contract=CONTRACT, confirmed_by=RIVAL))
    past.when(ended()).then_refused(TerminationNotReceived, positions=[2])
    given(owned, two, *told(matter="termination", exit="out")).when(ended()).then_admitted()


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
    """No matter who signs for the firm, the firm speaks not for the institute against itself."""
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
    by_both_keys = past.when(said(contract_concluded(), signatures=lines))
    assert isinstance(by_both_keys.refusal, SelfDealing)
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


def test_who_may_sign_is_told_before_who_signs_both_sides() -> None:
    """A stranger to a notice says that it came, by the hand of who sent it; and it may not."""
    sent = told(served_by=FIRM, served_on=INSTITUTE)[0]
    for_rival = mandate_given(principal=RIVAL, holder=FIRM, topics=["*"], valid_to=None)
    past = given(right_filed(), contract_concluded(), sent, BY_MANDATE)
    stranger = notice_received(contract=CONTRACT, confirmed_by=RIVAL)
    past.and_then(for_rival.model_copy(update={"mandate": "mandate:rival"})).when(
        by(stranger, FIRM)
    ).then_refused(WrongSigner, positions=[2])
    addressee = notice_received(contract=CONTRACT, confirmed_by=INSTITUTE)
    late = addressee.model_copy(update={"received_on": date(2026, 11, 30)})
    past.when(by(late, FIRM)).then_refused(SelfDealing)
    past.when(by(late, INSTITUTE)).then_refused(FutureFact)


def test_co_holders_of_one_side_may_sign_for_each_other() -> None:
    """The lead owner signs for the other owner; who takes signs for itself."""
    owned = right_filed(owners=[held(FIRM, 1, 2), held(INSTITUTE, 1, 2)])
    sold = assignment_agreed(
        assignors=[held(FIRM, 1, 2), held(INSTITUTE, 1, 2)], assignees=[held(RIVAL)]
    )
    given(owned, BY_MANDATE).when(by(sold, FIRM, RIVAL)).then_admitted()


BILLION = 1_000_000_000
UP_TO_A_MILLION = mandate_given(holder=AUTHOR, topics=["*"], ceiling=vnd(1_000_000), valid_to=None)
BY_RIGHT = (right_filed(), UP_TO_A_MILLION)


def offered(**overrides: Any) -> Any:
    """Return the firm's offer to the institute, of a million at least."""
    terms = {"offeror": FIRM, "offeree": INSTITUTE, "royalty_ppm": None, "price": vnd(1_000_000)}
    return offer_made(**{**terms, **overrides})


def accepted_of(offer: Any) -> Any:
    return offer_accepted(accepts=hash_of(offer), accepted_by=INSTITUTE)


def licensed_for(**terms: Any) -> Any:
    """Return a licence that grants nothing exclusively, and asks for these terms alone."""
    asked = {"price": None, "royalty_ppm": None, "royalty_base": "none", **terms}
    return contract_concluded(grants=[grant(exclusivity="non_exclusive")], **asked)


def amended_to(price: int) -> Any:
    return terms_amended(changes={"price": vnd(price)})


@pytest.mark.parametrize(
    ("before", "beyond", "within"),
    [
        (
            (),
            licensed_for(royalty=royalty(minimum={"amount": 50 * BILLION, "credit": "same_year"})),
            licensed_for(price=vnd(1_000_000)),
        ),
        ((), assignment_agreed(price=None), None),
        (
            (offered(price=vnd(10**12)), offered(offer=COUNTER)),
            accepted_of(offered(price=vnd(10**12))),
            accepted_of(offered(offer=COUNTER)).model_copy(update={"offer": COUNTER}),
        ),
        ((contract_concluded(),), amended_to(10**12), amended_to(1_000_000)),
    ],
    ids=["minimum", "assignment", "acceptance", "amendment"],
)
def test_ceiling(before: tuple[Any, ...], beyond: Any, within: Any) -> None:
    """A mandate up to a million: nothing that may come to more, whatever its price says."""
    past = given(*BY_RIGHT[:1], *before, *BY_RIGHT[1:])
    others = {FIRM} if within is None or not hasattr(within, "accepted_by") else set()
    past.when(by(beyond, AUTHOR, *others)).then_refused(CeilingExceeded)
    if within is not None:
        past.when(by(within, AUTHOR, *others)).then_admitted()


OWNED = right_filed(owners=[held(FIRM, 1, 2), held(INSTITUTE, 1, 2)])


def given_away(**overrides: Any) -> Any:
    """Return what the institute gives to a stranger of its half, its co-owner not asked."""
    halves = {"assignors": [held(INSTITUTE, 1, 2)], "assignees": [held(RIVAL, 1, 2)]}
    return assignment_agreed(**{**halves, "ground": "gift", **overrides})


def test_gift_for_a_billion() -> None:
    """What is paid for is sold, and the co-owner may buy first; a gift has no price."""
    past = given(OWNED)
    for ground in ("gift", "inheritance", "merger"):
        paid = given_away(price=vnd(BILLION), ground=ground)
        past.when(paid).then_refused(GroundPrice)
        shut = given_away(price=sealed(), ground=ground)
        past.when(said(shut, openings={"/body/price": vnd(BILLION)})).then_refused(GroundPrice)
    past.when(given_away(quoted_price=vnd(BILLION))).then_refused(GroundPrice)
    for ground in ("sale", "settlement", "exchange"):
        past.when(given_away(price=vnd(BILLION), ground=ground)).then_refused(PreemptionOpen)
    past.when(given_away(price=sealed(), ground="settlement")).then_refused(PreemptionOpen)
    past.when(given_away(ground="settlement", price=None)).then_admitted()
    past.when(given_away()).then_admitted()
    past.when(given_away(price=vnd(0))).then_admitted()


def test_inheritance_between_firms() -> None:
    """Who leaves something to heirs is a person; an heir may be anybody."""
    past = given(right_filed(owners=[held(AUTHOR, 1, 2), held(FIRM, 1, 2)]))
    between = given_away(ground="inheritance", assignors=[held(FIRM, 1, 2)])
    past.when(between).then_refused(GroundPrice, subjects=[FIRM])
    past.when(given_away(ground="inheritance", assignors=[held(AUTHOR, 1, 2)])).then_admitted()


def test_a_merger_is_recorded() -> None:
    """Two firms that only say that they merge sell, past nobody who may buy first."""
    past = given(OWNED)
    merging = given_away(ground="merger")
    refusal = past.when(merging).then_refused(GroundPrice, subjects=[INSTITUTE])
    assert refusal.changes == {"/body/ground": "sale"}
    past.when(given_away(ground="sale")).then_refused(PreemptionOpen)
    merged = past.and_then(party_merged(party=INSTITUTE, into=FIRM))
    state, now = Folds(merged.subjects), merged.when(merging).context
    must_fit_its_ground(state, "merger", ([INSTITUTE], [FIRM]), (None, None), now)
    for takers in ([RIVAL], [FIRM, RIVAL]):
        with pytest.raises(GroundPrice):
            must_fit_its_ground(state, "merger", ([INSTITUTE], takers), (None, None), now)


def test_other_co_owner() -> None:
    """The institute promised its creditor not to assign; its co-owner promised nothing."""
    charged = security_created(debtors=[INSTITUTE], creditor=BANK)
    past = given(OWNED, charged, security_perfected())
    past.when(given_away()).then_refused(LienCovenant, positions=[1, 2])
    others = given_away(assignors=[held(FIRM, 1, 2)])
    past.when(others).then_admitted()
    past.when(given_away(consenting=[BANK])).then_admitted()


def test_a_covenant_stays_with_the_share() -> None:
    """Who gets the debtor's share, with the creditor's leave, is bound as the debtor was."""
    charged = security_created(debtors=[INSTITUTE], creditor=BANK)
    sold = given_away(consenting=[BANK])
    past = given(OWNED, charged, security_perfected(), sold, assignment_registered())
    on = given_away(assignment=f"{ASSIGNMENT}2", assignors=[held(RIVAL, 1, 2)])
    on = on.model_copy(update={"assignees": given_away(assignees=[held(THIRD, 1, 2)]).assignees})
    past.when(on).then_refused(LienCovenant)


SHARED = (right_filed(), technology_registered(), licence(), report(BILLION, 36_000_000))
SUING = (court_registered(), dispute_opened(concerns=[LICENCE]))


def test_held_arrival() -> None:
    """What arrived is a fact, whatever was ordered since; to instruct is what an order forbids."""
    ordered = hold_ordered(order("HOLD_PAYMENT", SPLIT))
    past = given(*SHARED, split(), shared_out(), *SUING, ordered)
    arrived = confirmed(25_200_000, confirmed_by=BANK, paid_on="2026-10-28")
    past.when(arrived).then_admitted()
    past.when(payment_instructed()).then_refused(Held, subjects=[SPLIT])


def test_who_receives_confirms_what_goes_back() -> None:
    """The licensor pays a refund back: the licensee says that it arrived."""
    past = given(*SHARED, split(), shared_out(), confirmed(25_200_000))
    past.when(refund_made(5, confirmed_by=INSTITUTE)).then_refused(ConfirmByPayer)
    past.when(refund_made(5, confirmed_by=FIRM)).then_admitted()
    past.when(refund_made(5, confirmed_by=BANK)).then_admitted()
