"""The attackers: each attack is a coroutine that many of them run, from 127.0.0.2 to .9."""

import asyncio
import itertools
import json
import multiprocessing
import random
import re
import resource
import socket
import struct
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from bench.workload import _contract, _Keys
from ledger.domain.core.types import legal_day
from ledger.events.compose import compose, uuid7
from ledger.wire.base64 import b64encode
from ledger.wire.signing_keys import PrivateKey
from tests.attacks.stage import Stage

ADDRESSES = [f"127.0.0.{number}" for number in range(2, 10)]
"""Whom the attackers pretend to be: each of these is a client of its own."""

HARD_LIMIT_S = 120.0


@dataclass
class Attacker:
    """One connection after the other from one address, until the end."""

    port: int
    address: str
    end: float
    stock: dict[str, Any]
    number: int
    told: Counter[str] = field(default_factory=Counter)

    @property
    def goes_on(self) -> bool:
        """Whether there is time left."""
        return time.monotonic() < self.end

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Open a connection from the attacker's address."""
        return await asyncio.open_connection(
            "127.0.0.1", self.port, local_addr=(self.address, 0), limit=1 << 20
        )

    def note(self, said: bytes) -> None:
        """Note how a request was answered."""
        self.told[said[9:12].decode("ascii", "replace") or "cut off"] += 1

    async def ask(self, raw: bytes) -> None:
        """Send a request on a connection of its own and note how it was answered."""
        try:
            reader, writer = await asyncio.wait_for(self.connect(), 30)
            try:
                writer.write(raw)
                head = await asyncio.wait_for(
                    reader.readuntil(b"\r\n\r\n"), max(self.end + 5 - time.monotonic(), 1)
                )
                self.note(head)
                with suppress(TimeoutError):
                    await asyncio.wait_for(reader.read(), 10)
            finally:
                writer.close()
        except (OSError, asyncio.IncompleteReadError, TimeoutError) as error:
            self.told[type(error).__name__] += 1
            await asyncio.sleep(0.01)


