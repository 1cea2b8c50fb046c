"""
The codes that answers can have, as docs/reference/answers.md lists them.

`python -m tests.support.answer_codes` writes it again; a test holds both together.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from pathlib import Path
from typing import Any

from api.describe.shape import members_of_kind
from api.describe.values import value_said
from api.openapi.kinds import Schema
from api.openapi.shapes import SHAPES
from projections.questions.findings import KINDS
from tests.support.answers import literals, records

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "answers.md"
_BEGINS = "<!-- Generated: python -m tests.support.answer_codes -->\n"


def written() -> str:
    """Return the page as it has to be: its own words, and the lists as the code has them."""
    before = DOCUMENT.read_text("utf-8").partition(_BEGINS)[0]
    return f"{before}{_BEGINS}\n" + "\n\n".join([*_findings(), *_lists(), *_shapes()]) + "\n"


def _findings() -> Iterator[str]:
    yield "## Findings"
    yield "`code` of a finding's `suspect`."
    rows = (
        (
            f"`{code}`",
            _words("Suspect", "code", code)[0],
            kind.contradicts,
            kind.settles,
            kind.helps,
        )
        for code, kind in sorted(KINDS.items())
    )
    yield _table(("code", "says that", "`contradicts`", "settled by", "what to do"), rows)


def _lists() -> Iterator[str]:
    """Yield the closed lists of answers to questions, one that several members have once."""
    places: dict[tuple[tuple[str, ...], ...], list[str]] = {}
    for kind, member, values in closed_lists():
        rows = tuple((f"`{each}`", *_words(kind, member, each)) for each in values)
        place = f"`{member}` of every answer" if member == "verdict" else f"`{kind}.{member}`"
        here = places.setdefault(rows, [])
        here += [] if place in here else [place]
    yield "## Words of answers to questions"
    for rows, where in sorted(places.items(), key=lambda each: each[1]):
        yield f"{', '.join(where)}:"
        yield _table(("code", "English", "tiếng Việt"), rows)


def closed_lists() -> Iterator[tuple[str, str, Sequence[str]]]:
    """Yield type, member and values of each member of an answer that has one of a few texts."""
    for kind in records():
        for member, of in members_of_kind(kind).items() if is_dataclass(kind) else ():
            if values := tuple(literals(of)):
                yield kind.__name__, member, values


def _shapes() -> Iterator[str]:
    yield "## Words of other answers"
    rows = (
        (f"`{place}`", ", ".join(f"`{each}`" for each in schema["enum"]), schema["description"])
        for name, shape in SHAPES.items()
        for place, schema in _enums(shape, name)
    )
    yield _table(("member", "codes", "says"), rows)


def _enums(schema: Any, at: str) -> Iterator[tuple[str, Schema]]:
    if isinstance(schema, Mapping):
        if "enum" in schema:
            yield at, dict(schema)
        for name, each in schema.get("properties", {}).items():
            yield from _enums(each, f"{at}.{name}")
        yield from _enums(schema.get("items"), at)


def _words(kind: str, member: str, value: str) -> tuple[str, str]:
    said = value_said(kind, member, value)
    assert said is not None, "a test says that each has words"
    return said.en, said.vi


def _table(head: Sequence[str], rows: Any) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)


if __name__ == "__main__":
    DOCUMENT.write_text(written(), "utf-8")
