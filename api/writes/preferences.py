"""What a client prefers to be answered (RFC 7240)."""

import re
from collections.abc import Iterable, Mapping

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_QUOTED = r'"(?:[^"\\]|\\.)*"'
_PARAMETER = rf"{_WORD}(?:\s*=(?:\s*(?:{_WORD}|{_QUOTED}))?)?"
_PREFERENCE = re.compile(
    rf"\s*({_WORD})(?:\s*=(?:\s*({_WORD}|{_QUOTED}))?)?\s*(?:;\s*(?:{_PARAMETER}\s*)?)*"
)
_ELEMENT = re.compile(rf'(?:[^,"]|{_QUOTED})+')


def read_preferences(lines: Iterable[str]) -> Mapping[str, str]:
    """Return the values of preferences, "" of one without, by their names in lower case.

    Of one that is there twice the first counts. Parameters say nothing here, and what is none is
    left out, as a preference is that nobody knows.
    """
    found: dict[str, str] = {}
    for each in _ELEMENT.findall(",".join(lines)):
        if said := _PREFERENCE.fullmatch(each):
            found.setdefault(said[1].lower(), _plain(said[2] or ""))
    return found


def _plain(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word
