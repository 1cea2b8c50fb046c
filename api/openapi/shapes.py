"""The shapes of what this surface takes and gives as raw bytes, which no dataclass writes."""

from collections.abc import Mapping

from api.openapi.kinds import (
    EVENT_ID,
    HASH,
    INSTANT,
    JSON_VALUE,
    NULL,
    Kinds,
    Schema,
    reference,
    tidied,
)
from ledger.domain.core.body import Body
from ledger.events.schema import with_header


def record(says: str, /, optional: Mapping[str, Schema] | None = None, **members: Schema) -> Schema:
    """Return the schema of an object that has these members, may have others, and no more."""
    return {
        "type": "object",
        "description": says,
        "required": [*members],
        "properties": {**members, **(optional or {})},
        "additionalProperties": False,
    }


def _text(says: str, pattern: str = "", **more: object) -> Schema:
    return {
        "type": "string",
        "description": says,
        **({"pattern": pattern} if pattern else {}),
        **more,
    }


def _count(says: str, least: int = 0) -> Schema:
    return {"type": "integer", "minimum": least, "maximum": 2**53 - 1, "description": says}


def _list(says: str, items: Schema, **more: object) -> Schema:
    return {"type": "array", "items": items, "description": says, **more}


def _or_null(schema: Schema, says: str) -> Schema:
    return {"anyOf": [schema, NULL], "description": says}


def _base64(says: str) -> Schema:
    return _text(says, contentEncoding="base64")


def _instant(says: str) -> Schema:
    return INSTANT | {"description": says, "examples": ["2026-11-22T03:10:00.123Z"]}


_KEY = "^[0-9a-f]{64}$"
_SUBJECT = "^[a-z]+:[a-z0-9.-]{1,80}$"
_EVENT_ID = EVENT_ID | {"description": "UUIDv7 of the event, made by the client."}
_PAYLOAD = HASH | {"description": "Hash of the payload: what the event is named by."}
_POSITION = _count("0-based place in the log.")
_ACCEPTED = _instant("When the log accepted it.")
_GRADE = {
    "type": "string",
    "enum": ["logged", "witnessed", "degraded"],
    "description": "By what the checkpoint is cosigned: nobody yet, a quorum of the policy, or "
    "what the fallback policy is content with.",
}
_RECEIVED = _instant("When the ledger had stored it.")
_ANSWER_BY = _instant("By when it is recorded or refused.")
_HASHES = _list("Hashes of the proof, from the leaf up, in base64.", {"type": "string"})
_SIGNATURE = record(
    "A signature, and the key by which it is.",
    keyid=_text("Key id: hex SHA-256 of the SubjectPublicKeyInfo.", _KEY),
    sig=_base64("The signature."),
)
_SUBJECTS = _list("What it is about, ascending, each once.", {"type": "string"})
_RECEIPT: Mapping[str, Schema] = {
    "event_id": _EVENT_ID,
    "position": _POSITION,
    "accepted": _ACCEPTED,
    "leaf_hash": _base64("RFC 6962 hash of the entry."),
    "checkpoint_size": _count("Size of the checkpoint that the proof is under.", 1),
    "grade": _GRADE,
}

