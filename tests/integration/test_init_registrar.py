"""`operate init` where the registrar's keys are elsewhere: the first event waits for them."""

import json
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import replace
from itertools import count
from os import environ
from pathlib import Path

import pytest
from typer.testing import CliRunner

from api.cli.main import app
from ledger.domain.core.body import KeyRecord
from ledger.domain.government.ledger import LedgerOpened
from ledger.events.intake import decode
from ledger.home.keystore import save_key
from ledger.home.paths import AlreadyInitialised, Home
from ledger.home.settings import Settings
from ledger.node import genesis
from ledger.node.fsck import check_log
from ledger.node.genesis import (
    BegunOtherwise,
    HostMissing,
    RegistrarKeysRefused,
    RegistrarMustSign,
    initialise,
    key_record,
    read_registrar_keys,
)
from ledger.store.connection import Pool
from ledger.store.entries import read_entries
from ledger.wire.envelope import Envelope, envelope_from_object, envelope_to_object, sign_envelope
from ledger.wire.signing_keys import PrivateKey
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.cutting import CUTS, KILLED, cut_at
from tests.support.node import settings_for
from tests.support.postgres import ORIGIN, Database, fresh_database
from tests.support.sample_log import party_key

NAMES = ("ledger.example.vn", OPERATOR, REGISTRAR)
STRIDE = int(environ.get("INIT_STRIDE", "40"))
HOW = (KILLED, *CUTS)

KEYS = (party_key(REGISTRAR), party_key(REGISTRAR, 1))
RECORDS = tuple(KeyRecord(**key_record(key)) for key in KEYS)


@pytest.fixture(autouse=True)
def _origin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the log that is made be the one for which the tests' databases are prepared."""
    monkeypatch.setattr(genesis, "new_origin", lambda _host: ORIGIN)


def begin(settings: Settings, records: Sequence[KeyRecord] = RECORDS) -> None:
    with pytest.raises(RegistrarMustSign):
        initialise(settings, *NAMES, registrar_keys=records)


def waiting(home: Home) -> Envelope:
    return envelope_from_object(json.loads(home.genesis.read_bytes()))


def signed_by(home: Home, *keys: PrivateKey) -> Envelope:
    return sign_envelope(waiting(home).payload, keys)


def begin_and_resume(settings: Settings) -> None:
    with suppress(RegistrarMustSign):
        initialise(settings, *NAMES, registrar_keys=RECORDS)
    home = Home(settings.home)
    initialise(settings, None, None, None, signed=signed_by(home, *KEYS))


def assert_whole(database: Database, home: Home) -> None:
    """Check that there is a log whose registrar has the two keys, which are not in the home."""
    with closing(Pool(database.app_dsn, size=2)) as pool:
        (entry,) = read_entries(pool, 0, 1, 1)
        assert [] == check_log(pool, home).findings
    event = decode(entry.entry, 0).event
    assert isinstance(event.body, LedgerOpened)
    held = [key.key_id for party, key in event.body.new_keys() if party == REGISTRAR]
    assert [key.key_id for key in KEYS] == held
    assert set(held) < set(event.signatures)
    assert [] == list(home.keys.glob("registrar*"))


