"""
Keeps what the log only commits to: encrypted before PostgreSQL sees it, erased with its key.

An opening is encrypted under a key derived from the ledger's data key and that of every person
whom it concerns: whose token stands among the event's subjects and signers, or in the opened value.
Destroy one of those keys and nobody reads it again, whatever copy of the database there is. The
associated data bind it to origin, event and path, so an opening that was moved does not open; and
what opens is still held against the commitment.

`person.erased/1` in the log is the order to erase, or beside a log that was closed (`orders`).
Anyone who opens the vault carries out first what is ordered and this database or these keys have
not seen done: after a crash between the event and the deed, and after an older backup of either was
restored.
"""

import json
import os
import re
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from uuid import UUID

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ledger.domain.core.event import Event
from ledger.domain.parties.party_lifecycle import PersonErased
from ledger.events.intake import Submission, decode, load_payload, read_signed
from ledger.home.datakeys import KEY_BYTES, NONCE_BYTES, DataKeyError, DataKeys
from ledger.sequence.orders import Orders
from ledger.store.append import Append
from ledger.store.connection import Pool, StoreError
from ledger.store.entries import read_entries
from ledger.store.vault import (
    Erasure,
    KeptOpening,
    VaultRow,
    carried_out,
    erase_openings,
    find_opening,
    pending_erasures,
    read_plain_openings,
    replace_plain_opening,
)
from ledger.wire import canonical
from ledger.wire.base64 import b64decode, b64encode
from ledger.wire.commitment import (
    SALT_BYTES,
    BadOpening,
    Opening,
    commit,
    sealed_at,
    verify_opening,
)
from ledger.wire.entry import parse_entry
from ledger.wire.envelope import envelope_from_object, envelope_to_object

CACHE_BYTES = 16 << 20

_ROW_BYTES = 500
"""What an opening in the cache takes besides its own bytes, about."""

_BLOCK = 64
"""Plaintexts are padded to whole blocks: the number of digits of a price is not to be seen."""

Find = Callable[[str, bytes], KeptOpening | None]
"""(subject, digest of a commitment) to what an event of the subject sealed under it."""

_TOKEN = re.compile(rb"party:tok\.[0-9a-f]{32}")

_log = structlog.get_logger(__name__)


class VaultError(Exception):
    """Superclass of the errors of the vault. Never raised itself."""


class VaultUnavailable(VaultError):
    """The keys cannot be used now, for want of room, descriptors or files; nothing was stored."""


