"""The honest client: posts one event after the other and reads the checkpoint, on 127.0.0.1."""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx2

from bench.workload import Prepared

PATIENCE_S = 10.0
"""What is not answered within so many seconds is unanswered."""

PAUSE_S = 0.03
"""Between two events, in seconds: a client, not a flood."""

WATCH_S = 1.0
"""How often, in seconds, it asks how the server is, and what is measured."""

HONEST = "127.0.0.1"


@dataclass
class Seen:
    """What the honest client saw: seconds until the answer, and what was wrong."""

    posts: list[float] = field(default_factory=list)
    checkpoints: list[float] = field(default_factory=list)
    watched: list[float] = field(default_factory=list)
    wrong: Counter[str] = field(default_factory=Counter)

    def line(self) -> str:
        """Return the figures in words."""
        return (
            f"{len(self.posts)} POST p50 {ms(self.posts, 50)} p99 {ms(self.posts, 99)},"
            f" /checkpoint p50 {ms(self.checkpoints, 50)} p99 {ms(self.checkpoints, 99)},"
            f" watched p99 {ms(self.watched, 99)}"
            + (f", WRONG {dict(self.wrong)}" if self.wrong else "")
        )


def percentile(values: list[float], percent: int) -> float:
    """Return the value that so many of a hundred do not exceed, in seconds."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else 0.0


def ms(values: list[float], percent: int) -> str:
    """Return a percentile in words."""
    return f"{percentile(values, percent) * 1000:.0f} ms"


def work(
    url: str,
    events: Iterator[Prepared],
    seconds: float,
    *,
    bulk: bool = False,
    anew: bool = False,
) -> Seen:
    """Post and read for so many seconds; with `bulk` now and then in bulk too.

    With `anew` each request has a connection of its own.
    """
    seen, end, watched = Seen(), time.monotonic() + seconds, 0.0
    kept = httpx2.Limits(max_keepalive_connections=0 if anew else 1)
    transport = httpx2.HTTPTransport(local_address=HONEST, limits=kept)
    with httpx2.Client(base_url=url, timeout=PATIENCE_S, transport=transport) as http:
        while time.monotonic() < end:
            body = next(events).body
            headers = {"Content-Type": "application/json"}
            post = http.build_request("POST", "/v1/events", content=body, headers=headers)
            _ask(http, post, 201, seen.posts, seen.wrong)
            _ask(http, http.build_request("GET", "/checkpoint"), 200, seen.checkpoints, seen.wrong)
            if time.monotonic() > watched + WATCH_S:
                watched = time.monotonic()
                for path in ("/health/ready", "/metrics"):
                    _ask(http, http.build_request("GET", path), 200, seen.watched, seen.wrong)
                if bulk:
                    many = http.build_request("POST", "/v1/events/batch", content=next(events).body)
                    _ask(http, many, 200, seen.watched, seen.wrong)
            time.sleep(PAUSE_S)
    return seen


def _ask(
    http: httpx2.Client,
    request: httpx2.Request,
    wanted: int,
    times: list[float],
    wrong: Counter[str],
) -> None:
    began = time.monotonic()
    try:
        answer = http.send(request)
    except httpx2.TransportError as error:
        wrong[type(error).__name__] += 1
    else:
        if answer.status_code != wanted:
            wrong[f"{request.url.path} {answer.status_code} {answer.text[:160]}"] += 1
    times.append(time.monotonic() - began)
