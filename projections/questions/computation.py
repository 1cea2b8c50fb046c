"""
How a distribution was computed: from which report lines, by which rates, steps, parts and rules.

Serves `GET /v1/distributions/{id}/computation`. It is computed again here, from the events alone,
with the arithmetic that admission uses (`ledger.domain.revenue.split_arithmetic`, and `royalty_due`
for what is due). Where the parts are sealed, the answer says so and gives what was signed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ledger.domain.core.money import PPM, Money
from ledger.domain.core.types import Sealed
from ledger.domain.revenue.distribution import Distributed, Input
from ledger.domain.revenue.profit import ProfitDeclared
from ledger.domain.revenue.share_agreement import ShareAgreed
from ledger.domain.revenue.split_arithmetic import (
    AUTHORS,
    Agreement,
    caps_of,
    compute,
    shared,
    weights_of,
)
from ledger.domain.revenue.suspense import SuspenseReleased
from projections.engine.answer import Answer, Verdict
from projections.engine.view import View, positions_of
from projections.questions.dues import sums
from projections.questions.report_lines import ReportLines, lines_of
from projections.tables.basis import answering, told
from projections.tables.contract_events import contract_events, events_of
from projections.tables.money_events import MoneyEvent, money_events, money_of, said_as
from projections.tables.reader import Reader


@dataclass(frozen=True, slots=True)
class StepTaken:
    """A step of the waterfall: what it took of what was left before it."""

    name: str
    to: str
    rate_ppm: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class PartGiven:
    """A party's part: its rate, the floor of its share, the unit of rounding, what it gets.

    `cap` is the most that it gets; what is above it goes to the others.
    """

    party: str
    ppm: int
    floor: int
    remainder: int
    cap: int | None
    amount: int


@dataclass(frozen=True, slots=True)
class Computation(Answer):
    """How a distribution was computed; folded up to `size` entries.

    No parts: they are sealed.
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
    parts: tuple[PartGiven, ...]
    signed: tuple[tuple[str, int], ...]
    authors: tuple[tuple[str, int], ...]
    suspense: int
    rules: tuple[str, ...]
    inputs: tuple[Input, ...]
    positions: tuple[int, ...]

    @property
    def left(self) -> int:
        """Return what the waterfall left to be split."""
        total = 0 if self.total is None else self.total.amount
        return total - sum(step.amount for step in self.waterfall)

    @property
    def recomputed(self) -> bool | None:
        """Say whether the arithmetic, done again, gives what was signed and what is due.

        None where something of it is sealed, or no royalty is agreed.
        """
        found = [each.recomputed for each in self.reports]
        found.append(self._adds_up if self.parts else None)
        return False if False in found else None if None in found else True

    @property
    def _adds_up(self) -> bool:
        """Say whether the parts are those of what is left, and with the steps what was signed."""
        given = [(part.party, part.amount) for part in self.parts]
        steps = [(step.to, step.amount) for step in self.waterfall]
        paid = [each for each in (*steps, *given) if each[0] != AUTHORS]
        return (
            self.parts == _parts(self.left, *_agreed_in(self.parts))
            and self._is_taken_step_by_step
            and sums(paid) == self.signed
            and self.suspense + sum(amount for _, amount in self.authors)
            == dict(given).get(AUTHORS, 0)
        )

    @property
    def _is_taken_step_by_step(self) -> bool:
        """Say whether each step takes its rate of what is left before it, or no more than that."""
        total = 0 if self.total is None else self.total.amount
        sign, left = (-1 if total < 0 else 1), abs(total)
        for step in self.waterfall:
            taken = sign * step.amount
            most = left if step.rate_ppm is None else left * step.rate_ppm // PPM
            if not 0 <= taken <= most or (step.rate_ppm is not None and taken < most):
                return False
            left -= taken
        return True

    @property
    def _says(self) -> Verdict:
        return "contested" if self.recomputed is False else "answered"


def computation_of(reader: Reader, distribution: str) -> Computation:
    """Return how a distribution was computed; of one that is not known nothing but its name.

    Raises `NotFolded` or `NotAsked` (`projections.engine.view`).
    """
    with answering(reader, money_events, contract_events) as view:
        known = reader.as_of(view)
        own = money_of(view, (distribution,), known)
        found = said_as(own, Distributed)
        if not found:
            return told(view, _unknown(distribution, view.size), known, distribution)
        (row, body) = found[0]
        around = money_of(view, (body.share, *body.sources()), known)
        reports = lines_of(
            body.contract,
            events_of(view, body.contract, known),
            money_of(view, (body.contract,), known),
            body.sources(),
        )
        answer = _computed(view, row, body, own, around, tuple(reports))
        return told(view, answer, known, distribution, rests_on={body.share, body.contract})


def _unknown(distribution: str, size: int) -> Computation:
    return Computation(
        distribution, size, None, None, None, None, (), None, (), (), (), (), 0, (), (), ()
    )


def _computed(
    view: View,
    row: MoneyEvent,
    body: Distributed,
    own: Sequence[MoneyEvent],
    around: Sequence[MoneyEvent],
    reports: tuple[ReportLines, ...],
) -> Computation:
    (agreed_row, agreed), *_ = [
        (each, share) for each, share in said_as(around, ShareAgreed) if share.share == body.share
    ]
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
        parts=() if agreement is None else _parts(left, weights_of(agreement), caps_of(agreement)),
        signed=tuple(sorted(signed.items())),
        authors=_authors(body, released),
        suspense=0 if released else body.suspense,
        rules=body.rules,
        inputs=body.inputs,
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


def _parts(left: int, weights: Mapping[str, int], caps: Mapping[str, int]) -> tuple[PartGiven, ...]:
    """Return each part with the floor of its share and the unit that rounding added or took."""
    uncapped = [weight for party, weight in weights.items() if party not in caps]
    if min(weights.values(), default=-1) < 0 or not any(uncapped):  # Nobody agreed on that.
        return ()
    given, sign = shared(abs(left), weights, caps), (-1 if left < 0 else 1)
    return tuple(
        PartGiven(party, ppm, *_floor(left, ppm), caps.get(party), sign * given[party])
        for party, ppm in sorted(weights.items())
    )


def _agreed_in(parts: Sequence[PartGiven]) -> tuple[dict[str, int], dict[str, int]]:
    """Return the rates and the caps by which parts were given."""
    caps = {part.party: part.cap for part in parts if part.cap is not None}
    return {part.party: part.ppm for part in parts}, caps


def _floor(left: int, ppm: int) -> tuple[int, int]:
    """Return the floor of a share of what is left, towards zero, and what rounding left over."""
    floor, remainder = divmod(abs(left) * ppm, PPM)
    return (floor if left >= 0 else -floor), remainder
