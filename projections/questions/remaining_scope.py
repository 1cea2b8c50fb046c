"""
What is taken of a right or technology, what may still be granted, and what ends with a right.

Serves `GET /v1/rights/{id}/exclusive`, `.../left-to-grant` and `.../dependents`, and the first two
of technologies. Grants are those that are known, for the days that they run as known: amended,
ended and voided as it stands.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from ledger.domain.core.court_order import kind_of
from ledger.domain.core.dated_law import Law
from ledger.domain.core.scope import (
    Act,
    Box,
    Field,
    HeldGrant,
    Hole,
    Territory,
    box,
    field_region,
    territory_region,
)
from ledger.domain.core.types import legal_day
from ledger.domain.rights.protection import term_of
from ledger.domain.rights.remaining_scope import Free, TooFinelyCut, ungranted
from ledger.domain.rights.status_timeline import EVERYWHERE
from projections.engine.answer import Answer, Verdict, YesOrNo, yes_or_no
from projections.engine.view import (
    DATED,
    RECORDED,
    Known,
    TooMany,
    View,
    bound_parameters,
    positions_of,
    read_snapshot,
)
from projections.tables.basis import answering, told
from projections.tables.grants import GrantRow, encumbrances, grants, told_of
from projections.tables.liens import Lien, gathered, liens, proof_of, standing_liens
from projections.tables.reader import Reader
from projections.tables.status import ALIVE, Standing, StatusRow, status, status_on, status_rows
from projections.tables.technologies import technologies

ACTS: tuple[Act, ...] = (
    "make",
    "use",
    "sell",
    "offer_for_sale",
    "import",
    "export",
    "copy",
    "adapt",
    "distribute",
)

LOOKED_AT = 2_000
"""Grants on one thing that an answer looks at; territory, field and days narrow them."""


@dataclass(frozen=True, slots=True)
class Part:
    """The part of a thing that a question is about: places, a field, the days `[start, end)`."""

    territory: Territory
    field: Field
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Within:
    """The same as it was asked: None for all that the title covers."""

    territory: Territory | None
    field: Field | None
    start: date
    end: date | None


@dataclass(frozen=True, slots=True)
class Exclusive(YesOrNo):
    """Who is exclusive in a part of a right or technology, as known; up to `size` entries."""

    subject: str
    part: Part
    size: int
    grants: tuple[GrantRow, ...]

    @property
    def exclusive(self) -> bool:
        """Say whether anybody is."""
        return bool(self.grants)

    @property
    def _says(self) -> Verdict:
        # Of a field said in words no code settles whether this part lies in it.
        in_words = self.exclusive and all(row.field_scheme == "words" for row in self.grants)
        return "contested" if in_words else yes_or_no(self.exclusive)

    @property
    def positions(self) -> tuple[int, ...]:
        """Return the positions of the grants."""
        return _proof(self.grants)


@dataclass(frozen=True, slots=True)
class LeftToGrant(Answer):
    """What may still be granted of a right or technology, exclusively and not; what burdens it.

    `part` is what was looked at: what the title covers, in the days asked about or until its term
    ends; of a technology, which has no title, all the world and no `status`. An exclusive grant is
    free where nothing is granted at all.
    """

    subject: str
    asked: Within
    part: Part
    size: int
    exclusive: tuple[Free, ...]
    non_exclusive: tuple[Free, ...]
    encumbrances: tuple[GrantRow, ...]
    liens: tuple[Lien, ...]
    status: Standing | None
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Dependent:
    """A grant that ends with the right (IP Law art. 148(4)), and whom that concerns.

    `lives_on` names what else the grant is on: know-how, or other rights.
    """

    grant: GrantRow
    tell: tuple[str, ...]
    lives_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dependents(Answer):
    """What ends with a right on a day, heads before what stands below; and who must be told."""

    right: str
    true_on: date
    size: int
    dependents: tuple[Dependent, ...]
    tell: tuple[str, ...]
    liens: tuple[Lien, ...]
    positions: tuple[int, ...]


def exclusive_in(reader: Reader, subject: str, part: Part) -> Exclusive:
    """Return the exclusive and sole grants that may reach into a part of a right or technology.

    Raises `TooMany`, `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, grants, encumbrances) as view:
        asked, known = _asked(part), reader.as_of(view)
        found = _granted(view, subject, part.start, part.end, known)
        rows = [row for row in found if _excludes(row) and box_of(row).overlaps(asked)]
        answer = Exclusive(subject, part, view.size, tuple(rows))
        return told(view, answer, known, subject, rests_on={row.subject for row in rows})


def left_of(
    reader: Reader,
    subject: str,
    *,
    start: date,
    end: date | None,
    territory: Territory | None = None,
    field: Field | None = None,
) -> LeftToGrant:
    """Return what may still be granted of a right or technology from a day on.

    Raises `TooMany`, `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    law = reader.law
    with answering(reader, grants, encumbrances, liens, status, technologies) as view:
        known = reader.as_of(view)
        rows = status_rows(view, [subject], start, known).get(subject, ())
        state = status_on(subject, start, rows, law) if kind_of(subject) == "right" else None
        part = _part(rows, law, start, end, territory, field)
        found = _granted(view, subject, part.start, part.end, known)
        held = [held_of(row) for row in found]
        space = _asked(part)
        there = _registered(view, subject, known) if state is None else state.status in ALIVE
        alive = there and (part.end is None or part.start < part.end)
        charged = standing_liens(view, subject, start, known)
        answer = LeftToGrant(
            subject,
            Within(territory, field, start, end),
            part,
            view.size,
            _left(space, held, exclusive=True) if alive else (),
            _left(space, held, exclusive=False) if alive else (),
            tuple(row for row, each in zip(found, held, strict=True) if each.box.overlaps(space)),
            gathered(charged, start),
            state,
            positions_of(
                () if state is None else state.positions, _proof(found), proof_of(charged, known)
            ),
        )
        return told(view, answer, known, subject, rests_on={row.subject for row in found})


