-- Say which batches a sequencer judged
--
-- Whoever has the application's role can insert an entry and move the head, signature or not. So a
-- sequencer leaves a MAC over each batch that it appends, by a key that is not in the database, and
-- the publisher signs nothing without one. A batch is the entries of one transaction; entries of
-- before this migration have none, and are under a checkpoint.
--
-- depends: 0109_keep_what_was_refused_for_good

CREATE TABLE ledger.batches (
    first bigint PRIMARY KEY CHECK (first >= 0),
    entries integer NOT NULL CHECK (entries > 0),
    mac bytea NOT NULL CHECK (octet_length(mac) = 32)
);

CREATE TRIGGER batches_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.batches
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
ALTER TABLE ledger.batches ENABLE ALWAYS TRIGGER batches_are_append_only;

GRANT SELECT, INSERT ON ledger.batches TO ledger_app;
