"""
An amendment and a correction: what all parties change in a contract, and from which day.

Both replace members by name; what is not named stays as it was (Civil Code arts. 403, 421). An
amendment has effect from a day on, a correction from the start, because it says what was meant.
A right or technology that a changed grant is on is named, so that it sees the change.
Read in this order: events, refusals, admit, evolve.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import date
from typing import ClassVar, Literal

from pydantic import model_validator

from ledger.domain.contracts.approval import must_await_registration
from ledger.domain.contracts.changing import (
    ContractChanged,
    must_be_allowed,
    must_end_in_the_past_for_all,
    must_leave_what_is_shared,
    objects_of,
)
from ledger.domain.contracts.contract import KIND, Change, Contract, concluding, must_not_have_ended
from ledger.domain.contracts.contract_terms import (
    FORMS,
    Changes,
    Confirmation,
    Form,
    Grant,
    reason_of,
)
from ledger.domain.contracts.granting import (
    held_grant,
    must_be_on_filed_rights,
    must_not_reach_behind,
    narrows,
)
from ledger.domain.contracts.sublicence import licensees_of
from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import PredecessorUnknown, not_in_future, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step, joining, leaving_out
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, EventHash, PartyIds, Text, legal_day
from ledger.domain.parties.party import standing_for, strangers_to
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.backdating import Backdated, Since, must_be_confirmed
from ledger.domain.rights.estate import E, ended_from, replaced_from, with_grants
from ledger.quoted import listed


class TermsAmended(ContractChanged):
    """All parties changed the terms, with effect from a day on (Civil Code art. 421).

    It waits for a certificate of its own, or for nothing: what needs a permit is agreed again, and
    what depends on a condition when that has come about.
    """

    TOPIC: ClassVar[str] = "terms.amended/1"
    TITLE = "Terms amended"
    TITLE_VI = "Sửa đổi hợp đồng"

    concluded_on: Day
    """Legal day on which they agreed on it, not one to come."""
    effective_from: Day
    """First legal day of the changed terms; of what is registered, the certificate's if that is
    later."""
    effective_upon: Literal["day", "registration"] = "day"
    """`registration`: it has no effect before a certificate of its own, which it needs if the
    contract is registered (Technology Transfer Law art. 24(3)); `day`, or absent: it waits for
    nothing."""
    form: Form = "data_message"
    """In what form it was agreed: none weaker than the contract's, of `oral`, `chat_message`,
    `data_message`, `written`, `notarised` (Civil Code art. 421(3)). Absent: `data_message`."""
    confirms: Confirmation | None = None
    """Why it is recorded late: needed if it was concluded, or has effect, before the day of
    recording. Null or absent: it is not late."""

    @property
    def said_on(self) -> date | None:
        """Return the day of which the parties say that they agreed on it."""
        return self.concluded_on

    @property
    def waits(self) -> bool | None:
        """Whether it waits for a certificate of its own."""
        return self.effective_upon == "registration"

    @property
    def why_late(self) -> str | None:
        """Return why it is confirmed only now, if it is."""
        return reason_of(self.confirms)


class CorrectionRecorded(ContractChanged):
    """All parties say what a contract was meant to say from the start, and could have said then."""

    TOPIC: ClassVar[str] = "correction.recorded/1"
    TITLE = "Correction recorded"
    TITLE_VI = "Đính chính"
    REFERENCES = "corrects"

    corrects: EventHash
    """Payload hash of the event that made the contract."""
    parties_meant: PartyIds
    """Whom the contract was to bind from the start, two or more."""
    reason: Text
    """What was wrong and how it came about, in words."""

    @property
    def why_late(self) -> str:
        """Return its reason."""
        return self.reason

    @model_validator(mode="after")
    def _between_two(self) -> "CorrectionRecorded":
        if len(self.parties_meant) < 2:  # noqa: PLR2004  (it takes two to contract)
            raise ValueError(f"a contract has two parties or more: {listed(self.parties_meant)}")
        return self


class AmendForm(Refusal):
    """A contract is amended in the form in which it was made."""

    code = "AMEND_FORM"
    title_vi = "Việc sửa đổi phải theo hình thức của hợp đồng ban đầu"
    article = "Bộ luật Dân sự, Điều 421(3)"


class CorrectionRewrites(Refusal):
    """A correction leaves something of the original; else the contract is void and a new one made.

    Other parties about another object are another contract.
    """

    code = "CORRECTION_REWRITES"
    title_vi = "Đính chính thay đổi cả các bên và đối tượng, không còn là hợp đồng ban đầu"


def must_be_all(
    state: State, contract: Contract, signing: Collection[str], member: str = "parties"
) -> None:
    """Refuse what not every party signs, and what others sign as if they were parties.

    `member` is the one that says who signs. A successor signs for the party that merged into it.
    """
    missing = contract.parties.difference(standing_for(state, signing))
    if missing:
        raise SignerMissing(
            "every party signs",
            positions=(contract.position,),
            subjects=missing,
            step=joining(f"/body/{member}", signing, missing),
        )
    strangers = strangers_to(state, signing, contract.parties)
    if strangers:
        raise WrongSigner(
            "none but the parties sign",
            positions=(contract.position,),
            subjects=strangers,
            step=leaving_out(f"/body/{member}", signing, strangers),
        )


@admits(TermsAmended)
def _admit_amended(body: TermsAmended, state: State, context: Context, event: Event) -> None:
    """Refuse an amendment that not all sign, in a weaker form, or of what is not theirs to give."""
    contract = require_known(state, body.contract, Contract)
    must_not_have_ended(body.contract, contract, context)
    must_be_all(state, contract, body.parties)
    _must_be_in_form(body, contract)
    must_await_registration(
        body.contract, contract.registered, contract.position, body.effective_upon
    )
    not_in_future(context.accepted, concluded_on=body.concluded_on)
    _must_not_reach_back(state, event, body, contract, context)
    must_end_in_the_past_for_all(state, event, body, contract, context)
    must_be_allowed(state, event, body, contract, context)


def _must_not_reach_back(
    state: State, event: Event, body: TermsAmended, contract: Contract, context: Context
) -> None:
    """Refuse an amendment from the past without a reason, or without those whom it takes from."""
    reason, signing = body.why_late, standing_for(state, event.signers)
    starts = [max(body.effective_from, grant.valid_from) for grant in body.changes.grants]
    for number, (grant, start) in enumerate(zip(body.changes.grants, starts, strict=True)):
        place = f"/body/changes/grants/{number}/valid_from"
        days = {"/body/concluded_on": body.concluded_on, place: start}
        must_be_on_filed_rights(state, grant, days)
    if body.effective_from < legal_day(context.accepted):
        _must_be_confirmed_below(state, event, body, contract, body.effective_from)
    must_be_confirmed(
        body.contract,
        reason,
        context,
        concluded_on=body.concluded_on,
        effective_from=body.effective_from,
    )
    paid = Since(body.effective_from, "/body/effective_from")
    must_leave_what_is_shared(state, event, body, contract, paid, context)
    for grant, start in zip(body.changes.grants, starts, strict=True):
        frees = narrows(grant, contract.grants.get(grant.grant))
        since = Since(start, "/body/effective_from", frees)
        must_not_reach_behind(state, grant, since, signing, context, reason)


def _must_be_confirmed_below(
    state: State, event: Event, body: ContractChanged, contract: Contract, start: date
) -> None:
    """Refuse to take from licensees of sublicences, as of a day that is past, without them."""
    silent = licensees_of(state, body.falling(state), start)
    silent = silent.difference(standing_for(state, event.signers))
    if silent:
        raise Backdated(
            f"it would change from {start} on what {', '.join(sorted(silent))} got below it: they"
            " confirm that (`consents`), or it has effect from today",
            positions=(contract.position,),
            subjects=silent,
            pointer="/body/changes",
            step=joining("/body/consents", body.consents, silent, "unconfirmed"),
        )


def _must_be_in_form(body: TermsAmended, contract: Contract) -> None:
    if FORMS.index(body.form) < FORMS.index(contract.terms_event.form):
        raise AmendForm(
            f"{body.contract} was made as {contract.terms_event.form}, not as {body.form}",
            positions=(contract.position,),
            subjects=(body.contract,),
            step=Step(
                {"form": contract.terms_event.form},
                change={"/body/form": contract.terms_event.form},
            ),
        )


@admits(CorrectionRecorded)
def _admit_corrected(
    body: CorrectionRecorded, state: State, context: Context, event: Event
) -> None:
    """Refuse a correction that not all sign, or that leaves nothing of what it corrects."""
    contract = require_known(state, body.contract, Contract)
    must_not_have_ended(body.contract, contract, context)
    if body.corrects != contract.payload_hash:
        raise PredecessorUnknown(
            f"{body.corrects} did not make {body.contract}",
            positions=(contract.position,),
            subjects=(body.contract,),
            step=Step(
                {"subject": body.contract, "hash": contract.payload_hash},
                case="event",
                change={"/body/corrects": contract.payload_hash},
            ),
        )
    meant = frozenset(body.parties_meant)
    must_be_all(state, replace(contract, parties=contract.parties | meant), body.parties)
    _must_be_confirmed_below(state, event, body, contract, contract.effective_from)
    _must_leave_something(body, contract, meant)
    paid = Since(contract.effective_from, "/body/changes")
    must_leave_what_is_shared(state, event, body, contract, paid, context)
    _must_not_reach_before(state, event, body, contract, context)
    must_end_in_the_past_for_all(state, event, body, contract, context)
    must_be_allowed(state, event, body, replace(contract, parties=meant), context)


def _must_not_reach_before(
    state: State, event: Event, body: CorrectionRecorded, contract: Contract, context: Context
) -> None:
    """Refuse what the contract could not have said: of days before it, or to another's loss."""
    told, parties = {"contract": body.contract}, body.parties_meant
    signing = standing_for(state, event.signers)
    concluded = Step(told, case="contract", instead=concluding(parties))
    for number, grant in enumerate(body.changes.grants):
        place = f"/body/changes/grants/{number}/valid_from"
        stood = contract.grants.get(grant.grant, grant).valid_from
        first = max(contract.effective_from, grant.valid_from)
        if grant.valid_from < min(contract.effective_from, stood):
            raise Backdated(
                f"{body.contract} has effect from {contract.effective_from}, and no grant of it"
                f" from {grant.valid_from}",
                positions=(contract.position,),
                pointer=place,
                step=Step(
                    {"today": contract.effective_from},
                    case="defeats",
                    change={place: contract.effective_from.isoformat()},
                ),
            )
        must_be_on_filed_rights(state, grant, {place: first})
        deed = {f"/body/changes/grants/{number}/rights": contract.terms_event.concluded_on}
        must_be_on_filed_rights(state, grant, deed, concluded)
        since = Since(first, place, narrows(grant, contract.grants.get(grant.grant)))
        must_not_reach_behind(state, grant, since, signing, context, body.reason)