def _registered(view: View, technology: str, known: Known) -> bool:
    """Whether a technology is in the log."""
    asked = {"subject": technology, **bound_parameters(known)}
    condition = f"subject = %(subject)s AND {RECORDED}"
    return bool(view.rows(technologies, condition, asked, order="position", limit=1))


def dependents_of(reader: Reader, right: str, *, true_on: date) -> Dependents:
    """Return the grants in force on a day that end with a right, and who must be told.

    Raises `TooMany`, `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, grants, encumbrances, liens) as view:
        known = reader.as_of(view)
        found = [
            row for row in _granted(view, right, true_on, None, known) if row.true_from <= true_on
        ]
        dependents = tuple(_dependent(row, right) for row in _heads_first(found))
        charged = standing_liens(view, right, true_on, known)
        tell = {party for each in dependents for party in each.tell}
        tell.update(row.creditor for row in charged)
        answer = Dependents(
            right,
            true_on,
            view.size,
            dependents,
            tuple(sorted(tell)),
            gathered(charged, true_on),
            positions_of(_proof(found), proof_of(charged, known)),
        )
        return told(view, answer, known, right, rests_on={row.subject for row in found})


def granted_from(reader: Reader, right: str, day: date) -> tuple[GrantRow, ...]:
    """Return the grants on a right that run on a day or after it, as known."""
    with read_snapshot(reader.pool, grants, encumbrances) as view:
        return _granted(view, right, day, None, reader.as_of(view))


def _left(space: Box, held: Sequence[HeldGrant], *, exclusive: bool) -> tuple[Free, ...]:
    try:
        return ungranted(space, held, exclusive=exclusive)
    except TooFinelyCut as error:
        raise TooMany(f"{error}: narrow the territory, the field and the days") from None


def _dependent(row: GrantRow, right: str) -> Dependent:
    others = tuple(each for each in (*row.rights, *row.technologies) if each != right)
    return Dependent(row, tuple(sorted({row.licensor, row.licensee})), others)


def _heads_first(rows: Iterable[GrantRow]) -> list[GrantRow]:
    """Return grants in order, what stands below another after it."""
    return sorted(rows, key=lambda row: (row.position, row.ref))


def box_of(row: GrantRow) -> Box:
    """Return what a grant reaches in the days that its row is true for."""
    territory = Territory.model_construct(codes=row.territory)
    members = {"scheme": row.field_scheme, "edition": row.field_edition, "codes": row.field_codes}
    reach = box(row.acts, territory, Field.model_validate(members), row.true_from, row.true_to)
    if row.excluded_territory is None and row.excluded_scheme is None:
        return reach
    hole = Hole(
        None if row.excluded_territory is None else territory_region(row.excluded_territory),
        None
        if row.excluded_scheme is None
        else field_region(row.excluded_scheme, row.excluded_edition, row.excluded_codes or ()),
    )
    return replace(reach, hole=hole)


def held_of(row: GrantRow) -> HeldGrant:
    """Return a grant as the rules of conflict see it."""
    return HeldGrant(
        ref=row.ref,
        licensor=row.licensor,
        licensee=row.licensee,
        exclusive=_excludes(row),
        box=box_of(row),
        position=row.changed_position or row.position,
        head=row.head,
        accepts=frozenset(row.accepts),
        kind=row.exclusivity,  # type: ignore[arg-type]  # written from a grant's own
        recorded=legal_day(row.accepted),
    )


def _excludes(row: GrantRow) -> bool:
    return row.exclusivity in ("exclusive", "sole")


def _proof(rows: Iterable[GrantRow]) -> tuple[int, ...]:
    return positions_of(*map(told_of, rows))


def _asked(part: Part) -> Box:
    return box(ACTS, part.territory, part.field, part.start, part.end)


def _granted(
    view: View, subject: str, start: date, end: date | None, known: Known
) -> tuple[GrantRow, ...]:
    """Return the grants on a thing that run in some of the days `[start, end)`, as known."""
    burdens = view.rows(
        encumbrances,
        "subject = %(subject)s AND position <= %(known_position)s",
        {"subject": subject, **bound_parameters(known)},
        order="position, ref",
        limit=LOOKED_AT + 1,
    )
    if len(burdens) > LOOKED_AT:
        raise TooMany(f"more than {LOOKED_AT} grants burden {subject}")
    asked = {
        "refs": sorted({burden.ref for burden in burdens}),
        "start": start,
        "stop": end,
        **bound_parameters(known),
    }
    return view.rows(
        grants,
        f"""ref = ANY(%(refs)s) AND {DATED} AND (true_to IS NULL OR true_to > %(start)s)
            AND (%(stop)s::date IS NULL OR true_from < %(stop)s)""",
        asked,
        order="position, ref, true_from",
    )


def _part(
    rows: Sequence[StatusRow],
    law: Law,
    start: date,
    end: date | None,
    territory: Territory | None,
    field: Field | None,
) -> Part:
    """Return what is asked about, bounded by what the title covers and how long it can last."""
    whole = next((row for row in rows if row.territory == EVERYWHERE), None)
    last = None if whole is None else term_of(whole, law, start).end
    ends = [max(start, day) for day in (end, last) if day is not None]
    covered = whole.covers if whole is not None and whole.covers else ("world",)
    return Part(
        territory or Territory.model_validate({"codes": list(covered)}),
        field or Field.model_validate({"scheme": "any", "edition": None, "codes": []}),
        start,
        min(ends, default=None),
    )
