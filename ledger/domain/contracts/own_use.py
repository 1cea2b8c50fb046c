"""
What an owner does itself with its right: it keeps out of what it granted exclusively.

Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, ClassVar

from ledger.domain.contracts.consent import consenting
from ledger.domain.contracts.contract_terms import ConsentId
from ledger.domain.core.body import Body, State
from ledger.domain.core.codes import must_be_codes
from ledger.domain.core.context import Context
from ledger.domain.core.dated_law import law_day
from ledger.domain.core.event import Event, Logged
from ledger.domain.core.existence import not_in_future, require_days, require_known, require_new
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import joining
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.scope import Acts, Field, Territory, box
from ledger.domain.core.types import DISTINCT, FROM_LIST, Day, PartyId, RightId, legal_day, of_kind
from ledger.domain.parties.party import standing_for
from ledger.domain.rights.right import Right
from ledger.domain.rights.title import must_own


class UseDeclared(Body):
    """An owner files what it does itself with its right, in the days [used_from, used_to)."""

    TOPIC: ClassVar[str] = "use.declared/1"
    TITLE = "Owner's own use declared"
    TITLE_VI = "Khai báo việc chủ sở hữu tự sử dụng"
    SUBJECTS = "use right used_by consents/*"
    SIGNERS = "used_by consents/*"
    OPPOSED = "used_by~consents/*"

    use: Annotated[str, of_kind("use")]
    """Id of the use, which is new."""
    right: RightId
    """The right that is used."""
    used_by: PartyId
    """The owner that used it, and signs."""
    acts: Acts
    """What it did."""
    territory: Territory
    """Where it did so."""
    field: Field
    """For what it did so."""
    used_from: Day
    """First legal day of the use."""
    used_to: Day
    """The use ended before this legal day, which is not one to come."""
    consents: Annotated[tuple[PartyId, ...], FROM_LIST, DISTINCT] = ()
    """Exclusive licensees there who agree and sign too (IP Law art. 143(1))."""
    consents_given: Annotated[tuple[ConsentId, ...], FROM_LIST, DISTINCT] = ()
    """Consents on record to its `own_use` (`consent.given/1`), in place of their signature."""

    @property
    def reaches(self) -> tuple[tuple[Territory | None, Field | None], ...]:
        """Return the places and fields that it names."""
        return ((self.territory, self.field),)

    def reads(self, state: State) -> Iterable[str]:
        """Return the consents on record."""
        del state
        return self.consents_given


@dataclass(frozen=True, slots=True)
class Use:
    """A declared use."""

    position: int


class ExclusiveSelfUse(Refusal):
    """Under an exclusive licence the licensor uses only with the licensee's leave."""

    code = "EXCLUSIVE_SELF_USE"
    title_vi = "Bên chuyển quyền chỉ được sử dụng khi bên được chuyển quyền độc quyền cho phép"
    article = "Luật Sở hữu trí tuệ, Điều 143(1)"


@admits(UseDeclared)
def _admit_used(body: UseDeclared, state: State, context: Context, event: Event) -> None:
    """Refuse an owner's own use within another's exclusive grant, without its leave."""
    require_new(state, body.use)
    right = require_known(state, body.right, Right)
    must_own(body.right, right, body.used_by, "/body/used_by")
    require_days(body.used_from, body.used_to, "/body/used_to")
    must_be_codes((body,), law_day(context.accepted), context.law)
    not_in_future(context.accepted, used_to=body.used_to)
    own = box(body.acts, body.territory, body.field, body.used_from, body.used_to)
    agreed = consenting(
        state, body.consents_given, body.used_by, "own_use", legal_day(context.accepted)
    )
    forbidding = [
        held
        for held in right.grants.overlapping(own, exclusive_only=True)
        if held.kind == "exclusive"
        and held.licensee not in standing_for(state, (body.used_by, *event.signers))
        and held.licensee not in agreed.get(held.ref, ())
        and held.licensee not in agreed.get(body.right, ())
    ]
    if forbidding:
        raise ExclusiveSelfUse(
            f"{', '.join(sorted(held.ref for held in forbidding))} is exclusive there",
            positions=(held.position for held in forbidding),
            subjects=(body.right, body.used_by),
            step=joining("/body/consents", body.consents, {held.licensee for held in forbidding}),
        )


@evolves("use", UseDeclared)
def _evolve_used(_body: UseDeclared, logged: Logged) -> Use:
    return Use(logged.position)
