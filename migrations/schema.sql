CREATE SCHEMA ledger;
CREATE SCHEMA read;

CREATE TABLE ledger.batches (
    first bigint NOT NULL,
    entries integer NOT NULL,
    mac bytea NOT NULL
);

CREATE TABLE ledger.checkpoints (
    size bigint NOT NULL,
    root bytea NOT NULL,
    note bytea NOT NULL,
    created timestamp with time zone NOT NULL
);

CREATE TABLE ledger.cosignatures (
    size bigint NOT NULL,
    name text COLLATE "C" NOT NULL,
    key_id bytea NOT NULL,
    "time" bigint NOT NULL,
    line text COLLATE "C" NOT NULL
);

CREATE TABLE ledger.entries (
    "position" bigint NOT NULL,
    accepted timestamp with time zone NOT NULL,
    event_id uuid NOT NULL,
    payload_sha256 bytea NOT NULL,
    leaf_hash bytea NOT NULL,
    topic text COLLATE "C" NOT NULL,
    entry bytea NOT NULL STORAGE EXTERNAL
);

CREATE TABLE ledger.erased_openings (
    "position" bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    commitment bytea NOT NULL,
    holders text[] COLLATE "C" NOT NULL,
    erased_by bigint
);

CREATE TABLE ledger.erasures (
    "position" bigint NOT NULL,
    openings bigint NOT NULL,
    applied timestamp with time zone NOT NULL DEFAULT now()
);

CREATE TABLE ledger.head (
    one boolean NOT NULL,
    origin text NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    frontier bytea[] NOT NULL,
    accepted timestamp with time zone,
    not_before timestamp with time zone
);

CREATE TABLE ledger.kept (
    one boolean NOT NULL,
    openings bigint NOT NULL
);

CREATE TABLE ledger.links (
    chain text COLLATE "C" NOT NULL,
    number bigint NOT NULL,
    digest bytea NOT NULL,
    link bytea NOT NULL
);

CREATE TABLE ledger.nodes (
    level smallint NOT NULL,
    index bigint NOT NULL,
    hash bytea NOT NULL
);

CREATE TABLE ledger.plain_openings (
    "position" bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    salt bytea NOT NULL,
    value bytea NOT NULL
);

CREATE TABLE ledger.promises (
    payload_sha256 bytea NOT NULL,
    event_id uuid NOT NULL,
    keys text[] COLLATE "C" NOT NULL,
    received timestamp with time zone NOT NULL,
    answer_by timestamp with time zone NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    sealed bytea,
    refusal bytea
);

CREATE TABLE ledger.refusals (
    payload_sha256 bytea NOT NULL,
    event_id uuid NOT NULL,
    refused timestamp with time zone NOT NULL,
    not_after timestamp with time zone NOT NULL,
    said bytea NOT NULL,
    mac bytea
);

CREATE TABLE ledger.shown_openings (
    shown timestamp with time zone NOT NULL DEFAULT now(),
    "position" bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    shown_to text NOT NULL,
    reason text NOT NULL
);

CREATE TABLE ledger.signed_again (
    one boolean NOT NULL,
    size bigint NOT NULL,
    root bytea NOT NULL,
    note bytea NOT NULL,
    created timestamp with time zone NOT NULL
);

CREATE TABLE ledger.tags (
    subject text COLLATE "C" NOT NULL,
    "position" bigint NOT NULL
);

CREATE TABLE ledger.turns (
    subject text COLLATE "C" NOT NULL,
    "position" bigint NOT NULL
);

CREATE TABLE ledger.vault (
    "position" bigint NOT NULL,
    path text COLLATE "C" NOT NULL,
    commitment bytea NOT NULL,
    holders text[] COLLATE "C" NOT NULL,
    sealed bytea NOT NULL
);

CREATE TABLE read.progress (
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    shape text[] NOT NULL,
    generation bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    size bigint NOT NULL,
    halted text,
    digest bytea STORAGE EXTERNAL,
    mac bytea
);

CREATE TABLE read.subject_map (
    key bytea NOT NULL,
    subject text COLLATE "C" NOT NULL,
    count bigint NOT NULL,
    last bigint NOT NULL,
    chain bytea NOT NULL
);

