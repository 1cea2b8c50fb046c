-- Refuse every change of what is in the log
--
-- Entries, tags, nodes and checkpoints are only ever added, and the head only grows. The triggers
-- say so to every role, the tables' owner included, and always: not even a replica's apply mode
-- goes past them. A superuser can remove them, so they guard against mistakes; against malice
-- there are receipts, checkpoints and witnesses.
--
-- depends: 0001_create_log

CREATE FUNCTION ledger.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% of ledger.% refused: the log is append-only', tg_op, tg_table_name
        USING ERRCODE = 'restrict_violation';
END;
$$;

CREATE TRIGGER entries_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.entries
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER tags_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.tags
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER nodes_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.nodes
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER checkpoints_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.checkpoints
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER head_stays
BEFORE DELETE OR TRUNCATE ON ledger.head
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- By induction the log has neither gap nor overhang: the head moves only onto the last of exactly
-- as many entries as it grew by, and time does not run back. The function's plans are kept for as
-- long as a session lives: one made while the table was small would scan it for ever.
CREATE FUNCTION ledger.head_must_grow() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF new.origin <> old.origin OR new.size <= old.size OR new.accepted < old.accepted THEN
        RAISE EXCEPTION 'head from size % to % refused: the log only grows', old.size, new.size
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (SELECT count(*) FROM ledger.entries WHERE position >= old.size) <> new.size - old.size
        OR (SELECT max(position) FROM ledger.entries) <> new.size - 1 THEN
        RAISE EXCEPTION 'head from size % to % refused: the entries do not match', old.size, new.size
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN new;
END;
$$;

CREATE TRIGGER head_only_grows
BEFORE UPDATE ON ledger.head
FOR EACH ROW EXECUTE FUNCTION ledger.head_must_grow();

ALTER TABLE ledger.entries ENABLE ALWAYS TRIGGER entries_are_append_only;
ALTER TABLE ledger.tags ENABLE ALWAYS TRIGGER tags_are_append_only;
ALTER TABLE ledger.nodes ENABLE ALWAYS TRIGGER nodes_are_append_only;
ALTER TABLE ledger.checkpoints ENABLE ALWAYS TRIGGER checkpoints_are_append_only;
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_stays;
ALTER TABLE ledger.head ENABLE ALWAYS TRIGGER head_only_grows;
