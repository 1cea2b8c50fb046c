-- Find what stops and what waits
--
-- Of a party and a key admission asks whether it was stopped before it bound, of the ledger how long what officers
-- vouch for has to wait (0111). No log had such events before this version; were there one, its tags are found here.
--
-- depends: 0115_keep_what_was_promised_an_answer

INSERT INTO ledger.turns
SELECT t.subject, t.position
FROM ledger.tags AS t JOIN ledger.entries AS e USING (position)
WHERE (split_part(t.subject, ':', 1), e.topic) IN (
    ('key', 'key.stopped/1'),
    ('ledger', 'ledger.delay_adopted/1'),
    ('party', 'party.stopped/1')
)
ON CONFLICT DO NOTHING;
