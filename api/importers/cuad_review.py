"""
What experts labelled in an agreement that a person should hold against IP Law art. 144(2).

A label says where a clause stands, not whether it is void: these are hints, with the words that
gave them, and never a ground to refuse.
"""

import re
from collections.abc import Iterator

from api.importers.cuad_records import Labels

_HINTS: tuple[tuple[str, str, re.Pattern[str]], ...] = (
    (
        "Ip Ownership Assignment",
        "144(2)(a), improvements passed back",
        re.compile(r"(?i)improvement|invention|derived|upgrade"),
    ),
    (
        "Covenant Not To Sue",
        "144(2)(d), no challenge",
        re.compile(r"(?i)challenge|contest|validity|question"),
    ),
    ("Exclusivity", "144(2)(c), tied purchases", re.compile(r"(?i)purchase all|requirements")),
    ("Non-Compete", "144(2)(b), export", re.compile(r"(?i)\bexport")),
)
_LONGEST = 160


def review(labels: Labels) -> Iterator[str]:
    """Yield a hint for each labelled span that names what the law forbids."""
    for group, article, words in _HINTS:
        for span in labels.spans.get(group, ()):
            if words.search(span):
                text = " ".join(span.split())
                short = text if len(text) <= _LONGEST else f"{text[:_LONGEST]} …"
                yield f"{article}: {short}"
