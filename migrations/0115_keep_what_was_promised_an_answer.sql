-- Keep what was promised an answer until it has one
--
-- Whoever asks for it gets a signed promise that these bytes will be recorded or refused by an
-- instant. What was promised must outlive a crash, so it is here before the promise is signed: the
-- submission sealed by keys outside the database, its openings by those of the persons whom they
-- concern as well. It goes with the answer. A refusal stays a while, for whoever asks; what was
-- recorded the log itself shows. Whoever removes a row is held to the promise that the client has.
--
-- depends: 0114_say_who_folded_the_read_models

-- `keys` signed the submission: each may have so many here. `tries` is how often judging it failed.
CREATE TABLE ledger.promises (
    payload_sha256 bytea PRIMARY KEY CHECK (octet_length(payload_sha256) = 32),
    event_id uuid NOT NULL,
    keys text [] COLLATE "C" NOT NULL,
    received timestamptz NOT NULL,
    answer_by timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    sealed bytea,
    refusal bytea CHECK (octet_length(refusal) <= 4096),
    CHECK ((sealed IS NULL) <> (refusal IS NULL))
);

CREATE INDEX promises_waiting ON ledger.promises (tries, received) WHERE sealed IS NOT NULL;
CREATE INDEX promises_answered ON ledger.promises (answer_by) WHERE refusal IS NOT NULL;

GRANT SELECT, INSERT, UPDATE, DELETE ON ledger.promises TO ledger_app;
