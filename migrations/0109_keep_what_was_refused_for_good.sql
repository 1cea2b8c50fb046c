-- Keep what was refused for good
--
-- A rule's refusal of an event that all its signers have signed is an answer for good: the same bytes
-- are not admitted on a later day that suits whoever runs the ledger. It lies beside the log, for no
-- entry rests on it, and goes when its time is over: then the event has expired. Whoever removes a
-- row early is held to the signed refusal that the client has.
--
-- depends: 0108_chain_what_stands_beside_the_entries

-- `said` is the refusal as JSON: its code, detail, positions, subjects, and the row of the law.
CREATE TABLE ledger.refusals (
    payload_sha256 bytea PRIMARY KEY CHECK (octet_length(payload_sha256) = 32),
    event_id uuid NOT NULL,
    refused timestamptz NOT NULL,
    not_after timestamptz NOT NULL,
    said bytea NOT NULL CHECK (octet_length(said) <= 1048576)
);

CREATE INDEX refusals_not_after ON ledger.refusals (not_after);

GRANT SELECT, INSERT, DELETE ON ledger.refusals TO ledger_app;
