"""
Sensible bodies, one function a topic, each taking overrides of its fields.

They belong to one story: the institute owns a technology and a patent on it, lists them, the firm
offers, they contract, the firm reports and pays; the bank lends. Every value is as JSON has it.
"""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any, TypeVar

from ledger.domain.contracts.assignment_agreement import AssignmentAgreed
from ledger.domain.contracts.contract import ContractConcluded
from ledger.domain.contracts.sublicence import SublicenceGranted
from ledger.domain.core.body import Body, KeyRecord
from ledger.domain.government.ledger import LedgerOpened, RulesAdopted
from ledger.domain.market import offer
from ledger.domain.market.listing import ListingClosed, ListingPublished, ListingSuspended
from ledger.domain.parties.key import KeyAdded, KeyRevoked
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.domain.parties.party import PartyRegistered
from ledger.domain.revenue import distribution, payment, report, share_agreement
from ledger.domain.rights.assignability import UNPAID
from ledger.domain.rights.right import RightFiled
from ledger.domain.rights.right_status import RightGranted, RightLapsed, RightRestored
from ledger.domain.rights.security import SecurityCreated, SecurityReleased
from ledger.domain.rights.technology import TechnologyRegistered
from ledger.domain.rights.title import AssignmentRegistered
from ledger.events.lawbook import bundled_law

ORIGIN = "ledger.example/techledger/0badcafe"

OPERATOR = "party:vn.mst.0100000003"
REGISTRAR = "party:vn.noip"
CLERK = "party:vn.clerk"
REVIEWER = "party:vn.reviewer"
BANK = "party:vn.bank"
INSTITUTE = "party:vn.mst.0100000010"
FIRM = "party:vn.mst.0100000028"
RIVAL = "party:vn.mst.0100000035"
THIRD = "party:la.third"
AUTHOR = "party:tok.00112233445566778899aabbccddeeff"
STRANGER = "party:vn.stranger"
"""The one party here that is not registered."""

ROLES: Mapping[str, list[str]] = {
    OPERATOR: ["operator"],
    REGISTRAR: ["registrar"],
    CLERK: ["clerk"],
    REVIEWER: ["reviewer"],
    BANK: ["bank"],
    INSTITUTE: [],
    FIRM: [],
    RIVAL: [],
    THIRD: [],
    AUTHOR: [],
}
"""The first parties of the story's ledger and their roles."""

TECHNOLOGY = "technology:01890000-0000-7000-8000-000000000001"
RIGHT = "right:vn.1-2020-00001"
OTHER_RIGHT = "right:vn.1-2020-00002"
ASSIGNMENT = "assignment:01890000-0000-7000-8000-000000000003"
SECURITY = "security:01890000-0000-7000-8000-000000000004"
LISTING = "listing:01890000-0000-7000-8000-000000000005"
OFFER = "offer:01890000-0000-7000-8000-000000000006"
COUNTER = "offer:01890000-0000-7000-8000-000000000007"
CONTRACT = "contract:01890000-0000-7000-8000-000000000008"
SUBLICENCE = "contract:01890000-0000-7000-8000-000000000009"
SHARE = "share:01890000-0000-7000-8000-00000000000a"
REPORT = "report:01890000-0000-7000-8000-00000000000b"
DISTRIBUTION = "distribution:01890000-0000-7000-8000-00000000000c"
PAYMENT = "payment:01890000-0000-7000-8000-00000000000d"

SOME_HASH = f"sha256:{hashlib.sha256(b'some document').hexdigest()}"

_BY_REGISTRAR = {"attested_by": None, "document_sha256": None}

B = TypeVar("B", bound=Body)


def built(kind: type[B], defaults: Mapping[str, Any], overrides: Mapping[str, Any]) -> B:
    """Return a body from JSON values."""
    return kind.model_validate({**defaults, **overrides})


def planted_key(party: str, number: int = 0) -> dict[str, str]:
    """Return a key record of a party as JSON. No such key exists; its id is fixed."""
    spki = hashlib.sha256(f"{party}/{number}".encode()).digest()
    return {
        "key_id": hashlib.sha256(spki).hexdigest(),
        "algorithm": "ed25519",
        "public_key": base64.b64encode(spki).decode(),
    }


def key_id(party: str, number: int = 0) -> str:
    """Return the id of a planted key."""
    return KeyRecord.model_validate(planted_key(party, number)).key_id


