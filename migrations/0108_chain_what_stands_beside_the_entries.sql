-- Chain what stands beside the entries
--
-- Checkpoints and cosignatures follow from no entry, so a row that is taken out would leave no
-- trace, and another checkpoint would become the first receipt of an event. Each row that is
-- inserted adds a link here that commits to it and to the link before; seals carry the newest
-- links into the log (docs/spec/seal.md), behind which nobody reaches.
--
-- depends: 0107_index_the_entries_by_topic

CREATE TABLE ledger.links (
    chain text COLLATE "C" NOT NULL,
    number bigint NOT NULL CHECK (number > 0),
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    link bytea NOT NULL CHECK (octet_length(link) = 32),
    PRIMARY KEY (chain, number)
);

-- A chain has the name of its table. Its newest link is read and the next one added by one
-- transaction at a time; each statement here sees what the one before it has committed.
CREATE FUNCTION ledger.add_link(name text, content bytea) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
    last ledger.links;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('techledger link'), hashtext(name));
    SELECT * INTO last FROM ledger.links WHERE chain = name ORDER BY number DESC LIMIT 1;
    INSERT INTO ledger.links VALUES (
        name, coalesce(last.number, 0) + 1, sha256(content),
        sha256(coalesce(last.link, ''::bytea) || sha256(content)));
END;
$$;

-- The digest of a checkpoint is of its size and its note, that of a cosignature of its size and its
-- line: all else in a row follows from these. They run as their owner, so that the application
-- itself cannot write a link.
CREATE FUNCTION ledger.link_checkpoint() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM ledger.add_link('checkpoints', int8send(new.size) || new.note);
    RETURN NULL;
END;
$$;

CREATE FUNCTION ledger.link_cosignature() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM ledger.add_link(
        'cosignatures', int8send(new.size) || convert_to(new.line, 'UTF8'));
    RETURN NULL;
END;
$$;

REVOKE EXECUTE ON FUNCTION ledger.add_link(text, bytea) FROM PUBLIC;

-- What is there already, in the order in which it came.
DO $$
DECLARE
    held record;
BEGIN
    FOR held IN SELECT size, note FROM ledger.checkpoints ORDER BY size LOOP
        PERFORM ledger.add_link('checkpoints', int8send(held.size) || held.note);
    END LOOP;
    FOR held IN SELECT size, line FROM ledger.cosignatures ORDER BY time, size, name, key_id LOOP
        PERFORM ledger.add_link(
            'cosignatures', int8send(held.size) || convert_to(held.line, 'UTF8'));
    END LOOP;
END;
$$;

CREATE TRIGGER checkpoints_are_linked
AFTER INSERT ON ledger.checkpoints
FOR EACH ROW EXECUTE FUNCTION ledger.link_checkpoint();

CREATE TRIGGER cosignatures_are_linked
AFTER INSERT ON ledger.cosignatures
FOR EACH ROW EXECUTE FUNCTION ledger.link_cosignature();

CREATE TRIGGER links_are_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.links
FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

ALTER TABLE ledger.checkpoints ENABLE ALWAYS TRIGGER checkpoints_are_linked;
ALTER TABLE ledger.cosignatures ENABLE ALWAYS TRIGGER cosignatures_are_linked;
ALTER TABLE ledger.links ENABLE ALWAYS TRIGGER links_are_append_only;

GRANT SELECT ON ledger.links TO ledger_app;
