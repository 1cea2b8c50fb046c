"""A time that stands until it is moved, and chance that comes out the same each time."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta, tzinfo
from random import Random
from types import SimpleNamespace
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.home.keystore import save_pair
from ledger.node import genesis
from ledger.wire import commitment, payload
from ledger.wire.signing_keys import PrivateKey
from tests.support.sample_log import log_keys

OURS = ("api", "ledger", "projections")


class Time:
    """What every `datetime.now` of this software says."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 2, 3, tzinfo=UTC)

    def move(self) -> None:
        """Let half a second pass: of a hundred no clock says that they outran it."""
        self.now += timedelta(milliseconds=500)


class _Instants(type):
    def __instancecheck__(cls, value: object) -> bool:
        return isinstance(value, datetime)


@contextmanager
def settled() -> Iterator[Time]:
    """Settle time, and what one thread draws by chance: ids, nonces, salts and keys."""
    time, chance = Time(), Random(12)

    class Settled(datetime, metaclass=_Instants):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
            return time.now.astimezone(tz)

    def generate() -> PrivateKey:
        return PrivateKey(Ed25519PrivateKey.from_private_bytes(chance.randbytes(32)))

    drawn = SimpleNamespace(randbits=chance.getrandbits, token_bytes=chance.randbytes)
    told = SimpleNamespace(time_ns=lambda: int(time.now.timestamp() * 1e9))
    with ExitStack() as stack:
        for name, module in [*sys.modules.items()]:
            if name.partition(".")[0] in OURS and vars(module).get("datetime") is datetime:
                stack.enter_context(patch.object(module, "datetime", Settled))
        for module in (payload, commitment):
            stack.enter_context(patch.object(module, "secrets", drawn))
        stack.enter_context(patch.object(payload, "time", told))
        stack.enter_context(patch.object(PrivateKey, "generate", generate))
        stack.enter_context(
            patch.object(genesis, "create_log_keys", lambda at: save_pair(at, "log", *log_keys()))
        )
        yield time
