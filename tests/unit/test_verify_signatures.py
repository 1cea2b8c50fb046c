"""Whose signature counts where: nobody, the operator included, speaks for another party."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger.node.genesis import key_record
from ledger.verify.outcome import Check
from ledger.wire.base64 import b64encode
from ledger.wire.entry import Entry, format_entry, parse_entry
from ledger.wire.envelope import PAYLOAD_TYPE, sign_envelope
from ledger.wire.signing_keys import ALGORITHMS, PrivateKey
from tests.support import builders as b
from tests.support.builders import FIRM, INSTITUTE, OPERATOR, REGISTRAR, RIVAL, STRANGER
from tests.support.mandates import MANDATE, mandate_ended, mandate_given
from tests.support.parties import party_dissolved
from tests.support.sample_log import OFFICERS, SampleLog, party_key, sample_log
from tests.support.verifying import append, check_refused, payload, refusal_of, verified
from tests.support.weak_keys import close_rsa_key

THIRD_KEY = party_key(INSTITUTE, 2)


@pytest.fixture
def log() -> SampleLog:
    """Return the story up to where the institute's first key is revoked, at position 11."""
    return sample_log(12)


# Lines


def test_a_signature_over_another_payload_is_refused(log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log))
    entry = parse_entry(log.entries[-1])
    other = sign_envelope(entry.payload + b" ", [party_key(FIRM)]).signatures
    log.entries[-1] = format_entry(Entry(entry.accepted, PAYLOAD_TYPE, other, entry.payload))
    check_refused(log, tmp_path, "the signature does not verify")


def test_a_line_by_a_key_that_the_log_never_had_is_refused(log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log), keys=[party_key(FIRM), party_key(FIRM, 9)])
    check_refused(log, tmp_path, "there is no key")


def test_a_line_that_binds_no_signer_is_refused(log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log), keys=[party_key(FIRM), party_key(RIVAL)])
    check_refused(log, tmp_path, f"{RIVAL} binds none of the signers")


def test_a_signer_without_a_line_is_refused(log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log, signers=sorted([FIRM, RIVAL])))
    check_refused(log, tmp_path, f"no line binds {RIVAL}")


def test_a_line_stripped_from_a_contract_is_missed(log: SampleLog, tmp_path: Path) -> None:
    entry = parse_entry(log.entries[10])
    for line in entry.signatures:
        alone = Entry(entry.accepted, PAYLOAD_TYPE, (line,), entry.payload)
        log.entries[10] = format_entry(alone)
        check_refused(log, tmp_path, "no line binds", at=10)


@pytest.mark.parametrize("officer", [OPERATOR, REGISTRAR])
def test_no_officer_signs_for_a_party(officer: str, log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log), keys=[party_key(officer)])
    check_refused(log, tmp_path, f"{officer} binds none of the signers")


def test_two_keys_of_one_party_may_both_sign(log: SampleLog, tmp_path: Path) -> None:
    log.say(
        b.key_added(key=key_record(THIRD_KEY)),
        [INSTITUTE],
        keys=[party_key(INSTITUTE, 1), THIRD_KEY],
    )
    append(log, payload(log, signers=[INSTITUTE]), keys=[party_key(INSTITUTE, 1), THIRD_KEY])
    assert 14 == verified(log, tmp_path).checkpoint.size


# Keys and positions


def test_a_revoked_key_binds_no_more(log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log, signers=[INSTITUTE]), keys=[party_key(INSTITUTE)])
    check_refused(log, tmp_path, "was revoked at position 11")


def test_a_key_may_sign_its_own_revocation(tmp_path: Path) -> None:
    log = sample_log(11)
    revoked = b.key_revoked(key_id=party_key(INSTITUTE).key_id)
    log.say(revoked, [INSTITUTE], keys=[party_key(INSTITUTE)])
    assert 12 == verified(log, tmp_path).checkpoint.size


def test_a_key_binds_nothing_before_it_was_added(log: SampleLog, tmp_path: Path) -> None:
    early = sample_log(2)
    append(early, payload(early, signers=[INSTITUTE]), keys=[party_key(INSTITUTE, 1)])
    early.entries += log.entries[2:]
    check_refused(early, tmp_path, "there is no key", at=2)


def test_a_key_binds_nothing_before_its_party_was_registered(tmp_path: Path) -> None:
    log = sample_log(1)
    append(log, payload(log, signers=[STRANGER]), keys=[party_key(STRANGER)])
    log.entries += sample_log(2).entries[1:]
    check_refused(log, tmp_path, "is not registered", at=1)


