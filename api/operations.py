"""Health and metrics: for those who run the ledger."""

import time
from typing import Any

from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api.deps import address_of, metrics_of, node_of, traffic_of, write_path_of
from api.measures import measure
from ledger.store.connection import StoreError
from ledger.store.entries import read_head
from projections.waiting import folded_sizes

router = APIRouter(tags=["operations"])

FRESH_S = 3.0
"""How long ago, in seconds, the publisher must have verified the head for it to be ready."""

LAG_MAX = 1000
"""Entries that a projection may be behind while the ledger is ready."""


@router.get("/health/live", operation_id="isLive", summary="This process answers")
async def is_live() -> dict[str, str]:
    """Say that the process is there."""
    return {"status": "live"}


@router.get(
    "/health/ready", operation_id="isReady", summary="The ledger takes events and signs them"
)
async def is_ready(request: Request, response: Response) -> dict[str, Any]:
    """Return 200 if the head is freshly verified and signed and projections follow, else 503."""
    lane = traffic_of(request).operations
    return await lane.run(address_of(request), lambda: _readiness(request, response))


def _readiness(request: Request, response: Response) -> dict[str, Any]:
    node = node_of(request)
    reasons = []
    if node.halted:
        reasons.append(f"halted: {node.halted}")
    reasons += node.supervisor.troubles()
    if not node.checker.up:
        reasons.append("verifiers: they are starting")
    if why := write_path_of(request).trouble():
        reasons.append(why)
    state: dict[str, Any] = {}
    try:
        if older := node.vintage.look():
            reasons.append(f"software older: {older}")
        head = read_head(node.probe)
        lags = {name: head.size - at for name, at in folded_sizes(node.probe).items()}
        state = {"size": head.size, "projection_lag": lags}
        reasons += [f"{name} is {lag} behind" for name, lag in lags.items() if lag > LAG_MAX]
    except StoreError as error:
        reasons.append(f"database: {type(error).__name__}")
    if node.publisher and not _fresh(node.publisher.verified_at):
        reasons.append(f"the head has not been verified for {FRESH_S:.0f} seconds")
    if node.feeder:
        # Appends do not wait for witnesses, so none of these makes the ledger unready.
        state["witnesses"] = {each.url: each.problem or "ok" for each in node.feeder.targets}
    response.status_code = 503 if reasons else 200
    return {"status": "not ready" if reasons else "ready", "reasons": reasons} | state


def _fresh(instant: float | None) -> bool:
    return instant is not None and time.monotonic() - instant < FRESH_S


@router.get("/metrics", operation_id="getMetrics", summary="Prometheus metrics")
async def get_metrics(request: Request) -> Response:
    """Return counters, sizes, lags, ages, lines and room in the Prometheus text format."""

    def measured() -> bytes:
        measure(request.app)
        return generate_latest(metrics_of(request).registry)

    content = await traffic_of(request).operations.run(address_of(request), measured)
    return Response(content, media_type=CONTENT_TYPE_LATEST)
