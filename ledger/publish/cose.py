"""
COSE Receipts of the log (RFC 9942, tree algorithm RFC9162_SHA256), for users of SCITT (RFC 9943).

The same proof as a tlog-proof, in CBOR: a COSE_Sign1 by the log's Ed25519 key whose detached
payload is the Merkle root that the entry's inclusion proof leads to. docs/spec/log.md says which
bytes RFC 9942 leaves to us, and what such a receipt does not show.
"""

from typing import Final, NamedTuple

import cbor2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

MEDIA_TYPE: Final = "application/scitt-receipt+cose"

_SIGN1 = 18  # RFC 9052, section 2: the CBOR tag of a COSE_Sign1.
_ALG, _KID, _CWT_CLAIMS, _VDS, _VDP = 1, 4, 15, 395, 396  # Header parameters.
_EDDSA = -8  # RFC 9053, section 2.2.
_ISS, _SUB = 1, 2  # RFC 8392: claims.
_RFC9162_SHA256, _INCLUSION = 1, -1  # RFC 9942, sections 5.1 and 5.2.


class Included(NamedTuple):
    """An entry in a tree: the tree's size and root, the entry's position and its siblings."""

    size: int
    root: bytes
    position: int
    hashes: tuple[bytes, ...]


class CoseSigner:
    """Signs receipts by one Ed25519 key of the log; `kid` begins its verifier key: name+hash."""

    def __init__(self, issuer: str, kid: str, private: Ed25519PrivateKey) -> None:
        self._issuer, self._kid, self._private = issuer, kid, private

    def sign(self, subject: str, included: Included) -> bytes:
        """Return the receipt of an entry, `subject` being the URN of its event.

        The caller has verified that the log signed this root and that the proof leads to it.
        """
        protected = cbor2.dumps(
            {
                _ALG: _EDDSA,
                _KID: self._kid.encode(),
                _CWT_CLAIMS: {_ISS: self._issuer, _SUB: subject},
                _VDS: _RFC9162_SHA256,
            },
            canonical=True,
        )
        signature = self._private.sign(to_be_signed(protected, included.root))
        proof = cbor2.dumps([included.size, included.position, list(included.hashes)])
        proofs = {_VDP: {_INCLUSION: [proof]}}
        return cbor2.dumps(cbor2.CBORTag(_SIGN1, [protected, proofs, None, signature]))


def to_be_signed(protected: bytes, root: bytes) -> bytes:
    """Return the Sig_structure of RFC 9052, section 4.4, without external data."""
    return cbor2.dumps(["Signature1", protected, b"", root])
