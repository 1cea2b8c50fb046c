"""Rules 27 to 34 and 53: what a contract may not ask for, what it has to say, and from when."""

from datetime import UTC, datetime
from typing import Any

from ledger.domain.contracts.approval import BannedTech, PermitMissing, RegistrationNeeded
from ledger.domain.contracts.clauses import (
    DateUnproven,
    VoidExportBan,
    VoidImprovementBack,
    VoidNoChallenge,
    VoidTiedPurchase,
)
from ledger.domain.market.listing import ContentMissing
from ledger.domain.rights.backdating import Backdated
from ledger.domain.rights.covenant import CovenantBreach
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIVAL,
    TECHNOLOGY,
    assignment_agreed,
    assignment_registered,
    contract_concluded,
    first_party,
    grant,
    party_registered,
    right_filed,
    technology_registered,
    vnd,
)
from tests.support.contracts import LATE, terms_amended
from tests.support.specification import Past, given, said
from tests.support.titles import FUND, fund_registered, investment_made

ABROAD = "party:jp.5010001008685"
IMPROVED = {"owner": "licensor", "licence_back": "none", "paid": False, "clause": "1.1.2"}
LAO_RIGHT = "right:la.1-2020-7"


def with_right(kind: str = "invention") -> Past:
    """Return a log with the institute's right of a kind."""
    return given(right_filed(kind=kind))


def test_void_improvement_back() -> None:
    """All improvements belong to licensor free (Jingwei 1.1.2); paid for, or of marks, they may.

    A free licence back leaves them with the licensee, and is not void.
    """
    void = contract_concluded(improvements=IMPROVED)
    refusal = with_right().when(void).then_refused(VoidImprovementBack, positions=[0])
    assert refusal.ground is not None
    assert "ip-law.144.2a" == refusal.ground.rule
    with_right("know_how").when(void).then_refused(VoidImprovementBack)
    with_right("mark").when(void).then_admitted()
    with_right("software").when(void).then_admitted()
    paid = contract_concluded(improvements={**IMPROVED, "paid": True})
    with_right().when(paid).then_admitted()
    licensed = {**IMPROVED, "owner": "licensee", "licence_back": "non_exclusive"}
    with_right().when(contract_concluded(improvements=licensed)).then_admitted()
    forbidden = {**licensed, "forbidden": True}
    with_right().when(contract_concluded(improvements=forbidden)).then_refused(VoidImprovementBack)


def test_void_no_challenge() -> None:
    """The licensee shall not question licensor's rights (Jingwei 3.1); without it, it stands."""
    void = contract_concluded(no_challenge="3.1")
    with_right().when(void).then_refused(VoidNoChallenge, positions=[0])
    with_right("mark").when(void).then_refused(VoidNoChallenge)
    with_right("software").when(void).then_admitted()
    with_right().when(contract_concluded()).then_admitted()


def test_void_export_ban() -> None:
    """Export to Cambodia banned though the licensor has no right there; to Laos it has one."""
    lao = right_filed(right=LAO_RIGHT, office="la", application_no="1-2020-7")
    past = with_right().and_then(lao)
    cambodia = {"territory": "iso:KH", "right": None}
    laos = {"territory": "iso:LA", "right": LAO_RIGHT}
    past.when(contract_concluded(export_bans=[cambodia])).then_refused(VoidExportBan, positions=[0])
    past.when(contract_concluded(export_bans=[laos])).then_admitted()
    past.when(contract_concluded(export_bans=[{**laos, "right": None}])).then_refused(VoidExportBan)
    wrong = {**cambodia, "right": LAO_RIGHT}
    past.when(contract_concluded(export_bans=[wrong])).then_refused(VoidExportBan)


def test_void_tied_purchase() -> None:
    """Resin must be bought from the licensor, no quality reason stated; with one it may."""
    resin = {"item": "Nhựa", "quality_reason": None}
    void = contract_concluded(tied_purchases=[resin])
    with_right().when(void).then_refused(VoidTiedPurchase, positions=[0])
    reasoned = {**resin, "quality_reason": "Độ tinh khiết theo tiêu chuẩn cơ sở"}
    with_right().when(contract_concluded(tied_purchases=[reasoned])).then_admitted()


def test_a_void_clause_does_not_come_in_by_amendment() -> None:
    past = with_right().and_then(contract_concluded())
    void = terms_amended(changes={"no_challenge": "3.1"})
    past.when(void).then_refused(VoidNoChallenge)


def test_the_law_of_the_recorded_day_decides_what_is_void() -> None:
    """Before the IP Law of 2005 came into force, nothing was void by it: if recorded by then."""
    old = {"filed_on": "2000-03-10"}
    past = given(right_filed(kind="know_how", **old))
    dated = {
        "effective_from": "2005-12-01",
        "effective_to": None,
        "confirms": {"reason": "Hợp đồng giấy"},
        "grants": [grant(valid_from="2005-12-01", valid_to=None)],
        "no_challenge": "3.1",
    }
    then = contract_concluded(**dated, concluded_on="2005-11-01")
    past.when(said(then, accepted=datetime(2005, 12, 2, tzinfo=UTC))).then_admitted()
    refusal = past.when(then).then_refused(DateUnproven, positions=[0])
    assert "/body/concluded_on" == refusal.pointer
    past.when(contract_concluded(**dated, concluded_on="2006-07-01")).then_refused(VoidNoChallenge)


