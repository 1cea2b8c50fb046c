"""
The envelope: one payload and the signatures of all whom it binds (DSSE 1.0).

What is signed is not the payload alone but its pre-authentication encoding, so that a signature
for one type of payload is none for another:

    DSSEv1 40 application/vnd.techledger.event+json 17 {"ledger":"a.vn"}

In transit an envelope is JSON; its members are exactly these:

    {"payload": "<Base64>", "payloadType": "application/vnd.techledger.event+json",
     "signatures": [{"keyid": "<64 hex digits>", "sig": "<Base64>"}]}

Source: secure-systems-lab/dsse, protocol.md and envelope.md. Narrower than they are: key ids are
required, Base64 is the standard alphabet in its one spelling, no member is ignored.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.quoted import quoted
from ledger.wire.base64 import MalformedBase64, b64decode, b64encode
from ledger.wire.canonical import WireError
from ledger.wire.signing_keys import PrivateKey, PublicKey, SignatureMismatch, is_key_id

PAYLOAD_TYPE = "application/vnd.techledger.event+json"
"""The only type of payload so far. Another is refused: its bytes would mean nothing here."""

MAX_SIGNATURES = 32
"""Signature lines of one envelope."""


class MalformedEnvelope(WireError):
    """An object that is not an envelope of a signed event. The message says which part."""


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the id of the key, 64 hex digits, and the signature's bytes."""

    key_id: str
    value: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload, exactly as signed, with its signatures in the order of their key ids."""

    payload_type: str
    payload: bytes
    signatures: tuple[Signature, ...]


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the pre-authentication encoding: the bytes that every signature is over."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def payload_hash(payload: bytes) -> str:
    """Return the name by which other events refer to this one: `sha256:` and 64 hex digits."""
    return "sha256:" + hashlib.sha256(payload).hexdigest()


def sign_envelope(payload: bytes, keys: Iterable[PrivateKey]) -> Envelope:
    """Sign a payload with 1 to 32 different keys. Raises `MalformedEnvelope` for other numbers."""
    message = pae(PAYLOAD_TYPE, payload)
    return _envelope(payload, [Signature(key.key_id, key.sign(message)) for key in keys])


def verify_signatures(
    payload: bytes, signatures: Sequence[Signature], keys: Mapping[str, PublicKey]
) -> None:
    """Raise `SignatureMismatch` unless there are signatures and each one verifies under its key.

    `keys` maps key ids to the keys that may have signed; a line by any other key is refused, not
    ignored, so that nothing can be added to what the parties signed.
    """
    message = pae(PAYLOAD_TYPE, payload)
    if not signatures:
        raise SignatureMismatch
    for signature in signatures:
        key = keys.get(signature.key_id)
        if key is None:
            raise SignatureMismatch
        key.verify(signature.value, message)


def envelope_from_object(obj: Any) -> Envelope:
    """Read an envelope from its parsed JSON; lines may come in any order.

    Raises `MalformedEnvelope` for anything else. No signature has been verified then.
    """
    payload, kind, lines = _members(obj, ("payload", "payloadType", "signatures"))
    if kind != PAYLOAD_TYPE:
        raise MalformedEnvelope(f"payloadType is not {PAYLOAD_TYPE}")
    if not isinstance(lines, list):
        raise MalformedEnvelope(f"signatures is not an array, but {quoted(lines)}")
    return _envelope(_bytes("payload", payload), [_signature(line) for line in lines])


def envelope_to_object(envelope: Envelope) -> dict[str, Any]:
    """Write an envelope as an object that any JSON writer may carry."""
    return {
        "payload": b64encode(envelope.payload),
        "payloadType": envelope.payload_type,
        "signatures": [
            {"keyid": signature.key_id, "sig": b64encode(signature.value)}
            for signature in envelope.signatures
        ],
    }


def are_signature_lines(signatures: Sequence[Signature]) -> bool:
    """Tell whether there are 1 to 32 lines, sorted by key id, one for each key, none empty."""
    last = ""
    for signature in signatures:
        if signature.key_id <= last or not is_key_id(signature.key_id) or not signature.value:
            return False
        last = signature.key_id
    return 1 <= len(signatures) <= MAX_SIGNATURES


def _envelope(payload: bytes, signatures: list[Signature]) -> Envelope:
    ordered = tuple(sorted(signatures, key=lambda signature: signature.key_id))
    if not are_signature_lines(ordered):
        raise MalformedEnvelope(
            f"signatures are {len(ordered)}, by {len({each.key_id for each in ordered})} keys,"
            f" not 1 to {MAX_SIGNATURES}, each by another key"
        )
    return Envelope(PAYLOAD_TYPE, payload, ordered)


def _members(obj: Any, names: tuple[str, ...]) -> list[Any]:
    """Return an object's members in the order of `names`, which must be all it has."""
    if not isinstance(obj, dict) or obj.keys() != set(names):
        raise MalformedEnvelope(f"not an object with exactly the members {', '.join(names)}")
    return [obj[name] for name in names]


def _signature(line: Any) -> Signature:
    key_id, value = _members(line, ("keyid", "sig"))
    if not isinstance(key_id, str):
        raise MalformedEnvelope(f"keyid is not a string, but {quoted(key_id)}")
    if not is_key_id(key_id):
        raise MalformedEnvelope(f"keyid is not 64 hex digits in lower case: {quoted(key_id)}")
    signature = Signature(key_id, _bytes("sig", value))
    if not signature.value:
        raise MalformedEnvelope(f"sig of key {key_id} is empty")
    return signature


def _bytes(name: str, text: Any) -> bytes:
    if not isinstance(text, str):
        raise MalformedEnvelope(f"{name} is not a string, but {quoted(text)}")
    try:
        return b64decode(text)
    except MalformedBase64:
        raise MalformedEnvelope(f"{name} is not standard Base64: {quoted(text)}") from None
