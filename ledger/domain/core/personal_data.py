"""
What identifies a person, where somebody writes freely: the log would keep it for ever.

Only free text is looked at: strings that no pattern holds to a form. Amounts are numbers
(700,000,000,000 is money), ids and hashes have their form. What is found is never repeated in the
answer. Names cannot be told from other words; that people are tokens is for the signers to heed.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints
from unicodedata import category, normalize

from pydantic import StringConstraints

from ledger.domain.core.body import Body, KeyRecord
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step
from ledger.domain.core.types import Model


class PersonalDataInEvent(Refusal):
    """The event carries what identifies a person; the log keeps it for ever."""

    code = "PERSONAL_DATA_IN_EVENT"
    members = ("party", "parties")
    title_vi = "Sự kiện chứa dữ liệu cá nhân"
    article = "Luật Bảo vệ dữ liệu cá nhân, Điều 14"


_SUSPECT = re.compile(r"@|\d[\d ./()_-]{8}")
"""What holds none of these holds nothing of the next; it is several times as fast."""

_NUMBERS = frozenset({"application_no", "title_no", "register_no"})
"""Fields for what an office numbered: twelve digits there are an application (in China)."""

_SEP = r"[ ./_-]?"
_PERSONAL = re.compile(
    rf"""
    # Ids and hashes first, so that nothing is found inside them.
    [0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}} | [0-9a-f]{{32,}}
  | (?<!\d) (?P<citizen_number> \d{{12}} | 0\d\d{_SEP}\d{{3}}{_SEP}\d{{3}}{_SEP}\d{{3}}
        | 0\d{{3}} (?P<fours>[ ./_-]) \d{{4}} (?P=fours) \d{{4}} ) (?!\d)
  | (?<=[\w.+%-]) (?P<e_mail_address> @[\w-]+(?:\.[\w-]+)+ )
  | (?<!\d) (?<!\d[.,/-]) (?P<phone_number>
        0[35789] (?P<twos>[ ./_-]) \d\d (?P=twos) \d\d (?P=twos) \d\d (?P=twos) \d\d
      | \(? (?: (?:\+|00)84\)?{_SEP} (?:\(0\)|0)? | 84(?=[35789]\d{{8}}(?!\s*(?:đ|VN|US))) | 0 )
        (?: [35789]\d{_SEP}\d{{3}}{_SEP}\d{{4}}  | [35789]\d{_SEP}\d{{4}}{_SEP}\d{{3}}
          | [35789]\d\d{_SEP}\d{{3}}{_SEP}\d{{3}} | [35789]\d\d{_SEP}\d\d{_SEP}\d\d{_SEP}\d\d
          | 2\d\)?{_SEP}\d{{4}}{_SEP}\d{{4}}
          | 2\d\d\)?{_SEP}\d{{3}}{_SEP}\d{{4}} | 2\d\d\)?{_SEP}\d{{4}}{_SEP}\d{{3}} )
    ) (?! \d | -\d{{3}}(?!\d) )
    """,
    re.VERBOSE,
)
_FOUND = {
    "citizen_number": "a citizen number",
    "e_mail_address": "an e-mail address",
    "phone_number": "a telephone number",
}
_TAX_CODE_BEFORE = re.compile(
    r"(?:\bmst|\bmsdn|mã số (?:thuế|doanh nghiệp))\W{0,3}$", re.IGNORECASE
)


def personal_data_in(text: str) -> str | None:
    """Return which personal data a text holds, if any: "a citizen number", and the like.

    Ten digits that follow the words for a tax code are one, though telephones begin alike.
    """
    text = _plain(text)
    if not _SUSPECT.search(text):
        return None
    for found in _PERSONAL.finditer(text):
        kind = next((name for name in _FOUND if found[name] is not None), None)
        if kind == "phone_number" and _TAX_CODE_BEFORE.search(text[: found.start()]):
            continue
        if kind is not None:
            return _FOUND[kind]
    return None


def _plain(text: str) -> str:
    """Return a text as it reads: digits, at signs, dashes and blanks in their plain form."""
    if text.isascii():
        return text
    kinds = ((each, category(each)) for each in normalize("NFKC", text))
    return "".join("-" if kind == "Pd" else each for each, kind in kinds if kind != "Cf")


def must_hold_no_personal_data(body: Body) -> None:
    """Raise `PersonalDataInEvent` if a free text of the body holds personal data."""
    for pointer, text in free_texts(body, "/body"):
        if found := personal_data_in(text):
            raise PersonalDataInEvent(
                f"{pointer} holds {found}", pointer=pointer, step=Step(ask=(HERE,))
            )


def free_texts(value: Any, pointer: str) -> Iterator[tuple[str, str]]:
    """Return the free texts within a part of a body, each with its JSON pointer."""
    if isinstance(value, str):
        yield pointer, value
    elif isinstance(value, Model):
        for name in _free_fields(type(value)):
            yield from free_texts(getattr(value, name), f"{pointer}/{name}")
    elif isinstance(value, tuple):
        for place, item in enumerate(value):
            yield from free_texts(item, f"{pointer}/{place}")


@cache
def _free_fields(model: type[Model]) -> tuple[str, ...]:
    """Return the fields in which a free text can stand, at any depth."""
    hints = get_type_hints(model, include_extras=True)
    fields = model.model_fields.keys() - _NUMBERS
    return tuple(sorted(name for name in fields if _may_be_free(hints[name])))


def _may_be_free(hint: Any) -> bool:
    if get_origin(hint) is Annotated:
        hint, *constraints = get_args(hint)
        if hint is str:
            return any(map(_is_free, constraints))
    if isinstance(hint, type) and issubclass(hint, Model):
        return hint is not KeyRecord and bool(_free_fields(hint))
    return hint is str or any(map(_may_be_free, get_args(hint)))


def _is_free(constraint: object) -> bool:
    return isinstance(constraint, StringConstraints) and constraint.pattern is None
