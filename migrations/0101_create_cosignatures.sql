-- Create the cosignatures of the witnesses
--
-- What witnesses answer, line by line, beside the checkpoints they cosigned, which stay byte for
-- byte as the log signed them. A witness may cosign one size many times, later each time: how
-- fresh its latest is tells a reader that the log is not held back from it.
--
-- depends: 0100_create_progress_of_the_read_models

-- `time` is in POSIX seconds, as the witness signed it; `key_id` are the four bytes of the note.
CREATE TABLE ledger.cosignatures (
    size bigint NOT NULL CHECK (size >= 0),
    name text COLLATE "C" NOT NULL,
    key_id bytea NOT NULL CHECK (octet_length(key_id) = 4),
    time bigint NOT NULL CHECK (time > 0),
    line text COLLATE "C" NOT NULL,
    PRIMARY KEY (size, name, key_id, time)
);

CREATE TRIGGER cosignatures_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.cosignatures
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE ledger.cosignatures ENABLE ALWAYS TRIGGER cosignatures_are_append_only;

GRANT SELECT, INSERT ON ledger.cosignatures TO ledger_app;
