"""`operate init`, killed or without power at any of its steps: the same command finishes it."""

import json
import subprocess
from contextlib import closing, suppress
from hashlib import sha256
from itertools import count
from os import environ
from pathlib import Path

import pytest

from ledger.events import lawbook
from ledger.events.lawbook import bundled_files, put_on_shelf
from ledger.home.antirollback import CheckpointFile
from ledger.home.keystore import KeyFileMissing, create_log_keys, load_key, load_log_keys
from ledger.home.paths import AlreadyInitialised, Home
from ledger.log.checkpoint import open_checkpoint
from ledger.node import genesis
from ledger.node.fsck import check_log
from ledger.node.genesis import (
    BegunOtherwise,
    EntriesLost,
    KeysOfAnother,
    TrustDiffers,
    initialise,
    write_trust,
)
from ledger.publish.publisher import LogSigner
from ledger.runtime import durable
from ledger.store import embedded
from ledger.store.connection import Pool
from ledger.store.embedded import EmbeddedPostgres
from ledger.verify.trust import parse_trust
from ledger.wire.base64 import b64decode, b64encode
from tests.support.builders import OPERATOR, REGISTRAR
from tests.support.cutting import CUTS, KILLED, cut_at
from tests.support.node import append, running, settings_for
from tests.support.postgres import ORIGIN, Database, fresh_database, home_directory, run_sql
from tests.support.tampering import as_owner
from tests.support.world import World

NAMES = ("ledger.example.vn", OPERATOR, REGISTRAR)
STRIDE = int(environ.get("INIT_STRIDE", "40"))
"""Every how many steps a cut is made; each way of cutting begins at another step."""

STEPS = 240
"""Steps that `operate init` takes at least on a database of one's own."""

KEYS = ("log-ed25519", "log-mldsa44", "operator", "registrar")
HOW = (KILLED, *CUTS)


@pytest.fixture
def origin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the log that is made be the one for which the tests' databases are prepared."""
    monkeypatch.setattr(genesis, "new_origin", lambda _host: ORIGIN)


def recorded(database: Database) -> bytes | None:
    rows = run_sql(database.superuser_dsn, "SELECT entry FROM ledger.entries")
    return bytes(rows[0][0]) if rows else None  # type: ignore[arg-type]


def content(home: Home) -> dict[str, bytes]:
    made = [*home.keys.glob("[!.]*"), home.config] if home.path.exists() else []
    return {path.name: path.read_bytes() for path in made if path.is_file()}


def assert_whole(database: Database, home: Home) -> None:
    """Check that there is a log of one entry: keys, a checkpoint, a trust root that fits it."""
    entry, names = recorded(database), sorted(path.name for path in home.keys.iterdir())
    assert entry is not None
    assert [
        "batches.key",
        "log-ed25519.pem",
        "log-mldsa44.pem",
        "operator.pem",
        "registrar-2.pem",
        "registrar.pem",
        "vault-kek",
    ] == names
    trust = parse_trust(home.trust.read_bytes())
    assert sha256(entry).hexdigest() == trust.genesis_sha256
    note = CheckpointFile(home.checkpoints).read()
    assert note
    signer = LogSigner(ORIGIN, *load_log_keys(home.keys))
    assert open_checkpoint(note, ORIGIN, trust.verifiers).size == 1
    assert signer.vkeys == trust.log_keys
    for name in ("operator", "registrar", "registrar-2"):
        assert load_key(home.keys / f"{name}.pem").key_id.encode() in entry
    assert [] == list(home.path.rglob(".*.new"))
    home.data_keys().open()
    with closing(Pool(database.app_dsn, size=2)) as pool:
        assert [] == check_log(pool, home).findings


@pytest.mark.parametrize("how", HOW)
@pytest.mark.usefixtures("origin")
def test_init_cut_at_any_step_is_finished_by_the_same_command(
    postgres_server, tmp_path: Path, how: str
) -> None:
    last = 0
    for step in count(1 + HOW.index(how) % STRIDE, STRIDE):
        home = Home(tmp_path / f"{how}-{step}")
        with fresh_database(postgres_server) as database:
            settings = settings_for(database, home.path)
            if not cut_at(step, how, home.path, lambda s=settings: initialise(s, *NAMES)):
                assert_whole(database, home)
                break
            last = step
            was, kept = recorded(database), content(home)
            with suppress(AlreadyInitialised):  # It was cut behind its last step.
                initialise(settings, *NAMES)
            assert_whole(database, home)
            assert was in (None, recorded(database)), "a second genesis"
            now = content(home)
            assert kept == {name: now[name] for name in kept}, "another origin or other keys"
            with pytest.raises(AlreadyInitialised):
                initialise(settings, *NAMES)
    assert last >= STEPS


@pytest.fixture
def made(database: Database, tmp_path: Path, origin: None) -> Home:
    """Make a whole log of one entry."""
    del origin
    initialise(settings_for(database, tmp_path / "home"), *NAMES)
    return Home(tmp_path / "home")


