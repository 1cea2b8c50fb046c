"""
The sets of law data at hand: the one shipped with this version, and those that were put beside it.

A new decree is a directory of JSON files under `LEDGER_HOME/law/` and a `ledger.rules_adopted/1`
that names its digest; `ledger.domain.core.dated_law` says what the files hold.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import lru_cache
from importlib import resources
from pathlib import Path

from ledger.domain.core.dated_law import Law, MalformedLaw, digest_of, read_law
from ledger.runtime import durable
from ledger.runtime.faults import NeedsOperator
from ledger.wire.regular import OddFile, read_regular


class SetUnfit(NeedsOperator):
    """A directory beside the shipped set holds none; it is put right, or taken away."""

    exit_code = 2


@lru_cache(maxsize=1)
def bundled_law() -> Law:
    """Return the law data of this version."""
    return read_law(bundled_files())


def bundled_files() -> dict[str, bytes]:
    """Return the files of the law data of this version, by name."""
    folder = resources.files("ledger.domain.core") / "law_data"
    return {
        file.name: file.read_bytes() for file in folder.iterdir() if file.name.endswith(".json")
    }


def files_in(directory: Path) -> dict[str, bytes]:
    """Return the files of a data set in a directory, by name."""
    return {path.name: read_regular(path) for path in sorted(directory.glob("*.json"))}


def put_on_shelf(directory: Path, files: Mapping[str, bytes]) -> None:
    """Put a set beside the shipped one, whole or not at all; once.

    Raises `MalformedLaw` if the files are none.
    """
    durable.make_directories(directory)
    with suppress(FileExistsError):
        digest = read_law(files).sha256.partition(":")[2]
        durable.create_directory(directory / digest[:16], files)


class LawSets(Mapping[str, Law]):
    """The sets at hand by digest; looked up again in the directory when an unknown one is named.

    So a set that was put there while the process runs can be adopted without starting it again.
    """

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory
        self._laws = available_laws(directory)

    def __getitem__(self, sha256: str) -> Law:
        if sha256 not in self._laws:
            self._laws = available_laws(self._directory)
        return self._laws[sha256]

    def __iter__(self) -> Iterator[str]:
        return iter(self._laws)

    def __len__(self) -> int:
        return len(self._laws)

    def files(self, sha256: str) -> Mapping[str, bytes]:
        """Return the files of a set, by name. Raises `KeyError` if it is not at hand."""
        if sha256 == bundled_law().sha256:
            return bundled_files()
        for each in _sets_in(self._directory):
            if digest_of(files := files_in(each)) == sha256:
                return files
        raise KeyError(sha256)


def available_laws(directory: Path | None = None) -> Mapping[str, Law]:
    """Return the shipped set and those in the subdirectories of a directory, by digest.

    Raises `SetUnfit` if one of them is none.
    """
    if directory is not None and directory.exists() and not directory.is_dir():
        raise SetUnfit(f"{directory} is no directory")
    laws = [bundled_law(), *map(_read_set, _sets_in(directory))]
    return {law.sha256: law for law in laws}


def _read_set(directory: Path) -> Law:
    try:
        return read_law(files_in(directory))
    except OddFile as error:
        raise SetUnfit(error.told) from None
    except MalformedLaw as error:
        raise SetUnfit(f"{directory} is no set of law data: {error}") from None


def _sets_in(directory: Path | None) -> list[Path]:
    """Return the directories of sets; none where nobody has put one."""
    if directory is None or not directory.is_dir():
        return []
    sets = (each for each in directory.iterdir() if each.is_dir())
    return sorted(each for each in sets if not durable.is_unfinished(each))
