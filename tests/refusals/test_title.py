"""Rules 1 to 14 and 53, as far as they are about title: each refused, and the nearest admitted."""

from datetime import UTC, date, datetime

from ledger.domain.contracts.assignment_agreement import FractionExceeded
from ledger.domain.core.context import OpeningRequired
from ledger.domain.core.court_hold import Frozen
from ledger.domain.parties.name import PartyByName
from ledger.domain.rights.assignability import (
    ForeignAssigneeStateFunded,
    LienCovenant,
    NonAssignable,
)
from ledger.domain.rights.backdating import Backdated
from ledger.domain.rights.conveyance import ChainGap
from ledger.domain.rights.covenant import CovenantBreach
from ledger.domain.rights.fraction import FINEST, ShareTooFine
from ledger.domain.rights.preemption import PreemptionOpen, PreemptionTerms
from ledger.domain.rights.right import FractionSum
from ledger.domain.rights.security import ReleaseByStranger, ReleaseMismatch
from ledger.domain.rights.title import DoubleAssignPending, NotOwner
from tests.support.builders import (
    ASSIGNMENT,
    BANK,
    CLERK,
    FIRM,
    INSTITUTE,
    RIGHT,
    RIVAL,
    SECURITY,
    SOME_HASH,
    STRANGER,
    TECHNOLOGY,
    THIRD,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    held,
    party_registered,
    right_filed,
    sealed,
    security_created,
    security_released,
    technology_registered,
    vnd,
)
from tests.support.contracts import LATE
from tests.support.conveyances import conveyance_attested, executed
from tests.support.disputes import (
    court_registered,
    dispute_opened,
    hold_lifted,
    hold_ordered,
    lift,
    order,
)
from tests.support.parties import known_as
from tests.support.specification import given, said
from tests.support.titles import (
    FUND,
    NOTICE,
    SECOND,
    assignment_rescinded,
    coowner_notified,
    fund_registered,
    investment_ended,
    investment_made,
    preemption_waived,
    priority_noted,
    promised,
    security_perfected,
)

FILED = right_filed()
JUNE = datetime(2026, 6, 15, 3, 0, tzinfo=UTC)


def test_not_owner() -> None:
    """Institute A assigned in May (registered); in June A signs another assignment to C."""
    may = {"agreed_on": "2026-05-04", **LATE}
    log = given(
        FILED,
        assignment_agreed(**may),
        assignment_registered(registered_on="2026-05-20", effective_on="2026-05-20"),
    )
    june = assignment_agreed(assignment=SECOND, assignees=[held(RIVAL)], **LATE)
    owner = {"/body/assignors": [held(FIRM)]}
    log.when(june).then_refused(NotOwner, positions=(2,), subjects=(INSTITUTE, RIGHT), word=owner)
    by_owner = assignment_agreed(
        assignment=SECOND, assignors=[held(FIRM)], assignees=[held(RIVAL)], **LATE
    )
    log.when(by_owner).then_admitted()


def test_double_assign_pending() -> None:
    """A signs to B; before registration A signs to C while B's priority notice runs."""
    to_b = given(FILED, assignment_agreed())
    to_c = assignment_agreed(assignment=SECOND, assignees=[held(RIVAL)])
    noted = to_b.and_then(priority_noted(until="2026-12-01"))
    noted.when(to_c).then_refused(
        DoubleAssignPending, positions=(1, 2), subjects=(ASSIGNMENT, INSTITUTE, RIGHT)
    )
    to_b.when(to_c).then_admitted()  # The register has the last word where nothing is kept.
    over = datetime(2026, 12, 1, 17, 0, tzinfo=UTC)
    in_december = to_c.model_copy(update={"agreed_on": date(2026, 12, 2)})
    noted.when(said(in_december, accepted=over)).then_admitted()
    noted.and_then(assignment_rescinded()).when(to_c).then_admitted()
    half = {"assignors": [held(INSTITUTE, 1, 2)]}
    rest = given(FILED, assignment_agreed(**half, assignees=[held(FIRM, 1, 2)]), priority_noted())
    rest.when(
        assignment_agreed(assignment=SECOND, **half, assignees=[held(RIVAL, 1, 2)], ground="gift")
    ).then_admitted()


