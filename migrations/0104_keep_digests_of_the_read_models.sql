-- Keep digests of the read models
--
-- A seal names a digest of every read model. Read from all rows it grew with the log, to 70 seconds at
-- a million entries; kept beside the size, and moved in the commit that moves the rows, it costs what
-- changed. What an earlier version folded has none: its read models are rebuilt.
--
-- depends: 0103_index_the_subject_map_by_bucket

-- 32 bytes of a journal, 2,048 of a projection, which do not compress. Out of line, a commit that
-- leaves the rows of a read model alone does not write them again.
ALTER TABLE read.progress ADD COLUMN digest bytea;
ALTER TABLE read.progress ALTER COLUMN digest SET STORAGE EXTERNAL;
