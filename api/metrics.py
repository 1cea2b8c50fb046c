"""
What is counted, in registries of our own.

What has to be asked for, and may hang, has one for each that is asked: so it is left out where it
was not read, and nothing of an earlier reading stands in its place.
"""

import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

HOUR = 60
"""Minutes of which it is remembered how many requests there were."""

SLOW_S = 1.0
"""After how many seconds a question counts as slow."""

_SAMPLES = 3
"""Refusals of a code that are remembered."""

_SLOW = 10
"""Slow questions that are remembered."""

_TOLD_MAX = 300


@dataclass(slots=True)
class Minute:
    """What was answered in a minute, by the clock that never goes back."""

    at: int
    requests: int = 0
    refused: int = 0
    slowest_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Sample:
    """A request: when it was answered, what it was, and what it was told, or how long it took."""

    at: datetime
    request: str
    told: str


@dataclass(slots=True)
class Recent:
    """What was answered of late, with samples, in memory. One event loop owns it.

    What was asked behind the path is not kept: it may name persons.
    """

    refusals: dict[str, deque[Sample]] = field(default_factory=dict)
    slow: deque[Sample] = field(default_factory=lambda: deque(maxlen=_SLOW))
    _minutes: deque[Minute] = field(default_factory=lambda: deque(maxlen=HOUR))

    def answered(self, request: str, seconds: float, *, refused: bool, question: bool) -> None:
        """Count a request; one that was a slow `question` is remembered."""
        at = int(time.monotonic() // 60)
        if not self._minutes or self._minutes[-1].at != at:
            self._minutes.append(Minute(at))
        minute = self._minutes[-1]
        minute.requests += 1
        minute.refused += refused
        if question:
            minute.slowest_s = max(minute.slowest_s, seconds)
            if seconds >= SLOW_S:
                self.slow.append(Sample(datetime.now(UTC), request, f"{seconds:.1f} s"))

    def refuse(self, code: str, request: str, told: str) -> None:
        """Remember what was refused, and by which words, cut; `told` has nothing that was asked."""
        samples = self.refusals.setdefault(code, deque(maxlen=_SAMPLES))
        samples.append(Sample(datetime.now(UTC), request[:_TOLD_MAX], told[:_TOLD_MAX]))

    def last_hour(self) -> list[Minute]:
        """Return each minute of the last hour, the oldest first, also those without a request."""
        now = int(time.monotonic() // 60)
        known = {minute.at: minute for minute in self._minutes}
        return [known.get(at, Minute(at)) for at in range(now - HOUR + 1, now + 1)]


class OfDatabase:
    """What the database says."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.tree_size = Gauge("ledger_tree_size", "Entries in the log", registry=self.registry)
        self.projection_lag = Gauge(
            "ledger_projection_lag",
            "Entries that a projection is behind the log",
            ["name"],
            registry=self.registry,
        )
        self.projection_halted = Gauge(
            "ledger_projection_halted",
            "1 for a projection that cannot fold the next entry",
            ["name"],
            registry=self.registry,
        )
        self.promises_late = Gauge(
            "ledger_promises_late",
            "Promised submissions whose time has passed without an answer",
            registry=self.registry,
        )
        self.lines = _lines(self.registry)
        self.age = _age(self.registry)


class OfDisk:
    """What the disk says."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.free = Gauge(
            "ledger_disk_free_bytes", "Room where the ledger lives", registry=self.registry
        )
        self.size = Gauge(
            "ledger_disk_size_bytes", "Size of the disk it lives on", registry=self.registry
        )
        self.age = _age(self.registry)


class Metrics:
    """The ledger's metrics: what the process knows by itself, and what it has to ask for."""

    def __init__(self) -> None:
        self.database, self.disk = OfDatabase(), OfDisk()
        self.recent = Recent()
        self.registry = CollectorRegistry()
        self.answers = Counter(
            "ledger_answers_total",
            "Submissions answered, by code",
            ["code"],
            registry=self.registry,
        )
        self.dry_runs = Counter(
            "ledger_dry_runs_total",
            "Events judged and not recorded, by verdict",
            ["verdict"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "ledger_request_seconds",
            "Time until a request was answered, by what was asked",
            ["asked"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
            registry=self.registry,
        )
        self.problems = Counter(
            "ledger_problems_total", "Requests refused, by code", ["code"], registry=self.registry
        )
        self.checkpoint_size = Gauge(
            "ledger_checkpoint_size", "Entries under a signed checkpoint", registry=self.registry
        )
        self.witnessed_size = Gauge(
            "ledger_witnessed_size", "Entries that a quorum has cosigned", registry=self.registry
        )
        self.witness_size = Gauge(
            "ledger_witness_size",
            "Entries that a witness has cosigned",
            ["witness"],
            registry=self.registry,
        )
        self.witness_frozen = Gauge(
            "ledger_witness_frozen",
            "1 where a witness contradicts the log: a person must look",
            ["witness"],
            registry=self.registry,
        )
        self.worker_restarts = Gauge(
            "ledger_worker_restarts",
            "Steps of a worker that failed, or starts of a process again, since the start",
            ["worker"],
            registry=self.registry,
        )
        self.worker_failing = Gauge(
            "ledger_worker_failing",
            "1 where a worker does not do its work at present",
            ["worker"],
            registry=self.registry,
        )
        self._watch_over()

    def _watch_over(self) -> None:
        """Make what tells how the server itself is."""
        self.measured = Gauge(
            "ledger_measured",
            "0 where what it says could not be read, and is left out",
            ["source"],
            registry=self.registry,
        )
        self.lines = _lines(self.registry)
        self.bytes = Gauge(
            "ledger_held_bytes", "Bytes held now, by what", ["what"], registry=self.registry
        )
        self.cut = Gauge(
            "ledger_connections_cut", "Connections refused or cut", ["why"], registry=self.registry
        )
        self.streams = Gauge(
            "ledger_streams", "Streams of events that are open", registry=self.registry
        )
        self.age = _age(self.registry)
        build = Gauge("ledger_build", "What runs", ["version"], registry=self.registry)
        build.labels(version("techledger")).set(1)

    def exposed(self, asked_for: Iterable[Sequence[Metric]]) -> bytes:
        """Return all in the text format: what is known, and what was asked for and read."""
        joined = CollectorRegistry()
        joined.register(_Joined([list(self.registry.collect()), *asked_for]))
        return generate_latest(joined)


class _Joined(Collector):
    """Families of several registries: of one name there is one, with the samples of all."""

    def __init__(self, parts: Iterable[Sequence[Metric]]) -> None:
        self._families: dict[str, Metric] = {}
        for each in (family for part in parts for family in part):
            known = Metric(each.name, each.documentation, each.type, each.unit)
            self._families.setdefault(each.name, known).samples.extend(each.samples)

    def collect(self) -> Iterable[Metric]:
        return self._families.values()


def _lines(registry: CollectorRegistry) -> Gauge:
    return Gauge("ledger_waiting", "What waits now, by where", ["line"], registry=registry)


def _age(registry: CollectorRegistry) -> Gauge:
    return Gauge("ledger_age_seconds", "How old the newest one is", ["what"], registry=registry)
