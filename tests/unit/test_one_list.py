"""What HTTP is asked, commands and pages ask, with the same parameters: they have one list."""

import inspect
import re
from collections.abc import Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import agreeing, answers, echoes, questions
from api.cli.declared import MODULES
from api.cli.main import app
from api.explorer import pages
from api.main import ROUTED
from api.reads.questions import QUESTIONS
from projections.questions.terms import ReportTerms, TermsOn
from tests.support.questioned import BY_LIST_ALONE, COMMANDS

OF_TECHNOLOGIES = {
    "getTechnologyExclusive": "getExclusive",
    "getTechnologyLeftToGrant": "getLeftToGrant",
}
"""The same question of a technology: one command asks both, by the id."""

LEFT_OUT: Mapping[str, frozenset[str]] = {
    "listRegistrations": frozenset({"contract", "after", "limit"}),
    "getSigned": frozenset({"after", "limit"}),
    "checkLicence": frozenset({"scheme", "edition"}),
    "getExclusive": frozenset({"scheme", "edition"}),
    "getLeftToGrant": frozenset({"scheme", "edition"}),
}
"""What a command of its own does not ask: pages of a list, and another scheme than the IPC."""


Asked = dict[str, list[tuple[Any, Any]]]


def asked_by_commands(monkeypatch: pytest.MonkeyPatch) -> tuple[Asked, Asked]:
    """Return the kinds and the parameters that commands ask, by the question's name.

    First those of the commands that are made from the list, then those of all others.
    """
    found: tuple[Asked, Asked] = {}, {}
    by_path = {re.sub(r"{[^}]*}", "", each.route.path): name for name, each in QUESTIONS.items()}

    def asked(*of: Any, **parameters: Any) -> Any:
        path = of[-1]
        kind, parameters = questions.meant(path, parameters)
        rest = {name: value for name, value in parameters.items() if f"{{{name}}}" not in path}
        by_list.setdefault(by_path[re.sub(r"{[^}]*}", "", path)], []).append(
            (questions.kind_named(kind), rest)
        )
        raise answers.CouldNotAsk("it is known what would be asked")

    for words in COMMANDS:
        by_list = found[0 if words[0] == "ask" else 1]
        monkeypatch.setattr(f"{MODULES[words[0]]}.query", asked)
        CliRunner().invoke(app, [*words, "--url", "http://server"])
    return found


def test_every_question_has_a_command_that_asks_all_that_http_is_asked(
    monkeypatch: pytest.MonkeyPatch,
):
    assert ROUTED, "questions are declared where they are routed"
    found, _ = asked_by_commands(monkeypatch)
    assert QUESTIONS.keys() == found.keys()
    for name, ((kind, asked),) in found.items():
        question = QUESTIONS[name]
        assert kind is question.answers[0], name
        more = {"report"} if name == "getTerms" else set()  # It has another kind of answer.
        assert question.takes == {*asked, *more, "at_least"}, name


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_an_answer_says_all_that_is_asked(name: str):
    question = QUESTIONS[name]
    asked = {*question.takes, *question.route.param_convertors} - {"at_least"}
    assert asked == {each for each in asked for kind in question.answers if echoes.says(kind, each)}


def test_where_answers_say_it_is_told_of_kinds_that_there_are():
    kinds = {kind.__name__ for question in QUESTIONS.values() for kind in question.answers}
    for table in (echoes.MEMBERS, echoes.CHOSEN, agreeing.ABOUT):
        assert {place.partition(".")[0] for place in table} <= kinds


def test_what_the_terms_of_a_report_are_is_asked_of_it(monkeypatch: pytest.MonkeyPatch):
    asked: list[Any] = []
    monkeypatch.setattr(
        "api.cli.ask.query", lambda *of, **more: asked.append(questions.meant(of[-1], more))
    )
    monkeypatch.setattr("api.cli.ask.print_answer", lambda *_of, **_more: None)
    for words in (
        [],
        ["--report", "report:x"],
        ["--report", "report:x", "--true-on", "2026-01-01"],
    ):
        CliRunner().invoke(app, ["ask", "terms", "contract:x", "--url", "http://server", *words])
    of = {"contract": "contract:x", "known_at": None, "at_least": None}
    assert [(questions.kind_named(kind), put) for kind, put in asked] == [
        (TermsOn, {**of, "true_on": None}),
        (ReportTerms, {**of, "report": "report:x"}),
        (TermsOn, {**of, "true_on": "2026-01-01", "report": "report:x"}),
    ], "of both together the ledger says that they do not go together"


def test_other_commands_ask_the_questions_of_the_list(monkeypatch: pytest.MonkeyPatch):
    _, found = asked_by_commands(monkeypatch)
    assert QUESTIONS.keys() == found.keys() | BY_LIST_ALONE | OF_TECHNOLOGIES.keys()
    assert BY_LIST_ALONE.isdisjoint(found)
    for name, asked in found.items():
        question, takes = QUESTIONS[name], {each for _, rest in asked for each in rest}
        assert {kind for kind, _ in asked} == {*question.answers}, name
        assert question.takes == takes | {"at_least"} | LEFT_OUT.get(name, frozenset()), name
        assert takes.isdisjoint(LEFT_OUT.get(name, ())), name


@pytest.mark.parametrize(("name", "default"), [("effect", "parties"), ("currency", "VND")])
def test_a_command_leaves_open_what_the_question_leaves_open(
    monkeypatch: pytest.MonkeyPatch, name: str, default: str
):
    found = asked_by_commands(monkeypatch)
    rows = [(each, rest) for asked in found for each in asked for _, rest in asked[each]]
    of = {each: rest[name] for each, rest in rows if name in rest}
    assert of
    for question, value in of.items():
        given = inspect.signature(QUESTIONS[question].ask).parameters[name].default
        assert (default, default) == (value, given), question


def test_pages_ask_questions_of_the_list():
    source = inspect.getsource(pages)
    asked = set(re.findall(r'ask\("[a-z]+", "([A-Za-z]+)"', source))
    assert len(asked) > 12
    assert asked <= QUESTIONS.keys()


def test_a_question_of_a_technology_is_that_of_a_right():
    for name, of_rights in OF_TECHNOLOGIES.items():
        assert QUESTIONS[name].ask is QUESTIONS[of_rights].ask
        assert QUESTIONS[name].takes == QUESTIONS[of_rights].takes
