"""
A sublicence: a licensee passes on what was granted to it, within its head grant on every side.

It ends when the head ends, unless the head grant lets it live on as a licence by the head licensor.
Refusals come in the order in which they are defined here, existence and contents first.
Read in this order: events, refusals, admit, evolve.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any, ClassVar

from pydantic import model_validator

from ledger.domain.contracts.clauses import must_let_out
from ledger.domain.contracts.consent import consenting
from ledger.domain.contracts.contract import (
    KIND,
    Contract,
    agreed_to,
    concluding,
    must_not_have_ended,
)
from ledger.domain.contracts.contract_terms import (
    AgreedTerms,
    ContractId,
    Grant,
    GrantId,
    first_terms,
    reason_of,
    version_of,
)
from ledger.domain.contracts.granting import (
    Placed,
    box_of,
    held_grant,
    must_be_on_filed_rights,
    must_not_conflict,
    must_not_reach_behind,
    same_know_how,
)
from ledger.domain.contracts.lawful import must_be_lawful
from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.dated_law import law_day
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import (
    PredecessorUnknown,
    last_day,
    not_in_future,
    require_days,
    require_known,
    require_new,
)
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, NONE, Other, Step, listed
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.scope import Box
from ledger.domain.core.types import PartyId, legal_day
from ledger.domain.parties.party import standing_for
from ledger.domain.parties.relation import relations_between
from ledger.domain.rights.backdating import Since, must_be_confirmed
from ledger.domain.rights.estate import E, with_grants


class SublicenceGranted(AgreedTerms):
    """A licensee passed on what its head grant lets it pass on (IP Law art. 142)."""

    TOPIC: ClassVar[str] = "sublicence.granted/1"
    TITLE = "Sublicence granted"
    TITLE_VI = "Cấp li-xăng thứ cấp"
    SUBJECTS = (
        "contract head_contract sublicensor sublicensee consent_by consents/* grant/rights/*"
        " grant/technologies/*"
    )
    SIGNERS = "sublicensor sublicensee consent_by consents/*"
    COMMITS = (
        "sum:price rate:royalty_ppm royalty:royalty?renewal"
        " royalty:royalty:grant/valid_from~grant/valid_to?!renewal grant:grant"
    )
    OPPOSED = (
        "sublicensor~sublicensee consent_by~sublicensor consent_by~sublicensee"
        " consents/*~sublicensor consents/*~sublicensee"
    )

    head_contract: ContractId
    """The contract under which the sublicensor has what it passes on."""
    head_grant: GrantId
    """The grant that is passed on, by its short id in the head contract."""
    sublicensor: PartyId
    """Who passes it on: the licensee of the head grant."""
    sublicensee: PartyId
    """Who may use by it."""
    consent_by: PartyId | None
    """The head licensor, who agrees by signing too; null: it agrees elsewhere (`consents`,
    `consents_given`), or need not."""
    grant: Grant
    """What is granted, by the sublicensor to the sublicensee, within the head grant on every
    side."""

    @model_validator(mode="after")
    def _well_formed(self) -> "SublicenceGranted":
        if (self.grant.licensor, self.grant.licensee) != (self.sublicensor, self.sublicensee):
            raise ValueError(
                f"the grant is from {self.sublicensor} to {self.sublicensee}, "
                f"not from {self.grant.licensor} to {self.grant.licensee}"
            )
        if self.grant.exclusivity == "compulsory":
            raise ValueError(
                f"only the State grants a compulsory licence, as {self.grant.grant} is"
            )
        if self.contract == self.head_contract:
            raise ValueError(f"a sublicence is a contract of its own, not {self.contract} again")
        return self

    def reads(self, state: State) -> Iterable[str]:
        """Return what the terms refer to, and the contracts above the head."""
        alike = same_know_how(state, self.grant.objects)
        return (*self.referred(), *contracts_above(state, self.head_contract), *alike)

    def head(self) -> str:
        """Return the ref of the grant that the sublicence sits under."""
        return f"{self.head_contract}#{self.head_grant}"


def contracts_above(state: State, head: str) -> Iterable[str]:
    """Return the contracts above a head contract, as far as `state` tells."""
    contract = state.get(head)
    while isinstance(contract, Contract) and contract.head is not None:
        above = contract.head.partition("#")[0]
        yield above
        contract = state.get(above)


def sublicences_below(
    state: State, subject: str, grants: Collection[str] | None = None
) -> Iterator[str]:
    """Yield the sublicences that fall with a contract, or with these of its grants, at any depth.

    As far as `state` tells; those that a direct licence lets live on are none.
    """
    contract = state.get(subject)
    if isinstance(contract, Contract):
        for sublicence, name in contract.below.items():
            grant = contract.grants.get(name)
            if (grants is None or name in grants) and not (grant and grant.direct_licence):
                yield sublicence
                yield from sublicences_below(state, sublicence)


def licensees_of(state: State, sublicences: Iterable[str], day: date) -> frozenset[str]:
    """Return the licensees of sublicences that have not ended by a day."""
    found = (require_known(state, each, Contract) for each in sublicences)
    running = (each for each in found if each.ended is None or each.ended > day)
    return frozenset[str]().union(*(each.licensees() for each in running))


class SublicenceNoRight(Refusal):
    """A licence is passed on only as its head grant allows, and by whom it was given to."""

    code = "SUBLICENCE_NO_RIGHT"
    members = ("head_grant",)
    title_vi = "Bên cấp thứ cấp không có quyền chuyển giao quyền sử dụng cho bên thứ ba"
    article = "Luật Sở hữu trí tuệ, Điều 142"


class SublicenceOfCompulsory(Refusal):
    """Anyone who uses by decision of the State passes nothing on."""

    code = "SUBLICENCE_OF_COMPULSORY"
    members = ("head_grant",)
    title_vi = "Quyền sử dụng theo quyết định bắt buộc không được chuyển giao lại cho người khác"
    article = "Luật Sở hữu trí tuệ, Điều 146(1)(c)"


class SublicenceDepth(Refusal):
    """No more tiers stand under a grant than it allows."""

    code = "SUBLICENCE_DEPTH"
    members = ("grant",)
    title_vi = "Số cấp li-xăng thứ cấp vượt quá mức cho phép"
    article = "Luật Sở hữu trí tuệ, Điều 142"


class SublicenceLonger(Refusal):
    """A sublicence ends no later than its head grant."""

    code = "SUBLICENCE_LONGER"
    members = ("grant",)
    title_vi = "Thời hạn của hợp đồng thứ cấp dài hơn hợp đồng gốc"
    article = "Luật Sở hữu trí tuệ, Điều 142"


class BeyondOwnGrant(Refusal):
    """Nobody passes on more than was granted to them."""

    code = "BEYOND_OWN_GRANT"
    members = ("grant",)
    title_vi = "Phạm vi chuyển giao vượt quá phạm vi được cấp"
    article = "Luật Chuyển giao công nghệ, Điều 7"


@admits(SublicenceGranted)
def _admit_sublicence(
    body: SublicenceGranted, state: State, context: Context, event: Event
) -> None:
    """Refuse a sublicence that its head grant does not allow, or does not contain."""
    require_new(state, body.contract)
    contract = require_known(state, body.head_contract, Contract)
    head = contract.grants.get(body.head_grant)
    if head is None:
        raise PredecessorUnknown(
            f"{body.head_contract} has no grant {body.head_grant}",
            positions=(contract.position,),
            subjects=(body.head_contract,),
            pointer="/body/head_grant",
            step=Step({"names": listed(contract.grants) or NONE}, case="among", ask=(HERE,)),
        )
    must_let_out(body.exits, (body.sublicensor, body.sublicensee))
    _must_all_run(state, body.head_contract, contract, context)
    not_in_future(context.accepted, concluded_on=body.concluded_on)
    version = version_of(body, "sublicence", (body.grant,))
    must_be_lawful(state, version, context, (head,))
    _must_be_allowed(state, body, head, contract, law_day(context.accepted))
    _must_be_deep_enough(state, body, contract)
    require_days(body.grant.valid_from, body.grant.valid_to, "/body/grant/valid_to")
    today = legal_day(context.accepted)
    held = held_grant(body.grant, body.contract, body.head(), context.position, today)
    must_lie_within(state, body.grant, held.box, head, contract, "/body/grant")
    signers, reason = standing_for(state, event.signers), reason_of(body.confirms)
    start = body.grant.valid_from
    must_be_on_filed_rights(
        state,
        body.grant,
        {"/body/concluded_on": body.concluded_on, "/body/grant/valid_from": start},
    )
    must_be_confirmed(
        body.contract, reason, context, concluded_on=body.concluded_on, valid_from=start
    )
    since = Since(start, "/body/grant/valid_from")
    must_not_reach_behind(state, body.grant, since, signers, context, reason)
    agreed = agreed_to(state, body, body.sublicensor, context)
    at = Placed(body.grant, "/body/grant", body.consents)
    must_not_conflict(state, at, held, signers, agreed, context)


def _must_all_run(state: State, subject: str, contract: Contract, context: Context) -> None:
    """Refuse to pass on what has ended, at any tier above that does not let it live on."""
    must_not_have_ended(subject, contract, context)
    while contract.head is not None:
        subject, _, name = contract.head.partition("#")
        contract = require_known(state, subject, Contract)
        grant = contract.grants.get(name)
        if grant is not None and grant.direct_licence:
            return
        must_not_have_ended(subject, contract, context)


def _must_be_allowed(
    state: State, body: SublicenceGranted, head: Grant, contract: Contract, day: date
) -> None:
    """Refuse without leave: of the head licensor, by signature or by a consent on record."""
    at = (contract.position,)
    if head.exclusivity == "compulsory":
        raise SublicenceOfCompulsory(
            f"{body.head()} was granted by the State",
            positions=at,
            step=Step({"who": head.licensor}),
        )
    if body.sublicensor != head.licensee:
        holder = {"/body/sublicensor": head.licensee, "/body/grant/licensor": head.licensee}
        raise SublicenceNoRight(
            f"{body.head()} was granted to {head.licensee}",
            positions=at,
            step=Step({"who": head.licensee}, case="holder", change=holder),
        )
    if head.sublicensing == "no":
        raise SublicenceNoRight(
            f"{body.head()} is not to be passed on",
            positions=at,
            step=_allowing(body, head, contract),
        )
    if head.sublicensing == "free" or head.licensor in (body.consent_by, *body.consents):
        return
    if head.sublicensing == "affiliates" and _affiliated(state, body, day):
        return
    ahead = consenting(state, body.consents_given, body.sublicensor, "sublicence", day)
    if head.licensor not in ahead.get(body.head(), ()):
        raise SublicenceNoRight(
            f"{body.head()} is passed on with consent by {head.licensor}",
            positions=at,
            step=Step({"who": head.licensor}, change={"/body/consent_by": head.licensor}),
        )


def _allowing(body: SublicenceGranted, head: Grant, contract: Contract) -> Step:
    """Return the step of amending the head contract, so that its grant may be passed on."""
    grant = head.model_copy(update={"sublicensing": "free"}).model_dump(mode="json")
    amended = {
        "contract": body.head_contract,
        "parties": sorted(contract.parties),
        "changes": {"grants": [grant]},
        "rights": sorted(head.objects),
    }
    return Step({"who": head.licensor}, case="never", first=(Other("terms.amended/1", amended),))


_AFFILIATED = frozenset({"parent_subsidiary", "same_control", "branch"})
"""Relations within one group. The State's capital, an evaluator or a family make none."""


