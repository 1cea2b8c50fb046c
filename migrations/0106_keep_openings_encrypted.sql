-- Keep openings encrypted, count them, and record what was erased and shown
--
-- A database cannot forget: what a row held is in dead tuples, in the WAL and in every backup. So
-- no opening enters it in the clear, and the keys that open one lie in files outside it. Nothing is
-- erased here alone; what goes leaves a record, so that erasure can be told from destruction.
--
-- depends: 0105_keep_the_leaves_of_the_subject_map

-- What earlier builds kept in the clear. The first start that finds rows here encrypts and removes
-- them; nothing is ever added.
ALTER TABLE ledger.vault RENAME TO plain_openings;
ALTER INDEX ledger.vault_pkey RENAME TO plain_openings_pkey;
REVOKE INSERT, UPDATE ON ledger.plain_openings FROM ledger_app;

-- `sealed` is a nonce and the AES-256-GCM of salt and canonical value, bound to the entry and the
-- path. It opens with the ledger's data key and those named in `holders`, one for each person whom
-- it concerns.
CREATE TABLE ledger.vault (
    position bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    holders text [] COLLATE "C" NOT NULL,
    sealed bytea NOT NULL,
    PRIMARY KEY (position, path)
);

-- Rules ask by commitment, an erasure by holder.
CREATE INDEX vault_commitment ON ledger.vault (commitment);
CREATE INDEX vault_holders ON ledger.vault USING gin (holders) WHERE cardinality(holders) > 0;

-- How many openings were ever kept: those in the vault and those that were erased add up to it.
CREATE TABLE ledger.kept (
    one boolean PRIMARY KEY CHECK (one),
    openings bigint NOT NULL CHECK (openings >= 0)
);
INSERT INTO ledger.kept VALUES (true, 0);

-- An opening that is no longer kept, without what it opened. `erased_by` is the position of the
-- event that erased its person; null where the operator gave it up, its key being lost.
CREATE TABLE ledger.erased_openings (
    position bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    commitment bytea NOT NULL CHECK (octet_length(commitment) = 32),
    holders text [] COLLATE "C" NOT NULL,
    erased_by bigint,
    PRIMARY KEY (position, path)
);

-- Which events that erase a person have been carried out here: whoever opens the vault carries out
-- the others first.
CREATE TABLE ledger.erasures (
    position bigint PRIMARY KEY CHECK (position >= 0),
    openings bigint NOT NULL CHECK (openings >= 0),
    applied timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX entries_erasing ON ledger.entries (position) WHERE topic = 'person.erased/1';

-- Who had an opening shown on the operator's host, and what for.
CREATE TABLE ledger.shown_openings (
    shown timestamptz NOT NULL DEFAULT now(),
    position bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    shown_to text NOT NULL,
    reason text NOT NULL
);

CREATE TRIGGER erased_openings_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.erased_openings
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER erasures_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.erasures
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER shown_openings_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.shown_openings
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER vault_is_never_rewritten
BEFORE UPDATE OR TRUNCATE ON ledger.vault
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

CREATE TRIGGER kept_stays
BEFORE DELETE OR TRUNCATE ON ledger.kept
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE ledger.erased_openings ENABLE ALWAYS TRIGGER erased_openings_are_append_only;
ALTER TABLE ledger.erasures ENABLE ALWAYS TRIGGER erasures_are_append_only;
ALTER TABLE ledger.shown_openings ENABLE ALWAYS TRIGGER shown_openings_are_append_only;
ALTER TABLE ledger.vault ENABLE ALWAYS TRIGGER vault_is_never_rewritten;
ALTER TABLE ledger.kept ENABLE ALWAYS TRIGGER kept_stays;

GRANT SELECT, INSERT, DELETE ON ledger.vault TO ledger_app;
GRANT SELECT, UPDATE ON ledger.kept TO ledger_app;
GRANT SELECT, INSERT ON ledger.erased_openings, ledger.erasures, ledger.shown_openings
TO ledger_app;