class RowUnreadable(VaultError):
    """A row of the vault does not open: it was moved or altered, or its keys are not at hand."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """What was opened: canonical bytes, and whose keys it took."""

    value: bytes
    holders: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.value) + _ROW_BYTES


class Vault:
    """The openings of one ledger. Not thread-safe: the sequencer's thread owns it."""

    def __init__(
        self,
        pool: Pool,
        keys: DataKeys,
        origin: str,
        orders: Orders,
        *,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self._pool = pool
        self.keys = keys
        self.orders = orders
        self._origin = origin
        self._cache_bytes = cache_bytes
        self._cached: OrderedDict[tuple[str, str], _Kept] = OrderedDict()
        self.cached_bytes = 0
        self.waiting = False

    def open(self) -> None:
        """Carry out what is ordered; to be called before anything is kept or recalled.

        Raises `DataKeyError` where a key is missing or wrong.
        """
        self.keys.open()
        self._take_over()
        self._carry_out()

    def begin(self, submissions: Iterable[Submission], *, look_up: bool) -> None:
        """Make ready, before the head row is locked, what a batch needs of keys.

        `look_up`: what others did meanwhile will not be followed, so it is looked up.
        """
        if look_up or self.waiting:
            self.forget()
            self.carry_out()
        for submission in submissions:
            with suppress(DataKeyError, OSError):  # It is tried again, and told, when it is kept.
                for opening in submission.openings:
                    for token in _persons(submission.event, canonical.dump(opening.value)):
                        self.keys.get_or_make(self.keys.name_of(token))

    def batch(self, append: Append) -> "VaultBatch":
        """Return what a batch recalls by, keeps and erases, under the head row's lock."""
        return VaultBatch(self, append)

    def reading(self) -> "Reading":
        """Return what an event recalls by that is judged without the lock, and not appended."""
        self.forget()  # Whose key was erased meanwhile has none.

        def look(subject: str, commitment: bytes) -> KeptOpening | None:
            with self._pool.session() as session:
                return find_opening(session, subject, commitment)

        return Reading(self, look)

    def carry_out(self) -> None:
        """Erase whom it is ordered to erase. What fails is logged, and tried with each batch."""
        try:
            self._carry_out()
            self.waiting = False
        except (DataKeyError, StoreError, OSError) as error:
            self.waiting = True
            _log.error("erasure_waits", reason=f"{type(error).__name__}: {error}")

    def forget(self) -> None:
        """Drop every opening and every unwrapped key from memory."""
        self._cached.clear()
        self.cached_bytes = 0
        self.keys.forget()

    def seal(self, event: Event, opening: Opening) -> VaultRow | None:
        """Return an opening as it is kept; None where it is of a person who was erased."""
        value = canonical.dump(opening.value)
        names = sorted(self.keys.name_of(token) for token in _persons(event, value))
        keys = [self.keys.get_or_make(name) for name in names]
        whole = [key for key in keys if key is not None]
        if len(whole) < len(keys):
            return None
        commitment = commit(self._origin, event.event_id, opening.path, opening.salt, opening.value)
        place = self._place("opening", event.event_id, _hex_of(event), opening.path)
        sealed = self._encrypt(whole, opening.salt + value, place)
        return VaultRow(opening.path, _digest(commitment), tuple(names), sealed)

    def unseal(self, kept: KeptOpening) -> Opening:
        """Return a kept opening, held against its commitment. Raises `RowUnreadable`."""
        keys = [self.keys.get(name) for name in kept.row.holders]
        whole = [key for key in keys if key is not None]
        if len(whole) < len(keys):
            raise RowUnreadable("the key of a person whom it concerns is not at hand")
        event_id, path = str(kept.event_id), kept.row.path
        place = self._place("opening", event_id, kept.payload_sha256.hex(), path)
        text = self._decrypt(whole, kept.row.sealed, place)
        try:
            opening = Opening(path, text[:SALT_BYTES], json.loads(text[SALT_BYTES:]))
            verify_opening(f"sha256:{kept.row.commitment.hex()}", self._origin, event_id, opening)
        except (BadOpening, ValueError) as error:
            raise RowUnreadable(f"it is not what its event is committed to: {error}") from None
        return opening

    def seal_submission(self, submission: Submission) -> bytes | None:
        """Return a submission as it is stored until it is judged.

        Its openings are sealed as those of an event are, and all of it once more under the ledger's
        key. None where an opening is of a person who was erased: it could not be judged by that.
        """
        event = submission.event
        rows = [self.seal(event, opening) for opening in submission.openings]
        whole = [row for row in rows if row is not None]
        if len(whole) < len(rows):
            return None
        plain = {
            "envelope": envelope_to_object(submission.envelope),
            "openings": [
                [row.path, row.commitment.hex(), row.holders, b64encode(row.sealed)]
                for row in whole
            ],
        }
        place = self._place("submission", event.event_id, _hex_of(event))
        return self._encrypt((), json.dumps(plain).encode(), place)

    def unseal_submission(self, event_id: UUID, payload_sha256: bytes, sealed: bytes) -> Submission:
        """Return a stored submission, without the openings of who was erased since.

        It is what was sealed, byte for byte, so its signatures are those that were verified. Raises
        `RowUnreadable`, and `Invalid` for what software of another version took in.
        """
        place = self._place("submission", str(event_id), payload_sha256.hex())
        plain = json.loads(self._decrypt((), sealed, place))
        rows = [
            VaultRow(path, bytes.fromhex(commitment), tuple(holders), b64decode(text))
            for path, commitment, holders, text in plain["openings"]
        ]
        openings = [
            self.unseal(KeptOpening(-1, event_id, payload_sha256, row))
            for row in rows
            if all(self.keys.get(name) is not None for name in row.holders)
        ]
        return read_signed(envelope_from_object(plain["envelope"]), tuple(openings))

    def _place(self, kind: str, *told: str) -> bytes:
        return "\n".join((f"techledger/{kind}/v1", self._origin, *told)).encode()

    def _encrypt(self, keys: Sequence[bytes], plain: bytes, place: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._cipher(keys, place).encrypt(nonce, _padded(plain), place)

    def _decrypt(self, keys: Sequence[bytes], sealed: bytes, place: bytes) -> bytes:
        """Return what was encrypted in this place. Raises `RowUnreadable`."""
        nonce, text = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
        try:
            plain = self._cipher(keys, place).decrypt(nonce, text, place)
        except (InvalidTag, ValueError):  # Too short to be encrypted is altered, too.
            raise RowUnreadable("it was moved or altered, or is of another ledger's keys") from None
        return plain.rstrip(b"\0").removesuffix(b"\x80")

    def _cipher(self, keys: Sequence[bytes], place: bytes) -> AESGCM:
        """Return the cipher of one opening: its key takes all of these keys, and the place."""
        derive = HKDF(SHA256(), KEY_BYTES, salt=None, info=place)
        return AESGCM(derive.derive(b"".join((self.keys.ledger_key(), *keys))))

    def names_to_erase(self) -> Iterator[str]:
        """Yield the names of the keys that are to be erased, and that may be here still."""
        for erasure in self._pending():
            yield self._name_in(erasure)

    def _pending(self) -> list[Erasure]:
        """Return what is ordered and not carried out, in the log and behind its end, in order."""
        applied, behind = self.keys.applied, self.orders.read()
        done = carried_out(self._pool, [each.position for each in behind]) if behind else ()
        left = [each for each in behind if each.position > applied or each.position not in done]
        return [*pending_erasures(self._pool, applied), *left]

    def _carry_out(self) -> None:
        for erasure in self._pending():
            self.forget()
            name = self._name_in(erasure)
            self.keys.erase(name)
            removed = erase_openings(self._pool, name, erasure.position)
            self.keys.mark(erasure.position)
            _log.info("person_erased", position=erasure.position, openings=removed)

    def _name_in(self, erasure: Erasure) -> str:
        body = decode(erasure.entry, erasure.position).event.body
        assert isinstance(body, PersonErased), "it was looked for by its topic"
        return self.keys.name_of(body.token)

    def _take_over(self) -> None:
        """Encrypt what an earlier build kept in the clear."""
        while plain := read_plain_openings(self._pool, 100):
            for each in plain:
                row = None
                for stored in read_entries(self._pool, each.position, each.position + 1, 1):
                    event = decode(stored.entry, stored.position).event
                    opening = Opening(each.path, each.salt, json.loads(each.value))
                    payload = load_payload(parse_entry(stored.entry).payload)
                    try:
                        sealed = sealed_at(payload, each.path)
                        verify_opening(sealed, self._origin, event.event_id, opening)
                        row = self.seal(event, opening)
                    except BadOpening:
                        _log.warning("plain_opening_dropped", position=each.position)
                replace_plain_opening(self._pool, each, row)

    def find(self, look: Find, subject: str, commitment: str) -> _Kept:
        """Return what an event of the subject sealed. Raises `LookupError` if it is not kept."""
        if kept := self._cached.get((subject, commitment)):
            self._cached.move_to_end((subject, commitment))
            return kept
        found = look(subject, _digest(commitment))
        if found is None:
            raise LookupError(commitment)
        try:
            opening = self.unseal(found)
        except RowUnreadable as error:
            # The client may send it again; what is wrong here, fsck says too.
            _log.error("opening_unreadable", position=found.position, reason=str(error))
            raise LookupError(commitment) from error
        kept = _Kept(canonical.dump(opening.value), found.row.holders)
        self._cached[subject, commitment] = kept
        self.cached_bytes += kept.size
        while self.cached_bytes > self._cache_bytes:
            _, dropped = self._cached.popitem(last=False)
            self.cached_bytes -= dropped.size
        return kept


class VaultBatch:
    """What one batch recalls by, keeps and erases, under the head row's lock."""

    def __init__(self, vault: Vault, append: Append) -> None:
        self._vault = vault
        self._append = append
        self._fresh: dict[tuple[str, str], _Kept] = {}
        self._erased: set[str] = set()

    def recall(self, subject: str, commitment: str) -> object:
        """Return what an earlier event of the subject sealed.

        Raises `LookupError` if it is not kept, `VaultUnavailable`.
        """
        kept = self._fresh.get((subject, commitment))
        if kept is None:
            with _at_hand():
                look = partial(find_opening, self._append.cursor)
                kept = self._vault.find(look, subject, commitment)
        if not self._erased.isdisjoint(kept.holders):
            raise LookupError(commitment)
        return json.loads(kept.value)

    def keep(self, submission: Submission) -> tuple[VaultRow, ...]:
        """Return the openings of an admitted event as they are kept, none of who was erased.

        Raises `VaultUnavailable`.
        """
        rows = []
        for opening in submission.openings:
            with _at_hand():
                row = self._vault.seal(submission.event, opening)
            if row is None or not self._erased.isdisjoint(row.holders):
                continue
            rows.append(row)
            kept = _Kept(canonical.dump(opening.value), row.holders)
            for subject in submission.event.subjects:
                self._fresh[subject, f"sha256:{row.commitment.hex()}"] = kept
        return tuple(rows)

    def follow(self, event: Event) -> None:
        """Take in an event: whom it erases, nothing is recalled or kept of from here on."""
        if isinstance(event.body, PersonErased):
            self._erased.add(self._vault.keys.name_of(event.body.token))

    def committed(self) -> None:
        """Erase whom the batch, or what it followed, erased: it is known to be in the log."""
        if self._erased:
            self._vault.forget()
            self._vault.carry_out()


class Reading:
    """What an event that is only judged recalls by: nothing is kept, no key is made."""

    def __init__(self, vault: Vault, look: Find) -> None:
        self._vault, self._look = vault, look

    def recall(self, subject: str, commitment: str) -> object:
        """Do what a batch does. Raises `LookupError`, `VaultUnavailable`, `StoreError`."""
        with _at_hand():
            erased = set(self._vault.names_to_erase())
            kept = self._vault.find(self._look, subject, commitment)
        if not erased.isdisjoint(kept.holders):
            raise LookupError(commitment)
        return json.loads(kept.value)

    def keep(self, submission: Submission) -> tuple[VaultRow, ...]:
        """Return no rows. Raises `VaultUnavailable` where none could be made."""
        if submission.openings:
            with _at_hand():
                self._vault.keys.ledger_key()
        return ()

    def follow(self, event: Event) -> None:
        """Do nothing: what is judged is not in the log."""


class NoVault:
    """For who appends events without openings: nothing is kept, nothing recalled.

    Whom such an event erases, the next one to open the vault erases.
    """

    waiting = False

    def carry_out(self) -> None:
        """Do nothing."""

    def begin(self, submissions: Iterable[Submission], *, look_up: bool) -> None:
        """Hold the caller to it that no opening is lost here."""
        del look_up
        assert not any(each.openings for each in submissions), "openings need a vault"

    def batch(self, append: Append) -> "NoBatch":
        """Return what recalls nothing."""
        del append
        return NoBatch()


class NoBatch:
    """A batch without a vault."""

    def recall(self, subject: str, commitment: str) -> object:
        """Raise `LookupError`."""
        raise LookupError(subject, commitment)

    def keep(self, submission: Submission) -> tuple[VaultRow, ...]:
        """Return no rows: there are no openings."""
        assert not submission.openings, "openings need a vault"
        return ()

    def follow(self, event: Event) -> None:
        """Do nothing."""

    def committed(self) -> None:
        """Do nothing."""


@contextmanager
def _at_hand() -> Iterator[None]:
    """Raise `VaultUnavailable` where the keys' files cannot be read or written."""
    try:
        yield
    except (DataKeyError, OSError) as error:
        _log.error("vault_unavailable", reason=f"{type(error).__name__}: {error}")
        raise VaultUnavailable(str(error)) from error


def _persons(event: Event, value: bytes) -> frozenset[str]:
    """Return the tokens of the persons whom an opening concerns."""
    named = (name for name in (*event.subjects, *event.signers) if name.startswith("party:tok."))
    return frozenset((*named, *(token.decode() for token in _TOKEN.findall(value))))


def _hex_of(event: Event) -> str:
    return event.payload_hash.removeprefix("sha256:")


def _padded(plain: bytes) -> bytes:
    """Append a bit, then zeros to a whole number of blocks (ISO/IEC 7816-4)."""
    marked = plain + b"\x80"
    return marked.ljust(-(-len(marked) // _BLOCK) * _BLOCK, b"\0")


def _digest(commitment: str) -> bytes:
    return bytes.fromhex(commitment.removeprefix("sha256:"))
