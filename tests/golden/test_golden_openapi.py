"""The API as clients are generated from it: it changes on purpose, or not at all."""

import json

from tests.support.openapi import GOLDEN, described


def test_the_api_is_the_one_that_is_written_down():
    """If it changed on purpose: `python -m tests.support.openapi`, then review the difference."""
    assert json.loads(GOLDEN.read_bytes()) == described()


def test_every_operation_has_an_id_of_its_own_and_a_summary():
    operations = [
        operation for path in described()["paths"].values() for operation in path.values()
    ]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    assert all(operation["summary"] for operation in operations)


def test_every_operation_says_what_a_problem_looks_like():
    for path in described()["paths"].values():
        for operation in path.values():
            assert {"$ref": "#/components/responses/Problem"} == operation["responses"]["default"]
