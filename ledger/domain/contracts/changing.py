"""
What a change makes of a contract, held to the rules by which a contract is concluded.

An amendment and a correction say nothing that a contract could not say: who signs them, in what
form and from which day stands in `amendment`.
"""

from collections.abc import Iterable
from datetime import date
from typing import Annotated

from ledger.domain.contracts.clauses import (
    must_end_when_cut_short,
    must_end_with_the_contract,
    must_let_out,
)
from ledger.domain.contracts.consent import consenting
from ledger.domain.contracts.contract import (
    Contract,
    absent_from,
    concluding,
    must_be_bought_by_the_state,
)
from ledger.domain.contracts.contract_terms import (
    Changes,
    ConsentId,
    ContractId,
    Grant,
    ObjectIds,
    Terms,
    TermsVersion,
    changed,
    read_by,
)
from ledger.domain.contracts.granting import (
    Placed,
    held_grant,
    must_be_owner,
    must_not_conflict,
    same_know_how,
)
from ledger.domain.contracts.lawful import must_be_lawful
from ledger.domain.contracts.losing import (
    PastAct,
    losing_by,
    must_be_confirmed_by_all,
    must_take_nothing,
    sharing_in,
    takes_from_shares,
)
from ledger.domain.contracts.sublicence import contracts_above, must_lie_within, sublicences_below
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened
from ledger.domain.core.event import Event
from ledger.domain.core.existence import PredecessorUnknown, require_days, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step
from ledger.domain.core.types import DISTINCT, FROM_LIST, PartyId, PartyIds, legal_day
from ledger.domain.parties.party import standing_for
from ledger.domain.parties.signature_refusals import SignerMissing, WrongSigner
from ledger.domain.rights.backdating import Backdated, Since


class ContractChanged(Body):
    """What an amendment and a correction say alike. Never an event itself."""

    SUBJECTS = "contract parties/* rights/* consents/*"
    SIGNERS = "parties/* consents/*"
    COMMITS = (
        "sum:changes/price rate:changes/royalty_ppm royalty:changes/royalty"
        " grant:changes/grants/* term:changes/effective_to term:changes/renewal"
    )
    OPPOSED = "parties/* changes/grants/*:licensor~licensee consents/*~changes/grants/*/licensee"

    contract: ContractId
    """The contract, or the sublicence, that is changed."""
    parties: PartyIds
    """Who signs: all parties, of a correction those that it named and those that were meant."""
    changes: Changes
    """The members of the terms that are replaced, at least one; what is not named stays as it
    was (Civil Code arts. 403, 421)."""
    rights: ObjectIds
    """Exactly the rights and technologies that the grants named in `changes` are on, before and
    after; empty where none is named."""
    consents: Annotated[tuple[PartyId, ...], FROM_LIST, DISTINCT] = ()
    """Others who agree and sign too: co-owners, licensees of exclusive grants and, for a day
    that is past, those who lose by it."""
    consents_given: Annotated[tuple[ConsentId, ...], FROM_LIST, DISTINCT] = ()
    """Consents on record (`consent.given/1`) by which others agree, in place of their
    signature."""

    def reads(self, state: State) -> Iterable[str]:
        """Return the consents on record, what changed grants are on, and the contract above."""
        contract = state.get(self.contract)
        if isinstance(contract, Contract) and contract.head is not None:
            head = contract.head.partition("#")[0]
            yield head
            yield from contracts_above(state, head)
        yield from self.consents_given
        yield from self.falling(state)
        if isinstance(contract, Contract):
            terms = changed(contract.newest, self.changes)
            yield from read_by(terms)
            yield from same_know_how(state, objects_of(terms.grants))
            yield from contract.shares.values()

    def falling(self, state: State) -> Iterable[str]:
        """Return the sublicences below what the change ends or touches."""
        touched = {grant.grant for grant in self.changes.grants}.union(self.changes.grants_ended)
        shorter = "effective_to" in self.changes.model_fields_set
        return sublicences_below(state, self.contract, None if shorter else touched)

    @property
    def said_on(self) -> date | None:
        """Return the day of which the parties say that they agreed on it, if they do."""
        return None

    @property
    def waits(self) -> bool | None:
        """Whether it waits for a certificate of its own; None if it cannot."""
        return None

    @property
    def why_late(self) -> str | None:
        """Return why it says only now what had effect before, if it says so."""
        return None


