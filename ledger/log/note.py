"""
Signed notes and verifier keys (C2SP signed-note v1.0.0, golang.org/x/mod/sumdb/note).

A note is text, an empty line, and signature lines:

    This is an example message.

    — example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXm…

A line is: em dash, space, key name, space, base64(key id || signature). A key is written as a
*vkey*: `name+hex(key id)+base64(type || public key)`.
"""

from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar, Final, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from ledger.log.cosignature import CosignatureV1Verifier, MLDSA44Verifier
from ledger.log.encoding import plain_text, read_base64, read_text, write_base64
from ledger.log.key import (
    COSIGNATURE_V1,
    ED25519,
    MLDSA44,
    BadNoteSignature,
    MalformedKey,
    NoteKey,
    is_name,
)
from ledger.log.merkle import LogError
from ledger.quoted import listed, quoted

MAX_NOTE: Final = 1 << 20
"""Bytes of a note at most. An ML-DSA-44 line has 3.3 kB; 100 of them fit."""

MAX_SIGNATURES: Final = 100
"""Signature lines at most, as in golang.org/x/mod (C2SP asks for 16 or more)."""

_KEY_ID_SIZE = 4
_DASH = "\N{EM DASH} "


class MalformedNote(LogError):
    """Bytes are not those of a signed note."""


class UnverifiedNote(LogError):
    """No line of a note is by a known key."""


class AmbiguousKeys(LogError):
    """Two different known keys share a name and an id: someone has tampered with the list."""


class NamedKey(Protocol):
    """A public key as a note names it; `key.NoteKey` is one."""

    @property
    def name(self) -> str:
        """The key's name; for a log its origin."""
        ...  # pragma: no cover

    @property
    def key_type(self) -> int:
        """The type of its signatures."""
        ...  # pragma: no cover

    @property
    def key_id(self) -> bytes:
        """The 4 bytes that go before each signature."""
        ...  # pragma: no cover

    @property
    def public(self) -> bytes:
        """The raw public key."""
        ...  # pragma: no cover


class Verifier(NamedKey, Protocol):
    """Knows one public key."""

    def verify(self, text: str, blob: bytes) -> None:
        """Raise `BadNoteSignature` unless `blob` (without key id) is this key's line on `text`."""
        ...  # pragma: no cover


class Signer(NamedKey, Protocol):
    """Holds, or asks the holder of, one private key."""

    def sign(self, text: str, timestamp: int) -> bytes:
        """Return the blob for `text`; types without a time ignore `timestamp` (POSIX seconds)."""
        ...  # pragma: no cover


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line, taken apart."""

    name: str
    key_id: bytes
    blob: bytes

    @property
    def line(self) -> str:
        """The line as it stands in the note, its LF included."""
        return f"{_DASH}{self.name} {write_base64(self.key_id + self.blob)}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text ending in LF and the lines below it, of known and unknown keys alike."""

    text: str
    signatures: tuple[NoteSignature, ...]


def format_note(note: Note) -> bytes:
    """Write a note."""
    return f"{note.text}\n{''.join(each.line for each in note.signatures)}".encode()


def parse_note(raw: bytes) -> Note:
    """Read a note, its signatures unverified, or raise `MalformedNote`."""
    if len(raw) > MAX_NOTE:
        raise MalformedNote(f"a note has at most {MAX_NOTE} bytes")
    # The text may hold empty lines: the last one parts it from the signatures. `splitlines` would
    # also split at U+0085 and U+2028, which a text may hold.
    text, gap, block = read_text(raw, MalformedNote).rpartition("\n\n")
    lines = block.split("\n")
    if not gap or lines.pop() != "" or not 0 < len(lines) <= MAX_SIGNATURES:
        ended = block.count("\n")
        raise MalformedNote(
            f"a note is a text, an empty line, and 1 to {MAX_SIGNATURES} signature lines: "
            + (
                f"{ended} whole lines stand behind this one's last empty line"
                if gap
                else "this has no empty line"
            )
        )
    return Note(f"{text}\n", tuple(map(_parse_line, lines)))


def _unknown(note: Note) -> str:
    names = listed(f"{each.name}+{each.key_id.hex()}" for each in note.signatures)
    return f"no known key has signed this note, only {names}"


def _parse_line(line: str) -> NoteSignature:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not is_name(name):
        raise MalformedNote(f"a signature line is: em dash, name, base64, not {quoted(line)}")
    blob = read_base64(encoded, MalformedNote)
    if len(blob) <= _KEY_ID_SIZE:
        raise MalformedNote(
            f"a signature line holds a key id and a signature: that of {quoted(name)} has "
            f"{len(blob)} bytes"
        )
    return NoteSignature(name, blob[:_KEY_ID_SIZE], blob[_KEY_ID_SIZE:])


def open_note(raw: bytes, verifiers: Iterable[Verifier]) -> tuple[Note, tuple[NoteSignature, ...]]:
    """
    Read a note and verify every line by a known key; return it and those lines, one for each key.

    Lines by unknown keys are ignored. One line of a known key that fails refuses the whole note
    (`BadNoteSignature`), a further line of the same key included, where x/mod looks at the first
    only: C2SP says that it MUST be verified. Raises `MalformedNote`, `AmbiguousKeys`, and
    `UnverifiedNote` when no known key has signed.
    """
    note, known = parse_note(raw), _by_name(verifiers)
    verified: dict[tuple[str, bytes], NoteSignature] = {}
    for signature in dict.fromkeys(note.signatures):
        verifier = known.get((signature.name, signature.key_id))
        if verifier is not None:
            verifier.verify(note.text, signature.blob)
            verified.setdefault((signature.name, signature.key_id), signature)
    if not verified:
        raise UnverifiedNote(_unknown(note))
    return note, tuple(verified.values())


