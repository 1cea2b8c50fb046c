"""What HTTP is asked, commands and pages ask with the same parameters, or it says here why not."""

import inspect
import re
from collections.abc import Mapping
from typing import Any

import pytest
from typer.testing import CliRunner

from api.cli import answers
from api.cli.main import MODULES, app
from api.explorer import pages
from api.main import ROUTED
from api.reads.questions import QUESTIONS
from tests.support.questioned import QUESTIONS as COMMANDS

WITHOUT_COMMAND = frozenset(
    {
        *("getDocuments", "getDocument", "listFindings", "getKey", "getPartyKeys", "getMandates"),
        *("getRelations", "getRevenue", "getShare", "getLapseEffects", "getTimeline", "listOffers"),
        *("getTechnology", "getAuthorMinimum", "listEditions", "listProjections"),
        *("getProjectionDifference", "getProjectionDigest"),
    }
)
"""Questions that are asked by HTTP alone: a further command takes its name out of here."""

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
"""What a command does not ask: pages of a list, and another scheme than the IPC."""


def asked_by_commands(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[tuple[Any, Any]]]:
    """Return the kinds and the parameters that commands ask, by the question's name."""
    found = dict[str, list[tuple[Any, Any]]]()
    by_path = {re.sub(r"{[^}]*}", "", each.route.path): name for name, each in QUESTIONS.items()}

    def asked(*of: Any, **parameters: Any) -> Any:
        _url, _trust, _language, kind, path = of
        rest = {name: value for name, value in parameters.items() if f"{{{name}}}" not in path}
        found.setdefault(by_path[re.sub(r"{[^}]*}", "", path)], []).append((kind, rest))
        raise answers.CouldNotAsk("it is known what would be asked")

    for words in COMMANDS:
        monkeypatch.setattr(f"{MODULES[words[0]]}.query", asked)
        CliRunner().invoke(app, [*words, "--url", "http://server"])
    return found


def test_commands_ask_the_questions_that_http_is_asked(monkeypatch: pytest.MonkeyPatch):
    assert ROUTED, "questions are declared where they are routed"
    found = asked_by_commands(monkeypatch)
    assert QUESTIONS.keys() == found.keys() | WITHOUT_COMMAND | OF_TECHNOLOGIES.keys()
    assert WITHOUT_COMMAND.isdisjoint(found)
    for name, asked in found.items():
        question, takes = QUESTIONS[name], {each for _, rest in asked for each in rest}
        assert {kind for kind, _ in asked} == {*question.answers}, name
        assert question.takes == takes | {"at_least"} | LEFT_OUT.get(name, frozenset()), name
        assert takes.isdisjoint(LEFT_OUT.get(name, ())), name


@pytest.mark.parametrize(("name", "default"), [("effect", "parties"), ("currency", "VND")])
def test_a_command_leaves_open_what_the_question_leaves_open(
    monkeypatch: pytest.MonkeyPatch, name: str, default: str
):
    asked = asked_by_commands(monkeypatch)
    of = {each: rest[name] for each, rows in asked.items() for _, rest in rows if name in rest}
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
