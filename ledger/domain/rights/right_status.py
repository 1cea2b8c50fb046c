"""
What became of a right: facts of offices, and the disclosure of a secret.

What an office did is a fact of the State: it is never refused for what it contradicts, and it may
have effect from a day long past (a patent whose fee is unpaid ends from the first day of the
unpaid year, IP Law art. 95(2); what is cancelled never was, art. 96). That a term has ended is
derived from dates and needs no event.
Read in this order: events, refusals, admit, evolve; the state, `Right`, stands in `right`.
"""

from dataclasses import replace
from datetime import date
from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import not_in_future, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, RightId, Sha256, Text
from ledger.domain.parties.attestation import Attested
from ledger.domain.parties.ledger_state import require_role
from ledger.domain.rights.right import KIND, SECRETS, Countries, Country, OfficeNumber, Right
from ledger.domain.rights.status_timeline import FROM_THE_START, Outcome, StatusChange, changed

OfficeCode = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class OfRight(Attested):
    """A fact about a right that is in the log."""

    SUBJECTS = "right attested_by"

    right: RightId
    """The right, by its id."""
    territory: Country | None = None
    """State in which this holds, as `iso:` and the ISO 3166-1 code, where the right has
    national fates; null or absent is the right as a whole.
    """
    national_code: OfficeCode | None = None
    """The office's own code of the event; null or absent where there is none."""
    office_event: OfficeCode | None = None
    """Key event that it stands for (WIPO ST.27); null or absent where none is said."""

    SAID_ON: ClassVar[str]
    """The member that is the day on which the office said so."""

    def said_on(self) -> date:
        """Return that day."""
        day: date = getattr(self, self.SAID_ON)
        return day


class PublishedFact(OfRight):
    """A fact about a right that the office made known on `published_on`."""

    published_on: Day
    """Day on which the office made it known, not after the day of recording."""

    SAID_ON: ClassVar[str] = "published_on"


class RightPublished(PublishedFact):
    """The application was published: from here on everybody may know what is claimed."""

    TOPIC: ClassVar[str] = "right.published/1"
    TITLE = "Application published"
    TITLE_VI = "Công bố đơn"

    publication_no: OfficeNumber
    """Number of the publication."""


class RightGranted(OfRight):
    """The office granted the title; `expires_on` is the last day it can last, if there is one."""

    TOPIC: ClassVar[str] = "right.granted/1"
    TITLE = "Right granted"
    TITLE_VI = "Cấp văn bằng bảo hộ"

    title_no: OfficeNumber
    """Number of the title."""
    granted_on: Day
    """Day of the grant, not after the day of recording."""
    in_force_from: Day
    """First day on which the title is in force."""
    expires_on: Day | None
    """Last day that the title can last, inclusive; null where it has none."""
    designated: Countries = ()
    """States for which a regional title was granted, as `iso:` and the ISO 3166-1 code; absent
    or empty leaves those of the application.
    """

    SAID_ON: ClassVar[str] = "granted_on"


class RightFeePaid(OfRight):
    """A fee for keeping the title in force was paid, for a year of its term if it is known."""

    TOPIC: ClassVar[str] = "right.fee_paid/1"
    TITLE = "Fee for keeping the right paid"
    TITLE_VI = "Nộp phí duy trì hiệu lực"

    paid_on: Day
    """Day of the payment, not after the day of recording."""
    fee_year: Annotated[int, Field(ge=1, le=100)] | None
    """Year of the title's term that the fee is for, counted from 1; null where it is not
    known.
    """

    SAID_ON: ClassVar[str] = "paid_on"


class RightRenewed(OfRight):
    """The title was renewed: it can last to the end of `expires_on` (IP Law art. 93(4), (6))."""

    TOPIC: ClassVar[str] = "right.renewed/1"
    TITLE = "Right renewed"
    TITLE_VI = "Gia hạn hiệu lực"

    renewed_on: Day
    """Day of the renewal, not after the day of recording."""
    expires_on: Day
    """Last day that the title can last now, inclusive."""

    SAID_ON: ClassVar[str] = "renewed_on"


class RightLapsed(PublishedFact):
    """The title ended before its term, from `effective_from` on, as published later."""

    TOPIC: ClassVar[str] = "right.lapsed/1"
    TITLE = "Right lapsed"
    TITLE_VI = "Chấm dứt hiệu lực quyền"

    effective_from: Day
    """First day on which the title is ended, also long before it was published."""
    reason: Text
    """Why it ended, such as a fee that was not paid."""


class RightRestored(PublishedFact):
    """The title is in force again from `effective_from` on, as published later."""

    TOPIC: ClassVar[str] = "right.restored/1"
    TITLE = "Right restored"
    TITLE_VI = "Phục hồi hiệu lực quyền"

    effective_from: Day
    """First day on which the title is in force again."""


class RightSurrendered(PublishedFact):
    """The owner gave the title up from `effective_from` on (IP Law art. 95(1))."""

    TOPIC: ClassVar[str] = "right.surrendered/1"
    TITLE = "Right surrendered by its owner"
    TITLE_VI = "Chủ sở hữu từ bỏ quyền"

    effective_from: Day
    """First day on which the title is given up."""


class RightLimited(PublishedFact):
    """The title was narrowed, by its owner or in opposition: it protects less from then on."""

    TOPIC: ClassVar[str] = "right.limited/1"
    TITLE = "Scope of a right limited"
    TITLE_VI = "Thu hẹp phạm vi bảo hộ"

    effective_from: Day
    """First day on which the title protects less."""
    limits: Text
    """What it is limited to, in words."""


