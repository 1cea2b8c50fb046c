"""The published document: FastAPI's paths and parameters, our answers, problems and headers."""

import json
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute

from api.openapi.declared_answers import COMPRESSED, Declared, Problem
from api.openapi.kinds import NULL, REFERENCE, Kinds, Schema, reference, tidied
from api.openapi.published import kept, published
from api.openapi.shapes import SHAPES, events
from api.openapi.told import EVERY, EVERY_ANSWER, NOT_FOUND, Told, components, headers
from ledger.domain.registry import TOPICS

SAID: Mapping[str, str] = {
    "contract": "Id of a contract",
    "contract query": "Only of this contract",
    "currency": "Currency of the amount (ISO 4217)",
    "dispute": "Id of a dispute",
    "distribution": "Id of a distribution",
    "document": "Id of a document",
    "licensee": "Only of this licensee",
    "limit": "How many there are on a page at most",
    "listing": "Only on this listing",
    "name": "Name of a read model",
    "offer": "Only this offer",
    "party": "Id of a party",
    "right": "Id of a right",
    "right query": "Only by grants on this right or technology",
    "sha256": "Digest of the set's manifest",
    "share": "Id of a share agreement",
    "subject": "Id of a subject of any kind",
    "technology": "Id of a technology",
    "technology query": "Only on this technology",
    "topic": "Only events of this topic",
}
"""What a parameter is that its route does not describe."""

HEADERS: Mapping[str, Schema] = {
    "X-Request-Id": {
        "description": "Names the request, in the server's log too: the client's own, or new. Not "
        "of what a connection is told before there is a request.",
        "schema": {"type": "string"},
    },
    "ETag": {
        "description": "Send it as `If-None-Match`: 304 where the answer is the same.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Cache-Control": {
        "description": "How long a cache may keep the answer (RFC 9111).",
        "required": True,
        "schema": {"type": "string"},
    },
    "Vary": {
        "description": "Headers of the request on which the answer depends.",
        "schema": {"type": "string"},
    },
    "Allow": {
        "description": "With 405: the methods that there are.",
        "schema": {"type": "string"},
    },
    "Location": {
        "description": "Where the answer is, or will be.",
        "required": True,
        "schema": {"type": "string"},
    },
    "Preference-Applied": {
        "description": "The preference (RFC 7240) that was followed.",
        "schema": {"type": "string"},
    },
    "Replayed": {
        "description": "`true`: the event was recorded before, and this is its receipt.",
        "schema": {"type": "string", "const": "true"},
    },
    "Retry-After": {
        "description": "Seconds after which the same may be sent again.",
        "required": True,
        "schema": {"type": "integer"},
    },
    "X-Accel-Buffering": {
        "description": "`no`: a proxy is to pass each part on as it comes.",
        "required": True,
        "schema": {"type": "string", "const": "no"},
    },
    "RateLimit": {
        "description": "What is left of the client's share "
        "(draft-ietf-httpapi-ratelimit-headers-10).",
        "schema": {"type": "string"},
    },
    "RateLimit-Policy": {
        "description": "How much the client's share is, of the same draft.",
        "schema": {"type": "string"},
    },
}

IF_NONE_MATCH: Schema = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "schema": {"type": "string", "pattern": r'^(\*|(W/)?"[^"]*"(, *(W/)?"[^"]*")*)$'},
    "description": "An `ETag` that an earlier answer had: 304 where this one would be the same.",
}
"""What may be asked of every answer that has an `ETag`."""

Examples = Mapping[str, Mapping[str, Schema]]
"""By the id of an operation and a status, or `problems` and the name of one: examples, by names.

`python -m tests.support.examples` records them.
"""

TAGS: Mapping[str, str] = {
    "events": "Submit signed events, and read them back, by id or as a list",
    "types": "What a client has to know to make an event of a type",
    "entries": "Entries of the log by position, with their proofs",
    "evidence": "Bundles that anybody checks offline",
    "technologies": "What a technology is, who owns it, what is left to grant",
    "rights": "Title, chain, liens and status of rights",
    "licences": "Whether somebody may do something",
    "figures": "What was concluded and paid in a year",
    "market": "Listings and needs, and whether they were open",
    "offers": "Offers, and whether they were open",
    "contracts": "Terms, versions and sublicences",
    "money": "What is owed, paid, held and late",
    "disputes": "Disputes, orders and what they hold",
    "findings": "What recorded facts contradict",
    "law": "The law data by which the ledger judged",
    "search": "What is found by a text",
    "subjects": "Timelines of subjects of any kind",
    "parties": "Who parties are, what they have, and whom they let sign",
    "keys": "Whose keys are, and what they signed",
    "documents": "What was handed over, and received",
    "log": "The transparency log itself (C2SP tlog-tiles)",
    "projections": "How far the read models are, and whether they are right",
    "operations": "Health and metrics",
}


def describe(app: FastAPI) -> None:
    """Have the application publish the document that is kept beside this module.

    To make one takes seconds, and a test holds the kept one to what would be made.
    """
    app.openapi = _served  # type: ignore[method-assign]  # FastAPI's documented way to extend it


@cache
def _served() -> dict[str, Any]:
    document: dict[str, Any] = json.loads(published())
    return document


