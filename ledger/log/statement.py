"""
What an operator says of one event outside the log, signed: it was refused, or will be answered.

    techledger-refusal/v1
    origin ledger.example.vn/techledger/1a2b3c4d
    event 01890000-0000-7000-8000-000000000001
    payload sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
    code EXCLUSIVE_OVERLAP
    final yes
    refused 2026-11-29T08:00:00.000Z

    techledger-promise/v1
    origin …
    event …
    payload …
    received 2026-11-29T08:00:00.000Z
    answer-by 2026-11-29T08:01:00.000Z

Each line ends in LF; the text is that of a signed note by a key that the log records for nothing
else, named `<origin>/refusals`. It binds no event, and no entry rests on it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime
from typing import ClassVar, Final

from ledger.log.key import ED25519
from ledger.log.merkle import LogError
from ledger.log.note import Signer, Verifier, check_keys, open_note, sign_note
from ledger.quoted import listed, quoted

KEY_SUFFIX: Final = "/refusals"
"""What follows the origin in the name of the key that signs statements."""

LONGEST_PROMISE_S: Final = 86_400
"""Within how long, in seconds, what is promised is answered at the latest: a day."""

_EVENT = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z"
_YEARS = range(1000, 3000)
_ORIGIN, _PAYLOAD, _CODE = "[^ \n]{1,255}", "sha256:[0-9a-f]{64}", "[A-Z][A-Z0-9_]{0,79}"


class MalformedStatement(LogError):
    """A text is neither a refusal nor a promise."""


@dataclass(frozen=True, slots=True)
class SignedRefusal:
    """The operator has refused these bytes, by the rule of this code, at this instant.

    `final` is `yes` where these bytes are dead: they will not be recorded later either. What a
    co-signature, an opening or an earlier event may still mend is `no`.
    """

    LABELS: ClassVar = ("origin", "event", "payload", "code", "final", "refused")
    MAGIC: ClassVar = "techledger-refusal/v1"
    FORM: ClassVar = (_ORIGIN, _EVENT, _PAYLOAD, _CODE, "yes|no", _INSTANT)

    origin: str
    event_id: str
    payload: str
    code: str
    final: str
    refused: str


@dataclass(frozen=True, slots=True)
class Promise:
    """The operator has received these bytes, and will have recorded or refused them in time."""

    LABELS: ClassVar = ("origin", "event", "payload", "received", "answer-by")
    MAGIC: ClassVar = "techledger-promise/v1"
    FORM: ClassVar = (_ORIGIN, _EVENT, _PAYLOAD, _INSTANT, _INSTANT)

    origin: str
    event_id: str
    payload: str
    received: str
    answer_by: str


Statement = SignedRefusal | Promise


def format_statement(statement: Statement) -> str:
    """Write a statement's text. Raises `MalformedStatement` if it would not read back the same."""
    pairs = zip(statement.LABELS, astuple(statement), strict=True)
    text = f"{statement.MAGIC}\n" + "".join(f"{label} {value}\n" for label, value in pairs)
    if parse_statement(text) != statement:
        raise MalformedStatement(f"a member of a statement is not of its form: {quoted(text, 300)}")
    return text


def parse_statement(text: str) -> Statement:
    """Read a statement's text, in its one spelling, or raise `MalformedStatement`.

    Its instants are such, and the answer is promised for no earlier one than the receipt.
    """
    for kind in (SignedRefusal, Promise):
        lines = (f"{label} ({form})\n" for label, form in zip(kind.LABELS, kind.FORM, strict=True))
        if found := re.fullmatch(f"{kind.MAGIC}\n{''.join(lines)}", text):
            statement = kind(*found.groups())
            _check_instants(statement)
            return statement
    raise MalformedStatement(
        f"a statement is a refusal or a promise, line by line, not {quoted(text)}"
    )


def _check_instants(statement: Statement) -> None:
    instants = [v for v in astuple(statement) if re.fullmatch(_INSTANT, v)]
    if not all(map(_is_instant, instants)) or instants != sorted(instants):
        raise MalformedStatement(
            f"an instant that is none, or an answer before the receipt: {listed(instants)}"
        )


def _is_instant(text: str) -> bool:
    """Say whether a text of the form of an instant is one: 24:00 is not, nor is a leap second."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return False
    written = found.isoformat(timespec="milliseconds").removesuffix("+00:00") + "Z"
    return written == text and found.year in _YEARS


def sign_statement(statement: Statement, signer: Signer) -> bytes:
    """Return the signed note of a statement."""
    return sign_note(format_statement(statement), [signer], 0)


def check_refusal_keys(vkeys: Sequence[str], origin: str) -> None:
    """Raise `MalformedKey` unless these are what signs refusals and promises of a log."""
    check_keys(vkeys, origin + KEY_SUFFIX, (ED25519,))


def open_statement(raw: bytes, verifiers: Iterable[Verifier]) -> Statement:
    """Return what a note says that one of these keys has signed.

    Raises `LogError`: `MalformedNote`, `UnverifiedNote`, `BadNoteSignature`, `MalformedStatement`.
    """
    note, _ = open_note(raw, verifiers)
    return parse_statement(note.text)
