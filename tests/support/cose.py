"""A COSE receipt taken apart by hand: what RFC 9942 says, and nothing of `ledger.publish.cose`."""

from typing import Any

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from ledger.log.merkle import leaf_hash
from ledger.log.proof import root_from_inclusion


def opened(receipt: bytes, entry: bytes, public: bytes) -> tuple[dict[Any, Any], int, int, bytes]:
    """Verify a receipt; return its protected header, the tree's size, the position, the root."""
    tagged = cbor2.loads(receipt)
    protected, unprotected, payload, signature = tagged.value
    assert (18, None) == (tagged.tag, payload)
    ((proof,),) = (each[-1] for each in unprotected.values())
    size, position, hashes = cbor2.loads(proof)
    root = root_from_inclusion(leaf_hash(entry), position, size, hashes)
    signed = cbor2.dumps(["Signature1", protected, b"", root])
    Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    return cbor2.loads(protected), size, position, root