def test_chain_gap() -> None:
    """Assignor "MidCo" never appears as owner (real: 49519-955)."""
    filed = right_filed(
        right="right:us.14298201", office="us", application_no="14298201", filed_on="2014-03-06"
    )
    midco = "party:us.midco"
    record = {"rights": ["right:us.14298201"], "kind": "nunc_pro_tunc"}
    broken = conveyance_attested("49519-955", assignors=executed(midco), **record)
    link = conveyance_attested("49519-489", assignees=[midco], rights=["right:us.14298201"])
    given(filed).when(broken).then_refused(
        ChainGap,
        positions=(0,),
        subjects=("right:us.14298201", midco),
        word={link.TOPIC: link.model_dump(mode="json")},
    )
    given(filed, link).when(broken).then_admitted()


def test_party_by_name_in_a_record() -> None:
    """Spellings "US WELL SERVICES LLC" and "U.S. WELL SERVICES, LLC" without one identifier."""
    plain, dotted = "US WELL SERVICES LLC", "U.S. WELL SERVICES, LLC"
    uswell = "party:us.us-well-services-llc"

    def names(name: str) -> object:
        spellings = [{"party": uswell, "name": name}]
        return conveyance_attested(assignees=[uswell], spellings=spellings)

    attested = {"party": uswell, "attested_by": CLERK, "document_sha256": SOME_HASH}
    log = given(FILED, known_as(plain, **attested))
    log.when(names(dotted)).then_refused(PartyByName, positions=(1,))
    log.when(names(plain)).then_admitted()
    log.and_then(known_as(dotted, **attested)).when(names(dotted)).then_admitted()
    vouched = {"party.known_as/1": known_as(plain, **attested).model_dump(mode="json")}
    given(FILED).when(names(plain)).then_refused(PartyByName, positions=(), word=vouched)


def test_fraction_sum() -> None:
    """Owners 1/3 + 1/3 + 0.3333; with three exact thirds it is filed."""
    thirds = [held(INSTITUTE, 1, 3), held(FIRM, 1, 3)]
    whole = [*thirds, held(RIVAL, 1, 3)]
    given().when(right_filed(owners=[*thirds, held(RIVAL, 3333, 10000)])).then_refused(
        FractionSum, word={"/body/owners": whole}
    )
    given().when(right_filed(owners=whole)).then_admitted()
    given().when(right_filed(owners=thirds[:1])).then_refused(FractionSum)


def test_fraction_exceeded() -> None:
    """B owning 2/5 assigns 1/2; its 2/5 it may assign, here to its co-owner."""
    log = given(right_filed(owners=[held(INSTITUTE, 3, 5), held(FIRM, 2, 5)]))

    def gives(numerator: int, denominator: int) -> object:
        share = (numerator, denominator)
        return assignment_agreed(
            assignors=[held(FIRM, *share)], assignees=[held(INSTITUTE, *share)]
        )

    log.when(gives(1, 2)).then_refused(FractionExceeded, positions=(0,), subjects=(FIRM, RIGHT))
    log.when(gives(2, 5)).then_admitted()


def test_share_too_fine() -> None:
    """A third of a seventh of an eleventh is a share; one that no event could say is none."""
    eleventh = right_filed(owners=[held(INSTITUTE, 10, 11), held(FIRM, 1, 11)])

    def gives(*share: int) -> object:
        parties = {"assignors": [held(FIRM, *share)], "assignees": [held(RIVAL, *share)]}
        return assignment_agreed(**parties, ground="gift")

    given(eleventh).when(gives(1, 231)).then_admitted()
    finest = right_filed(owners=[held(INSTITUTE, FINEST - 1, FINEST), held(FIRM, 1, FINEST)])
    given(finest).when(gives(1, FINEST)).then_admitted()
    coarse = {"/body/assignors": [held(FIRM, 1, 22)], "/body/assignees": [held(RIVAL, 1, 22)]}
    given(eleventh).when(gives(1, FINEST)).then_refused(ShareTooFine, positions=(0,), word=coarse)
    halves = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2), held(RIVAL, 1, 2**54)])
    given().when(halves).then_refused(
        ShareTooFine, word={"/body/owners": [held(INSTITUTE, 1, 2), held(FIRM, 1, 2)]}
    )
    many = [held(f"party:p{n}", 1, FINEST - 2 * n) for n in range(400)]
    given().when(right_filed(owners=many)).then_refused(ShareTooFine)


