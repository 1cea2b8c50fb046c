"""
JSON Schemas of answers, from the dataclasses that they are written from (`members_of`).

One walk over the same types as writing and reading back, so that the three cannot part. Nothing
here runs when an answer is written.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from fractions import Fraction
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from api.describe.answer_json import kinds_of
from api.describe.measures import PAIRS, measure_of
from api.describe.shape import is_record, members_of_kind
from api.openapi.members import said_of
from ledger.events.descriptions import describe_members, describe_type
from ledger.events.intake import UUID7
from ledger.events.schema import DescribedSchema
from ledger.wire.canonical import MAX_INT
from projections.engine.answer import Verdict

Schema = dict[str, Any]

REFERENCE = "#/components/schemas/"

INSTANT: Schema = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z$",
}
"""Without `format`: an instant has one spelling, and what generators make of it has another."""

DAY: Schema = {"type": "string", "format": "date"}
INTEGER: Schema = {"type": "integer", "minimum": -MAX_INT, "maximum": MAX_INT}
NULL: Schema = {"type": "null"}
JSON_VALUE: Schema = {"description": "Any value of JSON."}
"""Of a member of an event, whichever it is: recursive schemas many generators cannot read."""

SHARED: Mapping[str, Schema] = {
    "Sum": {
        "description": "An amount in minor units of the currency that stands beside it; beyond "
        "±(2^53 - 1) a string of its digits (RFC 7493, 2.2).",
        "anyOf": [INTEGER, {"type": "string", "pattern": "^-?[1-9][0-9]{15,99}$"}],
    },
    "Fraction": {
        "description": "A fraction in its lowest terms: numerator, denominator.",
        "type": "array",
        "items": INTEGER,
        "minItems": 2,
        "maxItems": 2,
    },
    "AnswerVerdict": {
        "description": "The answer in a word. Yes and no are of yes/no questions alone; "
        "`contested`: recorded facts contradict what it stands on; `unknown`: the log never named "
        "what is asked about, or what would say it is sealed.",
        "type": "string",
        "enum": [*get_args(Verdict)],
    },
    "JsonSchema": {
        "type": "object",
        "description": "A JSON Schema 2020-12 document that refers to no other; its form is "
        "https://json-schema.org/draft/2020-12/schema.",
        "additionalProperties": JSON_VALUE,
    },
}
"""Schemas that have a name of their own and no class."""

UNDATED = frozenset({"office_from", "true_from", "effective_from", "valid_from"})
"""Days of rows that may be on no day yet: null."""


EVENT_ID: Schema = {"type": "string", "format": "uuid", "pattern": f"^{UUID7.pattern}$"}
HASH: Schema = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}

FORMS: Mapping[str, Schema] = {"event_id": EVENT_ID, "payload_hash": HASH}
"""Texts of one form, by the members that they stand in."""


def reference(name: str) -> Schema:
    """Return what refers to a schema by its name."""
    return {"$ref": f"{REFERENCE}{name}"}


class Kinds:
    """The schemas of some types and of all that they hold, by name.

    A type has its own name; dataclasses that share one have their module's before it.
    """

    def __init__(self, kinds: Iterable[type[Any]]) -> None:
        found = dict.fromkeys(record for kind in kinds for record in _records(kind))
        models = [kind for kind in found if issubclass(kind, BaseModel)]
        answers = [kind for kind in found if is_dataclass(kind)]
        references, self._models = _schemas_of(models)
        taken = Counter(kind.__name__ for kind in answers)
        taken.update([*self._models])
        self._names: dict[type[Any], str] = {
            **{model: references[model] for model in models},
            **{kind: _named(kind, taken[kind.__name__] > 1) for kind in answers},
        }
        self._answers = answers

    def of(self, kind: Any) -> Schema:
        """Return the schema of a type."""
        return self._of(kind, "", "")

    def components(self) -> dict[str, Schema]:
        """Return the schemas that have names."""
        found = {self._names[kind]: self._record(kind) for kind in self._answers}
        assert found.keys().isdisjoint(self._models), "two schemas of one name"
        return {**SHARED, "TermsValue": self._terms_value(), **self._models, **found}

    def _terms_value(self) -> Schema:
        """Return the schema of what any member of the terms may be, one grant, or nothing."""
        values = [
            {word: said for word, said in part.items() if word not in ("default", "description")}
            for member in self._models["Terms"]["properties"].values()
            for part in member.get("anyOf", (member,))
        ]
        says = "What a member of the terms says; a grant, or null where it is not there."
        return {"description": says, **_either([reference("Grant"), *values, NULL])}

    def _record(self, kind: Any) -> Schema:
        members = kinds_of(kind)
        said = _said_of(kind)
        return {
            "type": "object",
            "description": _as_json(describe_type(kind)),
            "required": [*members],
            "properties": {
                name: self._of(of, kind.__name__, name)
                | {"description": said.get(name) or said_of(kind.__name__, name)}
                for name, of in members.items()
            },
            "additionalProperties": False,
        }

    def _of(self, kind: Any, owner: str, member: str) -> Schema:
        origin, inner = get_origin(kind), get_args(kind)
        if origin is not None:
            return self._made_of(origin, inner, owner, member)
        if kind in self._names:
            return reference(self._names[kind])
        if kind is date and member in UNDATED:
            return _either([DAY, NULL])
        if kind is Any:
            return reference(_BY_ANOTHER[f"{owner}.{member}"])
        if kind is int and measure_of(owner, member) == "sum":
            return reference("Sum")
        plain = _PLAIN[kind]
        return dict(FORMS.get(member, plain) if kind is str else plain)

    def _made_of(self, origin: Any, inner: tuple[Any, ...], owner: str, member: str) -> Schema:
        """Return the schema of a type that is made of others."""
        if origin is Literal:
            verdict = inner == get_args(Verdict)
            return reference("AnswerVerdict") if verdict else {"type": "string", "enum": [*inner]}
        if origin in (Union, UnionType):
            return _either([self._of(each, owner, member) for each in inner])
        if origin is tuple:
            return self._tuple(inner, owner, member)
        if origin is Annotated:
            return self._of(inner[0], owner, member)
        assert issubclass(origin, Mapping)
        return {"type": "object", "additionalProperties": self._of(inner[1], owner, member)}

    def _tuple(self, inner: tuple[Any, ...], owner: str, member: str) -> Schema:
        if inner[-1] is Ellipsis:
            return {"type": "array", "items": self._of(inner[0], owner, member)}
        places = PAIRS.get(f"{owner}.{member}", (member,) * len(inner))
        each = [self._of(of, owner, name) for of, name in zip(inner, places, strict=True)]
        bounds = {"type": "array", "minItems": len(each), "maxItems": len(each)}
        if all(one == each[0] for one in each):
            return bounds | {"items": each[0]}
        return bounds | {"prefixItems": each, "items": _either(each)}


_PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    date: DAY,
    bool: {"type": "boolean"},
    int: INTEGER,
    datetime: INSTANT,
    Fraction: reference("Fraction"),
    NoneType: NULL,
}

_BY_ANOTHER: Mapping[str, str] = {
    "TermsDifference.after": "TermsValue",
    "TermsDifference.before": "TermsValue",
    "EventType.example": "Event",
    "EventType.schema": "JsonSchema",
}
"""The schemas of members whose form another member decides, so that their types leave it open."""


def _either(schemas: Iterable[Schema]) -> Schema:
    """Return the schema of what is of one of these, each once."""
    different: list[Schema] = []
    for each in schemas:
        different += [] if each in different else [each]
    return different[0] if len(different) == 1 else {"anyOf": different}


def _records(kind: Any) -> Iterator[type[Any]]:
    """Yield every type with members in a type, itself first."""
    found: dict[type[Any], None] = {}
    waiting: list[Any] = [kind]
    while waiting:
        each = waiting.pop()
        if not is_record(each):
            waiting += get_args(each)
        elif each not in found:
            found[each] = None
            waiting += members_of_kind(each).values()
    yield from found


def _schemas_of(models: Iterable[type[BaseModel]]) -> tuple[dict[Any, str], dict[str, Schema]]:
    """Return the names of models, and the schemas of all that they hold."""
    references, document = models_json_schema(
        [(model, "validation") for model in models],
        ref_template=f"{REFERENCE}{{model}}",
        schema_generator=DescribedSchema,
    )
    names = {
        model: schema["$ref"].removeprefix(REFERENCE) for (model, _), schema in references.items()
    }
    return names, _apart(tidied(document.get("$defs", {})))


_NARROWER: Mapping[str, str] = {"Money": "Price"}
"""What a schema is called of which more is said beside a reference to it."""


def _apart(schemas: dict[str, Schema]) -> dict[str, Schema]:
    """Return schemas that say nothing of members beside a reference: generators do not read it."""
    found: dict[str, Schema] = {}

    def walked(value: Any) -> Any:
        if isinstance(value, list):
            return [*map(walked, value)]
        if not isinstance(value, dict):
            return value
        rest = {name: walked(each) for name, each in value.items()}
        if rest.keys() >= {"$ref", "properties"}:
            whole, more = schemas[rest["$ref"].removeprefix(REFERENCE)], rest.pop("properties")
            name = _NARROWER[rest["$ref"].removeprefix(REFERENCE)]
            members = {of: each | more.get(of, {}) for of, each in whole["properties"].items()}
            found[name] = whole | {"properties": members}
            rest |= reference(name)
        return rest

    return {name: walked(each) for name, each in schemas.items()} | found


def tidied(schema: Any) -> Any:
    """Return a schema without titles that say nothing but a name, with lists as lists.

    Instants are as `INSTANT` has them.
    """
    if isinstance(schema, list):
        return [tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {
        name: tidied(value)
        for name, value in schema.items()
        if not (name == "title" and isinstance(value, str))
    }
    if found.get("format") == "date-time":
        del found["format"]
    if found.get("type") == "array":
        each = found.get("prefixItems")
        if each and all(one == each[0] for one in each):
            found |= {"items": found.pop("prefixItems")[0]}
        elif each:
            found |= {"items": _either(each)}
    return found


def _named(kind: type[Any], shared: bool) -> str:  # noqa: FBT001
    module = kind.__module__.rpartition(".")[2] if shared else ""
    return "".join(word.capitalize() for word in module.split("_")) + kind.__name__


def _said_of(kind: Any) -> Mapping[str, str]:
    """Return what the docstrings of a record's fields and properties say, by member."""
    derived = members_of_kind(kind).keys() - {each.name for each in fields(kind)}
    says = {name: _RETURNS.sub("", describe_type(getattr(kind, name))) for name in derived}
    return {
        **describe_members(kind),
        **{name: _as_json(f"{text[:1].upper()}{text[1:]}") for name, text in says.items()},
    }


_RETURNS = re.compile("^(Return|Say) ")


def _as_json(text: str) -> str:
    """Return a text of the source as it is to be said of JSON."""
    return text.replace("None", "null").replace("False", "false").replace("True", "true")
