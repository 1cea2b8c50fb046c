"""Settings: a slip in a name is refused, passwords come by file."""

from pathlib import Path

import pytest

from ledger.home.keystore import KeyFileMissing, KeyFileUnsafe
from ledger.home.settings import Settings, UnknownVariable, must_know
from ledger.node.node import Database


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("LEDGER_PROT", "LEDGER_PORT"),
        ("LEDGER_DATABASE_URI", "LEDGER_DATABASE_URL"),
        ("ledger_port", "LEDGER_PORT"),
        ("LEDGER_" + 20 * "Q", "settings.md"),
    ],
)
def test_an_unknown_variable_is_named_with_a_near_one(name: str, near: str):
    with pytest.raises(UnknownVariable, match=name) as thrown:
        must_know(["PATH", "LEDGER_PORT", name])
    assert near in str(thrown.value)


def test_settings_and_the_variables_of_clients_are_known():
    must_know([*(f"LEDGER_{name.upper()}" for name in Settings.model_fields), "HOME"])
    must_know(["LEDGER_URL", "LEDGER_TRUST", "LEDGERS", "MY_LEDGER_THING"])


def secret(path: Path, text: str, mode: int = 0o600) -> Path:
    path.write_text(text)
    path.chmod(mode)
    return path


@pytest.mark.parametrize(
    ("url", "dsn"),
    [
        ("postgresql://app@db.example/ledger", "postgresql://app:p%40ss%2F%20w@db.example/ledger"),
        ("postgresql://app:old@db:5432/x", "postgresql://app:p%40ss%2F%20w@db:5432/x"),
        ("postgresql://app@/x?host=%2Ftmp", "postgresql://app:p%40ss%2F%20w@/x?host=%2Ftmp"),
    ],
)
def test_a_password_comes_by_file(tmp_path: Path, url: str, dsn: str):
    file = secret(tmp_path / "password", "p@ss/ w\n")
    settings = Settings(database_url=url, database_password_file=file)
    assert (dsn, dsn) == (settings.app_dsn, settings.owner_dsn)
    shown = f"{settings!r} {settings} {Database(dsn, dsn)!r}"
    assert "p%40ss" not in shown
    assert "p@ss" not in shown


def test_the_owner_may_have_a_password_of_its_own(tmp_path: Path):
    settings = Settings(
        database_url="postgresql://app@db/x",
        database_owner_url="postgresql://owner@db/x",
        database_password_file=secret(tmp_path / "app", "one"),
        database_owner_password_file=secret(tmp_path / "owner", "two"),
    )
    assert "postgresql://app:one@db/x" == settings.app_dsn
    assert "postgresql://owner:two@db/x" == settings.owner_dsn


def test_a_password_that_others_can_read_or_that_is_not_there_is_refused(tmp_path: Path):
    url = "postgresql://app@db/x"
    unsafe = Settings(
        database_url=url, database_password_file=secret(tmp_path / "password", "p", 0o644)
    )
    with pytest.raises(KeyFileUnsafe):
        _ = unsafe.app_dsn
    missing = Settings(database_url=url, database_password_file=tmp_path / "nothing")
    with pytest.raises(KeyFileMissing):
        _ = missing.app_dsn