SHARED = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)])
SOLD = {
    "assignors": [held(FIRM, 1, 2)],
    "assignees": [held(RIVAL, 1, 2)],
    "price": vnd(1_000_000_000),
    "notices": [NOTICE],
    **LATE,
}


def test_preemption_open() -> None:
    """Share sold to a stranger 10 days after notice to the co-owner; a month must pass."""
    log = given(SHARED, coowner_notified(received_on="2026-10-01"))
    early = assignment_agreed(**SOLD, agreed_on="2026-10-11")
    refusal = log.when(early).then_refused(
        PreemptionOpen, positions=(1,), subjects=(INSTITUTE, RIGHT)
    )
    assert refusal.ground is not None
    assert "Điều 218(3)" == refusal.ground.article
    # The month ends on Sunday, 1 November: that is, with the Monday after it.
    log.when(assignment_agreed(**SOLD, agreed_on="2026-11-02")).then_refused(PreemptionOpen)
    in_october = given(SHARED, coowner_notified(received_on="2026-09-29"))
    in_october.when(assignment_agreed(**SOLD, agreed_on="2026-10-29")).then_refused(PreemptionOpen)
    in_october.when(assignment_agreed(**SOLD, agreed_on="2026-10-30")).then_admitted()
    log.and_then(preemption_waived()).when(early).then_admitted()
    told_nobody = assignment_agreed(**{**SOLD, "notices": []})
    anew = {
        "/body/notices": ["preemption:anew"],
        "coowner.notified/1": {
            "preemption": "preemption:anew",
            "received_on": "2026-11-02",
            "receipt_sha256": SOME_HASH,
        },
    }
    log.when(told_nobody).then_refused(PreemptionOpen, positions=(0,), word=anew)
    given_away = assignment_agreed(**{**SOLD, "notices": [], "price": None}, ground="gift")
    log.when(given_away).then_admitted()
    to_owner = {**SOLD, "notices": [], "assignees": [held(INSTITUTE, 1, 2)]}
    log.when(assignment_agreed(**to_owner)).then_admitted()
    agreeing = assignment_agreed(**{**SOLD, "notices": []}, consenting=[INSTITUTE])
    log.when(agreeing).then_admitted()


def test_preemption_terms() -> None:
    """Sold at 800 m VND after notice quoted 1,000 m, also where both are sealed."""
    log = given(SHARED, coowner_notified(), preemption_waived())
    cheap = assignment_agreed(**{**SOLD, "price": vnd(800_000_000)})
    anew = {
        "/body/notices": ["preemption:anew"],
        "coowner.notified/1": {
            "preemption": "preemption:anew",
            "received_on": "2026-09-01",
            "receipt_sha256": SOME_HASH,
        },
    }
    log.when(cheap).then_refused(
        PreemptionTerms, positions=(1,), subjects=(INSTITUTE, RIGHT), word=anew
    )
    log.when(assignment_agreed(**SOLD)).then_admitted()
    other_share = {**SOLD, "assignors": [held(FIRM, 1, 4)], "assignees": [held(RIVAL, 1, 4)]}
    log.when(assignment_agreed(**other_share)).then_refused(PreemptionTerms)
    silent = given(SHARED, coowner_notified(price=sealed()), preemption_waived())
    secret = {**SOLD, "price": sealed("sold for"), "quoted_price": sealed("quoted")}

    def opened(sold_for: int) -> object:
        openings = {"/body/price": vnd(sold_for), "/body/quoted_price": vnd(1_000_000_000)}
        return said(assignment_agreed(**secret), openings=openings)

    silent.when(opened(800_000_000)).then_refused(PreemptionTerms, positions=(1,))
    silent.when(opened(1_000_000_000)).then_admitted()
    silent.when(assignment_agreed(**SOLD)).then_refused(OpeningRequired, subjects=(NOTICE,))
    kept = {(NOTICE, sealed()["commitment"]): vnd(1_000_000_000)}
    silent.when(said(assignment_agreed(**SOLD), kept=kept)).then_admitted()
    silent.when(said(cheap, kept=kept)).then_refused(PreemptionTerms, positions=(1,))


