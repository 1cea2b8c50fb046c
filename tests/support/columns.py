"""
What holds each stored column to the truth: the manifest of the superuser suite.

*authenticated*: under the tree, a signature or a commitment. *derived*: follows from what is, and
is computed again by `operate fsck`. *rendered*: a read model's, computed again by `operate
compare`. *operational*: says nothing about the log; nobody relies on it. A column without a label
fails the suite, so none is ever added without somebody asking what would notice if it were changed.
"""

from typing import Final

AUTHENTICATED, DERIVED, OPERATIONAL = "authenticated", "derived", "operational"
RENDERED = "rendered"

COLUMNS: Final[dict[str, dict[str, str]]] = {
    "ledger.head": {
        "one": OPERATIONAL,  # Holds the table to one row; it can be nothing but true.
        "origin": DERIVED,
        "size": DERIVED,
        "root": DERIVED,
        "frontier": DERIVED,
        "accepted": DERIVED,
        "not_before": OPERATIONAL,  # It delays; too early, or far ahead, is found.
    },
    "ledger.entries": {
        "position": AUTHENTICATED,
        "accepted": DERIVED,
        "event_id": DERIVED,
        "payload_sha256": DERIVED,
        "leaf_hash": DERIVED,
        "topic": DERIVED,
        "entry": AUTHENTICATED,
    },
    "ledger.tags": {"subject": DERIVED, "position": DERIVED},
    "ledger.turns": {"subject": DERIVED, "position": DERIVED},
    "ledger.nodes": {"level": DERIVED, "index": DERIVED, "hash": DERIVED},
    "ledger.checkpoints": {
        "size": DERIVED,
        "root": DERIVED,
        "note": AUTHENTICATED,
        "created": OPERATIONAL,  # When it was stored; the time that counts is in the note.
    },
    "ledger.signed_again": {
        "one": OPERATIONAL,
        "size": DERIVED,
        "root": DERIVED,
        "note": AUTHENTICATED,
        "created": DERIVED,
    },
    "ledger.cosignatures": {
        "size": DERIVED,
        "name": DERIVED,
        "key_id": DERIVED,
        "time": DERIVED,
        "line": AUTHENTICATED,
    },
    "ledger.links": dict.fromkeys(("chain", "number", "digest", "link"), DERIVED),
    "ledger.batches": dict.fromkeys(("first", "entries", "mac"), AUTHENTICATED),
    "ledger.vault": {
        "position": AUTHENTICATED,
        "path": AUTHENTICATED,
        "commitment": AUTHENTICATED,
        "holders": AUTHENTICATED,
        "sealed": AUTHENTICATED,
    },
    "ledger.kept": {"one": OPERATIONAL, "openings": DERIVED},
    "ledger.erased_openings": {
        "position": AUTHENTICATED,
        "path": AUTHENTICATED,
        "commitment": AUTHENTICATED,
        "holders": AUTHENTICATED,
        "erased_by": AUTHENTICATED,
    },
    # A row too few: the erasure is carried out once more. The log says what has to be erased.
    "ledger.erasures": dict.fromkeys(("position", "openings", "applied"), OPERATIONAL),
    # The operator's own record; anyone who owns the host can read what it says anyway.
    "ledger.shown_openings": dict.fromkeys(
        ("shown", "position", "path", "shown_to", "reason"), OPERATIONAL
    ),
    # Of earlier builds; what is put here is encrypted if it opens something, or removed.
    "ledger.plain_openings": dict.fromkeys(("position", "path", "salt", "value"), OPERATIONAL),
    # Who takes a row out is held to the signed refusals that clients have.
    "ledger.refusals": dict.fromkeys(
        ("payload_sha256", "event_id", "refused", "not_after", "said", "mac"), AUTHENTICATED
    ),
    # Nor on these: the submission is sealed, and clients hold the promises.
    "ledger.promises": dict.fromkeys(
        (
            *("payload_sha256", "event_id", "keys", "received"),
            *("answer_by", "tries", "sealed", "refusal"),
        ),
        OPERATIONAL,
    ),
    "read.subject_map": {
        "key": DERIVED,
        "subject": DERIVED,
        "count": DERIVED,
        "last": DERIVED,
        "chain": DERIVED,
    },
    "read.subject_map_buckets": dict.fromkeys(("bucket", "keys", "hash", "leaves"), DERIVED),
    "read.subject_map_size": {"one": OPERATIONAL, "size": DERIVED, "mac": OPERATIONAL},
    # Cursors: a wrong one shows in the rows, which `operate compare` renders again.
    "read.tracking": dict.fromkeys(("name", "position", "version", "updated"), OPERATIONAL),
    "read.progress": {
        **dict.fromkeys(("name", "version", "shape", "generation", "size", "halted"), OPERATIONAL),
        "digest": RENDERED,
        "mac": OPERATIONAL,
    },
}

SPOILT: Final[dict[str, str]] = {
    "bigint": "{0} + 1000003",
    "integer": "({0} + 7) % 65536",
    "smallint": "{0} + 8",
    "text": "{0} || 'x'",
    "uuid": "gen_random_uuid()",
    "timestamp with time zone": "{0} - interval '1 second'",
    "bytea": "set_bit({0}, 3, 1 - get_bit({0}, 3))",
    "ARRAY": "{0}[2:]",
}
"""How a value of each type is changed, by its type in the catalogue."""