class RightsNotNamed(Refusal):
    """What changes or ends grants names exactly the rights and technologies that these are on."""

    code = "RIGHTS_NOT_NAMED"
    members = ("rights",)
    title_vi = "Sự kiện không nêu đúng các quyền và công nghệ mà phần cấp quyền bị thay đổi"


def must_name(objects: Iterable[str], expected: frozenset[str], contract: Contract) -> None:
    """Refuse an event that names other things than those whose grants it changes or ends."""
    named = frozenset(objects)
    if named != expected:
        raise RightsNotNamed(
            f"the grants that change are on {', '.join(sorted(expected)) or 'nothing'}",
            positions=(contract.position,),
            subjects=named ^ expected,
            step=Step(
                {"objects": ", ".join(sorted(expected)) or "nothing"},
                change={"/body/rights": sorted(expected)},
            ),
        )


def must_end_in_the_past_for_all(
    state: State, event: Event, body: ContractChanged, contract: Contract, context: Context
) -> None:
    """Refuse to move the end to a sooner day that is past, as an end in the past is refused."""
    day, stood = changed(contract.newest, body.changes).runs_to, contract.over_from
    if day is None or day >= legal_day(context.accepted) or (stood is not None and stood <= day):
        return
    end = PastAct(
        subject=body.contract,
        contract=contract,
        since=Since(day, "/body/changes/effective_to", frees=True),
        place="/body/changes",
        reason=body.why_late,
        member="/body/consents",
        joined=body.consents,
        signing=standing_for(state, event.signers),
    )
    with if_opened(context, Backdated):
        must_be_confirmed_by_all(end, losing_by(state, end, context), context)
    must_take_nothing(state, end, body.rights, context)


def must_leave_what_is_shared(
    state: State,
    event: Event,
    body: ContractChanged,
    contract: Contract,
    since: Since,
    context: Context,
) -> None:
    """Refuse to pay less as of a day that is past without those who share in it."""
    act = PastAct(
        subject=body.contract,
        contract=contract,
        since=since,
        place="/body/changes",
        reason=body.why_late,
        member="/body/consents",
        joined=body.consents,
        signing=standing_for(state, event.signers),
        does="leave less to share from",
    )
    with if_opened(context, Backdated):
        if contract.shares and takes_from_shares(act, body.changes, context):
            must_be_confirmed_by_all(act, sharing_in(state, contract, context), context)


def objects_of(grants: Iterable[Grant]) -> frozenset[str]:
    """Return what grants are on."""
    return frozenset(item for grant in grants for item in grant.objects)


def must_be_allowed(
    state: State, event: Event, body: ContractChanged, contract: Contract, context: Context
) -> None:
    """Hold changed grants to the rules of grants, and the event to the rights that they are on."""
    unknown = set(body.changes.grants_ended) - contract.grants.keys()
    if unknown:
        raise PredecessorUnknown(
            f"{body.contract} has no grant {', '.join(sorted(unknown))}",
            positions=(contract.position,),
            pointer="/body/changes/grants_ended",
            step=Step(
                {"names": ", ".join(sorted(contract.grants)) or "none"},
                case="grants",
                change={
                    "/body/changes/grants_ended": sorted(
                        contract.grants.keys() & body.changes.grants_ended
                    )
                },
            ),
        )
    terms, place = changed(contract.newest, body.changes), "/body/changes"
    must_let_out(terms.exits, contract.parties, f"{place}/exits")
    if "effective_to" in body.changes.model_fields_set:
        require_days(contract.effective_from, terms.effective_to, f"{place}/effective_to")
    must_end_with_the_contract(terms.grants, terms.effective_to, f"{place}/effective_to")
    must_end_when_cut_short(body.changes.grants, contract.cut_short, f"{place}/grants")
    touched = {grant.grant for grant in body.changes.grants}.union(body.changes.grants_ended)
    before = (grant for name, grant in contract.grants.items() if name in touched)
    must_name(body.rights, objects_of((*before, *body.changes.grants)), contract)
    for grant in terms.grants:
        _must_be_between(body, contract, grant)
    must_be_bought_by_the_state(state, contract.terms_event, terms.grants, f"{place}/grants")
    stood = [*contract.grants.values()]
    if contract.head is not None:
        above, _, name = contract.head.partition("#")
        stood.extend(filter(None, [require_known(state, above, Contract).grants.get(name)]))
    must_be_lawful(state, _version(body, contract, terms), context, stood)
    for grant in body.changes.grants:
        _must_be_given(state, event, body, contract, grant, context)


