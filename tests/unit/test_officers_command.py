"""What both officers sign, where the registrar's key is elsewhere: it is handed on, half signed."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.domain.core.dated_law import read_law
from ledger.events.intake import read_envelope
from ledger.events.lawbook import bundled_files, bundled_law, files_in
from ledger.home.keystore import save_key
from ledger.home.paths import Home, Identity
from ledger.wire.envelope import envelope_from_object
from ledger.wire.signing_keys import PrivateKey
from tests.support.builders import AUTHOR, OPERATOR, ORIGIN, REGISTRAR


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """Make a home with the operator's key alone."""
    home = Home(tmp_path / "home")
    home.create(Identity(ORIGIN, OPERATOR, REGISTRAR))
    save_key(home.keys / "operator.pem", PrivateKey.generate())
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    return home


def half_signed(words: list[str], directory: Path) -> Path:
    """Run a command that prints an event for the registrar; return the file of its output."""
    run = CliRunner().invoke(app, words)
    assert 0 == run.exit_code, run.output
    assert "The registrar signs this file where its key is" in run.stderr
    assert ("erase --signed signed.json" in run.stderr) == ("erase" in words)
    file = directory / "half.json"
    file.write_text(run.stdout)
    return file


def check_handed_on(words: list[str], topic: str, directory: Path) -> None:
    """Have a command's event signed by the registrar elsewhere; both lines stand under it then."""
    half = half_signed(words, directory)
    assert 1 == len(envelope_from_object(json.loads(half.read_bytes())).signatures)
    key = PrivateKey.generate()
    save_key(directory / "registrar.pem", key)
    done = CliRunner().invoke(
        app, ["events", "sign", str(half), "--key", str(directory / "registrar.pem")]
    )
    event = read_envelope(envelope_from_object(json.loads(done.stdout))).event
    assert (topic, {OPERATOR, REGISTRAR}) == (event.type, set(event.signers))
    assert 2 == len(event.signatures)
    assert key.key_id in event.signatures


def test_a_decree_lies_beside_the_ledger_and_its_event_goes_to_the_registrar(
    home: Home, tmp_path: Path
) -> None:
    decree = tmp_path / "decree"
    decree.mkdir()
    for name, raw in bundled_files().items():
        (decree / name).write_bytes(raw)
    (tmp_path / "trust.json").write_text("{}")
    reach = ["--url", "http://127.0.0.1:1", "--trust", str(tmp_path / "trust.json")]
    check_handed_on(["law", "adopt", str(decree), *reach], "ledger.rules_adopted/1", tmp_path)
    (shelved,) = home.law.iterdir()
    assert bundled_law().sha256 == read_law(files_in(shelved)).sha256


def test_an_erasure_goes_to_the_registrar(home: Home, tmp_path: Path) -> None:
    del home
    check_handed_on(["operate", "erase", AUTHOR], "person.erased/1", tmp_path)


def test_one_officer_s_word_that_stops_a_delay_names_it_and_another_s_is_no_member(
    home: Home,
) -> None:
    del home
    words = ["operate", "adopt-delay", "60", "--reason", "not so fast"]
    by = ["--stopped-by", OPERATOR]
    kept, plain = (CliRunner().invoke(app, [*words, *more]).stdout for more in (by, []))
    assert {"stopped_by": OPERATOR, **json.loads(plain)} == json.loads(kept)
    assert {"ledger", "delay_seconds", "not_before", "reason"} == json.loads(plain).keys()
    assert 2 == CliRunner().invoke(app, [*words, "--stopped-by", "nobody"]).exit_code
