"""
What a policy is worth: how many witnesses must cheat for a split view, how many can stop a quorum.

Two views of one log need two sets of cosignatures that each satisfy the policy. Anyone who cosigned
both views has cheated, by whichever keys: so witnesses are counted, not the keys that a policy
names. Keys of one name, or behind one URL, are one witness. Each member belongs to one group, so
what is least in each group is least in all; where the keys of one witness stand in several groups
everything is tried.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, product
from typing import TypeVar

from ledger.log.merkle import LogError
from ledger.log.policy import Group, Policy

MAX_TRIED = 10
"""Witnesses of a policy at most of which all sets are tried."""

Names = tuple[str, ...]
T = TypeVar("T")


class Tangled(LogError):
    """Keys of one witness stand in several groups, of too many witnesses to try everything."""


@dataclass(frozen=True, slots=True)
class Worth:
    """The fewest witnesses that must cosign two views, and that stop a quorum by silence.

    `witnesses` are all; `loose` are the groups of which two choices may have nobody in common.
    """

    witnesses: Names
    split: Names
    stall: Names
    loose: Names


@dataclass(frozen=True, slots=True)
class _Part:
    """What a group counts: so many of its members, by one witness or by a group below it.

    `split` and `stall` are the fewest witnesses that give it to two views, or deny it.
    """

    weight: int
    split: Names
    stall: Names


def worth_of(policy: Policy) -> Worth:
    """Return what a policy is worth; without a quorum nobody has to cheat or can stop it.

    Raises `Tangled`.
    """
    owners = _owners(policy)
    everyone = tuple(sorted(set(owners.values())))
    if policy.quorum is None:
        return Worth(everyone, (), (), ())
    parts = dict[str, _Part]()
    for group in policy.groups:
        parts[group.name] = _part_of(group, parts, owners)
    loose = tuple(group.name for group in policy.groups if not parts[group.name].split)
    if _is_tangled(policy, owners):
        return Worth(everyone, *_tried(policy, owners, everyone), loose)
    owner = owners.get(policy.quorum, "")
    asked = parts.get(policy.quorum, _Part(1, (owner,), (owner,)))
    return Worth(everyone, asked.split, asked.stall, loose)


def _owners(policy: Policy) -> dict[str, str]:
    """Return the witness, by the name of its key, of each name that a policy gives to a key."""
    owners, by_url = dict[str, str](), dict[str, str]()
    for each in policy.witnesses:
        owner = each.verifier.name
        if each.url is not None:
            other = by_url.setdefault(each.url.rstrip("/"), owner)
            owners = {name: other if it == owner else it for name, it in owners.items()}
            by_url = {url: other if it == owner else it for url, it in by_url.items()}
            owner = other
        owners[each.name] = owner
    return owners


def _is_tangled(policy: Policy, owners: dict[str, str]) -> bool:
    """Say whether the keys of one witness stand in several groups."""
    seen = [owner for g in policy.groups for owner in {owners[m] for m in g.members if m in owners}]
    return len(seen) > len(set(seen))


def _part_of(group: Group, parts: dict[str, _Part], owners: dict[str, str]) -> _Part:
    keys = [owners[member] for member in group.members if member in owners]
    inside = [_Part(keys.count(owner), (owner,), (owner,)) for owner in sorted(set(keys))]
    inside += [parts[member] for member in group.members if member in parts]
    return _Part(1, _least_in_both(inside, group.threshold), _least_denied(inside, group.threshold))


def _least_in_both(inside: Sequence[_Part], threshold: int) -> Names:
    """Return the fewest who cosign two views that each count `threshold`."""
    best: dict[tuple[int, int], Names] = {(0, 0): ()}
    for part in inside:
        for (one, other), names in list(best.items()):
            for a, b in ((1, 0), (0, 1), (1, 1)):
                counted = (
                    min(threshold, one + a * part.weight),
                    min(threshold, other + b * part.weight),
                )
                _keep_less(best, counted, names + (part.split if a and b else ()))
    return best[threshold, threshold]


def _least_denied(inside: Sequence[_Part], threshold: int) -> Names:
    """Return the fewest by whose silence less than `threshold` is counted."""
    needed = sum(part.weight for part in inside) - threshold + 1
    best: dict[int, Names] = {0: ()}
    for part in inside:
        for denied, names in list(best.items()):
            _keep_less(best, min(needed, denied + part.weight), names + part.stall)
    return best[needed]


def _keep_less(best: dict[T, Names], at: T, names: Names) -> None:
    if at not in best or (len(names), sorted(names)) < (len(best[at]), sorted(best[at])):
        best[at] = tuple(sorted(names))


def _tried(policy: Policy, owners: dict[str, str], everyone: Names) -> tuple[Names, Names]:
    """Return the fewest that cosign two views, and that stop a quorum, by trying all."""
    if len(everyone) > MAX_TRIED:
        raise Tangled(
            "keys of one witness stand in several groups, and "
            f"{len(everyone)} witnesses are too many to try: at most {MAX_TRIED} are"
        )

    def enough(chosen: set[str]) -> bool:
        return policy.satisfied(name for name, owner in owners.items() if owner in chosen)

    def splits(both: Names) -> bool:
        rest = [each for each in everyone if each not in both]
        for sides in product((True, False), repeat=len(rest)):
            one = {each for each, side in zip(rest, sides, strict=True) if side}
            if enough({*both, *one}) and enough({*both, *rest} - one):
                return True
        return False

    split = next(filter(splits, _sets(everyone)))
    return split, next(each for each in _sets(everyone) if not enough(set(everyone) - {*each}))


def _sets(names: Names) -> Iterator[Names]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))
