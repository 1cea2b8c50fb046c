"""The runbook, as the operator's board shows it: the very file of the documentation."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).with_name("runbook.md")
_LINK = re.compile(r"\[([^]]*)]\(([^)]*)\)")


@dataclass(frozen=True, slots=True)
class Chapter:
    """A heading of the runbook and what stands below it: paragraphs, and `plain` lines as is."""

    heading: str
    paragraphs: tuple[tuple[str, bool], ...]

    @property
    def anchor(self) -> str:
        """Return what an address names it by."""
        return self.heading.lower()


@cache
def runbook() -> tuple[Chapter, ...]:
    """Return the runbook's parts, in its order."""
    _, *parts = _FILE.read_text("utf-8").split("\n## ")
    return tuple(Chapter(part.partition("\n")[0], (*_paragraphs(part),)) for part in parts)


def _paragraphs(part: str) -> Iterator[tuple[str, bool]]:
    for text in part.partition("\n")[2].strip("\n").split("\n\n"):
        plain = text.startswith(("    ", "|"))
        yield (text if plain else _LINK.sub(r"\1 (docs/\2)", text), plain)
