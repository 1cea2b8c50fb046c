"""
The operator's board: what is well, what is not and what to do; what was refused, what was slow.

It is there on this machine alone, also while the database is away and the log is halted. All of it
is what `operate status`, `/health/ready` and `/metrics` say.
"""

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from api.deps import metrics_of, node_of, watch_of
from api.describe.board_words import ROWS, Row
from api.describe.language import Said
from api.describe.links import BOARD_AT, PREFIXES, RUNBOOK_AT
from api.explorer.runbook import runbook
from api.explorer.shown import page
from api.limits.here import RouteFromHere
from api.metrics import SLOW_S, Minute, Recent
from api.reads.operations import readiness
from api.watching.checks import LAG_MAX, Check
from ledger.node.node import Node
from ledger.publish.feeder import Target

router = APIRouter(tags=["explorer"], include_in_schema=False, route_class=RouteFromHere)


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A row of the board: what is looked at, and what was seen."""

    row: Row
    check: Check

    @property
    def state(self) -> str:
        """Return how it stands: `well`, `ill`, or `unasked` of what could not be looked at."""
        if not self.check.asked:
            return "unasked"
        return "well" if self.check.well else "ill"


async def show_board(request: Request) -> HTMLResponse:
    """Show how the ledger is, thing by thing."""
    node, recent = node_of(request), metrics_of(request).recent
    checks, (reasons, state) = await asyncio.gather(watch_of(request).checked(), readiness(request))
    rows, lags = [*_rows(checks, reasons)], state.get("projection_lag", {})
    return page(
        request,
        "board.html",
        halted=node.halted,
        rows=rows,
        states=[each.state for each in rows],
        models=len(lags),
        behind=_behind(lags),
        lag_max=LAG_MAX,
        witnesses=[*_witnesses(node)],
        hour=recent.last_hour(),
        bars=_bars(recent.last_hour()),
        refusals=_refusals(recent, _times(request)),
        slow=[*reversed(recent.slow)],
        slow_s=SLOW_S,
    )


def _rows(checks: Sequence[Check], reasons: Sequence[str]) -> Iterator[BoardRow]:
    """Yield what was seen in the order of the board, readiness first."""
    said = "; ".join(reasons)
    seen = Said(said, said) if reasons else Said("sẵn sàng", "ready")
    found = {"ready": Check("ready", not reasons, seen), **{each.name: each for each in checks}}
    yield from (BoardRow(row, found[name]) for name, row in ROWS.items() if name in found)


def _behind(lags: Mapping[str, int]) -> Sequence[tuple[str, int]]:
    """Return how far each read model is behind that is, the furthest first."""
    behind = [each for each in lags.items() if each[1]]
    return sorted(behind, key=lambda each: (-each[1], each[0]))


def _witnesses(node: Node) -> Iterator[tuple[Target, int | None]]:
    """Yield each witness, and how many seconds ago it last cosigned."""
    now = time.monotonic()
    for each in node.feeder.targets if node.feeder else ():
        yield each, None if each.cosigned_at is None else int(now - each.cosigned_at)


def _bars(hour: Sequence[Minute]) -> Mapping[str, Sequence[float]]:
    """Return how high the bar of each minute is, of 36, in each drawing of the last hour."""
    drawn: Mapping[str, Sequence[float]] = {
        "requests": [each.requests for each in hour],
        "refused": [each.refused for each in hour],
        "slowest": [each.slowest_s for each in hour],
    }
    return {
        name: [round(36 * value / (max(values) or 1), 1) for value in values]
        for name, values in drawn.items()
    }


def _times(request: Request) -> Mapping[str, int]:
    """Return how often each code was answered, as `/metrics` counts."""
    metrics = metrics_of(request)
    return {
        sample.labels["code"]: int(sample.value)
        for family in metrics.problems.collect()
        for sample in family.samples
        if sample.name.endswith("_total")
    }


def _refusals(recent: Recent, times: Mapping[str, int]) -> Sequence[tuple[str, int, Any]]:
    """Return each code with how often it was answered and samples, the most frequent first."""
    ordered = sorted(times.items(), key=lambda each: (-each[1], each[0]))
    return [(code, count, [*reversed(recent.refusals.get(code, ()))]) for code, count in ordered]


async def show_runbook(request: Request) -> HTMLResponse:
    """Show what each alarm means and what to do."""
    return page(request, "runbook.html", sections=runbook())


for _prefix in PREFIXES.values():
    for _path, _show in ((BOARD_AT, show_board), (RUNBOOK_AT, show_runbook)):
        router.add_api_route(f"{_prefix}{_path}", _show, response_class=HTMLResponse)
