"""
What is asked in the form of the licence check, read: a question for the API, or what to ask again.

Each field is a text, so that an error is told beside it and nothing else that was typed is lost.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, Any, get_args

from fastapi import Query
from pydantic import TypeAdapter, ValidationError

from api.describe.language import Language, Said
from api.explorer.asked_by_hand import known_up_to, read_day, read_known
from api.explorer.meant import AskAgain, field_meant, party_meant, thing_meant
from api.reads.named import Place
from ledger.domain.core.scope import Act
from projections.engine.bitemporal import Effect
from projections.engine.view import KnownAt, written
from projections.tables.reader import Reader

Text = Annotated[str, Query(max_length=400)]

ACTS: tuple[str, ...] = get_args(Act)
EFFECTS: tuple[str, ...] = get_args(Effect)


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form's fields. `…_is` is what was chosen of what a text may mean."""

    party: str
    act: str
    territory: str
    field: str | None
    no_field: str
    scheme: str
    edition: str
    right: str
    true_on: str
    effect: str
    known_at: str
    party_is: str
    field_is: str
    right_is: str


def typed(  # noqa: PLR0913, PLR0917  (the form's fields)
    party: Text = "",
    act: Text = "",
    territory: Text = "",
    field: Annotated[str | None, Query(max_length=400)] = None,
    no_field: Text = "",
    scheme: Text = "",
    edition: Text = "",
    right: Text = "",
    true_on: Text = "",
    effect: Text = "parties",
    known_at: Text = "",
    party_is: Text = "",
    field_is: Text = "",
    right_is: Text = "",
) -> Typed:
    """Return what was typed, without the blanks around it; a choice stands for its text."""
    chosen = (party_is.strip(), field_is.strip(), right_is.strip())
    return Typed(
        chosen[0] or party.strip(),
        act.strip(),
        territory.strip(),
        chosen[1] or (field if field is None else field.strip()),
        "" if chosen[1] else no_field.strip(),
        "" if chosen[1] else scheme.strip(),
        "" if chosen[1] else edition.strip(),
        chosen[2] or right.strip(),
        true_on.strip(),
        effect.strip(),
        known_at.strip(),
        *chosen,
    )


@dataclass(frozen=True, slots=True)
class Filled:
    """What was read of a form: each field as the API takes it, or why it is to be asked again.

    `asked` are the parameters of the API as its functions take them, `query` as an address has
    them: what was left open stays open.
    """

    asked: Mapping[str, Any]
    query: Mapping[str, str]
    again: Mapping[str, AskAgain]


def read(reader: Reader, form: Typed, language: Language) -> Filled:
    """Return what a form asks."""
    asked, again = dict[str, Any](), dict[str, AskAgain]()
    for name, work in _reading(reader, form, language):
        try:
            asked[name] = work()
        except AskAgain as error:
            again[name] = error
    field = asked.pop("field", None)
    if field is not None:
        (code,) = field.codes
        asked |= {"field": code, "scheme": field.scheme, "edition": form.edition or None}
    return Filled(asked, {name: _written(value) for name, value in _said(asked)}, again)


def _reading(
    reader: Reader, form: Typed, language: Language
) -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield what reads each field, in the order in which they stand in the form."""
    yield "party", partial(party_meant, reader, form.party, language)
    yield "act", partial(_one_of, form.act, ACTS, _NO_ACT)
    yield "territory", partial(_place, form.territory)
    yield "field", partial(_field, reader, form, language)
    yield "right", partial(thing_meant, reader, form.right, language)
    yield "true_on", partial(_day, form.true_on)
    yield "effect", partial(_one_of, form.effect or "parties", EFFECTS, _NO_EFFECT)
    yield "known_at", partial(_known, form.known_at)


def _said(asked: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what an address has to say of a question."""
    for name, value in asked.items():
        if value is not None and (name, value) != ("effect", "parties"):
            yield name, value


def _written(value: Any) -> str:
    if isinstance(value, str):
        return value
    return value.isoformat() if type(value) is date else written(value) or ""


def _one_of(text: str, values: tuple[str, ...], says: Said) -> str:
    if text not in values:
        raise _again(says, text)
    return text


def _again(says: Said, text: str) -> AskAgain:
    """Return what asks for a choice, and tells what was given that is none."""
    if not text:
        return AskAgain(says)
    not_here = Said(f"«{{}}» không có ở đây. {says.vi}", f"“{{}}” is not here. {says.en}")
    return AskAgain(not_here, text)


_PLACE = TypeAdapter[str](Place)


def _place(text: str) -> str:
    try:
        return _PLACE.validate_python(text)
    except ValidationError:
        raise _again(_NO_PLACE, text) from None


def _field(reader: Reader, form: Typed, language: Language) -> Any:
    """Return the field; None where it is not known. Raises `AskAgain`."""
    if form.no_field not in ("", "1"):
        raise _again(_NEITHER, form.no_field)
    if form.field and form.no_field:
        raise AskAgain(_BOTH, form.field)
    if not form.field:
        if form.scheme or form.edition:
            raise AskAgain(_OF_NO_FIELD, form.scheme or form.edition)
        if form.field is None or form.no_field:
            return None
        raise AskAgain(_NEITHER)
    scheme = form.scheme or None
    if scheme not in (None, "ipc", "vsic"):
        raise _again(_NO_SCHEME, scheme)
    return field_meant(reader.law, form.field, scheme, form.edition or None, language)


def _day(text: str) -> date | None:
    try:
        return read_day(text)
    except ValueError:
        raise AskAgain(_NO_DAY, text) from None


def _known(text: str) -> KnownAt:
    try:
        return known_up_to(read_known(text), "ledger")
    except ValueError:
        raise AskAgain(_NO_TIME, text) from None


_NO_ACT = Said("Chọn việc bên đó sẽ làm", "Choose what it does")
_NO_EFFECT = Said(
    "Chọn đối với ai: giữa các bên, hay cả bên thứ ba",
    "Choose towards whom: between the parties, or third parties, too",
)
_NO_PLACE = Said("Chọn nơi sẽ làm việc đó", "Choose where it is done")
_NO_SCHEME = Said("Bảng mã là ipc hoặc vsic", "The list of codes is ipc or vsic")
_BOTH = Said(
    "Đã gõ lĩnh vực «{}» mà cũng chọn Không biết: chỉ giữ một",
    "The field “{}” is typed, and Not known is chosen, too: keep one of them",
)
_NEITHER = Said("Gõ lĩnh vực, hoặc chọn Không biết", "Type the field, or choose Not known")
_OF_NO_FIELD = Said(
    "«{}» nói về mã của một lĩnh vực: gõ lĩnh vực ấy, hoặc bỏ đi",
    "“{}” is said of a field's symbol: type that field, or leave it out",
)
_NO_DAY = Said(
    "«{}» không phải ngày có thật: gõ như 30/11/2026",
    "“{}” is no day that there is: type it like 2026-11-30",
)
_NO_TIME = Said(
    "«{}»: biết đến khi nào? Gõ số mục, ngày hoặc giờ Hà Nội, ví dụ 12, 30/11/2026 14:05",
    "“{}”: known by when? Type an entry, a day or a time in Hà Nội, such as 12, 2026-11-30 14:05",
)
