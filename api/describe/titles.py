"""
The titles that codes have: countries, languages, symbols of the IPC and of VSIC.

Each list keeps its source, its edition, and how far it is to be trusted: `docs/reference/codes.md`.
They are words for people, and no rule reads them: what codes there are is law data.
"""

import json
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Literal

from api.describe.language import Language, Said

List = Literal["countries", "languages", "ipc", "vsic"]


@cache
def read_list(name: List) -> Mapping[str, Any]:
    """Return a list as it is kept: its rows, and where they come from."""
    file = resources.files("api.describe") / "data" / f"{name}.json"
    found: Mapping[str, Any] = json.loads(file.read_text("utf-8"))
    return found


@cache
def titles(name: List) -> Mapping[str, Said]:
    """Return the title of each code of a list, those of former codes too."""
    listed = read_list(name)
    rows = (*listed.get("former", ()), *listed["rows"])
    return {row["code"]: Said(row["vi"], row["en"]) for row in rows}


def country(code: str, language: Language) -> str:
    """Return a country's name (ISO 3166-1 alpha-2); the code itself if it is none."""
    found = titles("countries").get(code)
    return code if found is None else found.in_(language)


def tongue(code: str, language: Language) -> str:
    """Return a language's name (ISO 639-1); the code itself if it is none."""
    found = titles("languages").get(code)
    return code if found is None else found.in_(language)


_NAMES = {"ipc": "IPC", "vsic": "VSIC"}
_WITHIN = Said("thuộc", "within")


def symbol(scheme: str, edition: str | None, code: str, language: Language) -> str:
    """Return a symbol in words with its code: its own title, or that of what it lies within.

    Titles are known of one edition of VSIC; a code of another stands as it is.
    """
    name = " ".join(filter(None, (_NAMES.get(scheme, scheme), edition, code)))
    if scheme not in ("ipc", "vsic") or (scheme == "vsic" and edition != _vsic_edition()):
        return name
    known = titles("ipc" if scheme == "ipc" else "vsic")
    for within in _upwards(code):
        if within in known:
            title = known[within].in_(language)
            if within == code:
                return f"{title} ({name})"
            return f"{name}, {_WITHIN.in_(language)} {within}: {title}"
    return name


def _vsic_edition() -> str:
    edition: str = read_list("vsic")["edition"]
    return edition


def _upwards(code: str) -> tuple[str, ...]:
    """Return a code and all that contain it, the nearest first: A61K 31/00, A61K, A61, A."""
    own = code.partition(" ")[0]
    return (code, *(own[:size] for size in range(len(own), 0, -1)))
