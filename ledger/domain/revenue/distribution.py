"""
A distribution: a total shared out by an agreement, in arithmetic that anyone can repeat.

The exchange signs the result, and the rule recomputes it
(`ledger.domain.revenue.split_arithmetic`). What co-authors have not agreed to split waits in
suspense, and is not paid. Refusals come in the order in which they are defined here, existence
first. Read in this order: events, state, refusals, admit, evolve.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, StringConstraints

from ledger.domain.contracts.agreed_share import Parts, Share, read_parts
from ledger.domain.contracts.contract import Contract
from ledger.domain.contracts.contract_terms import ContractId
from ledger.domain.core.body import Body, State
from ledger.domain.core.context import Context, if_opened, recall, reveal
from ledger.domain.core.court_hold import must_not_be_void
from ledger.domain.core.event import Logged
from ledger.domain.core.existence import require_known, require_new
from ledger.domain.core.ground import Ground
from ledger.domain.core.money import (
    PPM,
    CurrencyMismatch,
    Money,
    RateRange,
    ShareSum,
    in_currency,
    largest_remainder,
)
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import Other, Step
from ledger.domain.core.rules import admits, evolves
from ledger.domain.core.types import (
    DISTINCT,
    FROM_LIST,
    NOT_EMPTY,
    Model,
    Sealed,
    SubjectId,
    legal_day,
    of_kind,
)
from ledger.domain.revenue.author_pay import ShareBelowStatute, profit_share, result_of
from ledger.domain.revenue.authors_split import AuthorSplitMissing, agreed_split
from ledger.domain.revenue.profit import Profit, ProfitId
from ledger.domain.revenue.report import Report
from ledger.domain.revenue.report_lines import ReportId
from ledger.domain.revenue.share_agreement import ShareId, must_be_a_whole, must_be_current
from ledger.domain.revenue.split_arithmetic import (
    Agreement,
    Computed,
    Payable,
    added_up,
    compute,
    one_each,
    payables,
    told_amounts,
)
from ledger.domain.rights.right import Right
from ledger.domain.rights.technology import Technology

KIND = "distribution"

DistributionId = Annotated[str, of_kind(KIND)]
Position = Annotated[int, Field(ge=0)]
RuleName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,79}$")]


Payables = Annotated[tuple[Payable, ...], FROM_LIST, AfterValidator(one_each)]


class Input(Model):
    """Something that a distribution was computed from, and the position of its event."""

    subject: SubjectId
    """The agreement on shares, a report or a profit."""
    position: Position
    """Position in the log of the event that made it, counted from 0."""


class Distributed(Body):
    """What every distribution says. Never an event itself."""

    SIGNERS = "@operator"
    COMMITS = "sum:total"

    distribution: DistributionId
    """Id of the new distribution."""
    share: ShareId
    """Agreement by which it is shared, in force for the contract."""
    contract: ContractId
    """Contract of the agreement and of all that is shared."""
    total: Money
    """What is due by the sources and was not shared out yet, in the contract's currency: of a
    correction the difference alone, so it may be negative.
    """
    parts: Annotated[tuple[Payable, ...], FROM_LIST, NOT_EMPTY, AfterValidator(one_each)]
    """What each party gets, by the waterfall and by its part, by largest remainder; each once,
    those with 0 too, the co-authors' part aside.
    """
    share_parts: Annotated[Parts | Sealed | None, FROM_LIST]
    """The agreement's parts once more, open or sealed, where they are sealed and no longer
    kept; else null.
    """
    authors: Payables = ()
    """What each co-author gets of their one part, as they have agreed; absent or empty where
    they have no part, or no agreement.
    """
    authors_split: Annotated[Parts | Sealed | None, FROM_LIST] = None
    """The co-authors' split once more, open or sealed, where it is sealed and no longer kept;
    else null or absent.
    """
    suspense: int = 0
    """The co-authors' part where they have agreed no split, in minor units: it waits. Absent is
    0 (Decree 267/2025 art. 34(3)).
    """
    steps: Annotated[tuple[int, ...], FROM_LIST] = ()
    """What each step of the waterfall takes, in its order, in minor units; absent or empty is
    not said.
    """
    inputs: Annotated[tuple[Input, ...], FROM_LIST, DISTINCT] = ()
    """The agreement and every source, each with its position; absent or empty is not said."""
    rules: Annotated[tuple[RuleName, ...], FROM_LIST, DISTINCT] = ()
    """Names of the rows of law data that decided (docs/reference/law.md), such as that of the
    authors' least part; absent or empty where none did.
    """

    def sources(self) -> tuple[str, ...]:
        """Return the subjects that the total is taken from."""
        raise NotImplementedError

    def reads(self, state: State) -> Iterable[str]:
        """Return the technology whose authors have a part, its title, and reports corrected."""
        share = state.get(self.share)
        if isinstance(share, Share):
            yield from filter(None, (share.technology, share.title))
        for source in self.sources():
            report = state.get(source)
            while isinstance(report, Report) and report.corrects is not None:
                yield report.corrects
                report = state.get(report.corrects)


class RevenueDistributed(Distributed):
    """The exchange split a total by the agreed parts; anyone can compute it again."""

    TOPIC: ClassVar[str] = "revenue.distributed/1"
    TITLE = "Revenue distributed"
    TITLE_VI = "Phân chia doanh thu"
    SUBJECTS = "distribution share contract parts/*/party authors/*/party reports/*"

    reports: Annotated[tuple[ReportId, ...], FROM_LIST, NOT_EMPTY, DISTINCT]
    """Reports that are shared out, none of them corrected, or shared out before."""

    def sources(self) -> tuple[str, ...]:
        """Return the reports."""
        return self.reports


class ProfitDistributed(Distributed):
    """The exchange split the State's part of a declared profit by the agreed parts."""

    TOPIC: ClassVar[str] = "profit.distributed/1"
    TITLE = "State's part of the profit distributed"
    TITLE_VI = "Phân chia lợi nhuận phần Nhà nước"
    SUBJECTS = "distribution share contract parts/*/party authors/*/party profit"

    profit: ProfitId
    """Declared profit whose State part is shared out, once."""

    def sources(self) -> tuple[str, ...]:
        """Return the profit."""
        return (self.profit,)


