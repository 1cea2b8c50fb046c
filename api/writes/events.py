"""Submitting events, one or many, and reading them back by their id."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from functools import partial
from typing import Annotated, Any
from uuid import UUID

import orjson
from fastapi import APIRouter, Header, HTTPException, Path, Query, Request, Response
from starlette.requests import ClientDisconnect

from api.deps import (
    address_of,
    dry_runs_of,
    look,
    metrics_of,
    node_of,
    quotas_of,
    submitter_of,
    uploads_of,
)
from api.limits.dryruns import judged_json, refused_json
from api.openapi.declared_answers import declared
from api.openapi.told import NOT_FOUND, NOT_WITNESSED, written
from api.problems import (
    LATER,
    ApiProblem,
    NotFound,
    code_of,
    problem,
    respond,
    signed,
    wait_s_of,
    wants_vietnamese,
)
from api.reads.entries import entry_response
from api.reads.questions import tagged_json
from api.writes.lines import Lines
from api.writes.preferences import read_preferences
from api.writes.promises import RESPOND_ASYNC, promised
from ledger.domain.core.refusal import Refusal
from ledger.domain.parties.signature_refusals import BadSignature, KeyUnknown, SignerMissing
from ledger.events.intake import MAX_BODY, UUID7, Invalid
from ledger.node.answers import Answer, PromisedAnswer, Receipt, Rejected, is_judged_now
from ledger.node.node import Node
from ledger.publish.quorum import Grade
from ledger.quoted import quoted
from ledger.store.connection import OutcomeUnknown
from ledger.store.entries import find_event
from ledger.wire.base64 import b64encode

JSON = "application/json"
NDJSON = "application/x-ndjson"

WITNESSED = "wait=witnessed"
"""The preference for a receipt of that grade."""

REPLAYED, UNVERIFIED, JUDGED = 0.2, 10, 4
"""What such an event costs its address, in requests; what may be sent again as the first."""

_UNVERIFIED = (Invalid, BadSignature, KeyUnknown, SignerMissing)

EventId = Annotated[
    str,
    Path(
        pattern=f"^{UUID7.pattern}$",
        description="UUIDv7 in lower case",
        examples=["01890000-0000-7000-8000-000000000001"],
        json_schema_extra={"format": "uuid"},
    ),
]

router = APIRouter(prefix="/v1/events", tags=["events"])

_TAKES_A_SUBMISSION = {
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Submission"}}},
    }
}


def receipt_json(receipt: Receipt, *, with_checkpoint: bool) -> dict[str, Any]:
    """Return a receipt's members; in bulk the checkpoint stands once, on a line before."""
    members: dict[str, Any] = {
        "event_id": receipt.event_id,
        "position": receipt.position,
        "accepted": receipt.accepted,
        "leaf_hash": b64encode(receipt.leaf_hash),
        "checkpoint_size": receipt.proof.checkpoint.size,
        "grade": receipt.grade,
    }
    if with_checkpoint:
        members["proof"] = receipt.proof.tlog_proof().decode()
    else:
        members["inclusion"] = [b64encode(item) for item in receipt.proof.hashes]
    return members


