"""
What a typed text means: one thing exactly, or else what it may mean, to be asked again.

The text alone decides: nothing that was chosen before is kept beside it.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Literal

from pydantic import TypeAdapter, ValidationError

from api.describe.event_saying import kind_name
from api.describe.language import Language, Said
from api.describe.titles import read_list, symbol
from api.problems import BadParameter
from api.reads.common import today
from api.reads.named import Party, read_field
from ledger.domain.core.dated_law import Law
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.scope import Field
from ledger.domain.parties.identifier import BY_TAX_CODE, entity_of
from ledger.letters import plain
from projections.questions.party_names import names_of
from projections.questions.search import Found, Hit, search
from projections.tables.reader import Reader

CHOICES = 10
"""Things that a text may mean which are offered at once."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something that may be meant: as a program writes it, its name, and what tells it apart."""

    value: str
    name: str
    note: str


class AskAgain(Exception):
    """A text means nothing, or several things: why, and what may be meant."""

    def __init__(self, says: Said, *given: object, choices: Sequence[Choice] = ()) -> None:
        super().__init__(says.en.format(*given))
        self.says, self.given, self.choices = says, given, choices

    def in_(self, language: Language) -> str:
        """Return what is to be done, in a language."""
        return self.says.in_(language).format(*self.given)


_PARTY = TypeAdapter[str](Party)
_PARTY_ID = re.compile(r"party:[a-z0-9.-]{1,80}")
_THING_ID = re.compile(r"(right|technology):[a-z0-9.-]{1,80}")
_TAX_CODE = re.compile(r"[0-9]{10}([ .-]?[0-9]{3})?")


def party_meant(reader: Reader, text: str, language: Language) -> str:
    """Return the id of the party that a text means. Raises `AskAgain`."""
    if not text:
        raise AskAgain(_NO_PARTY)
    if _TAX_CODE.fullmatch(text):
        return _by_tax_code(reader, text)
    if _PARTY_ID.fullmatch(text.lower()):
        return _known_form(reader, text.lower())
    found = search(reader, text, kind="party", limit=CHOICES)
    return _only(text, [found], language, _WHICH_PARTY, _NO_SUCH_PARTY)


def _by_tax_code(reader: Reader, text: str) -> str:
    digits = re.sub("[^0-9]", "", text)
    written = digits if len(digits) == _TAX_DIGITS else f"{digits[:10]}-{digits[10:]}"
    with suppress(Refusal):
        return BY_TAX_CODE + entity_of(written)
    return _known_form(reader, BY_TAX_CODE + digits[:_TAX_DIGITS])


_TAX_DIGITS = 10


def _known_form(reader: Reader, party: str) -> str:
    try:
        return _PARTY.validate_python(party)
    except ValidationError as error:
        near = error.errors()[0].get("ctx", {}).get("near", ())
        called = names_of(reader, near, today())
        choices = [Choice(each, called[each], each) for each in near if each in called]
        raise AskAgain(_NO_TAX_CODE, party.removeprefix(BY_TAX_CODE), choices=choices) from None


def thing_meant(reader: Reader, text: str, language: Language) -> str | None:
    """Return the id of the right or technology that a text means; None of none.

    Raises `AskAgain`.
    """
    if not text:
        return None
    if _THING_ID.fullmatch(text.lower()):
        return text.lower()
    found = [search(reader, text, kind=kind, limit=CHOICES) for kind in ("right", "technology")]
    return _only(text, found, language, _WHICH_THING, _NO_SUCH_THING)


def _only(text: str, found: Sequence[Found], language: Language, which: Said, none: Said) -> str:
    """Return what alone is meant exactly. Raises `AskAgain`."""
    hits = [hit for each in found for hit in each.hits]
    exact = [hit for hit in hits if hit.why == "exact"]
    if len(exact) == 1 and not exact[0].alike:
        return exact[0].id
    offered = (exact or hits)[:CHOICES]
    choices = [Choice(hit.id, hit.title or hit.text, _note(hit, language)) for hit in offered]
    raise AskAgain(which if choices else none, text, choices=choices)


def _note(hit: Hit, language: Language) -> str:
    """Return what tells a hit apart from others of its name."""
    said = [hit.id]
    if not hit.id.startswith("party:"):
        said.insert(0, kind_name(hit.kind, language))
    if hit.title and hit.text not in (hit.title, hit.id):
        said.append(f"«{hit.text}»")
    return " · ".join(said)


Scheme = Literal["ipc", "vsic"]

_SCHEME = re.compile(r"(?i)(ipc|vsic)\s+")
_IPC = re.compile(
    r"([A-H])(?:\s*([0-9]{2})(?:\s*([A-Z])(?:\s*([0-9]{1,4})(?:\s*/\s*([0-9]{2,6}))?)?)?)?"
)
_VSIC = re.compile("[0-9]{2,5}")


def field_meant(
    law: Law, text: str, scheme: str | None, edition: str | None, language: Language
) -> Field:
    """Return the field that a text means: a symbol, or words of a title. Raises `AskAgain`."""
    named = _SCHEME.match(text)
    said = text[named.end() :] if named else text
    scheme = named[1].lower() if named else scheme
    code = _symbol(said, scheme)
    if code is None:
        scheme, code = _by_title(said, scheme, language)
    scheme = scheme or _scheme_of(code)
    try:
        field = read_field(law, code, scheme, edition)
    except BadParameter as error:
        if error.members["parameter"] == "edition":
            raise AskAgain(_NO_SUCH_EDITION, scheme.upper(), edition) from None
        near = [_choice(scheme, each, language) for each in error.members["near"]]
        raise AskAgain(_NO_SUCH_FIELD, text, choices=near[:CHOICES]) from None
    assert field is not None, "a symbol was named"
    return field


