-- Index the map of subjects by bucket
--
-- A seal reads anew all leaves of the buckets that changed, thousands of them. Asked for as ranges
-- of keys they are joined, and the planner may compare every key with every range; as a list of
-- equal values they are looked up.
--
-- depends: 0102_create_the_subject_map

CREATE INDEX subject_map_bucket
ON read.subject_map (((get_byte(key, 0) << 8) + get_byte(key, 1)));
