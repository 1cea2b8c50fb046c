"""
Records as a table of plain cells, as a spreadsheet takes it: a column a member, in words.

Days are written 2026-11-30, last days as such; instants by the clocks of Hà Nội, with their offset;
sums in units of their currency, the currency beside. A name stands before the id that it is of. A
text stays a text, whatever a spreadsheet would make of it.
"""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import getitem
from typing import Any

from api.describe.description import Described, said_as
from api.describe.labels import label
from api.describe.language import Language, Said
from api.describe.measures import LAST_DAYS, measure_of
from api.describe.saying import WHOLE, Line, Members, Speech, Word
from api.describe.shape import bare, is_record, members_of_kind
from ledger.domain.core.money import MINOR_UNITS
from ledger.domain.core.types import HANOI, parse_instant
from ledger.wire.shown import visible_lines

BOM = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""At the start of a file it has a spreadsheet read Vietnamese as UTF-8."""

_FORMULA = re.compile(r"""(^|[;\t\n])(["'\s]*)(?=[=+\-@|\uff1d\uff0b\uff0d\uff20])""")
_DIGITS = re.compile(r"(?!(?:0|[1-9]\d{0,14})$)[\d.,/\s]*\d[\d.,/\s]*")
"""Digits of which a spreadsheet would make another number, or a day."""


@dataclass(frozen=True, slots=True)
class Cells:
    """Rows of as many cells each as there are headings."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def csv(self, note: str = "") -> bytes:
        """Return it as a file; what is to be noted of it, the header and the last line say."""
        file = io.StringIO()
        write = csv.writer(file, quoting=csv.QUOTE_ALL).writerow
        more = (note,) if note else ()
        write((*self.headings, *more))
        for row in self.rows:
            write((*row, *("" for _ in more)))
        if note:
            write((note, *("" for _ in self.headings)))
        return (BOM + file.getvalue()).encode()


def table_of(
    kind: type[Any], rows: Iterable[Members], speech: Speech, names: Mapping[str, str]
) -> Cells:
    """Return records of a kind, given their members as JSON; `names` are those of subjects."""
    columns = tuple(_columns(kind, speech.language))
    return Cells(
        tuple(each.heading for each in columns),
        tuple(tuple(each.cell(row, speech, names) for each in columns) for row in rows),
    )


def table_of_facts(
    described: Iterable[tuple[str, Described]], names: Mapping[str, str], language: Language
) -> Cells:
    """Return descriptions, each with its heading, as a table of what is said of what."""
    rows = (
        (heading, what, _text(line.words, names))
        for heading, each in described
        for what, line in _said(each, language)
    )
    return Cells(tuple(each.in_(language) for each in _FACTS), tuple(rows))


_FACTS = (Said("phần", "part"), Said("điều được nói", "what is said"), Said("nội dung", "value"))
_ANSWER = Said("trả lời", "answer")


def _said(described: Described, language: Language) -> Iterator[tuple[str, Line]]:
    if described.sentence:
        yield _ANSWER.in_(language), Line("", (Word(described.sentence),))
    for line in (*described.lines, *described.proof):
        yield from _lines(line, ())


def _lines(line: Line, above: tuple[str, ...]) -> Iterator[tuple[str, Line]]:
    called = (*above, line.label) if line.label else above
    if line.words:
        yield " > ".join(called), line
    for each in line.under:
        yield from _lines(each, called)


@dataclass(frozen=True, slots=True)
class _Column:
    """A member, or one of a record that is a member: where it stands, its type, its heading."""

    path: tuple[str, ...]
    owner: str
    of: Any
    heading: str

    def cell(self, row: Members, speech: Speech, names: Mapping[str, str]) -> str:
        """Return what a row has there."""
        *above, member = self.path
        row = reduce(getitem, above, row)
        value = row.get(member)
        if value is None:
            return ""
        of = bare(self.of, value)
        measure = measure_of(self.owner, member)
        if of is int and (member.endswith("amount") or measure == "sum"):
            return _sum(int(value), row.get(f"{member.removesuffix('amount')}currency"))
        if of in _PLAIN and measure != "rate":
            return _PLAIN[of](value)
        if of is date:
            last = {member, f"{self.owner}.{member}"} & LAST_DAYS
            return str(date.fromisoformat(value) - timedelta(days=1)) if last else str(value)
        said = said_as("", self.owner, member, of, value, speech)
        return "; ".join(_text(each.words, names) for _, each in _lines(said, ()))


_PLAIN: Mapping[Any, Callable[[Any], str]] = {
    int: str,
    datetime: lambda value: (
        parse_instant(value).astimezone(HANOI).isoformat(timespec="milliseconds")
    ),
}


def _columns(
    kind: Any, language: Language, path: tuple[str, ...] = (), above: str = ""
) -> Iterator[_Column]:
    for member, of in members_of_kind(kind).items():
        here, heading = (*path, member), above + label(kind.__name__, member, language)
        if is_record(of) and of not in WHOLE:
            yield from _columns(of, language, here, f"{heading} > ")
        else:
            yield _Column(here, kind.__name__, of, heading)


def _sum(amount: int, currency: str | None) -> str:
    """Return an amount in units of its currency; of one that is not known, as it is."""
    digits = MINOR_UNITS.get(currency or "", 0)
    whole, rest = divmod(abs(amount), 10**digits)
    return f"{'-' if amount < 0 else ''}{whole}{f'.{rest:0{digits}d}' if digits else ''}"


def _text(words: Iterable[Word], names: Mapping[str, str]) -> str:
    return inert("".join(_named(word, names) for word in words))


def _named(word: Word, names: Mapping[str, str]) -> str:
    name = names.get(word.subject or "")
    return word.text if name is None else f"{name} ({word.text})"


def inert(text: str) -> str:
    """Return a text as a cell that no spreadsheet takes for a formula or for another number.

    Spreadsheets of some languages end a cell at a semicolon, so what stands behind one counts, too.
    """
    text = visible_lines(text)
    return f"'{text}" if _DIGITS.fullmatch(text) else _FORMULA.sub(r"\1\2'", text)