@pytest.mark.parametrize(
    ("limits", "why"),
    [
        ({"not_before": "2026-11-02T03:00:00.001Z"}, "binds from"),
        ({"not_after": "2026-11-02T03:00:00.000Z"}, "bound until"),
        ({"not_before": "2026-11-02T03:00:00.000Z", "not_after": None}, None),
        ({"not_before": None, "not_after": "2026-11-02T03:00:00.001Z"}, None),
    ],
)
def test_a_key_binds_within_its_instants(
    limits: dict[str, Any], why: str | None, log: SampleLog, tmp_path: Path
) -> None:
    log.say(
        b.key_added(key=key_record(THIRD_KEY), **limits),
        [INSTITUTE],
        keys=[party_key(INSTITUTE, 1), THIRD_KEY],
    )
    append(log, payload(log, signers=[INSTITUTE]), keys=[THIRD_KEY])
    if why is None:
        assert 14 == verified(log, tmp_path).checkpoint.size
    else:
        check_refused(log, tmp_path, why)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_of_every_algorithm_bind(algorithm: str, log: SampleLog, tmp_path: Path) -> None:
    key = PrivateKey.generate(algorithm)
    log.say(b.key_added(party=FIRM, key=key_record(key)), [FIRM], keys=[party_key(FIRM), key])
    append(log, payload(log), keys=[key])
    assert 14 == verified(log, tmp_path).checkpoint.size


# New keys


def test_a_new_key_must_have_signed(log: SampleLog, tmp_path: Path) -> None:
    log.say(b.key_added(party=FIRM, key=key_record(THIRD_KEY)), [FIRM])
    check_refused(log, tmp_path, "new keys have not signed")


def test_a_key_that_is_in_the_log_is_not_added_again(log: SampleLog, tmp_path: Path) -> None:
    stolen = party_key(RIVAL)
    log.say(b.key_added(party=FIRM, key=key_record(stolen)), [FIRM], keys=[party_key(FIRM), stolen])
    check_refused(log, tmp_path, "is in the log already")


def test_a_key_that_comes_twice_in_one_event_is_refused(log: SampleLog, tmp_path: Path) -> None:
    key = party_key("party:vn.new")
    record = {**key_record(key)}
    body = b.party_registered(party="party:vn.new", keys=[record]).model_dump(mode="json")
    body["keys"] = [record, record]
    value = payload(
        log, type="party.registered/1", body=body, signers=sorted([OPERATOR, "party:vn.new"])
    )
    append(log, value, keys=[party_key(OPERATOR), key])
    check_refused(log, tmp_path, "is in the log already")


def _spki_of_the_identity_point() -> bytes:
    spki = party_key(FIRM).spki
    return spki[:-32] + (1).to_bytes(32, "little")


@pytest.mark.parametrize(
    ("record", "why"),
    [
        ({"algorithm": "rsa-pss-sha256"}, "the key is not an RSA key"),
        ({"algorithm": "dsa"}, "none of those of the ledger"),
        ({"public_key": b64encode(party_key(FIRM, 3).spki)}, "is not the SHA-256"),
        (
            {
                "public_key": b64encode(_spki_of_the_identity_point()),
                "key_id": hashlib.sha256(_spki_of_the_identity_point()).hexdigest(),
            },
            "new keys have not signed",  # A key of small order has no signature of its own.
        ),
    ],
)
def test_a_key_record_that_is_not_a_fit_key_is_refused(
    record: dict[str, str], why: str, log: SampleLog, tmp_path: Path
) -> None:
    body = b.key_added(party=FIRM).model_dump(mode="json")
    body["key"] = {**key_record(THIRD_KEY), **record}
    append(
        log,
        payload(log, type="key.added/1", body=body, signers=[FIRM]),
        keys=[party_key(FIRM), THIRD_KEY],
    )
    check_refused(log, tmp_path, why)


def test_a_weak_key_that_has_signed_is_refused(log: SampleLog, tmp_path: Path) -> None:
    weak = close_rsa_key()
    log.say(b.key_added(party=FIRM, key=key_record(weak)), [FIRM], keys=[party_key(FIRM), weak])
    check_refused(log, tmp_path, "close to each other")


def test_the_operator_cannot_give_a_party_a_key_by_that_key_alone(
    log: SampleLog, tmp_path: Path
) -> None:
    log.say(b.key_added(party=FIRM, key=key_record(THIRD_KEY)), [FIRM], keys=[THIRD_KEY])
    check_refused(log, tmp_path, "only #older may be the `party` of it")


@pytest.mark.parametrize("officer", [OPERATOR, REGISTRAR])
def test_an_officer_who_vouches_says_so_and_both_sign(
    officer: str, log: SampleLog, tmp_path: Path
) -> None:
    added = b.key_added(party=FIRM, key=key_record(THIRD_KEY), vouched_by=officer)
    log.say(added, [FIRM, *OFFICERS], keys=[THIRD_KEY, *map(party_key, OFFICERS)])
    assert 13 == verified(log, tmp_path).checkpoint.size


