"""
Sets a report as a PDF/A-3: the same bytes for the same report, on every machine.

What is said is handed over as data, never as markup. Only the fonts beside this module are used.
A letter that they do not have is written by its code point, as is one that nobody sees.
"""

import json
import struct
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path

import typst

from api.reports.report import Report
from ledger.wire.shown import visible_lines

HERE = Path(__file__).parent
FONTS = HERE / "fonts"
WEIGHTS, FALLBACK = ("NotoSans-Regular.ttf", "NotoSans-SemiBold.ttf"), "NotoSansMono-Regular.ttf"
"""What text is set in, and what has the letters that these lack; for ids the other way round."""

BUNDLE = "bundle.json"
"""What the evidence bundle in a report is called."""


def typeset(report: Report, bundle: bytes) -> bytes:
    """Return a report, with an evidence bundle attached, as a PDF/A-3a."""
    given = {"report": legible_json(report), "bundle": bundle.decode(), "name": BUNDLE}
    compiler = typst.Compiler(
        (HERE / "report.typ").read_bytes(),
        root=HERE,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs=given,
    )
    made = int(report.signed.timestamp())
    pdf = compiler.compile(format="pdf", pdf_standards="a-3a", timestamp=made)
    assert isinstance(pdf, bytes), "a PDF is one file"
    return pdf


def legible_json(report: Report) -> str:
    """Return a report as JSON, in letters that can be set."""
    said = {**asdict(report), "signed": None}
    return json.dumps({name: _legible(value) for name, value in said.items()})


def _legible(value: object) -> object:
    if isinstance(value, str):
        return legible(value)
    if isinstance(value, dict):
        return {name: _legible(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [*map(_legible, value)]
    return value


def legible(text: str) -> str:
    """Return a text in which every code point is seen, those without a letter of ours escaped."""
    return "".join(
        each if ord(each) in coverage() or each == "\n" else json.dumps(each)[1:-1]
        for each in visible_lines(text)
    )


@cache
def coverage() -> frozenset[int]:
    """Return the code points that there are letters for, in every weight."""
    plain, heavy, more = ({*_letters((FONTS / name).read_bytes())} for name in (*WEIGHTS, FALLBACK))
    return frozenset(plain & heavy | more)


def _letters(font: bytes) -> Iterator[int]:
    """Yield the code points of a TrueType font: the groups of its cmap of format 12."""
    (count,) = struct.unpack_from(">H", font, 4)
    tables = (struct.unpack_from(">4sIII", font, 12 + 16 * each) for each in range(count))
    cmap = next(offset for tag, _, offset, _ in tables if tag == b"cmap")
    (kinds,) = struct.unpack_from(">H", font, cmap + 2)
    places = [struct.unpack_from(">HHI", font, cmap + 4 + 8 * each)[2] for each in range(kinds)]
    whole = next(each for each in places if struct.unpack_from(">H", font, cmap + each) == (12,))
    (groups,) = struct.unpack_from(">I", font, cmap + whole + 12)
    for each in range(groups):
        start, end, _ = struct.unpack_from(">III", font, cmap + whole + 16 + 12 * each)
        yield from range(start, end + 1)


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])
