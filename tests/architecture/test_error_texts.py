"""Error texts: what is wrong is said with the value that is wrong, or at least with its place."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.quoted import first_difference, listed, quoted, repeated

ROOT = Path(__file__).parents[2]
FOLDERS = (
    *("ledger/domain", "ledger/events", "ledger/follow", "ledger/log", "ledger/publish"),
    *("ledger/verify", "ledger/wire", "ledger/witness", "api/importers"),
)

NOTHING_TO_TELL = {
    # A secret is never shown, nor an id that holds a person's number.
    "a party id with twelve digits holds a citizen's number",
    "a token of digits alone is a padded number, not a random one",
    "a person is party:tok.<32 hex> and has no name",
    "the PEM does not open to a private key",
    "a password is not empty",
    # The value stands before it: who reads a day names the parameter, or the member by its pointer.
    "a day is written YYYY-MM-DD",
    "an instant is written YYYY-MM-DDTHH:MM:SS.mmmZ",
    "the commitment was not made from this opening",
    # What is wrong is that nothing is there.
    "the proof ends too early",
    "extra data is not empty: without any the line is left out",
    "no key of the log states a time",
    "an exclusion names a place or a field",
    "an amendment changes something",
    "an event is recorded by submitting it, signed: docs/sdk.md",
    "the policy that is trusted asks for no witness",
    "no Ed25519 key of the log is at hand: put it into LEDGER_HOME/keys",
    "no stored checkpoint: only the initialisation of a log makes the first",
    "the mapping names no day of signing or of effect",
    "a name is blank",
    # There is but one that it can be about: the genesis entry, an agreement's one rate.
    "the stored checkpoint is not of the genesis entry",
    "royalties are by a rate and by tiers",
    # Reasons of the wire format, which its test vectors name.
    *("depth", "integer", "name", "string"),
}


def constant_texts(path: Path) -> Iterator[tuple[int, str]]:
    """Yield where an error is raised of which all that is said is the same each time."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
            continue
        told = [*node.exc.args, *(each.value for each in node.exc.keywords)]
        texts = [each.value for each in told if isinstance(each, ast.Constant)]
        if any(isinstance(each, str) for each in texts) and all(map(_is_constant, told)):
            yield node.lineno, max((each for each in texts if isinstance(each, str)), key=len)


def _is_constant(argument: ast.expr) -> bool:
    """Say whether an argument is a literal, or a member of an enumeration: `Check.TREE`."""
    named = isinstance(argument, ast.Attribute) and argument.attr.isupper()
    return named or isinstance(argument, ast.Constant)


@pytest.mark.parametrize("folder", FOLDERS)
def test_an_error_says_the_value_that_is_wrong(folder: str):
    bare = {
        f"{path.relative_to(ROOT)}:{line}: {text}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for line, text in constant_texts(path)
        if text not in NOTHING_TO_TELL
    }
    assert set() == bare


def test_a_value_is_cut_and_every_character_of_it_is_seen():
    assert "'a\\u200bb\\n'" == quoted("a\u200bb\n")
    assert f"'{'x' * 60}' and 1 characters more" == quoted("x" * 61)
    assert r"'\\xff'" == quoted(b"\xff")
    assert ("a list of 2", "an object of 1", "null", "7") == (
        *(quoted([1, 2]), quoted({"a": 1})),
        *(quoted(None), quoted(7)),
    )
    assert "'a', 'b'" == listed("ab")
    assert "'a', 'b', 'c', 'd', 'e', more" == listed("abcdefg")
    assert ("none", 1, 2) == (
        listed([]),
        first_difference("ab", "ac"),
        first_difference("ab", "abc"),
    )
    assert ("a", None) == (repeated("aba"), repeated("ab"))
