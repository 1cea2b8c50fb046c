"""The migrations as files: held by checksums, only ever added to, and summed up by a golden."""

import re
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from ledger.store.migrate import check_sums, names
from ledger.store.schema import describe

MIGRATIONS = Path(__file__).parents[2] / "migrations"


def test_the_files_are_those_that_the_checksums_hold():
    check_sums(MIGRATIONS)


def test_no_migration_is_without_its_checksum():
    assert sorted(path.name for path in MIGRATIONS.glob("[0-9]*")) == sorted(names())


def test_the_checksums_only_grow():
    """What was committed may be applied somewhere: it is never edited, only added to."""
    committed = subprocess.run(
        ["git", "show", "HEAD:migrations/SHA256SUMS"],
        cwd=MIGRATIONS.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    if committed.returncode:
        pytest.skip("no migrations are committed yet")
    assert set(committed.stdout.splitlines()) <= set(
        (MIGRATIONS / "SHA256SUMS").read_text("utf-8").splitlines()
    )


def test_names_say_the_order_and_what_is_done():
    assert all(re.fullmatch(r"\d{4}_[a-z_]+\.sql", name) for name in names())
    numbers = [name[:4] for name in names()]
    assert sorted(set(numbers)) == numbers


@pytest.mark.parametrize("name", names())
def test_a_migration_says_why(name):
    """A title, at least one paragraph of reasons, then the statements."""
    head, _, statements = (MIGRATIONS / name).read_text("utf-8").partition("\n\n")
    comment = [line.removeprefix("--").strip() for line in head.splitlines()]
    assert all(line.startswith("--") for line in head.splitlines())
    assert comment[1] == ""
    assert 80 < len(" ".join(comment[2:]))
    assert statements.strip()


@pytest.mark.parametrize(("before", "name"), list(zip(names(), names()[1:], strict=False)))
def test_a_migration_depends_on_the_one_before(before, name):
    assert f"-- depends: {Path(before).stem}" in (MIGRATIONS / name).read_text("utf-8")


@pytest.mark.parametrize("name", names())
def test_a_migration_only_goes_forward(name):
    text = (MIGRATIONS / name).read_text("utf-8")
    assert not re.search(r"^\s*(DROP|TRUNCATE|DELETE)\b", text, re.MULTILINE | re.IGNORECASE)
    assert not (MIGRATIONS / name).with_suffix(".rollback.sql").exists()


def test_the_golden_schema_is_what_the_migrations_make(database):
    """After a new migration write it again: the diff is what the review looks at."""
    with closing(psycopg2.connect(database.owner_dsn)) as session, session.cursor() as cursor:
        assert (MIGRATIONS / "schema.sql").read_text("utf-8") == describe(cursor)
