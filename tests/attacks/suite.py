"""One attack after the other beside the honest client, and what must hold under each."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import httpx2

from api.limits.quotas import WINDOW_S
from bench.workload import Prepared
from ledger.home.settings import Settings
from tests.attacks import honest
from tests.attacks.honest import Seen
from tests.attacks.hostile import ADDRESSES, attack
from tests.attacks.stage import Stage, memory_of

MEMORY = 768 << 20
"""Bytes that the serving process may hold under any one of these attacks.

What all bounds together allow is more: docs/reference/settings.md adds them up.
"""

HELD_BACK = ("408", "413", "422", "429", "431", "503", "cut off", "ConnectionResetError")
"""How an attacker is told that it asks too much; the last ones where nothing was said any more.

On a slow machine its requests may be fewer than what each of its addresses may ask.
"""

RETRIES_S = 10.0

POST_FACTOR, POST_MORE_S, CHECKPOINT_S = 3, 0.050, 0.050
"""On a quiet machine: p99 of POST at most so many times the quiet one and so much; /checkpoint."""


@dataclass
class Verdict:
    """What was seen under an attack, and what did not hold."""

    name: str
    quiet: Seen
    under: Seen
    told: dict[str, int]
    memory: int
    broken: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """Return the figures in words."""
        return [
            f"{self.name:16} quiet: {self.quiet.line()}",
            f"{'':16} under: {self.under.line()}; {self.memory >> 20} MB",
            f"{'':16} told: {self.told}",
            *(f"{'':16} BROKEN: {each}" for each in self.broken),
        ]

    def slow(self) -> list[str]:
        """Return which latencies are not as they must be on a quiet machine."""
        post, quiet = (honest.percentile(each.posts, 99) for each in (self.under, self.quiet))
        read = honest.percentile(self.under.checkpoints, 99)
        found = []
        if post > POST_FACTOR * quiet + POST_MORE_S:
            found.append(f"POST p99 {post * 1000:.0f} ms, quiet {quiet * 1000:.0f} ms")
        if read > CHECKPOINT_S:
            found.append(f"/checkpoint p99 {read * 1000:.0f} ms")
        return found


def run(
    name: str, on: Stage, events: Iterator[Prepared], *, quiet_s: float, attack_s: float
) -> Verdict:
    """Attack once; return what was seen."""
    workers = set(on.server.workers)
    quiet = honest.work(on.server.url, events, quiet_s)
    with attack(name, on, attack_s) as told:
        time.sleep(0.3)
        bulk, anew = name.startswith("bulk"), name.startswith("many")
        under = honest.work(on.server.url, events, attack_s, bulk=bulk, anew=anew)
        memory = memory_of(on.server.pid)
    verdict = Verdict(name, quiet, under, told(), memory)
    verdict.broken += [f"honest: {what} x {times}" for what, times in under.wrong.items()]
    if set(on.server.workers) != workers:
        verdict.broken.append("a worker ended")
    if memory > MEMORY:
        verdict.broken.append(f"{memory >> 20} MB of memory")
    asked = sum(told().values())
    within = len(ADDRESSES) * Settings.model_fields["address_rate"].default * (WINDOW_S + attack_s)
    if not any(told().get(each) for each in HELD_BACK) and asked > within:
        verdict.broken.append("the attackers were told nothing")
    if not _is_ready(on.server.url):
        verdict.broken.append("not ready afterwards")
    return verdict


def _is_ready(url: str) -> bool:
    deadline = time.monotonic() + RETRIES_S
    while time.monotonic() < deadline:
        with contextlib.suppress(httpx2.TransportError):
            if httpx2.get(f"{url}/health/ready", timeout=RETRIES_S).status_code == 200:
                return True
        time.sleep(0.2)
    return False
