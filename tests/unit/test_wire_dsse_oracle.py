"""Somebody else's DSSE code (securesystemslib) accepts our envelopes, and we accept its own."""

from functools import cache

import pytest
from cryptography.hazmat.primitives.serialization import load_der_public_key
from securesystemslib.dsse import Envelope as ForeignEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from ledger.wire.envelope import (
    PAYLOAD_TYPE,
    envelope_from_object,
    envelope_to_object,
    pae,
    sign_envelope,
    verify_signatures,
)
from ledger.wire.signing_keys import PrivateKey

PAYLOAD = '{"title":"Hợp đồng"}'.encode()

SCHEMES = {
    "ed25519": "ed25519",
    "ecdsa-p256-sha256": "ecdsa-sha2-nistp256",
    "rsa-pss-sha256": "rsassa-pss-sha256",
}


@cache
def key(algorithm: str) -> PrivateKey:
    return PrivateKey.generate(algorithm)


def foreign_key(signer: PrivateKey) -> SSlibKey:
    public = load_der_public_key(signer.spki)
    return SSlibKey.from_crypto(public, signer.key_id, SCHEMES[signer.algorithm])


@pytest.mark.parametrize("algorithm", SCHEMES)
def test_foreign_code_verifies_our_envelope(algorithm: str):
    obj = envelope_to_object(sign_envelope(PAYLOAD, [key(algorithm)]))
    foreign = ForeignEnvelope.from_dict(obj)
    accepted = foreign.verify([foreign_key(key(algorithm))], 1)
    assert pae(PAYLOAD_TYPE, PAYLOAD) == foreign.pae()
    assert [key(algorithm).key_id] == list(accepted)


def test_foreign_code_verifies_every_signer_of_one_envelope():
    signers = [key(algorithm) for algorithm in SCHEMES]
    foreign = ForeignEnvelope.from_dict(envelope_to_object(sign_envelope(PAYLOAD, signers)))
    accepted = foreign.verify([foreign_key(signer) for signer in signers], len(signers))
    assert {signer.key_id for signer in signers} == set(accepted)


def test_foreign_code_refuses_our_envelope_with_another_payload():
    foreign = ForeignEnvelope.from_dict(
        envelope_to_object(sign_envelope(PAYLOAD, [key("ed25519")]))
    )
    foreign.payload += b" "
    with pytest.raises(VerificationError):
        foreign.verify([foreign_key(key("ed25519"))], 1)


def test_we_verify_an_envelope_of_foreign_code():
    signer = key("ed25519")
    foreign = ForeignEnvelope(PAYLOAD, PAYLOAD_TYPE, {})
    foreign.sign(CryptoSigner(signer._handle, foreign_key(signer)))
    envelope = envelope_from_object(foreign.to_dict())
    verify_signatures(envelope.payload, envelope.signatures, {signer.key_id: signer.public})
