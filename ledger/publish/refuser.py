"""
Signs what is refused or promised, by a key that the log records for that and nothing else.

Without the key's file nothing is signed: `operate refusal-key` makes it, and the log adopts it by
an event of operator and registrar (docs/guides/operating.md).
"""

from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from ledger.domain.core.refusal import Refusal
from ledger.domain.core.types import format_instant
from ledger.home.keystore import KeyFileMissing, KeyFileUnsafe, read_private
from ledger.log.note import Ed25519NoteSigner, format_vkey
from ledger.log.statement import KEY_SUFFIX, Promise, SignedRefusal, sign_statement

KEY_FILE = "refusals.pem"


class Refuser:
    """The operator's word: one key, one log."""

    def __init__(self, origin: str, key: Ed25519PrivateKey) -> None:
        self._origin = origin
        self._signer = Ed25519NoteSigner(origin + KEY_SUFFIX, key)

    @property
    def vkey(self) -> str:
        """What the log has to adopt."""
        return format_vkey(self._signer)

    def sign(
        self, refusal: Refusal, event_id: str, payload: str, since: datetime | None = None
    ) -> bytes:
        """Return the signed note of a refusal of these bytes, the same each time it is said.

        `since` is when they were received, by a process with a clock of its own: what is not
        refused for good was not refused before.
        """
        said_at = refusal.at or datetime.now(UTC)
        if since is not None and not refusal.dead:
            said_at = max(said_at, since)
        said = SignedRefusal(
            origin=self._origin,
            event_id=event_id,
            payload=payload,
            code=refusal.code,
            final="yes" if refusal.dead else "no",
            refused=format_instant(said_at),
        )
        return sign_statement(said, self._signer)

    def promise(
        self, event_id: str, payload: str, received: datetime, answer_by: datetime
    ) -> bytes:
        """Return the signed note of a promise, the same each time it is given."""
        instants = format_instant(received), format_instant(answer_by)
        return sign_statement(Promise(self._origin, event_id, payload, *instants), self._signer)


def refuser_of(origin: str, keys: Path) -> Refuser | None:
    """Return the refuser of a home's keys, None where it has no key for it.

    Raises `KeyFileUnsafe` for a file that others may read, or that holds another kind of key.
    """
    try:
        key = load_pem_private_key(read_private(keys / KEY_FILE), None)
    except KeyFileMissing:
        return None
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileUnsafe(f"{keys / KEY_FILE} is no Ed25519 key")
    return Refuser(origin, key)
