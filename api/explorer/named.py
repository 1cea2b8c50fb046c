"""Names before ids: what the parties are called that a page speaks of."""

import re
from collections.abc import Iterable, Iterator

from api.describe.description import Described
from api.describe.saying import Line

PARTY = re.compile(r"\bparty:[a-z0-9][a-z0-9.-]*[a-z0-9]")


def parties_said(described: Iterable[Described]) -> frozenset[str]:
    """Return the ids of the parties that descriptions name."""
    return frozenset(party for each in described for party in _said(each))


def _said(described: Described) -> Iterator[str]:
    yield from PARTY.findall(described.sentence)
    for line in described.lines:
        yield from _in_line(line)


def _in_line(line: Line) -> Iterator[str]:
    for word in line.words:
        if word.subject and word.subject.startswith("party:"):
            yield word.subject
    for each in line.under:
        yield from _in_line(each)