def _scheme_of(code: str) -> Scheme:
    return "vsic" if code.isdigit() else "ipc"


def _symbol(text: str, scheme: str | None) -> str | None:
    """Return a text as its scheme spells symbols; None for what is none."""
    if scheme != "ipc" and _VSIC.fullmatch(text):
        return text
    found = None if scheme == "vsic" else _IPC.fullmatch(text.upper())
    if found is None:
        return None
    section, of_class, subclass, group, subgroup = found.groups(default="")
    deep = f" {int(group)}" if group else ""
    return f"{section}{of_class}{subclass}{deep}{'/' if subgroup else ''}{subgroup}"


def _by_title(text: str, scheme: str | None, language: Language) -> tuple[str, str]:
    """Return the symbol whose title a text is. Raises `AskAgain` with those that have its words."""
    words = plain(text).split()
    hits = [row for row in _titles() if scheme in (None, row[0]) and words and _has(row[2], words)]
    exact = [row for row in hits if " ".join(words) in row[2]]
    if len(exact) == 1:
        return exact[0][:2]
    if not text.isascii():  # It was typed with marks: those that have them are meant.
        hits = [row for row in hits if not _fit(row, text, words)[0]] or hits
    hits.sort(key=lambda row: _fit(row, text, words))
    if not hits:
        raise AskAgain(_NO_WORDS, text)
    choices = [_choice(*row[:2], language) for row in hits[:CHOICES]]
    more = len(hits) - len(choices)
    raise AskAgain(_MORE_FIELDS if more else _WHICH_FIELD, text, more, choices=choices)


def _has(titles: Sequence[str], words: Sequence[str]) -> bool:
    """Say whether one of the titles has words that begin as these."""
    return any(all(f" {word}" in f" {title}" for word in words) for title in titles)


def _fit(row: "_Row", text: str, words: Sequence[str]) -> tuple[bool, bool, int, str]:
    """Return how well a title fits: with its marks, in whole words, and the shorter the better."""
    scheme, code, titles = row
    said = symbol(scheme, _edition_of(scheme), code, "vi").lower()
    marked = all(re.search(rf"\b{re.escape(word)}\b", said) for word in text.lower().split())
    whole = any({*words} <= {*title.split()} for title in titles)
    return not marked, not whole, min(map(len, titles)), code


_Row = tuple[str, str, tuple[str, str]]


def _edition_of(scheme: str) -> str | None:
    return str(read_list("vsic")["edition"]) if scheme == "vsic" else None


@cache
def _titles() -> tuple[_Row, ...]:
    """Return scheme, symbol and both titles, as they are read, of each symbol there is to name."""
    return tuple(_rows("ipc")) + tuple(_rows("vsic"))


def _rows(scheme: Scheme) -> Iterator[_Row]:
    for row in read_list(scheme)["rows"]:
        if scheme == "ipc" or row["code"].isdigit():
            yield scheme, row["code"], (plain(row["vi"]), plain(row["en"]))


def _choice(scheme: str, code: str, language: Language) -> Choice:
    return Choice(f"{scheme} {code}", symbol(scheme, _edition_of(scheme), code, language), "")


_NO_PARTY = Said(
    "Gõ tên hoặc mã số thuế của bên sẽ làm việc đó", "Type the name or tax code of who does it"
)
_WHICH_PARTY = Said("Chọn bên được nói đến khi gõ «{}»", "Choose which party is meant by “{}”")
_NO_SUCH_PARTY = Said(
    "Sổ cái không có bên nào tên «{}»: gõ ít chữ hơn, hoặc gõ mã số thuế 10 chữ số",
    "No party of the ledger is called “{}”: type fewer words, or its tax code of 10 digits",
)
_NO_TAX_CODE = Said(
    "{} không phải mã số thuế: chữ số kiểm tra không khớp; xem lại từng chữ số",
    "{} is no tax code: its check digit does not fit; look at each digit again",
)
_WHICH_THING = Said(
    "Chọn quyền hoặc công nghệ được nói đến khi gõ «{}»",
    "Choose which right or technology is meant by “{}”",
)
_NO_SUCH_THING = Said(
    "Sổ cái không có quyền hay công nghệ nào như «{}»: gõ ít chữ hơn, gõ số bằng, hoặc để trống",
    "The ledger has no right or technology like “{}”: type fewer words, a number, or nothing",
)
_NO_SUCH_FIELD = Said(
    "«{}» không phải mã lĩnh vực: chọn một mã gần giống, gõ tên sản phẩm, hoặc chọn Không biết",
    "“{}” is no symbol of a field: choose one that is near, type what it is, or choose Not known",
)
_NO_SUCH_EDITION = Said(
    "{} không có ấn bản «{}»: bỏ ấn bản ấy đi để hỏi theo ấn bản đang dùng",
    "{} has no edition “{}”: leave it out to ask by the one in use",
)
_WHICH_FIELD = Said("Chọn lĩnh vực được nói đến khi gõ «{}»", "Choose which field is meant by “{}”")
_MORE_FIELDS = Said(
    "Chọn lĩnh vực được nói đến khi gõ «{}»; còn {} lĩnh vực nữa có các chữ ấy, gõ thêm để thu hẹp",
    "Choose which field is meant by “{}”; {} more have these words, type more to narrow them down",
)
_NO_WORDS = Said(
    "Không tên lĩnh vực nào có các chữ «{}»: gõ một chữ khác, gõ mã, hoặc chọn Không biết",
    "No field's title has the words “{}”: type another word, a symbol, or choose Not known",
)
