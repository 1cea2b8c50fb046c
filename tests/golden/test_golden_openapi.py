"""The API as clients are generated from it: it changes on purpose, or not at all."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import api
from tests.support.openapi import GOLDEN, described

DOCUMENT = json.loads(GOLDEN.read_bytes())

REFUSALS = Path(api.__file__).parents[1] / "docs" / "reference" / "refusals.md"


def operations() -> Iterator[dict[str, Any]]:
    for path in DOCUMENT["paths"].values():
        yield from path.values()


def walked(value: Any, at: str = "#") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every object of a document with its place."""
    if isinstance(value, Mapping):
        yield at, value
        for name, each in value.items():
            yield from walked(each, f"{at}/{name}")
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from walked(each, f"{at}/{number}")


def resolved(value: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Any = DOCUMENT
    for name in value["$ref"].removeprefix("#/").split("/") if "$ref" in value else ():
        found = found[name]
    return found if "$ref" in value else value


def test_the_api_is_the_one_that_is_written_down():
    """If it changed on purpose: `python -m tests.support.openapi`, then review the difference."""
    assert described() == DOCUMENT


def test_every_operation_has_an_id_of_its_own_a_summary_and_a_known_tag():
    ids = [operation["operationId"] for operation in operations()]
    assert len(ids) == len(set(ids))
    tags = {tag["name"] for tag in DOCUMENT["tags"]}
    assert all(operation["summary"] and {*operation["tags"]} <= tags for operation in operations())


def test_every_operation_says_of_what_type_its_answers_are():
    for operation in operations():
        statuses = operation["responses"]
        answered = [statuses[each] for each in statuses if each in {"200", "201", "202"}]
        assert answered, operation["operationId"]
        for answer in answered:
            assert answer["content"], operation["operationId"]
            assert all(each["schema"] for each in answer["content"].values())


def test_every_operation_says_which_problems_it_may_tell():
    for operation in operations():
        problems = {
            status: resolved(response)
            for status, response in operation["responses"].items()
            if "$ref" in response  # What is not ready says so by an answer.
        }
        assert {"422", "429", "default"} <= problems.keys()
        for status, told in problems.items():
            schema = resolved(told["content"]["application/problem+json"]["schema"])
            assert schema["properties"]["code"]["enum"]
            assert status in {"default", str(schema["properties"]["status"].get("const"))}


def test_no_object_is_open():
    for at, schema in walked(DOCUMENT["components"]["schemas"]):
        if schema.get("type") == "object":
            others = schema.get("additionalProperties")
            assert others is not None, at
            assert others is not True, at
            assert others is not False or schema["properties"], at


SAID_ONLY = frozenset(
    {
        *("description", "default", "examples", "format", "discriminator"),
        *("contentEncoding", "contentMediaType"),
    }
)
"""What no value is held to."""


def words_of(schema: Mapping[str, Any]) -> Iterator[str]:
    """Yield the keywords of a schema and of those within it."""
    yield from schema
    within = [*schema.get("properties", {}).values()]
    for word in ("items", "additionalProperties", "propertyNames"):
        within += [schema[word]] if isinstance(schema.get(word), dict) else []
    for word in ("anyOf", "oneOf", "prefixItems"):
        within += schema.get(word, [])
    for each in within:
        yield from words_of(each)


def test_every_word_of_a_schema_holds_a_value_or_is_known_to_hold_none():
    words = {word for each in DOCUMENT["components"]["schemas"].values() for word in words_of(each)}
    assert words >= {"oneOf", "pattern", "prefixItems"}
    assert words - SAID_ONLY <= Draft202012Validator.VALIDATORS.keys()


def test_every_member_and_parameter_is_described():
    schemas = DOCUMENT["components"]["schemas"]
    answers = [name for name in schemas if "verdict" in _members(name)]
    assert len(answers) > 40
    for name in answers:
        for member, schema in _members(name).items():
            assert (schema | resolved(schema)).get("description"), f"{name}.{member}"
    for operation in operations():
        assert all(each["description"] for each in operation["parameters"])


def _members(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = DOCUMENT["components"]["schemas"][name].get("properties", {})
    return found


def test_every_code_that_is_published_is_documented():
    text = REFUSALS.read_text("utf-8")
    named = set(re.findall(r"`([A-Z][A-Z_]+)`", text))
    codes = {
        code
        for name in DOCUMENT["components"]["schemas"]
        if "detail" in _members(name) and "type" in _members(name)
        for code in _members(name)["code"]["enum"]
    }
    assert len(codes) > 190
    assert set() == codes - named


def test_every_code_that_this_surface_tells_is_published():
    problem = set(_members("Problem")["code"]["enum"])
    told = set()
    for path in Path(api.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "ApiProblem":
                told |= {
                    each.value
                    for each in node.args[1:2]
                    if isinstance(each, ast.Constant) and isinstance(each.value, str)
                }
    assert len(told) > 8
    assert set() == told - problem


def test_every_integer_has_64_bits():
    """Else clients in Go and Java have 32, and amounts and positions do not fit."""
    integers = [each for _, each in walked(DOCUMENT) if each.get("type") == "integer"]
    assert len(integers) > 300
    assert all("int64" == each["format"] for each in integers)
