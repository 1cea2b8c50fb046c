-- Keep the leaves of the subject map
--
-- A seal hashed anew every subject that shares a bucket with one that changed, from its row, a look-up
-- each: more of them as the map grows. The bucket keeps its leaves now, in the order of their keys, 64
-- bytes each (key, leaf hash), and a seal reads and writes one row for each bucket that it touches.
--
-- depends: 0104_keep_digests_of_the_read_models

ALTER TABLE read.subject_map_buckets ADD COLUMN leaves bytea;
ALTER TABLE read.subject_map_buckets ALTER COLUMN leaves SET STORAGE MAIN;

UPDATE read.subject_map_buckets AS kept SET leaves = (
    SELECT string_agg(
        key || sha256('\x00'::bytea || key || sha256(convert_to(format(
            '{"chain":"sha256:%s","count":%s,"last":%s}', encode(chain, 'hex'), count, last
        ), 'UTF8'))),
        ''::bytea ORDER BY key
    )
    FROM read.subject_map
    WHERE (get_byte(key, 0) << 8) + get_byte(key, 1) = kept.bucket
);

ALTER TABLE read.subject_map_buckets ALTER COLUMN leaves SET NOT NULL;
