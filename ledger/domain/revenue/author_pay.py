"""
What is due to authors by statute, and the bounds it sets to an agreement on shares.

Which rule holds is chosen by four keys: whether the State paid, when the task was assigned, whether
there is a title, and when the profit is shared (docs/reference/law.md lists the rows). Two duties
may run together: remuneration under the IP Law, and a share of the profit under the law on science
(Law 93/2025 art. 28(4)). All co-authors have one share; how they split it is theirs to agree.
Pure functions, in this order: facts, duties, refusals.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Literal

from ledger.domain.core.dated_law import Law
from ledger.domain.core.ground import Ground
from ledger.domain.core.money import PPM
from ledger.domain.core.refusal import Refusal
from ledger.domain.core.remedy import HERE, Step
from ledger.domain.rights.right import Right
from ledger.domain.rights.technology import Technology

REGISTERED = frozenset({"invention", "utility_solution", "design", "layout"})
"""The kinds of right for which IP Law art. 135(1) gives the authors remuneration."""

Income = Literal["own_use", "licence"]


@dataclass(frozen=True, slots=True)
class Result:
    """A result of research, by the keys that choose the rule.

    `titled`: whether a title was granted on it; `registered`: whether it is of a kind that is
    registered (invention, design, layout); `wholly`: whether the State paid for all of it.
    """

    funded: bool
    wholly: bool
    task_assigned_on: date | None
    titled: bool
    registered: bool


def result_of(technology: Technology, title: Right | None) -> Result:
    """Return a technology by the keys that choose the rule of the authors' pay."""
    return Result(
        funded=technology.state_funded,
        wholly=technology.funding.state_share == 1,
        task_assigned_on=technology.funding.task_assigned_on,
        titled=title is not None and title.granted_on is not None,
        registered=title is not None and title.kind in REGISTERED,
    )


def remuneration(
    law: Law, result: Result, income: Income, on: date, *, agreed: bool
) -> Ground | None:
    """Return the rule of the authors' remuneration for income of a day, if one holds (IP 135)."""
    return law.find(
        "author.remuneration",
        on,
        funded=result.funded,
        income=income,
        agreed=agreed,
        registered=result.registered,
    )


def profit_share(law: Law, result: Result, on: date) -> Ground | None:
    """Return the rule of the authors' share of a profit that is shared on a day, if one holds."""
    return law.find(
        "author.profit_share",
        on,
        funded=result.funded,
        task_assigned_on=result.task_assigned_on,
        titled=result.titled,
    )


def duties(
    law: Law, result: Result, income: Income, on: date, *, agreed: bool
) -> tuple[Ground, ...]:
    """Return all that is due to the authors by statute: the duties run side by side."""
    found = (
        remuneration(law, result, income, on, agreed=agreed),
        profit_share(law, result, on),
    )
    return tuple(ground for ground in found if ground is not None)


class ShareBelowStatute(Refusal):
    """The authors' part is less than the statute gives them."""

    code = "SHARE_BELOW_STATUTE"
    members = ("authors_ppm", "authors")
    title_vi = "Phần của tác giả thấp hơn mức tối thiểu theo luật"


class CapBelowStatute(Refusal):
    """A cap on the authors' part may leave them less than the statute gives them."""

    code = "CAP_BELOW_STATUTE"
    members = ("caps",)
    title_vi = "Mức trần làm phần của tác giả thấp hơn mức tối thiểu theo luật"


class BrokerOverCap(Refusal):
    """A broker's part is more than the statute allows."""

    code = "BROKER_OVER_CAP"
    members = ("parts",)
    title_vi = "Phần của bên môi giới vượt mức tối đa theo luật"


def must_give_authors_their_share(
    law: Law, result: Result, on: date, ppm: int, step: Callable[[int], Step]
) -> Ground | None:
    """Raise `ShareBelowStatute` if `ppm`, the authors' part of the profit, is too low.

    The rule that decided is returned; `step` says how they come to have so many ppm.
    """
    ground = profit_share(law, result, on)
    if ground is not None and ppm < ground.number("min_ppm"):
        least = ground.number("min_ppm")
        raise ShareBelowStatute(f"{ppm} ppm is less than {least}", ground=ground, step=step(least))
    return ground


def must_not_cap_the_authors(law: Law, result: Result, on: date, step: Step) -> None:
    """Raise `CapBelowStatute` if the authors have a part by statute, which a cap might cut."""
    ground = profit_share(law, result, on)
    if ground is not None:
        least = ground.number("min_ppm")
        raise CapBelowStatute(
            f"a cap in money may leave the authors less than {least} ppm", ground=ground, step=step
        )


def must_bound_the_broker(
    law: Law, result: Result, on: date, broker_ppm: int, author_ppm: int
) -> Ground | None:
    """Raise `BrokerOverCap` if a broker gets more than it may of what the authors leave."""
    ground = law.find("broker.cap", on, funded=result.funded)
    if ground is None or not broker_ppm:
        return None
    most = ground.number("max_ppm") * (PPM - author_ppm) // PPM
    if broker_ppm > most:
        raise BrokerOverCap(
            f"{broker_ppm} ppm is more than {most}",
            ground=ground,
            step=Step({"most": most}, ask=(HERE,)),
        )
    return ground
