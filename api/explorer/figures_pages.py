"""
A year in figures: as known when it ended, and as known now; each month opens to its events.

What is counted, and by which day, `projections.questions.figures` says, and the page in words.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from api.deps import look, node_of, reader_of
from api.describe import money
from api.describe.language import Language
from api.describe.links import FIGURES, PREFIXES, AddressQuery
from api.describe.saying import Speech
from api.describe.titles import country, symbol
from api.describe.values import value_name
from api.explorer.asked_by_hand import KnownByHand, known_up_to
from api.explorer.found_again import PROOF, found_again, pinned
from api.explorer.happened import sentences_on
from api.explorer.reported import (
    EVENTS_MAX,
    Reportable,
    pdf_at,
    pdf_linked,
    reported,
    reported_proof,
    signers_of,
    too_many_events,
)
from api.explorer.shown import HEADERS, Spoken, language_of, page
from api.explorer.subject_answers import Asked, Section
from api.explorer.twins import Twinned, add_twins, linked, twins_of
from api.reads.common import today
from api.reads.parameters import Month, Year
from ledger.domain.core.types import HANOI
from ledger.node.node import Node
from projections.engine.view import KnownAt, written
from projections.questions.figures import MONTHS, Figures, figures_of
from projections.questions.party_names import names_of
from projections.questions.vouching import marked_events_at

EVENTS = 50
"""Events of a month that its page shows."""

router = APIRouter(tags=["explorer"], include_in_schema=False)

YearPath = Annotated[Year, Path(description="Calendar year, in Hanoi")]
OfMonth = Annotated[Month | None, Query(description="Only this month")]


@dataclass(frozen=True, slots=True)
class Bar:
    """A month in the drawing: how many deals were known then, and are now, in units of it."""

    month: int
    x: int
    then: int
    now: int


@dataclass(frozen=True, slots=True)
class MonthRow:
    """A month in the table: deals and money, as known then (None: then is not over) and now."""

    month: int
    then: int | None
    now: int
    money_then: tuple[str, ...]
    money_now: tuple[str, ...]


async def show_this_year(request: Request) -> Response:
    """Lead to the figures of the year that runs."""
    return RedirectResponse(f"{request.url.path}/{today().year}", 303, HEADERS)


async def show_figures(
    request: Request, year: YearPath, month: OfMonth = None, known_at: KnownByHand = None
) -> HTMLResponse:
    """Show the figures of a year; of one month with its events."""
    known, language = known_up_to(known_at, "ledger"), language_of(request)
    question = AddressQuery(language, known_at=written(known))

    def shown() -> HTMLResponse:
        node = node_of(request)
        now = _ask(node, year, month, known)
        then = _ask(node, year, month, _end_of(year)) if _is_over(year) and known is None else None
        law = reader_of(node).law
        opened = now.positions if month else ()
        told = sentences_on(node, opened[:EVENTS], Speech(language, law), _end_of(year).date())
        twins = twins_of(request)
        where = pinned(question, now.size).address(request.url.path, ("known_at",))
        if month:
            where += f"&month={month}"
        rows = list(_rows(now, then, language))
        proven, pdf = [("position", at) for at in opened[:EVENTS]], pdf_at(request)
        return page(
            request,
            "figures.html",
            question,
            headers={"Link": f"{pdf_linked(pdf)}, {linked(twins)}"},
            lead=_lead(Spoken(request, question), now),
            pdf=pdf,
            now=now,
            then=then,
            rows=rows,
            bars=list(_bars(rows)),
            kinds=_by(now.by_month, lambda each: each.kind, _kind(language)),
            fields=[(_field(each, language), each.deals) for each in now.by_field],
            seats=[(_seat(each.seat, language), each.deals) for each in now.by_seat],
            told=told,
            more=max(0, len(opened) - EVENTS),
            twins=twins,
            again=found_again(request, where, *proven) if proven else None,
        )

    return await look(request, shown)


def _ask(node: Node, year: int, month: int | None, known_at: KnownAt) -> Figures:
    return figures_of(reader_of(node, known_at), year, month)


def _end_of(year: int) -> datetime:
    """Return the last instant of a year in Hà Nội."""
    return datetime(year + 1, 1, 1, tzinfo=HANOI) - timedelta(milliseconds=1)


def _is_over(year: int) -> bool:
    return _end_of(year) < datetime.now(UTC)


def _lead(say: Spoken, figures: Figures) -> str:
    """Return the sentence that answers."""
    payments = sum(each.payments for each in figures.money)
    counted = say.number(figures.deals), say.number(payments)
    if figures.month is None:
        return say.word("figures_lead", figures.year, *counted)
    return say.word("figures_of_month", figures.month, figures.year, *counted)


def _rows(now: Figures, then: Figures | None, language: Language) -> Iterator[MonthRow]:
    deals_now, money_now = _months(now, language)
    deals_then, money_then = _months(then, language) if then else ({}, {})
    for month in [now.month] if now.month else range(1, MONTHS + 1):
        yield MonthRow(
            month,
            deals_then.get(month, 0) if then else None,
            deals_now.get(month, 0),
            money_then.get(month, ()),
            money_now.get(month, ()),
        )


def _months(
    figures: Figures, language: Language
) -> tuple[Mapping[int, int], Mapping[int, tuple[str, ...]]]:
    deals = defaultdict[int, int](int)
    sums = defaultdict[int, tuple[str, ...]](tuple)
    for each in figures.by_month:
        deals[each.month] += each.deals
    for paid in figures.money:
        sums[paid.month] += (money.sum_of(paid.amount, paid.currency, language),)
    return deals, sums


HIGH, STEP = 120, 46
"""Units of the drawing: of the highest bar, and from month to month."""


def _bars(rows: Sequence[MonthRow]) -> Iterator[Bar]:
    """Yield a year's months in the drawing; none of a month alone, or where there are no deals."""
    highest = max(max(row.then or 0, row.now) for row in rows)
    if highest and len(rows) == MONTHS:
        for row in rows:
            then, now = ((deals or 0) * HIGH // highest for deals in (row.then, row.now))
            yield Bar(row.month, (row.month - 1) * STEP, then, now)


def _by(
    rows: Iterable[Any], key: Callable[[Any], str], say: Callable[[str], str]
) -> list[tuple[str, int]]:
    """Return how many deals there are of each kind, the most first."""
    found = defaultdict[str, int](int)
    for each in rows:
        found[key(each)] += each.deals
    return [(say(each), deals) for each, deals in sorted(found.items(), key=lambda kv: -kv[1])]


def _kind(language: Language) -> Callable[[str], str]:
    return lambda kind: value_name("ContractRow", "kind", kind, language)


def _field(each: Any, language: Language) -> str:
    if each.section is None:
        return value_name("GrantRow", "field_scheme", each.scheme, language)
    return symbol(each.scheme, "2025" if each.scheme == "vsic" else None, each.section, language)


def _seat(seat: str | None, language: Language) -> str | None:
    return None if seat is None else f"{country(seat, language)} ({seat})"


async def print_figures(
    request: Request, year: YearPath, month: OfMonth = None, known_at: KnownByHand = None
) -> Response:
    """Return the figures as a PDF, of what one checkpoint covers."""
    return await reported(request, _finding(request, year, month, known_at))


async def prove_figures(
    request: Request, year: YearPath, month: OfMonth = None, known_at: KnownByHand = None
) -> Response:
    """Return the bundle of what the figures rest on."""
    return await reported_proof(request, _finding(request, year, month, known_at))


def _finding(
    request: Request, year: int, month: int | None, known_at: KnownAt
) -> Callable[[Node, int], Reportable]:
    def found(node: Node, size: int) -> Reportable:
        return _reportable(request, node, year, month, known_up_to(known_at, "ledger"), size)

    return found


def _reportable(
    request: Request, node: Node, year: int, month: int | None, known: KnownAt, size: int
) -> Reportable:
    """Return the figures, as known at the year's end, too, if that is over. Raises `ApiProblem`."""
    language, law = language_of(request), reader_of(node).law
    closed = size - 1 if known is None else known
    assert isinstance(closed, int | datetime), "a day of this ledger is known at its end"
    question = AddressQuery(language, known_at=written(closed))
    say, parts = Spoken(request, question), []
    asked: list[tuple[str, KnownAt]] = [("", closed)]
    if known is None and _is_over(year):
        asked.append((say.word("as_known_at_its_end"), _end_of(year)))
    for words, known_at in asked:
        of_time = Asked(question, today(), known_at, "ledger", "parties", after=-1)
        figures = _ask(node, year, month, known_at)
        section = Section("figures", figures, "getFigures", {"year": str(year)}, of_time)
        parts.append((words, section, section.described(str(year), language, law)))
    now = parts[0][1].answer
    assert isinstance(now, Figures), "it was asked for them"
    if len(now.positions) > EVENTS_MAX:
        raise too_many_events("they count", "of one month (month), or for its twins")
    reader = reader_of(node)
    events = marked_events_at(reader, now.positions)
    of_month = f"&month={month}" if month else ""
    path = question.address(request.url.path.removesuffix(".pdf"), ("known_at",))
    return Reportable(
        question=question,
        kind="figures",
        name=f"{month}/{year}" if month else str(year),
        subject="",
        sentence=_lead(say, now),
        asked=(say.known(closed), *map(say.word, _COUNTED)),
        parts=tuple(parts),
        names=names_of(reader, signers_of(events), _end_of(year).date()),
        events=events,
        shown=(),
        path=f"{path}{of_month}",
        file=f"figures-{year}-{month:02}.pdf" if month else f"figures-{year}.pdf",
    )


_COUNTED = ("how_counted_deals", "how_counted_money", "how_counted_late")
"""The words for what is counted."""


def _twinned(request: Request, year: int, month: int | None, known_at: KnownAt) -> Twinned:
    known, node = known_up_to(known_at, "ledger"), node_of(request)
    question = AddressQuery(language_of(request), known_at=written(known))
    asked = Asked(question, today(), known, "ledger", "parties", after=-1)
    figures = _ask(node, year, month, known)
    section = Section("figures", figures, "getFigures", {"year": str(year)}, asked)
    return Twinned([section], reader_of(node).law)


for _prefix in PREFIXES.values():
    _where = f"{_prefix}{FIGURES}"
    router.add_api_route(_where, show_this_year)
    add_twins(router, f"{_where}/{{year}}", show_figures, _twinned)
    router.add_api_route(f"{_where}/{{year}}{PROOF}", prove_figures, response_class=Response)
    router.add_api_route(f"{_where}/{{year}}.pdf", print_figures, response_class=Response)
    router.add_api_route(f"{_where}/{{year}}", show_figures, response_class=HTMLResponse)
