"""
What parties file with the State about a contract, and what the State answers.

Three registers are meant: the permit for a restricted technology, the certificate of registration
of a transfer (Technology Transfer Law arts. 28 to 33), and the entry of a licence in the office's
register, from which it binds third parties (IP Law art. 148(2)). A compulsory licence is the
State's own grant (arts. 145 to 147). Answers of the State are never refused for what they
contradict.
Read in this order: events, state, admit, evolve.
"""

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import model_validator

from ledger.domain.contracts.contract import KIND, Contract
from ledger.domain.contracts.contract_terms import AgreedTerms, ContractId, Grant, first_terms
from ledger.domain.contracts.granting import held_grant
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.dated_law import Law
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import all_known, not_in_future, require_known, require_new
from ledger.domain.core.ground import Ground
from ledger.domain.core.remedy import naming_one_of
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    Day,
    EventHash,
    PartyId,
    RightId,
    Sha256,
    Text,
    legal_day,
    of_kind,
)
from ledger.domain.parties.attestation import Attested
from ledger.domain.parties.signature_refusals import WrongSigner
from ledger.domain.rights.estate import E, entered_in_the_register, with_grants
from ledger.domain.rights.right import OfficeNumber, Right

FilingId = Annotated[str, of_kind("filing")]
Purpose = Literal["permit", "registration", "recordal"]


class FilingMade(Body):
    """A party applied to an authority about a contract, or about an amendment, by its hash."""

    TOPIC: ClassVar[str] = "filing.made/1"
    TITLE = "Filing with an authority made"
    TITLE_VI = "Nộp hồ sơ cho cơ quan nhà nước"
    SUBJECTS = "filing contract filed_by"
    SIGNERS = "filed_by"
    REFERENCES = "amendment"

    filing: FilingId
    """Id of the filing, which is new."""
    contract: ContractId
    """The contract that it is about."""
    purpose: Purpose
    """What was applied for: the `permit` for a restricted technology, the `registration` of a
    transfer, or the `recordal` of a licence in the office's register (IP Law art. 148(2))."""
    amendment: EventHash | None
    """Payload hash of the amendment that it is about; null: it is about the contract itself."""
    authority: Text
    """Name of the authority."""
    filed_by: PartyId
    """The party of the contract that applied, and signs."""
    filed_on: Day
    """Legal day on which it applied, not one to come."""
    number: OfficeNumber | None
    """The number that the authority gave it; null: none yet."""
    documents_sha256: Annotated[tuple[Sha256, ...], FROM_LIST, DISTINCT]
    """SHA-256 of each document that was filed."""


class FilingAnswer(Attested):
    """What the State answered about a contract. Never an event itself."""

    SUBJECTS = "contract filing attested_by"

    contract: ContractId
    """The contract that the answer is about."""
    filing: FilingId | None
    """The filing that is answered; null: it is not in this ledger."""
    number: OfficeNumber
    """The authority's number of its answer."""
    authority: Text
    """Name of the authority."""


class CertificateIssued(FilingAnswer):
    """The contract, or an amendment of it, is registered, or a licence entered."""

    TOPIC: ClassVar[str] = "certificate.issued/1"
    TITLE = "Certificate of registration issued"
    TITLE_VI = "Cấp giấy chứng nhận đăng ký"
    SUBJECTS = "contract filing rights/* attested_by"
    REFERENCES = "amendment"

    purpose: Literal["registration", "recordal"]
    """The `registration` of a transfer, or the `recordal` of a licence in the office's
    register."""
    amendment: EventHash | None
    """Payload hash of the amendment that is registered, which has effect by that; null: the
    contract itself is."""
    issued_on: Day
    """Legal day of the certificate or the entry, not one to come."""
    rights: Annotated[tuple[RightId, ...], FROM_LIST, DISTINCT]
    """The rights in whose register a licence is entered, from when it binds third parties
    (IP Law art. 148(2)): of a `recordal` one at least, of a `registration` none."""

    @model_validator(mode="after")
    def _entered_somewhere(self) -> "CertificateIssued":
        if (self.purpose == "recordal") != bool(self.rights):
            raise ValueError(
                "an entry in the register of licences names rights, and nothing else does: "
                f"{self.purpose} names {len(self.rights)}"
            )
        return self


class PermitIssued(FilingAnswer):
    """A restricted technology may be transferred under this contract (TTL arts. 28 to 30)."""

    TOPIC: ClassVar[str] = "permit.issued/1"
    TITLE = "Permit issued"
    TITLE_VI = "Cấp giấy phép"

    issued_on: Day
    """Legal day of the permit, not one to come."""
    list_edition: Text
    """Which edition of the list of restricted technologies was applied, in words."""


class RegistrationRefused(FilingAnswer):
    """The State refused a permit, a registration or an entry, for a reason."""

    TOPIC: ClassVar[str] = "registration.refused/1"
    TITLE = "Registration of a contract refused"
    TITLE_VI = "Từ chối đăng ký hợp đồng"

    purpose: Purpose
    """What was refused: a `permit`, a `registration`, or a `recordal`."""
    decided_on: Day
    """Legal day of the decision, not one to come."""
    reason: Text
    """Why, as the authority says."""