def _affiliated(state: State, body: SublicenceGranted, day: date) -> bool:
    """Whether sublicensor and sublicensee are of one group on a day."""
    found = relations_between(state, body.sublicensor, body.sublicensee, day)
    return any(relation.kind in _AFFILIATED for relation in found)


def _must_be_deep_enough(state: State, body: SublicenceGranted, contract: Contract) -> None:
    """Refuse a tier more than one of the grants above allows."""
    below, name, above = 1, body.head_grant, contract
    while True:
        grant = above.grants.get(name)
        if grant is not None and grant.depth is not None and below > grant.depth:
            raise SublicenceDepth(
                f"tier {below} under grant {name}, which allows {grant.depth}",
                positions=(above.position, contract.position),
                step=Step(
                    {"who": grant.licensor},
                    instead=concluding({grant.licensor, body.sublicensee}),
                ),
            )
        if above.head is None:
            return
        subject, _, name = above.head.partition("#")
        above = require_known(state, subject, Contract)
        below += 1


_EXCLUDES = {"compulsory": 0, "non_exclusive": 0, "sole": 1, "exclusive": 2}
"""How many a grant keeps out: nobody, other licensees, the licensor as well."""


def must_lie_within(
    state: State, grant: Grant, own: Box, head: Grant, contract: Contract, place: str
) -> None:
    """Refuse what outlasts its head grant, or goes beyond it on another side.

    `place` is where the grant stands in the payload.
    """
    _must_end_with(state, own, head, contract, place)
    outer = box_of(head)
    if outer.outlasted_by(own):
        raise SublicenceLonger(
            f"the head grant runs to {last_day(head.valid_to)}, the sublicence to "
            f"{last_day(grant.valid_to) or 'no day'}",
            positions=(contract.position,),
            step=_ending(outer.end, place),
        )
    sides = {
        "its acts, territory, field, quantity or first day": outer.contains(own),
        "its rights": set(head.rights).issuperset(grant.rights),
        "its technologies": set(head.technologies).issuperset(grant.technologies),
        "its exclusivity": _EXCLUDES[grant.exclusivity] <= _EXCLUDES[head.exclusivity],
    }
    beyond = [side for side, within in sides.items() if not within]
    if beyond:
        raise BeyondOwnGrant(
            f"the sublicence goes beyond the head grant in {' and '.join(beyond)}",
            positions=(contract.position,),
            step=_within(grant, head, place),
        )