def made(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application, made again from its routes and their types."""
    return _document(FastAPI.openapi(app), _routes(app), json.loads(kept("examples.json")))


def _routes(app: FastAPI) -> Mapping[str, APIRoute]:
    """Return the routes that are published, by the ids of their operations."""
    return {
        route.operation_id: route
        for route in app.routes
        if isinstance(route, APIRoute) and route.operation_id
    }


def _document(
    document: dict[str, Any], routes: Mapping[str, APIRoute], examples: Examples
) -> dict[str, Any]:
    """Return FastAPI's document with what it does not know."""
    kinds = Kinds((*_kinds_of(routes.values()), *TOPICS.values()))
    told = [*EVERY]
    for path in document["paths"].values():
        for operation in path.values():
            route = routes[operation["operationId"]]
            operation["parameters"] = [*map(_parameter, operation.get("parameters", ()))]
            operation["security"] = []
            operation["responses"], here = _responses(route, kinds)
            operation["parameters"] += [IF_NONE_MATCH] if "304" in operation["responses"] else []
            told += here
    schemas, responses = components(told)
    document |= {
        "servers": [{"url": "/", "description": "This ledger"}],
        "security": [],
        "tags": [{"name": name, "description": says} for name, says in TAGS.items()],
        "components": {
            "schemas": {
                **kinds.components(),
                **SHAPES,
                **events(kinds, dict(sorted(TOPICS.items()))),
                **schemas,
            },
            "responses": responses,
            "headers": {**HEADERS},
            "securitySchemes": {},
        },
    }
    _must_be_whole(document)
    document = _wide(document)
    for path in document["paths"].values():
        for operation in path.values():
            shown = examples.get(operation["operationId"], {})
            _show(operation["responses"], shown)
            _show({"request": operation.get("requestBody", {})}, shown)
    _show(document["components"]["responses"], examples["problems"])
    return document


def _show(responses: Mapping[str, Schema], examples: Mapping[str, Schema]) -> None:
    """Show examples of responses, or of a request's body, by the same names."""
    for name in responses.keys() & examples.keys():
        for content in responses[name]["content"].values():
            content["examples"] = examples[name]


def _wide(value: Any) -> Any:
    """Return a document that says of each integer that it has 64 bits.

    Go and Java take one of 32 where none is said.
    """
    if isinstance(value, list):
        return [*map(_wide, value)]
    if not isinstance(value, dict):
        return value
    found = {name: _wide(each) for name, each in value.items()}
    return found | {"format": "int64"} if found.get("type") == "integer" else found


def _kinds_of(routes: Iterable[APIRoute]) -> Iterable[Any]:
    for route in routes:
        for response in route.responses.values():
            if isinstance(response, Declared):
                yield from (kind for kind in response.kinds if not isinstance(kind, str))


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter with its description, without a title that says its name.

    Null cannot be asked: what is not asked is left out.
    """
    name = parameter["name"]
    said = parameter.get("description") or SAID.get(f"{name} {parameter['in']}") or SAID[name]
    schema = tidied(parameter["schema"])
    schema.pop("description", None)
    if "anyOf" in schema:
        (given,) = (each for each in schema.pop("anyOf") if each != NULL)
        schema |= given
    return parameter | {"description": said, "schema": schema}


def _responses(route: APIRoute, kinds: Kinds) -> tuple[dict[str, Any], list[Told]]:
    """Return the responses of an operation, and what it is told beside what every one is."""
    here = [each.told for each in route.responses.values() if isinstance(each, Problem)]
    if "{" in route.path:  # With a slash in it, as %2F is, it is another path.
        here.insert(0, NOT_FOUND)
    statuses = {told.status: told for told in (*EVERY, *here)}
    responses: dict[str, Any] = {}
    for status, response in route.responses.items():
        if isinstance(response, Declared):
            sent = headers(_sent(route, response))
            responses[str(status)] = _success(response, kinds) | {"headers": sent}
            if "ETag" in response.headers:
                says = "It is what `If-None-Match` names: no body."
                responses["304"] = {"description": says, "headers": sent}
    for status in sorted(statuses):
        problem = {"$ref": f"#/components/responses/{statuses[status].name}"}
        responses.setdefault(str(status), problem)
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    return responses, here


def _sent(route: APIRoute, response: Declared) -> tuple[str, ...]:
    """Return the headers of an answer: those of every one, those of what is read, its own."""
    if "GET" not in (route.methods or ()):
        return (*EVERY_ANSWER, *response.headers)
    vary = ("Vary",) if response.media_type.startswith(COMPRESSED) else ()
    return (*EVERY_ANSWER, "Cache-Control", *vary, *response.headers)


def _success(response: Declared, kinds: Kinds) -> dict[str, Any]:
    shapes = [
        reference(each) if isinstance(each, str) else kinds.of(each) for each in response.kinds
    ]
    schema: Schema = (
        {"oneOf": shapes} if len(shapes) > 1 else shapes[0] if shapes else {"type": "string"}
    )
    if not shapes and not response.media_type.startswith("text/"):
        schema |= {"contentMediaType": response.media_type}
    return {
        "description": response["description"],
        "content": {response.media_type: {"schema": schema}},
    }


def _must_be_whole(document: Mapping[str, Any]) -> None:
    """Let each reference lead somewhere: a slip in a name is found where it was made."""
    there = document["components"]["schemas"].keys()
    missing = {each for each in _references(document) if each not in there}
    assert not missing, f"no schemas of these names: {missing}"


def _references(value: Any) -> Iterable[str]:
    if isinstance(value, Mapping):
        if str(value.get("$ref", "")).startswith(REFERENCE):
            yield value["$ref"].removeprefix(REFERENCE)
        value = list(value.values())
    if isinstance(value, list):
        for each in value:
            yield from _references(each)
