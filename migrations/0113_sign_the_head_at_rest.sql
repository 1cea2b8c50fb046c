-- Sign the head at rest
--
-- While nothing new comes, the newest checkpoint is signed again each minute, with the time in it. Nothing
-- that is appended later is accepted before that time: `not_before` says so to every process, and was
-- committed before the signature was made. Receipts hang from the first note of a size, which stays where
-- it is; of those signed again the newest is kept, in a row of its own.
--
-- depends: 0112_find_what_suspends_a_key

ALTER TABLE ledger.head ADD COLUMN not_before timestamptz;

CREATE TABLE ledger.signed_again (
    one boolean PRIMARY KEY CHECK (one),
    size bigint NOT NULL CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note bytea NOT NULL,
    created timestamptz NOT NULL
);

-- As before (0002), but that a head may move in time alone: then it bears a later time and nothing else.
CREATE OR REPLACE FUNCTION ledger.head_must_grow() RETURNS trigger
LANGUAGE plpgsql SET enable_seqscan = off AS $$
BEGIN
    IF new.origin = old.origin AND new.size = old.size AND new.root = old.root
        AND new.frontier = old.frontier AND new.accepted = old.accepted
        AND new.not_before > greatest(old.accepted, old.not_before) THEN
        RETURN new;
    END IF;
    IF new.origin <> old.origin OR new.size <= old.size
        OR new.accepted < greatest(old.accepted, old.not_before)
        OR new.not_before IS DISTINCT FROM old.not_before THEN
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

CREATE FUNCTION ledger.time_must_grow() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF new.size < old.size OR new.created < old.created
        OR (new.created = old.created AND new.note <> old.note) THEN
        RAISE EXCEPTION 'what was signed at % is not replaced by what was earlier', old.created
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN new;
END;
$$;

CREATE TRIGGER signed_again_only_grows
BEFORE UPDATE ON ledger.signed_again
FOR EACH ROW EXECUTE FUNCTION ledger.time_must_grow();

CREATE TRIGGER signed_again_stays
BEFORE DELETE OR TRUNCATE ON ledger.signed_again
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE ledger.signed_again ENABLE ALWAYS TRIGGER signed_again_only_grows;
ALTER TABLE ledger.signed_again ENABLE ALWAYS TRIGGER signed_again_stays;

GRANT SELECT, INSERT, UPDATE ON ledger.signed_again TO ledger_app;
