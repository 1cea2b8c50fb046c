"""
What brings a contract into force: its conditions, the parties' word, and options taken up.

Read in this order: events, refusals, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import ClassVar

from ledger.domain.contracts.amendment import must_be_all
from ledger.domain.contracts.approval import must_be_approved
from ledger.domain.contracts.contract import KIND, Change, Contract, must_not_have_ended
from ledger.domain.contracts.contract_terms import Changes, ConditionId, ContractId, Grant
from ledger.domain.contracts.granting import (
    Placed,
    held_grant,
    must_be_on_filed_rights,
    must_not_conflict,
    must_not_reach_behind,
    same_know_how,
)
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import (
    PredecessorUnknown,
    not_in_future,
    require_days,
    require_known,
)
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Other, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import Day, PartyId, PartyIds, Sha256, legal_day
from ledger.domain.parties.party import standing_for
from ledger.domain.rights.backdating import Since
from ledger.domain.rights.estate import E, with_grants


class ConditionMet(Body):
    """The parties declare that a condition precedent has come about."""

    TOPIC: ClassVar[str] = "condition.met/1"
    TITLE = "Condition met"
    TITLE_VI = "Điều kiện đã thành"
    SUBJECTS = "contract parties/*"
    SIGNERS = "parties/*"
    OPPOSED = "parties/*"

    contract: ContractId
    """The contract that waits for it."""
    condition: ConditionId
    """The condition, by its short name in the contract."""
    met_on: Day
    """Legal day on which it came about, not one to come."""
    parties: PartyIds
    """All parties of the contract, who sign."""
    document_sha256: Sha256 | None
    """SHA-256 of a document that shows it; null: there is none."""


class ContractInForce(Body):
    """The parties mark the contract in force between them from a day on (TTL art. 24)."""

    TOPIC: ClassVar[str] = "contract.in_force/1"
    TITLE = "Contract in force"
    TITLE_VI = "Hợp đồng có hiệu lực"
    SUBJECTS = "contract parties/*"
    SIGNERS = "parties/*"
    OPPOSED = "parties/*"

    contract: ContractId
    """The contract, all conditions of which are met (`condition.met/1`)."""
    in_force_from: Day
    """First legal day of its force: not before the permit or certificate that it waits for."""
    parties: PartyIds
    """All parties of the contract, who sign."""


class OptionExercised(Body):
    """A licensee took up a grant that it had an option on; `grant` is what it becomes."""

    TOPIC: ClassVar[str] = "option.exercised/1"
    TITLE = "Option exercised"
    TITLE_VI = "Thực hiện quyền chọn"
    SUBJECTS = "contract exercised_by grant/rights/* grant/technologies/*"
    SIGNERS = "exercised_by"
    OPPOSED = "exercised_by~grant/licensor"

    contract: ContractId
    """The contract that has the option."""
    grant: Grant
    """The grant as it was offered, but without `option_until`, and from the later of its
    `valid_from` and `exercised_on`."""
    exercised_by: PartyId
    """The licensee of the option."""
    exercised_on: Day
    """Legal day on which it is exercised: `option_until` at the latest, and not one to come."""

    def reads(self, state: State) -> Iterable[str]:
        """Return what is the same know-how by another name."""
        return same_know_how(state, self.grant.objects)


class ConditionOpen(Refusal):
    """A contract is in force only when its conditions have come about."""

    code = "CONDITION_OPEN"
    title_vi = "Điều kiện để hợp đồng có hiệu lực chưa được đáp ứng"
    article = "Bộ luật Dân sự, Điều 120"


class OptionNotOpen(Refusal):
    """An option is taken up once, by whom it was given to, up to its last day."""

    code = "OPTION_NOT_OPEN"
    title_vi = "Quyền chọn không tồn tại, đã được thực hiện hoặc đã hết hạn"


@admits(ConditionMet)
def _admit_condition(body: ConditionMet, state: State, context: Context) -> None:
    """Refuse a condition that the contract does not have, and one that not all call met."""
    contract = require_known(state, body.contract, Contract)
    must_not_have_ended(body.contract, contract, context)
    must_be_all(state, contract, body.parties)
    if body.condition not in {item.condition for item in contract.terms_event.conditions}:
        raise PredecessorUnknown(
            f"{body.contract} has no condition {body.condition}",
            positions=(contract.position,),
            pointer="/body/condition",
            step=Step(
                {
                    "names": ", ".join(item.condition for item in contract.terms_event.conditions)
                    or "none"
                },
                case="among",
                ask=(HERE,),
            ),
        )
    not_in_future(context.accepted, met_on=body.met_on)


@admits(ContractInForce)
def _admit_in_force(body: ContractInForce, state: State, context: Context) -> None:
    """Refuse to mark in force what waits for a condition, a permit or a registration."""
    contract = require_known(state, body.contract, Contract)
    must_not_have_ended(body.contract, contract, context)
    must_be_all(state, contract, body.parties)
    must_be_approved(
        body.contract,
        contract.terms_event.effective_upon,
        (contract.permitted, contract.registered),
        contract.position,
        body.in_force_from,
    )
    open_ones = {
        item.condition for item in contract.terms_event.conditions
    } - contract.conditions_met
    if open_ones:
        raise ConditionOpen(
            f"not met: {', '.join(sorted(open_ones))}",
            positions=(contract.position,),
            subjects=(body.contract,),
            step=_declaring(body, sorted(open_ones)),
        )


def _declaring(body: ContractInForce, conditions: list[str]) -> Step:
    said = {"contract": body.contract, "parties": sorted(body.parties)}
    met = (Other(ConditionMet.TOPIC, {**said, "condition": each}) for each in conditions)
    return Step({"conditions": ", ".join(conditions)}, first=tuple(met))


@admits(OptionExercised)
def _admit_option(body: OptionExercised, state: State, context: Context, event: Event) -> None:
    """Refuse an option that is not there or over, and a grant that others' exclusivity forbids."""
    contract = require_known(state, body.contract, Contract)
    must_not_have_ended(body.contract, contract, context)
    not_in_future(context.accepted, exercised_on=body.exercised_on)
    _must_be_open(contract, body)
    days = {
        "/body/exercised_on": body.exercised_on,
        "/body/grant/valid_from": body.grant.valid_from,
    }
    must_be_on_filed_rights(state, body.grant, days)
    signers = standing_for(state, event.signers)
    since = Since(body.grant.valid_from, "/body/grant/valid_from")
    must_not_reach_behind(state, body.grant, since, signers, context, "an option taken up")
    today = legal_day(context.accepted)
    held = held_grant(body.grant, body.contract, contract.head, context.position, today)
    require_days(body.grant.valid_from, body.grant.valid_to, "/body/grant/valid_to")
    at = Placed(body.grant, "/body/grant", None, body.contract)
    must_not_conflict(state, at, held, signers, {}, context)


