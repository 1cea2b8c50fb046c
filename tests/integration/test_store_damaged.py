"""A home whose database cannot be entered: what is damaged is named, and nothing is started."""

from contextlib import contextmanager

import pytest

from ledger.store.embedded import EmbeddedPostgres, NoVersion, PasswordsLost
from ledger.store.postmaster import find_postmaster
from tests.support.postgres import home_directory


@pytest.fixture(scope="module")
def made_home():
    """Lend a home whose server was made, and stopped."""
    with home_directory() as home:
        server = EmbeddedPostgres(home)
        server.start()
        server.stop()
        yield home


@pytest.fixture
def data(made_home):
    """Lend the data directory of the module's home."""
    return next(made_home.glob("postgres-[0-9]*"))


@contextmanager
def damaged(file, held):
    """Have a file hold something else for the length of the block."""
    kept = file.read_bytes()
    file.write_bytes(held)
    try:
        yield
    finally:
        file.write_bytes(kept)


@pytest.mark.parametrize("held", [b"", b"\xff", b"[1]", b"[" * 100_000, b'{"postgres": "x"}'])
def test_a_damaged_file_of_passwords_is_named_and_nothing_runs(made_home, data, held):
    with damaged(made_home / "postgres-passwords.json", held):
        with pytest.raises(PasswordsLost, match="does not hold the passwords"):
            EmbeddedPostgres(made_home).start()
        assert find_postmaster(data, 0.0) is None


@pytest.mark.parametrize("held", [b"", b"\xff", b"[1]\n", b"9" * 5000])
def test_a_data_directory_of_no_version_is_named(made_home, data, held):
    names_none = pytest.raises(NoVersion, match="PG_VERSION names no version of PostgreSQL")
    with damaged(data / "PG_VERSION", held), names_none:
        EmbeddedPostgres(made_home).start()