CREATE TABLE read.subject_map_buckets (
    bucket integer NOT NULL,
    keys smallint NOT NULL,
    hash bytea NOT NULL,
    leaves bytea NOT NULL STORAGE MAIN
);

CREATE TABLE read.subject_map_size (
    one boolean NOT NULL,
    size bigint NOT NULL,
    mac bytea
);

CREATE TABLE read.tracking (
    name text COLLATE "C" NOT NULL,
    "position" bigint NOT NULL,
    version integer NOT NULL,
    updated timestamp with time zone NOT NULL DEFAULT now()
);

ALTER TABLE ledger.batches ADD CONSTRAINT batches_entries_check CHECK ((entries > 0));
ALTER TABLE ledger.batches ADD CONSTRAINT batches_first_check CHECK ((first >= 0));
ALTER TABLE ledger.batches ADD CONSTRAINT batches_mac_check CHECK ((octet_length(mac) = 32));
ALTER TABLE ledger.batches ADD CONSTRAINT batches_pkey PRIMARY KEY (first);
ALTER TABLE ledger.checkpoints ADD CONSTRAINT checkpoints_pkey PRIMARY KEY (size);
ALTER TABLE ledger.checkpoints ADD CONSTRAINT checkpoints_root_check CHECK ((octet_length(root) = 32));
ALTER TABLE ledger.checkpoints ADD CONSTRAINT checkpoints_size_check CHECK ((size >= 0));
ALTER TABLE ledger.cosignatures ADD CONSTRAINT cosignatures_key_id_check CHECK ((octet_length(key_id) = 4));
ALTER TABLE ledger.cosignatures ADD CONSTRAINT cosignatures_pkey PRIMARY KEY (size, name, key_id, "time");
ALTER TABLE ledger.cosignatures ADD CONSTRAINT cosignatures_size_check CHECK ((size >= 0));
ALTER TABLE ledger.cosignatures ADD CONSTRAINT cosignatures_time_check CHECK (("time" > 0));
ALTER TABLE ledger.entries ADD CONSTRAINT entries_entry_check CHECK ((octet_length(entry) <= 65535));
ALTER TABLE ledger.entries ADD CONSTRAINT entries_event_id_key UNIQUE (event_id);
ALTER TABLE ledger.entries ADD CONSTRAINT entries_leaf_hash_check CHECK ((octet_length(leaf_hash) = 32));
ALTER TABLE ledger.entries ADD CONSTRAINT entries_payload_sha256_check CHECK ((octet_length(payload_sha256) = 32));
ALTER TABLE ledger.entries ADD CONSTRAINT entries_pkey PRIMARY KEY ("position");
ALTER TABLE ledger.entries ADD CONSTRAINT entries_position_check CHECK (("position" >= 0));
ALTER TABLE ledger.erased_openings ADD CONSTRAINT erased_openings_commitment_check CHECK ((octet_length(commitment) = 32));
ALTER TABLE ledger.erased_openings ADD CONSTRAINT erased_openings_pkey PRIMARY KEY ("position", path);
ALTER TABLE ledger.erasures ADD CONSTRAINT erasures_openings_check CHECK ((openings >= 0));
ALTER TABLE ledger.erasures ADD CONSTRAINT erasures_pkey PRIMARY KEY ("position");
ALTER TABLE ledger.erasures ADD CONSTRAINT erasures_position_check CHECK (("position" >= 0));
ALTER TABLE ledger.head ADD CONSTRAINT head_check CHECK ((cardinality(frontier) = bit_count((size)::bit(64))));
ALTER TABLE ledger.head ADD CONSTRAINT head_check1 CHECK (((accepted IS NULL) = (size = 0)));
ALTER TABLE ledger.head ADD CONSTRAINT head_one_check CHECK (one);
ALTER TABLE ledger.head ADD CONSTRAINT head_pkey PRIMARY KEY (one);
ALTER TABLE ledger.head ADD CONSTRAINT head_root_check CHECK ((octet_length(root) = 32));
ALTER TABLE ledger.head ADD CONSTRAINT head_size_check CHECK ((size >= 0));
ALTER TABLE ledger.kept ADD CONSTRAINT kept_one_check CHECK (one);
ALTER TABLE ledger.kept ADD CONSTRAINT kept_openings_check CHECK ((openings >= 0));
ALTER TABLE ledger.kept ADD CONSTRAINT kept_pkey PRIMARY KEY (one);
ALTER TABLE ledger.links ADD CONSTRAINT links_digest_check CHECK ((octet_length(digest) = 32));
ALTER TABLE ledger.links ADD CONSTRAINT links_link_check CHECK ((octet_length(link) = 32));
ALTER TABLE ledger.links ADD CONSTRAINT links_number_check CHECK ((number > 0));
ALTER TABLE ledger.links ADD CONSTRAINT links_pkey PRIMARY KEY (chain, number);
ALTER TABLE ledger.nodes ADD CONSTRAINT nodes_hash_check CHECK ((octet_length(hash) = 32));
ALTER TABLE ledger.nodes ADD CONSTRAINT nodes_index_check CHECK ((index >= 0));
ALTER TABLE ledger.nodes ADD CONSTRAINT nodes_level_check CHECK (((level > 0) AND (((level)::integer % 8) = 0)));
ALTER TABLE ledger.nodes ADD CONSTRAINT nodes_pkey PRIMARY KEY (level, index);
ALTER TABLE ledger.plain_openings ADD CONSTRAINT plain_openings_pkey PRIMARY KEY ("position", path);
ALTER TABLE ledger.promises ADD CONSTRAINT promises_check CHECK (((sealed IS NULL) <> (refusal IS NULL)));
ALTER TABLE ledger.promises ADD CONSTRAINT promises_payload_sha256_check CHECK ((octet_length(payload_sha256) = 32));
ALTER TABLE ledger.promises ADD CONSTRAINT promises_pkey PRIMARY KEY (payload_sha256);
ALTER TABLE ledger.promises ADD CONSTRAINT promises_refusal_check CHECK ((octet_length(refusal) <= 4096));
ALTER TABLE ledger.refusals ADD CONSTRAINT refusals_mac_check CHECK ((octet_length(mac) = 32));
ALTER TABLE ledger.refusals ADD CONSTRAINT refusals_payload_sha256_check CHECK ((octet_length(payload_sha256) = 32));
ALTER TABLE ledger.refusals ADD CONSTRAINT refusals_pkey PRIMARY KEY (payload_sha256);
ALTER TABLE ledger.refusals ADD CONSTRAINT refusals_said_check CHECK ((octet_length(said) <= 1048576));
ALTER TABLE ledger.signed_again ADD CONSTRAINT signed_again_one_check CHECK (one);
ALTER TABLE ledger.signed_again ADD CONSTRAINT signed_again_pkey PRIMARY KEY (one);
ALTER TABLE ledger.signed_again ADD CONSTRAINT signed_again_root_check CHECK ((octet_length(root) = 32));
ALTER TABLE ledger.signed_again ADD CONSTRAINT signed_again_size_check CHECK ((size > 0));
ALTER TABLE ledger.tags ADD CONSTRAINT tags_pkey PRIMARY KEY (subject, "position");
ALTER TABLE ledger.turns ADD CONSTRAINT turns_pkey PRIMARY KEY (subject, "position");
ALTER TABLE ledger.vault ADD CONSTRAINT vault_commitment_check CHECK ((octet_length(commitment) = 32));
ALTER TABLE ledger.vault ADD CONSTRAINT vault_pkey PRIMARY KEY ("position", path);
ALTER TABLE read.progress ADD CONSTRAINT progress_pkey PRIMARY KEY (name);
ALTER TABLE read.progress ADD CONSTRAINT progress_size_check CHECK ((size >= 0));
ALTER TABLE read.subject_map ADD CONSTRAINT subject_map_chain_check CHECK ((octet_length(chain) = 32));
ALTER TABLE read.subject_map ADD CONSTRAINT subject_map_count_check CHECK ((count > 0));
ALTER TABLE read.subject_map ADD CONSTRAINT subject_map_key_check CHECK ((octet_length(key) = 32));
ALTER TABLE read.subject_map ADD CONSTRAINT subject_map_last_check CHECK ((last >= 0));
ALTER TABLE read.subject_map ADD CONSTRAINT subject_map_pkey PRIMARY KEY (key);
ALTER TABLE read.subject_map_buckets ADD CONSTRAINT subject_map_buckets_bucket_check CHECK (((bucket >= 0) AND (bucket <= 65535)));
ALTER TABLE read.subject_map_buckets ADD CONSTRAINT subject_map_buckets_hash_check CHECK ((octet_length(hash) = 32));
ALTER TABLE read.subject_map_buckets ADD CONSTRAINT subject_map_buckets_keys_check CHECK ((keys = ANY (ARRAY[1, 2])));
ALTER TABLE read.subject_map_buckets ADD CONSTRAINT subject_map_buckets_pkey PRIMARY KEY (bucket);
ALTER TABLE read.subject_map_size ADD CONSTRAINT subject_map_size_one_check CHECK (one);
ALTER TABLE read.subject_map_size ADD CONSTRAINT subject_map_size_pkey PRIMARY KEY (one);
ALTER TABLE read.subject_map_size ADD CONSTRAINT subject_map_size_size_check CHECK ((size >= 0));
ALTER TABLE read.tracking ADD CONSTRAINT tracking_pkey PRIMARY KEY (name);
ALTER TABLE read.tracking ADD CONSTRAINT tracking_position_check CHECK (("position" >= '-1'::integer));

