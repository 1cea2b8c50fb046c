"""
Short addresses: what a QR code holds of a page whose own address is too long for one.

Nothing is kept for them. `/~/quyen/~17.0?party=~3.1` leads to the page of the right that entry 17
names first of all its subjects, asked of the second that entry 3 names; a subject stands for itself
where the log has it under no entry that is signed yet.
"""

import re
from collections.abc import Callable, Sequence
from urllib.parse import parse_qsl, quote, unquote, urlencode

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse

from api.deps import look, node_of
from api.describe.links import SHORT
from api.explorer.shown import HEADERS
from api.problems import NotFound
from ledger.events.intake import subjects_said
from ledger.node.node import Node
from ledger.store.entries import first_by_subjects, read_at

_NAMED = re.compile(r"~([0-9]{1,15})\.([0-9]{1,5})")

MOST_NAMED = 8
"""Entries that a short address names at most: each is read to follow it."""

router = APIRouter(tags=["explorer"], include_in_schema=False)


def shorten(node: Node, address: str) -> str:
    """Return an address that leads to one of this ledger's own, subjects said by their entries."""
    path, query = _parts(address)
    said = [*path, *(value for _, value in query)]
    if any(map(_NAMED.fullmatch, said)):
        return address
    named = dict[str, str]()
    for stored in first_by_subjects(node.reads, sorted({each for each in said if ":" in each})):
        if stored.position < node.published:
            subjects = enumerate(subjects_said(stored.entry))
            found = {each: f"~{stored.position}.{at}" for at, each in subjects if each in said}
            named = found | named
    if len({each.partition(".")[0] for each in named.values()}) > MOST_NAMED:
        return address
    return SHORT + _joined(path, query, lambda each: named.get(each, each))


async def lead_on(request: Request) -> RedirectResponse:
    """Lead to the page that a short address stands for. Raises `NotFound` if to none."""
    return await look(request, lambda: _lead_on(request, node_of(request)))


# No operation of its own: what may be asked is for the page to say to which it leads.
router.add_route(f"{SHORT}/{{path:path}}", lead_on)


def _lead_on(request: Request, node: Node) -> RedirectResponse:
    address = request.scope["raw_path"].decode("ascii").removeprefix(SHORT)
    path, query = _parts(f"{address}?{request.url.query}")
    said = (*path, *(value for _, value in query))
    named = {each: found for each in said if (found := _NAMED.fullmatch(each))}
    positions = sorted({int(found[1]) for found in named.values()})
    if len(positions) > MOST_NAMED:
        raise NotFound(f"a short address names {MOST_NAMED} entries at most, not {len(positions)}")
    stored = read_at(node.reads, [each for each in positions if each < node.published])
    subjects = {each.position: subjects_said(each.entry) for each in stored}

    def meant(value: str) -> str:
        if value not in named:
            return value
        position, at = map(int, named[value].groups())
        if at >= len(subjects.get(position, ())):
            raise NotFound(f"no entry {position} of this log names a subject {at}, as {value} says")
        return subjects[position][at]

    return RedirectResponse(_joined(path, query, meant), 303, HEADERS)


def _parts(address: str) -> tuple[Sequence[str], Sequence[tuple[str, str]]]:
    """Return the segments of the path of an address, and what it asks."""
    path, _, query = address.partition("?")
    segments = [unquote(each) for each in path.split("/") if each]
    return segments, parse_qsl(query, keep_blank_values=True)


def _joined(
    path: Sequence[str], query: Sequence[tuple[str, str]], said: Callable[[str], str]
) -> str:
    """Return the address of these segments that asks this, each as `said` says it."""
    segments = "".join(f"/{quote(said(each), safe=':~')}" for each in path)
    asked = urlencode([(name, said(value)) for name, value in query], safe=":~")
    return f"{segments or '/'}{f'?{asked}' if asked else ''}"