def test_foreign_assignee_state_funded() -> None:
    """State-funded invention assigned to a foreign company; to one seated at home it goes."""
    abroad = party_registered(party=STRANGER, seat="KR")
    log = given(technology_registered(), right_filed(technology=TECHNOLOGY), abroad)
    refusal = log.when(assignment_agreed(assignees=[held(STRANGER)])).then_refused(
        ForeignAssigneeStateFunded,
        positions=(0, 1),
        subjects=(RIGHT, STRANGER),
        word={"/body/assignees": [held(FIRM)]},
    )
    assert refusal.ground is not None
    log.when(assignment_agreed()).then_admitted()
    private = technology_registered(state_funded_ppm=0)
    given(private, right_filed(technology=TECHNOLOGY), abroad).when(
        assignment_agreed(assignees=[held(STRANGER)])
    ).then_admitted()
    # The rule is in force from 2023-01-01: what was recorded before it was judged without it.
    before = assignment_agreed(assignees=[held(STRANGER)], agreed_on="2022-12-31", **LATE)
    log.when(before).then_refused(ForeignAssigneeStateFunded)
    log.when(said(before, accepted=datetime(2022, 12, 31, 3, tzinfo=UTC))).then_admitted()


def test_non_assignable() -> None:
    """A geographical indication, never; a trade name, only with the business."""
    indication = right_filed(kind="geographical_indication")
    given(indication).when(assignment_agreed()).then_refused(
        NonAssignable, positions=(0,), subjects=(RIGHT,)
    )
    with_business = {"with_business": True, "agreed_on": "2026-11-02"}
    given(indication).when(assignment_agreed(**with_business)).then_refused(NonAssignable)
    name = given(right_filed(kind="trade_name"))
    name.when(assignment_agreed(agreed_on="2026-11-02")).then_refused(NonAssignable)
    name.when(assignment_agreed(**with_business)).then_admitted()
    given(FILED).when(assignment_agreed()).then_admitted()


def test_release_mismatch() -> None:
    """Release lists application 15145543, the security covers 15145443 (real: 61835-778)."""
    right, wrong = "right:us.15145443", "right:us.15145543"
    filed = right_filed(right=right, office="us", application_no="15145443", filed_on="2016-05-03")
    charge = conveyance_attested("49107-392", kind="security", rights=[right], assignees=[BANK])
    log = given(filed, charge)

    def release(named: str) -> object:
        return conveyance_attested(
            "61835-778",
            kind="release",
            assignors=executed(BANK),
            assignees=[INSTITUTE],
            rights=[named],
            refers_to=charge.conveyance,
            office_recorded_on="2022-11-01",
        )

    log.when(release(wrong)).then_refused(ReleaseMismatch, positions=(1,), subjects=(wrong,))
    log.when(release(right)).then_admitted()


def test_release_by_stranger() -> None:
    """Release signed by the debtor; the creditor's own stands."""
    log = given(FILED, security_created())
    by_debtor = security_released(creditor=INSTITUTE)
    log.when(by_debtor).then_refused(ReleaseByStranger, positions=(1,), subjects=(INSTITUTE,))
    log.when(security_released()).then_admitted()


def test_lien_covenant() -> None:
    """Assignment while the perfected security forbids it and the creditor has not signed."""
    log = given(FILED, security_created(), security_perfected())
    log.when(assignment_agreed()).then_refused(
        LienCovenant, positions=(1, 2), subjects=(RIGHT, SECURITY, BANK)
    )
    log.when(assignment_agreed(consenting=[BANK])).then_admitted()
    record = {"security.released/1": {"released_on": "2026-11-02"}}
    log.when(conveyance_attested()).then_refused(LienCovenant, positions=(1, 2), word=record)
    given(FILED, security_created()).when(assignment_agreed()).then_admitted()
    lenient = security_created(forbids_assignment=False)
    given(FILED, lenient, security_perfected()).when(assignment_agreed()).then_admitted()