def get(path: str) -> bytes:
    """Return a GET request after which the connection is closed."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()


def post(path: str, body: bytes, kind: str = "application/json") -> bytes:
    """Return a POST request after which the connection is closed."""
    head = (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
        f"Content-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def differences(who: Attacker) -> None:
    """Have the log replayed, again and again."""
    names = itertools.cycle(["title", "grants", "parties", "offers", "terms", "keys"])
    while who.goes_on:
        await who.ask(get(f"/v1/projections/{next(names)}/difference"))


async def long_waits(who: Attacker) -> None:
    """Wait for a size that the log will never have."""
    while who.goes_on:
        await who.ask(get(f"/v1/projections?at_least={10**15}"))


async def replays(who: Attacker) -> None:
    """Send what anybody can read in the log once more, in bulk."""
    while who.goes_on:
        await who.ask(post("/v1/events/batch", who.stock["public"], "application/x-ndjson"))


async def bulk_trickles(who: Attacker) -> None:
    """Begin bulk requests that never end; some of their lines do."""
    head = b"POST /v1/events/batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 60000000\r\n\r\n"
    line = b"x" * 599 + (b"x", b"\n")[who.number % 2]
    while who.goes_on:
        with suppress(OSError):
            reader, writer = await who.connect()
            writer.write(head)
            while who.goes_on and not reader.at_eof():
                writer.write(line)
                with suppress(TimeoutError):
                    who.note(await asyncio.wait_for(reader.read(1000), 0.5))
            writer.close()
        await asyncio.sleep(0.1)


async def unsigned_keys(who: Attacker) -> None:
    """Register parties with 240 keys each, signed by nobody."""
    while who.goes_on:
        await who.ask(post("/v1/events/batch", who.stock["keyed"], "application/x-ndjson"))


async def heavy_contracts(who: Attacker) -> None:
    """Send contracts with as many grants as fit, signed by parties that exist."""
    while who.goes_on:
        await who.ask(post("/v1/events/batch", who.stock["heavy"], "application/x-ndjson"))


async def dry_runs(who: Attacker) -> None:
    """Have heavy contracts and public entries judged, and cut some of it while it is done."""
    bodies = itertools.cycle(who.stock["judged"])
    while who.goes_on:
        raw = post("/v1/events/check", next(bodies))
        await who.ask(raw)
        with suppress(OSError):
            reader, writer = await who.connect()
            writer.write(raw)
            with suppress(TimeoutError):
                who.note(await asyncio.wait_for(reader.read(100), 0.05))
            await _cut(writer)


async def cut_bulks(who: Attacker) -> None:
    """Send a bulk of junk and cut the connection while it is judged."""
    body = b"\n".join([b'{"envelope": 1}'] * 3000)
    while who.goes_on:
        with suppress(OSError):
            reader, writer = await who.connect()
            writer.write(post("/v1/events/batch", body, "application/x-ndjson"))
            with suppress(TimeoutError):
                who.note(await asyncio.wait_for(reader.read(100), 0.02))
            await _cut(writer)


async def _cut(writer: asyncio.StreamWriter) -> None:
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


async def slow_heads(who: Attacker) -> None:
    """Send a header a byte a second."""
    await _drip(who, b"GET /checkpoint HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")


async def slow_bodies(who: Attacker) -> None:
    """Promise a body and send a byte a second of it."""
    await _drip(who, post("/v1/events", b"x" * 100_000).partition(b"\r\n\r\n")[0] + b"\r\n\r\n")


async def many_addresses(who: Attacker) -> None:
    """Promise a body and send little of it, each from an address of its own."""
    who.address = f"127.1.{who.number // 250}.{1 + who.number % 250}"
    await slow_bodies(who)


async def idle(who: Attacker) -> None:
    """Connect and say nothing."""
    await _drip(who, b"")


async def _drip(who: Attacker, head: bytes) -> None:
    while who.goes_on:
        try:
            reader, writer = await who.connect()
            writer.write(head)
            while who.goes_on and not reader.at_eof():
                with suppress(TimeoutError):
                    who.note(await asyncio.wait_for(reader.read(1000), 1))
                if head:
                    writer.write(b"a")
            writer.close()
        except OSError as error:
            who.told[type(error).__name__] += 1
        await asyncio.sleep(0.1)


async def slow_readers(who: Attacker) -> None:
    """Ask for the largest answers and read none of them."""
    while who.goes_on:
        try:
            reader, writer = await who.connect()
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            writer.write(get("/tile/entries/000").replace(b"close", b"keep-alive") * 6)
            who.note(await reader.read(20))
            writer.transport.pause_reading()
            await asyncio.sleep(2)
            await _cut(writer)
        except OSError as error:
            who.told[type(error).__name__] += 1
        await asyncio.sleep(0.1)


async def watchers(who: Attacker) -> None:
    """Ask how the server is, without an end, on a connection that stays."""
    path = (b"/health/ready", b"/metrics")[who.number % 2]
    raw = b"GET %b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" % path
    while who.goes_on:
        with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
            reader, writer = await who.connect()
            try:
                while who.goes_on:
                    writer.write(raw)
                    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
                    who.note(head)
                    length = re.search(rb"content-length: (\d+)", head)
                    assert length, head
                    await reader.readexactly(int(length[1]))
            finally:
                writer.close()


async def unknown_keys(who: Attacker) -> None:
    """Sign well-formed events by keys that nobody ever added."""
    random_source = random.Random(f"{who.address}/{who.number}")
    while who.goes_on:
        body = who.stock["offer"].replace(
            who.stock["offer_key"].encode(), f"{random_source.getrandbits(256):064x}".encode()
        )
        await who.ask(post("/v1/events", body))


async def evidence(who: Attacker) -> None:
    """Ask for bundles about who is everywhere."""
    while who.goes_on:
        await who.ask(get("/v1/evidence?subject=party:vn.institute"))


async def reads(who: Attacker) -> None:
    """Ask what reads cost the most, without an end."""
    paths = itertools.cycle(
        [
            "/v1/subjects/party:vn.institute/timeline?limit=1000",
            "/v1/parties/party:vn.institute/contracts",
            "/v1/technologies?limit=100",
            "/v1/listings",
            "/v1/findings",
            "/v1/events/01890000-0000-7000-8000-000000000001/receipt",
            "/tile/entries/000",
        ]
    )
    while who.goes_on:
        await who.ask(get(next(paths)))


Attack = Callable[[Attacker], Awaitable[None]]

ATTACKS: dict[str, tuple[Attack, int]] = {
    "differences": (differences, 40),
    "long-waits": (long_waits, 160),
    "replays": (replays, 40),
    "bulk-trickles": (bulk_trickles, 48),
    "unsigned-keys": (unsigned_keys, 40),
    "heavy-contracts": (heavy_contracts, 48),
    "dry-runs": (dry_runs, 48),
    "cut-bulks": (cut_bulks, 8),
    "slow-heads": (slow_heads, 1000),
    "slow-bodies": (slow_bodies, 1000),
    "slow-readers": (slow_readers, 900),
    "idle": (idle, 1000),
    "many-addresses": (many_addresses, 1200),
    "watchers": (watchers, 36),
    "unknown-keys": (unknown_keys, 64),
    "evidence": (evidence, 32),
    "reads": (reads, 256),
}
"""Name to attack, and how many run it at once, over all addresses."""


@contextmanager
def attack(name: str, on: Stage, seconds: float) -> Iterator[Callable[[], dict[str, int]]]:
    """Attack for so many seconds from a process of its own; yield what tells how it was answered.

    It may be asked after the block.
    """
    context = multiprocessing.get_context("forkserver")  # It imports once what all need.
    context.set_forkserver_preload([__name__])
    ours, theirs = context.Pipe(duplex=False)
    port = int(on.server.url.rpartition(":")[2])
    process = context.Process(
        target=_run, args=(name, port, seconds, _stock(name, on), theirs), daemon=True
    )
    process.start()
    told: dict[str, int] = {}
    ours.recv()
    try:
        yield lambda: told
        if ours.poll(seconds + 60):
            told.update(ours.recv())
    finally:
        process.join(5)
        process.kill()
        process.join()


def _run(name: str, port: int, seconds: float, stock: dict[str, Any], pipe: Any) -> None:
    run, many = ATTACKS[name]
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 8192), hard))
    pipe.send({})
    end = time.monotonic() + min(seconds, HARD_LIMIT_S)
    who = [
        Attacker(port, ADDRESSES[number % len(ADDRESSES)], end, stock, number)
        for number in range(many)
    ]

    async def everybody() -> None:
        await asyncio.gather(*(run(each) for each in who))

    with suppress(TimeoutError):
        asyncio.run(asyncio.wait_for(everybody(), seconds + 50))
    told: Counter[str] = Counter()
    for each in who:
        told.update(each.told)
    pipe.send(dict(told))


def _stock(name: str, on: Stage) -> dict[str, Any]:
    """Return what an attack needs that takes time to make."""
    if name == "replays":
        return {"public": b"\n".join(each.body for each in on.history[:1500])}
    if name == "unsigned-keys":
        return {"keyed": b"\n".join(_keyed(on.cast.origin, number) for number in range(7))}
    if name == "heavy-contracts":
        return {"heavy": b"\n".join(_heavy(on, number) for number in range(60))}
    if name == "dry-runs":
        heavy = (_heavy(on, number) for number in range(12))
        public = (each.body for each in on.history[:12])
        return {"judged": [body for pair in zip(heavy, public, strict=True) for body in pair]}
    if name == "unknown-keys":
        offer = on.fresh[-1].body
        return {
            "offer": offer,
            "offer_key": json.loads(offer)["envelope"]["signatures"][0]["keyid"],
        }
    return {}


_SPARE = [PrivateKey.generate() for _ in range(240)]


def _keyed(origin: str, number: int) -> bytes:
    party = f"party:vn.attacker{number}-{time.time_ns()}"
    keys = [
        {
            "key_id": each.key_id,
            "algorithm": "ed25519",
            "public_key": b64encode(each.spki),
        }
        for each in _SPARE
    ]
    body = {
        "party": party,
        "kind": "organisation",
        "name": "Attacker",
        "roles": [],
        "seat": "VN",
        "keys": keys,
    }
    payload = compose(origin, "party.registered/1", body, [party])
    return _submission(payload, [("0" * 64, b"x" * 64)])


def _submission(payload: bytes, lines: list[tuple[str, bytes]]) -> bytes:
    envelope = {
        "payload": b64encode(payload),
        "payloadType": "application/vnd.techledger.event+json",
        "signatures": [{"keyid": key_id, "sig": b64encode(value)} for key_id, value in lines],
    }
    return json.dumps({"envelope": envelope, "openings": []}).encode()


def _heavy(on: Stage, number: int) -> bytes:
    keys = _Keys(on.cast)
    rights = [
        json.loads(each.payload)["body"]["right"]
        for each in on.history
        if b'"type":"right.filed/1"' in each.payload
    ]
    body = _contract(
        f"contract:{uuid7()}",
        rights[number],
        on.cast.institute,
        on.cast.firm,
        legal_day(datetime.now(UTC)),
    )
    (grant,) = body["grants"]
    places = ["vn-2025:01", "vn-2025:48", "vn-2025:79"]
    codes = [f"C09D {group}/{sub:02d}" for group in range(1, 12) for sub in range(2, 90, 4)]
    body["grants"] = [
        {
            **grant,
            "grant": f"g{each}",
            "exclusivity": "non_exclusive",
            "acts": ["import"],
            "rights": rights[:200],
            "territory": {"codes": places},
            "field": {**grant["field"], "codes": sorted(codes)[:20]},
        }
        for each in range(4)
    ]
    body |= {"listing": None, "offer": None, "acceptance": None}
    return keys.sign("contract.concluded/1", body, on.cast.institute, on.cast.firm).body