def _within(grant: Grant, head: Grant, place: str) -> Step:
    """Return the step that keeps a grant to its head, where it reaches beyond."""
    outer = head.model_dump(mode="json")
    kept: dict[str, Any] = {
        "acts": [act for act in grant.acts if act in head.acts] or outer["acts"],
        "rights": [each for each in grant.rights if each in head.rights],
        "technologies": [each for each in grant.technologies if each in head.technologies],
        "valid_from": max(grant.valid_from, head.valid_from).isoformat(),
    }
    if not kept["rights"] and not kept["technologies"]:
        kept |= {"rights": outer["rights"], "technologies": outer["technologies"]}
    whole, own = box_of(head), box_of(grant)
    if not whole.territory.contains(own.territory):
        kept["territory"] = outer["territory"]
    if not whole.field.contains(own.field):
        kept["field"] = outer["field"]
    if head.excluded is not None:
        kept["excluded"] = outer["excluded"]
    if head.quantity is not None:
        kept["quantity"] = min(grant.quantity or head.quantity, head.quantity)
    if _EXCLUDES[grant.exclusivity] > _EXCLUDES[head.exclusivity]:
        kept["exclusivity"] = outer["exclusivity"]
    own_words = grant.model_dump(mode="json")
    beyond = {name: value for name, value in kept.items() if value != own_words[name]}
    change = {f"{place}/{name}": value for name, value in beyond.items()}
    return Step({"sides": listed(beyond)}, change=change)


