"""Keys on disk and the home directory: what is refused, and what is never overwritten."""

import os
from pathlib import Path

import pytest

from ledger.home.keystore import (
    KeyFileExists,
    KeyFileMissing,
    KeyFileRefused,
    KeyFileUnsafe,
    create_log_keys,
    load_key,
    load_log_keys,
    save_key,
    write_private,
)
from ledger.home.paths import (
    AlreadyInitialised,
    DirectoryOccupied,
    Home,
    HomeNotInitialised,
    Identity,
    new_origin,
)
from ledger.wire.signing_keys import PrivateKey


def test_a_key_comes_back_as_it_was_saved(tmp_path: Path):
    key = PrivateKey.generate()
    save_key(tmp_path / "me.pem", key, b"secret")
    assert key.key_id == load_key(tmp_path / "me.pem", b"secret").key_id
    assert 0o600 == (tmp_path / "me.pem").stat().st_mode & 0o777


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path):
    path = tmp_path / "me.pem"
    save_key(path, PrivateKey.generate())
    path.chmod(0o640)
    with pytest.raises(KeyFileUnsafe):
        load_key(path)


@pytest.mark.timeout(20)
def test_a_key_file_that_is_a_pipe_is_refused_and_not_waited_for(tmp_path: Path):
    os.mkfifo(tmp_path / "me.pem", 0o600)
    with pytest.raises(KeyFileUnsafe, match=r"me[.]pem is no regular file"):
        load_key(tmp_path / "me.pem")


@pytest.mark.parametrize("raw", [b"", b"no key", bytes(range(256))])
def test_what_is_no_key_is_told_with_its_file(raw: bytes, tmp_path: Path):
    for name in ("me.pem", "log-mldsa44.pem", "log-ed25519.pem"):
        write_private(tmp_path / name, raw)
    for load in (lambda: load_key(tmp_path / "me.pem"), lambda: load_log_keys(tmp_path)):
        with pytest.raises(KeyFileRefused, match=r"[.]pem: the PEM does not open"):
            load()


def test_a_key_file_is_never_overwritten(tmp_path: Path):
    path = tmp_path / "me.pem"
    save_key(path, PrivateKey.generate())
    before = path.read_bytes()
    with pytest.raises(KeyFileExists):
        save_key(path, PrivateKey.generate())
    assert before == path.read_bytes()


def test_a_missing_key_file_says_so(tmp_path: Path):
    with pytest.raises(KeyFileMissing):
        load_key(tmp_path / "none.pem")


def test_the_logs_two_keys_come_back(tmp_path: Path):
    made = create_log_keys(tmp_path)
    loaded = load_log_keys(tmp_path)
    assert [key.public_key().public_bytes_raw() for key in made] == [
        key.public_key().public_bytes_raw() for key in loaded
    ]


def test_a_home_keeps_the_identity_made_once(tmp_path: Path):
    home = Home(tmp_path / "home")
    with pytest.raises(HomeNotInitialised):
        home.identity()
    identity = Identity(new_origin("ledger.example.vn"), "party:vn.a", "party:vn.b")
    home.create(identity)
    assert identity == home.identity()
    with pytest.raises(AlreadyInitialised):
        home.create(identity)


def test_an_origin_is_the_host_and_eight_hex_digits_made_afresh():
    first, second = new_origin("ledger.example.vn"), new_origin("ledger.example.vn")
    assert first != second
    assert "ledger.example.vn/techledger/" == first[:-8]
    assert 0 <= int(first[-8:], 16)


@pytest.mark.parametrize("name", ["thesis.doc", "trust.json", "postgres-18"])
def test_a_directory_that_holds_something_else_is_touched_by_nobody(tmp_path: Path, name: str):
    (tmp_path / name).write_text("mine")
    (tmp_path / ".config.toml.new").write_text("mine, too")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DirectoryOccupied, match=name), Home(tmp_path).alone():
        pass
    assert before == sorted(tmp_path.rglob("*"))


def test_what_lies_in_a_home_beforehand_is_in_nobodys_way(tmp_path: Path):
    for name in ("law", "keys", "lost+found"):
        (tmp_path / name).mkdir()
    (tmp_path / "policy").write_text("log ...")
    (tmp_path / ".profile").write_text("")
    with Home(tmp_path).alone():
        pass