class CompulsoryLicenceGranted(Attested, AgreedTerms):
    """The State lets somebody use a right for a compensation (IP Law arts. 145 to 147).

    The price or the royalty is the compensation.
    """

    TOPIC: ClassVar[str] = "compulsory_licence.granted/1"
    TITLE = "Compulsory licence granted"
    TITLE_VI = "Cấp li-xăng bắt buộc"
    SUBJECTS = (
        "contract grant/licensor grant/licensee grant/rights/* grant/technologies/* consents/*"
        " attested_by"
    )
    COMMITS = (
        "sum:price rate:royalty_ppm royalty:royalty?renewal"
        " royalty:royalty:grant/valid_from~grant/valid_to?!renewal"
    )

    decision_no: OfficeNumber
    """Number of the decision."""
    grant: Grant
    """What is granted: `compulsory`, and without sublicensing (`no`; IP Law art. 146)."""

    @model_validator(mode="after")
    def _as_the_law_has_it(self) -> "CompulsoryLicenceGranted":
        if (self.grant.exclusivity, self.grant.sublicensing) != ("compulsory", "no"):
            raise ValueError(
                "a compulsory licence excludes nobody and is not passed on: "
                f"exclusivity {self.grant.exclusivity}, sublicensing {self.grant.sublicensing}"
            )
        return self


@dataclass(frozen=True, slots=True)
class Filing:
    """An application: about which contract, for what, since when, and what became of it."""

    position: int
    contract: str
    purpose: str
    filed_on: date
    answered: int | None = None


def opposed(law: Law, kind: str | None, entered_on: date | None, day: date) -> Ground | None:
    """Return why a licence of such a right cannot be held against third parties on a day.

    It is an answer, UNREGISTERED_OPPOSED, and no refusal: between the parties the licence holds
    as agreed. Kinds that no row names (marks, know-how) need no entry.
    """
    if entered_on is not None and entered_on <= day:
        return None
    return law.find("licence.opposability", day, object=kind)


@admits(FilingMade)
def _admit_filed(body: FilingMade, state: State, context: Context) -> None:
    """Refuse a filing twice, by a stranger to the contract, or in the future."""
    require_new(state, body.filing)
    contract = require_known(state, body.contract, Contract)
    if body.filed_by not in contract.parties:
        raise WrongSigner(
            f"{body.filed_by} is no party of {body.contract}",
            positions=(contract.position,),
            subjects=(body.filed_by,),
            step=naming_one_of("/body/filed_by", contract.parties),
        )
    not_in_future(context.accepted, filed_on=body.filed_on)


@admits(CertificateIssued, PermitIssued, RegistrationRefused)
def _admit_answer(body: FilingAnswer, state: State, context: Context) -> None:
    """Refuse only what names no contract, no filing, no clerk, or a day to come."""
    require_known(state, body.contract, Contract)
    if body.filing is not None:
        require_known(state, body.filing, Filing)
    if isinstance(body, CertificateIssued):
        all_known(state, body.rights)
    if isinstance(body, RegistrationRefused):
        not_in_future(context.accepted, decided_on=body.decided_on)
    if isinstance(body, CertificateIssued | PermitIssued):
        not_in_future(context.accepted, issued_on=body.issued_on)


@admits(CompulsoryLicenceGranted)
def _admit_compulsory(body: CompulsoryLicenceGranted, state: State, context: Context) -> None:
    """Refuse only what names no right, no clerk, or a day to come: the State's word stands."""
    require_new(state, body.contract)
    all_known(state, body.grant.objects)
    not_in_future(context.accepted, concluded_on=body.concluded_on)


@evolves("filing", FilingMade)
def _evolve_filed(body: FilingMade, logged: Logged) -> Filing:
    return Filing(logged.position, body.contract, body.purpose, body.filed_on)


@evolves("filing", CertificateIssued, PermitIssued, RegistrationRefused)
def _evolve_answered(_body: Body, logged: Logged, value: Filing) -> Filing:
    return replace(value, answered=logged.position)


@evolves(KIND, CertificateIssued)
def _evolve_certificate(body: CertificateIssued, _logged: Logged, value: Contract) -> Contract:
    if body.purpose == "recordal":
        return replace(value, recorded=value.recorded or body.issued_on)
    if body.amendment is None:
        return replace(value, registered=value.registered or body.issued_on)
    return value.with_registered(body.amendment, body.issued_on)


@evolves(KIND, PermitIssued)
def _evolve_permit(body: PermitIssued, _logged: Logged, value: Contract) -> Contract:
    return replace(value, permitted=value.permitted or body.issued_on)


@evolves(KIND, CompulsoryLicenceGranted)
def _evolve_compulsory(body: CompulsoryLicenceGranted, logged: Logged) -> Contract:
    terms = first_terms(body, (body.grant,), body.grant.valid_to)
    return Contract(
        position=logged.position,
        payload_hash=logged.event.payload_hash,
        kind="compulsory",
        terms_event=body,
        first=terms,
        newest=terms,
        parties=frozenset({body.grant.licensor, body.grant.licensee}),
        grants={body.grant.grant: body.grant},
        effective_from=body.grant.valid_from,
        effective_to=body.grant.valid_to,
    )


@evolves("right", CertificateIssued)
def _evolve_right_entered(body: CertificateIssued, _logged: Logged, value: Right) -> Right:
    """Return the right with the contract's grants entered: from then on they bind third parties."""
    return entered_in_the_register(value, body.contract, body.issued_on)


@evolves("right", CompulsoryLicenceGranted)
@evolves("technology", CompulsoryLicenceGranted)
def _evolve_compelled(body: CompulsoryLicenceGranted, logged: Logged, value: E) -> E:
    day = legal_day(logged.accepted)
    held = held_grant(body.grant, body.contract, None, logged.position, day)
    return with_grants(value, [held])