def test_nobody_else_vouches_for_a_key(log: SampleLog, tmp_path: Path) -> None:
    added = b.key_added(party=FIRM, key=key_record(THIRD_KEY), vouched_by=RIVAL)
    log.say(added, [FIRM, *OFFICERS], keys=[THIRD_KEY, *map(party_key, OFFICERS)])
    check_refused(log, tmp_path, "may be the `vouched_by` of it")


@pytest.mark.parametrize("party", [FIRM, OPERATOR])
def test_nobody_vouches_for_its_own_new_key(party: str, log: SampleLog, tmp_path: Path) -> None:
    """What admission let through by the name of a party, no verifier took: a log for ever bad."""
    added = b.key_added(party=party, key=key_record(THIRD_KEY), vouched_by=party)
    signers = sorted({party, *OFFICERS})
    log.say(added, signers, keys=[THIRD_KEY, *map(party_key, signers)])
    check_refused(log, tmp_path, "may be the `vouched_by` of it")


def test_a_new_key_binds_no_officer_through_a_mandate(log: SampleLog, tmp_path: Path) -> None:
    trusted = mandate_given(mandate=f"{MANDATE}9", principal=REGISTRAR, holder=FIRM, topics=["*"])
    log.say(trusted, [REGISTRAR, OPERATOR])
    added = b.key_added(party=FIRM, key=key_record(THIRD_KEY), vouched_by=REGISTRAR)
    log.say(added, [FIRM, *OFFICERS], keys=[THIRD_KEY, party_key(OPERATOR)])
    check_refused(log, tmp_path, f"no line binds {REGISTRAR}")


def test_a_party_is_registered_once(log: SampleLog, tmp_path: Path) -> None:
    """Else the operator alone could give it keys."""
    body = b.party_registered(party=FIRM, keys=[key_record(THIRD_KEY)])
    log.say(body, [FIRM, *OFFICERS], keys=[THIRD_KEY, *map(party_key, OFFICERS)])
    check_refused(log, tmp_path, f"{FIRM} is registered already")


# Who signs: the table of authority


def test_the_operator_alone_cannot_sign_for_two_parties(log: SampleLog, tmp_path: Path) -> None:
    """Anyone who signs says so in `signers`; whom the event binds, the table says."""
    log.say(b.contract_concluded(), [OPERATOR])
    check_refused(log, tmp_path, f"contract.concluded/1 is signed by {INSTITUTE}, {FIRM}")


def test_only_a_clerk_attests_what_an_office_did(log: SampleLog, tmp_path: Path) -> None:
    attested = b.right_filed(attested_by=RIVAL, document_sha256=b.SOME_HASH)
    log.say(attested, [RIVAL, OPERATOR])
    check_refused(log, tmp_path, "only #clerk may be the `attested_by` of it")


def test_a_party_that_has_ended_signs_nothing_more(log: SampleLog, tmp_path: Path) -> None:
    log.say(party_dissolved(party=FIRM, attested_by=None), [REGISTRAR])
    append(log, payload(log))
    check_refused(log, tmp_path, f"{FIRM} has ceased to be")


def test_a_type_of_tomorrow_is_read_and_named(log: SampleLog, tmp_path: Path) -> None:
    append(log, payload(log, type="technology.imagined/7"))
    told = verified(log, tmp_path).unchecked
    assert [
        (12, "who must sign technology.imagined/7, a type that this verifier does not know")
    ] == [*told]


def test_a_voucher_who_is_not_among_the_signers_is_refused(log: SampleLog, tmp_path: Path) -> None:
    added = b.key_added(party=FIRM, key=key_record(THIRD_KEY), vouched_by=OPERATOR)
    log.say(added, [FIRM], keys=[THIRD_KEY])
    check_refused(log, tmp_path, "key.added/1 is signed by")


def test_a_party_is_not_registered_without_the_operator(log: SampleLog, tmp_path: Path) -> None:
    key = party_key("party:vn.new")
    log.say(b.party_registered(party="party:vn.new", keys=[key_record(key)]), ["party:vn.new"])
    check_refused(log, tmp_path, "party.registered/1 is signed by")


def test_a_ledger_is_opened_once(log: SampleLog, tmp_path: Path) -> None:
    genesis = parse_entry(log.entries[0]).payload
    event_id = payload(log)["event_id"].encode()
    log.sign(
        genesis.replace(b"019a4000-0000-7000-8000-000000000000", event_id),
        [party_key(party) for party in (OPERATOR, REGISTRAR)],
    )
    check_refused(log, tmp_path, "opened once")


# Revocations