@router.post(
    "",
    operation_id="submitEvent",
    status_code=201,
    summary="Submit one signed event; the answer is its receipt",
    openapi_extra=_TAKES_A_SUBMISSION,
    responses=declared(
        "Durable, in the log, under a signed checkpoint",
        "Receipt",
        status=201,
        headers=("Location", "Preference-Applied", "Replayed"),
        told=written(),
    )
    | declared(
        "Stored, and promised to be recorded or refused by `answer_by`",
        "Promise",
        status=202,
        headers=("Location", "Preference-Applied"),
    ),
)
async def submit_event(
    request: Request,
    prefer: Annotated[
        str | None,
        Header(
            description="`wait=witnessed`: answer once a quorum has cosigned, or at the limit;"
            " `respond-async`: answer with a signed promise to record or refuse it in time"
        ),
    ] = None,
) -> Response:
    """Take `{"envelope": DSSE, "openings": [...]}` as raw bytes: what is signed is what is kept.

    With `Prefer: wait=witnessed` the receipt is under a cosigned checkpoint, or, where there is
    none within `LEDGER_WITNESSED_WAIT_S`, of grade `logged`; `Location` has the other later.

    With `Prefer: respond-async` an event that all have signed whom it binds, and that has no answer
    yet, is answered 202 with a promise, and at `Location` with what became of it. What is answered
    at once all the same says no `Preference-Applied`.
    """
    _must_be(request, JSON)
    del prefer  # Declared for the document: a client may send it in several lines.
    preferences = read_preferences(request.headers.getlist("prefer"))
    answer = await submitter_of(request).submit(
        await read_body(request, MAX_BODY),
        address_of(request),
        promised=preferences.get(RESPOND_ASYNC) == "",
    )
    _count(request, [answer])
    if isinstance(answer, PromisedAnswer | Receipt) and is_judged_now(answer):
        quotas_of(request).addresses.take(address_of(request), -1)  # Its keys have paid.
    if isinstance(answer, PromisedAnswer):
        return promised(answer)
    if isinstance(answer, Rejected):
        return respond(request, answer.error, _note(node_of(request), answer))
    headers = {"Location": f"{router.prefix}/{answer.event_id}"}
    headers |= {"Replayed": "true"} if answer.replayed else {}
    if preferences.get("wait", "").lower() == "witnessed":
        headers["Location"] = f"/v1/events/{answer.event_id}/receipt?grade=witnessed"
        node = node_of(request)
        limit = node.settings.witnessed_wait_s if node.quorum.asked else 0
        if witnessed := await submitter_of(request).graded(answer, "witnessed", limit):
            answer, headers["Preference-Applied"] = witnessed, WITNESSED
    return Response(
        orjson.dumps(receipt_json(answer, with_checkpoint=True)),
        status_code=201,
        media_type=JSON,
        headers=headers,
    )


@router.post(
    "/check",
    operation_id="checkEvent",
    summary="What would become of an event, submitted now; nothing is stored",
    openapi_extra=_TAKES_A_SUBMISSION,
    responses=declared(
        "It was judged: it would be admitted or refused, or it is recorded",
        "Verdict",
        told=written(),
    ),
)
async def check_event(request: Request) -> Response:
    """Judge what `POST /v1/events` would, as of the size that the log has now.

    A verdict is an answer, so it has status 200, and `problem` is what a submission would be told,
    with its status. What cannot be judged is answered as a submission is: 413, 415, 422, 429, 503.
    No signed refusal is made, and what a submission would kill is not killed: `final` says whether
    it would be; `refused` that it was, and when.
    """
    _must_be(request, JSON)
    raw, vietnamese = await read_body(request, MAX_BODY), wants_vietnamese(request)
    found = await dry_runs_of(request).run(raw, address_of(request))
    cost = UNVERIFIED if isinstance(found, Rejected) and _units(found) else JUDGED
    quotas_of(request).addresses.take(address_of(request), cost)
    if not isinstance(found, Rejected):
        members = judged_json(*found, vietnamese=vietnamese)
    elif isinstance(found.error, Refusal):
        members = refused_json(found, vietnamese=vietnamese)
    else:
        return respond(request, found.error)
    metrics_of(request).dry_runs.labels(members["verdict"]).inc()
    return Response(orjson.dumps(members), media_type=JSON)


