"""
Agreements of CUAD v1 as they were mapped to licence terms, and the spans that its experts labelled.

The mapping is a JSON list, one object an agreement; what an object means stands in `cuad_terms`.
Members that nobody reads are told in the report: nothing is dropped silently. The labels are JSON
lines, one an agreement, found by the beginning of its file's name.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from api.importers import ImporterError
from ledger.quoted import quoted, repeated
from ledger.wire.strict import MalformedJson, load_json


class MalformedAgreements(ImporterError):
    """The file is no list of mapped agreements, or the labels are no JSON lines."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """One agreement: its id, what was mapped, and the SHA-256 of that as canonical JSON."""

    id: str
    said: Mapping[str, Any]
    sha256: str

    def text(self, name: str) -> str | None:
        """Return a member that is a text, or the first of several; or None."""
        value = self.said.get(name)
        if isinstance(value, list) and value:
            value = value[0]
        return value if isinstance(value, str) and value.strip() else None

    def items(self, name: str) -> tuple[Mapping[str, Any], ...]:
        """Return a member that is an object or a list of objects; none where it is not there.

        Raises TypeError for anything else: what is said in words would be lost.
        """
        found = self.said.get(name)
        listed = found if isinstance(found, list) else [] if found is None else [found]
        for item in listed:
            if not isinstance(item, dict):
                raise TypeError(f"{name} is no object, nor a list of objects: {item}")
        return tuple(listed)


@dataclass(frozen=True, slots=True)
class Labels:
    """What the experts labelled in one file: the quoted spans of each group of clauses."""

    file: str
    parties: tuple[str, ...]
    spans: Mapping[str, tuple[str, ...]]


def parse_agreements(raw: bytes) -> tuple[Agreement, ...]:
    """Return the agreements in a mapping, in its order. Raises `MalformedAgreements`."""
    try:
        listed = load_json(raw)
    except MalformedJson as error:
        raise MalformedAgreements(f"the mapping is no JSON in UTF-8: {error}") from error
    if not isinstance(listed, list) or not listed or not all(_is_named(item) for item in listed):
        raise MalformedAgreements(
            f"the mapping is a list of objects, each with an id: {quoted(listed)}"
        )
    if (twice := repeated(item["id"] for item in listed)) is not None:
        raise MalformedAgreements(f"an agreement is there twice: {quoted(twice)}")
    return tuple(Agreement(item["id"], item, _digest(item)) for item in listed)


def parse_labels(raw: bytes) -> tuple[Labels, ...]:
    """Return what was labelled, file by file. Raises `MalformedAgreements`."""
    try:
        return tuple(_labels(load_json(line)) for line in raw.splitlines() if line.strip())
    except (MalformedJson, ValueError, KeyError, TypeError, AttributeError) as error:
        raise MalformedAgreements(f"a line of the labels has another form: {error}") from error


def labels_of(agreement: Agreement, labels: tuple[Labels, ...]) -> Labels | None:
    """Return the labels of an agreement, by the beginning of its file's name."""
    prefix = agreement.text("file_prefix")
    if prefix is None:
        return None
    return next((each for each in labels if each.file.startswith(prefix)), None)


def _labels(line: dict[str, Any]) -> Labels:
    spans = {
        group: tuple(str(span) for span in said["spans"])
        for group, said in line.items()
        if isinstance(said, dict)
    }
    return Labels(line["file"], tuple(map(str, line["parties"])), spans)


def _is_named(item: Any) -> bool:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str):
        return False
    return set(item["id"]) <= set(_LOCAL) and 0 < len(item["id"]) <= 60  # noqa: PLR2004


_LOCAL = "abcdefghijklmnopqrstuvwxyz0123456789.-"
"""What an id may consist of, so that it can stand in the id of a subject."""


def _digest(item: Mapping[str, Any]) -> str:
    text = json.dumps(item, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def unread(said: Mapping[str, Any], read: frozenset[str]) -> Iterator[str]:
    """Yield the members that nobody reads, with what they say."""
    for name, value in said.items():
        if name not in read:
            yield f"{name}: {json.dumps(value, ensure_ascii=False)}"


def in_words(said: Mapping[str, Any]) -> str:
    """Return members and what they say, in a line."""
    return ", ".join(f"{name} {value}" for name, value in said.items())
