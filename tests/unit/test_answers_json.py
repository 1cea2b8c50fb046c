"""Answers in JSON that every reader takes exactly."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import orjson
import pytest

from api.reads.questions import answer_json
from projections.tables.contract_revenue import Balance

MOST = 2**53 - 1


@dataclass(frozen=True)
class Answer:
    """Whatever a question answers."""

    value: Any


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (MOST, MOST),
        (-MOST, -MOST),
        (MOST + 1, str(MOST + 1)),
        (-(2**64), str(-(2**64))),
        (2**64, str(2**64)),
        (True, True),
        (Fraction(1, 3), [1, 3]),
        (Fraction(1, 2**63), [1, str(2**63)]),
        ((2**70, 1), [str(2**70), 1]),
    ],
)
def test_an_integer_that_not_every_reader_takes_is_a_string(value: Any, written: Any) -> None:
    assert {"value": written} == answered(Answer(value))


def test_what_is_owed_in_all_may_be_more_than_any_amount() -> None:
    balance = answered(Balance("party:a", "VND", payable=2000 * MOST, paid=MOST))
    assert balance["payable"] == str(2000 * MOST)
    assert balance["open"] == str(1999 * MOST)
    assert balance["paid"] == MOST


def answered(answer: object) -> Any:
    return orjson.loads(answer_json(answer).body)