@dataclass(frozen=True, slots=True)
class Move:
    """So much came on a day, or went back where it is below 0, as the event at `position` says."""

    position: int
    day: date
    amount: int


@dataclass(frozen=True, slots=True)
class Distribution:
    """What each party is to get, and what has been confirmed so far, in minor units.

    `suspense` waits for the co-authors' agreement; `noted` is by whom, and by which event, it was
    agreed that too much was got; `moves` are what came to each, and what went back.
    """

    position: int
    currency: str
    payable: Mapping[str, int]
    contract: str
    share: str
    suspense: int = 0
    noted: Mapping[str, int] = field(default_factory=dict)
    moves: Mapping[str, tuple[Move, ...]] = field(default_factory=dict)

    @property
    def confirmed(self) -> Mapping[str, int]:
        """Return what came to each and did not go back."""
        return {payee: sum(each.amount for each in moves) for payee, moves in self.moves.items()}


class DistributionMismatch(Refusal):
    """The distribution does not follow from its share and its total."""

    code = "DISTRIBUTION_MISMATCH"
    members = ("parts", "distribution")
    title_vi = "Kết quả phân chia không khớp với thỏa thuận phân chia"


class AlreadyDistributed(Refusal):
    """What is due by a report, or a declared profit, is shared out once."""

    code = "ALREADY_DISTRIBUTED"
    title_vi = "Khoản tiền này đã được phân chia"


@admits(RevenueDistributed, ProfitDistributed)
def _admit_distributed(body: Distributed, state: State, context: Context) -> None:
    """Refuse a distribution that does not follow from the agreement and from what is due."""
    require_new(state, body.distribution)
    contract = require_known(state, body.contract, Contract)
    share = require_known(state, body.share, Share)
    today = legal_day(context.accepted)
    must_be_current(body.share, share, contract)
    must_not_be_void(body.share, share.voided, today)
    sources = {subject: _source(state, subject) for subject in body.sources()}
    _must_be_of_the_contract(body, {body.share: share, **sources})
    if body.total.currency != contract.currency:
        raise CurrencyMismatch(
            f"{body.contract} is in {contract.currency}",
            positions=(contract.position,),
            step=in_currency(contract.currency, "/body/total/currency"),
        )
    _must_be_due(state, body, sources)
    _must_name_its_inputs(body, {body.share: share, **sources})

    @cache
    def computed() -> Computed:
        return compute(body.total.amount, _agreement(body, share, context))

    with if_opened(context, RateRange, ShareSum, DistributionMismatch):
        _must_follow(body, share, computed())
    _must_split_among_authors(state, body, share, computed, context)
    _must_keep_to_the_statute(state, body, share, computed, context)


