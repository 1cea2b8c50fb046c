"""
What the State has to see before a contract is in force: a permit, a registration.

A contract may wait for either, and says so (`effective_upon`). Whether it has to is the law's word.
Refusals come in the order in which they are defined here.
"""

from datetime import date

from ledger.domain.contract import Contract
from ledger.domain.contract_terms import Upon
from ledger.domain.event import Refusal


class PermitMissing(Refusal):
    """A restricted technology is transferred by permit, and not before it."""

    code = "PERMIT_MISSING"
    title_vi = "Công nghệ hạn chế chuyển giao chưa được cấp giấy phép chuyển giao"
    article = "Luật Chuyển giao công nghệ, Điều 24(2), Điều 28"
    remedy = "permit.issued/1"


class RegistrationNeeded(Refusal):
    """A contract that must be registered is in force from its certificate, not before it."""

    code = "REGISTRATION_NEEDED"
    title_vi = "Hợp đồng phải đăng ký chỉ có hiệu lực từ khi được cấp giấy chứng nhận đăng ký"
    article = "Luật Chuyển giao công nghệ, Điều 24(3), Điều 31"
    remedy = "certificate.issued/1"


def must_be_approved(subject: str, contract: Contract, day: date) -> None:
    """Refuse to be in force on a day before the act of the State that the contract waits for."""
    upon = contract.said.effective_upon
    waits = {
        "permit": (PermitMissing, contract.permitted),
        "registration": (RegistrationNeeded, contract.registered),
    }
    if upon not in waits:
        return
    refusal, act = waits[upon]
    if act is None or day < act:
        raise refusal(
            f"{subject} waits for its {upon}" if act is None else f"its {upon} is of {act}",
            positions=(contract.position,),
            subjects=(subject,),
        )


def must_await_registration(subject: str, contract: Contract, upon: Upon) -> None:
    """Refuse to amend a registered contract but from the certificate of the amendment itself."""
    if contract.registered is not None and upon != "registration":
        raise RegistrationNeeded(
            f"{subject} was registered on {contract.registered}: so is what amends it",
            positions=(contract.position,),
            subjects=(subject,),
        )
