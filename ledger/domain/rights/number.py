"""
Application numbers: one spelling for each, as its office counts: one application is one right.

`15/438,832`, `US 15/438,832` and `15438832` are one number. Of offices that are listed here the
form is known; of others, what is written around the number is left out: the office's letters,
spaces and commas. What arises without an office has no such number, and is named as its owners
please.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Step


@dataclass(frozen=True, slots=True)
class _Form:
    """
    How an office's numbers are read, and written.

    Where `only` says their form, it has no others: N is a digit, Y one of the year, C a letter of
    the country.
    """

    read: re.Pattern[str]
    written: str | Callable[[re.Match[str]], str]
    only: str = ""


_CHECKED = r"[.-]?[0-9X]?"
"""A check digit may stand behind a number; it is no part of it."""

_SEP = "[-./\u2010-\u2015\u2212]"
"""What stands between the parts of a number, however it is typed."""

_FORMS: dict[str, tuple[_Form, ...]] = {
    "us": (_Form(re.compile(r"(\d{2})[/-]?(\d{3})[.-]?(\d{3})"), r"\1\2\3", only="NNNNNNNN"),),
    "ep": (_Form(re.compile(rf"(\d{{8}}){_CHECKED}"), r"\1", only="NNNNNNNN"),),
    "wo": (
        _Form(
            re.compile(r"PCT[/-]?([A-Z]{2})((?:19|20)\d{2})[/-]?(\d{6})"),
            r"PCT/\g<1>\2/\3",
            only="PCT/CCYYYY/NNNNNN",
        ),
        _Form(re.compile(r"PCT[/-]?([A-Z]{2})([7-9]\d)[/-]?(\d{5})"), r"PCT/\g<1>19\2/0\3"),
        _Form(re.compile(r"PCT[/-]?([A-Z]{2})(0\d)[/-]?(\d{5})"), r"PCT/\g<1>20\2/0\3"),
    ),
    "vn": (
        _Form(re.compile(rf"([1-9]){_SEP}?((?:19|20)\d{{2}}){_SEP}?(\d{{5}})"), r"\1-\2-\3"),
        _Form(
            re.compile(rf"0?([1-9]){_SEP}((?:19|20)\d{{2}}){_SEP}0*(\d{{1,5}})"),
            lambda found: f"{found[1]}-{found[2]}-{found[3]:0>5}",
        ),
    ),
    "de": (_Form(re.compile(rf"(\d{{12}}|\d{{8}}){_CHECKED}"), r"\1"),),
    "gb": (_Form(re.compile(rf"(\d{{7}}){_CHECKED}"), r"\1"),),
    "cn": (_Form(re.compile(rf"(\d{{12}}|\d{{8}}){_CHECKED}"), r"\1"),),
    "jp": (_Form(re.compile(rf"((?:19|20)\d{{2}}){_SEP}?(\d{{6}})"), r"\1-\2"),),
    "kr": (_Form(re.compile(rf"([1-4]0){_SEP}?((?:19|20)\d{{2}}){_SEP}?(\d{{7}})"), r"\1-\2-\3"),),
}


class NumberForm(Refusal):
    """An application has one number, written as its office counts, and its right is named by it."""

    code = "NUMBER_FORM"
    members = ("application_no",)
    title_vi = "Số đơn không viết theo dạng chuẩn của cơ quan, hoặc mã quyền không theo số đơn"


def right_id(office: str, application_no: str) -> str:
    """Return the natural id of a right, such as `right:us.15145443`: one application, one id."""
    return f"right:{office}.{re.sub(r'[^a-z0-9.-]+', '-', application_no.lower())}"


def canonical(office: str, number: str) -> str:
    """Return an application number as its office counts, however it was written.

    Raises `NumberForm` where the office has no such number.
    """
    plain = _plain(office, number)
    forms = _FORMS.get(office, ())
    for form in forms:
        if form.read.fullmatch(plain):
            return form.read.sub(form.written, plain)
    only = next((form.only for form in forms if form.only), None)
    if only is not None:
        raise NumberForm(
            f"{number} is no number of {office}, which writes them as {only}",
            step=Step(
                case="none",
                told={"office": office, "form": only},
                ask=("/body/application_no", "/body/right"),
            ),
        )
    return plain


def must_be_named_by_its_number(right: str, office: str, number: str, *, applied_for: bool) -> None:
    """Raise `NumberForm` unless the number is canonical, and the right's id made of it.

    What nobody applied for has a number of its owners' choice.
    """
    written = canonical(office, number) if applied_for else number
    natural = right_id(office, written)
    if (right, number) != (natural, written):
        raise NumberForm(
            f"the number is {written}, and the right {natural}",
            step=Step(
                told={"number": written, "right": natural},
                replace={right: natural},
                change={"/body/application_no": written},
            ),
        )


def canonical_right(subject: str) -> str | None:
    """Return the id of the right that another spelling of its number may mean, if any."""
    office, _, number = subject.removeprefix("right:").partition(".")
    try:
        return right_id(office, canonical(office, number.upper()))
    except NumberForm:
        return None


def _plain(office: str, number: str) -> str:
    """Return a number without what is written around it: the office, spaces, commas."""
    bare = "".join(unicodedata.normalize("NFKC", number).split()).replace(",", "")
    country = office[:2].upper()
    return re.sub(rf"^(?:{country}[.:-]?|特願)(?=[\dP])", "", bare)
