"""Entries of the log, by position: the exact bytes, what they say, and where they stand."""

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from api.deps import look, node_of
from api.openapi.declared_answers import TEXT, declared
from api.openapi.told import NO_LOG_KEYS, NOT_FOUND
from api.problems import ApiProblem
from api.reads.caching import IMMUTABLE, NO_CACHE
from api.reads.parameters import Position
from ledger.domain.core.types import format_instant
from ledger.log.merkle import leaf_hash
from ledger.node.node import Node
from ledger.publish.cose import MEDIA_TYPE
from ledger.publish.publisher import Publisher
from ledger.publish.receipts import Proof
from ledger.store.entries import StoredEntry, read_entries
from ledger.wire.base64 import b64encode
from ledger.wire.entry import parse_entry
from projections.engine.view import NotPublished

router = APIRouter(prefix="/v1/entries", tags=["entries"])


def entry_response(stored: StoredEntry) -> Response:
    """Return an entry as JSON: the exact bytes in base64, and what they say, for caches to keep."""
    entry = parse_entry(stored.entry)
    members: dict[str, Any] = {
        "position": stored.position,
        "accepted": format_instant(stored.accepted),
        "leaf_hash": b64encode(stored.leaf_hash),
        "entry": b64encode(stored.entry),
        "signatures": [
            {"keyid": signature.key_id, "sig": b64encode(signature.value)}
            for signature in entry.signatures
        ],
        "payload": orjson.loads(entry.payload),
    }
    headers = {**IMMUTABLE, "ETag": f'"{stored.position}"'}
    return Response(orjson.dumps(members), media_type="application/json", headers=headers)


@router.get(
    "/{position}",
    operation_id="getEntry",
    summary="An entry, by its position",
    responses=declared("The entry", "Entry", headers=("ETag",), told=(NOT_FOUND,)),
)
async def get_entry(request: Request, position: Position) -> Response:
    """Return the entry; nothing of it ever changes, so caches may keep it."""
    node = node_of(request)
    if position >= node.published:
        raise NotPublished(position, node.published)
    entries = await look(request, lambda: read_entries(node.reads, position, position + 1, 1))
    return entry_response(entries[0])


@router.get(
    "/{position}/proof",
    operation_id="getEntryProof",
    summary="The inclusion proof of an entry, as a tlog-proof file",
    responses=declared("The proof", media_type=TEXT, told=(NOT_FOUND,)),
)
async def get_entry_proof(request: Request, position: Position) -> Response:
    """Return the proof under the latest checkpoint (c2sp.org/tlog-proof)."""
    node = node_of(request)
    proof = await look(request, lambda: latest_proof(node, position))
    return Response(
        proof.tlog_proof(),
        media_type="text/plain; charset=utf-8",
        headers=NO_CACHE,
    )


@router.get(
    "/{position}/cose-receipt",
    operation_id="getEntryCoseReceipt",
    summary="The inclusion proof of an entry, as a COSE Receipt (RFC 9942)",
    response_class=Response,
    responses=declared("The receipt", media_type=MEDIA_TYPE, told=(NOT_FOUND, NO_LOG_KEYS)),
)
async def get_entry_cose_receipt(request: Request, position: Position) -> Response:
    """Return the receipt under the latest checkpoint, for users of SCITT (RFC 9943)."""
    node = node_of(request)
    publisher = node.publisher
    if publisher is None:
        raise ApiProblem(503, "NO_LOG_KEYS", "ask the process that publishes the log")
    receipt = await look(request, lambda: _cose_receipt(node, publisher, position))
    return Response(receipt, media_type=MEDIA_TYPE, headers=NO_CACHE)


def _cose_receipt(node: Node, publisher: Publisher, position: int) -> bytes:
    proof = latest_proof(node, position)
    (stored,) = read_entries(node.reads, position, position + 1, 1)
    event_id = orjson.loads(parse_entry(stored.entry).payload)["event_id"]
    return publisher.cose_receipt(proof.parsed, leaf_hash(stored.entry), f"urn:uuid:{event_id}")


def latest_proof(node: Node, position: int) -> Proof:
    """Return the proof of an entry under the latest checkpoint. Raises `NotPublished`."""
    checkpoint = node.feed.latest
    if checkpoint is None or position >= checkpoint.size:
        raise NotPublished(position, node.published)
    (proof,) = node.reading.prove([position], checkpoint)
    return proof
