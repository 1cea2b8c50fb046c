"""
The evidence bundle inside a report, a PDF as `api.reports` writes it: one file, attached by name.

Of PDF no more is read than leads there, by the same way as readers of PDF go: the last cross
references, the catalog, its embedded files. What other programs write otherwise is refused. So
is a file with two attachments, or one that was added to: a reader might show another one.
"""

import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from ledger.wire.canonical import WireError
from ledger.wire.shown import visible

MAGIC = b"%PDF-"
NAME = b"bundle.json"

DEEPEST, LONGEST = 8, 1 << 16
"""Of an object on the way to the bundle: levels within it, bytes of it."""


class NoReport(WireError):
    """A PDF is no report of ours: `code` says what was found, `reason` what helps."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(code, reason)
        self.code, self.reason = code, reason

    def __str__(self) -> str:
        return visible(f"{self.code}: {self.reason}")

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        return {"verified": False, "code": self.code, "reason": self.reason}


class Reference(NamedTuple):
    """Where an object is said to be: by its number."""

    number: int


def bundle_in(raw: bytes, most: int) -> bytes:
    """Return the bundle of at most so many bytes attached to a report. Raises `NoReport`."""
    for mark in (b"startxref", b"%%EOF"):
        if (times := raw.count(mark)) != 1:
            told = f"it has {times} times {mark.decode()}: get it again as the ledger made it"
            raise NoReport("PDF_ADDED_TO", told)
    pdf, trailer = _opened(raw)
    catalog = pdf.dictionary(trailer.get("Root"))
    listed = pdf.within(catalog, "Names", "EmbeddedFiles").get("Names")
    if not isinstance(listed, list) or len(listed) != _PAIR:
        raise _without(f"its files are not one: {listed!r:.100}")
    name, of = listed
    file = pdf.dictionary(of)
    if {name, file.get("F"), file.get("UF")} != {NAME}:
        raise _without(f"a file in it has another name: {name!r:.100}")
    kept = pdf.within(file, "EF")
    if catalog.get("AF") != [of] or kept.get("F") is None or kept.get("F") != kept.get("UF"):
        raise _without(f"what is associated is not that file: {catalog.get('AF')!r:.100}")
    return pdf.inflated(kept["F"], most)


_PAIR = 2


def _without(why: str) -> NoReport:
    return NoReport("PDF_WITHOUT_BUNDLE", f"not {NAME.decode()}, and it alone, is attached: {why}")


def _odd(at: int) -> NoReport:
    told = f"at byte {at} it is written otherwise than a report: get it from the ledger again"
    return NoReport("PDF_ODD", told)


_TAIL = re.compile(rb"startxref\s+([0-9]{1,10})\s+%%EOF\s*\Z")
_XREF = re.compile(rb"xref\s+0 ([0-9]{1,7})\s+")
_BEGIN = re.compile(rb"\s*([0-9]{1,7}) 0 obj\s*")
_STREAM = re.compile(rb"\s*stream\r?\n")
_END_OF_STREAM = re.compile(rb"\s*endstream\s")
_IN_USE = re.compile(rb"([0-9]{10}) 00000 n(\r\n| \r| \n)")
_ENTRY = 20
"""Bytes of one cross reference."""


def _opened(raw: bytes) -> tuple["_Pdf", Mapping[str, Any]]:
    """Return a PDF that has one table of cross references, and its trailer."""
    tail = _TAIL.search(raw, max(0, len(raw) - 64))
    head = tail and _XREF.match(raw, int(tail[1]))
    if not head:
        raise _odd(int(tail[1]) if tail else len(raw))
    end = head.end() + _ENTRY * int(head[1])
    if not raw.startswith(b"trailer", end):
        raise _odd(end)
    trailer = _dictionary(_Reader(raw, end + len(b"trailer")).value(), end)
    if "Prev" in trailer:
        raise _odd(end)
    return _Pdf(raw, head.end(), int(head[1])), trailer


@dataclass(frozen=True, slots=True)
class _Pdf:
    """A PDF: its bytes, and where its cross references are, so many."""

    raw: bytes
    references: int
    count: int

    def dictionary(self, of: object) -> Mapping[str, Any]:
        """Return the dictionary that is referred to. Raises `NoReport`, as all here."""
        reader = self._reader(of)
        return _dictionary(reader.value(), reader.at)

    def within(self, outer: Mapping[str, Any], *names: str) -> Mapping[str, Any]:
        """Return the dictionary under these names, each written there or referred to."""
        for name in names:
            inner = outer.get(name)
            if inner is None:
                raise _without(f"there is no {name}")
            outer = (
                self.dictionary(inner) if isinstance(inner, Reference) else _dictionary(inner, 0)
            )
        return outer

    def inflated(self, of: object, most: int) -> bytes:
        """Return what a compressed file holds, read no further than a bundle is long."""
        reader = self._reader(of)
        said = _dictionary(reader.value(), reader.at)
        begins, length = _STREAM.match(self.raw, reader.at), said.get("Length")
        whole = said.get("Type") == "/EmbeddedFile" and said.get("Filter") == "/FlateDecode"
        if not begins or not whole or not isinstance(length, int):
            raise _odd(reader.at)
        end = begins.end() + length
        if not _END_OF_STREAM.match(self.raw, end):
            raise _odd(end)
        stream = zlib.decompressobj()
        try:
            bundle = stream.decompress(self.raw[begins.end() : end], most + 1)
        except zlib.error as error:
            raise NoReport("PDF_DAMAGED", f"the bundle in it cannot be unpacked: {error}") from None
        if len(bundle) > most or not stream.eof or stream.unused_data:
            told = f"the bundle in it does not end after {len(bundle)} bytes, where it is to end"
            raise NoReport("PDF_DAMAGED", told)
        return bundle

    def _reader(self, of: object) -> "_Reader":
        """Return what reads the object that is referred to, from behind its number."""
        if not isinstance(of, Reference) or of.number >= self.count:
            raise _odd(self.references)
        place = self.references + _ENTRY * of.number
        at = _IN_USE.fullmatch(self.raw, place, place + _ENTRY)
        begins = at and _BEGIN.match(self.raw, int(at[1]))
        if not begins or int(begins[1]) != of.number:
            raise _odd(place)
        return _Reader(self.raw, begins.end())


def _dictionary(value: object, at: int) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _odd(at)
    return value


_TOKEN = re.compile(
    rb"\s*(?:(?P<open><<)|(?P<close>>>)|(?P<list>\[)|(?P<end>\])"
    rb"|(?P<name>/[^\s<>\[\]()/%]{1,127})|(?P<hex><[0-9A-Fa-f\s]*>)"
    rb"|(?P<text>\()"
    rb"|(?P<to>[0-9]{1,7}) 0 R(?![A-Za-z])|(?P<number>[0-9]{1,10})(?![.0-9])"
    rb"|(?P<other>[-+.0-9A-Za-z]{1,32}))",
    re.DOTALL,
)


_IN_TEXT = re.compile(rb"\\.|[()]", re.DOTALL)
"""What counts in a text: what is escaped, and parentheses, of which as many close as open."""

_PLAIN: Mapping[str, Callable[[bytes], Any]] = {
    "to": lambda number: Reference(int(number)),
    "number": int,
    "name": lambda name: name.decode("latin-1"),
    # What leads nowhere is read past.
    **dict.fromkeys(("hex", "other"), lambda _: None),
}


class _Reader:
    """Reads one value of PDF from a place on, and no further than any on the way is long."""

    def __init__(self, raw: bytes, at: int) -> None:
        self._raw, self.at, self._end = raw, at, min(len(raw), at + LONGEST)

    def value(self, depth: int = 0) -> Any:
        """Return the next value. Raises `NoReport`."""
        found = self._next()
        if depth > DEEPEST:
            raise _odd(self.at)
        if found.lastgroup in ("open", "list"):
            return self._members(depth) if found["open"] else self._items(depth)
        if found["text"]:
            return self._text()
        kind = found.lastgroup or ""
        if kind not in _PLAIN:
            raise _odd(self.at)
        return _PLAIN[kind](found[kind])

    def _next(self) -> re.Match[bytes]:
        found = _TOKEN.match(self._raw, self.at, self._end)
        if not found:
            raise _odd(self.at)
        self.at = found.end()
        return found

    def _text(self) -> bytes:
        """Return what stands between parentheses, as it is written."""
        start, depth = self.at, 1
        for found in _IN_TEXT.finditer(self._raw, self.at, self._end):
            depth += {b"(": 1, b")": -1}.get(found[0], 0)
            if not depth:
                self.at = found.end()
                return self._raw[start : found.start()]
        raise _odd(start)

    def _members(self, depth: int) -> dict[str, Any]:
        members: dict[str, Any] = {}
        while (found := self._next()).lastgroup != "close":
            name = (found["name"] or b"").decode("latin-1").removeprefix("/")
            if not name or name in members:  # A reader might take the other one.
                raise _odd(self.at)
            members[name] = self.value(depth + 1)
        return members

    def _items(self, depth: int) -> list[Any]:
        items: list[Any] = []
        while True:
            before = self.at
            if self._next().lastgroup == "end":
                return items
            self.at = before
            items.append(self.value(depth + 1))
