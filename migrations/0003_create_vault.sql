-- Create the vault
--
-- The log holds commitments; what they commit to stands here, written in the same commit as the
-- entry. It is the only table from which anything may be erased, and it lies beside the log, so
-- erasing an opening changes no byte that anybody signed.
--
-- depends: 0002_refuse_change_of_the_log

-- `path` is the JSON pointer of the private section, `value` its canonical bytes.
CREATE TABLE ledger.vault (
    position bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    salt bytea NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (position, path)
);