def _ending(end: date | None, place: str) -> Step:
    return Step({"last": last_day(end)}, change={f"{place}/valid_to": end and end.isoformat()})


def _must_end_with(state: State, own: Box, head: Grant, contract: Contract, place: str) -> None:
    """Refuse what outlasts the day on which a contract above ends early, or becomes void.

    A grant that gives those below it a direct licence lets them live on.
    """
    while not head.direct_licence:
        for day, position in _early_ends(contract):
            if own.end is None or own.end > day:
                raise SublicenceLonger(
                    f"a contract above runs to {last_day(day)}, the sublicence to "
                    f"{last_day(own.end) or 'no day'}",
                    positions=(contract.position, position),
                    step=_ending(day, place),
                )
        if contract.head is None:
            return
        subject, _, name = contract.head.partition("#")
        contract = require_known(state, subject, Contract)
        above = contract.grants.get(name)
        if above is None:
            return
        head = above


def _early_ends(contract: Contract) -> Iterator[tuple[date, int]]:
    """Yield the days on which a contract ends before its term, with the events that say so."""
    if contract.ended is not None and contract.ended_by is not None:
        yield contract.ended, contract.ended_by
    if contract.voided is not None:
        yield contract.voided.start, contract.voided.position


@evolves(KIND, SublicenceGranted)
def _evolve_sublicence(
    body: SublicenceGranted, logged: Logged, value: Contract | None, subject: str
) -> Contract | None:
    if subject != body.contract:
        return value and replace(value, below=value.below.insert(body.contract, body.head_grant))
    terms = first_terms(body, (body.grant,), body.grant.valid_to)
    return Contract(
        position=logged.position,
        payload_hash=logged.event.payload_hash,
        kind="sublicence",
        terms_event=body,
        first=terms,
        newest=terms,
        parties=frozenset({body.sublicensor, body.sublicensee}),
        grants={body.grant.grant: body.grant},
        effective_from=body.grant.valid_from,
        effective_to=body.grant.valid_to,
        head=body.head(),
    )


@evolves("right", SublicenceGranted)
@evolves("technology", SublicenceGranted)
def _evolve_passed_on(body: SublicenceGranted, logged: Logged, value: E) -> E:
    day = legal_day(logged.accepted)
    held = held_grant(body.grant, body.contract, body.head(), logged.position, day)
    return with_grants(value, [held])
