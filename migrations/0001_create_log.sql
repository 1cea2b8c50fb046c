-- Create the log
--
-- The log is these tables: an entry's position, leaf hash, subjects and tree nodes are written in
-- the commit that writes its bytes, so the tree is never a copy made later.
--
-- Bytes are `bytea`: `jsonb` reorders and deduplicates keys, and text types refuse NUL. There are
-- no foreign keys to entries: they would cost a look-up for every tag, and nothing they guard
-- against can happen where nothing is ever deleted; `operate fsck` checks the same.

CREATE SCHEMA ledger;

-- The one row whose lock orders all appends. Positions come from it, never from a sequence:
-- sequences leave gaps and commit out of order. `frontier` holds the roots of the complete
-- subtrees, largest first, one for every bit set in `size`.
CREATE TABLE ledger.head (
    one boolean PRIMARY KEY CHECK (one),
    origin text NOT NULL,
    size bigint NOT NULL CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    frontier bytea [] NOT NULL CHECK (cardinality(frontier) = bit_count(size::bit(64))),
    accepted timestamptz CHECK ((accepted IS NULL) = (size = 0))
);

-- Columns of fixed width come first: readers take them out of a binary COPY in one piece.
CREATE TABLE ledger.entries (
    position bigint PRIMARY KEY CHECK (position >= 0),
    accepted timestamptz NOT NULL,
    event_id uuid NOT NULL UNIQUE,
    payload_sha256 bytea NOT NULL CHECK (octet_length(payload_sha256) = 32),
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32),
    topic text COLLATE "C" NOT NULL,
    entry bytea NOT NULL CHECK (octet_length(entry) <= 65535)
);

-- Events refer to earlier events by the hash of their payload.
CREATE INDEX entries_payload_sha256 ON ledger.entries (payload_sha256);

-- Signatures and hashes do not compress; trying to would only cost time in every append.
ALTER TABLE ledger.entries ALTER COLUMN entry SET STORAGE EXTERNAL;

-- What each entry is about. Collation "C" orders subjects by their bytes on every machine.
CREATE TABLE ledger.tags (
    subject text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (subject, position)
);

-- Positions only grow, so their order is the table's own: a block range index is next to free.
CREATE INDEX tags_position ON ledger.tags USING brin (position)
WITH (pages_per_range = 8, autosummarize = on);

-- Roots of the complete subtrees of 2^8, 2^16, 2^24 ... leaves: what the hash tiles above level 0
-- consist of. `level` is the subtree's height, `index` its number from the left.
CREATE TABLE ledger.nodes (
    level smallint NOT NULL CHECK (level > 0 AND level % 8 = 0),
    index bigint NOT NULL CHECK (index >= 0),
    hash bytea NOT NULL CHECK (octet_length(hash) = 32),
    PRIMARY KEY (level, index)
);

-- The signed notes, byte for byte as they were signed.
CREATE TABLE ledger.checkpoints (
    size bigint PRIMARY KEY CHECK (size >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note bytea NOT NULL,
    created timestamptz NOT NULL
);