def _must_leave_something(
    body: CorrectionRecorded, contract: Contract, meant: frozenset[str]
) -> None:
    before = objects_of(contract.grants.values())
    after = objects_of(_granted(contract, body.changes).values())
    other_object = bool(before) and before.isdisjoint(after)
    other_parties = contract.parties != meant
    nobody_stays = contract.parties.isdisjoint(meant)
    if (other_parties and other_object) or (nobody_stays and before != after):
        raise CorrectionRewrites(
            f"nothing of {body.contract} would remain",
            positions=(contract.position,),
            subjects=(body.contract,),
            step=Step(instead=concluding(meant)),
        )


def _granted(contract: Contract, changes: Changes) -> Mapping[str, Grant]:
    grants = {**contract.grants, **{grant.grant: grant for grant in changes.grants}}
    return {name: grant for name, grant in grants.items() if name not in changes.grants_ended}


@evolves(KIND, TermsAmended)
def _evolve_amended(body: TermsAmended, logged: Logged, value: Contract) -> Contract:
    waits = body.effective_upon == "registration"
    return value.changed_by(
        Change(
            version=value.version + 1,
            position=logged.position,
            payload_hash=logged.event.payload_hash,
            agreed_from=body.effective_from,
            effective_from=None if waits else body.effective_from,
            changes=body.changes,
        )
    )