def good_lines(raw: bytes, verifiers: Iterable[Verifier]) -> tuple[Note, tuple[NoteSignature, ...]]:
    """
    Read a note; return it and those of its lines that a known key has signed, whatever the others.

    It is for what somebody signed to their own harm: one good line proves it, and a bad one beside
    must not hide it. Raises `MalformedNote`, `UnverifiedNote` when there is none.
    """
    note, known, good = parse_note(raw), list(verifiers), list[NoteSignature]()
    for signature in dict.fromkeys(note.signatures):
        for verifier in known:
            if (verifier.name, verifier.key_id) == (signature.name, signature.key_id):
                with suppress(BadNoteSignature):
                    verifier.verify(note.text, signature.blob)
                    good.append(signature)
    if not good:
        raise UnverifiedNote(_unknown(note))
    return note, tuple(good)


def _by_name(verifiers: Iterable[Verifier]) -> dict[tuple[str, bytes], Verifier]:
    known: dict[tuple[str, bytes], Verifier] = {}
    for verifier in verifiers:
        if known.setdefault((verifier.name, verifier.key_id), verifier) is not verifier:
            raise AmbiguousKeys(f"two keys are called {verifier.name}+{verifier.key_id.hex()}")
    return known


def sign_note(text: str, signers: Sequence[Signer], timestamp: int) -> bytes:
    """
    Sign `text`, which ends in LF, by each of `signers` in their order; return the note.

    Raises `MalformedNote` when the result is no note: without signers, or for a text with control
    characters.
    """
    plain_text(text, MalformedNote)
    signatures = (NoteSignature(s.name, s.key_id, s.sign(text, timestamp)) for s in signers)
    note = Note(text, tuple(signatures))
    raw = format_note(note)
    if parse_note(raw) != note:
        raise MalformedNote(f"a note's text ends in a line feed: {quoted(text)}")
    return raw


class _Ed25519Key(NoteKey):
    key_type: ClassVar[int] = ED25519


class Ed25519NoteVerifier(_Ed25519Key):
    """Verifies plain Ed25519 lines, type 0x01."""

    def verify(self, text: str, blob: bytes) -> None:
        """Raise `BadNoteSignature` unless `blob` is this key's signature of `text`."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(blob, text.encode())
        except InvalidSignature:
            raise BadNoteSignature(f"the signature of {self.name} is not good") from None


class Ed25519NoteSigner(_Ed25519Key):
    """Signs by plain Ed25519, type 0x01: the log's first line."""

    def __init__(self, name: str, private: Ed25519PrivateKey) -> None:
        super().__init__(name, private.public_key().public_bytes_raw())
        self._private = private

    def sign(self, text: str, timestamp: int) -> bytes:  # noqa: ARG002  the type has no time
        """Return the signature of `text`."""
        return self._private.sign(text.encode())


_VERIFIERS: dict[int, type[Ed25519NoteVerifier | CosignatureV1Verifier | MLDSA44Verifier]] = {
    ED25519: Ed25519NoteVerifier,
    COSIGNATURE_V1: CosignatureV1Verifier,
    MLDSA44: MLDSA44Verifier,
}


def format_vkey(key: NamedKey) -> str:
    """Write the verifier key of a signer or a verifier."""
    encoded = write_base64(bytes((key.key_type,)) + key.public)
    return f"{key.name}+{key.key_id.hex()}+{encoded}"


def check_keys(vkeys: Sequence[str], name: str, types: Collection[int]) -> None:
    """Raise `MalformedKey` unless these are vkeys of this name, each once, and of these types."""
    keys = [parse_vkey(vkey) for vkey in vkeys]
    if {each.name for each in keys} != {name} or len({*vkeys}) < len(keys):
        raise MalformedKey(f"such keys bear the name {name}, each listed once")
    if {each.key_type for each in keys} != {*types}:
        raise MalformedKey(f"such keys are of the types {', '.join(map(hex, sorted(types)))}")


def check_log_keys(vkeys: Sequence[str], origin: str) -> None:
    """Raise `MalformedKey` unless these are what signs the checkpoints of a log of ours."""
    check_keys(vkeys, origin, (ED25519, MLDSA44))


def parse_vkey(vkey: str) -> Verifier:
    """Read a verifier key of type 0x01, 0x04 or 0x06, or raise `MalformedKey`."""
    name, _, rest = vkey.partition("+")
    _, _, encoded = rest.partition("+")  # base64 may itself hold a plus
    typed = read_base64(encoded, MalformedKey)
    make = _VERIFIERS.get(typed[0]) if typed else None
    if make is None:
        kind = f"type 0x{typed[0]:02x}" if typed else "no type"
        raise MalformedKey(
            f"a verifier key is of type 0x01, 0x04 or 0x06: that of {quoted(name)} is of {kind}"
        )
    verifier = make(name, typed[1:])
    if format_vkey(verifier) != vkey:
        raise MalformedKey(
            f"the id of a verifier key is not that of its name and bytes, {verifier.key_id.hex()}: "
            f"{quoted(name)}"
        )
    return verifier
