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

Each line ends in LF; the text is that of a signed note. `from` is the earlier checkpoint that the
log was held to, the empty tree where none was. What a step is, docs/verify.md says.
"""

import re
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields

from ledger.log.merkle import LogError
from ledger.log.note import Signer, Verifier, open_note, sign_note
from ledger.quoted import quoted

MAGIC = "techledger-audit/v1"

_TREE = "(?:0|[1-9][0-9]{0,15}) [A-Za-z0-9+/]{43}="
_COUNT = "0|[1-9][0-9]{0,15}"
_STATE = "[0-9]{1,2}:(?:passed|unchecked|not-run)"
_FORMS = {
    "origin": "[^ \n]{1,255}",
    "from": _TREE,
    "to": _TREE,
    "signatures": _COUNT,
    "steps": f"{_STATE}(?: {_STATE}){{0,31}}",
    "unchecked": _COUNT,
    "software": "[^ \n]{1,80}",
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


def open_summary(raw: bytes, verifiers: Sequence[Verifier]) -> AuditSummary:
    """Return what a note says that one of these keys has signed. Raises `LogError`."""
    note, _ = open_note(raw, verifiers)
    return parse_summary(note.text)