CREATE INDEX entries_erasing ON ledger.entries USING btree ("position") WHERE (topic = 'person.erased/1'::text);
CREATE INDEX entries_payload_sha256 ON ledger.entries USING btree (payload_sha256);
CREATE INDEX entries_topic ON ledger.entries USING btree (topic);
CREATE INDEX promises_answered ON ledger.promises USING btree (answer_by) WHERE (refusal IS NOT NULL);
CREATE INDEX promises_waiting ON ledger.promises USING btree (tries, received) WHERE (sealed IS NOT NULL);
CREATE INDEX refusals_not_after ON ledger.refusals USING btree (not_after);
CREATE INDEX subject_map_bucket ON read.subject_map USING btree ((((get_byte(key, 0) << 8) + get_byte(key, 1))));
CREATE INDEX tags_position ON ledger.tags USING brin ("position") WITH (pages_per_range='8', autosummarize='on');
CREATE INDEX turns_position ON ledger.turns USING btree ("position");
CREATE INDEX vault_commitment ON ledger.vault USING btree (commitment);
CREATE INDEX vault_holders ON ledger.vault USING gin (holders) WHERE (cardinality(holders) > 0);

CREATE OR REPLACE FUNCTION ledger.add_link(name text, content bytea)
 RETURNS void
 LANGUAGE plpgsql
