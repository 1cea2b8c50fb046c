"""Bodies of the contract family, one function a topic, as in `tests.support.builders`."""

from typing import Any

from ledger.domain.contracts.amendment import CorrectionRecorded, TermsAmended
from ledger.domain.contracts.consent import ConsentGiven
from ledger.domain.contracts.entry_into_force import ConditionMet, ContractInForce, OptionExercised
from ledger.domain.contracts.filing import (
    CertificateIssued,
    CompulsoryLicenceGranted,
    FilingMade,
    PermitIssued,
    RegistrationRefused,
)
from ledger.domain.contracts.notice import NoticeReceived, NoticeServed
from ledger.domain.contracts.own_use import UseDeclared
from ledger.domain.contracts.suspension_and_termination import (
    ContractResumed,
    ContractSuspended,
    ContractTerminated,
)
from ledger.domain.core.body import Body
from ledger.domain.rights.right import RightFiled
from tests.support.builders import (
    CONTRACT,
    FIRM,
    INSTITUTE,
    RIGHT,
    SOME_HASH,
    THIRD,
    built,
    contract_concluded,
    grant,
    hash_of,
    right_filed,
    vnd,
)

CONSENT = "consent:01890000-0000-7000-8000-000000000020"
NOTICE = "notice:01890000-0000-7000-8000-000000000021"
FILING = "filing:01890000-0000-7000-8000-000000000022"
USE = "use:01890000-0000-7000-8000-000000000023"
COMPULSORY = "contract:01890000-0000-7000-8000-000000000024"
WAITING = "contract:01890000-0000-7000-8000-000000000025"
OPTIONED = "right:vn.1-2020-00003"
BOTH = sorted([INSTITUTE, FIRM])

_BY_REGISTRAR = {"attested_by": None, "document_sha256": None}


LATE: dict[str, Any] = {"confirms": {"reason": "Ghi muộn"}}
"""What a deed says that is recorded after the day on which it was agreed."""


def consent_given(**overrides: Any) -> ConsentGiven:
    """Return the institute's consent that the firm passes its grant on."""
    defaults = {
        "consent": CONSENT,
        "given_by": INSTITUTE,
        "to": FIRM,
        "matter": "sublicence",
        "about": f"{CONTRACT}#g1",
        "valid_from": "2026-11-01",
        "valid_to": None,
        "document_sha256": None,
    }
    return built(ConsentGiven, defaults, overrides)


def terms_amended(**overrides: Any) -> TermsAmended:
    """Return an amendment of the builders' contract: a royalty of 6 % instead of 5 %."""
    defaults = {
        "contract": CONTRACT,
        "parties": BOTH,
        "changes": {"royalty_ppm": 60_000},
        "rights": [],
        "concluded_on": "2026-11-02",
        "effective_from": "2027-01-01",
    }
    return built(TermsAmended, defaults, overrides)


def correction_recorded(**overrides: Any) -> CorrectionRecorded:
    """Return a correction of the builders' contract: the royalty was meant to be 5.5 %."""
    defaults = {
        "contract": CONTRACT,
        "corrects": hash_of(contract_concluded()),
        "parties": BOTH,
        "parties_meant": BOTH,
        "changes": {"royalty_ppm": 55_000},
        "rights": [],
        "reason": "Sai sót đánh máy",
    }
    return built(CorrectionRecorded, defaults, overrides)


def leave(name: str = "out", **overrides: Any) -> dict[str, Any]:
    """Return an exit as JSON: the firm's, at will."""
    return {"exit": name, "who": [FIRM], "ground": "convenience", **overrides}


def waiting(**overrides: Any) -> Any:
    """Return a contract that waits for a condition, with an option, on a right of its own."""
    option = grant(rights=[OPTIONED], option_until="2027-12-01")
    defaults = {
        "contract": WAITING,
        "grants": [option],
        "effective_upon": "conditions",
        "conditions": [{"condition": "pilot", "what": "Thử nghiệm đạt yêu cầu"}],
        "exits": [
            leave("out", notice_days=30),
            leave("unpaid", ground="breach", cure_days=60),
        ],
    }
    return contract_concluded(**{**defaults, **overrides})


def condition_met(**overrides: Any) -> ConditionMet:
    defaults = {
        "contract": WAITING,
        "condition": "pilot",
        "met_on": "2026-11-02",
        "parties": BOTH,
        "document_sha256": None,
    }
    return built(ConditionMet, defaults, overrides)


def contract_in_force(**overrides: Any) -> ContractInForce:
    defaults = {"contract": WAITING, "in_force_from": "2026-12-01", "parties": BOTH}
    return built(ContractInForce, defaults, overrides)


def option_exercised(**overrides: Any) -> OptionExercised:
    defaults = {
        "contract": WAITING,
        "grant": grant(rights=[OPTIONED], option_until=None),
        "exercised_by": FIRM,
        "exercised_on": "2026-11-02",
    }
    return built(OptionExercised, defaults, overrides)


def notice_served(**overrides: Any) -> NoticeServed:
    """Return the firm's notice that it ends the contract by the exit agreed."""
    defaults = {
        "notice": NOTICE,
        "contract": WAITING,
        "matter": "termination",
        "served_by": FIRM,
        "served_on": INSTITUTE,
        "sent_on": "2026-11-01",
        "text_sha256": SOME_HASH,
        "exit": "out",
    }
    return built(NoticeServed, defaults, overrides)