@pytest.mark.parametrize(
    ("revoked", "why"),
    [
        (
            {"key_id": party_key(INSTITUTE, 1).key_id, "revoked_by": FIRM},
            "may be the `revoked_by` of it",
        ),
        ({"key_id": party_key(FIRM).key_id, "revoked_by": INSTITUTE}, "in force"),
        ({"key_id": party_key(INSTITUTE).key_id, "revoked_by": INSTITUTE}, "in force"),
        ({"key_id": "0" * 64, "revoked_by": INSTITUTE}, "in force"),
    ],
)
def test_a_key_is_revoked_once_by_its_holder(
    revoked: dict[str, Any], why: str, log: SampleLog, tmp_path: Path
) -> None:
    signer = revoked["revoked_by"]
    key = party_key(signer, 1 if signer == INSTITUTE else 0)
    log.say(b.key_revoked(**revoked), [signer], keys=[key])
    check_refused(log, tmp_path, why)


@pytest.mark.parametrize("officer", [OPERATOR, REGISTRAR])
def test_one_officer_may_not_revoke_a_partys_key(
    officer: str, log: SampleLog, tmp_path: Path
) -> None:
    log.say(b.key_revoked(key_id=party_key(INSTITUTE, 1).key_id, revoked_by=None), [officer])
    check_refused(log, tmp_path, "key.revoked/1 is signed by")


def test_the_two_officers_may_revoke_a_partys_key(log: SampleLog, tmp_path: Path) -> None:
    revoked = b.key_revoked(key_id=party_key(INSTITUTE, 1).key_id, revoked_by=None)
    log.say(revoked, [OPERATOR, REGISTRAR])
    append(log, payload(log, signers=[INSTITUTE]), keys=[party_key(INSTITUTE, 1)])
    check_refused(log, tmp_path, "was revoked at position 12")


def test_a_revocation_that_names_another_signer_than_it_has_is_refused(
    log: SampleLog, tmp_path: Path
) -> None:
    revoked = b.key_revoked(key_id=party_key(INSTITUTE, 1).key_id, revoked_by=INSTITUTE)
    log.say(revoked, [FIRM])
    check_refused(log, tmp_path, "key.revoked/1 is signed by")


# Bodies of the six types


def capped_at(amount: object) -> dict[str, Any]:
    """Return a mandate whose ceiling has an amount that may be none."""
    given = mandate_given(mandate=f"{MANDATE}9").model_dump(mode="json")
    return given | {"ceiling": {"amount": amount, "currency": "VND"}}


@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("key.added/1", {}),
        ("key.added/1", {**b.key_added().model_dump(mode="json"), "more": 1}),
        ("key.added/1", {**b.key_added().model_dump(mode="json"), "party": 1}),
        ("key.added/1", {**b.key_added().model_dump(mode="json"), "key": None}),
        ("key.added/1", {**b.key_added().model_dump(mode="json"), "key": {"key_id": "a"}}),
        ("key.revoked/1", {**b.key_revoked().model_dump(mode="json"), "key_id": None}),
        ("mandate.given/1", {**mandate_given().model_dump(mode="json"), "topics": "*"}),
        (
            "mandate.given/1",
            {**mandate_given(mandate=f"{MANDATE}9").model_dump(mode="json"), "ceiling": {}},
        ),
        *(("mandate.given/1", capped_at(amount)) for amount in (True, -1)),
        ("mandate.ended/1", {**mandate_ended().model_dump(mode="json"), "ended_by": []}),
        ("party.registered/1", {"party": FIRM, "keys": []}),
        ("ledger.opened/1", {"parties": [1]}),
    ],
)
def test_a_malformed_body_that_would_change_who_may_sign_is_refused(
    topic: str, body: dict[str, Any], log: SampleLog, tmp_path: Path
) -> None:
    append(log, payload(log, type=topic, body=body))
    refused = refusal_of(log, tmp_path)
    assert (Check.FORM, 12) == (refused.step, refused.position)


def test_a_key_whose_base64_has_a_second_spelling_is_refused(
    log: SampleLog, tmp_path: Path
) -> None:
    body = b.key_added(party=FIRM).model_dump(mode="json")
    record = key_record(THIRD_KEY)
    body["key"] = {**record, "public_key": record["public_key"].rstrip("=")}
    append(log, payload(log, type="key.added/1", body=body), keys=[party_key(FIRM), THIRD_KEY])
    assert Check.FORM == refusal_of(log, tmp_path).step


def test_a_second_der_encoding_of_a_key_is_refused(log: SampleLog, tmp_path: Path) -> None:
    key = PrivateKey.generate("ecdsa-p256-sha256")
    point = key._handle.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    assert 33 == len(point)
    header = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    spki = header + point
    record = {
        "algorithm": "ecdsa-p256-sha256",
        "key_id": hashlib.sha256(spki).hexdigest(),
        "public_key": b64encode(spki),
    }
    body = {**b.key_added(party=FIRM).model_dump(mode="json"), "key": record}
    append(log, payload(log, type="key.added/1", body=body), keys=[party_key(FIRM)])
    check_refused(log, tmp_path, "new keys have not signed")