def _must_be_between(body: ContractChanged, contract: Contract, grant: Grant) -> None:
    """Refuse a grant that binds one who is no party, and one in the name of the State."""
    if absent := absent_from(grant, contract.parties):
        raise SignerMissing(
            f"grant {grant.grant} binds one who is no party",
            positions=(contract.position,),
            subjects=absent,
            step=Step(case="newcomer", instead=concluding({*contract.parties, *absent})),
        )
    stood = contract.grants.get(grant.grant)
    if grant.exclusivity == "compulsory" and (stood is None or stood.exclusivity != "compulsory"):
        kind = "non_exclusive" if stood is None else stood.exclusivity
        number = body.changes.grants.index(grant)
        raise WrongSigner(
            "only the State grants a compulsory licence",
            positions=(contract.position,),
            subjects=(grant.licensor,),
            pointer=f"/body/changes/grants/{number}/exclusivity",
            step=Step(
                {"kind": kind},
                case="compulsory",
                change={f"/body/changes/grants/{number}/exclusivity": kind},
            ),
        )


def _version(body: ContractChanged, contract: Contract, terms: Terms) -> TermsVersion:
    """Return what a change makes of a contract, as the law judges it."""
    upon = contract.terms_event.effective_upon
    acts = {"permit": contract.permitted, "registration": contract.registered}
    if acts.get(upon, contract.position) is not None:  # No act is awaited that will see the change.
        upon = "registration" if body.waits else "day"
    return TermsVersion(
        said=contract.terms_event,
        kind=contract.kind,
        upon=upon,
        terms=terms,
        told=body.changes,
        grants=terms.grants,
        new=body.changes.grants,
        before=tuple(contract.grants.values()),
        said_on=body.said_on,
        place="/body/changes",
        may_wait=() if body.waits is None else ("registration",),
        instead=concluding(contract.parties),
        positions=(contract.position,),
    )


def _must_be_given(
    state: State,
    event: Event,
    body: ContractChanged,
    contract: Contract,
    grant: Grant,
    context: Context,
) -> None:
    signers, today = standing_for(state, event.signers), legal_day(context.accepted)
    agreed = consenting(state, body.consents_given, grant.licensor, "licence", today)
    held = held_grant(grant, body.contract, contract.head, context.position, today)
    place = f"/body/changes/grants/{body.changes.grants.index(grant)}"
    at = Placed(grant, place, body.consents)
    if contract.head is None:
        must_be_owner(state, at, signers, agreed)
    else:
        above, _, name = contract.head.partition("#")
        head = require_known(state, above, Contract)
        if name not in head.grants:
            raise PredecessorUnknown(
                f"{above} has no grant {name} any more, under which {body.contract} passes on",
                positions=(head.position, *(change.position for change in head.changes)),
                subjects=(body.contract,),
                step=Step(case="head", instead=concluding(contract.parties)),
            )
        must_lie_within(state, grant, held.box, head.grants[name], head, place)
    require_days(grant.valid_from, grant.valid_to, f"{place}/valid_to")
    must_not_conflict(state, at, held, signers, agreed, context)
