"""
A log of any length, for long lanes and figures: 10^5 or 10^6 entries, the same bytes everywhere.

    entries(100_000)          # frames in order; made once, then read from the cache

200 trades of four parties make deals of fifteen events, by real signatures of fixed keys; in
every second deal the institute is `BUSY`, which a third of all entries are tagged with. The rules
admit all of it (`tests/integration/test_big_log.py`). A shorter log is a longer one's beginning.

The cache is `BIG_LOGS`, or `techledger-big-logs` in the user's cache directory: 1.2 GB for 10^6
entries, made in ten minutes on two cores. Logs of other formats or builders lie beside each other.
"""

import hashlib
import multiprocessing
import os
import struct
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import chain, islice
from pathlib import Path

from platformdirs import user_cache_path

from ledger.domain.core.body import Body
from ledger.domain.core.types import format_instant
from ledger.events.compose import compose
from ledger.follow.client import Signed
from ledger.node.genesis import key_record
from ledger.wire.base64 import b64url_encode
from ledger.wire.entry import Entry, format_entry
from ledger.wire.envelope import PAYLOAD_TYPE, sign_envelope
from tests.support import builders as b
from tests.support.deals import Trade, deal_at
from tests.support.postgres import ORIGIN
from tests.support.sample_log import START, event_id, party_key, sample_log, seed

TRADES = 200
DEAL = 15
SHARD = 1_000
"""Deals that one file of the cache holds."""

BATCH = 256
"""Entries that share an instant, and a commit; the next ones are accepted a second later."""

BUSY = "party:vn.institute.busy"
"""A party that a third of all entries are tagged with."""

_OPENING = 2 + 4 * TRADES
"""Entries before the first deal: genesis and registrations."""

_PROCESSES = 2
_LENGTH = struct.Struct(">H")


def entries(size: int) -> Iterator[bytes]:
    """Yield the first `size` entries, position 0 on; what the cache lacks is made."""
    shards = -(-max(0, size - _OPENING) // (SHARD * DEAL))
    directory = _directory()
    _make_missing(directory, shards)
    whole = chain(_opening(), *(_read(directory / f"{number:05d}") for number in range(shards)))
    return islice(whole, size)


def accepted_of(position: int) -> datetime:
    """Return when the entry at a position was accepted."""
    return START + timedelta(seconds=position // BATCH)


def trade_of(number: int) -> Trade:
    """Return who makes a deal."""
    trade = _TRADES[number // 2 % TRADES]
    if number % 2:
        return trade
    return Trade(BUSY, trade.firm, trade.author, trade.bank)


_TRADES = [Trade.between(f"{number:03d}") for number in range(TRADES)]


class _Scribe:
    """Signs what stands at the next positions; everything follows from the position."""

    def __init__(self, position: int) -> None:
        self.position = position
        self.written: list[bytes] = []
        self._named = 0

    def sign(self, body: Body, /, *signers: str) -> Signed:
        """Write down an entry; return what was signed."""
        at, accepted = self.position, accepted_of(self.position)
        payload = compose(
            ORIGIN,
            body.TOPIC,
            body.model_dump(mode="json"),
            signers,
            event_id=event_id(at),
            nonce=b64url_encode(seed(f"big {at}")[:16]),
            issued_at=accepted - timedelta(seconds=1),
        )
        signed = Signed(sign_envelope(payload, [_key(signer) for signer in signers]))
        line = Entry(format_instant(accepted), PAYLOAD_TYPE, signed.envelope.signatures, payload)
        self.written.append(format_entry(line))
        self.position += 1
        return signed

    def new_id(self) -> str:
        """Return the id of the next thing that a deal brings about."""
        self._named += 1
        return f"019a4000-0000-7000-9000-{self.position << 4 | self._named % 16:012x}"


_key = lru_cache(maxsize=8 * TRADES)(party_key)


@lru_cache(maxsize=1)
def _opening() -> tuple[bytes, ...]:
    """Return genesis and the registrations of all who trade."""
    scribe = _Scribe(1)
    parties = [(each.institute, each.firm, each.author, each.bank) for each in _TRADES]
    for party in (BUSY, *chain.from_iterable(parties)):
        body = b.party_registered(party=party, keys=[key_record(_key(party))])
        scribe.sign(body, party, b.OPERATOR, b.REGISTRAR)
    opening = (sample_log(1, ORIGIN).entries[0], *scribe.written)
    assert len(opening) == _OPENING, "positions are computed from it"
    return opening


def deals(first: int, count: int) -> list[bytes]:
    """Return the entries of so many deals, from a number on."""
    scribe = _Scribe(_OPENING + first * DEAL)
    for number in range(first, first + count):
        now = accepted_of(scribe.position)
        told = list(deal_at(scribe.sign, trade_of(number), now, scribe.new_id))
        assert len(told) == DEAL, "positions are computed from it"
    return scribe.written


@lru_cache(maxsize=1)
def _directory() -> Path:
    """Return where this log lies: by what its beginning is, so that no other format is read."""
    root = os.environ.get("BIG_LOGS") or user_cache_path("techledger-big-logs")
    beginning = hashlib.sha256(b"".join((*_opening(), *deals(0, 2)))).hexdigest()
    return Path(root) / f"{beginning[:16]}-{SHARD}"


def _make_missing(directory: Path, shards: int) -> None:
    missing = [n for n in range(shards) if not (directory / f"{n:05d}").exists()]
    if missing:
        directory.mkdir(parents=True, exist_ok=True)
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(_PROCESSES, mp_context=context) as pool:
            files = [directory / f"{number:05d}" for number in missing]
            list(pool.map(_make, files, [n * SHARD for n in missing], [SHARD] * len(missing)))


def _make(file: Path, first: int, count: int) -> None:
    """Make a file of the cache, which appears whole or not at all."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    unfinished.write_bytes(_joined(deals(first, count)))
    unfinished.rename(file)


def _joined(many: Iterable[bytes]) -> bytes:
    return b"".join(_LENGTH.pack(len(entry)) + entry for entry in many)


def _read(file: Path) -> Iterator[bytes]:
    raw, at = file.read_bytes(), 0
    while at < len(raw):
        start = at + _LENGTH.size
        at = start + _LENGTH.unpack_from(raw, at)[0]
        yield raw[start:at]
