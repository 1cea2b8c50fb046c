"""
Which statutory rule sets what authors get of a technology's income, by the four keys that choose.

Serves `GET /v1/technologies/{id}/author-minimum`. The keys are derived from what is known: whether
the State paid, when the task was assigned, whether a title was granted on it, and the day of the
distribution, which is asked.
"""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ledger.domain.core.ground import Ground
from ledger.domain.core.money import PPM
from ledger.domain.revenue.author_pay import REGISTERED, Income, Result, duties
from projections.engine.answer import Answer
from projections.engine.view import positions_of, read_snapshot
from projections.tables.reader import Reader
from projections.tables.status import StatusRow, status, status_rows
from projections.tables.technologies import TechnologyView, technology_of


@dataclass(frozen=True, slots=True)
class AuthorMinimum(Answer):
    """The keys, the law data, and every duty that they choose: duties run side by side.

    `state_share` is the State's exact part; `title` is the right by which it counts as titled.
    """

    technology: str
    distributed_on: date
    income: Income
    agreed: bool
    size: int
    law_data_sha256: str
    funded: bool
    state_share: tuple[int, int]
    task_assigned_on: date | None
    title: str | None
    titled_on: date | None
    registered: bool
    duties: tuple[Ground, ...]
    positions: tuple[int, ...]


def author_minimum_of(
    reader: Reader, technology: str, *, distributed_on: date, income: Income, agreed: bool = False
) -> AuthorMinimum:
    """Return what the law gives the authors. Raises `NotFolded` or `NotAsked`."""
    law = reader.law
    known = technology_of(reader, technology)
    titles = _titles(reader, known, distributed_on)
    title = next((row for row in titles if row.granted_from), titles[0] if titles else None)
    share = _state_share(known)
    funding = known.funding
    result = Result(
        funded=share > 0,
        wholly=share == 1,
        task_assigned_on=None if funding is None else funding.task_assigned_on,
        titled=title is not None and title.granted_from is not None,
        registered=title is not None and title.kind in REGISTERED,
    )
    return AuthorMinimum(
        technology,
        distributed_on,
        income,
        agreed,
        known.size,
        law.sha256,
        result.funded,
        (share.numerator, share.denominator),
        result.task_assigned_on,
        None if title is None else title.subject,
        None if title is None else title.granted_from,
        result.registered,
        duties(law, result, income, distributed_on, agreed=agreed),
        positions_of(
            known.positions,
            [] if title is None else [title.filed_position, title.granted_position],
        ),
        known_at=known.known_at,
        near=known.near,
        doubted=known.doubted,
    )


def _titles(reader: Reader, known: TechnologyView, on: date) -> list[StatusRow]:
    """Return the rights that protect a technology, those first that authors are paid for."""
    with read_snapshot(reader.pool, status) as view:
        found = status_rows(view, known.rights, on, reader.as_of(view))
    rows = [row for rows in found.values() for row in rows if not row.territory]
    return sorted(rows, key=lambda row: (row.kind not in REGISTERED, row.filed_position))


def _state_share(known: TechnologyView) -> Fraction:
    if known.funding is None:
        return Fraction(known.state_funded_ppm or 0, PPM)
    by_state = (Fraction(*each.share) for each in known.funding.by_state)
    return sum(by_state, Fraction(0))
