"""
What a licensor can give: the rules for every grant, no matter who makes it and by which event.

A grant is judged against the rights and technologies that it is on, which hold every grant that
burdens them: the licensor owns a share of each and its co-owners agree, a right is in force, lasts
as long and reaches as far, and nobody else is exclusive there (`ledger.domain.core.scope`).
Refusals come in the order in which they are defined here.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.contracts.contract_terms import Excluded, Grant
from ledger.domain.core.body import State
from ledger.domain.core.context import Context
from ledger.domain.core.existence import PredecessorUnknown, require_known
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import NONE, Other, Step, listed
from ledger.domain.core.scope import Box, HeldGrant, Hole, box, field_region, territory_region
from ledger.domain.core.types import legal_day
from ledger.domain.rights.backdating import Since, must_have_been_filed, must_not_reach_back
from ledger.domain.rights.covenant import Act, must_have_covenant_consent
from ledger.domain.rights.estate import Estate
from ledger.domain.rights.grant_index import conflicts
from ledger.domain.rights.protection import must_be_in_force, must_cover, must_outlast
from ledger.domain.rights.right import SECRETS, Right
from ledger.domain.rights.technology import Technology
from ledger.domain.rights.title import NotOwner, must_own


class CoownerConsent(Refusal):
    """A joint owner licenses with the consent of all the others, who sign too."""

    code = "COOWNER_CONSENT"
    title_vi = "Chưa có sự đồng ý của các đồng chủ sở hữu"
    article = "Luật Sở hữu trí tuệ, Điều 149; Bộ luật Dân sự, Điều 218"


class ExclusiveOverlap(Refusal):
    """An exclusive grant leaves no room for another of the same acts, place, field and time."""

    code = "EXCLUSIVE_OVERLAP"
    title_vi = "Trùng phạm vi với quyền sử dụng độc quyền"
    article = "Luật Sở hữu trí tuệ, Điều 143"


class SoleThirdGrant(Refusal):
    """Under a sole licence the licensor may use, but license nobody else."""

    code = "SOLE_THIRD_GRANT"
    title_vi = "Đã có bên nhận quyền duy nhất; không thể cấp quyền cho bên thứ ba"
    article = "Luật Sở hữu trí tuệ, Điều 143"


@dataclass(frozen=True, slots=True)
class Placed:
    """A grant, where it stands in the payload, and who consents there; None where nobody can.

    Then an amendment of the contract takes its place, to which others can consent.
    """

    grant: Grant
    pointer: str
    consents: tuple[str, ...] | None
    contract: str = ""

    def with_consent(
        self, who: Collection[str], case: str | None = None, **change: Sequence[str]
    ) -> Step:
        """Return the step of having these agree too, and of changing members of the grant."""
        told = {"who": ", ".join(sorted(who)), "refs": ", ".join(change.get("accepts", ()))}
        changes = {f"{self.pointer}/{name}": value for name, value in change.items()}
        if not who:
            return Step(told, case=case, change=changes)
        if self.consents is None:
            known_of = {"contract": self.contract, "consents": sorted(who)}
            return Step(told, case="option", instead=Other("terms.amended/1", known_of))
        changes["/body/consents"] = sorted({*self.consents, *who})
        return Step(told, case=case, change=changes)


Agreed = Mapping[str, frozenset[str]]
"""Who consented on record, by the right, technology or grant ref that they consented about."""


def must_be_on_filed_rights(
    state: State, grant: Grant, days: Mapping[str, date], step: Step | None = None
) -> None:
    """Refuse a grant on a right by an act, or for days, from before the right was filed.

    `days` are named by where they stand in the payload; another day helps, or another `step`.
    """
    for right in grant.rights:
        must_have_been_filed(right, require_known(state, right, Right), days, step)


def must_not_reach_behind(
    state: State,
    grant: Grant,
    since: Since,
    signers: Collection[str],
    context: Context,
    reason: str | None,
) -> None:
    """Refuse a grant that reaches back unconfirmed, or behind what third parties got since."""
    for right in grant.rights:
        must_not_reach_back(
            right,
            require_known(state, right, Right),
            since,
            signers=signers,
            context=context,
            reason=reason,
        )


_REACH = ("rights", "technologies", "acts", "territory", "field", "valid_from", "valid_to")


def same_know_how(state: State, objects: Iterable[str]) -> Iterator[str]:
    """Yield what is the same as these by another name: a technology, and its secret as a right."""
    for value in map(state.get, objects):
        if isinstance(value, Technology):
            yield from sorted(value.secrets)
        elif isinstance(value, Right) and value.kind in SECRETS and value.technology is not None:
            yield value.technology


def narrows(grant: Grant, stood: Grant | None) -> bool:
    """Whether a grant differs from the one that stood by its reach alone, which lies within."""
    if stood is None:
        return False
    reach = {name: getattr(stood, name) for name in (*_REACH, "excluded", "quantity")}
    return (
        grant.model_copy(update=reach) == stood
        and set(grant.objects) <= set(stood.objects)
        and box_of(stood).contains(box_of(grant))
    )


def must_be_owner(state: State, at: Placed, signers: frozenset[str], agreed: Agreed) -> None:
    """Refuse a licensor with no share, and one whose co-owners neither sign nor consented."""
    grant = at.grant
    for right in grant.rights:
        value = require_known(state, right, Right)
        must_own(right, value, grant.licensor, f"{at.pointer}/licensor")
        willing = signers | agreed.get(right, _NOBODY)
        _must_have_consent(right, value.owners, value.titled, willing, at)
    for technology in grant.technologies:
        found = require_known(state, technology, Technology)
        if grant.licensor not in found.owners:
            raise NotOwner(
                f"{grant.licensor} does not own {technology}",
                positions=(found.position,),
                subjects=(technology, grant.licensor),
                step=Step(
                    {"owners": listed(found.owners), "what": technology},
                    ask=(f"{at.pointer}/licensor",),
                ),
            )
        willing = signers | agreed.get(technology, _NOBODY)
        _must_have_consent(technology, found.owners, found.position, willing, at)


def _must_have_consent(
    subject: str, owners: Iterable[str], position: int, signers: frozenset[str], at: Placed
) -> None:
    silent = set(owners) - signers
    if silent:
        raise CoownerConsent(
            f"{subject} belongs to {', '.join(sorted(silent))} too",
            positions=(position,),
            subjects=(subject, *silent),
            step=at.with_consent(silent),
        )


def must_not_conflict(
    state: State,
    at: Placed,
    held: HeldGrant,
    signers: frozenset[str],
    agreed: Agreed,
    context: Context,
) -> None:
    """Refuse a grant that its rights are too short for, or that another's exclusivity forbids.

    It is tried on each right and each technology that it is on, and on know-how by either name.

    The grants of one contract do not forbid each other: anyone who is exclusive signs it.
    """
    grant = at.grant
    rights = {right: require_known(state, right, Right) for right in grant.rights}
    objects: dict[str, Estate] = {
        **rights,
        **{each: require_known(state, each, Technology) for each in grant.technologies},
    }
    alike = [(o, state.get(each)) for o in grant.objects for each in same_know_how(state, (o,))]
    estates = [*objects.items(), *alike]
    _must_accept_the_known(at, [estate for _, estate in estates])
    span, today = (grant.valid_from, grant.valid_to), legal_day(context.accepted)
    for right, value in rights.items():
        must_be_in_force(right, value, grant.valid_from, grant.territory.codes, at.pointer)
        must_outlast(right, value, span, context.law, today, at.pointer)
    if rights and not grant.technologies:  # Know-how goes where no title does.
        must_cover(rights, grant.territory.codes, at.pointer)
    if grant.exclusivity in _EXCLUSIVE:
        for right, value in rights.items():
            must_have_covenant_consent(
                right,
                value,
                Act("exclusive_licence_veto", (grant.licensor,), held.recorded),
                signers | agreed.get(right, _NOBODY),
            )
    if grant.option_until is None:
        _must_not_overlap(at, estates, held, signers, agreed)


def _must_not_overlap(
    at: Placed,
    estates: Iterable[tuple[str, Estate]],
    held: HeldGrant,
    signers: frozenset[str],
    agreed: Agreed,
) -> None:
    rivals: dict[str, list[HeldGrant]] = {}
    contract = held.ref.partition("#")[0]
    for subject, value in estates:
        willing = signers | agreed.get(subject, _NOBODY)
        against = [
            rival
            for rival in conflicts(held, value.grants, willing)
            if not rival.under(contract) and rival.licensee not in agreed.get(rival.ref, _NOBODY)
        ]
        if against:
            rivals[subject] = [*rivals.get(subject, ()), *against]
    if not rivals:
        return
    found = {rival.ref: rival for against in rivals.values() for rival in against}
    refusal = SoleThirdGrant if _all_sole(found.values()) else ExclusiveOverlap
    raise refusal(
        f"grant {at.grant.grant} overlaps {', '.join(sorted(found))}",
        positions=(rival.position for rival in found.values()),
        subjects=rivals,
        step=_beside(at, held, found.values(), signers),
    )


def _beside(
    at: Placed, held: HeldGrant, rivals: Collection[HeldGrant], signers: Collection[str]
) -> Step:
    """Return how a grant stands beside others: who is exclusive agrees, who will be, accepts."""
    who = {each.licensee for each in rivals if each.exclusive and each.licensee not in signers}
    refs = {each.ref for each in rivals if held.exclusive and each.licensee != held.licensee}
    if not refs:
        return at.with_consent(who)
    accepts = sorted({*at.grant.accepts, *refs})
    return at.with_consent(who, "both" if who else "accept", accepts=accepts)


def _all_sole(rivals: Iterable[HeldGrant]) -> bool:
    """Whether what forbids the grant is a sole licence, under which the licensor itself may use."""
    return all(rival.kind == "sole" for rival in rivals)


def _must_accept_the_known(at: Placed, objects: Iterable[Estate]) -> None:
    grant = at.grant
    if not grant.accepts:
        return
    known_here = [each.grants for each in objects]
    unknown = {ref for ref in grant.accepts if not any(each.get(ref) for each in known_here)}
    if unknown:
        left = [ref for ref in grant.accepts if ref not in unknown]
        raise PredecessorUnknown(
            "accepts a grant that nothing it is on carries",
            subjects=unknown,
            step=Step(
                {"names": listed(left) or NONE},
                case="accepts",
                change={f"{at.pointer}/accepts": left},
            ),
        )


def box_of(grant: Grant) -> Box:
    """Return the reach of a grant."""
    reach = box(grant.acts, grant.territory, grant.field, grant.valid_from, grant.valid_to)
    if grant.excluded is None and grant.quantity is None:
        return reach
    return replace(reach, hole=_hole(grant.excluded), quantity=grant.quantity)


def _hole(excluded: Excluded | None) -> Hole | None:
    if excluded is None:
        return None
    place, field = excluded.territory, excluded.field
    return Hole(
        None if place is None else territory_region(place.codes),
        None if field is None else field_region(field.scheme, field.edition, field.codes),
    )


_EXCLUSIVE = frozenset({"exclusive", "sole"})
_NOBODY: frozenset[str] = frozenset()


def held_grant(
    grant: Grant, contract: str, head: str | None, position: int, recorded: date
) -> HeldGrant:
    """Return a grant as the right that it burdens remembers it."""
    return HeldGrant(
        ref=f"{contract}#{grant.grant}",
        licensor=grant.licensor,
        licensee=grant.licensee,
        exclusive=grant.exclusivity in _EXCLUSIVE,
        box=box_of(grant),
        position=position,
        head=head,
        accepts=frozenset(grant.accepts),
        kind=grant.exclusivity,
        recorded=recorded,
        direct_licence=grant.direct_licence,
        passable=grant.transferable or grant.sublicensing == "free",
    )