AS $function$
DECLARE
    last ledger.links;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('techledger link'), hashtext(name));
    SELECT * INTO last FROM ledger.links WHERE chain = name ORDER BY number DESC LIMIT 1;
    INSERT INTO ledger.links VALUES (
        name, coalesce(last.number, 0) + 1, sha256(content),
        sha256(coalesce(last.link, ''::bytea) || sha256(content)));
END;
$function$
;
CREATE OR REPLACE FUNCTION ledger.head_must_grow()
 RETURNS trigger
 LANGUAGE plpgsql
 SET enable_seqscan TO 'off'
AS $function$
BEGIN
    IF new.origin = old.origin AND new.size = old.size AND new.root = old.root
        AND new.frontier = old.frontier AND new.accepted = old.accepted
        AND new.not_before > greatest(old.accepted, old.not_before) THEN
        RETURN new;
    END IF;
    IF new.origin <> old.origin OR new.size <= old.size
        OR new.accepted < greatest(old.accepted, old.not_before)
        OR new.not_before IS DISTINCT FROM old.not_before THEN
        RAISE EXCEPTION 'head from size % to % refused: the log only grows', old.size, new.size
            USING ERRCODE = 'restrict_violation';
    END IF;
    IF (SELECT count(*) FROM ledger.entries WHERE position >= old.size) <> new.size - old.size
        OR (SELECT max(position) FROM ledger.entries) <> new.size - 1 THEN
        RAISE EXCEPTION 'head from size % to % refused: the entries do not match', old.size, new.size
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN new;
END;
$function$
;
CREATE OR REPLACE FUNCTION ledger.link_checkpoint()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    PERFORM ledger.add_link('checkpoints', int8send(new.size) || new.note);
    RETURN NULL;
END;
$function$
;
CREATE OR REPLACE FUNCTION ledger.link_cosignature()
 RETURNS trigger
 LANGUAGE plpgsql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
