"""Promises: what is answered to who asks for one, and what became of it."""

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Request, Response

from api.deps import look, node_of
from api.openapi.declared_answers import declared
from api.openapi.told import NOT_FOUND
from api.problems import NotFound
from api.reads.caching import NO_STORE
from ledger.domain.core.types import format_instant
from ledger.node.answers import PromisedAnswer
from ledger.node.node import Node
from ledger.store.entries import place_of
from ledger.store.stored_promises import find_promise

JSON = "application/json"

RESPOND_ASYNC = "respond-async"
"""The preference (RFC 7240) for a promise."""

router = APIRouter(prefix="/v1/promises", tags=["events"])


def promised(promise: PromisedAnswer) -> Response:
    """Return the answer to an event that was promised one."""
    members = {
        "event_id": promise.event_id,
        "payload_sha256": promise.payload,
        "received": format_instant(promise.received),
        "answer_by": format_instant(promise.answer_by),
        "promise": promise.note.decode(),
    }
    headers = {
        "Location": f"{router.prefix}/{promise.payload}",
        "Preference-Applied": RESPOND_ASYNC,
    }
    return Response(orjson.dumps(members), status_code=202, media_type=JSON, headers=headers)


@router.get(
    "/{payload}",
    operation_id="getPromise",
    summary="What became of an event that was promised an answer",
    responses=declared(
        "It waits, it is recorded, or it was refused", "Promised", told=(NOT_FOUND,)
    ),
)
async def get_promise(
    request: Request,
    payload: Annotated[
        str,
        Path(
            pattern="^sha256:[0-9a-f]{64}$",
            description="Hash of the payload: nobody else can ask, for there is no list",
            examples=["sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        ),
    ],
) -> Response:
    """Return its state, with the link to its receipt or the signed refusal.

    A refusal can be asked for until `LEDGER_PROMISE_KEPT_S` after the promise's time; what is
    recorded for ever.
    """
    node, digest = node_of(request), bytes.fromhex(payload.removeprefix("sha256:"))
    found = await look(request, lambda: _find(node, digest))
    if found is None:
        raise NotFound("no event of that payload is recorded, waits, or was refused of late")
    content = orjson.dumps({"payload_sha256": payload, **found})
    return Response(content, media_type=JSON, headers=NO_STORE)


def _find(node: Node, digest: bytes) -> dict[str, Any] | None:
    stored = find_promise(node.reads, digest)  # First: it goes once the event is recorded.
    place = place_of(node.reads, digest)
    if place and place[0] < node.published:
        position, event_id = place
        receipt = f"/v1/events/{event_id}/receipt"
        return {
            "state": "recorded",
            "event_id": str(event_id),
            "position": position,
            "receipt": receipt,
        }
    if stored is None:  # This process may hear later than another that it is signed.
        return {"state": "waiting", "event_id": str(place[1])} if place else None
    about = {
        "event_id": str(stored.event_id),
        "received": format_instant(stored.received),
        "answer_by": format_instant(stored.answer_by),
    }
    if stored.refusal is None:
        return {"state": "waiting", **about}
    return {"state": "refused", **about, "refusal": stored.refusal.decode()}
