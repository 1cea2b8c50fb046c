"""
How people write what they look for, beside its own words: what it is, short, or half typed.

All texts here are as `ledger.letters.plain` reads them. The lists hold what is used on documents
and signs in Việt Nam; a word that is in none is looked for as it stands.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence

_IT_IS = """
ma so thue|mst|ma so doanh nghiep|msdn|tax code|tax id|enterprise code
so muc|muc|vi tri|position|entry
van bang so|van bang|bang doc quyen so|bang doc quyen|giay chung nhan so|giay chung nhan
patent no|patent number|patent|certificate no|certificate
so don|don so|don|application no|application number|application
sang che|giai phap huu ich|kieu dang cong nghiep|kieu dang|nhan hieu|ten thuong mai
chi dan dia ly|giong cay trong|thiet ke bo tri|bi mat kinh doanh|bi quyet
invention|utility solution|utility model|industrial design|design|trademark|trade mark|mark
hop dong so|hop dong|hd so|contract no|contract
cong nghe|technology|quyen|right|tin rao|nhu cau|de nghi|listing|need|offer
tranh chap|vu an|an so|dispute|case no|case
so|no
"""

_SAID_FIRST = tuple(
    sorted(
        (tuple(each.split()) for each in re.split(r"[|\n]", _IT_IS.strip())),
        key=lambda each: -len(each),
    )
)
"""Words that say what something is, before what it is called or numbered; the longest first."""

_PLACES = frozenset(("so muc", "muc", "vi tri", "position", "entry"))

_SHORT_FOR = {
    "bk": "bach khoa",
    "bv": "benh vien",
    "cd": "cao dang",
    "cn": "cong nghe",
    "cntt": "cong nghe thong tin",
    "cp": "co phan",
    "ct": "cong ty",
    "cty": "cong ty",
    "dh": "dai hoc",
    "dk": "da khoa",
    "dn": "doanh nghiep",
    "dntn": "doanh nghiep tu nhan",
    "gtvt": "giao thong van tai",
    "hcm": "ho chi minh",
    "hn": "ha noi",
    "htx": "hop tac xa",
    "hv": "hoc vien",
    "kh": "khoa hoc",
    "khcn": "khoa hoc cong nghe",
    "khkt": "khoa hoc ky thuat",
    "khtn": "khoa hoc tu nhien",
    "khxh": "khoa hoc xa hoi",
    "kt": "ky thuat",
    "ktqd": "kinh te quoc dan",
    "mtv": "mot thanh vien",
    "nn": "nong nghiep",
    "qg": "quoc gia",
    "sp": "su pham",
    "tm": "thuong mai",
    "tmcp": "thuong mai co phan",
    "tn": "tu nhien",
    "tnhh": "trach nhiem huu han",
    "tp": "thanh pho",
    "tt": "trung tam",
    "tw": "trung uong",
    "vn": "viet nam",
    "xd": "xay dung",
}
"""What stands for several words in names; several of them may stand as one, as in ĐHBK."""


def said_of_it(words: Sequence[str]) -> int:
    """Return how many words in front say what something is, with something behind them; else 0."""
    for each in _SAID_FIRST:
        if len(words) > len(each) and tuple(words[: len(each)]) == each:
            return len(each) + said_of_it(words[len(each) :])
    return 0


def says_a_place(words: Sequence[str]) -> bool:
    """Say whether words say that a position of the log stands behind them."""
    return " ".join(words) in _PLACES


def behind(text: str, count: int) -> str:
    """Return what stands in a text behind so many words."""
    written = unicodedata.normalize("NFC", text)
    ends = [each.end() for each in re.finditer(r"[^\W_]+", written)]
    return written[ends[count - 1] :].lstrip(" .:#") if 0 < count <= len(ends) else text


def in_full(word: str) -> Iterator[str]:
    """Yield the words that a word is short for: by itself, or put together of such."""
    if word in _SHORT_FOR:
        yield _SHORT_FOR[word]
    for at in range(2, len(word) - 1):
        if (first := _SHORT_FOR.get(word[:at])) and (rest := _SHORT_FOR.get(word[at:])):
            yield f"{first} {rest}"


_TYPED = re.compile("[a-z0-9]+")
_TELEX = re.compile("aa|ee|oo|dd|[aou]w|w")


def as_typed(word: str) -> str | None:
    """Return the syllable that was meant where the keys of Telex or VNI stand for its marks.

    None for what is none: `vieenj` and `vie65n` are *viện*.
    """
    if not _TYPED.fullmatch(word) or word.isdecimal():
        return None
    if any(each.isdecimal() for each in word):
        meant = re.sub("[1-9]", "", word)
    else:
        meant = _TELEX.sub(lambda found: found[0].replace("w", "")[:1] or "u", word)
        meant = re.sub("(?<=[aeiouy])([a-z]{0,2}?)[sfrxj]$", r"\1", meant)
    return meant if meant != word and len(meant) > 1 else None
