"""The command line as a whole: every command is there, and costs a start what it needs itself."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.metadata import version
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any, get_args

import httpx2
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from api.cli import audit
from api.cli.declared import MODULES, SINGLE
from api.cli.main import app
from ledger.home.paths import HomeNotInitialised
from ledger.home.settings import OF_CLIENTS
from ledger.wire.told import Told
from tests.support import command_table
from tests.support.generated import AGAIN
from tests.support.sample_log import sample_log


def test_every_command_is_shown():
    said = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    rows = re.findall(r"^  (\S+)", said.partition("Commands:")[2], re.MULTILINE)
    assert [*MODULES] == rows


def test_the_table_says_what_the_modules_declare():
    assert command_table.TABLE.read_text("utf-8") == command_table.written(), AGAIN


def test_every_command_says_what_it_does():
    def told(table: dict[str, Any]) -> Iterator[str]:
        for each in table.values():
            yield each["help"]
            yield from told(each.get("commands", {}))

    assert [] == [each for each in told(json.loads(command_table.written())) if each[-1:] != "."]


ALWAYS_JSON = {
    *("openapi", "keys new", "keys show", "events template", "events seal", "events new"),
    *("events sign", "events show", "operate trust", "operate refusal-key", "operate adopt-delay"),
    *("operate adopt-policy", "operate hand-over", "operate close", "operate log-keys new"),
    *("operate log-keys retire", "operate opening show"),
}
"""Commands that print JSON however they are asked: events, keys and what others read on."""

SERVES = {"demo", "serve", "witness serve"}
"""Commands that work until they are interrupted; what they log is JSON lines."""


def test_every_command_prints_json():
    def without(table: dict[str, Any], words: str = "") -> Iterator[str]:
        for name, each in table.items():
            if "commands" in each:
                yield from without(each["commands"], f"{words}{name} ")
            elif not any("--json" in one.get("flags", ()) for one in each["parameters"]):
                yield f"{words}{name}"

    assert ALWAYS_JSON | SERVES == {*without(json.loads(command_table.written()))}


def test_the_version_is_told():
    done = CliRunner().invoke(app, ["--version"])
    assert (0, f"techledger {version('techledger')}\n") == (done.exit_code, done.stdout)


@pytest.mark.parametrize("name", MODULES)
def test_every_command_explains_itself(name: str):
    done = CliRunner().invoke(app, [name, "--help"])
    assert (0, True) == (done.exit_code, f"Usage: techledger {name} " in done.stdout)


def test_the_help_of_a_command_names_no_option_that_it_has_not():
    for module in set(MODULES.values()):
        for name, command in commands_of(import_module(module)):
            options = {each for one in command.params for each in (*one.opts, *one.secondary_opts)}
            helps = (getattr(one, "help", None) or "" for one in command.params)
            told = {each for help_ in helps for each in re.findall(r"--[a-z][a-z-]+", help_)}
            assert told <= options, (module, name)


def commands_of(module: ModuleType) -> Iterator[tuple[str, Any]]:
    app = getattr(module, "app", None)
    if app is not None:
        group = get_command(app)
        yield from getattr(group, "commands", {"": group}).items()


def test_what_is_no_command_is_a_wrong_usage():
    done = CliRunner().invoke(app, ["sell"])
    assert (2, True) == (done.exit_code, "No such command 'sell'" in done.stderr)


HEAVY = {
    *("cryptography", "eventsourcing", "fastapi", "httpx2", "orjson", "psycopg2", "pydantic"),
    *("pydantic_settings", "rich", "starlette", "structlog", "uvicorn", "projections"),
}
"""What a start has no use for, and no time."""

READ = {"pydantic"}
"""What typer reads with what was typed."""


def imported_by(*lines: str, **environment: str) -> list[set[str]]:
    """Return the packages that one process has imported after each of these lines."""
    program = f"""
import sys
from api.cli.__main__ import run
for line in {lines}:
    sys.argv = ["techledger", *line.split()]
    try:
        run()
    except SystemExit:
        pass
    print("imported", *sys.modules)
"""
    return [
        {each.partition(".")[0] for each in found} for found in modules_of(program, **environment)
    ]


def modules_of(program: str, **environment: str) -> list[set[str]]:
    """Return the modules that a program says it has imported."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("LEDGER_")}
    words = [sys.executable, "-c", program]
    run = subprocess.run(words, env=own | environment, capture_output=True, text=True, check=True)
    found = re.findall(r"^imported (.*)$", run.stdout, re.MULTILINE)
    return [{*modules.split()} for modules in found]


