"""What lies under a name that a command or a setting is given is told, whatever it is."""

import os
import re
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import typer

from api.cli import main
from ledger.events.lawbook import bundled_files
from ledger.follow import reader
from ledger.follow.audit import StoredLog, export
from ledger.home.settings import OF_CLIENTS, Settings
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.verify import __main__ as verifier
from tests.support.node import found, settings_for
from tests.support.postgres import fresh_database

pytestmark = pytest.mark.timeout(20)  # A pipe is waited for without end.

DOCUMENT = Path(__file__).parents[2] / "docs" / "reference" / "exit-codes.md"
EXIT_CODES = {
    command.strip("`"): {int(code) for code in codes.split(", ")}
    for command, codes in re.findall(
        r"^\| (any|`[a-z ]+`) \| ([\d, ]+) \|", DOCUMENT.read_text("utf-8"), re.MULTILINE
    )
}


def codes_of(command: str) -> set[int]:
    """Return the exit codes that are documented, but for that of success."""
    return EXIT_CODES.get(command, EXIT_CODES["any"]) - {0}


def pipe(path: Path) -> Path:
    os.mkfifo(path, 0o600)
    return path


def directory_of_pipes(path: Path) -> Path:
    path.mkdir()
    (path / "set").mkdir()
    names = ("checkpoint", "assignments.jsonl", "x.json", "set/x.json", "witness.toml")
    for name in (*names, "book.sqlite", "manifest.json", "vault-kek", "ledger"):
        os.mkfifo(path / name, 0o600)
    return path


def long_name(path: Path) -> Path:
    return path.with_name("n" * 300)


def noise(path: Path) -> Path:
    path.write_bytes(bytes(range(256)) * 16)
    path.chmod(0o600)
    return path


def nothing(path: Path) -> Path:
    return path


ODD: dict[str, Callable[[Path], Path]] = {
    "nothing": nothing,
    "a pipe": pipe,
    "a directory of pipes": directory_of_pipes,
    "a long name": long_name,
    "noise": noise,
}
odd = pytest.mark.parametrize("kind", ODD)

FINE = {
    ("operate backup destination", "a directory of pipes"),
    ("operate backup destination", "nothing"),
    ("operate export-tiles directory", "nothing"),
    ("audit clone directory", "nothing"),
    ("audit verify --judged", "nothing"),
    ("audit replay --judged", "nothing"),
    ("law export directory", "nothing"),
    ("keys new file", "nothing"),
}
"""What is well: it is written beside what is there, or where nothing is."""


class Named(NamedTuple):
    """One path of one command, and what the command wants beside."""

    command: tuple[str, ...]
    parameter: Any
    beside: tuple[Any, ...]

    @property
    def name(self) -> str:
        return " ".join([*self.command, self.parameter.opts[0]])


def is_path(parameter: Any) -> bool:
    descriptor = getattr(parameter, "type_descriptor", None)
    return descriptor is not None and "Path" in str(descriptor.annotation)


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name in group.list_commands(None):
        command = group.get_command(None, name)
        if hasattr(command, "list_commands"):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


def named_paths() -> list[Named]:
    """Return every path of every command; an option that the commands of a noun share, once."""
    found = dict[tuple[str, int], Named]()
    for path, command in commands(typer.main.get_command(main.app)):
        for each in filter(is_path, command.params):
            beside = tuple(other for other in command.params if other.required and other != each)
            shared = path[0], id(each.type_descriptor.parameter_info)
            found.setdefault(shared, Named(path, each, beside))
    return [*found.values()]


PATHS = named_paths()


class Place(NamedTuple):
    """A ledger, and an export of it."""

    settings: Settings
    log: Path


