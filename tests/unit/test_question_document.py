"""docs/questions.md is held to the list of questions, and to commands that the parser takes."""

import re
import shlex
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import parse_qsl

import pytest
from typer.core import TyperCommand
from typer.testing import CliRunner

from api.cli.answers import CouldNotAsk
from api.cli.declared import MODULES
from api.cli.main import app
from api.main import ROUTED
from api.reads.questions import QUESTIONS
from tests.support import asked_table, question_table
from tests.support.generated import AGAIN

assert ROUTED, "questions are declared where they are routed"

DOCUMENT = question_table.DOCUMENT.read_text("utf-8")
TEXT = DOCUMENT.partition("## All questions")[0]
WORDS = dict.fromkeys(re.findall(r"\$([A-Z_0-9]+)", DOCUMENT), "2026") | {
    "TODAY": "2026-12-01",
    "NEXT_YEAR": "2027-12-01",
}
"""What stands here for the variables of the document: a number, or a day."""

COMMANDS = re.findall(r"(?:^    |`)techledger ([a-z][^`\n]*)", TEXT, re.MULTILINE)
FORMS = {"ask", "ask QUESTION", "ask QUESTION --help"}
"""How commands are formed, which is told in the same way."""

SECTIONS = [
    (curl, command)
    for section in re.split(r"^## ", TEXT, flags=re.MULTILINE)
    for curl in re.findall(r'^    curl -sS "\$L([^"]*)"$', section, re.MULTILINE)
    for command in re.findall(r"^    techledger (.*)$", section, re.MULTILINE)
] + re.findall(r"\| `(/v1/[^`]*)` \| `techledger ([^`]*)` \|$", TEXT, re.MULTILINE)

PATHS = {
    *re.findall(r'curl -sS "\$L([^"]*)"', TEXT),
    *re.findall(r"`(/v1/[^`]*)`", TEXT),
}
NO_QUESTIONS = {"/v1/consistency", "/v1/entries/{position}"}
"""Proofs, and entries as they stand: nobody has to fold the log for them."""


def said(text: str) -> str:
    return Template(text).substitute(WORDS)


def asked_by(path: str) -> tuple[str, dict[str, str]]:
    """Return the question that a path asks, and what its query asks. Raises `KeyError`."""
    where, _, rest = said(path).partition("?")
    for name, question in QUESTIONS.items():
        form = re.sub(r"\{[^}]*\}", r"(\\{[^}]*\\}|[^/]+)", question.route.path)
        if re.fullmatch(form, where):
            return name, dict(parse_qsl(rest, keep_blank_values=True))
    raise KeyError(where)


@pytest.fixture(autouse=True)
def no_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEDGER_URL", "http://server")


def test_every_question_of_the_list_is_in_the_document():
    assert DOCUMENT == question_table.described(), AGAIN


def test_the_table_of_commands_that_ask_says_what_the_routes_declare():
    assert asked_table.TABLE.read_text("utf-8") == asked_table.written(), AGAIN


def test_every_path_of_the_document_is_asked_of_the_list():
    assert len(PATHS) > 30
    for path in PATHS:
        if path.partition("?")[0] not in NO_QUESTIONS:
            name, asked = asked_by(path)
            assert asked.keys() <= QUESTIONS[name].takes, path


@pytest.mark.parametrize("words", sorted({*COMMANDS} - FORMS))
def test_every_command_of_the_document_is_one(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: str
):
    (tmp_path / "log").mkdir()  # A command before has made it.
    (tmp_path / "trust.json").touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LEDGER_TRUST", "trust.json")
    parsed: list[str] = []
    monkeypatch.setattr(TyperCommand, "invoke", lambda _, ctx: parsed.append(ctx.command_path))
    done = CliRunner().invoke(app, shlex.split(said(words)))
    assert 0 == done.exit_code, done.output
    (command,) = parsed
    assert f"techledger {words} ".startswith(f"{command} ")


@pytest.mark.parametrize(("path", "words"), SECTIONS)
def test_a_command_asks_what_is_asked_by_curl(
    monkeypatch: pytest.MonkeyPatch, path: str, words: str
):
    found: list[tuple[str, dict[str, Any]]] = []

    def query(*of: Any, **parameters: Any) -> Any:
        found.append((of[-1].format_map(parameters), parameters))
        raise CouldNotAsk("it is known what would be asked")

    noun, *_ = words.split()
    monkeypatch.setattr(f"{MODULES[noun]}.query", query)
    CliRunner().invoke(app, shlex.split(said(words)))
    ((where, parameters),) = found
    name, asked = asked_by(path)
    assert (name, said(path).partition("?")[0]) == (asked_by(where)[0], where)
    assert asked == {each: _written(parameters[each]) for each in asked}


def _written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_there_are_commands_in_it():
    assert len({*COMMANDS} - FORMS) > 25
    assert len(SECTIONS) > 25
