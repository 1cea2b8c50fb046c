"""
Start-up attestation: whether this PostgreSQL is fit to keep a ledger (docs/reliability.md).

Every finding is named at once, and nothing is served while there is one.
"""

from collections.abc import Iterator
from typing import Any

from psycopg2.extensions import cursor

from ledger.store.connection import Pool, StoreError, one_row
from ledger.store.held import APPLIED, known_migrations
from ledger.store.overlays import overlays
from ledger.store.schema import differences

_DURABLE = {
    "fsync": ("on",),
    "full_page_writes": ("on",),
    "synchronous_commit": ("on", "remote_apply"),
    "data_checksums": ("on",),
    "data_sync_retry": ("off",),
}
"""Settings without which a commit that was acknowledged could be lost, or damage go unseen."""

_APPEND_ONLY = (
    *("entries", "tags", "turns", "nodes", "checkpoints", "cosignatures", "links", "batches"),
)
_CHANGES = ("UPDATE", "DELETE", "TRUNCATE")


class DatabaseUnfit(StoreError):
    """The database must not serve a ledger; `findings` says why, one reason each."""

    exit_code = 78

    def __init__(self, findings: tuple[str, ...]) -> None:
        super().__init__("; ".join(findings))
        self.findings = findings


def attest(app_dsn: str) -> None:
    """Examine the database as the application sees it. Raises `DatabaseUnfit` with all findings."""
    pool = Pool(app_dsn, 1, application_name="techledger attest")
    try:
        with pool.session() as session:
            findings = (
                *unsafe_settings(session),
                *_wrong_state(session),
                *_wrong_rights(session),
                *schema_faults(session, newer_is_fit=True),
            )
    finally:
        pool.close()
    if findings:
        raise DatabaseUnfit(findings)


def unsafe_settings(session: cursor) -> tuple[str, ...]:
    """Return what is wrong with the settings that durability hangs on."""
    session.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", (list(_DURABLE),))
    found: dict[str, str] = dict(session.fetchall())
    return tuple(
        f"{name} is {found.get(name)}, not {' or '.join(allowed)}"
        for name, allowed in _DURABLE.items()
        if found.get(name) not in allowed
    )


def _wrong_state(session: cursor) -> Iterator[str]:
    if _ask(session, "SELECT pg_is_in_recovery()"):
        yield "the server is in recovery: it is a standby, or not yet started"
    encoding = _ask(session, "SHOW server_encoding")
    if encoding != "UTF8":
        yield f"the database's encoding is {encoding}, not UTF8"

    if _ask(session, "SELECT rolsuper FROM pg_roles WHERE rolname = current_user"):
        yield "the application's role is a superuser"


def schema_faults(session: cursor, *, newer_is_fit: bool = False) -> Iterator[str]:
    """Yield how the schema differs from what the migrations make: tables, triggers, rights.

    What stands between a table and who asks it is named too. What a newer schema looks like, newer
    software knows: it is a fault that nobody looked, unless `newer_is_fit`.
    """
    if _ask(session, "SELECT to_regnamespace('ledger') IS NULL"):
        yield "schema ledger is missing: run the migrations"
        return
    standing = tuple(overlays(session))
    yield from standing
    if any(APPLIED in each for each in standing):
        return  # Which migrations there were nobody can tell.
    session.execute(f"SELECT migration_id FROM {APPLIED}")  # noqa: S608  (a constant)
    newer = sorted({name for (name,) in session.fetchall()} - known_migrations())
    if not newer:
        yield from differences(session)
    elif not newer_is_fit:
        yield (
            f"the database holds the migration {', '.join(newer)[:200]}, which this software does"
            " not know: the schema was not examined"
        )


def _wrong_rights(session: cursor) -> Iterator[str]:
    for table in _APPEND_ONLY:
        name = f"ledger.{table}"
        if _ask(session, "SELECT to_regclass(%s) IS NULL", name):
            continue  # The comparison with the schema says so.
        if _ask(
            session,
            "SELECT pg_has_role(relowner, 'MEMBER') FROM pg_class WHERE oid = %s::regclass",
            name,
        ):
            yield f"the application's role owns {name}"
        for change in _CHANGES:
            if _ask(session, "SELECT has_table_privilege(%s, %s)", name, change):
                yield f"the application's role may {change} {name}"


def _ask(session: cursor, question: str, *arguments: object) -> Any:
    session.execute(question, arguments or None)
    return one_row(session)[0]
