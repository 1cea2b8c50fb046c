-- Grant the application what it needs, and no more
--
-- The application adds to the log and reads it; it can neither change nor remove what is there.
-- The role is made here only where nobody made it before: giving it a password, or a certificate,
-- is the administrator's work.
--
-- depends: 0004_create_read_schema

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = 'ledger_app') THEN
        CREATE ROLE ledger_app NOLOGIN;
    END IF;
END;
$$;

GRANT USAGE ON SCHEMA ledger TO ledger_app;
GRANT SELECT, INSERT ON ledger.entries, ledger.tags, ledger.nodes, ledger.checkpoints TO ledger_app;

-- FOR UPDATE asks for UPDATE as well; the trigger lets the head do nothing but grow.
GRANT SELECT, UPDATE ON ledger.head TO ledger_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.vault TO ledger_app;

GRANT USAGE, CREATE ON SCHEMA read TO ledger_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON read.tracking TO ledger_app;

-- To see whether a migration is pending.
GRANT USAGE ON SCHEMA migrations TO ledger_app;
GRANT SELECT ON ALL TABLES IN SCHEMA migrations TO ledger_app;
