"""What a policy is worth, against all pairs of satisfying sets."""

from itertools import chain, combinations
from random import Random

import pytest

from ledger.log.collusion import Tangled, worth_of
from ledger.log.cosignature import CosignatureV1Signer
from ledger.log.note import format_vkey
from ledger.log.policy import Policy, parse_policy
from tests.support.log import ed25519_key, witness

STATE_INSTITUTES_FIRMS = (
    "group state all w0\n"
    "group institutes 3 w1 w2 w3 w4 w5\n"
    "group firms 3 w6 w7 w8 w9 w10\n"
    "group everyone all state institutes firms\n"
    "quorum everyone\n"
)


def policy_of(witnesses: int, rest: str) -> Policy:
    lines = (f"witness w{n} {format_vkey(witness(f'w{n}'))}\n" for n in range(witnesses))
    return parse_policy(("".join(lines) + rest).encode())


def test_a_majority_of_each_of_three_groups_needs_a_cheat_in_each():
    worth = worth_of(policy_of(11, STATE_INSTITUTES_FIRMS))
    assert (3, ()) == (len(worth.split), worth.loose)
    assert ("w0",) == worth.stall


@pytest.mark.parametrize(
    ("rest", "split", "stall", "loose"),
    [
        ("quorum none\n", 0, 0, ()),
        ("quorum w0\n", 1, 1, ()),
        ("group g any w0 w1\nquorum g\n", 0, 2, ("g",)),
        ("group g 2 w0 w1 w2 w3\nquorum g\n", 0, 3, ("g",)),
        ("group g 2 w0 w1 w2\nquorum g\n", 1, 2, ()),
        ("group g all w0 w1 w2\nquorum g\n", 3, 1, ()),
    ],
)
def test_a_small_policy(rest: str, split: int, stall: int, loose: tuple[str, ...]):
    worth = worth_of(policy_of(4, rest))
    assert (split, stall, loose) == (len(worth.split), len(worth.stall), worth.loose)


def test_it_is_what_trying_everything_gives():
    """Random trees of groups over seven witnesses: every pair of sets, and every silence."""
    names = [f"w{n}" for n in range(7)]
    sets = [set(c) for c in chain.from_iterable(combinations(names, n) for n in range(8))]
    for seed in range(60):
        policy = policy_of(7, _random_groups(Random(seed), names))
        good = [each for each in sets if policy.satisfied(each)]
        least = min(len(one & other) for one in good for other in good)
        worth = worth_of(policy)
        assert least == len(worth.split), seed
        silent = min(len(each) for each in sets if not policy.satisfied(set(names) - each))
        assert silent == len(worth.stall), seed
        assert not policy.satisfied(set(names) - set(worth.stall))


def keyed(owners: list[str], rest: str, url: str = "") -> Policy:
    """Return a policy of keys k0, k1, … each of which bears the name of its witness."""
    keys = [CosignatureV1Signer(o, ed25519_key(f"{o}/{n}")) for n, o in enumerate(owners)]
    lines = (f"witness k{n} {format_vkey(key)}{url}\n" for n, key in enumerate(keys))
    return parse_policy(("".join(lines) + rest).encode())


def test_two_keys_of_one_witness_are_one_that_must_cheat() -> None:
    both = keyed(["w", "w"], "group g all k0 k1\nquorum g\n")
    assert (("w",), ("w",), ("w",)) == (worth_of(both).witnesses, *split_and_stall(both))
    # Two of four keys, which two witnesses have: one of them alone satisfies it, for either view.
    loose = keyed(["a", "a", "b", "b"], "group g 2 k0 k1 k2 k3\nquorum g\n")
    assert ((), ("a", "b")) == split_and_stall(loose)
    # Three of four: each view needs both.
    assert (("a", "b"), ("a",)) == split_and_stall(
        keyed(["a", "a", "b", "b"], "group g 3 k0 k1 k2 k3\nquorum g\n")
    )


def test_keys_behind_one_url_are_one_witness() -> None:
    policy = keyed(["a", "b"], "group g all k0 k1\nquorum g\n", " https://w.example")
    assert (("a",), ("a",)) == split_and_stall(policy)


def split_and_stall(policy: Policy) -> tuple[tuple[str, ...], tuple[str, ...]]:
    worth = worth_of(policy)
    return worth.split, worth.stall


def test_with_several_keys_it_is_what_trying_everything_gives() -> None:
    """Random groups over eight keys of five witnesses, within groups and across them."""
    for seed in range(60):
        random = Random(seed)
        owners = [f"w{random.randrange(5)}" for _ in range(8)]
        policy = keyed(owners, _random_groups(random, [f"k{n}" for n in range(8)]))
        everyone = sorted(set(owners))
        sets = [set(c) for n in range(9) for c in combinations(everyone, n)]

        def enough(chosen: set[str], policy: Policy = policy, owners: list[str] = owners) -> bool:
            return policy.satisfied(f"k{n}" for n, owner in enumerate(owners) if owner in chosen)

        good = [each for each in sets if enough(each)]
        worth = worth_of(policy)
        assert min(len(one & other) for one in good for other in good) == len(worth.split), seed
        silent = min(len(each) for each in sets if not enough(set(everyone) - each))
        assert silent == len(worth.stall), seed


def test_too_many_to_try_are_not_guessed() -> None:
    owners = [f"w{n % 11}" for n in range(22)]
    first, second = (" ".join(f"k{n}" for n in range(at, at + 11)) for at in (0, 11))
    groups = f"group a 6 {first}\ngroup b 6 {second}\ngroup g all a b\nquorum g\n"
    with pytest.raises(Tangled):
        worth_of(keyed(owners, groups))


def _random_groups(random: Random, names: list[str]) -> str:
    free, lines, number = list(names), "", 0
    while len(free) > 1:
        random.shuffle(free)
        members = [free.pop() for _ in range(random.randint(1, len(free)))]
        lines += f"group g{number} {random.randint(1, len(members))} {' '.join(members)}\n"
        free.append(f"g{number}")
        number += 1
        if random.random() < 0.3:
            break
    return f"{lines}quorum g{number - 1}\n"
