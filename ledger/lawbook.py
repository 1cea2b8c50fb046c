"""
The sets of law data at hand: the one shipped with this version, and those that were put beside it.

A new decree is a directory of JSON files under `LEDGER_HOME/law/` and a `ledger.rules_adopted/1`
that names its digest; `ledger.domain.law` says what the files hold.
"""

from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path

from ledger.domain.law import Law, read_law


@lru_cache(maxsize=1)
def shipped() -> Law:
    """Return the law data of this version."""
    return read_law(shipped_files())


def shipped_files() -> dict[str, bytes]:
    """Return the files of the law data of this version, by name."""
    folder = resources.files("ledger.domain") / "law_data"
    return {
        file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".json")
    }


def files_in(directory: Path) -> dict[str, bytes]:
    """Return the files of a data set in a directory, by name."""
    return {path.name: path.read_bytes() for path in sorted(directory.glob("*.json"))}


def laws_at_hand(directory: Path | None = None) -> Mapping[str, Law]:
    """Return the shipped set and those in the subdirectories of a directory, by digest.

    Raises `MalformedLaw` if one of them is none.
    """
    laws = [shipped()]
    if directory is not None and directory.is_dir():
        laws += [read_law(files_in(each)) for each in sorted(directory.iterdir()) if each.is_dir()]
    return {law.sha256: law for law in laws}
