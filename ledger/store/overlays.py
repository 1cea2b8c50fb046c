"""
What stands between a table and who asks it: policies, rules, views, inheritance, foreign triggers.

And what the catalogue says of a table that is not so: indexes, triggers and checks that are there,
and switched off by a flag beside them.

No software of this ledger makes any of them in its schemas. With one of them a table can tell the
server something else than it tells who examines it, so nothing is answered while one is there.
"""

from collections.abc import Iterator

from psycopg2.extensions import cursor

from ledger.store.connection import Pool

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
    AND (setrole = 0 OR has_schema_privilege(setrole, to_regnamespace('ledger')::oid, 'USAGE'))
UNION SELECT format('the setting %s, which is %s', name, setting) FROM pg_settings
WHERE (category = 'Developer Options' OR category LIKE 'Version and Platform Compatibility%')
    AND setting IS DISTINCT FROM boot_val
    AND name NOT IN ('allow_alter_system', 'synchronize_seqscans')
UNION SELECT format('the event trigger %I', evtname) FROM pg_event_trigger
ORDER BY 1
"""

_POWERS = """
WITH ours AS (
    SELECT oid FROM pg_roles WHERE rolname IN (current_user, 'ledger_app')
    UNION SELECT nspowner FROM pg_namespace WHERE nspname IN ('ledger', 'read', 'migrations')
), strong AS (
    SELECT oid FROM ours UNION SELECT oid FROM pg_roles WHERE rolname IN ('pg_write_all_data',
        'pg_execute_server_program', 'pg_write_server_files', 'pg_maintain')
)
SELECT format('the role %s, which is %s', r.oid::regrole, power)
    FROM pg_roles r, LATERAL (VALUES ('SUPERUSER', rolsuper, true), ('BYPASSRLS', rolbypassrls,
        NOT rolsuper), ('CREATEROLE', rolcreaterole, false), ('CREATEDB', rolcreatedb, false),
        ('REPLICATION', rolreplication, false)) AS powers (power, held, anybodys)
    WHERE held AND (anybodys OR r.oid IN (SELECT oid FROM ours)) AND r.oid <> 10
UNION SELECT format('the role %s, which may act as %s', member::regrole, roleid::regrole)
    FROM pg_auth_members
    WHERE member IN (SELECT oid FROM ours) AND member <> 10 OR roleid IN (SELECT oid FROM strong)
ORDER BY 1
"""


def overlays(session: cursor) -> Iterator[str]:
    """Yield what stands in the ledger's schemas and no software of this ledger makes."""
    session.execute(_OVERLAYS)
    for (what,) in session.fetchall():
        yield f"nobody of this ledger made {what}"


def foreign_defaults(pool: Pool) -> Iterator[str]:
    """Yield the settings of the server, the database or the role that our own sessions pass over.

    Other programs do not: a backup or a repair by hand ends in the middle, or writes nothing.
    """
    for name, value in pool.foreign_defaults().items():
        yield f"nobody of this ledger made the setting {name}, which is {value}"


def meddling(session: cursor) -> Iterator[str]:
    """Yield what bears on this database from outside its schemas: settings, event triggers, powers.

    This software sets nothing for a role or a database, and its roles have no power but rights.
    The server's first superuser is left out, who made it.
    """
    for query in (_SETTINGS, _POWERS):
        session.execute(query)
        for (what,) in session.fetchall():
            yield f"nobody of this ledger made {what}"
