-- Find what turns a party
--
-- After a restart a party was folded from all entries that name it, 333,000 of a million, though a handful
-- changed what admission asks of it. These tags say which: of parties, keys and the ledger, those by an event
-- whose type has a fold for that kind (`ledger.domain.turning`). They follow from the entries, as all tags do.
--
-- depends: 0110_say_which_batches_were_judged

CREATE TABLE ledger.turns (
    subject text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (subject, position)
);

INSERT INTO ledger.turns
SELECT t.subject, t.position
FROM ledger.tags AS t JOIN ledger.entries AS e USING (position)
WHERE (split_part(t.subject, ':', 1), e.topic) IN (
    ('key', 'key.added/1'),
    ('key', 'key.revoked/1'),
    ('key', 'ledger.opened/1'),
    ('key', 'party.registered/1'),
    ('key', 'reconfirmation.given/1'),
    ('ledger', 'ledger.closed/1'),
    ('ledger', 'ledger.log_keys_adopted/1'),
    ('ledger', 'ledger.opened/1'),
    ('ledger', 'ledger.operation_handed_over/1'),
    ('ledger', 'ledger.policy_adopted/1'),
    ('ledger', 'ledger.refusal_keys_adopted/1'),
    ('ledger', 'ledger.resumed/1'),
    ('ledger', 'ledger.rules_adopted/1'),
    ('ledger', 'ledger.sealed/1'),
    ('ledger', 'ledger.succession_declared/1'),
    ('party', 'ledger.opened/1'),
    ('party', 'mandate.ended/1'),
    ('party', 'mandate.given/1'),
    ('party', 'party.dissolved/1'),
    ('party', 'party.merged/1'),
    ('party', 'party.registered/1'),
    ('party', 'party.renamed/1'),
    ('party', 'person.erased/1'),
    ('party', 'relation.declared/1'),
    ('party', 'relation.ended/1')
);

CREATE INDEX turns_position ON ledger.turns (position);

CREATE TRIGGER turns_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.turns
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE ledger.turns ENABLE ALWAYS TRIGGER turns_are_append_only;

GRANT SELECT, INSERT ON ledger.turns TO ledger_app;
