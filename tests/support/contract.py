"""Holds what a server answers to the OpenAPI document that it publishes."""

import gzip
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

OF_ALL = re.compile(
    "content-(type|length|encoding|security-policy)|date|server|connection|access-control-.*"
    "|x-content-type-options|referrer-policy|cross-origin-resource-policy"
)
"""Headers of HTTP itself and those that pages are protected by: docs/reference/http.md has them."""

MAY_LACK = frozenset({"preference-applied", "replayed"})
"""Headers of an answer that are there only where they say something."""


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
        if operation is None and kind == "application/problem+json":
            operation = {"responses": {"default": {"$ref": "#/components/responses/Problem"}}}
        if operation is None or (status >= 400 and kind == "text/html"):
            return []
        responses = operation["responses"]
        response = self._resolved(responses.get(str(status), responses["default"]))
        where = f"{method} {target} {status}"
        if status < 400 and str(status) not in responses:
            return [f"{where}: no such status"]
        if told := self._of_headers(response, status, headers):
            return [f"{where}: {each}" for each in told]
        if status == 304 or method == "HEAD" or not (body or kind):
            return []
        if kind not in response["content"]:
            return [f"{where}: {kind} is none of {', '.join(response['content'])}"]
        schema = response["content"][kind]["schema"]
        lines = body.splitlines() if kind.endswith("ndjson") else [body]
        values = (json.loads(line) if "json" in kind else line.decode("latin-1") for line in lines)
        return [f"{where} {told}" for value in values for told in self._faults(schema, value)]

    def _of_headers(
        self, response: Mapping[str, Any], status: int, sent: Mapping[str, str]
    ) -> list[str]:
        """Return which headers are sent and not declared, or declared and not sent."""
        declared = {name.lower(): each for name, each in response["headers"].items()}
        named = self.document["components"]["headers"]
        always = {
            name
            for name, each in declared.items()
            if status < 400 or named[each["$ref"].rpartition("/")[2]].get("required")
        }
        more = {name for name in sent if not OF_ALL.fullmatch(name)} - declared.keys()
        missing = always - MAY_LACK - sent.keys()
        return [
            *(f"{name} is sent and not declared" for name in sorted(more)),
            *(f"{name} is declared and not sent" for name in sorted(missing)),
        ]

    def _faults(self, schema: Mapping[str, Any], value: Any) -> Iterator[str]:
        """Yield where a value is not of a schema (JSON Schema 2020-12, as OpenAPI 3.1 has it)."""
        whole = {**schema, "components": self.document["components"]}
        for error in Draft202012Validator(whole).iter_errors(value):
            deep = best_match([error])
            yield f"{deep.json_path}: {deep.message:.300}"

    def _resolved(self, response: Mapping[str, Any]) -> Mapping[str, Any]:
        name = response.get("$ref", "").removeprefix("#/components/responses/")
        return self.document["components"]["responses"][name] if name else response


def _any_of(parameter: re.Match[str]) -> str:
    return ".+" if parameter[0] in (r"\{path\}", r"\{topic\}") else "[^/]+"


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
