"""The API's operations as people read them, from the same OpenAPI document that clients get."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

JSON = "application/json"

_FILES = {JSON: "event.json", "application/x-ndjson": "events.ndjson"}
"""What a reader would call the file that is sent."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter in the path or the query; `form` is its type, pattern or choice of values."""

    name: str
    place: str
    required: bool
    form: str
    says: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One method on one path, with a command that calls it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    curl: str


@dataclass(frozen=True, slots=True)
class Group:
    """The operations that share a tag, in the document's order."""

    tag: str
    operations: tuple[Operation, ...]


def groups_of(document: Mapping[str, Any], url: str) -> tuple[Group, ...]:
    """Return all operations of an OpenAPI document, by tag; `url` begins the commands."""
    groups: dict[str, list[Operation]] = {}
    for path, methods in document["paths"].items():
        for method, described in methods.items():
            operation = _operation(method.upper(), path, described, url)
            groups.setdefault(described["tags"][0], []).append(operation)
    return tuple(Group(tag, tuple(operations)) for tag, operations in groups.items())


def _operation(method: str, path: str, described: Mapping[str, Any], url: str) -> Operation:
    parameters = described.get("parameters", [])
    return Operation(
        id=described["operationId"],
        method=method,
        path=path,
        summary=described["summary"],
        description=described.get("description", "").replace("`", ""),
        parameters=tuple(map(_parameter, parameters)),
        curl=_curl(path, described, parameters, url),
    )


def _parameter(described: Mapping[str, Any]) -> Parameter:
    return Parameter(
        name=described["name"],
        place=described["in"],
        required=described["required"],
        form=_form(described["schema"]),
        says=described.get("description", ""),
    )


def _form(schema: Mapping[str, Any]) -> str:
    """Return a schema in a word or two: its values, its pattern, its format or its type."""
    given = [option for option in schema.get("anyOf", [schema]) if option.get("type") != "null"]
    (shape,) = given
    if "enum" in shape:
        return " | ".join(shape["enum"])
    form = shape.get("pattern") or shape.get("format") or shape["type"]
    return f"{form}, default {schema['default']}" if schema.get("default") is not None else form


def _curl(
    path: str, described: Mapping[str, Any], parameters: list[dict[str, Any]], url: str
) -> str:
    """Return a command with the examples that the required parameters have in the document."""
    asked = []
    for parameter in parameters:
        if parameter["in"] == "path":
            path = path.replace(f"{{{parameter['name']}}}", _example(parameter))
        elif parameter["required"]:
            asked.append(f"{parameter['name']}={_example(parameter)}")
    address = f"{url}{path}" + (f"?{'&'.join(asked)}" if asked else "")
    return " ".join(["curl -sS", *_body(described), shlex.quote(address)])


def _body(described: Mapping[str, Any]) -> list[str]:
    if "requestBody" not in described:
        return []
    (media_type,) = described["requestBody"]["content"]
    return [f"-H 'Content-Type: {media_type}' --data-binary @{_FILES[media_type]}"]


def _example(parameter: Mapping[str, Any]) -> str:
    """Return the first example, or what the schema itself shows: a choice, a least, a kind."""
    schema = parameter["schema"]
    shown = schema.get("examples") or schema.get("enum")
    if shown is None and schema["type"] == "integer":
        shown = [max(1, schema.get("minimum", 1))]
    if shown is None:
        shown = [schema["pattern"].partition(":")[0].removeprefix("^") + ":example"]
    return quote(str(shown[0]), safe=":/.")