def test_what_is_looked_up_imports_nothing_that_it_works_with():
    lines = ("", "--help", "--version", "sell", "rights", "rights --help", "rights sell")
    lines += ("rights title --help", "ask --help", "ask party-keys --help", "operate kek --help")
    wrong = ("rights title", "find x --limit many", "serve --port 1")
    found = imported_by(*lines, *wrong, LEDGER_HOME="/nowhere", LEDGER_URL="http://127.0.0.1:9")
    assert len(lines) + len(wrong) == len(found)
    assert set() == HEAVY & found[len(lines) - 1]
    assert READ == HEAVY & found[-1]


SERVING = HEAVY - {"cryptography", "httpx2", "orjson", "pydantic", "projections"}
"""What serves; who asks needs none of it."""

LINES = {
    "ask party-keys party:x": 2,
    "find x": 2,
    "rights title right:x": 2,
    "contracts terms contract:x": 2,
}
"""Lines that ask, and what each ends with where nobody answers."""


def test_what_asks_a_server_imports_no_server_and_no_rules_before_it_is_answered():
    program = f"""
import sys
from api.cli.__main__ import run
for line, code in {LINES}.items():
    sys.argv = ["techledger", *line.split()]
    try:
        run()
    except SystemExit as ended:
        assert ended.code == code, (line, ended.code)
print("imported", *sys.modules)
"""
    (imported,) = modules_of(program, LEDGER_URL="http://127.0.0.1:9")
    assert set() == SERVING & {each.partition(".")[0] for each in imported}
    assert set() == {"ledger.domain.registry", "api.describe.description"} & imported


def test_what_is_completed_imports_nothing_that_it_works_with():
    typed = {"COMP_WORDS": "techledger rights ti", "COMP_CWORD": "2"}
    (completed,) = imported_by("", _TECHLEDGER_COMPLETE="complete_bash", **typed)
    assert READ == HEAVY & completed


def test_a_command_imports_no_other():
    """A policy is read, and the document printed, without the rules, the server or a database."""
    server = {"fastapi", "psycopg2", "eventsourcing", "projections", "structlog"}
    assert set() == server & imported_by("policy lint x", "openapi")[-1]


def test_an_error_that_is_told_has_its_exit_code():
    assert 1 == HomeNotInitialised.exit_code == Told.exit_code


OF_THE_CLOSED_LOG = {("operate", "succeed")}
"""Commands whose `--trust` is not that of the log that one's settings name."""


def test_the_settings_of_clients_are_defaults_of_every_command_that_asks_for_them():
    found = set()
    for noun, module in MODULES.items():
        loaded = import_module(module)
        commands = (
            [(noun, getattr(loaded, noun))]
            if noun in SINGLE
            else [(each.name, each.callback) for each in loaded.app.registered_commands]
        )
        for verb, callback in commands:
            for name, variable in (("url", "URL"), ("trust", "TRUST"), ("language", "LANG")):
                given = signature(callback).parameters.get(name)
                if given is not None and (noun, verb) not in OF_THE_CLOSED_LOG:
                    (told,) = [each for each in get_args(given.annotation) if hasattr(each, "help")]
                    assert told.envvar == f"LEDGER_{variable}", (noun, verb, name)
                    found.add(told.envvar)
    assert set(OF_CLIENTS) - {"LEDGER_SEEN", "LEDGER_COPIES"} == found


def test_an_export_asks_the_server_and_believes_the_trust_root_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    log, trust, asked = sample_log(3), tmp_path / "trust.json", list[str]()
    files = log.files(3)
    trust.write_bytes(log.trust_root())

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(str(request.url))
        found = files.get(request.url.path[1:])
        return httpx2.Response(404) if found is None else httpx2.Response(200, content=found)

    client = httpx2.Client(base_url="http://server", transport=httpx2.MockTransport(answer))
    monkeypatch.setattr(audit, "open_client", lambda url: client if url == "http://server" else 1)
    monkeypatch.setenv("LEDGER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("LEDGER_URL", "http://server")
    monkeypatch.setenv("LEDGER_TRUST", str(trust))
    done = CliRunner().invoke(app, ["audit", "clone", str(tmp_path / "log")])
    assert (0, True) == (done.exit_code, "at size 3" in done.output), done.output
    assert asked
    assert not (tmp_path / "home").exists()
    verified = CliRunner().invoke(app, ["audit", "verify", str(tmp_path / "log"), "--no-rules"])
    assert (0, True) == (verified.exit_code, "VERIFIED" in verified.output), verified.output


def test_who_exports_makes_no_database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    home = tmp_path / "home"
    monkeypatch.setenv("LEDGER_HOME", str(home))
    words = ["audit", "clone", str(tmp_path / "log")]
    done = CliRunner().invoke(app, words, env={"COLUMNS": "500"})
    assert 2 == done.exit_code
    assert f"there is no database in {home}" in done.output
    assert "or name a server or a mirror" in done.output
    assert [] == [*tmp_path.iterdir()]