@pytest.mark.parametrize("how", HOW)
def test_init_cut_at_any_step_is_finished_by_the_same_commands(
    postgres_server, tmp_path: Path, how: str
) -> None:
    last = 0
    for step in count(1 + HOW.index(how) * STRIDE // len(HOW), STRIDE):
        home = Home(tmp_path / f"{how}-{step}")
        with fresh_database(postgres_server) as database:
            settings = settings_for(database, home.path)
            if not cut_at(step, how, home.path, lambda s=settings: begin_and_resume(s)):
                assert_whole(database, home)
                break
            last = step
            with suppress(AlreadyInitialised):  # It was cut behind its last step.
                begin_and_resume(settings)
            assert_whole(database, home)
    assert last >= 200


def test_nothing_is_recorded_until_both_keys_of_the_registrar_have_signed(
    database: Database, tmp_path: Path
) -> None:
    settings, home = settings_for(database, tmp_path / "home"), Home(tmp_path / "home")
    begin(settings)
    was = waiting(home)
    begin(settings, ())
    assert was == waiting(home), "the same bytes wait"
    one, other = signed_by(home, *KEYS).signatures
    swapped = (replace(one, value=other.value), replace(other, value=one.value))
    for bad in (signed_by(home, KEYS[0]), replace(was, signatures=swapped)):
        with pytest.raises(RegistrarMustSign):
            initialise(settings, None, None, None, signed=bad)
    with closing(Pool(database.app_dsn, size=1)) as pool:
        assert [] == list(read_entries(pool, 0, 1, 1))
    assert was == waiting(home)
    initialise(settings, None, None, None, signed=signed_by(home, *KEYS, PrivateKey.generate()))
    assert_whole(database, home)


def test_another_event_than_the_one_that_waits_is_not_recorded(
    database: Database, tmp_path: Path
) -> None:
    settings, home = settings_for(database, tmp_path / "home"), Home(tmp_path / "home")
    begin(settings)
    other = sign_envelope(waiting(home).payload.replace(b"Exchange", b"Another"), KEYS)
    with pytest.raises(BegunOtherwise, match="not the event that waits"):
        initialise(settings, None, None, None, signed=other)


def test_what_was_begun_with_other_keys_of_the_registrar_is_not_taken_up(
    database: Database, tmp_path: Path
) -> None:
    settings = settings_for(database, tmp_path / "home")
    begin(settings)
    with pytest.raises(BegunOtherwise, match="other keys of the registrar"):
        initialise(settings, *NAMES, registrar_keys=RECORDS[::-1])


def test_a_file_of_keys_that_was_there_before_is_taken_as_it_is_or_left(
    database: Database, tmp_path: Path
) -> None:
    settings, home = settings_for(database, tmp_path / "home"), Home(tmp_path / "home")
    home.path.mkdir()
    home.registrar.write_bytes(b"mine")
    for named in ((), RECORDS):
        with pytest.raises(BegunOtherwise, match="was there before"):
            initialise(settings, *NAMES, registrar_keys=named)
        assert b"mine" == home.registrar.read_bytes()
    assert not home.config.exists()
    home.registrar.write_text(json.dumps([each.model_dump() for each in RECORDS]))
    begin(settings)
    assert RECORDS == genesis.registrar_keys_of(home)


def test_the_registrar_s_own_file_may_lie_in_the_home(database: Database, tmp_path: Path) -> None:
    settings, home = settings_for(database, tmp_path / "home"), Home(tmp_path / "home")
    home.path.mkdir()
    said = "".join(json.dumps(key_record(key), indent=1) + "\n" for key in KEYS).encode()
    home.registrar.write_bytes(said)
    with pytest.raises(BegunOtherwise, match=r"registrar\.json\), or move it away"):
        begin(settings, RECORDS[::-1])
    begin(settings, read_registrar_keys([said]))
    assert said == home.registrar.read_bytes()
    begin_and_resume(settings)
    assert_whole(database, home)


def test_a_demonstration_does_not_become_a_log_of_two(database: Database, tmp_path: Path) -> None:
    settings = settings_for(database, tmp_path / "home")
    initialise(settings, *NAMES)
    Home(settings.home).trust.unlink()
    with pytest.raises(BegunOtherwise, match="or none"):
        initialise(settings, *NAMES, registrar_keys=RECORDS)


def test_no_host_is_assumed(database: Database, tmp_path: Path) -> None:
    with pytest.raises(HostMissing):
        initialise(settings_for(database, tmp_path / "home"), None, None, None)
    assert not Home(tmp_path / "home").config.exists()


def test_the_registrar_brings_two_keys_that_are_what_they_say() -> None:
    one, two = (json.dumps(key_record(key), indent=1).encode() for key in KEYS)
    assert RECORDS == read_registrar_keys([one + b"\n" + two + b"\n"])
    assert RECORDS == read_registrar_keys([one, two])
    other_id = json.dumps({**key_record(KEYS[1]), "key_id": KEYS[0].key_id}).encode()
    for bad in ([one], [one, one], [one, b"{}"], [one, b"[]"], [one, other_id], [one, two[:-9]]):
        with pytest.raises(RegistrarKeysRefused):
            read_registrar_keys(bad)


def test_the_commands_from_the_registrar_s_keys_to_the_log(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, records, keys = Home(tmp_path / "home"), tmp_path / "records.json", []
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    monkeypatch.setenv("LEDGER_DATABASE_OWNER_URL", database.owner_dsn)
    for number, key in enumerate(KEYS):
        file = tmp_path / f"{number}.pem"
        save_key(file, key)
        keys += ["--key", str(file)]
    said = [CliRunner().invoke(app, ["keys", "show", each]).stdout for each in keys[1::2]]
    records.write_text("".join(said))
    names = ["--host", NAMES[0], "--operator", OPERATOR, "--registrar-party", REGISTRAR]
    begun = CliRunner().invoke(app, ["operate", "init", *names, "--registrar", str(records)])
    assert (0, True) == (begun.exit_code, "waits" in begun.output), begun.output
    assert f"events sign {home.genesis}" in begun.output
    signed = tmp_path / "signed.json"
    resume = ["operate", "init", "--resume", str(signed)]
    signed.write_text(json.dumps(envelope_to_object(waiting(home))))
    assert 1 == CliRunner().invoke(app, resume).exit_code
    signed.write_text(CliRunner().invoke(app, ["events", "sign", str(home.genesis), *keys]).stdout)
    done = CliRunner().invoke(app, resume)
    assert (0, False) == (done.exit_code, "demonstration" in done.output), done.output
    assert_whole(database, home)


def test_a_log_whose_home_has_the_registrar_s_keys_says_that_it_is_a_demonstration(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Home(tmp_path / "home")
    monkeypatch.setenv("LEDGER_HOME", str(home.path))
    monkeypatch.setenv("LEDGER_DATABASE_URL", database.app_dsn)
    monkeypatch.setenv("LEDGER_DATABASE_OWNER_URL", database.owner_dsn)
    done = CliRunner().invoke(app, ["operate", "init", "--host", "ledger.example.vn"])
    assert (0, True) == (done.exit_code, "demonstration: " in done.output), done.output
    names = sorted(path.name for path in home.keys.glob("registrar*"))
    assert ["registrar-2.pem", "registrar.pem"] == names