@evolves(KIND, CorrectionRecorded)
def _evolve_corrected(body: CorrectionRecorded, logged: Logged, value: Contract) -> Contract:
    start = min(value.terms_event.concluded_on, value.effective_from)
    change = Change(
        value.version + 1, logged.position, logged.event.payload_hash, start, start, body.changes
    )
    return replace(value.changed_by(change), parties=frozenset(body.parties_meant))


@evolves("right", TermsAmended, CorrectionRecorded)
@evolves("technology", TermsAmended, CorrectionRecorded)
def _evolve_regranted(body: ContractChanged, logged: Logged, value: E, subject: str) -> E:
    """Return the thing with the changed grants in the place of those that they replace.

    What ended takes what was granted under it along; what was changed does not.
    """
    day = legal_day(logged.accepted)
    start = body.effective_from if isinstance(body, TermsAmended) else None
    head = next((held.head for held in value.grants.of(body.contract)), None)
    ended = (f"{body.contract}#{name}" for name in body.changes.grants_ended)
    value = ended_from(value, ended, start or date.min)
    value = replaced_from(
        value, (f"{body.contract}#{grant.grant}" for grant in body.changes.grants), start
    )
    held = []
    for grant in body.changes.grants:
        if subject in grant.objects and grant.option_until is None:
            first = grant.valid_from if start is None else max(start, grant.valid_from)
            dated = grant.model_copy(update={"valid_from": first})
            held.append(held_grant(dated, body.contract, head, logged.position, day))
    return with_grants(value, held)
