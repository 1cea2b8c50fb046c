"""Every command that README and docs/ name exists, with every option that stands beside it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.main import get_command

from api.cli.declared import MODULES, SINGLE
from api.cli.main import app

ROOT = Path(__file__).parents[2]
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
CODE = re.compile(r"^```\w*$(.*?)^```$|^ {4}(.*)$|`([^`\n]+)`", re.MULTILINE | re.DOTALL)
CALL = re.compile(r"(?:^ *|/|[&|$=(] ?\S* ?)techledger((?: +[^\s#|`;&]+)+)", re.MULTILINE)
NO_CALL = {"golden key"}
"""What begins so and is the text of a seed."""
HISTORY = {"CHANGELOG.md"}
"""What says what there was."""


def calls(page: Path) -> Iterator[list[str]]:
    """Yield the words of each call of the command line in a page's code."""
    for groups in CODE.findall(page.read_text("utf-8")):
        for code in groups:
            joined = re.sub(r"\\\n\s*", " ", code)
            yield from (found.split() for found in CALL.findall(joined))


def commands() -> dict[str, Any]:
    """Return every command by its name, as it is typed."""
    found = dict[str, Any]()
    for noun in MODULES:
        command = get_command(app).get_command(None, noun)  # type: ignore[attr-defined]
        if noun in SINGLE:
            found[noun] = command
        else:
            inside = [(f"{noun} {verb}", one) for verb, one in command.commands.items()]
            for name, one in inside:
                more = getattr(one, "commands", {})
                found |= {f"{name} {verb}": each for verb, each in more.items()} or {name: one}
    return found


COMMANDS = commands()
NOUNS = {name.split()[0] for name in COMMANDS}


def fault(words: list[str]) -> str | None:
    """Say what of a call there is not; what is no call, such as a path, says nothing."""
    words = words[words[:1] == ["techledger"] :]  # A path that ends so, and then the program.
    plain = [each for each in words if not each.startswith("-")]
    if not plain or not re.fullmatch("[a-z][a-z-]*", words[0]):
        return None
    named = next((name for n in (3, 2, 1) if (name := " ".join(words[:n])) in COMMANDS), None)
    if named is None:
        whole = len(plain) == 1 and words[0] in NOUNS
        said = " ".join(words[:2])
        return None if whole or said in NO_CALL else said
    options = {
        option for one in COMMANDS[named].params for option in (*one.opts, *one.secondary_opts)
    }
    used = {re.match("--[a-z-]+", each)[0] for each in words if re.match("--[a-z]", each)}
    return None if used <= options else f"{named} {sorted(used - options)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_what_is_told_to_be_typed_is_there(page: Path):
    if page.name not in HISTORY:
        assert [] == [each for each in map(fault, calls(page)) if each]


def test_a_command_that_there_is_not_would_be_found():
    assert "law enact" == fault(["law", "enact", "DIR"])
    assert "law adopt ['--soon']" == fault(["law", "adopt", "DIR", "--soon"])
    assert fault(["law", "adopt", "DIR", "--url", "x"]) is None
    assert sum(len([*calls(page)]) for page in PAGES) > 60
