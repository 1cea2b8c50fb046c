"""Submission over HTTP, as clients do it: in bulk, and one by one with a receipt for each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

from bench.figure import Figure
from bench.lean import Exchange, elapsed, exchange_all, percentile, post
from bench.receipts import bulk_answers, single_answer, verify_sample
from bench.workload import Prepared, mean_payload
from ledger.verify.trust import Trust

REQUEST = 1024
"""Events of one bulk request."""

LANES = 2
"""Connections on which bulk requests are sent at the same time."""

CONCURRENCY = (1, 16, 64)
"""Clients that submit one by one at the same time, each with one event under way."""

_PATH = "/v1/events"


@dataclass(frozen=True, slots=True)
class Flood:
    """What was sent in the requests of each connection, and what was exchanged on it."""

    sent: Sequence[Sequence[Sequence[Prepared]]]
    exchanged: Sequence[Sequence[Exchange]]

    @property
    def answers(self) -> Iterator[tuple[Sequence[Prepared], Exchange]]:
        """Every request with its answer."""
        for sent, exchanged in zip(self.sent, self.exchanged, strict=True):
            for each in exchanged:
                yield sent[each.number], each

    @property
    def exchanges(self) -> list[Exchange]:
        """All of them, of all connections."""
        return list(chain.from_iterable(self.exchanged))

    @property
    def events(self) -> int:
        """How many events were submitted and answered."""
        return sum(len(sent) for sent, _exchange in self.answers)


def flood_in_bulk(port: int, lanes: Sequence[Sequence[Prepared]], seconds: float) -> Flood:
    """Submit in bulk for so many seconds, on a connection for each lane.

    Events of a lane may build on earlier ones of it, never on those of another.
    """
    sent = [_requests(lane) for lane in lanes]
    bodies = [iter([_bulk_post(group) for group in requests]) for requests in sent]
    return Flood(sent, exchange_all(port, bodies, seconds))


def flood_singly(port: int, prepared: Iterator[Prepared], clients: int, seconds: float) -> Flood:
    """Submit one by one for so many seconds, from so many clients."""
    lanes: list[list[list[Prepared]]] = [[] for _ in range(clients)]
    return Flood(lanes, exchange_all(port, [_singly(prepared, lane) for lane in lanes], seconds))


def bulk(trust: Trust, flood: Flood, name: str, says: str) -> list[Figure]:
    """Return events and signatures a second of a flood in bulk.

    Raises `WrongAnswer` unless every event was admitted.
    """
    answered = [
        answer
        for sent, each in flood.answers
        for answer in bulk_answers(sent, each.status, each.body)
    ]
    verified = verify_sample(trust, answered)
    seconds = elapsed(flood.exchanges)
    size = mean_payload([each.prepared for each in answered])
    detail = (
        f"{len(answered)} events of {size} bytes, {REQUEST} a request, {verified} receipts verified"
    )
    signatures = sum(each.prepared.signatures for each in answered)
    return [
        Figure(name, says, len(answered) / seconds, "events/s", detail),
        Figure(f"{name}.signatures", "… signatures checked", signatures / seconds, "signatures/s"),
    ]


def single(trust: Trust, flood: Flood) -> Figure:
    """Return receipts a second of a flood by single clients, with their latency.

    Raises `WrongAnswer` unless every event was admitted.
    """
    answered = [single_answer(sent[0], each.status, each.body) for sent, each in flood.answers]
    verified = verify_sample(trust, answered)
    clients = len(flood.sent)
    return Figure(
        f"single.{clients}",
        f"Singly over HTTP, {clients} at a time",
        len(answered) / elapsed(flood.exchanges),
        "receipts/s",
        f"{_latency(flood.exchanges)}; {len(answered)} events, {verified} verified",
    )


def raw_posts(port: int, body: bytes, clients: int, seconds: float) -> Figure:
    """Post the same bytes to a server that does nothing with them."""
    request = post(_PATH, body, "application/json")
    exchanges = list(chain.from_iterable(exchange_all(port, [_again(request)] * clients, seconds)))
    for each in exchanges:
        assert each.status == 201, "the raw server answers 201"  # noqa: PLR2004  (Created)
    return Figure(
        "http",
        "FastAPI, a raw POST",
        len(exchanges) / elapsed(exchanges),
        "requests/s",
        f"{_latency(exchanges)}; {clients} at a time, {len(body)} bytes each, 1 worker",
    )


def _latency(exchanges: Sequence[Exchange]) -> str:
    return f"p50 {percentile(exchanges, 0.5):.1f} ms, p99 {percentile(exchanges, 0.99):.1f} ms"


def _requests(prepared: Sequence[Prepared]) -> list[Sequence[Prepared]]:
    return [prepared[start : start + REQUEST] for start in range(0, len(prepared), REQUEST)]


def _bulk_post(group: Sequence[Prepared]) -> bytes:
    body = b"\n".join(each.body for each in group)
    return post(f"{_PATH}/batch", body, "application/x-ndjson")


def _singly(prepared: Iterator[Prepared], sent: list[list[Prepared]]) -> Iterator[bytes]:
    """Yield requests, noting in `sent` what they submit."""
    for each in prepared:
        sent.append([each])
        yield post(_PATH, each.body, "application/json")


def _again(request: bytes) -> Iterator[bytes]:
    while True:
        yield request