def exercised(grant: Grant, day: date) -> Grant:
    """Return the grant that an option becomes when it is exercised on a day."""
    return grant.model_copy(update={"option_until": None, "valid_from": max(grant.valid_from, day)})


def _must_be_open(contract: Contract, body: OptionExercised) -> None:
    option = contract.grants.get(body.grant.grant)
    until = None if option is None else option.option_until
    if option is None or until is None or body.exercised_on > until:
        raise OptionNotOpen(
            f"no option on {body.grant.grant} is open on {body.exercised_on}",
            positions=(contract.position,),
            subjects=(body.contract,),
            step=Step(instead=_amending(contract, body)),
        )
    if (body.exercised_by, body.grant) != (option.licensee, exercised(option, body.exercised_on)):
        raise OptionNotOpen(
            f"{option.licensee} may take up {body.grant.grant} as it was offered",
            positions=(contract.position,),
            subjects=(body.contract,),
            step=Step(
                {"who": option.licensee},
                case="terms",
                change={
                    "/body/exercised_by": option.licensee,
                    "/body/grant": exercised(option, body.exercised_on).model_dump(mode="json"),
                },
            ),
        )


def _amending(contract: Contract, body: OptionExercised) -> Other:
    """Return the amendment by which the parties agree on what was no option any more."""
    grant, before = body.grant, contract.grants.get(body.grant.grant)
    return Other(
        "terms.amended/1",
        {
            "contract": body.contract,
            "parties": sorted(contract.parties),
            "changes": {"grants": [grant.model_dump(mode="json")]},
            "rights": sorted({*grant.objects, *(before.objects if before else ())}),
        },
    )


@evolves(KIND, ConditionMet)
def _evolve_condition(body: ConditionMet, _logged: Logged, value: Contract) -> Contract:
    return replace(value, conditions_met=value.conditions_met | {body.condition})


@evolves(KIND, ContractInForce)
def _evolve_in_force(body: ContractInForce, _logged: Logged, value: Contract) -> Contract:
    return replace(value, declared_in_force_on=body.in_force_from)


@evolves(KIND, OptionExercised)
def _evolve_option(body: OptionExercised, logged: Logged, value: Contract) -> Contract:
    """Return the contract with the grant in force: an option taken up is a change of terms."""
    day, changes = body.exercised_on, Changes(grants=(body.grant,))
    return value.changed_by(
        Change(value.version + 1, logged.position, logged.event.payload_hash, day, day, changes)
    )


@evolves("right", OptionExercised)
@evolves("technology", OptionExercised)
def _evolve_taken_up(body: OptionExercised, logged: Logged, value: E) -> E:
    day = legal_day(logged.accepted)
    held = held_grant(body.grant, body.contract, None, logged.position, day)
    return with_grants(value, [held])