def test_covenant_breach() -> None:
    """A fund was promised that nothing is pledged without it (row 23): it signs, or gives it up."""
    log = given(FILED, fund_registered(), investment_made(covenants=[promised("negative_pledge")]))
    log.when(security_created()).then_refused(
        CovenantBreach, positions=(2,), subjects=(RIGHT, FUND)
    )
    log.when(security_created(consenting=[FUND])).then_admitted()
    given_up = {"investment.ended/1": {"ended_on": "2026-11-02", "reason": "Đã thoái vốn"}}
    attested = conveyance_attested(kind="security", assignees=[BANK])
    log.when(attested).then_refused(CovenantBreach, word=given_up)
    log.and_then(investment_ended()).when(security_created()).then_admitted()


def test_covenant_breach_by_a_sale() -> None:
    """What a fund was promised to be offered first is offered to it, or it signs."""
    promise = investment_made(covenants=[promised("preemption", notice_days=20)])
    log = given(FILED, fund_registered(), promise)
    log.when(assignment_agreed()).then_refused(CovenantBreach, positions=(2,))
    offered = {"sellers": [held(INSTITUTE)], "notified": FUND, "price": vnd(800_000_000)}
    told = log.and_then(coowner_notified(**offered, received_on="2026-10-10"))
    sale = {"notices": [NOTICE], **LATE}
    told.when(assignment_agreed(**sale, agreed_on="2026-10-30")).then_refused(
        CovenantBreach, positions=(2, 3)
    )
    told.when(assignment_agreed(**sale, agreed_on="2026-10-31")).then_admitted()
    log.when(assignment_agreed(consenting=[FUND])).then_admitted()


def test_backdated() -> None:
    """Recorded in June, effective January, it would defeat an assignment recorded in March.

    Know-how passes by agreement alone. A confirmation signed by all, with its reason, may reach
    back; not past anyone who acquired in between.
    """
    filed = said(right_filed(kind="know_how"), accepted=datetime(2026, 1, 2, tzinfo=UTC))
    half = {"assignors": [held(INSTITUTE, 1, 2)]}
    march = said(
        assignment_agreed(**half, assignees=[held(THIRD, 1, 2)], agreed_on="2026-03-02"),
        accepted=datetime(2026, 3, 2, 3, 0, tzinfo=UTC),
    )
    january = {
        **half,
        "assignment": SECOND,
        "assignees": [held(RIVAL, 1, 2)],
        "agreed_on": "2026-01-15",
        "ground": "gift",
    }
    late = said(assignment_agreed(**january, **LATE), accepted=JUNE)
    log = given(filed, march)
    log.when(late).then_refused(Backdated, positions=(1,), subjects=(RIGHT,))
    given(filed).when(late).then_admitted()
    given(filed).when(said(assignment_agreed(**january), accepted=JUNE)).then_refused(Backdated)
    today = said(assignment_agreed(**{**january, "agreed_on": "2026-06-15"}), accepted=JUNE)
    log.when(today).then_admitted()


def test_backdated_record() -> None:
    """A record that turns up late does not take from whom a later one gave the title to."""
    filed = right_filed(owners=[held(INSTITUTE, 1, 2), held(FIRM, 1, 2)], filed_on="2017-01-01")
    later = conveyance_attested(
        "2-2", assignors=executed(FIRM), assignees=[RIVAL], office_recorded_on="2020-02-03"
    )
    late = conveyance_attested("1-1", assignees=[THIRD], office_recorded_on="2019-06-19")
    given(filed, later).when(late).then_refused(Backdated, positions=(1,), subjects=(RIGHT,))
    given(filed, late).when(later).then_admitted()


def test_a_frozen_title_is_neither_charged_nor_contributed_nor_conveyed() -> None:
    """What the State registers is recorded all the same; lifted, private acts go through again."""
    equity = {"company": FIRM, "stake_ppm": 300_000, "value": vnd(2_000_000_000)}
    private = (
        security_created(),
        assignment_agreed(assignment=SECOND, ground="capital_contribution", equity=equity),
        conveyance_attested(),
        conveyance_attested(kind="security"),
    )
    past = (FILED, contract_concluded(), assignment_agreed(), court_registered(), dispute_opened())
    log = given(*past)
    frozen = log.and_then(hold_ordered(order("FREEZE_TITLE", RIGHT)))
    for act in private:
        frozen.when(act).then_refused(Frozen, positions=(5,), subjects=(RIGHT,))
        log.when(act).then_admitted()
        frozen.and_then(hold_lifted(lift(RIGHT))).when(act).then_admitted()
    frozen.when(assignment_registered()).then_admitted()
