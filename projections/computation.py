"""
How a distribution was computed: from which report lines, by which rates, steps, parts and rules.

Serves `GET /v1/distributions/{id}/computation`. It is computed again here, from the events alone,
with the arithmetic that admission uses (`ledger.domain.sharing`). Where the parts are sealed, the
answer says so and gives what was signed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from ledger.domain.contract import Contract
from ledger.domain.distribution import Distributed, Input
from ledger.domain.event import Sealed
from ledger.domain.money import PPM, Money
from ledger.domain.profit import ProfitDeclared
from ledger.domain.report import RevenueReported
from ledger.domain.royalty import Royalty
from ledger.domain.share import ShareAgreed
from ledger.domain.sharing import AUTHORS, Agreement, compute
from ledger.domain.suspense import SuspenseReleased
from ledger.store.connection import Pool
from projections.answer import Answer, Verdict
from projections.basis import answering, told
from projections.contract_events import contract_events, events_of, folded
from projections.money_events import MoneyEvent, money_events, money_of, said_as
from projections.view import KnownAt, View, positions_of


@dataclass(frozen=True, slots=True)
class ReportLines:
    """What a report adds to the total: its lines, the base, the rates in force, what is due."""

    report: str
    position: int
    period_from: date
    period_to: date
    currency: str
    gross: int
    deductions: tuple[tuple[str, int], ...]
    base: int
    zero_rated: int
    royalty_base: str
    tiers: tuple[tuple[int | None, int], ...]
    royalty: int
    set_off: int
    capped: int
    milestones: tuple[str, ...]
    due: int
    corrects: str | None


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step of the waterfall: what it took of what was left before it."""

    name: str
    to: str
    rate_ppm: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class PartGiven:
    """A party's part: its rate, the floor of its share, the unit of rounding, what it gets."""

    party: str
    ppm: int
    floor: int
    remainder: int
    amount: int


@dataclass(frozen=True, slots=True)
class Computation(Answer):
    """How a distribution was computed; folded up to `size` entries.

    `left` is what the waterfall left to be split. `recomputed` says whether the arithmetic, done
    again, gives what was signed; None where the parts are sealed.
    """

    distribution: str
    size: int
    position: int | None
    contract: str | None
    share: str | None
    total: Money | None
    reports: tuple[ReportLines, ...]
    profit: ProfitDeclared | None
    waterfall: tuple[StepTaken, ...]
    left: int
    parts: tuple[PartGiven, ...]
    signed: tuple[tuple[str, int], ...]
    authors: tuple[tuple[str, int], ...]
    suspense: int
    rules: tuple[str, ...]
    inputs: tuple[Input, ...]
    recomputed: bool | None
    positions: tuple[int, ...]

    @property
    def _says(self) -> Verdict:
        return "contested" if self.recomputed is False else "answered"


def computation_of(pool: Pool, distribution: str, *, known_at: KnownAt = None) -> Computation:
    """Return how a distribution was computed; of one that is not known nothing but its name.

    Raises `NotFolded` or `NotAsked` (`projections.view`).
    """
    with answering(pool, money_events, contract_events) as view:
        known = view.known(known_at)
        own = money_of(view, (distribution,), known)
        found = said_as(own, Distributed)
        if not found:
            return told(view, _unknown(distribution, view.size), known, distribution)
        (row, body) = found[0]
        around = money_of(view, (body.share, *body.sources()), known)
        contract = folded(body.contract, events_of(view, body.contract, known))
        answer = _computed(view, row, body, own, around, contract)
        return told(view, answer, known, distribution, rests_on={body.share, body.contract})


def _unknown(distribution: str, size: int) -> Computation:
    return Computation(
        distribution, size, None, None, None, None, (), None, (), 0, (), (), (), 0, (), (), None, ()
    )


