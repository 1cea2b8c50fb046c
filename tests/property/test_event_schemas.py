"""The published schema of a payload and the form check of admission say the same."""

import copy
from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from ledger.domain.registry import TOPICS
from ledger.events import intake
from ledger.events.schema import payload_schema
from ledger.wire import canonical
from ledger.wire.envelope import PAYLOAD_TYPE, Envelope, Signature
from tests.support.golden_events import golden_path

VALUES = (
    *(None, True, 0, 1, -1, 1_000_001, 36_601, "", "x", 4001 * "x", "VND", "vnd", "ipc", "world"),
    *("party:vn.mst.0100000010", "party:", "right:vn.1", "sha256:" + 64 * "0", 64 * "0"),
    *("2026-11-22", "2026-13-22", "0999-01-01", "3000-01-01", "2026-11-22T03:10:00.123Z"),
    *("2026-11-22T24:10:00.123Z", "2026-11-22T03:10:00Z", [], [1, 3], [0, 3], [1, 3, 5], ["x"]),
    *({}, {"commitment": "sha256:" + 64 * "0"}, {"amount": -1, "currency": "VND"}),
    *({"amount": 1, "currency": "VND"}, {"codes": ["world"]}),
)
"""What is put where something else stood: each form that a member has somewhere, and near it."""

NO_FORM = {"NOT_CANONICAL", "FRACTIONAL_VND", "TYPE_UNKNOWN", "SUBJECTS_MISMATCH", "KEY_REFUSED"}
"""Refused for what a schema cannot say, or for a type that is another one's."""


@cache
def validator(topic: str) -> Draft202012Validator:
    return Draft202012Validator(payload_schema(topic))


@cache
def golden(topic: str) -> dict[str, Any]:
    return canonical.load(golden_path(topic).read_bytes())


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield the way to each value within."""
    parts = value.items() if isinstance(value, dict) else enumerate(value)
    for name, part in parts:
        yield (*path, name)
        if isinstance(part, dict | list):
            yield from places(part, (*path, name))


def names(schema: Any) -> set[str]:
    """Return what members are called, at any depth."""
    if isinstance(schema, list):
        return set().union(*map(names, schema))
    if not isinstance(schema, dict):
        return set()
    return set(schema.get("properties", ())).union(*map(names, schema.values()))


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Draw a golden payload in which one thing is another, twice, gone, or there besides."""
    topic = draw(st.sampled_from(sorted(TOPICS)))
    payload = copy.deepcopy(golden(topic))
    *way, last = draw(st.sampled_from([*places(payload)]))
    inside = payload
    for step in way:
        inside = inside[step]  # type: ignore[index]
    match draw(st.sampled_from(("put", "drop", "add", "twice"))):
        case "put":
            inside[last] = draw(st.sampled_from(VALUES))  # type: ignore[index]
        case "drop":
            del inside[last]  # type: ignore[arg-type]
        case "add" if isinstance(inside, dict):
            name = draw(st.sampled_from(sorted({*names(payload_schema(topic)), "unheard_of"})))
            inside[name] = draw(st.sampled_from(VALUES))
        case _ if isinstance(inside, list):
            inside.append(inside[last])  # type: ignore[index]
        case _:
            reject()
    return topic, payload


def refusal_of(payload: dict[str, Any]) -> str | None:
    """Return by which code admission's form check refuses a payload."""
    signature = Signature(64 * "0", b"x")
    try:
        envelope = Envelope(PAYLOAD_TYPE, canonical.dump(payload), (signature,))
        intake.read_signed(envelope, ())
    except canonical.NotCanonical:
        return "NOT_CANONICAL"
    except intake.Invalid as error:
        return error.code
    return None


@settings(max_examples=600)
@given(mutated())
def test_what_the_schema_refuses_admission_refuses_as_malformed(said: tuple[str, dict[str, Any]]):
    topic, payload = said
    if not validator(topic).is_valid(payload):
        code = refusal_of(payload)
        assert code is not None
        assert code == "MALFORMED" or code in NO_FORM


@settings(max_examples=600)
@given(mutated())
def test_of_a_body_the_schema_refuses_all_but_what_our_own_functions_refuse(
    said: tuple[str, dict[str, Any]],
):
    """Whatever pydantic knows the form of; a `value_error` is what a function of ours says."""
    topic, payload = said
    try:
        TOPICS[topic].model_validate(payload.get("body"))
    except ValidationError as error:
        # A value of a union is told what is wrong with it by each of the kinds that it might be.
        if "value_error" not in {each["type"] for each in error.errors()}:
            assert not validator(topic).is_valid(payload)


OURS = [
    ("offer.made/1", "expires_at", "2026-11-22T24:00:00.000Z"),
    ("party.renamed/1", "effective_on", "3000-01-01"),
    ("contract.concluded/1", "parties", 2 * ["party:vn.mst.0100000010"]),
    ("technology.registered/1", "owners", [{"party": "party:vn.mst.0100000010", "share": [0, 1]}]),
    ("offer.made/1", "price", {"amount": -1, "currency": "VND"}),
    ("offer.made/1", "price", {"amount": 1, "currency": "dong"}),
]


@pytest.mark.parametrize(("topic", "member", "value"), OURS)
def test_the_schema_knows_the_forms_that_functions_of_ours_read(
    topic: str, member: str, value: object
):
    payload = copy.deepcopy(golden(topic))
    payload["body"][member] = value
    assert "MALFORMED" == refusal_of(payload)
    assert [member] == [each.absolute_path[1] for each in validator(topic).iter_errors(payload)]


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_a_schema_is_one_and_lets_the_golden_payload_through(topic: str):
    Draft202012Validator.check_schema(payload_schema(topic))
    assert [] == [*validator(topic).iter_errors(golden(topic))]


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    """Yield the schemas of objects, at any depth."""
    for part in schema.values() if isinstance(schema, dict) else schema:
        if isinstance(part, dict | list):
            yield from objects(part)
    if isinstance(schema, dict) and schema.get("type") == "object":
        yield schema


@pytest.mark.parametrize("topic", sorted(TOPICS))
def test_every_object_is_closed_and_every_member_says_what_it_means(topic: str):
    found = [*objects(payload_schema(topic))]
    assert 2 <= len(found)
    for each in found:
        assert each["additionalProperties"] is False
        assert is_said(each["description"]), each["title"]
        for name, member in each["properties"].items():
            assert is_said(member.get("description", "")), f"{each['title']}.{name}"


def is_said(text: str) -> bool:
    """Say whether a text is a sentence or a phrase, and not there to fill a place."""
    return len(text.split()) > 1 and text[-1] in ".:)" and "TODO" not in text and "..." not in text