@router.post(
    "/batch",
    operation_id="submitEvents",
    summary="Submit many events, one a line, judged in their order, not atomically",
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {NDJSON: {"schema": {"$ref": "#/components/schemas/Submission"}}},
            "description": "One submission a line; the schema is that of a line",
        }
    },
    responses=declared(
        "One line an event, in order, and the checkpoint before the receipts that are under it;"
        " the schema is that of a line",
        *("BulkCheckpoint", "BulkReceipt", "BulkProblem"),
        media_type=NDJSON,
        told=written(),
    ),
)
async def submit_events(request: Request) -> Response:
    """Take NDJSON, a submission a line; answer NDJSON, a line an event in the same order."""
    _must_be(request, NDJSON)
    writer = _AnswerLines(node_of(request), vietnamese=wants_vietnamese(request))
    # Answered only when all is read: many clients do not read before they have sent everything.
    out: list[bytes] = []
    uploads, address = uploads_of(request), address_of(request)
    with uploads.begin(address) as upload:
        lines = Lines(
            request.stream(), upload, uploads, partial(quotas_of(request).addresses.take, address)
        )

        async def answer() -> None:
            async for chunk in submitter_of(request).submit_many(lines.read(), address):
                _count(request, chunk)
                lines.give_back(len(chunk))
                out.append(writer.write(chunk))
                uploads.hold(upload, len(out[-1]))

        try:
            await _while_there(request, lines, answer())
        except OutcomeUnknown as error:
            lines.cut = error
        if lines.cut and not out:
            raise lines.cut
    if lines.cut:
        out.append(writer.write([Rejected(None, lines.cut)]))
    return Response(b"".join(out), media_type=NDJSON)