def test_a_trust_root_that_is_gone_or_damaged_is_made_anew(database: Database, made: Home) -> None:
    settings, was = settings_for(database, made.path), made.trust.read_bytes()
    for damage in (b"", was[:-9], b"{}", None):
        made.trust.unlink()
        if damage is not None:
            made.trust.write_bytes(damage)
        with closing(Pool(database.app_dsn, size=1)) as pool:
            write_trust(made, pool)
        assert was == made.trust.read_bytes()
        assert 0o600 == made.trust.stat().st_mode & 0o777
    with running(settings) as node:
        append(node, *World.of(made).registrations(("party:vn.mst.0100000001",)))
        made.trust.write_bytes(b"")
        write_trust(made, node.pool)
    assert was == made.trust.read_bytes()
    made.trust.write_bytes(b"")
    initialise(settings, None, None, None)
    assert was == made.trust.read_bytes()
    with closing(Pool(database.app_dsn, size=1)) as pool:
        assert parse_trust(was).log_keys == write_trust(made, pool).log_keys  # It is there, whole.
    assert was == made.trust.read_bytes()


def test_a_trust_root_of_another_beginning_is_left_alone(database: Database, made: Home) -> None:
    trust = json.loads(made.trust.read_bytes())
    other = json.dumps(trust | {"genesis_sha256": "0" * 64}).encode()
    made.trust.write_bytes(other)
    with closing(Pool(database.app_dsn, size=1)) as pool, pytest.raises(TrustDiffers):
        write_trust(made, pool)
    assert other == made.trust.read_bytes()


def test_keys_of_a_log_that_is_there_are_never_made_anew(database: Database, made: Home) -> None:
    settings = settings_for(database, made.path)
    made.trust.unlink()
    lost = (made.keys / "log-ed25519.pem").read_bytes()
    (made.keys / "log-ed25519.pem").unlink()
    with pytest.raises(KeyFileMissing):
        initialise(settings, *NAMES)
    (made.keys / "log-mldsa44.pem").unlink()
    create_log_keys(made.keys)
    with pytest.raises(KeysOfAnother):
        initialise(settings, *NAMES)
    assert lost != (made.keys / "log-ed25519.pem").read_bytes()


def test_a_log_whose_entries_are_gone_is_not_begun_again(database: Database, made: Home) -> None:
    settings = settings_for(database, made.path)
    made.trust.unlink()
    as_owner(
        database,
        "DELETE FROM ledger.tags; DELETE FROM ledger.checkpoints; DELETE FROM ledger.entries;"
        "DELETE FROM ledger.head",
    )
    with pytest.raises(EntriesLost):
        initialise(settings, *NAMES)


def test_what_was_begun_for_other_names_is_not_taken_up(database: Database, made: Home) -> None:
    made.trust.unlink()
    with pytest.raises(BegunOtherwise, match=f"for the operator {OPERATOR}, not party:vn.other"):
        initialise(settings_for(database, made.path), None, "party:vn.other", None)


def test_an_event_that_was_begun_too_long_ago_is_made_anew(
    database: Database, tmp_path: Path, origin: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    del origin
    settings, home = settings_for(database, tmp_path / "home"), Home(tmp_path / "home")
    with monkeypatch.context() as past:
        past.setattr(genesis, "append_unpublished", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            initialise(settings, *NAMES)
    begun = json.loads(home.genesis.read_bytes())
    payload = b64decode(begun["payload"]).replace(b'"not_after":"20', b'"not_after":"19')
    home.genesis.write_text(json.dumps(begun | {"payload": b64encode(payload)}))
    initialise(settings, *NAMES)
    assert_whole(database, home)


@pytest.mark.parametrize("how", HOW)
def test_a_directory_is_there_with_all_its_files_or_not_at_all(tmp_path: Path, how: str) -> None:
    files = {"a.json": b"{}" * 500, "b.json": b"[]" * 500}
    for step in count(1):
        shelf = tmp_path / f"{how}-{step}"
        shelf.mkdir()
        made = shelf / "set"
        cut = cut_at(step, how, shelf, lambda to=made: durable.create_directory(to, files))
        if made.exists():
            assert files == lawbook.files_in(made)
        else:
            durable.create_directory(made, files)
        if not cut:
            break
    assert step > 20


def test_a_set_of_law_data_that_is_half_written_is_not_on_the_shelf(tmp_path: Path) -> None:
    put_on_shelf(tmp_path, bundled_files())
    (made,) = tmp_path.iterdir()
    put_on_shelf(tmp_path, bundled_files())
    assert bundled_files() == lawbook.files_in(made)
    (made / "working_days.json").unlink(missing_ok=True)
    made.rename(tmp_path / f".{made.name}.new")
    assert [lawbook.bundled_law().sha256] == list(lawbook.available_laws(tmp_path))


@pytest.mark.parametrize("how", HOW)
def test_a_data_directory_is_never_there_without_its_passwords(
    how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def initdb(command: list[str], **options: object) -> object:
        if "-D" not in command:
            return run(command, **options)  # type: ignore[call-overload]
        data = Path(command[command.index("-D") + 1])
        durable.replace(data / "PG_VERSION", b"18")  # As initdb flushes what it makes.
        return subprocess.CompletedProcess(command, 0)

    run = subprocess.run
    monkeypatch.setattr(embedded.subprocess, "run", initdb)
    with home_directory() as directory:
        for step in count(1):
            home = directory / f"{how}-{step}"
            home.mkdir()
            server = EmbeddedPostgres(home)
            cut = cut_at(step, how, home, server._data_directory)
            if (home / "postgres-18" / "PG_VERSION").exists():
                assert 3 == len(json.loads((home / "postgres-passwords.json").read_bytes()))
            if not cut:
                break
        assert step > 10
