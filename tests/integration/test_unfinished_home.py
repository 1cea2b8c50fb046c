"""A home that waits for the registrar's signatures: whatever is asked of it is told so."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from api.cli import main, operate
from ledger.domain.core.body import KeyRecord
from ledger.home.antirollback import CheckpointFile
from ledger.home.paths import Home
from ledger.node import genesis
from ledger.node.genesis import RegistrarMustSign, initialise, key_record
from ledger.wire.envelope import envelope_from_object, envelope_to_object, sign_envelope
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.node import settings_for
from tests.support.postgres import ORIGIN, Database, run_sql
from tests.support.sample_log import party_key

KEYS = (party_key(REGISTRAR), party_key(REGISTRAR, 1))
RECORDS = tuple(KeyRecord(**key_record(key)) for key in KEYS)

ID = "01890000-0000-7000-8000-000000000001"

ARGUMENTS = {
    "audit clone": "{new}",
    "export-tiles": "{new}",
    "halt": "--reason x",
    "resume": "--reason x",
    "backup": "{new}",
    "restore": "{home}",
    "erase": "party:tok.1",
    "restore-from-mirror": "{home}",
    "adopt-delay": "60 --reason x",
    "adopt-policy": "{home}/genesis.json --speaker a=party:a --approved-by a",
    "hand-over": "--operator party:vn.other --reason x",
    "close": "--reason x",
    "succeed": "{home} --trust {home}/genesis.json",
    "compare": "title",
    "opening show": ID + " /body/price --reason x",
}
"""What a command is called with, where it wants anything."""


def commands(group: Any, *words: str) -> list[str]:
    if not hasattr(group, "commands"):
        return [" ".join(words)]
    return [
        each for name, inner in group.commands.items() for each in commands(inner, *words, name)
    ]


OPERATE = commands(typer.main.get_command(operate.app))


Made = Callable[..., Home]


@pytest.fixture
def make(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """Return what makes a log, or begins to, in the home that commands are called for."""
    monkeypatch.setattr(genesis, "new_origin", lambda _host: ORIGIN)
    settings = settings_for(database, tmp_path / "home")
    monkeypatch.setenv("LEDGER_HOME", str(settings.home))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    monkeypatch.setenv("LEDGER_DATABASE_OWNER_URL", database.owner_dsn)

    def begin(*registrar_keys: KeyRecord) -> Home:
        names = ("ledger.example.vn", OPERATOR, REGISTRAR)
        initialise(settings, *names, registrar_keys=registrar_keys)
        return Home(settings.home)

    return begin


@pytest.fixture
def home(make: Made, tmp_path: Path) -> Home:
    with pytest.raises(RegistrarMustSign):
        make(*RECORDS)
    return Home(tmp_path / "home")


Called = Callable[[str], tuple[int, str]]


@pytest.fixture
def called(
    make: Made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Called:
    """Return what runs a command as a shell does, and tells its exit code and all that it said."""
    del make

    def run(command: str) -> tuple[int, str]:
        wants = ARGUMENTS.get(command.removeprefix("operate "), "")
        options = wants.format(home=tmp_path / "home", new=tmp_path / "new")
        monkeypatch.setattr(sys, "argv", ["techledger", *f"{command} {options}".split()])
        with pytest.raises(SystemExit) as ended:
            main._run()
        code = ended.value.code
        assert isinstance(code, int)
        return code, "".join(capsys.readouterr())

    return run


UNFINISHED = (
    *("operate trust", "operate status", "operate status --json", "operate backup"),
    *("operate seal", "operate export-tiles", "operate fsck", "audit clone"),
    *("operate log-keys new", "operate log-keys retire"),
)


@pytest.mark.parametrize(
    "command", [*(f"operate {each}" for each in OPERATE), "audit clone", "serve"]
)
@pytest.mark.usefixtures("home")
def test_no_command_ends_in_a_traceback(command: str, called: Called) -> None:
    code, said = called(command)
    assert code in (0, 1, 2, 78)
    assert not code or said


@pytest.mark.parametrize("command", UNFINISHED)
def test_what_needs_a_first_entry_says_how_the_log_is_finished(
    command: str, home: Home, called: Called, tmp_path: Path
) -> None:
    code, said = called(command)
    assert (1, 1) == (code, said.count("\n")), said
    assert said.startswith("techledger: LOG_UNFINISHED: ")
    waits = called("operate init")
    assert (0, True) == (waits[0], "waits" in waits[1])
    whole = tmp_path / "signed.json"
    envelope = envelope_from_object(json.loads(home.genesis.read_bytes()))
    whole.write_text(json.dumps(envelope_to_object(sign_envelope(envelope.payload, KEYS))))
    assert "techledger operate init --resume signed.json" in said
    assert 0 == called(f"operate init --resume {whole}")[0]
    assert "LOG_UNFINISHED" not in called(command)[1]


CUT = {
    "initialise_head": ["DROP SCHEMA ledger CASCADE; DROP SCHEMA read CASCADE"],
    "append_unpublished": [],
    "swap": [],
}
"""At which step, and what of a database that is migrated already is not there by then."""


@pytest.mark.parametrize("step", CUT)
def test_where_init_was_cut_the_same_is_said(
    step: str, database: Database, make: Made, called: Called, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before there is a table, an entry, a checkpoint."""
    with monkeypatch.context() as cut:
        cut.setattr(CheckpointFile if step == "swap" else genesis, step, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            make()
    for statement in CUT[step]:
        run_sql(database.superuser_dsn, statement)
    for command in (*UNFINISHED[4:], "serve", "serve --no-publisher"):
        code, said = called(command)
        assert (1, 1) == (code, said.count("\n")), (command, said)
        assert said.startswith("techledger: LOG_UNFINISHED: ")


def test_a_whole_log_without_a_trust_root_or_its_checkpoint_is_not_called_unfinished(
    make: Made, called: Called
) -> None:
    home = make()
    home.trust.unlink()
    code, said = called("operate fsck")
    assert (1, True) == (code, said.startswith("techledger: NO_TRUST_ROOT: ")), said
    assert 0 == called("operate trust")[0]
    assert 0 == called("operate fsck")[0]
    for file in home.checkpoints.glob("last-signed*"):
        file.unlink()
    code, said = called("operate log-keys new")
    assert (1, True) == (code, said.startswith("techledger: NO_CHECKPOINT: ")), said