@pytest.fixture(scope="module")
def place(
    postgres_server: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    with fresh_database(postgres_server) as database:
        settings = settings_for(database, tmp_path_factory.mktemp("ledger") / "home")
        log = found(settings).path.with_name("log")
        with closing(Pool(database.app_dsn, size=1)) as pool:
            export(StoredLog(pool), log)
        yield Place(settings, log)


@dataclass(frozen=True)
class User:
    """Runs commands as a person does, but for the process."""

    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def runs(self, *words: str) -> tuple[int, str]:
        """Return the exit code, and what was said."""
        self.monkeypatch.setattr(sys, "argv", ["techledger", *words])
        with pytest.raises(SystemExit) as ended:
            main.run()
        said = self.capsys.readouterr()
        assert isinstance(ended.value.code, int | None)
        return ended.value.code or 0, f"{said.out}{said.err}"


@pytest.fixture
def user(place: Place, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> User:
    home, database, owner = (
        getattr(place.settings, name) for name in ("home", "database_url", "database_owner_url")
    )
    monkeypatch.setenv("LEDGER_HOME", str(home))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database)
    monkeypatch.setenv("LEDGER_DATABASE_OWNER_URL", owner)
    monkeypatch.setenv("COLUMNS", "2000")
    monkeypatch.setattr(reader, "RETRY_FOR_S", 0)
    return User(monkeypatch, capsys)


def words_of(parameter: Any, value: str) -> list[str]:
    return [parameter.opts[0], value] if parameter.opts[0].startswith("-") else [value]


def fit(place: Place, parameter: Any, new: Path) -> str:
    """Return what is in order for a parameter that is not the one in question."""
    if not is_path(parameter):
        return "http://127.0.0.1:9" if parameter.name == "url" else "1"
    if "trust" in parameter.name:
        return str(place.settings.home / "trust.json")
    if parameter.name == "key":
        return str(place.settings.home / "keys" / "operator.pem")
    if parameter.type_descriptor.parameter_info.exists is False:
        return str(new)
    is_directory = parameter.type_descriptor.parameter_info.file_okay is False
    return str(
        place.log if is_directory or parameter.name == "predecessor" else place.log / "checkpoint"
    )


@odd
@pytest.mark.parametrize("each", PATHS, ids=[each.name for each in PATHS])
def test_every_path_of_every_command(
    each: Named, kind: str, place: Place, tmp_path: Path, user: User
) -> None:
    path = ODD[kind](tmp_path / "ODD")
    words = [*each.command, *words_of(each.parameter, str(path))]
    for other in each.beside:
        words += words_of(other, fit(place, other, tmp_path / "new"))
    code, said = user.runs(*words)
    if (each.name, kind) in FINE:
        assert code == 0, said
    else:
        assert code in codes_of(" ".join(each.command)), said
    assert "pydantic" not in said


WRITTEN = [
    each
    for each in PATHS
    if each.parameter.type_descriptor.parameter_info.exists is False
    and each.parameter.opts[0] not in ("--trust", "--mirror")
]
MINE = (
    *("ODD/notes.txt", "ODD/checkpoints/0/notes.txt", "ODD/tile/notes.txt", "ODD/tile/0/000.p/x"),
    *(f"ODD/{name}" for name in bundled_files()),
    *("ODD/20200101T000000.000000Z-1/manifest.json", "ODD/keys/notes.txt"),
    *("ODD.new/notes.txt", "ODD.rotten/notes.txt", "ODD.forked/notes.txt", "ODD.monitor.json"),
)


@pytest.mark.parametrize("named", ["ODD", "ODD/notes.txt"])
@pytest.mark.parametrize("each", WRITTEN, ids=[each.name for each in WRITTEN])
def test_what_somebody_has_there_stays(
    each: Named, named: str, place: Place, tmp_path: Path, user: User
) -> None:
    mine = [tmp_path / name for name in MINE]
    for file in mine:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("mine")
    words = [*each.command, *words_of(each.parameter, str(tmp_path / named))]
    for other in each.beside:
        words += words_of(other, fit(place, other, tmp_path / "new"))
    user.runs(*words)
    # What a monitor cannot take for its memory is moved aside.
    held = [each.read_bytes() for each in tmp_path.rglob("*") if each.is_file()]
    assert len(MINE) == held.count(b"mine")


def test_a_server_that_does_not_answer_could_not_be_asked(
    place: Place, tmp_path: Path, user: User
) -> None:
    trust = str(place.settings.home / "trust.json")
    words = ("--url", "http://127.0.0.1:9", "--trust", trust)
    code, said = user.runs("events", "show", "0", *words)
    assert (2, "techledger: NO_ANSWER: no connection") == (code, said[:36])
    kept, url = str(place.log / "checkpoint"), words[1]
    for asked in (("diff", kept, url, *words[2:]), ("clone", str(tmp_path / "log"), *words)):
        code, said = user.runs("audit", *asked)
        assert (2, True) == (code, "NO_ANSWER: no connection" in said), said


WRONG = {
    "law digest": "ODD_FILE: {}/manifest.json: not a regular file",
    "import uspto": "ODD_FILE: {}/assignments.jsonl: not a regular file",
    "witness show": "witness.toml: not a regular file",
    "audit replay": "{}/checkpoint: not a regular file",
}


@pytest.mark.parametrize("command", WRONG)
def test_what_lies_in_a_directory_is_told(command: str, tmp_path: Path, user: User) -> None:
    path = directory_of_pipes(tmp_path / "ODD")
    code, said = user.runs(*command.split(), str(path))
    assert code in (1, 2)
    assert WRONG[command].format(path) in said


def test_what_is_no_person_is_told(user: User) -> None:
    told = "person.erased/1, /body/token: it is of the form: party:tok. and 32 hexadecimal digits"
    assert (2, True) == ((ran := user.runs("operate", "erase", "tok"))[0], told in ran[1])


SETTINGS = [
    *(name for name, field in Settings.model_fields.items() if "Path" in str(field.annotation)),
    *(name.removeprefix("LEDGER_").lower() for name in OF_CLIENTS if name == "LEDGER_TRUST"),
]
READ_BY = {"fallback_policy": "serve", "trust": "rights title right:x --url http://127.0.0.1:9"}
"""What reads a setting, where `operate status` does not."""

UNUSED = {"postgres_bin", "wal_archive"}
"""Settings of the embedded database."""


@odd
@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_that_names_a_path(
    name: str, kind: str, tmp_path: Path, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = ODD[kind](tmp_path / "ODD")
    monkeypatch.setenv(f"LEDGER_{name.upper()}", str(path))
    command = READ_BY.get(name, "operate status")
    code, said = user.runs(*command.split())
    assert code in codes_of(command), said
    if name not in UNUSED:
        assert path.name in said


VERIFIER = [
    each.option_strings[0] if each.option_strings else "path"
    for each in verifier._parser()._actions
    if each.type is Path
]


@odd
@pytest.mark.parametrize("name", VERIFIER)
def test_every_path_of_the_verifier(
    name: str, kind: str, place: Place, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, note = ODD[kind](tmp_path / "ODD"), str(place.log / "checkpoint")
    given = {"path": note, "--trust": str(place.settings.home / "trust.json")}
    if name == "--charter":
        given["--entry"] = note
    if name in ("--refusal", "--previous"):
        given["--log"] = str(place.log)
    first, *options = (given | {name: str(path)}).items()
    with pytest.raises(SystemExit) as ended:
        sys.exit(verifier.main([first[1], *(word for each in options for word in each)]))
    assert ended.value.code in (1, 2)
    assert "Traceback" not in capsys.readouterr().err
