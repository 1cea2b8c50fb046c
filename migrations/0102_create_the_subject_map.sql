-- Create the map of subjects
--
-- What seals commit to: of every subject how many entries are tagged with it, the last of them, and
-- a chain of hashes over their leaves (docs/spec/seal.md). It follows from the entries' bytes alone
-- and can be made again from them, so it stands among the read models. It moves in one commit with
-- its size, and only when a seal is made: proofs are under the last seal.
--
-- depends: 0101_create_cosignatures

-- `key` is the SHA-256 of the subject; its order is the order of the trie's leaves.
CREATE TABLE read.subject_map (
    key bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    subject text COLLATE "C" NOT NULL,
    count bigint NOT NULL CHECK (count > 0),
    last bigint NOT NULL CHECK (last >= 0),
    chain bytea NOT NULL CHECK (octet_length(chain) = 32)
);

-- The parts of the trie at depth 16: whether they hold one key or more, and their hash.
CREATE TABLE read.subject_map_buckets (
    bucket integer PRIMARY KEY CHECK (bucket BETWEEN 0 AND 65535),
    keys smallint NOT NULL CHECK (keys IN (1, 2)),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32)
);

CREATE TABLE read.subject_map_size (
    one boolean PRIMARY KEY CHECK (one),
    size bigint NOT NULL CHECK (size >= 0)
);

INSERT INTO read.subject_map_size VALUES (true, 0);

GRANT SELECT, INSERT, UPDATE, DELETE
ON read.subject_map, read.subject_map_buckets, read.subject_map_size TO ledger_app;
