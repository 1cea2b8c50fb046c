"""What a report says, in words, before it is set."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Words:
    """Some text; `id` is what it names, written out beside it."""

    text: str
    id: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing said, and what more there is to say of it."""

    label: str
    words: tuple[Words, ...]
    under: tuple["Fact", ...]


@dataclass(frozen=True, slots=True)
class Part:
    """One answer: `asked` is what was asked where that is not what the report was asked."""

    heading: str
    asked: str
    sentence: str
    facts: tuple[Fact, ...]
    proof: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under a head; each cell is of some words, one a line."""

    heading: str
    head: tuple[str, ...]
    rows: tuple[tuple[tuple[Words, ...], ...], ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """How a report is found again and checked: what each step is called, and what is done."""

    heading: str
    found_at: str
    address: str
    drawing: str
    by_command: str
    command: str
    shows: tuple[str, ...]
    not_heading: str
    shows_not: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """A report: who is spoken of, the sentence that answers, the answers, the events, the proof.

    `state` is what the log was as it was asked, in words; `foot` stands on each sheet; `signed` is
    when the checkpoint was signed, which dates the document.
    """

    language: str
    title: str
    kind: str
    name: str
    subject: str
    sentence: str
    asked: tuple[str, ...]
    state: tuple[tuple[str, str], ...]
    parts: tuple[Part, ...]
    events: Table
    checked: Checked
    origin: str
    foot: str
    signed: datetime
