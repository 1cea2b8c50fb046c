"""The shapes, for OpenAPI, of what this surface reads and writes as raw bytes."""

from typing import Any

_BASE64 = {"type": "string", "contentEncoding": "base64"}
_INSTANT = {"type": "string", "format": "date-time", "examples": ["2026-11-22T03:10:00.123Z"]}

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
            "article": {"type": "string", "title": "the law, where the law is the reason"},
            "remedy": {"type": "string", "title": "a type of event that reaches the same end"},
        },
    },
}
