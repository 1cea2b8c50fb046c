"""
What a policy is worth: how many witnesses must cheat for a split view, how many can stop a quorum.

Two views of one log need two sets of witnesses that each satisfy the policy. Whoever is in both
sets has cosigned both views. Of n members, two choices of k share at least 2k - n; those are taken
whose own overlap is least. As each member belongs to one group, what is least in each group is
least in all. A witness that signs by two keys stands in a policy as two: name one of them for a
quorum.
"""

from collections.abc import Callable
from dataclasses import dataclass

from ledger.log.policy import Group, Policy


@dataclass(frozen=True, slots=True)
class Worth:
    """The fewest witnesses that must cosign two views, and that stop a quorum by silence.

    `loose` are the groups of which two choices may have nothing in common.
    """

    split: tuple[str, ...]
    stall: tuple[str, ...]
    loose: tuple[str, ...]


def worth_of(policy: Policy) -> Worth:
    """Return what a policy is worth; without a quorum nobody has to cheat or can stop it."""
    if policy.quorum is None:
        return Worth((), (), ())
    loose = tuple(g.name for g in policy.groups if 2 * g.threshold <= len(g.members))
    return Worth(
        split=_fewest(policy, lambda g: max(0, 2 * g.threshold - len(g.members))),
        stall=_fewest(policy, lambda g: len(g.members) - g.threshold + 1),
        loose=loose,
    )


def _fewest(policy: Policy, needed: Callable[[Group], int]) -> tuple[str, ...]:
    """Return the fewest witnesses by whom so many members of each group are reached."""
    assert policy.quorum is not None
    groups = {group.name: group for group in policy.groups}

    def fewest(name: str) -> tuple[str, ...]:
        group = groups.get(name)
        if group is None:
            return (name,)
        found = sorted(map(fewest, group.members), key=lambda each: (len(each), each))
        return tuple(sorted(witness for each in found[: needed(group)] for witness in each))

    return fewest(policy.quorum)
