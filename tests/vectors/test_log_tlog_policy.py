"""The policies of transparency-dev/formats and of the rules of C2SP tlog-policy."""

import pytest

from ledger.court import CheckFailed, read_policy
from ledger.log.policy import MalformedPolicy, parse_policy
from tests.support.log import shared_vectors


def test_each_policy_is_read_or_refused_and_counts_as_its_vector_says():
    vectors = shared_vectors("tlog-policy/policies.json")
    assert (4, 11) == (sum(v["ok"] for v in vectors), sum(not v["ok"] for v in vectors))
    for case in vectors:
        if case["ok"]:
            policy = parse_policy(case["policy"].encode())
            assert all(policy.satisfied(names) for names in case["satisfied_by"])
            assert not any(policy.satisfied(names) for names in case["not_by"])
            read_policy(case["policy"].encode())
        else:
            with pytest.raises(MalformedPolicy):
                parse_policy(case["policy"].encode())
            with pytest.raises(CheckFailed):
                read_policy(case["policy"].encode())