def vnd(amount: int) -> dict[str, Any]:
    """Return an amount of đồng as JSON."""
    return {"amount": amount, "currency": "VND"}


def sealed(text: str = "sealed") -> dict[str, str]:
    """Return a private section as JSON; the commitment opens to nothing."""
    return {"commitment": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"}


def held(party: str, numerator: int = 1, denominator: int = 1) -> dict[str, Any]:
    """Return a holding as JSON."""
    return {"party": party, "share": [numerator, denominator]}


def hash_of(body: Body) -> str:
    """Return the payload hash that the event of this body has in a specification."""
    text = json.dumps([body.TOPIC, body.model_dump(mode="json")], sort_keys=True)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def first_party(party: str, **overrides: Any) -> dict[str, Any]:
    """Return one of the first parties as JSON, with its planted key number 0."""
    described = {
        "party": party,
        "kind": "person" if party.startswith("party:tok.") else "organisation",
        "name": None,
        "roles": ROLES.get(party, []),
        "seat": "VN",
        "keys": [planted_key(party)],
    }
    return {**described, **overrides}


def ledger_opened(**overrides: Any) -> LedgerOpened:
    defaults = {
        "origin": ORIGIN,
        "log_keys": ["ledger.example/techledger/0badcafe+00000000+AQ"],
        "policy_sha256": SOME_HASH,
        "edition": "0-dev",
        "law_data_sha256": bundled_law().sha256,
        "operator": OPERATOR,
        "registrar": REGISTRAR,
        "parties": [first_party(party) for party in ROLES],
    }
    return built(LedgerOpened, defaults, overrides)


def rules_adopted(**overrides: Any) -> RulesAdopted:
    defaults = {
        "ledger": ledger_subject(ORIGIN),
        "edition": "0-dev",
        "law_data_sha256": bundled_law().sha256,
    }
    return built(RulesAdopted, defaults, overrides)


def party_registered(**overrides: Any) -> PartyRegistered:
    return built(PartyRegistered, first_party(STRANGER, name="Công ty Lạ"), overrides)


def key_added(**overrides: Any) -> KeyAdded:
    defaults = {
        "party": INSTITUTE,
        "key": planted_key(INSTITUTE, 1),
        "not_before": None,
        "not_after": None,
        "vouched_by": None,
    }
    return built(KeyAdded, defaults, overrides)


def key_revoked(**overrides: Any) -> KeyRevoked:
    defaults = {
        "party": INSTITUTE,
        "key_id": key_id(INSTITUTE),
        "reason": "lost",
        "compromised_since": None,
        "revoked_by": INSTITUTE,
    }
    return built(KeyRevoked, defaults, overrides)


def technology_registered(**overrides: Any) -> TechnologyRegistered:
    defaults = {
        "technology": TECHNOLOGY,
        "title": "Quy trình tách chiết hoạt chất",
        "summary": "Tách chiết ở nhiệt độ thấp, không dùng dung môi",
        "object_kind": "process",
        "trl": 7,
        "owners": [held(INSTITUTE)],
        "state_funded_ppm": 700_000,
    }
    return built(TechnologyRegistered, defaults, overrides)


def right_filed(**overrides: Any) -> RightFiled:
    defaults = {
        "right": RIGHT,
        "office": "vn",
        "kind": "invention",
        "application_no": "1-2020-00001",
        "title_no": None,
        "name": "Quy trình tách chiết hoạt chất",
        "filed_on": "2020-03-10",
        "owners": [held(INSTITUTE)],
        "technology": None,
        **_BY_REGISTRAR,
    }
    return built(RightFiled, defaults, overrides)


def other_right_filed(**overrides: Any) -> RightFiled:
    """Return a second right of the institute."""
    return right_filed(right=OTHER_RIGHT, application_no="1-2020-00002", **overrides)


def right_granted(**overrides: Any) -> RightGranted:
    defaults = {
        "right": RIGHT,
        "title_no": "1-0026606",
        "granted_on": "2022-05-04",
        "in_force_from": "2022-05-04",
        "expires_on": "2040-03-10",
        **_BY_REGISTRAR,
    }
    return built(RightGranted, defaults, overrides)


def right_lapsed(**overrides: Any) -> RightLapsed:
    defaults = {
        "right": RIGHT,
        "effective_from": "2025-05-04",
        "published_on": "2025-11-25",
        "reason": "Không nộp phí duy trì hiệu lực",
        **_BY_REGISTRAR,
    }
    return built(RightLapsed, defaults, overrides)


def right_restored(**overrides: Any) -> RightRestored:
    defaults = {
        "right": RIGHT,
        "effective_from": "2025-05-04",
        "published_on": "2026-02-25",
        **_BY_REGISTRAR,
    }
    return built(RightRestored, defaults, overrides)


def assignment_agreed(**overrides: Any) -> AssignmentAgreed:
    defaults = {
        "assignment": ASSIGNMENT,
        "rights": [RIGHT],
        "assignors": [held(INSTITUTE)],
        "assignees": [held(FIRM)],
        "price": None if overrides.get("ground") in UNPAID else vnd(800_000_000),
        "agreed_on": "2026-11-02",
    }
    return built(AssignmentAgreed, defaults, overrides)


def assignment_registered(**overrides: Any) -> AssignmentRegistered:
    defaults = {
        "assignment": ASSIGNMENT,
        "rights": [RIGHT],
        "registered_on": "2026-11-01",
        "effective_on": "2026-11-01",
        "register_no": "4521-CGQ",
        **_BY_REGISTRAR,
    }
    return built(AssignmentRegistered, defaults, overrides)


def security_created(**overrides: Any) -> SecurityCreated:
    defaults = {
        "security": SECURITY,
        "rights": [RIGHT],
        "debtors": [INSTITUTE],
        "creditor": BANK,
        "secures": "Hợp đồng tín dụng 12/2026",
        "forbids_assignment": True,
        "created_on": "2026-10-01",
    }
    return built(SecurityCreated, defaults, overrides)


def security_released(**overrides: Any) -> SecurityReleased:
    defaults = {
        "security": SECURITY,
        "rights": [RIGHT],
        "creditor": BANK,
        "released_on": "2026-11-01",
    }
    return built(SecurityReleased, defaults, overrides)


def listing_published(**overrides: Any) -> ListingPublished:
    defaults = {
        "listing": LISTING,
        "market": "hanotex",
        "kind": "technology",
        "channel": "online",
        "title": "Quy trình tách chiết hoạt chất",
        "summary": "Cần đối tác sản xuất",
        "lister": INSTITUTE,
        "reviewer": REVIEWER,
        "coordinator": None,
        "technology": None,
        "rights": [RIGHT],
        "fields": None,
        "ask": vnd(900_000_000),
        "expires_on": None,
        "scan_sha256": None,
    }
    return built(ListingPublished, defaults, overrides)


def listing_suspended(**overrides: Any) -> ListingSuspended:
    defaults = {"listing": LISTING, "reason": "Đang xác minh", "reviewer": REVIEWER}
    return built(ListingSuspended, defaults, overrides)


def listing_closed(**overrides: Any) -> ListingClosed:
    defaults = {"listing": LISTING, "reason": "withdrawn", "closed_by": INSTITUTE}
    return built(ListingClosed, defaults, overrides)


_TERMS = {
    "offer": OFFER,
    "listing": None,
    "offeror": FIRM,
    "offeree": INSTITUTE,
    "subject_matter": "Li-xăng độc quyền tại Việt Nam",
    "price": vnd(500_000_000),
    "royalty_ppm": 50_000,
    "terms_sha256": SOME_HASH,
    "expires_at": "2036-11-30T05:00:00.000Z",
    "revocable": False,
}


def offer_made(**overrides: Any) -> offer.OfferMade:
    return built(offer.OfferMade, _TERMS, overrides)


def offer_countered(**overrides: Any) -> offer.OfferCountered:
    """Return the institute's answer to the offer as `offer_made()` makes it."""
    defaults = {
        **_TERMS,
        "offer": COUNTER,
        "offeror": INSTITUTE,
        "offeree": FIRM,
        "royalty_ppm": 60_000,
        "counters": OFFER,
        "counters_event": hash_of(offer_made()),
    }
    return built(offer.OfferCountered, defaults, overrides)


def offer_accepted(**overrides: Any) -> offer.OfferAccepted:
    """Return the acceptance of the offer as `offer_made()` makes it."""
    defaults = {"offer": OFFER, "accepts": hash_of(offer_made()), "accepted_by": INSTITUTE}
    return built(offer.OfferAccepted, defaults, overrides)


def offer_rejected(**overrides: Any) -> offer.OfferRejected:
    return built(offer.OfferRejected, {"offer": OFFER, "rejected_by": INSTITUTE}, overrides)


def offer_revoked(**overrides: Any) -> offer.OfferRevoked:
    return built(offer.OfferRevoked, {"offer": OFFER, "revoked_by": FIRM}, overrides)


def grant(**overrides: Any) -> dict[str, Any]:
    """Return a grant as JSON: the institute licenses its right to the firm, exclusively."""
    defaults = {
        "grant": "g1",
        "licensor": INSTITUTE,
        "licensee": FIRM,
        "rights": [RIGHT],
        "technologies": [],
        "acts": ["make", "sell"],
        "exclusivity": "exclusive",
        "territory": {"codes": ["iso:VN"]},
        "field": {"scheme": "ipc", "edition": "2026.01", "codes": ["A61K"]},
        "valid_from": "2026-12-01",
        "valid_to": "2030-12-01",
        "sublicensing": "free",
        "transferable": False,
        "accepts": [],
    }
    return {**defaults, **overrides}


def contract_concluded(**overrides: Any) -> ContractConcluded:
    """Return a licence of the institute's to the firm, which runs as long as its grants."""
    defaults = {
        "contract": CONTRACT,
        "kind": "licence",
        "parties": [INSTITUTE, FIRM],
        "listing": None,
        "offer": None,
        "acceptance": None,
        "grants": [grant()],
        "price": vnd(500_000_000),
        "royalty_ppm": 50_000,
        "royalty_base": "net_selling_price",
        "currency": "VND",
        "terms_sha256": SOME_HASH,
        "concluded_on": "2026-11-02",
        "effective_from": "2026-12-01",
        "effective_to": None,
        "dispute_body": "Trung tâm Trọng tài Quốc tế Việt Nam",
    }
    return built(ContractConcluded, defaults, overrides)


def sublicence_granted(**overrides: Any) -> SublicenceGranted:
    defaults = {
        "contract": SUBLICENCE,
        "head_contract": CONTRACT,
        "head_grant": "g1",
        "sublicensor": FIRM,
        "sublicensee": RIVAL,
        "consent_by": None,
        "grant": grant(licensor=FIRM, licensee=RIVAL, exclusivity="non_exclusive"),
        "price": None,
        "royalty_ppm": 70_000,
        "royalty_base": "net_selling_price",
        "currency": "VND",
        "terms_sha256": SOME_HASH,
        "concluded_on": "2026-11-02",
        "dispute_body": "Trung tâm Trọng tài Quốc tế Việt Nam",
    }
    return built(SublicenceGranted, defaults, overrides)


def part(party: str, ppm: int) -> dict[str, Any]:
    """Return a part of a whole as JSON."""
    return {"party": party, "ppm": ppm}


def share_agreed(**overrides: Any) -> share_agreement.ShareAgreed:
    defaults = {
        "share": SHARE,
        "contract": CONTRACT,
        "parts": [part(INSTITUTE, 700_000), part(AUTHOR, 300_000)],
        "agreed_by": [AUTHOR, INSTITUTE],
        "effective_from": "2026-12-01",
    }
    return built(share_agreement.ShareAgreed, defaults, overrides)


def revenue_reported(**overrides: Any) -> report.RevenueReported:
    defaults = {
        "report": REPORT,
        "contract": CONTRACT,
        "period_from": "2026-07-01",
        "period_to": "2026-10-01",
        "currency": "VND",
        "gross": 1_000_000_000,
        "deductions": [],
        "base": 1_000_000_000,
        "due": vnd(50_000_000),
        "corrects": None,
        "reported_by": FIRM,
    }
    return built(report.RevenueReported, defaults, overrides)


def revenue_distributed(**overrides: Any) -> distribution.RevenueDistributed:
    defaults = {
        "distribution": DISTRIBUTION,
        "share": SHARE,
        "contract": CONTRACT,
        "reports": [REPORT],
        "total": vnd(50_000_000),
        "parts": [
            {"party": INSTITUTE, "amount": 35_000_000},
            {"party": AUTHOR, "amount": 15_000_000},
        ],
        "share_parts": None,
    }
    return built(distribution.RevenueDistributed, defaults, overrides)


def payment_confirmed(**overrides: Any) -> payment.PaymentConfirmed:
    defaults = {
        "payment": PAYMENT,
        "distribution": DISTRIBUTION,
        "payer": FIRM,
        "payee": AUTHOR,
        "confirmed_by": AUTHOR,
        "amount": vnd(15_000_000),
        "paid_on": "2026-11-01",
        "overpayment": False,
    }
    return built(payment.PaymentConfirmed, defaults, overrides)