def notice_received(**overrides: Any) -> NoticeReceived:
    defaults = {
        "notice": NOTICE,
        "contract": WAITING,
        "received_on": "2026-11-02",
        "confirmed_by": INSTITUTE,
        "evidence_sha256": None,
    }
    return built(NoticeReceived, defaults, overrides)


def contract_suspended(**overrides: Any) -> ContractSuspended:
    defaults = {
        "contract": WAITING,
        "suspended_by": BOTH,
        "notice": None,
        "suspended_from": "2026-11-02",
        "suspended_to": None,
        "reason": "Chờ kết quả kiểm toán",
    }
    return built(ContractSuspended, defaults, overrides)


def contract_resumed(**overrides: Any) -> ContractResumed:
    defaults = {"contract": WAITING, "resumed_by": BOTH, "resumed_on": "2026-11-02"}
    return built(ContractResumed, defaults, overrides)


def contract_terminated(**overrides: Any) -> ContractTerminated:
    """Return the firm's end of the waiting contract, 30 days after its notice was received."""
    defaults = {
        "contract": WAITING,
        "ground": "exit",
        "exit": "out",
        "terminated_by": [FIRM],
        "notice": NOTICE,
        "terminated_on": "2026-12-03",
        "rights": [OPTIONED],
    }
    return built(ContractTerminated, defaults, overrides)


def use_declared(**overrides: Any) -> UseDeclared:
    """Return what the institute did itself before anything was granted."""
    defaults = {
        "use": USE,
        "right": RIGHT,
        "used_by": INSTITUTE,
        "acts": ["sell"],
        "territory": {"codes": ["iso:VN"]},
        "field": {"scheme": "ipc", "edition": "2026.01", "codes": ["A61K"]},
        "used_from": "2025-07-01",
        "used_to": "2025-10-01",
    }
    return built(UseDeclared, defaults, overrides)


def filing_made(**overrides: Any) -> FilingMade:
    defaults = {
        "filing": FILING,
        "contract": CONTRACT,
        "purpose": "registration",
        "amendment": None,
        "authority": "Sở Khoa học và Công nghệ Hà Nội",
        "filed_by": FIRM,
        "filed_on": "2026-11-02",
        "number": "CGCN-2026-17",
        "documents_sha256": [SOME_HASH],
    }
    return built(FilingMade, defaults, overrides)


_ANSWER = {
    "contract": CONTRACT,
    "filing": FILING,
    "number": "CGCN-2026-17",
    "authority": "Sở Khoa học và Công nghệ Hà Nội",
    **_BY_REGISTRAR,
}


def certificate_issued(**overrides: Any) -> CertificateIssued:
    defaults = {
        **_ANSWER,
        "purpose": "registration",
        "amendment": None,
        "issued_on": "2026-11-02",
        "rights": [],
    }
    return built(CertificateIssued, defaults, overrides)


def licence_entered(**overrides: Any) -> CertificateIssued:
    """Return the entry of the builders' licence in the office's register."""
    entered = {"purpose": "recordal", "rights": [RIGHT], "filing": None, "number": "4522-LX"}
    return certificate_issued(**{**entered, **overrides})


def permit_issued(**overrides: Any) -> PermitIssued:
    defaults = {**_ANSWER, "issued_on": "2026-11-02", "list_edition": "76/2018/NĐ-CP, Phụ lục II"}
    return built(PermitIssued, defaults, overrides)


def registration_refused(**overrides: Any) -> RegistrationRefused:
    defaults = {
        **_ANSWER,
        "purpose": "registration",
        "decided_on": "2026-11-02",
        "reason": "Hồ sơ không hợp lệ",
    }
    return built(RegistrationRefused, defaults, overrides)


def compulsory_licence_granted(**overrides: Any) -> CompulsoryLicenceGranted:
    """Return the State's decision that a third firm may use the third right."""
    given = {"licensee": THIRD, "rights": [OPTIONED], "exclusivity": "compulsory"}
    defaults = {
        "contract": COMPULSORY,
        "grant": grant(**given, sublicensing="no"),
        "decision_no": "12/QĐ-BKHCN",
        "price": vnd(200_000_000),
        "royalty_ppm": None,
        "royalty_base": "none",
        "currency": "VND",
        "terms_sha256": SOME_HASH,
        "concluded_on": "2026-11-02",
        "dispute_body": None,
        **_BY_REGISTRAR,
    }
    return built(CompulsoryLicenceGranted, defaults, overrides)


def optioned_filed() -> RightFiled:
    """Return a third right of the institute."""
    return right_filed(right=OPTIONED, application_no="1-2020-00003")


def story(concluded: str) -> tuple[Body, ...]:
    """Return a body a topic: admissible, in this order, after a contract with that payload hash.

    The builders' sublicence stands in the log, too.
    """
    return (
        consent_given(),
        terms_amended(),
        correction_recorded(corrects=concluded),
        use_declared(),
        filing_made(),
        registration_refused(),
        certificate_issued(),
        licence_entered(),
        permit_issued(),
        optioned_filed(),
        waiting(),
        condition_met(),
        contract_in_force(),
        option_exercised(),
        contract_suspended(),
        contract_resumed(),
        notice_served(),
        notice_received(),
        contract_terminated(),
        compulsory_licence_granted(),
    )
