"""The API as clients are generated from it: it changes on purpose, or not at all."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

import api
from api.describe.answer_json import members_of
from api.openapi.kinds import reference
from api.openapi.members import MEMBERS
from ledger.domain.registry import TOPICS
from ledger.events.schema import payload_schema
from projections.run.catalogue import READ_MODELS
from projections.run.comparison import Differing
from tests.support.contract import Contract
from tests.support.generated import AGAIN
from tests.support.openapi import GOLDEN, described

DOCUMENT = json.loads(GOLDEN.read_bytes())

REFUSALS = Path(api.__file__).parents[1] / "docs" / "reference" / "refusals.md"


def operations() -> Iterator[dict[str, Any]]:
    for path in DOCUMENT["paths"].values():
        yield from path.values()


def walked(value: Any, at: str = "#") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every object of a document with its place, but those that it shows as examples."""
    if isinstance(value, Mapping):
        yield at, value
        for name, each in value.items():
            if name != "examples":
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
    assert described() == DOCUMENT, f"{AGAIN}, then review the difference"


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


OPEN: Mapping[str, str] = {
    "JsonSchema": "the schema of schemas is not ours, and refers to itself by $dynamicRef",
    "Opening/value": "of the form of the member at `path`, of whichever type of event",
    "OtherEvent/body": "a part of the body of any type: the rest only its sender knows",
    "Remedy/change": "any members of the payload of any type, by their pointers",
}
"""Schemas that leave open what is in them, with the reason."""

BY_NAME: Mapping[str, str] = {
    "Ground/values": "values of a rule of law, as the law data names them",
    "LawFiles": "texts of the files of a set of law data",
    "Ready/projection_lag": "a number for each read model",
    "Ready/witnesses": "a word for each witness of the policy",
}
"""Objects whose members' names are data, with what is in them; all of them of one form."""


def is_any(schema: Any) -> bool:
    """Say whether a schema holds a value to nothing."""
    return schema is True or (isinstance(schema, dict) and schema.keys() <= SAID_ONLY)


def test_no_schema_is_open_but_for_a_reason():
    """Else a generated client hands over what its caller has to guess at."""
    opened, by_name = set(), set()
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for at, each in schemas_of(schema, name):
            others = each.get("additionalProperties")
            if each.get("type") == "object" and others is not False:
                (opened if others is None or is_any(others) else by_name).add(at)
            elif is_any(each) or (each.get("type") == "array" and "items" not in each):
                opened.add(at)
    assert (OPEN.keys(), BY_NAME.keys()) == (opened, by_name)


def test_every_answer_refers_to_schemas_that_have_names():
    for operation in operations():
        for status in {"200", "201", "202"} & operation["responses"].keys():
            for kind, shown in operation["responses"][status]["content"].items():
                for each in shown["schema"].get("oneOf", [shown["schema"]]):
                    assert ("$ref" in each) == ("json" in kind), operation["operationId"]


CELLS: Mapping[str, Any] = {
    "text": "right:a",
    "bigint": 7,
    "numeric": 2**70,
    "boolean": True,
    "date": date(2026, 11, 22),
    "timestamptz": datetime(2026, 11, 22, tzinfo=UTC),
    "text[]": ("right:a", "right:b"),
    "bigint[]": (7, 8),
}