def _source(state: State, subject: str) -> Report | Profit:
    if subject.startswith("report:"):
        return require_known(state, subject, Report)
    return require_known(state, subject, Profit)


def _must_be_of_the_contract(
    body: Distributed, inputs: Mapping[str, Share | Report | Profit]
) -> None:
    for subject, source in inputs.items():
        if source.contract != body.contract:
            raise DistributionMismatch(
                f"{subject} belongs to {source.contract}",
                positions=(source.position,),
                pointer="/body/contract",
                step=Step(case="contract"),
            )


def _must_be_due(state: State, body: Distributed, sources: Mapping[str, Report | Profit]) -> None:
    """Hold the total to what is due by the sources and has not been shared out."""
    for subject, source in sources.items():
        if source.distributed is not None:
            raise AlreadyDistributed(
                f"{subject} was shared out",
                positions=(source.distributed,),
                subjects=(subject,),
                step=_leaving_out_shared(sources),
            )
    due = sum(_due(state, subject, source) for subject, source in sources.items())
    if due != body.total.amount:
        raise DistributionMismatch(
            f"{due} is due and not shared out yet, the total is {body.total.amount}",
            positions=(source.position for source in sources.values()),
            pointer="/body/total",
            step=Step({"what": f"{due} {body.total.currency}"}, change={"/body/total/amount": due}),
        )


def _leaving_out_shared(sources: Mapping[str, Report | Profit]) -> Step:
    left = sorted(name for name, source in sources.items() if source.distributed is None)
    if not left:
        return Step(case="all")
    return Step({"left": ", ".join(left)}, change={"/body/reports": left})


def _due(state: State, subject: str, source: Report | Profit) -> int:
    """Return what a source adds: a correction, only its difference to what was shared out."""
    if isinstance(source, Profit):
        return source.state_part
    if source.corrected is not None:
        raise DistributionMismatch(
            f"{subject} was corrected",
            positions=(source.corrected,),
            pointer="/body/reports",
            step=Step({"position": source.corrected}, case="corrected", ask=("/body/reports",)),
        )
    shared, earlier = 0, source.corrects
    while earlier is not None and not shared:
        before = require_known(state, earlier, Report)
        if before.distributed is not None:
            shared = before.due
            break
        earlier = before.corrects
    return source.due - shared


def _must_name_its_inputs(body: Distributed, inputs: Mapping[str, Share | Report | Profit]) -> None:
    named = {each.subject: each.position for each in body.inputs}
    if named and named != {subject: source.position for subject, source in inputs.items()}:
        raise DistributionMismatch(
            "the inputs are not those that it names",
            positions=(source.position for source in inputs.values()),
            pointer="/body/inputs",
            step=_changed(
                "/body/inputs",
                [{"subject": each, "position": inputs[each].position} for each in sorted(inputs)],
            ),
        )


def _changed(pointer: str, value: Any) -> Step:
    return Step({"what": value}, change={pointer: value})


def _agreement(body: Distributed, share: Share, context: Context) -> Agreement:
    """Return what to compute with: the agreement's parts, kept or as the event repeats them.

    Commitments are never compared across events: that sealed parts are repeated as they were
    agreed is what the operator signs, and what anyone who holds both openings can check.
    """
    if not isinstance(share.parts, Sealed):
        if body.share_parts is not None:
            raise DistributionMismatch(
                "the agreement's parts are open: share_parts is null",
                positions=(share.position,),
                pointer="/body/share_parts",
                step=Step(case="open", change={"/body/share_parts": None}),
            )
        return Agreement(share.parts, share.authors_ppm, share.waterfall, share.caps)
    if body.share_parts is None:
        parts = recall(share.parts, body.share, context, read_parts)
    else:
        parts = reveal(body.share_parts, "/body/share_parts", context, read_parts)
    must_be_a_whole(parts, share.authors_ppm)
    return Agreement(parts, share.authors_ppm, share.waterfall, share.caps)


def _must_follow(body: Distributed, share: Share, computed: Computed) -> None:
    said = {part.party: part.amount for part in body.parts}
    steps = body.steps or computed.steps
    if said != computed.payable or steps != computed.steps:
        raise DistributionMismatch(
            f"the total and the agreement give {told_amounts(computed.payable)}",
            positions=(share.position,),
            step=_as_computed(body, computed),
        )


