"""What commands that ask end with: a verdict has one code, and only yes/no questions have a no."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
import typer

from api.cli.answers import EXIT_CODES, CheckedAnswer, print_answer
from api.describe.answer_json import Contradicted, read_as
from api.reads.questions import QUESTIONS, command_of
from projections.engine.answer import Answer, Verdict, YesOrNo
from projections.questions.dispute_record import HoldsOn
from tests.support.questioned import COMMANDS, kind_of

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "exit-codes.md"


def questions(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, type[Answer]]]:
    """Yield every command that asks a server, with each kind of answer that it may have."""
    for words in COMMANDS:
        yield " ".join(words[:2]), kind_of(words, monkeypatch)
    for operation, question in QUESTIONS.items():
        yield from ((f"ask {command_of(operation)}", kind) for kind in question.answers)


def test_the_document_lists_the_commands_that_can_say_no(monkeypatch: pytest.MonkeyPatch):
    listed = re.findall(r"^- `([a-z]+ [a-z-]+)`$", DOCUMENT.read_text("utf-8"), re.MULTILINE)
    asked = list(questions(monkeypatch))
    assert len(asked) > 60
    assert sorted({command for command, kind in asked if issubclass(kind, YesOrNo)}) == listed


def test_each_verdict_has_its_exit_code():
    assert set(get_args(Verdict)) == set(EXIT_CODES)
    assert {"yes": 0, "answered": 0, "no": 1, "contested": 3, "unknown": 4} == EXIT_CODES


ANSWER = {
    "subject": "contract:b",
    "true_on": "2026-12-01",
    "orders": [],
    "size": 3,
    "positions": [],
    "known_at": None,
    "unknown": [],
    "near": [],
    "doubted": [],
}


def answered(**members: object) -> CheckedAnswer:
    """Return an answer to the question which orders hold a contract."""
    return CheckedAnswer({**ANSWER, **members}, HoldsOn, None)


UNKNOWN: dict[str, object] = {
    "unknown": ["contract:b"],
    "near": [{"asked": "contract:b", "ids": ["contract:a"]}],
}


@pytest.mark.parametrize("verdict", get_args(Verdict))
def test_a_command_ends_with_the_verdict_of_its_answer(verdict: Verdict):
    for as_json in (False, True):
        with pytest.raises(typer.Exit) as ended:
            print_answer(answered(verdict=verdict), "en", as_json=as_json)
        assert EXIT_CODES[verdict] == ended.value.exit_code


@pytest.mark.parametrize(
    ("verdict", "reasons"),
    [
        ("yes", {}),
        ("yes", UNKNOWN),
        ("answered", {"doubted": [1]}),
        ("contested", UNKNOWN),
    ],
)
def test_a_verdict_that_its_reasons_do_not_allow_is_no_answer(
    verdict: Verdict, reasons: dict[str, object]
):
    with pytest.raises(Contradicted, match=f'verdict is "{verdict}"'):
        read_as(HoldsOn, {**ANSWER, **reasons, "verdict": verdict})


def test_of_what_is_unknown_nothing_else_is_said(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(typer.Exit):
        print_answer(answered(verdict="unknown", **UNKNOWN), "en", as_json=False)
    said = capsys.readouterr().out
    assert "No order holds" not in said
    assert "nothing is recorded of contract:b; near: contract:a" in said


def test_what_contradicts_an_answer_is_said_before_it(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(typer.Exit):
        print_answer(answered(verdict="contested", doubted=[7]), "en", as_json=False)
    said = capsys.readouterr().out
    assert said.index("contradict this answer, entries 7") < said.index("No order holds")


def test_an_answer_is_said_in_the_language_that_is_asked_for(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(typer.Exit):
        print_answer(answered(verdict="answered"), "vi", as_json=False)
    said = capsys.readouterr().out
    assert "Không có lệnh nào" in said
    assert "vào ngày: 01/12/2026" in said
