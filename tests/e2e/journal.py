"""
What a client knows for certain: a line before each send, a line after each answer, both flushed.

`invoke`: about to be sent. `ok`: answered with a receipt. `fail`: refused, so it must never be in
the log. `info`: no answer, or one that leaves it open (503, a cut connection), so it may be in the
log once or not at all. The journal alone is what a run is judged by.
"""

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger.follow.client import Signed
from ledger.wire.envelope import payload_hash


@dataclass
class Fate:
    """All that was noted of one event: its payload's hash, the bytes sent, how each send ended."""

    sha256: str
    body: str
    receipts: list[dict[str, Any]] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    lost: int = 0

    @property
    def acknowledged(self) -> bool:
        """Whether a receipt came."""
        return bool(self.receipts)

    @property
    def unknown(self) -> bool:
        """Whether nobody can say without asking the log."""
        return not self.receipts and not self.refusals


class Journal:
    """The file of one client."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("a", encoding="utf-8")

    def invoke(self, sent: Iterable[Signed]) -> None:
        """Note what is about to be sent."""
        self._note(
            {"is": "invoke", "sha256": digest_of(signed), "body": signed.to_json().decode()}
            for signed in sent
        )

    def ok(self, signed: Signed, receipt: dict[str, Any]) -> None:
        """Note a receipt: position, accepted, leaf hash, proof with its checkpoint."""
        self._note([{"is": "ok", "sha256": digest_of(signed), "receipt": receipt}])

    def fail(self, signed: Signed, code: str) -> None:
        """Note a refusal."""
        self._note([{"is": "fail", "sha256": digest_of(signed), "code": code}])

    def info(self, sent: Iterable[Signed], why: str) -> None:
        """Note that what became of these is open."""
        self._note({"is": "info", "sha256": digest_of(signed), "why": why} for signed in sent)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def _note(self, lines: Iterable[dict[str, Any]]) -> None:
        for line in lines:
            self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()
        os.fsync(self._file.fileno())


def digest_of(signed: Signed) -> str:
    """Return the hash of the payload, by which an event is told from another of the same id."""
    return payload_hash(signed.envelope.payload)


def read_fates(directory: Path) -> dict[str, Fate]:
    """Return the fate of every event in the journals of a directory, by its payload's hash."""
    fates: dict[str, Fate] = {}
    for line in _lines(directory):
        sha256 = line["sha256"]
        if line["is"] == "invoke":
            fates.setdefault(sha256, Fate(sha256, line["body"]))
        elif line["is"] == "ok":
            fates[sha256].receipts.append(line["receipt"])
        elif line["is"] == "fail":
            fates[sha256].refusals.append(line["code"])
        else:
            fates[sha256].lost += 1
    return fates


def _lines(directory: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(directory.glob("*.jsonl")):
        with path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)