def test_an_amendment_of_long_ago_proves_no_day_either() -> None:
    past = with_right().and_then(contract_concluded())
    void = terms_amended(changes={"no_challenge": "3.1"}, concluded_on="2006-06-30", **LATE)
    past.when(void).then_refused(DateUnproven)


UNPRICED = {"price": None, "royalty_ppm": None, "royalty_base": "none"}


def test_content_missing() -> None:
    """A licence without scope or price (144(1)); a transfer without dispute body (TTL 23)."""
    past = with_right().and_then(technology_registered())
    word = {"/body/grants": [grant()]}
    refusal = past.when(contract_concluded(grants=[])).then_refused(ContentMissing, word=word)
    assert refusal.ground is not None
    assert "ip-law.144.1" == refusal.ground.rule
    unpriced = contract_concluded(**UNPRICED)
    past.when(unpriced).then_refused(ContentMissing, word={"/body/price": vnd(1)})
    past.when(contract_concluded(dispute_body=None)).then_admitted()
    transfer = transferring(dispute_body=None)
    word = {"/body/dispute_body": "VIAC"}
    refusal = past.when(transfer).then_refused(ContentMissing, word=word)
    assert refusal.ground is not None
    assert "tech-transfer-law.23" == refusal.ground.rule
    past.when(transferring()).then_admitted()


def transferring(taker: str = FIRM, **overrides: Any) -> Any:
    """Return a transfer of the institute's technology."""
    field = overrides.pop("field", grant()["field"])
    given_grant = grant(
        licensee=taker, rights=[], technologies=[TECHNOLOGY], valid_to=None, field=field
    )
    terms = {"kind": "technology_transfer", "parties": sorted([INSTITUTE, taker])}
    return contract_concluded(**{**terms, "grants": [given_grant], **overrides})


def ipc(symbol: str) -> dict[str, Any]:
    """Return a field of one symbol as JSON."""
    return {"scheme": "ipc", "edition": "2026.01", "codes": [symbol]}


def test_banned_tech() -> None:
    """The object matches the banned list in the edition of the day on which it is recorded."""
    past = given(technology_registered())
    refusal = past.when(transferring(field=ipc("A01K 79/02"))).then_refused(BannedTech)
    assert refusal.ground is not None
    assert "76/2018/NĐ-CP" == refusal.ground.instrument
    declared = transferring(list_entries=["76-2018.iii.electric-fishing"])
    past.when(declared).then_refused(BannedTech)
    listed = given(technology_registered(category="76-2018.iii.electric-fishing"))
    listed.when(transferring()).then_refused(BannedTech, positions=[0])
    past.when(transferring(field=ipc("A01K 61/00"))).then_admitted()
    before = {
        "concluded_on": "2018-06-30",
        "confirms": {"reason": "Hợp đồng giấy"},
        "field": ipc("A01K 79/02"),
    }
    past.when(transferring(**before)).then_refused(BannedTech)
    in_2018 = said(transferring(**before), accepted=datetime(2018, 6, 30, tzinfo=UTC))
    past.when(in_2018).then_admitted()


def test_permit_missing_at_signing() -> None:
    """A restricted technology is not in force on a day of the parties' choice."""
    past = given(technology_registered())
    modified = ipc("C12N 15/09")
    refusal = past.when(transferring(field=modified)).then_refused(PermitMissing)
    assert {"/body/effective_upon": "permit"} == refusal.changes
    waits = transferring(field=modified, effective_upon="permit")
    assert past.and_then(waits).value(CONTRACT).in_force_from is None


def test_registration_needed_at_signing() -> None:
    """Outbound, inbound, or domestic with State money: in force from the certificate."""
    abroad = party_registered(**first_party(ABROAD, name="Ono", seat="JP"))
    past = given(technology_registered(), abroad)
    past.when(transferring(ABROAD)).then_refused(RegistrationNeeded)
    past.when(transferring(ABROAD, effective_upon="registration")).then_admitted()
    past.when(transferring(state_money=True)).then_refused(RegistrationNeeded)
    past.when(transferring()).then_admitted()


SOLD = (
    assignment_agreed(agreed_on="2026-10-30", **LATE),
    assignment_registered(registered_on="2026-11-01", effective_on="2026-11-01"),
)


def dated(**overrides: Any) -> Any:
    """Return the institute's licence to a rival of the later owner's, effective from January."""
    return contract_concluded(
        **{
            "effective_from": "2026-01-01",
            "parties": [INSTITUTE, RIVAL],
            "grants": [grant(licensee=RIVAL, valid_from="2026-01-01")],
            **overrides,
        }
    )


def test_backdated() -> None:
    """Recorded in June, effective January, it would defeat an assignment recorded in March."""
    confirmed = {"confirms": {"reason": "Ký trên giấy ngày 5 tháng 1"}}
    sold = given(right_filed(), *SOLD)
    sold.when(dated(**confirmed)).then_refused(Backdated, positions=[2])
    unsold = given(right_filed())
    unsold.when(dated()).then_refused(Backdated, word={"/body/confirms": confirmed["confirms"]})
    unsold.when(dated(**confirmed)).then_admitted()


def test_the_funds_veto() -> None:
    """An owner that promised a fund not to license exclusively does so with it."""
    past = given(right_filed(), fund_registered(), investment_made())
    past.when(contract_concluded()).then_refused(CovenantBreach, positions=[2])
    past.when(contract_concluded(consents=[FUND])).then_admitted()
    free = contract_concluded(grants=[grant(exclusivity="non_exclusive")])
    past.when(free).then_admitted()
