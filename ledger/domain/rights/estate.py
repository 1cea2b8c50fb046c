"""
An estate: what weighs on a thing that is licensed, be it a right or a technology.

Every rule about grants reads an estate and never asks of which kind the thing is: know-how is
granted exclusively once, as a patent is.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import TypeVar

from ledger.domain.core.scope import HeldGrant
from ledger.domain.rights.grant_index import GrantIndex

NO_GRANTS = GrantIndex()


@dataclass(frozen=True, slots=True, kw_only=True)
class Estate:
    """What is known of a thing that is licensed: the grants on it."""

    grants: GrantIndex = NO_GRANTS


E = TypeVar("E", bound=Estate)


def with_grants(thing: E, grants: Sequence[HeldGrant]) -> E:
    """Return the thing burdened with further grants."""
    return replace(thing, grants=thing.grants.add(grants)) if grants else thing


def ended_from(thing: E, refs: Iterable[str], day: date) -> E:
    """Return the thing after these grants ended on a day, and those below them with them.

    Those below a grant that gives them a direct licence live on.
    """
    grants = thing.grants
    going = list(refs)
    while going:
        ref = going.pop()
        for grant in grants.named(ref):
            grants = _shortened(grants, grant, day)
            if not grant.direct_licence:
                going.extend(each.ref for each in grants.below(ref))
    return replace(thing, grants=grants)


def replaced_from(thing: E, refs: Iterable[str], day: date | None) -> E:
    """Return the thing without these grants from a day on, None being the start; not those below.

    What is granted in their place is added with `with_grants`.
    """
    grants = thing.grants
    for grant in [each for ref in refs for each in grants.named(ref)]:
        grants = grants.remove(grant) if day is None else _shortened(grants, grant, day)
    return replace(thing, grants=grants)


def entered_in_the_register(thing: E, contract: str, day: date) -> E:
    """Return the thing with a contract's grants entered: from then on they bind third parties."""
    grants = thing.grants
    for grant in grants.of(contract):
        if grant.registered is None:
            grants = grants.remove(grant).add([replace(grant, registered=day)])
    return replace(thing, grants=grants)


def _shortened(grants: GrantIndex, grant: HeldGrant, day: date) -> GrantIndex:
    """Return the grants after one ended on a day: without it, if it had not begun."""
    grants = grants.remove(grant)
    if grant.box.start >= day:
        return grants
    end = day if grant.box.end is None else min(grant.box.end, day)
    return grants.add([replace(grant, box=replace(grant.box, end=end))])
