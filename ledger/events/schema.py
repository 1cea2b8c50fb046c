"""
What a payload of each type has to look like, as JSON Schema 2020-12.

It follows from the models by which `intake` reads a payload: what the schema refuses, that refuses.
`intake` refuses more: what members say only together, codes of lists (currencies, places, offices),
and whatever is not canonical JSON.
"""

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, get_args

from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema as core

from ledger.domain.core.money import Currency, Price
from ledger.domain.core.types import DISTINCT, parse_day, parse_instant
from ledger.domain.registry import TOPICS
from ledger.events.descriptions import describe_members, describe_type
from ledger.events.intake import NONCE, UUID7

DIALECT = "https://json-schema.org/draft/2020-12/schema"

Schema = dict[str, Any]

DAY_FORM = r"[12][0-9]{3}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
INSTANT_FORM = rf"{DAY_FORM}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{{3}}Z"
_INSTANT: Schema = {
    "type": "string",
    "format": "date-time",
    "pattern": f"^{INSTANT_FORM}$",
    "examples": ["2026-11-22T03:10:00.123Z"],
}
_IDS: Schema = {"type": "array", "minItems": 1, "uniqueItems": True, "items": {"type": "string"}}

_READ: Mapping[Callable[..., Any], Schema] = {
    parse_day: {
        "type": "string",
        "format": "date",
        "pattern": f"^{DAY_FORM}$",
        "examples": ["2026-11-22"],
    },
    parse_instant: _INSTANT,
}
"""The form of what a function of ours reads before pydantic sees it."""

_CHECKED: Mapping[Callable[..., Any], Schema] = {
    DISTINCT.func: {"uniqueItems": True},
    get_args(Currency)[1].func: {"pattern": "^[A-Z]{3}$", "examples": ["VND"]},
    get_args(Price)[1].func: {"properties": {"amount": {"minimum": 0}}},
}
"""What a function of ours asks of a value beyond the form that pydantic has of it."""


@cache
def payload_schema(topic: str) -> Schema:
    """Return the schema of a whole payload, header and body. Raises `KeyError` for no topic."""
    body = TOPICS[topic].model_json_schema(schema_generator=DescribedSchema)
    parts = body.pop("$defs", {})
    whole = with_header(body, {"const": topic})
    says = describe_type(TOPICS[topic])
    return {"$schema": DIALECT, "title": topic, "description": says, **whole, "$defs": parts}


def with_header(body: Schema, kind: Schema) -> Schema:
    """Return the schema of a payload with such a body; `kind` is what its `type` is, too."""
    members = {**_HEADER, "type": {**_HEADER["type"], **kind}, "body": body}
    return {
        "type": "object",
        "properties": dict(sorted(members.items())),
        "required": sorted(members.keys() - {"seen"}),
        "additionalProperties": False,
    }


class DescribedSchema(GenerateJsonSchema):
    """Writes what types and members say of themselves, and the forms of our own functions."""

    def model_schema(self, schema: core.ModelSchema) -> Schema:
        """Return the schema of a model, described."""
        kind = schema["cls"]
        written = super().model_schema(schema)
        for name, says in describe_members(kind).items():
            written["properties"][name]["description"] = says
        return {**written, "description": describe_type(kind)}

    def generate_inner(self, schema: Any) -> Schema:
        """Return the schema of any value: where pydantic counts characters of a list, its items."""
        written = super().generate_inner(schema)
        if written.get("type") == "array":
            for length, items in (("minLength", "minItems"), ("maxLength", "maxItems")):
                if length in written:
                    written[items] = written.pop(length)
        return written

    def field_title_should_be_set(self, schema: Any) -> bool:
        """Give members no title: their name is one."""
        del schema
        return False

    def function_before_schema(self, schema: core.BeforeValidatorFunctionSchema) -> Schema:
        """Return the form that a function of ours reads."""
        read = _READ.get(schema["function"]["function"])
        return dict(read) if read else super().function_before_schema(schema)

    def function_after_schema(self, schema: core.AfterValidatorFunctionSchema) -> Schema:
        """Return the form of a value, with what a function of ours asks of it."""
        asked = _CHECKED.get(schema["function"]["function"], {})
        return {**super().function_after_schema(schema), **asked}


_HEADER: Mapping[str, Schema] = {
    "event_id": {
        "type": "string",
        "format": "uuid",
        "pattern": f"^{UUID7.pattern}$",
        "description": "UUIDv7 (RFC 9562) in lower case, made by the client.",
        "examples": ["01a2013b-5f70-7b8e-81f8-0bd70ae0784c"],
    },
    "issued_at": _INSTANT
    | {"description": "When the client made it: at most 5 minutes after it is accepted."},
    "ledger": {
        "type": "string",
        "description": "Origin of the log that it is meant for.",
        "examples": ["ledger.example.vn/techledger/0badcafe"],
    },
    "nonce": {
        "type": "string",
        "pattern": f"^{NONCE.pattern}$",
        "description": "16 random bytes in base64url without padding.",
        "examples": ["VksGbU_N7SkaCMn4bMoAyw"],
    },
    "not_after": _INSTANT
    | {"description": "It dies unless accepted by then: at most 90 days after `issued_at`."},
    "seen": {
        "type": "integer",
        "minimum": 0,
        "description": "Entries of the log that the signers had in view; absent where they do not"
        " say.",
    },
    "signers": _IDS
    | {"description": "Ids of the parties that the event binds, ascending: exactly those."},
    "type": {
        "type": "string",
        "description": "The type of event: `<noun>.<past participle>/<version>`.",
    },
    "subjects": _IDS
    | {"description": "Ids of what the event is about, ascending; they follow from the body."},
}
