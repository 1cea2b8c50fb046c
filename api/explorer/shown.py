"""How values are shown on the pages: days and sums as in Viet Nam, subjects as links."""

from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

from api.deps import node_of
from api.explorer.labels import LABELS, WORDS
from ledger.domain.event import HANOI, Sealed, format_instant
from ledger.domain.money import Money
from ledger.wire.shown import visible_lines

HERE = Path(__file__).parent

# Nothing is loaded from elsewhere, nothing is run, nothing inline, nobody frames the page.
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

PAGES = {
    "right": "/rights",
    "contract": "/contracts",
    "distribution": "/distributions",
    "party": "/parties",
    "dispute": "/disputes",
}
"""The kinds of subject that have a page of their own, and where."""


def page(request: Request, template: str, **shown: Any) -> HTMLResponse:
    """Return a page with the headers that all pages have."""
    context = {"origin": node_of(request).identity.origin, **shown}
    return templates.TemplateResponse(request, template, context, headers=HEADERS)


def time_of(instant: datetime) -> dict[str, str]:
    """Return an instant for machines, and for people in Hanoi."""
    local = instant.astimezone(HANOI).strftime("%d/%m/%Y %H:%M:%S")
    return {"instant": format_instant(instant), "local": local}


def address_of(subject: str) -> str:
    """Return where a subject is shown: its page, or its timeline where it has none."""
    folder = PAGES.get(subject.partition(":")[0])
    return f"{folder}/{subject}" if folder else f"/v1/subjects/{subject}/timeline"


def number(value: int) -> str:
    """Return a whole number with points between thousands, as it is written in Viet Nam."""
    return f"{value:,}".replace(",", ".")


def day(value: date | None) -> str:
    """Return a day as it is written in Viet Nam; a dash where there is none."""
    return "—" if value is None else value.strftime("%d/%m/%Y")


def percent(ppm: int) -> str:
    """Return parts per million as a percentage, exactly."""
    whole, rest = divmod(ppm, 10_000)
    decimals = f"{rest:04d}".rstrip("0")
    return f"{whole},{decimals} %" if decimals else f"{whole} %"


def share(part: Fraction) -> str:
    """Return a fraction of the whole; all of it in a word."""
    return "toàn bộ" if part == 1 else f"{part.numerator}/{part.denominator}"


def sealed_or(value: object) -> str:
    """Return an agreed value: a sum, a rate, or that it is sealed."""
    if isinstance(value, Sealed):
        return f"niêm phong ({value.commitment})"
    if isinstance(value, Money):
        return f"{number(value.amount)} {value.currency}"
    return percent(value) if isinstance(value, int) else "—"


def word(value: str | None) -> str:
    """Return a word of the API in Vietnamese, if it has one."""
    return WORDS.get(value or "", value or "—")


def visible_or(value: object) -> object:
    """Return a value as a page shows it: of a text, every code point that it has."""
    return visible_lines(value) if type(value) is str else value


templates = Jinja2Templates(directory=HERE / "templates")
templates.env.finalize = visible_or
templates.env.filters.update(
    address=address_of,
    day=day,
    number=number,
    percent=percent,
    share=share,
    sealed_or=sealed_or,
    time=time_of,
    word=word,
)
templates.env.globals.update(LABELS=LABELS)
