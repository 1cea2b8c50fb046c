"""The officer's page, read as a person reads it: its band, its matrix, what it says."""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

import httpx2

from api.describe.description import describe
from api.describe.language import Language
from api.describe.saying import Line
from ledger.events.lawbook import bundled_law
from projections.questions.licence_check import LicenceCheck
from tests.support.inline import INLINE

FORM, ANSWER = "/li-xang/kiem-tra", "/li-xang/kiem-tra/ket-qua"
CHECK = "/v1/licences/check"


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub("<[^>]*>", " ", page)))


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", unescape(text))


def band_of(page: str) -> tuple[str, str]:
    found = re.search(r'<h1 class="band (\w+)"><span class="word">([^<]*)</span>', page)
    assert found, text_of(page)[:500]
    return found[1], found[2]


def said(lines: tuple[Line, ...]) -> Iterator[str]:
    for line in lines:
        yield line.label
        yield from (word.text for word in line.words)
        yield from said(line.under)


SIDES = {
    "việc": "act",
    "nơi": "territory",
    "lĩnh vực": "field",
    "phần bị trừ": "excluded",
    "ngày": "day",
    "số lượng": "quantity",
    "quyền còn hiệu lực": "objects",
    "được thực hiện": "standing",
    "với bên thứ ba": "third_parties",
}
ROW = re.compile(
    r'<div class="grant[^"]*">\s*<h3><a href="[^"]*">([^<]*)</a>(.*?)</ul>\s*</div>', re.DOTALL
)
SIDE = re.compile(r'<li class="(\w+)"><svg.*?<strong>([^<]*)</strong> <span>([^<]*)</span>')


def matrix_of(page: str) -> dict[str, dict[str, tuple[str, str]]]:
    return {
        unescape(ref): {
            SIDES[called]: (state, unescape(words)) for state, called, words in SIDE.findall(row)
        }
        for ref, row in ROW.findall(page)
    }


def failing(looked_at: Mapping[str, Any]) -> set[str]:
    """Return the sides that keep a grant from holding, as the answer says them."""
    sides = {*looked_at["beyond"]}
    sides |= {"objects"} if not looked_at["objects"] else set()
    for code in looked_at["against"]:
        sides.add("third_parties" if code == "UNREGISTERED_OPPOSED" else "standing")
    return sides


def must_say_all(http: httpx2.Client, asked: Mapping[str, str], language: Language) -> None:
    """Hold the page to all that the API answers to the same question."""
    answer = http.get(CHECK, params=asked)
    assert 200 == answer.status_code, answer.text
    described = describe(LicenceCheck, answer.json(), language, bundled_law(), ("verdict", "near"))
    page = http.get(f"{'/en' if language == 'en' else ''}{ANSWER}", params=asked)
    assert 200 == page.status_code, page.text
    whole = squeezed(re.sub("<[^>]*>", "", page.text))
    for words in filter(None, said((*described.lines, *described.proof))):
        assert squeezed(words) in whole, words
    assert not INLINE.search(page.text)


def must_have_the_matrix(http: httpx2.Client, asked: Mapping[str, str]) -> None:
    """Hold the matrix of the page to what the API answers of each grant."""
    answer = http.get(CHECK, params=asked).json()
    looked_at = {each["grant"]["ref"]: each for each in (*answer["grants"], *answer["others"])}
    found = matrix_of(http.get(ANSWER, params=asked).text)
    assert looked_at.keys() == found.keys()
    for ref, row in found.items():
        not_met = {side for side, (state, _) in row.items() if state in ("failed", "open")}
        assert failing(looked_at[ref]) == not_met, ref
        assert looked_at[ref]["holds"] == (not not_met)
        assert ("third_parties" in row) == (asked.get("effect") == "third_parties")
        unnamed = {side for side, (state, _) in row.items() if state == "open"}
        assert unnamed <= {"field", "excluded"}
        assert not unnamed or "field" not in asked
