"""The vault's keys: what opens under which, what is destroyed for good, a rotation cut anywhere."""

import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from ledger.home import datakeys
from ledger.home.datakeys import (
    LEDGER,
    DataKeyDamaged,
    DataKeys,
    KekMissing,
    KekWrong,
    VaultMissing,
)
from ledger.runtime import durable

ORIGIN = "ledger.example/techledger/0badcafe"

TOKEN = "party:tok.ffeeddccbbaa99887766554433221100"


class Cut(BaseException):
    """The process dies here."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    made(tmp_path)
    return tmp_path


def made(home: Path, origin: str = ORIGIN) -> DataKeys:
    return DataKeys.create(home / "vault", home / "keys" / "vault-kek", origin)


def opened(home: Path, origin: str = ORIGIN) -> DataKeys:
    keys = DataKeys(home / "vault", home / "keys" / "vault-kek", origin)
    keys.open()
    return keys


def bytes_below(directory: Path) -> bytes:
    return b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())


def test_a_key_is_the_same_for_every_process_and_as_long_as_it_lives(home: Path) -> None:
    keys = opened(home)
    name = keys.name_of(TOKEN)
    assert keys.get(name) is None
    key = keys.get_or_make(name)
    assert key is not None
    assert (key, key) == (opened(home).get(name), opened(home).get_or_make(name))
    assert keys.ledger_key() != key


def test_files_are_their_owner_s_and_hold_no_key_in_the_clear(home: Path) -> None:
    keys = opened(home)
    key = keys.get_or_make(keys.name_of(TOKEN))
    assert key is not None
    files = [path for path in home.rglob("*") if path.is_file()]
    assert 3 == len(files)
    assert {0o600} == {path.stat().st_mode & 0o777 for path in files}
    assert key not in bytes_below(home)
    assert TOKEN.encode() not in bytes_below(home)
    assert TOKEN.rpartition(".")[2] not in "".join(path.name for path in files)


def test_kek_missing(home: Path) -> None:
    (home / "keys" / "vault-kek").unlink()
    with pytest.raises(KekMissing, match="KEK_MISSING"):
        opened(home)


def test_a_kek_that_others_may_read_is_refused(home: Path) -> None:
    (home / "keys" / "vault-kek").chmod(0o644)
    with pytest.raises(KekMissing, match="read by others"):
        opened(home)


def test_kek_wrong(home: Path, tmp_path: Path) -> None:
    made(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "keys" / "vault-kek", home / "keys" / "vault-kek")
    with pytest.raises(KekWrong, match="KEK_WRONG: the data keys are wrapped under"):
        opened(home)


@pytest.mark.parametrize("content", [b"", b"techledger-kek/1 \n", b"techledger-kek/1 AAAA\n"])
def test_what_is_no_kek_is_refused(home: Path, content: bytes) -> None:
    (home / "keys" / "vault-kek").write_bytes(content)
    with pytest.raises(KekWrong, match="is no key-encryption key"):
        opened(home)


def test_vault_missing(home: Path) -> None:
    shutil.rmtree(home / "vault")
    with pytest.raises(VaultMissing, match="VAULT_MISSING"):
        opened(home)


def test_a_key_of_another_ledger_does_not_open(home: Path) -> None:
    with pytest.raises(DataKeyDamaged, match="DATA_KEY_DAMAGED"):
        opened(home, "ledger.example/techledger/0badcafd")


def test_a_key_under_another_name_does_not_open(home: Path) -> None:
    keys = opened(home)
    mine, other = keys.name_of(TOKEN), keys.name_of(TOKEN[:-1] + "1")
    keys.get_or_make(mine)
    shutil.copy(home / "vault" / mine, home / "vault" / other)
    with pytest.raises(DataKeyDamaged):
        opened(home).get(other)


@pytest.mark.parametrize("at", [0, 25, 60, -2])
def test_a_key_that_was_altered_does_not_open(home: Path, at: int) -> None:
    content = bytearray((home / "vault" / LEDGER).read_bytes())
    content[at] ^= 1
    (home / "vault" / LEDGER).write_bytes(content)
    with pytest.raises((DataKeyDamaged, KekWrong)):
        opened(home)


# Erasing


def test_an_erased_key_is_gone_and_never_made_again(home: Path) -> None:
    keys, another = opened(home), opened(home)
    name = keys.name_of(TOKEN)
    key = another.get_or_make(name)
    wrapped = (home / "vault" / name).read_bytes()
    os.link(home / "vault" / name, home / "the same blocks")
    assert keys.erase(name)
    assert (None, None) == (keys.get(name), keys.get_or_make(name))
    assert wrapped.split()[2] not in bytes_below(home)
    assert (home / "the same blocks").read_bytes() == (home / "vault" / name).read_bytes()
    assert key == another.get(name), "it is in that process's memory"
    another.forget()
    assert (None, None) == (another.get(name), another.get_or_make(name))
    assert not keys.erase(name)


def test_a_person_without_a_key_is_erased_beforehand(home: Path) -> None:
    keys = opened(home)
    assert not keys.erase(keys.name_of(TOKEN))
    assert opened(home).get_or_make(keys.name_of(TOKEN)) is None


def test_what_a_cut_rotation_left_of_a_key_is_erased_too(home: Path) -> None:
    keys = opened(home)
    name = keys.name_of(TOKEN)
    keys.get_or_make(name)
    left = home / "vault" / f".{name}.new"
    shutil.copy(home / "vault" / name, left)
    keys.erase(name)
    assert not left.exists()


def test_the_last_applied_erasure_only_moves_on(home: Path) -> None:
    keys = opened(home)
    assert -1 == keys.applied
    keys.mark(7)
    keys.mark(3)
    assert 7 == opened(home).applied


# Rotating


def test_a_rotation_keeps_every_key_and_leaves_nothing_to_the_old_kek(home: Path) -> None:
    keys = opened(home)
    name, gone = keys.name_of(TOKEN), keys.name_of(TOKEN[:-1] + "1")
    before = (keys.ledger_key(), keys.get_or_make(name))
    keys.get_or_make(gone)
    keys.erase(gone)
    old = (home / "keys" / "vault-kek").read_bytes()
    assert keys.rotate() != opened_with(old, home)
    after = opened(home)
    assert before == (after.ledger_key(), after.get(name))
    assert after.get_or_make(gone) is None
    assert old.split()[1] not in bytes_below(home)
    assert ["vault-kek"] == [path.name for path in (home / "keys").iterdir()]
    (home / "keys" / "vault-kek").write_bytes(old)
    with pytest.raises(KekWrong):
        opened(home)


def opened_with(kek: bytes, home: Path) -> str:
    path = home / "kek-of-before"
    path.write_bytes(kek)
    path.chmod(0o600)
    found = DataKeys(home / "vault", path, ORIGIN)._read_kek(path)
    path.unlink()
    return found.id


def test_who_runs_meanwhile_goes_on(home: Path) -> None:
    running = opened(home)
    key = running.get_or_make(running.name_of(TOKEN))
    opened(home).rotate()
    running.forget()
    assert key == running.get(running.name_of(TOKEN))
    running.get_or_make(running.name_of(TOKEN[:-1] + "1"))
    assert opened(home).get(running.name_of(TOKEN[:-1] + "1")) is not None


STEPS: tuple[tuple[Any, str], ...] = (
    (durable, "create"),
    (durable, "replace"),
    (durable, "flush_directory"),
    (os, "link"),
    (Path, "replace"),
    (Path, "unlink"),
    (datakeys, "_overwrite"),
)


def cut_at(number: int, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> Callable[[], int]:
    """Die before, or after, the step of that number; return a count of the steps so far."""
    count = 0

    def dying(step: Callable[..., Any]) -> Callable[..., Any]:
        def run(*args: Any, **kwargs: Any) -> Any:
            nonlocal count
            count += 1
            mine = count
            if mine == number and not after:
                raise Cut
            result = step(*args, **kwargs)
            if mine == number and after:
                raise Cut
            return result

        return run

    for where, name in STEPS:
        monkeypatch.setattr(where, name, dying(getattr(where, name)))
    return lambda: count


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_rotation_that_is_cut_anywhere_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    cuts = 0
    while True:
        home = tmp_path / f"home-{cuts}"
        keys = made(home)
        names = [keys.name_of(f"party:tok.{n:032x}") for n in range(3)]
        expected = [keys.ledger_key(), *map(keys.get_or_make, names)]
        old = (home / "keys" / "vault-kek").read_bytes()
        with monkeypatch.context() as patched:
            steps = cut_at(cuts + 1, patched, after=when == "after")
            with suppress(Cut):
                keys.rotate()
            if steps() == cuts:
                break  # Every step was cut once; this time there was none of that number.
            cuts += 1
        found = opened(home)
        assert expected == [found.ledger_key(), *map(found.get, names)], "readable in between"
        found.erase(names[0])
        found.rotate()
        found = opened(home)
        assert [*expected[:1], None, *expected[2:]] == [found.ledger_key(), *map(found.get, names)]
        assert old.split()[1] not in bytes_below(home)
        assert ["vault-kek"] == [path.name for path in (home / "keys").iterdir()]
    assert cuts > 20
