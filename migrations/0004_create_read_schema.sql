-- Create the schema of the projections
--
-- Projections are disposable: the application makes, fills, swaps and drops their tables in this
-- schema itself. Only how far each has come is kept in one place, and moves in the commit that
-- moves its rows.
--
-- depends: 0003_create_vault

CREATE SCHEMA read;

-- `position` is that of the last entry folded in, -1 before the first; `version` that of the
-- projection's code: another version means that the rows must be rebuilt.
CREATE TABLE read.tracking (
    name text COLLATE "C" PRIMARY KEY,
    position bigint NOT NULL CHECK (position >= -1),
    version integer NOT NULL,
    updated timestamptz NOT NULL DEFAULT now()
);