SHAPES: Mapping[str, Schema] = {
    "Envelope": record(
        "DSSE envelope over a canonical payload (docs/spec/event.md).",
        payload=_base64("The payload's bytes."),
        payloadType={
            "type": "string",
            "const": "application/vnd.techledger.event+json",
            "description": "What the payload is.",
        },
        signatures=_list("One a key that signs.", _SIGNATURE, minItems=1, maxItems=32),
    ),
    "Opening": record(
        "The value of a private section, with its salt.",
        path=_text("JSON pointer into the payload."),
        salt=_text("32 bytes in base64url without padding."),
        value=JSON_VALUE,
    ),
    "Submission": record(
        "A signed event, and what opens its private sections.",
        {"openings": _list("What opens them, for the vault.", reference("Opening"))},
        envelope=reference("Envelope"),
    ),
    "Receipt": record(
        "Proof that the event is in the log.",
        **_RECEIPT,
        proof=_text("A c2sp.org/tlog-proof file, its checkpoint included."),
    ),
    "Entry": record(
        "An entry of the log: its exact bytes, and what they say.",
        position=_POSITION,
        accepted=_ACCEPTED,
        leaf_hash=_base64("RFC 6962 hash of the entry."),
        entry=_base64("The entry's bytes (docs/spec/event.md)."),
        signatures=_list("Those that stand in the entry.", _SIGNATURE),
        payload=reference("Event"),
    ),
    "Verdict": record(
        "What would become of an event, submitted now.",
        {
            "size": _count(
                "Entries as of which it was judged; none where its signatures were not good, "
                "before it was judged.",
                1,
            ),
            "judged": _instant("When it would have been accepted."),
            "not_before": _instant("From when on it would bind, where it says so."),
            "position": _count("Where it is recorded."),
            "accepted": _ACCEPTED,
            "final": {
                "type": "boolean",
                "description": "Submitted, these bytes are refused for good.",
            },
            "refused": _instant("When these bytes were refused for good."),
            "problem": reference("Refusal"),
        },
        verdict={
            "type": "string",
            "enum": ["admitted", "refused", "recorded"],
            "description": "The verdict in a word.",
        },
        event_id=_EVENT_ID,
        payload_sha256=_PAYLOAD,
    ),
    "Promise": record(
        "The ledger's word to record or refuse an event in time.",
        event_id=_EVENT_ID,
        payload_sha256=_PAYLOAD,
        received=_RECEIVED,
        answer_by=_ANSWER_BY,
        promise=_text("Signed note (docs/spec/statement.md): keep it."),
    ),
    "Promised": record(
        "What became of an event that was promised an answer.",
        {
            "received": _RECEIVED,
            "answer_by": _ANSWER_BY,
            "position": _count("Where it is recorded."),
            "receipt": _text("Path of its receipt, once it is recorded."),
            "refusal": _text("Signed note of the refusal, if it was refused."),
        },
        state={
            "type": "string",
            "enum": ["waiting", "recorded", "refused"],
            "description": "How far it is.",
        },
        event_id=_EVENT_ID,
        payload_sha256=_PAYLOAD,
    ),
    "BulkCheckpoint": record(
        "A line of a bulk answer: the checkpoint that the receipts behind it are under.",
        checkpoint=_text("Signed note (c2sp.org/tlog-checkpoint)."),
    ),
    "BulkReceipt": record(
        "A line of a bulk answer: an event that is recorded.",
        line=_count("Which line of the request it answers, from 1.", 1),
        event_id=_EVENT_ID,
        status={
            "type": "string",
            "enum": ["admitted", "replayed"],
            "description": "`replayed`: it was recorded before.",
        },
        receipt=record(
            "Its receipt, under the checkpoint of the line before.", **_RECEIPT, inclusion=_HASHES
        ),
    ),
    "BulkProblem": record(
        "A line of a bulk answer: an event that is not recorded.",
        line=_count("Which line of the request it answers, from 1.", 1),
        event_id=_or_null(_EVENT_ID, "The event; null where its payload could not be read so far."),
        status={
            "type": "string",
            "enum": ["refused", "invalid", "retry"],
            "description": "A rule forbids it; it is no event; or send it again later.",
        },
        problem={
            "anyOf": [reference("Refusal"), reference("Problem")],
            "description": "Why it is not recorded.",
        },
    ),
    "Checkpoints": record(
        "A page of the checkpoints that were signed.",
        checkpoints=_list(
            "The first note of each size, and the one that was last signed again.",
            record(
                "A checkpoint.",
                size=_count("Entries that it is over."),
                again={"type": "boolean", "description": "It was signed again at that size."},
                note=_text("Signed note (c2sp.org/tlog-checkpoint)."),
            ),
        ),
        next_from=_or_null(_count("A size."), "Where the next page begins; null on the last."),
    ),
    "LawFiles": {
        "type": "object",
        "description": "The files of a set of law data, as texts by name.",
        "additionalProperties": {"type": "string"},
    },
    "Bundle": record(
        "An evidence bundle (docs/spec/bundle.md), in exactly one spelling.",
        format={"type": "string", "const": "techledger-bundle/v1", "description": "What it is."},
        checkpoint=_text("Signed note that everything hangs from."),
        policy=_text("Policy (c2sp.org/tlog-policy) by which the cosignatures count."),
        entries=_list(
            "Entries by position, each with its proof under the checkpoint.",
            record(
                "An entry.",
                position=_POSITION,
                entry=_base64("The entry's bytes."),
                proof=_HASHES,
            ),
        ),
        earlier=_list(
            "Checkpoints of first receipts, and that `checkpoint` continues each.",
            record("An earlier checkpoint.", checkpoint=_text("Signed note."), proof=_HASHES),
        ),
        seal=_or_null(_POSITION, "Position of the seal that `histories` are under."),
        histories=_list(
            "What the sealed map says of subjects (docs/spec/seal.md).",
            record(
                "A subject's history.",
                subject=_text("Whose it is."),
                value=_or_null(
                    record(
                        "How many entries are its own, which is the last, and their chain.",
                        chain=HASH | {"description": "Hash over all of them."},
                        count=_count("How many."),
                        last=_POSITION,
                    ),
                    "Null: it is not there.",
                ),
                siblings=_list("Hashes beside its path, from the root down.", {"type": "string"}),
                other=_or_null(
                    record(
                        "Another leaf on its path.",
                        key=_text("Its key in hex.", _KEY),
                        value_sha256=_text("Hash of its value in hex.", _KEY),
                    ),
                    "Null where there is none.",
                ),
            ),
        ),
        openings=_list(
            "What opens sealed sections.",
            record("One of them.", position=_POSITION, opening=reference("Opening")),
        ),
    ),
    "Live": record(
        "The process answers.",
        status={"type": "string", "const": "live", "description": "That it does."},
    ),
    "Ready": record(
        "Whether the ledger takes events and signs them.",
        {
            "size": _count("Entries of the log."),
            "projection_lag": {
                "type": "object",
                "description": "By read model how many entries it is behind.",
                "additionalProperties": {"type": "integer"},
            },
            "witnesses": {
                "type": "object",
                "description": "By address of a witness `ok`, or what is the matter.",
                "additionalProperties": {"type": "string"},
            },
        },
        status={
            "type": "string",
            "enum": ["ready", "not ready"],
            "description": "The answer in a word.",
        },
        reasons=_list("Why it is not.", {"type": "string"}),
    ),
    "OtherEvent": record(
        "An event to record.",
        type=_text("Topic of the event."),
        body={
            "type": "object",
            "description": "What is known of its body: the rest is for the sender to say.",
            "additionalProperties": JSON_VALUE,
        },
    ),
    "Remedy": record(
        "What helps, or why nothing does.",
        {
            "change": {
                "type": "object",
                "description": "Members of the payload by their pointers (RFC 6901), and what they "
                "would have to be.",
                "additionalProperties": JSON_VALUE,
            },
            "ask": _list(
                "Pointers of members to change that only the sender knows.", {"type": "string"}
            ),
            "first": _list("Events to record before the same event.", reference("OtherEvent")),
            "instead": reference("OtherEvent") | {"description": "The event that takes its place."},
            "sign": _list(
                "Parties whose lines are missing: bound now, or by the change.", {"type": "string"}
            ),
            "unsign": _list("Parties whose lines are taken away.", {"type": "string"}),
            "after": _text("The first day, or instant, that will do."),
        },
        helps={"type": "boolean", "description": "Whether anything does."},
        says=_text("The next step, in the language that was asked for."),
    ),
}


def events(kinds: Kinds, topics: Mapping[str, type[Body]]) -> dict[str, Schema]:
    """Return the schemas of payloads: `Event` is one of them, by its topic."""
    names = {topic: f"{body.__name__}Event" for topic, body in topics.items()}
    found = {names[topic]: _event(kinds, topic, body) for topic, body in topics.items()}
    return {
        "Event": {
            "description": "The payload of an event (docs/spec/event.md), by its `type`.",
            "oneOf": [reference(name) for name in names.values()],
            "discriminator": {
                "propertyName": "type",
                "mapping": {topic: reference(name)["$ref"] for topic, name in names.items()},
            },
        },
        **found,
    }


def _event(kinds: Kinds, topic: str, body: type[Body]) -> Schema:
    payload = tidied(with_header(kinds.of(body), {"const": topic}))
    return {"description": f"The payload of `{topic}`.", **payload}
