-- Find what suspends a key
--
-- Of a key admission asks whether it is suspended, so events that suspend one, or lift that, are among those
-- from which it is folded (0111). No log had any before this version; were there one, its tags are found here.
--
-- depends: 0111_find_what_turns_a_party

INSERT INTO ledger.turns
SELECT t.subject, t.position
FROM ledger.tags AS t JOIN ledger.entries AS e USING (position)
WHERE (split_part(t.subject, ':', 1), e.topic) IN (
    ('key', 'key.resumed/1'),
    ('key', 'key.suspended/1')
)
ON CONFLICT DO NOTHING;
