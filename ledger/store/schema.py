"""
The schema in words: what the catalogue says of schema `ledger`, as SQL text.

One text serves twice: `migrations/schema.sql` shows in review what all migrations add up to, and
at start the live database is compared with it, so that a trigger that is gone or a right too many
is noticed before anything is served. Own queries instead of pg_dump: the same text on every
version of PostgreSQL, and no binaries needed.

What belongs to the owner, who has every right anyway, is left out, and so are the tables of
`read`, which projections make and drop.
"""

from psycopg2.extensions import cursor

_TABLES = """
SELECT format(E'CREATE %sTABLE %s (\n%s\n)%s;',
    CASE c.relpersistence WHEN 'p' THEN '' ELSE 'UNLOGGED ' END,
    c.oid::regclass,
    string_agg(format('    %I %s%s%s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        CASE WHEN a.attcollation <> t.typcollation
            THEN format(' COLLATE %s', a.attcollation::regcollation) ELSE '' END,
        CASE WHEN a.attnotnull THEN ' NOT NULL' ELSE '' END,
        ' DEFAULT ' || pg_get_expr(d.adbin, d.adrelid),
        CASE WHEN a.attstorage <> t.typstorage
            THEN ' STORAGE ' || CASE a.attstorage WHEN 'e' THEN 'EXTERNAL' WHEN 'p' THEN 'PLAIN'
                WHEN 'm' THEN 'MAIN' ELSE 'EXTENDED' END ELSE '' END),
        E',\n' ORDER BY a.attnum),
    CASE WHEN c.relrowsecurity THEN ' WITH ROW LEVEL SECURITY' ELSE '' END)
FROM pg_class c
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE c.relnamespace = 'ledger'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
GROUP BY c.oid ORDER BY 1
"""

_CONSTRAINTS = """
SELECT format('ALTER TABLE %s ADD CONSTRAINT %I %s;',
    conrelid::regclass, conname, pg_get_constraintdef(oid))
FROM pg_constraint
WHERE connamespace = 'ledger'::regnamespace AND contype IN ('p', 'u', 'c', 'f', 'x')
ORDER BY 1
"""

_INDEXES = """
SELECT pg_get_indexdef(i.indexrelid) || ';'
FROM pg_index i
JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relnamespace = 'ledger'::regnamespace
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = i.indexrelid)
ORDER BY 1
"""

_FUNCTIONS = """
SELECT pg_get_functiondef(oid) || ';'
FROM pg_proc WHERE pronamespace = 'ledger'::regnamespace ORDER BY 1
"""

_TRIGGERS = """
SELECT pg_get_triggerdef(t.oid) || '; -- enabled: ' || CASE t.tgenabled
    WHEN 'A' THEN 'always' WHEN 'O' THEN 'origin' WHEN 'R' THEN 'replica' ELSE 'never' END
FROM pg_trigger t
JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = 'ledger'::regnamespace AND NOT t.tgisinternal
ORDER BY 1
"""

_RULES = """
SELECT pg_get_ruledef(r.oid)
FROM pg_rewrite r
JOIN pg_class c ON c.oid = r.ev_class
WHERE c.relnamespace = 'ledger'::regnamespace
ORDER BY 1
"""

_GRANTS = """
SELECT format('GRANT %s ON %s TO %s;',
    string_agg(g.privilege_type, ', ' ORDER BY g.privilege_type), o.name,
    CASE WHEN g.grantee = 0 THEN 'PUBLIC' ELSE g.grantee::regrole::text END)
FROM (
    SELECT oid::regclass::text AS name, relowner AS owner, relacl AS acl
    FROM pg_class WHERE relnamespace = 'ledger'::regnamespace AND relkind <> 'i'
    UNION ALL
    SELECT format('%s (%I)', attrelid::regclass, attname), relowner, attacl
    FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
    WHERE relnamespace = 'ledger'::regnamespace AND attacl IS NOT NULL
    UNION ALL
    SELECT 'SCHEMA ' || nspname, nspowner, nspacl FROM pg_namespace WHERE nspname = 'ledger'
) o, aclexplode(o.acl) g
WHERE g.grantee <> o.owner
GROUP BY o.name, g.grantee ORDER BY 1
"""


def describe(session: cursor) -> str:
    """Return what schema `ledger` consists of. Raises the driver's error where there is none."""
    # Names are written in full, whatever the session's search path would let away.
    session.execute("SET search_path TO pg_catalog")
    parts = ["CREATE SCHEMA ledger;"]
    for query in (_TABLES, _CONSTRAINTS, _INDEXES, _FUNCTIONS, _TRIGGERS, _RULES, _GRANTS):
        session.execute(query)
        between = "\n\n" if query is _TABLES else "\n"
        parts.append(between.join(definition for (definition,) in session.fetchall()))
    session.execute("RESET search_path")
    return "\n\n".join(part for part in parts if part) + "\n"
