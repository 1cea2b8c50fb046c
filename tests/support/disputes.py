"""Bodies of disputes, like those of `builders`: the author and the institute fall out."""

from typing import Any

from ledger.domain.core.body import Body
from ledger.domain.disputes.dispute import (
    AppealFiled,
    DisputeAdmitted,
    DisputeOpened,
    DisputeWithdrawn,
    EvidenceFiled,
    SettlementRecorded,
)
from ledger.domain.disputes.ruling import HoldLifted, HoldOrdered, RulingMade
from ledger.domain.parties.party import PartyRegistered
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    LISTING,
    RIGHT,
    SHARE,
    SOME_HASH,
    built,
    hash_of,
    planted_key,
    share_agreed,
)

DISPUTE = "dispute:01890000-0000-7000-8000-000000000010"
SECOND_DISPUTE = "dispute:01890000-0000-7000-8000-000000000011"
THIRD_DISPUTE = "dispute:01890000-0000-7000-8000-000000000012"
COURT = "party:vn.court"
ARBITERS = "party:vn.viac"


def court_registered(party: str = COURT) -> PartyRegistered:
    """Return the registration of a forum."""
    described = {
        "party": party,
        "kind": "state_body",
        "name": "Tòa án",
        "roles": ["forum"],
        "seat": "VN",
        "keys": [planted_key(party)],
    }
    return built(PartyRegistered, described, {})


def order(effect: str, *on: str, name: str = "o1", **overrides: Any) -> dict[str, Any]:
    """Return an order as JSON, from the day of the story on, without end."""
    return {
        "order": name,
        "effect": effect,
        "on": list(on),
        "start": "2026-11-02",
        "end": None,
        **overrides,
    }


def void(body: Body, *on: str, name: str = "o9", start: str = "2026-11-02") -> dict[str, Any]:
    """Return an order that declares void what a body of the story made."""
    return order("DECLARE_VOID", *on, name=name, event=hash_of(body), start=start)


def lift(*on: str, name: str = "o1") -> dict[str, Any]:
    """Return the end of an order as JSON."""
    return {"order": name, "on": list(on)}


def dispute_opened(dispute: str = DISPUTE, **overrides: Any) -> DisputeOpened:
    """Return the firm's claim against the institute."""
    defaults = {
        "dispute": dispute,
        "claimant": FIRM,
        "respondents": [INSTITUTE],
        "forum": COURT,
        "concerns": [CONTRACT],
        "disputed": [],
        "claim": "Phần chia doanh thu không đúng thỏa thuận",
        "known_since": "2026-10-01",
    }
    return built(DisputeOpened, defaults, overrides)


def dispute_admitted(dispute: str = DISPUTE, **overrides: Any) -> DisputeAdmitted:
    """Return the court's taking of the case."""
    defaults = {
        "dispute": dispute,
        "forum": COURT,
        "case_no": "12/2026/KDTM-ST",
        "admitted_on": "2026-11-02",
    }
    return built(DisputeAdmitted, defaults, overrides)


def evidence_filed(dispute: str = DISPUTE, **overrides: Any) -> EvidenceFiled:
    """Return the firm's documents."""
    defaults = {
        "dispute": dispute,
        "filed_by": FIRM,
        "documents": [SOME_HASH],
        "description": "Bảng kê doanh thu",
    }
    return built(EvidenceFiled, defaults, overrides)


def hold_ordered(*orders: dict[str, Any], dispute: str = DISPUTE, **over: Any) -> HoldOrdered:
    """Return interim orders of the court; by default the payment of the share is held."""
    defaults = {
        "dispute": dispute,
        "forum": COURT,
        "orders": list(orders) or [order("HOLD_PAYMENT", SHARE)],
        "document_sha256": SOME_HASH,
    }
    return built(HoldOrdered, defaults, over)


def hold_lifted(*lifts: dict[str, Any], dispute: str = DISPUTE, **over: Any) -> HoldLifted:
    """Return the end of interim orders; by default that of the share's payment."""
    defaults = {"dispute": dispute, "forum": COURT, "lifts": list(lifts) or [lift(SHARE)]}
    return built(HoldLifted, defaults, over)


def ruling_made(dispute: str = DISPUTE, **overrides: Any) -> RulingMade:
    """Return a ruling that can be appealed and orders nothing."""
    defaults = {
        "dispute": dispute,
        "forum": COURT,
        "outcome": "for_claimant",
        "summary": "Chấp nhận yêu cầu khởi kiện",
        "document_sha256": SOME_HASH,
        "ruled_on": "2026-11-02",
        "final": False,
        "orders": [],
        "lifts": [],
    }
    return built(RulingMade, defaults, overrides)


def appeal_filed(dispute: str = DISPUTE, **overrides: Any) -> AppealFiled:
    """Return the institute's appeal, to a forum above."""
    defaults = {
        "dispute": dispute,
        "filed_by": INSTITUTE,
        "forum": ARBITERS,
        "grounds": "Áp dụng sai pháp luật",
    }
    return built(AppealFiled, defaults, overrides)


def settlement_recorded(dispute: str = DISPUTE, **overrides: Any) -> SettlementRecorded:
    """Return the settlement of both sides."""
    defaults = {
        "dispute": dispute,
        "parties": [FIRM, INSTITUTE],
        "terms_sha256": SOME_HASH,
        "lifts": [],
    }
    return built(SettlementRecorded, defaults, overrides)


def dispute_withdrawn(dispute: str = DISPUTE, **overrides: Any) -> DisputeWithdrawn:
    """Return the firm's giving up."""
    defaults = {"dispute": dispute, "claimant": FIRM, "lifts": []}
    return built(DisputeWithdrawn, defaults, overrides)


STORY: tuple[Body, ...] = (
    court_registered(),
    court_registered(ARBITERS),
    dispute_opened(),
    dispute_admitted(),
    evidence_filed(),
    hold_ordered(
        order("HOLD_PAYMENT", SHARE, name="o1"),
        order("FREEZE_TITLE", RIGHT, name="o2", end="2027-02-02"),
        order("SUSPEND_LISTING", LISTING, name="o3"),
    ),
    hold_lifted(lift(LISTING, name="o3")),
    ruling_made(orders=[void(share_agreed(), SHARE)], lifts=[lift(SHARE), lift(RIGHT, name="o2")]),
    appeal_filed(),
    settlement_recorded(),
    dispute_opened(SECOND_DISPUTE),
    dispute_withdrawn(SECOND_DISPUTE),
)
"""Admissible in this order after the story of a contract, a listing and a share."""
