import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger.wire import canonical
from ledger.wire.base64 import b64decode, b64encode
from ledger.wire.canonical import dump, load
from ledger.wire.commitment import commit, opening_from_object, verify_opening
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import (
    PAYLOAD_TYPE,
    Envelope,
    envelope_from_object,
    envelope_to_object,
    pae,
    payload_hash,
    sign_envelope,
    verify_signatures,
)
from ledger.wire.signing_keys import PrivateKey, admit_key, key_id, load_public, verify

FOLDER = Path(__file__).parent
SPECIFICATION = Path(__file__).parents[3] / "docs" / "spec" / "event.md"


def golden(name: str) -> Any:
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def from_seed(seed: str) -> PrivateKey:
    return PrivateKey(Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed)))


def sealed() -> Envelope:
    vector = golden("envelope")
    return sign_envelope(vector["payload"].encode(), map(from_seed, vector["seeds"]))


@pytest.mark.parametrize("vector", golden("key-id"), ids=lambda vector: vector["algorithm"])
def test_key_ids(vector: dict[str, str]):
    spki = b64decode(vector["spki"])
    admit_key(vector["algorithm"], spki)
    assert vector["key_id"] == key_id(spki)


@pytest.mark.parametrize("vector", golden("key-id")[:2])
def test_keys_made_from_a_seed(vector: dict[str, str]):
    key = from_seed(vector["seed"])
    assert (vector["key_id"], vector["spki"]) == (key.key_id, b64encode(key.spki))


@pytest.mark.parametrize("vector", golden("pae"))
def test_pre_authentication_encoding(vector: dict[str, str]):
    assert vector["pae"].encode() == pae(vector["payload_type"], vector["payload"].encode())


def test_the_payload_is_canonical_and_has_its_hash():
    vector = golden("envelope")
    payload = vector["payload"].encode()
    assert payload == dump(load(payload))
    assert vector["payload_hash"] == payload_hash(payload)


def test_the_envelope_is_made_again_from_the_seeds():
    assert golden("envelope")["envelope"] == envelope_to_object(sealed())


def test_the_envelope_verifies():
    envelope = envelope_from_object(golden("envelope")["envelope"])
    ring = {
        vector["key_id"]: load_public(vector["algorithm"], b64decode(vector["spki"]))
        for vector in golden("key-id")
    }
    verify_signatures(envelope.payload, envelope.signatures, ring)


@pytest.mark.parametrize("vector", golden("signature"), ids=lambda vector: vector["algorithm"])
def test_signatures_that_no_seed_makes_again_still_verify(vector: dict[str, str]):
    message = pae(PAYLOAD_TYPE, golden("envelope")["payload"].encode())
    spki, signature = b64decode(vector["spki"]), b64decode(vector["signature"])
    verify(vector["algorithm"], spki, signature, message)


def test_the_entry_is_made_again_from_the_envelope():
    vector, envelope = golden("entry"), sealed()
    entry = Entry(vector["accepted"], envelope.payload_type, envelope.signatures, envelope.payload)
    raw = format_entry(entry)
    assert vector["entry"].encode() == raw
    assert entry == parse_entry(raw)
    assert vector["sha256"] == hashlib.sha256(raw).hexdigest()
    assert vector["leaf_hash"] == hashlib.sha256(b"\0" + raw).hexdigest()


@pytest.mark.parametrize("vector", golden("commitment"))
def test_commitments(vector: dict[str, Any]):
    place = vector["origin"], vector["event_id"]
    opening = opening_from_object(vector["opening"])
    assert vector["canonical_value"].encode() == dump(opening.value)
    assert vector["commitment"] == commit(*place, opening.path, opening.salt, opening.value)
    verify_opening(vector["commitment"], *place, opening)


def test_the_first_commitment_is_in_the_event():
    event = load(golden("envelope")["payload"].encode())
    assert golden("commitment")[0]["commitment"] == event["body"]["parts"]["commitment"]


def test_the_specification_lists_every_reason_for_which_a_payload_is_refused():
    text = SPECIFICATION.read_text(encoding="utf-8")
    assert [] == [reason for reason in canonical._MEANING if f"`{reason}`" not in text]


def test_the_specification_shows_the_golden_bytes():
    text = SPECIFICATION.read_text(encoding="utf-8")
    assert golden("entry")["entry"] in text
    assert golden("entry")["leaf_hash"] in text
    assert golden("envelope")["payload_hash"] in text
    assert golden("envelope")["envelope"]["payload"] in text
    assert golden("commitment")[0]["opening"]["salt"] in text
