-- Say who folded the read models
--
-- A seal takes the digest that is kept of a read model's rows, and the root of the map of subjects, from
-- these rows, which the application's role may write. So whoever moves them leaves a MAC over what it
-- kept, by the key of the sequencers, which is not in the database: what has none is made anew and not
-- sealed. What an earlier version kept has none.
--
-- depends: 0113_sign_the_head_at_rest

ALTER TABLE read.progress ADD COLUMN mac bytea;
ALTER TABLE read.subject_map_size ADD COLUMN mac bytea;
