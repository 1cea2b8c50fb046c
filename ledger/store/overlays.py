"""
What stands between a table and who asks it: policies, rules, views, inheritance, foreign triggers.

And what the catalogue says of a table that is not so: indexes, triggers and checks that are there,
and switched off by a flag beside them.

No software of this ledger makes any of them in its schemas. With one of them a table can tell the
server something else than it tells who examines it, so nothing is answered while one is there.
"""

from collections.abc import Iterator

from psycopg2.extensions import cursor

_OVERLAYS = """
WITH ours AS (
    SELECT c.oid, c.oid::regclass::text AS name, c.relkind, c.relrowsecurity,
        c.relforcerowsecurity, n.nspname
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('ledger', 'read', 'migrations')
)
SELECT 'row level security on ' || name FROM ours WHERE relrowsecurity OR relforcerowsecurity
UNION SELECT format('the policy %I on %s', polname, name)
    FROM ours JOIN pg_policy ON polrelid = ours.oid
UNION SELECT format('the rule %I on %s', rulename, name)
    FROM ours JOIN pg_rewrite ON ev_class = ours.oid
UNION SELECT format('%s, which is no table', name)
    FROM ours WHERE relkind IN ('v', 'm', 'f', 'p')
UNION SELECT format('%s, which inherits %s', inhrelid::regclass, inhparent::regclass)
    FROM pg_inherits WHERE inhrelid IN (SELECT oid FROM ours) OR inhparent IN (SELECT oid FROM ours)
UNION SELECT format('the trigger %I on %s', tgname, name)
    FROM ours JOIN pg_trigger ON tgrelid = ours.oid
    WHERE nspname <> 'ledger'
UNION SELECT 'the function ' || p.oid::regprocedure
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('read', 'migrations')
UNION SELECT format('the index %s as it is: it is not kept, or not held to', indexrelid::regclass)
    FROM ours JOIN pg_index ON indrelid = ours.oid
    LEFT JOIN pg_constraint ON conindid = indexrelid AND contype IN ('p', 'u')
    WHERE indisvalid AND NOT (indisready AND indislive) OR conindid IS NOT NULL
        AND NOT (indisvalid AND indisunique AND indimmediate AND indpred IS NULL)
UNION SELECT format('%s as it is: its %s are passed over', name, what)
    FROM ours JOIN pg_class t USING (oid), LATERAL (VALUES
        ('triggers', NOT relhastriggers AND EXISTS (SELECT FROM pg_trigger WHERE tgrelid = t.oid)),
        ('indexes', NOT relhasindex AND EXISTS (SELECT FROM pg_index WHERE indrelid = t.oid)),
        ('checks', relchecks
            <> (SELECT count(*) FROM pg_constraint WHERE conrelid = t.oid AND contype = 'c'))
    ) AS flags (what, off)
    WHERE off
ORDER BY 1
"""

_SETTINGS = """
SELECT format('the setting %s of %s%s', split_part(said, '=', 1),
    CASE setrole WHEN 0 THEN 'every role' ELSE setrole::regrole::text END,
    CASE setdatabase WHEN 0 THEN '' ELSE ' in this database' END)
FROM pg_db_role_setting, unnest(setconfig) AS said
WHERE setdatabase IN (0, (SELECT oid FROM pg_database WHERE datname = current_database()))
    AND split_part(said, '=', 1) = ANY(ARRAY['search_path', 'row_security',
        'session_replication_role', 'session_preload_libraries', 'local_preload_libraries', 'role'])
ORDER BY 1
"""


def overlays(session: cursor) -> Iterator[str]:
    """Yield what stands in the ledger's schemas and no software of this ledger makes."""
    session.execute(_OVERLAYS)
    for (what,) in session.fetchall():
        yield f"nobody of this ledger made {what}"


def meddling_settings(session: cursor) -> Iterator[str]:
    """Yield the settings of roles and of this database that change what a statement means."""
    session.execute(_SETTINGS)
    for (what,) in session.fetchall():
        yield f"nobody of this ledger made {what}"
