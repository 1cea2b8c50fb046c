"""Changes to the log's tables that only their owner can make, with the triggers put aside."""

from ledger.node.fsck import FsckReport
from tests.support.postgres import Database, run_sql

TRIGGERS = {
    "entries_are_append_only": "entries",
    "tags_are_append_only": "tags",
    "turns_are_append_only": "turns",
    "nodes_are_append_only": "nodes",
    "checkpoints_are_append_only": "checkpoints",
    "cosignatures_are_append_only": "cosignatures",
    "links_are_append_only": "links",
    "batches_are_append_only": "batches",
    "checkpoints_are_linked": "checkpoints",
    "cosignatures_are_linked": "cosignatures",
    "head_only_grows": "head",
    "head_stays": "head",
    "erased_openings_are_append_only": "erased_openings",
    "erasures_are_append_only": "erasures",
    "shown_openings_are_append_only": "shown_openings",
    "vault_is_never_rewritten": "vault",
    "kept_stays": "kept",
    "signed_again_only_grows": "signed_again",
    "signed_again_stays": "signed_again",
}


NO_CHECKS = """
DO $$ DECLARE bound record; BEGIN
    FOR bound IN SELECT conrelid::regclass AS place, conname FROM pg_constraint
        WHERE contype = 'c' AND connamespace IN ('ledger'::regnamespace, 'read'::regnamespace)
    LOOP EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', bound.place, bound.conname); END LOOP;
END $$;
"""
"""Checks keep mistakes out; who owns the tables can put them aside as well."""


def without_checks(database: Database, statements: str) -> None:
    """Run statements as `as_owner` does, with the tables' checks dropped for good."""
    run_sql(database.superuser_dsn, NO_CHECKS)
    as_owner(database, statements)


def as_owner(database: Database, statements: str) -> None:
    """Run statements with the triggers off, then put the triggers back as they were."""
    alter = "ALTER TABLE ledger.{} {} TRIGGER {};"
    off = "".join(alter.format(table, "DISABLE", name) for name, table in TRIGGERS.items())
    on = "".join(alter.format(table, "ENABLE ALWAYS", name) for name, table in TRIGGERS.items())
    run_sql(database.superuser_dsn, f"{off}{statements};{on}")


def beside_the_schema(report: FsckReport) -> list[str]:
    """Return what `fsck` found but for the checks and triggers that an attack took away before."""
    return [each.what for each in report.findings if not each.what.startswith("the schema ")]
