"""The shapes, for OpenAPI, of what this surface reads and writes as raw bytes."""

from typing import Any

_BASE64 = {"type": "string", "contentEncoding": "base64"}
_OTHER = {
    "type": "object",
    "required": ["type", "body"],
    "properties": {
        "type": {"type": "string", "title": "of the event"},
        "body": {"type": "object", "title": "what is known of it"},
    },
}
_INSTANT = {"type": "string", "format": "date-time", "examples": ["2026-11-22T03:10:00.123Z"]}
_PAYLOAD = {"type": "string", "pattern": "^sha256:[0-9a-f]{64}$"}

COMPONENTS: dict[str, Any] = {
    "Envelope": {
        "type": "object",
        "title": "DSSE envelope over a canonical payload (docs/spec/event.md)",
        "required": ["payload", "payloadType", "signatures"],
        "properties": {
            "payload": _BASE64,
            "payloadType": {"const": "application/vnd.techledger.event+json"},
            "signatures": {
                "type": "array",
                "minItems": 1,
                "maxItems": 32,
                "items": {
                    "type": "object",
                    "required": ["keyid", "sig"],
                    "properties": {
                        "keyid": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                        "sig": _BASE64,
                    },
                },
            },
        },
    },
    "Opening": {
        "type": "object",
        "title": "The value of a private section, with its salt",
        "required": ["path", "salt", "value"],
        "properties": {
            "path": {"type": "string", "title": "JSON pointer into the payload"},
            "salt": {"type": "string", "title": "32 bytes in base64url without padding"},
            "value": {},
        },
    },
    "Submission": {
        "type": "object",
        "required": ["envelope"],
        "additionalProperties": False,
        "properties": {
            "envelope": {"$ref": "#/components/schemas/Envelope"},
            "openings": {"type": "array", "items": {"$ref": "#/components/schemas/Opening"}},
        },
    },
    "Receipt": {
        "type": "object",
        "required": [
            "event_id",
            "position",
            "accepted",
            "leaf_hash",
            "checkpoint_size",
            "grade",
            "proof",
        ],
        "properties": {
            "event_id": {"type": "string", "format": "uuid"},
            "position": {"type": "integer", "minimum": 0},
            "accepted": _INSTANT,
            "leaf_hash": _BASE64,
            "checkpoint_size": {"type": "integer", "minimum": 1},
            "grade": {"enum": ["logged", "witnessed", "degraded"]},
            "proof": {"type": "string", "title": "c2sp.org/tlog-proof, checkpoint included"},
        },
    },
    "Verdict": {
        "type": "object",
        "required": ["verdict", "event_id", "payload_sha256"],
        "properties": {
            "verdict": {"enum": ["admitted", "refused", "recorded"]},
            "event_id": {"type": "string", "format": "uuid"},
            "payload_sha256": _PAYLOAD,
            "size": {
                "type": "integer",
                "minimum": 1,
                "title": "entries as of which it was judged; none where its signatures were not"
                " good, before it was judged",
            },
            "judged": _INSTANT | {"title": "when it would have been accepted"},
            "not_before": _INSTANT | {"title": "from when on it would bind, where it says so"},
            "position": {"type": "integer", "minimum": 0, "title": "where it is recorded"},
            "accepted": _INSTANT,
            "final": {"type": "boolean", "title": "submitted, these bytes are refused for good"},
            "refused": _INSTANT | {"title": "when these bytes were refused for good"},
            "problem": {"$ref": "#/components/schemas/Problem"},
        },
    },
    "Promise": {
        "type": "object",
        "required": ["event_id", "payload_sha256", "received", "answer_by", "promise"],
        "properties": {
            "event_id": {"type": "string", "format": "uuid"},
            "payload_sha256": _PAYLOAD,
            "received": _INSTANT,
            "answer_by": _INSTANT,
            "promise": {"type": "string", "title": "signed note (docs/spec/statement.md): keep it"},
        },
    },
    "Promised": {
        "type": "object",
        "required": ["state", "event_id", "payload_sha256"],
        "properties": {
            "state": {"enum": ["waiting", "recorded", "refused"]},
            "event_id": {"type": "string", "format": "uuid"},
            "payload_sha256": _PAYLOAD,
            "received": _INSTANT,
            "answer_by": _INSTANT,
            "position": {"type": "integer", "minimum": 0, "title": "where it is recorded"},
            "receipt": {"type": "string", "title": "path of its receipt, once it is recorded"},
            "refusal": {"type": "string", "title": "signed note of the refusal, if it was refused"},
        },
    },
    "Remedy": {
        "type": "object",
        "title": "what helps, or why nothing does",
        "required": ["helps", "says"],
        "properties": {
            "helps": {"type": "boolean"},
            "says": {"type": "string", "title": "in the language that was asked for"},
            "change": {
                "type": "object",
                "title": "members of the payload by pointers (RFC 6901), and what they would be",
            },
            "ask": {
                "type": "array",
                "items": {"type": "string"},
                "title": "pointers of members to change that only the sender knows",
            },
            "first": {
                "type": "array",
                "items": _OTHER,
                "title": "events to record before the same event",
            },
            "instead": _OTHER,
            "sign": {
                "type": "array",
                "items": {"type": "string"},
                "title": "parties whose lines are missing: bound now, or by the change",
            },
            "unsign": {
                "type": "array",
                "items": {"type": "string"},
                "title": "parties whose lines are taken away",
            },
            "after": {"type": "string", "title": "the first day, or instant, that will do"},
        },
    },
    "Problem": {
        "type": "object",
        "required": ["type", "title", "status", "code", "detail"],
        "properties": {
            "type": {"type": "string"},
            "title": {"type": "string"},
            "status": {"type": "integer"},
            "code": {"type": "string", "title": "stable, never translated"},
            "detail": {"type": "string"},
            "pointer": {"type": "string", "title": "where in the payload (RFC 6901)"},
            "positions": {
                "type": "array",
                "items": {"type": "integer"},
                "title": "of the events that forbid",
            },
            "subjects": {"type": "array", "items": {"type": "string"}},
            "parameter": {"type": "string", "title": "of the request, that was refused"},
            "value": {"type": "string", "title": "its beginning, as it was sent"},
            "near": {
                "type": "array",
                "items": {"type": "string"},
                "title": "what it may have been meant to be",
            },
            "article": {"type": "string", "title": "the law, where the law is the reason"},
            "remedy": {"$ref": "#/components/schemas/Remedy"},
            "final": {"const": True, "title": "these bytes are refused for good: sign a new event"},
        },
    },
}
