"""Holds what a server answers to the OpenAPI document that it publishes."""

import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.types import ASGIApp, Message, Receive, Scope, Send

TYPES: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: isinstance(value, str),
    "integer": lambda value: type(value) is int,
    "number": lambda value: type(value) in (int, float),
    "boolean": lambda value: isinstance(value, bool),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
    "null": lambda value: value is None,
}

CHECKED = frozenset(
    {
        *("type", "const", "enum", "pattern", "minimum", "maximum", "minItems", "maxItems"),
        *("minLength", "maxLength", "exclusiveMinimum", "exclusiveMaximum", "uniqueItems"),
        *("items", "prefixItems", "properties", "required", "additionalProperties"),
        *("propertyNames", "anyOf", "oneOf", "$ref"),
    }
)
SAID_ONLY = frozenset(
    {
        *("description", "default", "examples", "format", "discriminator"),
        *("contentEncoding", "contentMediaType"),
    }
)
"""What no value is held to: a keyword that is in neither list fails the tests."""


class Contract:
    """A document, and what is at odds with it."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self.document = document
        self._paths = [
            (re.compile(re.sub(r"\\{[^}]*\\}", _any_of, re.escape(path))), path)
            for path in sorted(document["paths"], key=lambda path: path.count("{"))
        ]

    def operation(self, method: str, target: str) -> dict[str, Any] | None:
        """Return the operation that a request is of."""
        path = urlsplit(target).path
        for pattern, template in self._paths:
            if pattern.fullmatch(path):
                methods = self.document["paths"][template]
                found = methods.get("get" if method == "HEAD" else method.lower())
                if found is not None:
                    return dict(found)
        return None

    def at_odds(
        self, method: str, target: str, status: int, headers: Mapping[str, str], body: bytes
    ) -> list[str]:
        """Return in what an answer is not what the document says."""
        operation = self.operation(method, target)
        kind = headers.get("content-type", "").partition(";")[0]
        if operation is None or (status >= 400 and kind == "text/html"):
            return []
        responses = operation["responses"]
        response = self._resolved(responses.get(str(status), responses["default"]))
        where = f"{method} {target} {status}"
        if status < 400 and str(status) not in responses:
            return [f"{where}: no such status"]
        if status == 304 or method == "HEAD" or not (body or kind):
            return []
        if kind not in response["content"]:
            return [f"{where}: {kind} is none of {', '.join(response['content'])}"]
        schema = response["content"][kind]["schema"]
        lines = body.splitlines() if kind.endswith("ndjson") else [body]
        values = (json.loads(line) if "json" in kind else line.decode("latin-1") for line in lines)
        return [f"{where} {told}" for value in values for told in self.faults(schema, value, "$")]

    def faults(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        """Yield where a value is not of a schema."""
        schema = {**self._resolved(schema), **schema}
        unread = schema.keys() - CHECKED - SAID_ONLY
        assert not unread, f"keywords that nobody checks: {unread}"
        kinds = schema.get("type", [*TYPES])
        kinds = [kinds] if isinstance(kinds, str) else kinds
        if not any(TYPES[kind](value) for kind in kinds):
            yield f"{at} is no {', '.join(kinds)}: {value!r:.80}"
            return
        if "const" in schema and value != schema["const"]:
            yield f"{at} is not {schema['const']}: {value!r:.80}"
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at} is none of its values: {value!r:.80}"
        yield from self._either(schema, value, at)
        yield from self._parts(schema, value, at)

    def _parts(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        """Yield the same of what a value is made of."""
        if isinstance(value, dict):
            yield from self._object(schema, value, at)
        elif isinstance(value, list):
            yield from self._list(schema, value, at)
        elif isinstance(value, str):
            yield from _bounded(schema, len(value), at, "minLength", "maxLength")
            if not re.search(schema.get("pattern", ""), value):
                yield f"{at} is not {schema['pattern']}: {value!r:.80}"
        elif type(value) is int:
            yield from _bounded(schema, value, at, "minimum", "maximum")

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        if "$ref" not in schema:
            return schema
        found: Any = self.document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        return self._resolved(found)

    def _either(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        for word, least, most in (("anyOf", 1, 1000), ("oneOf", 1, 1)):
            if word in schema:
                told = [list(self.faults(each, value, at)) for each in schema[word]]
                fit = sum(not each for each in told)
                if not least <= fit <= most:
                    nearest = min(told, key=len)
                    yield f"{at} fits {fit} of {word}: {'; '.join(nearest[:3])}"

    def _object(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        members = schema.get("properties", {})
        for name in schema.get("required", ()):
            if name not in value:
                yield f"{at} has no {name}"
        for name, each in value.items():
            other = schema.get("additionalProperties", {})
            if name in members:
                yield from self.faults(members[name], each, f"{at}.{name}")
            elif other is False:
                yield f"{at} has {name}"
            elif other is not True:
                yield from self.faults(other, each, f"{at}.{name}")
            yield from self.faults(schema.get("propertyNames", {}), name, f"{at} name")

    def _list(self, schema: Mapping[str, Any], value: Any, at: str) -> Iterator[str]:
        yield from _bounded(schema, len(value), at, "minItems", "maxItems")
        first = schema.get("prefixItems", [])
        for number, each in enumerate(value):
            of = first[number] if number < len(first) else schema.get("items", {})
            yield from self.faults(of, each, f"{at}[{number}]")


def _bounded(schema: Mapping[str, Any], size: int, at: str, *bounds: str) -> Iterator[str]:
    least, most = bounds
    if not schema.get(least, size) <= size <= schema.get(most, size):
        yield f"{at} is beyond {least} or {most}: {size}"


def _any_of(parameter: re.Match[str]) -> str:
    return ".+" if parameter[0] == r"\{path\}" else "[^/]+"


class Held:
    """An application whose answers are each held to its document; `told` is what is at odds."""

    def __init__(self, app: ASGIApp, contract: Contract) -> None:
        self.app, self.contract = app, contract
        self.told: list[str] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        start: Message = {}
        parts: list[bytes] = []

        async def keep(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start":
                start = message
            else:
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    self._hold(scope, start, b"".join(parts))
            await send(message)

        await self.app(scope, receive, keep)

    def _hold(self, scope: Scope, start: Message, body: bytes) -> None:
        headers = {name.decode().lower(): value.decode() for name, value in start["headers"]}
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        target, status = scope["path"], start["status"]
        told = self.contract.at_odds(scope["method"], target, status, headers, body)
        self.told += told[:3]
