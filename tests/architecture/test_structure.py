"""The house: floors, sizes of files and functions, nothing that does not belong."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.cli.declared import MODULES
from ledger.domain.registry import TOPICS

ROOT = Path(__file__).parents[2]
CODE = ("ledger", "api", "projections", "bench", "migrations", "tests")
TOP = {
    *("ledger", "api", "projections", "migrations", "tests", "docs", "deploy", "bench", ".ci"),
    *("pyproject.toml", "requirements.lock", "README.md", "CHANGELOG.md", "CONTRIBUTING.md"),
    *("LICENSE", "SECURITY.md", "Makefile", ".editorconfig", ".gitignore"),
    ".pre-commit-config.yaml",
}
LONGEST_FUNCTION = 70
LONGEST_TABLE = 110
"""In tests a function may be a table of cases or a story, which splitting makes no clearer."""
LONGEST_FILE = 700
WHOLE = {"ledger/court.py": 1731}
"""What is one file because it is to be read, and to run, without any other (decision 17)."""
GENERATED = re.compile(
    "^# <table of authority>\n.*^# </table of authority>\n", re.DOTALL | re.MULTILINE
)
"""Data in such a file, which is read as a table and not as code (decision 22)."""


def sources(*folders: str) -> Iterator[Path]:
    """Yield the Python files below these folders."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def test_imports_only_point_inwards():
    """The contracts stand in pyproject.toml."""
    lint = Path(sys.executable).with_name("lint-imports")
    run = subprocess.run(
        [lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert 0 == run.returncode, run.stdout


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="what is tracked, only a clone knows")
def test_nothing_stands_at_the_top_but_what_a_repository_has():
    """A file that a test or a command left there by chance is not taken in."""
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    assert TOP == {name.split("/")[0] for name in tracked if name}


@pytest.mark.parametrize("folder", CODE)
def test_no_file_is_longer_than_a_stranger_reads_at_once(folder: str):
    long = [
        f"{name}: {lines}"
        for path in sources(folder)
        for name in [path.relative_to(ROOT).as_posix()]
        if (lines := len(GENERATED.sub("", path.read_text("utf-8")).splitlines()))
        > WHOLE.get(name, LONGEST_FILE)
    ]
    assert [] == long


def test_the_documents_say_how_long_the_one_file_is():
    court = (ROOT / "ledger" / "court.py").read_text("utf-8")
    lines = f"{len(GENERATED.sub('', court).splitlines()):,}"
    for name, told in (
        ("verify.md", f"{lines} lines"),
        ("spec/bundle.md", f"{lines} lines"),
        ("spec/bundle.vi.md", f"{lines.replace(',', '.')} dòng"),
    ):
        assert told in (ROOT / "docs" / name).read_text("utf-8"), (name, lines)


@pytest.mark.parametrize("folder", CODE)
def test_no_function_is_longer_than_a_page(folder: str):
    longest = LONGEST_TABLE if folder == "tests" else LONGEST_FUNCTION
    long = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}: {length}"
        for path in sources(folder)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.lineno + 1) > longest
    ]
    assert [] == long


def test_no_float_in_the_rules():
    """Money, shares and fractions are integers."""
    floats = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sources("ledger/domain")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if (isinstance(node, ast.Constant) and isinstance(node.value, float))
        or (isinstance(node, ast.Name) and node.id == "float")
    ]
    assert [] == floats


OWN = {
    "api/cli/declared.py",
    "api/cli/questions.py",
    "api/cli/story.py",
    "api/describe/event_types.py",
    "api/describe/titles.py",
    "api/explorer/runbook.py",
    "api/explorer/shown.py",
    "api/importers/office_codes.py",
    "api/importers/uspto_parties.py",
    "api/openapi/published.py",
    "api/reports/typesetting.py",
    "ledger/domain/core/office.py",
    "ledger/domain/core/remedy.py",
    "ledger/domain/core/territory.py",
    "ledger/events/lawbook.py",
    "ledger/follow/auditfile.py",
    "ledger/powers.py",
    "ledger/store/embedded.py",
    "ledger/store/migrate.py",
    "ledger/store/schema.py",
}
"""What reads files of this software's own, or the database server's log, with Python's means."""


def test_a_file_that_somebody_names_is_read_by_one_function():
    """`ledger.wire.regular` waits for no pipe, and bounds what it reads (decision 37)."""
    others = {
        path.relative_to(ROOT).as_posix()
        for path in sources("ledger", "api", "projections")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"read_bytes", "read_text"}
    }
    assert OWN == others


def test_rules_read_no_clock_no_chance_and_nothing_outside():
    forbidden = {"time", "random", "secrets", "uuid", "os", "socket", "threading", "pathlib"}
    imported = {
        (str(path.relative_to(ROOT)), name)
        for path in sources("ledger/domain")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in _imported(node)
        if name.split(".")[0] in forbidden
    }
    assert set() == imported


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []


def test_every_module_is_imported_by_another_or_started_by_name():
    """No dead file: what nobody imports is a program or an entry point."""
    started = {
        *MODULES.values(),  # by the name of a command
        "api.cli.main",  # by the console script
        "bench.profiled_serve",  # by `python -m bench`, as processes of their own
        "bench.raw_post",
        "ledger.events.library",  # by anyone who builds a read model of their own
        "ledger.store.recorder",  # by that, through its topic
        *(body.__module__ for body in TOPICS.values()),  # by the registry
    }
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in sources("ledger", "api", "projections", "bench")
    }
    used = set()
    for path in modules.values():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                used |= {alias.name for alias in node.names}
            if isinstance(node, ast.ImportFrom) and node.module:
                used |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    packages = {name for name, path in modules.items() if path.name == "__init__.py"}
    programs = {name for name in modules if name.endswith("__main__")}
    assert set() == set(modules) - used - packages - programs - started