def test_a_row_that_differs_may_have_columns_of_every_kind():
    assert CELLS.keys() == {each.kind for model in READ_MODELS for each in model.table.columns}
    row = (*CELLS.values(), None)
    schema = {**reference("Differing"), "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(members_of(Differing(7, row, None)))


def test_the_schemas_of_schemas_of_payloads_need_no_other():
    """What `JsonSchema` says of them, which no validator holds them to."""
    for topic in TOPICS:
        for _, each in walked(payload_schema(topic)):
            assert str(each.get("$ref", "#/$defs/")).startswith("#/$defs/")


SAID_ONLY = frozenset(
    {
        *("description", "default", "examples", "format", "discriminator"),
        *("contentEncoding", "contentMediaType"),
    }
)
"""What no value is held to."""


def schemas_of(schema: Any, at: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a schema and those within it, with their places; `*` is any item or member."""
    if isinstance(schema, Mapping):
        yield at, schema
        for name, each in schema.get("properties", {}).items():
            yield from schemas_of(each, f"{at}/{name}")
        if not is_any(schema.get("additionalProperties", True)):
            yield from schemas_of(schema["additionalProperties"], f"{at}/*")
        for word in ("items", "propertyNames"):
            yield from schemas_of(schema.get(word), f"{at}/*")
        for word in ("anyOf", "oneOf", "prefixItems"):
            for each in schema.get(word, ()):
                yield from schemas_of(each, at)


def test_every_word_of_a_schema_holds_a_value_or_is_known_to_hold_none():
    schemas = DOCUMENT["components"]["schemas"]
    words = {
        word for name in schemas for _, each in schemas_of(schemas[name], name) for word in each
    }
    assert words >= {"oneOf", "pattern", "prefixItems"}
    assert words - SAID_ONLY <= Draft202012Validator.VALIDATORS.keys()


def words(text: str) -> set[str]:
    """Return the words of a text that say something."""
    return {*re.findall("[a-z0-9]+", text.lower())} - {"a", "an", "it", "its", "of", "the"}


def test_every_member_and_parameter_says_more_than_its_name():
    """What it is, its unit, when it is null: a name is said by itself."""
    described = 0
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for at, each in schemas_of(schema, name):
            for member, of in each.get("properties", {}).items():
                says = (resolved(of) | of).get("description", "")
                assert words(says) - words(member), f"{at}.{member}: {says}"
                described += 1
    assert described > 2000
    for operation in operations():
        for each in operation["parameters"]:
            assert words(each["description"]) - words(each["name"]), each


def test_what_has_an_etag_can_be_asked_for_if_it_has_changed():
    for operation in operations():
        (status,) = {*operation["responses"]} & {"200", "201"}
        tagged = "ETag" in operation["responses"][status]["headers"]
        names = {each["name"] for each in operation["parameters"]}
        assert tagged == ("If-None-Match" in names) == ("304" in operation["responses"])


ANY_TEXT: Mapping[str, str] = {
    "prefer": "RFC 7240 says what it is",
    "territory": "codes of places, of several lists",
    "field": "a symbol, of whichever scheme is asked about",
    "edition": "editions stand in the law data",
    "topic": "types are listed at /v1/types",
    "path": "tlog-tiles says what it is",
    "q": "what is typed to find something is data, whatever it holds",
}
"""Parameters that may be of any form, with the reason."""


def test_a_parameter_is_of_one_form_and_never_null():
    free = set()
    for operation in operations():
        for each in operation["parameters"]:
            shape = each["schema"]
            assert shape["type"] in {"array", "boolean", "integer", "string"}, each
            if shape["type"] == "string" and not {"enum", "pattern", "format"} & shape.keys():
                free.add(each["name"])
    assert ANY_TEXT.keys() == free


def test_descriptions_speak_of_json():
    """None and True are those of the source."""
    odd = re.compile(r"\b(is|are|if|by|where|or|and) (None|True|False)\b|^None:|Say whether")
    for at, each in walked(DOCUMENT["components"]["schemas"]):
        assert not odd.search(str(each.get("description"))), at


def test_no_description_is_left_of_a_member_that_went():
    told = {str(each.get("description")) for _, each in walked(DOCUMENT)}
    assert set() == {*MEMBERS.values()} - told


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


def test_beside_a_reference_stands_nothing_that_holds_a_value():
    """Generators read the one or the other."""
    schemas = DOCUMENT["components"]["schemas"]
    for name in schemas:
        for at, each in schemas_of(schemas[name], name):
            assert "$ref" not in each or each.keys() - {"$ref"} <= SAID_ONLY, at
    assert 0 == schemas["Price"]["properties"]["amount"]["minimum"]


def test_what_has_one_spelling_stays_a_text():
    """A client writes the instant that it read; days and ids come out of other types as before."""
    formats = {str(each.get("format")) for _, each in walked(DOCUMENT) if "type" in each}
    assert {"None", "int64", "date", "uuid"} == formats


def test_no_operation_asks_who_calls():
    assert all([] == operation["security"] for operation in operations())
    assert {} == DOCUMENT["components"]["securitySchemes"]
    asks = re.compile(r"""["'](authorization|cookie|x-api-key)["']""", re.IGNORECASE)
    sources = [path.read_text("utf-8") for path in Path(api.__file__).parent.rglob("*.py")]
    assert len(sources) > 100
    assert not any(asks.search(each) for each in sources)


def test_a_header_is_declared_where_it_is_sent_and_sent_where_it_is_declared():
    """The contract tells of either: every answer that tests are served is held to it."""
    contract = Contract(DOCUMENT)
    declared = DOCUMENT["paths"]["/v1/law/{sha256}"]["get"]["responses"]["304"]["headers"]
    sent = {name.lower(): "-" for name in declared}
    assert {"etag", "cache-control", "vary", "x-request-id", "ratelimit-policy"} <= sent.keys()
    asked = ("GET", f"/v1/law/sha256:{'0' * 64}", 304)
    assert [] == contract.at_odds(*asked, sent, b"")
    (more,) = contract.at_odds(*asked, sent | {"x-more": "-"}, b"")
    assert more.endswith("x-more is sent and not declared")
    for name in sent:
        (less,) = contract.at_odds(*asked, {each: "-" for each in sent if each != name}, b"")
        assert less.endswith(f"{name} is declared and not sent")
