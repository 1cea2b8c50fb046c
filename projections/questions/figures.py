"""
A year in figures: which deals were concluded, and what money was confirmed. Serves `/v1/figures`.

What is counted, and by which day:

- a deal is a contract as it was first agreed, sublicences and compulsory licences too, by the legal
  day on which it was concluded, whatever became of it since;
- its fields are the sections of the fields of its grants as known, IPC by the letter and VSIC by
  its division: a contract in several counts once in each;
- its seats are where its licensees have their seats, as known: it counts once for each State;
- money is what those who received it, or a bank, confirmed, by the legal day of the payment, what
  was paid back being taken off. A price that is sealed, or was only agreed, is no money confirmed.

What is told late belongs to the year in which it happened, so the figures of a year may still grow:
asked as known at its end, and now, they tell by how much.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from projections.engine.answer import Answer
from projections.engine.view import KNOWN, RECORDED, Known, View, bound_parameters, positions_of
from projections.questions.listed import NAMED_BY
from projections.tables.basis import answering, told
from projections.tables.contract_revenue import PaymentRow, payments
from projections.tables.grants import ContractRow, GrantRow, contracts, grants
from projections.tables.party_facts import parties
from projections.tables.reader import Reader

MONTHS = 12


@dataclass(frozen=True, slots=True)
class DealsIn:
    """Deals of a kind that were concluded in a month."""

    month: int
    """Month of the year, 1 to 12."""
    kind: str
    """Kind of the contracts."""
    deals: int
    """How many."""
    counted: tuple[int, ...]
    """Positions of the events that made them."""


@dataclass(frozen=True, slots=True)
class DealsOfField:
    """Deals that grant something in a section of a classification."""

    scheme: str
    """Classification: `ipc`, `vsic`, `words`, or `any` for all fields."""
    section: str | None
    """Section of the IPC or division of VSIC; null of `words` and `any`, which have none."""
    deals: int
    """How many; one of several sections is in each."""


@dataclass(frozen=True, slots=True)
class DealsOfSeat:
    """Deals by where a licensee has its seat."""

    seat: str | None
    """State (ISO 3166-1 alpha-2); null where none was known."""
    deals: int
    """How many; one with licensees of several States is in each."""


@dataclass(frozen=True, slots=True)
class MoneyIn:
    """Money of one currency that was confirmed for days of a month."""

    month: int
    """Month of the year, 1 to 12."""
    currency: str
    """Currency (ISO 4217)."""
    payments: int
    """How many payments and refunds."""
    amount: int
    """What was paid, less what was paid back, in minor units of `currency`."""
    counted: tuple[int, ...]
    """Positions of the events that confirmed them."""


@dataclass(frozen=True, slots=True)
class Figures(Answer):
    """The figures of a year, or of a month of it, as known; folded up to `size` entries."""

    year: int
    month: int | None
    """Month that was asked for, 1 to 12; null is the whole year."""
    size: int
    deals: int
    """How many deals were concluded."""
    by_month: tuple[DealsIn, ...]
    """Deals by month and kind, where there are any."""
    by_field: tuple[DealsOfField, ...]
    """Deals by section of what they grant."""
    by_seat: tuple[DealsOfSeat, ...]
    """Deals by seat of the licensee; what grants nothing has none."""
    money: tuple[MoneyIn, ...]
    """Money confirmed, by month and currency."""

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of all that is counted."""
        deals = (each.counted for each in self.by_month)
        return positions_of(*deals, *(each.counted for each in self.money))


def figures_of(reader: Reader, year: int, month: int | None = None) -> Figures:
    """Return the figures of a year, or of a month of it, as known at a position or instant.

    Raises `NotFolded` or `NotAsked`; `TooMany` where it counts more contracts, grants or payments
    than an answer looks at: ask month by month.
    """
    start = date(year, month or 1, 1)
    last = date(year, month or MONTHS, 28)
    end = (last + timedelta(days=4)).replace(day=1)
    with answering(reader, contracts, grants, payments, *NAMED_BY) as view:
        known = reader.as_of(view)
        asked = {"start": start, "end": end, **bound_parameters(known)}
        within = f"{{day}} >= %(start)s AND {{day}} < %(end)s AND {RECORDED}"
        made = view.rows(contracts, within.format(day="concluded_on"), asked, "position")
        paid = view.rows(payments, within.format(day="paid_on"), asked, "position")
        granted = _granted(view, known, [row.subject for row in made])
        answer = Figures(
            year=year,
            month=month,
            size=view.size,
            deals=len(made),
            by_month=tuple(_by_month(made)),
            by_field=tuple(_by_field(granted)),
            by_seat=tuple(_by_seat(view, known, granted)),
            money=tuple(_by_currency(paid)),
        )
        return told(view, answer, known)


def _granted(view: View, known: Known, made: list[str]) -> Sequence[GrantRow]:
    where = f"subject = ANY(%(made)s) AND {KNOWN}"
    return view.rows(grants, where, {"made": made, **bound_parameters(known)}, "subject, n")


def _by_month(made: Iterable[ContractRow]) -> Iterator[DealsIn]:
    found = defaultdict[tuple[int, str], list[int]](list)
    for row in made:
        found[row.concluded_on.month, row.kind].append(row.position)
    for (month, kind), positions in sorted(found.items()):
        yield DealsIn(month, kind, len(positions), positions_of(positions))


def _by_currency(paid: Iterable[PaymentRow]) -> Iterator[MoneyIn]:
    found = defaultdict[tuple[int, str], list[PaymentRow]](list)
    for row in paid:
        found[row.paid_on.month, row.currency].append(row)
    for (month, currency), rows in sorted(found.items()):
        amount = sum(row.amount for row in rows)
        counted = positions_of([row.position for row in rows])
        yield MoneyIn(month, currency, len(rows), amount, counted)


_SECTION = {"ipc": 1, "vsic": 2}
"""How many characters of a symbol are the section, or division, of a scheme."""


def _by_field(granted: Iterable[GrantRow]) -> Iterator[DealsOfField]:
    sections = {
        (row.subject, row.field_scheme, code[: _SECTION.get(row.field_scheme, 0)])
        for row in granted
        for code in row.field_codes or ("",)
    }
    found = Counter((scheme, section) for _, scheme, section in sections)
    for (scheme, section), deals in sorted(found.items()):
        yield DealsOfField(scheme, section or None, deals)


def _by_seat(view: View, known: Known, granted: Sequence[GrantRow]) -> Iterator[DealsOfSeat]:
    licensees = sorted({row.licensee for row in granted})
    facts = view.recorded(parties, known, "position, place", subject=licensees, fact="seat")
    seats = {row.subject: row.value for row in facts}
    of = {(row.subject, seats.get(row.licensee)) for row in granted}
    found = Counter(seat for _, seat in of)
    for seat, deals in sorted(found.items(), key=lambda each: (-each[1], each[0] or "")):
        yield DealsOfSeat(seat, deals)