def _computed(
    view: View,
    row: MoneyEvent,
    body: Distributed,
    own: Sequence[MoneyEvent],
    around: Sequence[MoneyEvent],
    contract: Contract | None,
) -> Computation:
    (agreed_row, agreed), *_ = [
        (each, share) for each, share in said_as(around, ShareAgreed) if share.share == body.share
    ]
    reports = tuple(_lines(around, body, contract))
    agreement = _agreement(agreed, body)
    result = None if agreement is None else compute(body.total.amount, agreement)
    signed = {each.party: each.amount for each in body.parts}
    steps = body.steps if result is None else result.steps
    left = body.total.amount - sum(steps)
    declared = [each for _, each in said_as(around, ProfitDeclared)]
    released = said_as(own, SuspenseReleased)
    return Computation(
        distribution=body.distribution,
        size=view.size,
        position=row.position,
        contract=body.contract,
        share=body.share,
        total=body.total,
        reports=reports,
        profit=declared[0] if declared else None,
        waterfall=tuple(
            StepTaken(step.name, step.to, step.rate_ppm, taken)
            for step, taken in zip(agreed.waterfall, steps, strict=False)
        ),
        left=left,
        parts=() if agreement is None else tuple(_parts(left, agreement)),
        signed=tuple(sorted(signed.items())),
        authors=_authors(body, released),
        suspense=0 if released else body.suspense,
        rules=body.rules,
        inputs=body.inputs,
        recomputed=None if result is None else result.payable == signed,
        positions=positions_of(
            [row.position, agreed_row.position],
            [each.position for each in reports],
            [each.position for each, _ in released],
            [each.position for each, _ in said_as(around, ProfitDeclared)],
        ),
    )


def _authors(
    body: Distributed, released: Sequence[tuple[MoneyEvent, SuspenseReleased]]
) -> tuple[tuple[str, int], ...]:
    given = (*body.authors, *(each for _, release in released for each in release.authors))
    return tuple(sorted((each.party, each.amount) for each in given))


def _agreement(agreed: ShareAgreed, body: Distributed) -> Agreement | None:
    """Return what the parts were computed with, if it is open."""
    parts = body.share_parts if isinstance(agreed.parts, Sealed) else agreed.parts
    if parts is None or isinstance(parts, Sealed):
        return None
    return Agreement(parts, agreed.authors_ppm or 0, agreed.waterfall, agreed.caps)


def _parts(left: int, agreement: Agreement) -> Iterable[PartGiven]:
    """Yield each part with the floor of its share and the unit that rounding added or took."""
    result = compute(left, Agreement(agreement.parts, agreement.authors_ppm, (), agreement.caps))
    rates = [(part.party, part.ppm) for part in agreement.parts]
    if agreement.authors_ppm:
        rates.append((AUTHORS, agreement.authors_ppm))
    for party, ppm in sorted(rates):
        amount = result.authors if party == AUTHORS else result.payable[party]
        floor, remainder = divmod(abs(left) * ppm, PPM)
        yield PartGiven(party, ppm, floor if left >= 0 else -floor, remainder, amount)


def _lines(
    around: Sequence[MoneyEvent], body: Distributed, contract: Contract | None
) -> Iterable[ReportLines]:
    for row, report in said_as(around, RevenueReported):
        if report.report not in body.sources():
            continue
        schedule = _schedule(report, contract)
        said = report.reckoned()
        yield ReportLines(
            report.report,
            row.position,
            report.period_from,
            report.period_to,
            report.currency,
            report.gross,
            tuple((line.kind, line.amount) for line in report.deductions),
            report.base,
            report.zero_rated,
            royalty_base="sealed" if schedule is None else schedule.base,
            tiers=()
            if schedule is None or schedule.tiers is None
            else tuple((tier.upto, tier.rate_ppm) for tier in schedule.tiers),
            royalty=said.royalty,
            set_off=said.set_off,
            capped=said.capped,
            milestones=said.milestones,
            due=report.due.amount,
            corrects=report.corrects,
        )


def _schedule(report: RevenueReported, contract: Contract | None) -> Royalty | None:
    """Return the royalty in force when the sales were made, if it is open."""
    terms = None if contract is None else contract.terms_on(report.period_from)
    if terms is None or isinstance(terms.royalty, Sealed):
        return report.royalty if isinstance(report.royalty, Royalty) else None
    if terms.royalty is not None:
        return terms.royalty
    if terms.royalty_ppm is None or isinstance(terms.royalty_ppm, Sealed):
        return None
    return Royalty.model_validate(
        {
            "currency": report.due.currency,
            "base": terms.royalty_base,
            "tiers": [{"upto": None, "rate_ppm": terms.royalty_ppm}],
            "period": "quarter",
            "due_days": 0,
        }
    )
