"""Health and metrics: for those who run the ledger."""

import time
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST

from api.deps import node_of, watch_of
from api.openapi.declared_answers import TEXT, declared
from api.reads.caching import NO_STORE
from api.watching.shared import WITHIN_S
from api.watching.watch import Seen

router = APIRouter(tags=["operations"])

FRESH_S = 3.0
"""How long ago, in seconds, the publisher must have verified the head for it to be ready."""


@router.get(
    "/health/live",
    operation_id="isLive",
    summary="This process answers",
    responses=declared("It answers", "Live"),
)
async def is_live(response: Response) -> dict[str, str]:
    """Say that the process is there."""
    response.headers.update(NO_STORE)
    return {"status": "live"}


@router.get(
    "/health/ready",
    operation_id="isReady",
    summary="The ledger takes events and signs them",
    responses=declared("It is", "Ready") | declared("It is not", "Ready", status=503),
)
async def is_ready(request: Request, response: Response) -> dict[str, Any]:
    """Return 200 if the head is freshly verified and signed and projections follow, else 503.

    All who ask share one look at the database, at most half a second old. One that does not answer
    within two seconds is a reason.
    """
    reasons, state = await readiness(request)
    response.status_code = 503 if reasons else 200
    response.headers.update(NO_STORE)
    return {"status": "not ready" if reasons else "ready", "reasons": reasons} | state


async def readiness(request: Request) -> tuple[list[str], dict[str, Any]]:
    """Return why the ledger is not ready, nothing where it is, and how far all is."""
    try:
        seen = await watch_of(request).database.get()
    except TimeoutError:
        seen = Seen([f"database: it has not answered for {WITHIN_S:.0f} seconds"])
    node, reasons = node_of(request), []
    if node.halted:
        reasons.append(f"halted: {node.halted}")
    reasons += node.supervisor.troubles()
    if not node.checker.up:
        reasons.append("verifiers: they are starting")
    reasons += seen.reasons
    state = dict(seen.state)
    if node.publisher and not _fresh(node.publisher.verified_at):
        reasons.append(f"the head has not been verified for {FRESH_S:.0f} seconds")
    if node.feeder:
        # Appends do not wait for witnesses, so none of these makes the ledger unready.
        state["witnesses"] = {each.url: each.problem or "ok" for each in node.feeder.targets}
    return reasons, state


def _fresh(instant: float | None) -> bool:
    return instant is not None and time.monotonic() - instant < FRESH_S


@router.get(
    "/metrics",
    operation_id="getMetrics",
    summary="Prometheus metrics",
    responses=declared("The metrics", media_type=TEXT),
)
async def get_metrics(request: Request) -> Response:
    """Return counters, sizes, lags, ages, lines and room in the Prometheus text format.

    All who ask share one look at database and disk, at most half a second old. What one of them
    does not say within two seconds is left out, and `ledger_measured` is 0 for it. Where the text
    itself is not written out within two more, as on a machine under load, it is to be asked again.
    """
    measured = await watch_of(request).measured()
    return Response(measured, media_type=CONTENT_TYPE_LATEST, headers=NO_STORE)