BEGIN
    PERFORM ledger.add_link(
        'cosignatures', int8send(new.size) || convert_to(new.line, 'UTF8'));
    RETURN NULL;
END;
$function$
;
CREATE OR REPLACE FUNCTION ledger.refuse_change()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    RAISE EXCEPTION '% of ledger.% refused: the log is append-only', tg_op, tg_table_name
        USING ERRCODE = 'restrict_violation';
END;
$function$
;
CREATE OR REPLACE FUNCTION ledger.time_must_grow()
 RETURNS trigger
 LANGUAGE plpgsql
AS $function$
BEGIN
    IF new.size < old.size OR new.created < old.created
        OR (new.created = old.created AND new.note <> old.note) THEN
        RAISE EXCEPTION 'what was signed at % is not replaced by what was earlier', old.created
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN new;
END;
$function$
;

CREATE TRIGGER batches_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.batches FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER checkpoints_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.checkpoints FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER checkpoints_are_linked AFTER INSERT ON ledger.checkpoints FOR EACH ROW EXECUTE FUNCTION ledger.link_checkpoint(); -- enabled: always
CREATE TRIGGER cosignatures_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.cosignatures FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER cosignatures_are_linked AFTER INSERT ON ledger.cosignatures FOR EACH ROW EXECUTE FUNCTION ledger.link_cosignature(); -- enabled: always
CREATE TRIGGER entries_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.entries FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER erased_openings_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.erased_openings FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER erasures_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.erasures FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER head_only_grows BEFORE UPDATE ON ledger.head FOR EACH ROW EXECUTE FUNCTION ledger.head_must_grow(); -- enabled: always
CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON ledger.head FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER kept_stays BEFORE DELETE OR TRUNCATE ON ledger.kept FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER links_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.links FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER nodes_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.nodes FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER shown_openings_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.shown_openings FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER signed_again_only_grows BEFORE UPDATE ON ledger.signed_again FOR EACH ROW EXECUTE FUNCTION ledger.time_must_grow(); -- enabled: always
CREATE TRIGGER signed_again_stays BEFORE DELETE OR TRUNCATE ON ledger.signed_again FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER tags_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.tags FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER turns_are_append_only BEFORE DELETE OR UPDATE OR TRUNCATE ON ledger.turns FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always
CREATE TRIGGER vault_is_never_rewritten BEFORE UPDATE OR TRUNCATE ON ledger.vault FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change(); -- enabled: always

GRANT CREATE, USAGE ON SCHEMA read TO ledger_app;
GRANT DELETE, INSERT, SELECT ON ledger.refusals TO ledger_app;
GRANT DELETE, INSERT, SELECT ON ledger.vault TO ledger_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON ledger.promises TO ledger_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON read.progress TO ledger_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON read.subject_map TO ledger_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON read.subject_map_buckets TO ledger_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON read.subject_map_size TO ledger_app;
GRANT DELETE, INSERT, SELECT, UPDATE ON read.tracking TO ledger_app;
GRANT DELETE, SELECT ON ledger.plain_openings TO ledger_app;
GRANT INSERT, SELECT ON ledger.batches TO ledger_app;
GRANT INSERT, SELECT ON ledger.checkpoints TO ledger_app;
GRANT INSERT, SELECT ON ledger.cosignatures TO ledger_app;
GRANT INSERT, SELECT ON ledger.entries TO ledger_app;
GRANT INSERT, SELECT ON ledger.erased_openings TO ledger_app;
GRANT INSERT, SELECT ON ledger.erasures TO ledger_app;
GRANT INSERT, SELECT ON ledger.nodes TO ledger_app;
GRANT INSERT, SELECT ON ledger.shown_openings TO ledger_app;
GRANT INSERT, SELECT ON ledger.tags TO ledger_app;
GRANT INSERT, SELECT ON ledger.turns TO ledger_app;
GRANT INSERT, SELECT, UPDATE ON ledger.signed_again TO ledger_app;
GRANT SELECT ON ledger.links TO ledger_app;
GRANT SELECT, UPDATE ON ledger.head TO ledger_app;
GRANT SELECT, UPDATE ON ledger.kept TO ledger_app;
GRANT USAGE ON SCHEMA ledger TO ledger_app;