async def _while_there(request: Request, lines: Lines, work: Coroutine[Any, Any, None]) -> None:
    """Do the work for a client that waits for it; what is left once it has gone is not done.

    Raises `ClientDisconnect` where it has.
    """
    doing, gone = asyncio.ensure_future(work), asyncio.ensure_future(_gone(request, lines))
    try:
        await asyncio.wait({doing, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not doing.done():
            raise ClientDisconnect
        doing.result()
    finally:
        doing.cancel()
        gone.cancel()


async def _gone(request: Request, lines: Lines) -> None:
    """Wait until the client has gone: of a body that comes still, its reader is told."""
    await lines.all_read.wait()
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _count(request: Request, answers: Sequence[Answer | PromisedAnswer]) -> None:
    """Count answers by their code; the address pays for what no key pays for."""
    answered = metrics_of(request).answers
    for code, times in Counter(map(_code, answers)).items():
        answered.labels(code).inc(times)
    quotas_of(request).addresses.take(address_of(request), sum(map(_units, answers)))


def _units(answer: Answer | PromisedAnswer) -> float:
    """Return what an answer costs its address: for what was judged now, the keys have paid."""
    if isinstance(answer, Rejected) and isinstance(answer.error, _UNVERIFIED):
        return UNVERIFIED
    return 0 if is_judged_now(answer) else REPLAYED


def _code(answer: Answer | PromisedAnswer) -> str:
    if isinstance(answer, Rejected):
        return code_of(answer.error)
    if isinstance(answer, PromisedAnswer):
        return "PROMISED"
    return "REPLAYED" if answer.replayed else "ADMITTED"


class _AnswerLines:
    """Writes answers, numbered, each checkpoint once before the receipts that use it."""

    def __init__(self, node: Node, *, vietnamese: bool) -> None:
        self._node = node
        self._vietnamese = vietnamese
        self._line = 0
        self._told_size = -1

    def write(self, answers: Sequence[Answer]) -> bytes:
        """Return the next lines."""
        out = []
        for answer in answers:
            self._line += 1
            if isinstance(answer, Rejected):
                note = _note(self._node, answer)
                out.append(_rejected_line(self._line, answer, note, vietnamese=self._vietnamese))
                continue
            checkpoint = answer.proof.checkpoint
            if checkpoint.size != self._told_size:
                out.append(orjson.dumps({"checkpoint": checkpoint.note.decode()}))
                self._told_size = checkpoint.size
            out.append(_receipt_line(self._line, answer))
        return b"".join(line + b"\n" for line in out)


def _receipt_line(line: int, receipt: Receipt) -> bytes:
    return orjson.dumps(
        {
            "line": line,
            "event_id": receipt.event_id,
            "status": "replayed" if receipt.replayed else "admitted",
            "receipt": receipt_json(receipt, with_checkpoint=False),
        }
    )


def _note(node: Node, rejected: Rejected) -> bytes | None:
    """Return the signed refusal of an event, if its bytes could be read and there is a key."""
    error, payload = rejected.error, rejected.payload
    if node.refuser is None or not isinstance(error, Refusal) or payload is None:
        return None
    assert rejected.event_id is not None, "anyone who read the payload read its id"
    return node.refuser.sign(error, rejected.event_id, payload)


def _rejected_line(line: int, rejected: Rejected, note: bytes | None, *, vietnamese: bool) -> bytes:
    members = problem(rejected.error, vietnamese=vietnamese) | signed(note)
    status = "refused" if isinstance(rejected.error, Refusal) else "invalid"
    if members["status"] in LATER:
        status, members["retry_after_s"] = "retry", wait_s_of(rejected.error)
    return orjson.dumps(
        {
            "line": line,
            "event_id": rejected.event_id,
            "status": status,
            "problem": members,
        }
    )


def _must_be(request: Request, media_type: str) -> None:
    """Raise `ApiProblem` for a body of another media type, or a compressed one.

    It need not say of which it is: whose page sends it a browser always says.
    """
    coding = request.headers.get("content-encoding", "identity")
    if coding != "identity":
        detail = f"Content-Encoding is {quoted(coding)}: a body is sent as it is, not compressed"
        raise ApiProblem(415, "MEDIA_TYPE", detail)
    said = request.headers.get("content-type", media_type)
    if said.partition(";")[0].strip().lower() != media_type:
        detail = f"Content-Type is {quoted(said)}: here it is {media_type}, or none"
        raise ApiProblem(415, "MEDIA_TYPE", detail)


def _too_large(limit: int) -> ApiProblem:
    return ApiProblem(413, "TOO_LARGE", f"at most {limit} bytes")


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body, counting while it comes; what says that it is too long is not waited for."""
    if int(request.headers.get("content-length", 0)) > limit:  # The parser has seen that it is one.
        raise _too_large(limit)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > limit:
            raise _too_large(limit)
        parts.append(part)
    return b"".join(parts)


@router.get("/check", include_in_schema=False)
@router.get("/batch", include_in_schema=False)
async def refuse_to_read() -> None:
    """Say that these are no ids of events."""
    raise HTTPException(405, headers={"Allow": "POST"})


@router.get(
    "/{event_id}",
    operation_id="getEvent",
    summary="An event, by its id",
    responses=declared("The entry that holds it", "Entry", headers=("ETag",), told=(NOT_FOUND,)),
)
async def get_event(request: Request, event_id: EventId) -> Response:
    """Return the entry that holds the event; nothing of it ever changes."""
    node = node_of(request)
    entry = await look(request, lambda: find_event(node.reads, UUID(event_id)))
    if entry is None or entry.position >= node.published:
        raise NotFound(f"no event {event_id} is published")
    return entry_response(entry)


@router.get(
    "/{event_id}/receipt",
    operation_id="getReceipt",
    summary="The receipt of an event",
    responses=declared("The receipt", "Receipt", headers=("ETag",), told=(NOT_WITNESSED,)),
)
async def get_receipt(
    request: Request,
    event_id: EventId,
    grade: Annotated[
        Grade,
        Query(
            description="`witnessed`: under a checkpoint that a quorum has cosigned; `degraded`: "
            "one that the fallback policy is content with"
        ),
    ] = "logged",
) -> Response:
    """Return the same bytes as the first submission did, or the proof under a cosigned checkpoint.

    404 NOT_WITNESSED as long as no quorum has cosigned a checkpoint over the event.
    """
    receipt = await submitter_of(request).receipt(UUID(event_id), partial(look, request))
    if receipt is None:
        raise NotFound("no such event")
    if grade != "logged":
        receipt = await submitter_of(request).graded(receipt, grade, 0)
    if receipt is None:
        raise ApiProblem(404, "NOT_WITNESSED", "no quorum has cosigned a checkpoint over it yet")
    return tagged_json(orjson.dumps(receipt_json(receipt, with_checkpoint=True)))
