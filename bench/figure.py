"""What a measurement gives, what it is held against, and how that is said."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


class BenchError(Exception):
    """Superclass of the errors of this package. Never raised itself."""


class WrongAnswer(BenchError):
    """A path answered something else than a run at full speed may: the figure would be a lie."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured number. `detail` says over what; `name` is `<group>.<what>`, for `--only`."""

    name: str
    says: str
    value: float
    unit: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Absent:
    """What could not be measured here, and why: said, never left out."""

    name: str
    says: str
    why: str


Result = Figure | Absent


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure held against another of the same run; `at_least` is the ratio the project aims at.

    None where the ratio is worth seeing and nothing was promised.
    """

    figure: str
    beside: str
    at_least: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """A goal with the ratio that was measured."""

    goal: Goal
    ratio: float


def compared(results: Iterable[Result], goals: Iterable[Goal]) -> list[Comparison]:
    """Return the comparisons both of whose figures were measured."""
    values = {each.name: each.value for each in results if isinstance(each, Figure)}
    return [
        Comparison(goal, values[goal.figure] / values[goal.beside])
        for goal in goals
        if goal.figure in values and goal.beside in values
    ]


def to_object(results: Sequence[Result], goals: Iterable[Goal]) -> list[dict[str, Any]]:
    """Return the results as JSON: each with its ratios beside the other figures."""
    comparisons = compared(results, goals)
    return [
        _result(each)
        | {
            "beside": [
                {"name": c.goal.beside, "ratio": c.ratio, "goal": c.goal.at_least}
                for c in comparisons
                if c.goal.figure == each.name
            ]
        }
        for each in results
    ]


def _result(result: Result) -> dict[str, Any]:
    if isinstance(result, Absent):
        return {"name": result.name, "says": result.says, "not_measured": result.why}
    return {
        "name": result.name,
        "says": result.says,
        "value": result.value,
        "unit": result.unit,
        "detail": result.detail,
    }
