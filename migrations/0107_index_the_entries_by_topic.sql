-- Index the entries by topic
--
-- Software that is older than another process on the same database has to notice it before it
-- folds what it does not know. With this index the types of event that the log holds are found by
-- as many look-ups as there are types, however long the log is; equal values share their place in
-- it, so that it stays small.
--
-- depends: 0106_keep_openings_encrypted

CREATE INDEX entries_topic ON ledger.entries (topic);
