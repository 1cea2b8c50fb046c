"""The importer's state file: private, whole, bound to one ledger, and telling the same twice."""

import json
from datetime import timedelta
from pathlib import Path

import pytest

from api.importers import memory as module
from api.importers.memory import Memory, MemoryRefused, load_memory, save_memory
from tests.support.uspto import NOW, ORIGIN

BODY = "sha256:" + "a" * 64
OTHER = "sha256:" + "b" * 64


def remembering() -> Memory:
    memory = Memory(ORIGIN)
    memory.token("DOE, ANN")
    memory.identity("right:us.1", BODY, NOW)
    memory.settle("right:us.1")
    memory.identity("right:us.2", BODY, NOW)
    return memory


def test_what_was_kept_is_what_is_loaded(tmp_path: Path):
    memory = remembering()
    save_memory(tmp_path / "uspto.json", memory)
    assert memory == load_memory(tmp_path / "uspto.json", ORIGIN)


def test_without_a_file_the_memory_is_empty(tmp_path: Path):
    assert Memory(ORIGIN) == load_memory(tmp_path / "uspto.json", ORIGIN)


def test_the_file_is_its_owners_alone_and_nothing_is_left_beside_it(tmp_path: Path):
    save_memory(tmp_path / "uspto.json", remembering())
    save_memory(tmp_path / "uspto.json", remembering())
    [path] = tmp_path.iterdir()
    assert 0o600 == path.stat().st_mode & 0o777


def test_a_file_open_to_others_is_refused(tmp_path: Path):
    save_memory(tmp_path / "uspto.json", remembering())
    (tmp_path / "uspto.json").chmod(0o640)
    with pytest.raises(MemoryRefused, match="0600"):
        load_memory(tmp_path / "uspto.json", ORIGIN)


def test_the_memory_of_another_ledger_is_refused(tmp_path: Path):
    save_memory(tmp_path / "uspto.json", remembering())
    with pytest.raises(MemoryRefused, match=ORIGIN):
        load_memory(tmp_path / "uspto.json", "another.example.vn/techledger/0badcafe")


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"[" * 100_000, b'{"version":2}'])
def test_a_file_of_another_form_is_refused(tmp_path: Path, raw: bytes):
    path = tmp_path / "uspto.json"
    path.touch(0o600)
    path.write_bytes(raw)
    with pytest.raises(MemoryRefused):
        load_memory(path, ORIGIN)


def test_a_save_that_fails_leaves_the_old_file_whole_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "uspto.json"
    save_memory(path, remembering())
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        save_memory(path, Memory(ORIGIN))
    assert [path] == list(tmp_path.iterdir())
    assert before == path.read_bytes()


def test_a_token_is_random_and_tells_nothing_of_the_name():
    assert Memory(ORIGIN).token("DOE, ANN") != Memory(ORIGIN).token("DOE, ANN")
    memory = Memory(ORIGIN)
    assert memory.token("DOE, ANN") == memory.token("DOE, ANN")


def test_another_body_is_another_event_but_what_was_admitted_stays_remembered():
    memory = remembering()
    admitted = memory.identity("right:us.1", BODY, NOW)
    assert admitted != memory.identity("right:us.1", OTHER, NOW)
    assert admitted == memory.identity("right:us.1", BODY, NOW + timedelta(days=3650))
    assert BODY == memory.admitted_body("right:us.1")
    assert memory.admitted_body("right:us.2") is None


def test_what_was_refused_for_good_has_another_identity_and_nothing_else_has(tmp_path: Path):
    memory = remembering()
    admitted, unknown = (memory.identity(f"right:us.{each}", BODY, NOW) for each in (1, 2))
    memory.bury("right:us.1", admitted)  # As after an answer that came late: it is recorded.
    memory.bury("right:us.2", unknown)
    save_memory(tmp_path / "uspto.json", memory)
    memory = load_memory(tmp_path / "uspto.json", ORIGIN)
    assert admitted == memory.identity("right:us.1", BODY, NOW)
    anew = memory.identity("right:us.2", BODY, NOW)
    assert unknown != anew
    assert {"right:us.2"} == memory.renewed
    memory.bury("right:us.2", unknown)  # What is said of the earlier one says nothing of this one.
    assert anew == memory.identity("right:us.2", BODY, NOW)


def test_a_state_file_of_before_is_read(tmp_path: Path):
    save_memory(tmp_path / "uspto.json", remembering())
    kept = json.loads((tmp_path / "uspto.json").read_bytes())
    for event in kept["events"].values():
        del event["refused"]
    (tmp_path / "uspto.json").write_text(json.dumps(kept))
    assert remembering().events.keys() == load_memory(tmp_path / "uspto.json", ORIGIN).events.keys()


def test_an_identity_is_issued_to_the_millisecond():
    drawn = Memory(ORIGIN).identity("right:us.1", BODY, NOW + timedelta(microseconds=999))
    assert NOW == drawn.issued_at


def test_the_file_writes_instants_as_the_ledger_does(tmp_path: Path):
    save_memory(tmp_path / "uspto.json", remembering())
    kept = json.loads((tmp_path / "uspto.json").read_bytes())
    assert "2026-11-22T06:00:00.123Z" == kept["events"]["right:us.1"]["identity"]["issued_at"]
