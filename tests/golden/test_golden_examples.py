"""The examples of the OpenAPI document are answers of a ledger, and of the types it says."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from ledger.log.note import Ed25519NoteSigner, format_vkey, open_note, parse_vkey
from ledger.log.receipt import parse_tlog_proof
from tests.support.examples import EXAMPLES, Examples, recorded
from tests.support.generated import AGAIN
from tests.support.openapi import GOLDEN
from tests.support.postgres import ORIGIN
from tests.support.sample_log import log_keys

DOCUMENT = json.loads(GOLDEN.read_bytes())
KEPT: Examples = json.loads(EXAMPLES.read_bytes())

UNSHOWN = {
    "isReady 503": "a ledger is seldom not ready, and says by members that are shown why",
    "NotJudged": "only a fault of this software gives it",
}
"""What no example is of, with the reason."""

PLAIN = 16_000
"""Characters that an example has at most, so that the document stays one that people open."""


def shown() -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield what is sent as JSON, and each thing that a JSON answer may be, by their places."""
    for path in DOCUMENT["paths"].values():
        for operation in path.values():
            sent = {"request": operation.get("requestBody", {})}
            for status, response in (sent | operation["responses"]).items():
                for kind, content in response.get("content", {}).items():
                    if "json" in kind:
                        yield f"{operation['operationId']} {status}", content
    for name, response in DOCUMENT["components"]["responses"].items():
        (content,) = response["content"].values()
        yield name, content


SHOWN = dict(shown())


def test_every_request_and_answer_in_json_and_every_problem_is_shown():
    assert len(SHOWN) > 70
    assert 3 == sum(name.endswith(" request") for name in SHOWN)
    assert UNSHOWN.keys() == {name for name, content in SHOWN.items() if "examples" not in content}


@pytest.mark.parametrize("name", sorted(SHOWN.keys() - UNSHOWN))
def test_an_example_is_of_its_type_and_short(name: str):
    content = SHOWN[name]
    check = Draft202012Validator({**content["schema"], "components": DOCUMENT["components"]})
    for each in content["examples"].values():
        assert [] == [error.message for error in check.iter_errors(each["value"])]
        assert len(json.dumps(each["value"], ensure_ascii=False)) < PLAIN


def test_what_an_answer_may_be_is_each_shown():
    for name in ("getTerms 200", "submitEvents 200"):
        components, of = DOCUMENT["components"], SHOWN[name]["schema"]["oneOf"]
        checks = [Draft202012Validator({**each, "components": components}) for each in of]
        values = [each["value"] for each in SHOWN[name]["examples"].values()]
        assert all(any(check.is_valid(value) for value in values) for check in checks)


def test_what_is_left_of_a_note_verifies():
    verifier = parse_vkey(format_vkey(Ed25519NoteSigner(ORIGIN, log_keys()[0])))
    receipt = KEPT["submitEvent"]["201"]["answer"]["value"]
    (checkpoint,) = KEPT["listCheckpoints"]["200"]["answer"]["value"]["checkpoints"]
    proof = parse_tlog_proof(receipt["proof"].encode())
    for note in (proof.checkpoint_raw, checkpoint["note"].encode()):
        assert open_note(note, [verifier])


HASHED = re.compile(r"[0-9A-Za-z+/]{40,}=*")
"""A hash, a signature, or bytes: all others where the first entry names other law data."""


def told(examples: Examples) -> list[str]:
    return HASHED.sub("…", json.dumps(examples, indent=1, sort_keys=True)).splitlines()


def test_the_examples_are_what_is_answered():
    assert told(recorded()) == told(KEPT), AGAIN