def _as_computed(body: Distributed, computed: Computed) -> Step:
    change: dict[str, Any] = {"/body/parts": payables(computed.payable)}
    if body.steps:
        change["/body/steps"] = list(computed.steps)
    return Step({"what": told_amounts(computed.payable)}, change=change)


def _must_split_among_authors(
    state: State,
    body: Distributed,
    share: Share,
    computed: Callable[[], Computed],
    context: Context,
) -> None:
    """Hold the co-authors' part to their own agreement, or to suspense while there is none."""
    with if_opened(context, RateRange, ShareSum, DistributionMismatch):
        expected: tuple[Mapping[str, int], int] = ({}, 0)
        if share.technology is not None and share.authors_ppm:
            technology = require_known(state, share.technology, Technology)
            split = agreed_split(share.technology, technology, body.authors_split, context)
            if split is None and body.authors:
                raise AuthorSplitMissing(
                    f"the authors of {share.technology} have agreed no split",
                    positions=(technology.position,),
                    subjects=(share.technology,),
                    step=Step(change={"/body/authors": []}),
                )
            part = computed().authors
            expected = ({}, part) if split is None else (largest_remainder(part, split), 0)
        if ({each.party: each.amount for each in body.authors}, body.suspense) != expected:
            split_up, waiting = expected
            raise DistributionMismatch(
                f"as they agreed the authors get {told_amounts(split_up) or 'nothing'}, {waiting}"
                " waits",
                positions=(share.position,),
                pointer="/body/authors",
                step=Step(
                    {"what": told_amounts(split_up) or f"suspense {waiting}"},
                    change={"/body/authors": payables(split_up), "/body/suspense": waiting},
                ),
            )


def _must_keep_to_the_statute(
    state: State,
    body: Distributed,
    share: Share,
    computed: Callable[[], Computed],
    context: Context,
) -> None:
    """Hold the authors' part to the statute of today, and `rules` to what decided."""
    decided = []
    today = legal_day(context.accepted)
    if share.authors_ppm and (split_rule := context.law.find("author.co_authors", today)):
        decided.append(split_rule.rule)
    if share.technology is not None and share.of == "after_tax_profit_state_part":
        technology = require_known(state, share.technology, Technology)
        title = None if share.title is None else require_known(state, share.title, Right)
        ground = profit_share(context.law, result_of(technology, title), today)
        if ground is not None:
            with if_opened(context, ShareBelowStatute):
                _must_reach(ground, body.total.amount, share, computed())
            decided.append(ground.rule)
    if sorted(decided) != sorted(body.rules):
        raise DistributionMismatch(
            f"decided by {', '.join(sorted(decided)) or 'no rule of law data'}",
            positions=(share.position,),
            pointer="/body/rules",
            step=_changed("/body/rules", sorted(decided)),
        )


def _must_reach(ground: Ground, total: int, share: Share, computed: Computed) -> None:
    authors = computed.authors + sum(computed.payable.get(party, 0) for party in share.authors)
    if abs(authors) * PPM < abs(total) * ground.number("min_ppm") - PPM:  # A unit of rounding.
        raise ShareBelowStatute(
            f"the authors get {authors} of {total}",
            positions=(share.position,),
            ground=ground,
            step=_agreed_again(share, ground.number("min_ppm")),
        )


def _agreed_again(share: Share, least: int) -> Step:
    """Return the step in which another agreement, that gives them their share, is made first."""
    known_of = {"contract": share.contract, "of": share.of}
    first = Other("share.agreed/1", known_of)
    return Step({"least": least}, case="agreed", first=(first,), ask=("/body/share",))


@evolves(KIND, RevenueDistributed, ProfitDistributed)
def _evolve_distributed(body: Distributed, logged: Logged) -> Distribution:
    """Return the distribution, nothing of it confirmed."""
    return Distribution(
        position=logged.position,
        currency=body.total.currency,
        payable=added_up((*body.parts, *body.authors)),
        contract=body.contract,
        share=body.share,
        suspense=body.suspense,
    )


def _evolve_source(_body: Body, logged: Logged, value: Any) -> Any:
    """Return the report or the profit, shared out by now."""
    return value and replace(value, distributed=logged.position)


evolves("report", RevenueDistributed)(_evolve_source)
evolves("profit", ProfitDistributed)(_evolve_source)
