-- Create the progress of the read models
--
-- `read.tracking` is the cursor of the library's projections; ours need more. A row moves in the
-- commit that moves the rows of its table, and only from the generation and size that the writer
-- folded from, so that two runners, or a runner and a rebuild, never write past each other.
--
-- depends: 0005_grant_to_the_application

-- `size` entries are folded in. `version` and `shape` (the columns in words) are those of the code
-- that made the table: others mean that it must be rebuilt. `generation` tells a table from the one
-- that had its name before. `halted` says why the entry at position `size` cannot be folded.
CREATE TABLE read.progress (
    name text COLLATE "C" PRIMARY KEY,
    version integer NOT NULL,
    shape text [] NOT NULL,
    generation bigint GENERATED ALWAYS AS IDENTITY,
    size bigint NOT NULL CHECK (size >= 0),
    halted text
);

GRANT SELECT, INSERT, UPDATE, DELETE ON read.progress TO ledger_app;