class RightCancelled(PublishedFact):
    """The title was cancelled, whole or in part (IP Law art. 96)."""

    TOPIC: ClassVar[str] = "right.cancelled/1"
    TITLE = "Right cancelled"
    TITLE_VI = "Hủy bỏ hiệu lực quyền"

    extent: Literal["whole", "part"]
    """`whole` ends the title; `part` leaves it in force for the rest."""
    effective_from: Day | None
    """First day on which it is cancelled; null is from the start: it never had effect."""
    reason: Text
    """Why it was cancelled."""


class OfficeEventRecorded(PublishedFact):
    """An office recorded something that changes no status here; its own code and words are kept."""

    TOPIC: ClassVar[str] = "office_event.recorded/1"
    TITLE = "Event of an office recorded"
    TITLE_VI = "Ghi nhận sự kiện của cơ quan sở hữu công nghiệp"

    effective_from: Day | None
    """Day from which the office gave it effect; null where it said none."""
    description: Text
    """What the office recorded, in its own words."""


class DisclosureRecorded(Body):
    """What a secret protected was disclosed: the protection of a trade secret ends by that."""

    TOPIC: ClassVar[str] = "disclosure.recorded/1"
    TITLE = "Disclosure recorded"
    TITLE_VI = "Ghi nhận bộc lộ"
    SUBJECTS = "right recorded_by"
    SIGNERS = "recorded_by"

    right: RightId
    """The right in know-how or a trade secret."""
    disclosed_on: Day
    """Day of the disclosure, from which nothing is protected; not after the day of
    recording.
    """
    description: Text
    """What was disclosed and how, in words, without personal data."""
    recorded_by: PartyId
    """Owner of the right, or a clerk who saw the evidence."""
    document_sha256: Sha256
    """SHA-256 of the evidence."""


class NoSecret(Refusal):
    """Only what a secret protects ends by disclosure."""

    code = "NO_SECRET"
    title_vi = "Chỉ bí mật kinh doanh hoặc bí quyết kỹ thuật mới chấm dứt bảo hộ do bị bộc lộ"
    article = "Luật Sở hữu trí tuệ, Điều 84"


OF_OFFICES: tuple[type[OfRight], ...] = (
    RightPublished,
    RightGranted,
    RightFeePaid,
    RightRenewed,
    RightLapsed,
    RightRestored,
    RightSurrendered,
    RightLimited,
    RightCancelled,
    OfficeEventRecorded,
)


@admits(*OF_OFFICES)
def _admit(body: OfRight, state: State, context: Context) -> None:
    """Refuse only what names no right, no clerk, or a day to come: the State's word stands."""
    require_known(state, body.right, Right)
    not_in_future(context.accepted, **{body.SAID_ON: body.said_on()})


@admits(DisclosureRecorded)
def _admit_disclosure(body: DisclosureRecorded, state: State, context: Context) -> None:
    """Refuse a disclosure of what is no secret, or by whom is neither owner nor clerk."""
    right = require_known(state, body.right, Right)
    if right.kind not in SECRETS:
        raise NoSecret(
            f"{body.right} is a {right.kind}",
            positions=(right.position,),
            subjects=(body.right,),
            step=Step({"kind": right.kind}),
        )
    if body.recorded_by not in right.owners:
        require_role(state, body.recorded_by, "clerk")
    not_in_future(context.accepted, disclosed_on=body.disclosed_on)


@evolves(KIND, RightGranted)
def _evolve_granted(body: RightGranted, _logged: Logged, value: Right | None) -> Right | None:
    if value is None or body.territory is not None:
        return value
    territory = body.designated or value.territory
    return replace(
        value, granted_on=body.granted_on, expires_on=body.expires_on, territory=territory
    )


@evolves(KIND, RightRenewed)
def _evolve_renewed(body: RightRenewed, _logged: Logged, value: Right | None) -> Right | None:
    if value is None or body.territory is not None:
        return value
    return replace(value, expires_on=body.expires_on)


def effect_of(body: Body) -> tuple[Outcome, date] | None:
    """Return what a fact makes of the title and from which day on, if it changes its status."""
    match body:
        case RightLapsed():
            return "lapsed", body.effective_from
        case RightRestored():
            return "restored", body.effective_from
        case RightSurrendered():
            return "surrendered", body.effective_from
        case RightCancelled(extent="whole"):
            return "cancelled", body.effective_from or FROM_THE_START
        case DisclosureRecorded():
            return "disclosed", body.disclosed_on
        case _:
            return None


@evolves(KIND, *(body for body in OF_OFFICES if body not in (RightGranted, RightRenewed)))
def _evolve_status(body: OfRight, logged: Logged, value: Right | None) -> Right | None:
    return value and _after(value, body, body.territory, logged)


@evolves(KIND, DisclosureRecorded)
def _evolve_disclosed(
    body: DisclosureRecorded, logged: Logged, value: Right | None
) -> Right | None:
    return value and _after(value, body, None, logged)


def _after(right: Right, body: Body, territory: Country | None, logged: Logged) -> Right:
    effect = effect_of(body)
    if effect is None:
        return right
    outcome, day = effect
    change = StatusChange(day, logged.position, outcome)
    return replace(right, status=changed(right.status, change, territory))
