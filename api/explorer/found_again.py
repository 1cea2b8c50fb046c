"""
How what a page says is found again and checked: an address pinned to it, as a QR code, too.

What was left open when the page was asked is pinned: the day, and how far this ledger knew.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from shlex import quote
from urllib.parse import urlencode

import segno
from fastapi import Request

from api.deps import node_of
from api.describe.links import AddressQuery
from api.explorer.short import shorten
from api.reads.common import today

PROOF = ".proof"
"""What stands behind the path of a page for the bundle of what it rests on."""

MAX_QR = 250
"""Bytes of an address that a QR code holds at most, so that it is read from paper."""

MODULE_MM = 0.5
"""Millimetres of a side of a module of a QR code on paper."""


@dataclass(frozen=True, slots=True)
class FoundAgain:
    """Where a page is found again as it stands, and the command that checks what it rests on.

    `drawing` is an SVG, the QR code of the address, or of a short one that leads there; empty if
    both are too long for it. `evidence` is what the page's own check asks for, `proof` the address
    of the page's bundle.
    """

    address: str
    drawing: str
    command: str
    evidence: str
    proof: str


def pinned(question: AddressQuery, size: int) -> AddressQuery:
    """Return a question of which nothing is open: asked of a log of `size` entries, today."""
    known = question.known_at
    if known is None:
        known = today().isoformat() if question.known_by == "office" else str(size - 1)
    return replace(question, true_on=question.true_on or today().isoformat(), known_at=known)


def found_again(request: Request, path: str, *shown: tuple[str, str | int]) -> FoundAgain:
    """Return how a path of this ledger is found again; `shown` is what a bundle is to show."""
    base = str(request.base_url).rstrip("/")
    asked = " ".join(f"--{name} {value}" for name, value in shown)
    command = f"techledger evidence gather bundle.json {asked} --url {quote(base)}"
    address = drawn = base + path
    if len(drawn.encode()) > MAX_QR:
        drawn = base + shorten(node_of(request), path)
    query = request.url.query
    proof = f"{request.url.path}{PROOF}" + (f"?{query}" if query else "")
    command = f"{command} --trust trust.json"
    return FoundAgain(address, draw_qr(drawn), command, urlencode(shown), proof)


@lru_cache(maxsize=256)
def draw_qr(address: str) -> str:
    """Return the QR code of an address as an SVG of one path; empty for one that is too long.

    A reader takes any of the eight masks: to try which looks best took four fifths of the time.
    """
    if len(address.encode()) > MAX_QR:
        return ""
    code = segno.make(address, error="m", micro=False, boost_error=False, mask=2)
    return code.svg_inline(
        border=4, light="#fff", unit="mm", scale=MODULE_MM, svgclass="qr", lineclass=None
    )
