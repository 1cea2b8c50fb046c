"""
What an auditor found in a log, signed by a key of the auditor's own.

    techledger-audit/v1
    origin ledger.example.vn/techledger/1a2b3c4d
    from 0 47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
    to 48 BdXnlVlA+c1SmZsfS23D8/4S6CAURW8JVuzT8RaR8xk=
    signatures 96
    steps 1:passed 2:passed … 12:passed
    unchecked 0
    software 0.1.0
    finished 2026-12-03T00:29:29.123Z

Each line is ASCII and ends in LF; the text is that of a signed note. `from` is the earlier
checkpoint that the log was held to, the empty tree where none was. What a step is, docs/verify.md
says.
"""

import re
from dataclasses import asdict, astuple, dataclass, fields
from typing import Any

from ledger.log.merkle import LogError
from ledger.log.note import Signer, Verifier, open_note, sign_note
from ledger.quoted import quoted

MAGIC = "techledger-audit/v1"

_TREE = "(?:0|[1-9][0-9]{0,15}) [A-Za-z0-9+/]{43}="
_COUNT = "0|[1-9][0-9]{0,15}"
_STATE = "[0-9]{1,2}:(?:passed|unchecked|not-run)"
_FORMS = {
    "origin": "[!-~]{1,255}",
    "from": _TREE,
    "to": _TREE,
    "signatures": _COUNT,
    "steps": f"{_STATE}(?: {_STATE}){{0,31}}",
    "unchecked": _COUNT,
    "software": "[!-~]{1,80}",
    "finished": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z",
}
_TEXT = re.compile(f"{MAGIC}\n" + "".join(f"{label} ({form})\n" for label, form in _FORMS.items()))


class MalformedSummary(LogError):
    """A text is no summary of an audit, line by line."""


@dataclass(frozen=True, slots=True)
class AuditSummary:
    """What an audit found, as its lines say it, in their order."""

    origin: str
    held_to: str
    audited: str
    signatures: str
    steps: str
    unchecked: str
    software: str
    finished: str


assert len(_FORMS) == len(fields(AuditSummary)), "a line for each member"


def format_summary(summary: AuditSummary) -> str:
    """Write a summary's text. Raises `MalformedSummary` if it would not read back the same."""
    pairs = zip(_FORMS, astuple(summary), strict=True)
    text = f"{MAGIC}\n" + "".join(f"{label} {value}\n" for label, value in pairs)
    if parse_summary(text) != summary:
        raise MalformedSummary(f"a member of a summary is not of its form: {quoted(text, 300)}")
    return text


def parse_summary(text: str) -> AuditSummary:
    """Read a summary's text, in its one spelling, or raise `MalformedSummary`."""
    if found := _TEXT.fullmatch(text):
        return AuditSummary(*found.groups())
    raise MalformedSummary(f"a summary of an audit is told line by line, not {quoted(text)}")


def sign_summary(summary: AuditSummary, signer: Signer) -> bytes:
    """Return the signed note of a summary."""
    return sign_note(format_summary(summary), [signer], 0)


@dataclass(frozen=True, slots=True)
class SignedSummary:
    """A summary that an auditor's key has signed: the auditor's word about a log, not a proof."""

    found: AuditSummary
    by: str

    def to_json(self) -> dict[str, Any]:
        """Return what it says as JSON values."""
        return {"verified": True, **asdict(self.found)}

    def report(self) -> str:
        """Return what it says as lines of text, who has signed it last."""
        lines = [f"{name:<10}  {value}" for name, value in asdict(self.found).items()]
        return "\n".join([*lines, f"VERIFIED: as {self.by} has signed it"])


class NotSigned(LogError):
    """An auditor's key has not signed just this, or not of the log that was meant."""

    def __str__(self) -> str:
        return f"the summary: {self.args[0]}"

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        return {"verified": False, "reason": str(self)}


def open_summary(raw: bytes, auditor: Verifier, origin: str | None = None) -> SignedSummary:
    """Return what an auditor has signed, of the log of that name if one is meant.

    Raises `NotSigned`.
    """
    try:
        note, _ = open_note(raw, [auditor])
        found = parse_summary(note.text)
    except LogError as error:
        raise NotSigned(str(error)) from None
    if origin not in (None, found.origin):
        raise NotSigned(f"it is of the log {found.origin}, not of {origin}")
    return SignedSummary(found, auditor.name)
