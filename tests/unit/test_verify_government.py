"""Step 8 for the ledger's own government: what an operator could record alone, or once more.

Each log here goes to the verifier of whole logs and to the one-file verifier (`refusal_of`).
"""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ledger import court
from ledger.domain.parties.ledger_state import ledger_subject
from ledger.log.cosignature import CosignatureV1Signer
from ledger.log.note import Ed25519NoteSigner, format_vkey
from ledger.log.policy import QUORUM_NONE_POLICY
from ledger.node.genesis import trust_root
from ledger.verify.outcome import Check, Refused
from ledger.verify.verifier import verify_export
from ledger.wire import canonical
from ledger.wire.entry import parse_entry
from tests.support.builders import AUTHOR, FIRM, OPERATOR, REGISTRAR, RIVAL
from tests.support.mandates import mandate_given
from tests.support.parties import party_dissolved, party_merged, person_erased
from tests.support.sample_log import (
    PARTIES,
    SampleLog,
    log_signers,
    party_key,
    sample_log,
    seed,
)
from tests.support.verifying import (
    append,
    bundle_of,
    check_refused,
    payload,
    refusal_of,
    verified,
    whole_bundle,
)

LF = b"\n"
OFFICERS = [OPERATOR, REGISTRAR]
NONE = QUORUM_NONE_POLICY.decode().splitlines()


def policy(log: SampleLog, **members: Any) -> tuple[str, dict[str, Any]]:
    """Return a policy that the State and a firm approve, with members changed."""
    body = {
        "ledger": ledger_subject(log.origin),
        "policy": NONE,
        "policy_sha256": f"sha256:{sha256(QUORUM_NONE_POLICY).hexdigest()}",
        "speakers": [{"group": "firms", "party": FIRM}, {"group": "state", "party": REGISTRAR}],
        "approved_by": [FIRM, REGISTRAR],
        **members,
    }
    return "ledger.policy_adopted/1", body


def spoken(group: str, party: str) -> dict[str, str]:
    return {"group": group, "party": party}


STATE = [spoken("state", REGISTRAR)]


def opened_again(log: SampleLog) -> tuple[str, dict[str, Any]]:
    body = canonical.load(parse_entry(log.entries[0]).payload)["body"]
    return "ledger.opened/1", body


def keys(log: SampleLog, *vkeys: str) -> tuple[str, dict[str, Any]]:
    body = {"ledger": ledger_subject(log.origin), "log_keys": list(vkeys), "reason": "x"}
    return "ledger.log_keys_adopted/1", body


def refusers(log: SampleLog, *vkeys: str) -> tuple[str, dict[str, Any]]:
    body = {"ledger": ledger_subject(log.origin), "reason": "x", "refusal_keys": list(vkeys)}
    return "ledger.refusal_keys_adopted/1", body


def say(log: SampleLog, topic: str, body: dict[str, Any], signers: list[str]) -> None:
    """Append an event, whatever its body is."""
    said = payload(log, type=topic, body=body, signers=sorted(signers))
    append(log, said, [party_key(signer) for signer in signers])


def stranger(origin: str) -> Ed25519NoteSigner:
    return Ed25519NoteSigner(origin, Ed25519PrivateKey.from_private_bytes(seed("stranger")))


def witnessed(name: str) -> dict[str, Any]:
    """Return the members of a policy with a witness of a name."""
    vkey = format_vkey(CosignatureV1Signer(name, Ed25519PrivateKey.from_private_bytes(seed("w"))))
    lines = [f"witness w {vkey}", "quorum none"]
    text = "".join(f"{line}\n" for line in lines).encode()
    return {"policy": lines, "policy_sha256": f"sha256:{sha256(text).hexdigest()}"}


Said = Callable[[SampleLog], tuple[str, dict[str, Any]]]

REFUSED: dict[str, tuple[Said, list[str]]] = {
    "a ledger that is opened again": (opened_again, [OPERATOR, REGISTRAR]),
    "a policy that one group approves": (
        lambda log: policy(log, approved_by=[REGISTRAR]),
        [OPERATOR, REGISTRAR],
    ),
    "a policy approved by who speaks for no group": (
        lambda log: policy(log, approved_by=[FIRM, REGISTRAR, RIVAL]),
        [OPERATOR, FIRM, REGISTRAR, RIVAL],
    ),
    "a first policy that the operator adopts as two groups": (
        lambda log: policy(
            log,
            speakers=[spoken("firms", OPERATOR), spoken("institutes", OPERATOR)],
            approved_by=[OPERATOR],
        ),
        [OPERATOR],
    ),
    "a first policy that two parties of the operator's approve": (
        lambda log: policy(
            log,
            speakers=[spoken("firms", FIRM), spoken("institutes", RIVAL)],
            approved_by=[FIRM, RIVAL],
        ),
        [OPERATOR, FIRM, RIVAL],
    ),
    "a policy for which one party speaks twice": (
        lambda log: policy(
            log, speakers=[spoken("firms", FIRM), spoken("institutes", FIRM), *STATE]
        ),
        [OPERATOR, FIRM, REGISTRAR],
    ),
    "a policy that the registrar approves as two groups": (
        lambda log: policy(
            log,
            speakers=[spoken("firms", REGISTRAR), spoken("institutes", REGISTRAR)],
            approved_by=[REGISTRAR],
        ),
        [OPERATOR, REGISTRAR],
    ),
    "a policy for which the operator speaks": (
        lambda log: policy(
            log, speakers=[spoken("firms", FIRM), spoken("institutes", OPERATOR), *STATE]
        ),
        [OPERATOR, FIRM, REGISTRAR],
    ),
    "a policy that the operator approves": (
        lambda log: policy(
            log,
            speakers=[spoken("institutes", OPERATOR), *STATE],
            approved_by=[OPERATOR, REGISTRAR],
        ),
        [OPERATOR, REGISTRAR],
    ),
    "a policy with a group that there is not": (
        lambda log: policy(log, speakers=[spoken("firms", FIRM), spoken("banks", RIVAL)]),
        [OPERATOR, FIRM, REGISTRAR],
    ),
    "a policy for which nobody speaks": (
        lambda log: policy(log, speakers=[]),
        [OPERATOR, FIRM, REGISTRAR],
    ),
    "a policy that is another than its digest": (
        lambda log: policy(log, policy_sha256=f"sha256:{'0' * 64}"),
        [OPERATOR, FIRM, REGISTRAR],
    ),
    "a policy that an approver has not signed": (policy, [OPERATOR, REGISTRAR]),
    "a policy that the operator has not signed": (policy, [FIRM, REGISTRAR]),
    "keys that have none in common with the last": (
        lambda log: keys(log, format_vkey(stranger(log.origin))),
        [OPERATOR, REGISTRAR],
    ),
    "keys of which none is ML-DSA-44": (
        lambda log: keys(log, format_vkey(log_signers(log.origin)[0])),
        [OPERATOR, REGISTRAR],
    ),
    "keys of which none is Ed25519": (
        lambda log: keys(log, format_vkey(log_signers(log.origin)[1])),
        [OPERATOR, REGISTRAR],
    ),
    "keys one of which bears another name": (
        lambda log: keys(
            log, *map(format_vkey, (*log_signers(log.origin), stranger("other.example/log")))
        ),
        [OPERATOR, REGISTRAR],
    ),
    "keys one of which is listed twice": (
        lambda log: keys(
            log, *map(format_vkey, (*log_signers(log.origin), *log_signers(log.origin)))
        ),
        [OPERATOR, REGISTRAR],
    ),
    "keys one of which cannot be read": (
        lambda log: keys(log, *map(format_vkey, log_signers(log.origin)), "no key"),
        [OPERATOR, REGISTRAR],
    ),
    "a policy that cannot be read": (
        lambda log: policy(
            log,
            policy=["quorum of"],
            policy_sha256=f"sha256:{sha256(b'quorum of' + LF).hexdigest()}",
        ),
        [OPERATOR, FIRM, REGISTRAR],
    ),
    "a policy with a witness under the log's own name": (
        lambda log: policy(log, **witnessed(log.origin)),
        [OPERATOR, FIRM, REGISTRAR],
    ),
    "keys of refusals that cannot be read": (lambda log: refusers(log, "no key"), OFFICERS),
    "keys of refusals under another name": (
        lambda log: refusers(log, format_vkey(stranger(log.origin))),
        OFFICERS,
    ),
    "keys of refusals, one of them twice": (
        lambda log: refusers(log, *[format_vkey(stranger(f"{log.origin}/refusals"))] * 2),
        OFFICERS,
    ),
    "keys of refusals that are ML-DSA-44": (
        lambda log: refusers(log, format_vkey(log_signers(f"{log.origin}/refusals")[1])),
        OFFICERS,
    ),
    "keys that the operator adopts alone": (
        lambda log: keys(log, *map(format_vkey, log_signers(log.origin))),
        [OPERATOR],
    ),
    "an operation that the next operator does not take": (
        lambda log: (
            "ledger.operation_handed_over/1",
            {"ledger": ledger_subject(log.origin), "operator": RIVAL, "reason": "x"},
        ),
        [OPERATOR, REGISTRAR],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_the_government_of_a_ledger_is_nobodys_alone(name: str, tmp_path: Path) -> None:
    said, signers = REFUSED[name]
    log = sample_log(11)
    say(log, *said(log), signers)
    refused = refusal_of(log, tmp_path)
    assert (Check.SIGNATURES, 11) == (refused.step, refused.position)


@pytest.mark.parametrize("keys", [["x"], "x", None])
def test_malformed_keys_of_refusals_are_no_entry(keys: object, tmp_path: Path) -> None:
    """An object that is not of its form is refused by the fifth step, by every judge."""
    log = sample_log(11)
    topic, body = refusers(log)
    changed = {**body, "refusal_keys": keys} if keys != ["x"] else {**body, "more": 1}
    say(log, topic, changed, OFFICERS)
    refused = refusal_of(log, tmp_path)
    assert (Check.FORM, 11) == (refused.step, refused.position)


def test_keys_of_refusals_that_both_officers_adopt(tmp_path: Path) -> None:
    log = sample_log(11)
    topic, body = refusers(log, format_vkey(stranger(f"{log.origin}/refusals")))
    log.say(body, OFFICERS, topic=topic)
    assert 12 == verified(log, tmp_path).checkpoint.size


def test_a_policy_and_keys_that_all_have_signed_are_followed(tmp_path: Path) -> None:
    log = sample_log(11)
    topic, body = policy(log)
    log.say(body, [FIRM, OPERATOR, REGISTRAR], topic=topic)
    topic, body = keys(log, *map(format_vkey, log_signers(log.origin)))
    log.say(body, [OPERATOR, REGISTRAR], topic=topic)
    assert 13 == verified(log, tmp_path).checkpoint.size


@pytest.mark.parametrize(
    "speakers",
    [
        [spoken("institutes", RIVAL), spoken("firms", OPERATOR)],
        [spoken("institutes", RIVAL), spoken("firms", RIVAL)],
        [],
    ],
    ids=["the operator among them", "one of them twice", "nobody"],
)
def test_a_later_policy_is_held_to_who_speaks_as_the_first(
    speakers: list[dict[str, str]], tmp_path: Path
) -> None:
    log = sample_log(11)
    for said in (policy(log), policy(log, speakers=speakers)):
        say(log, *said, [FIRM, OPERATOR, REGISTRAR])
    refused = refusal_of(log, tmp_path)
    assert (Check.SIGNATURES, 12) == (refused.step, refused.position)


def test_an_operator_that_spoke_for_a_group_before_approves_nothing(tmp_path: Path) -> None:
    log = sample_log(11)
    topic, body = policy(log)
    log.say(body, [FIRM, OPERATOR, REGISTRAR], topic=topic)
    handed = {"ledger": ledger_subject(log.origin), "operator": FIRM, "reason": "x"}
    log.say(handed, [FIRM, OPERATOR, REGISTRAR], topic="ledger.operation_handed_over/1")
    topic, body = policy(log, speakers=[*STATE, spoken("institutes", RIVAL)])
    log.say(body, [FIRM, REGISTRAR], topic=topic)
    refused = refusal_of(log, tmp_path)
    assert (Check.SIGNATURES, 13) == (refused.step, refused.position)


@pytest.mark.parametrize("officer", [OPERATOR, REGISTRAR])
def test_an_officer_in_office_does_not_end(officer: str, tmp_path: Path) -> None:
    attested = {"party": officer, "attested_by": None}
    for body in (party_dissolved(**attested), party_merged(**attested)):
        log = sample_log(12)
        log.say(body, [REGISTRAR])
        check_refused(log, tmp_path / body.TOPIC.replace("/", "-"), "first hand the operation over")


def test_an_operator_ends_when_it_has_handed_over(tmp_path: Path) -> None:
    log = sample_log(11)
    handed = {"ledger": ledger_subject(log.origin), "operator": FIRM, "reason": "x"}
    log.say(handed, [FIRM, OPERATOR, REGISTRAR], topic="ledger.operation_handed_over/1")
    log.say(party_merged(party=OPERATOR), [REGISTRAR])
    assert 13 == verified(log, tmp_path / "handed over").checkpoint.size
    log.say(party_merged(party=FIRM, into=RIVAL), [REGISTRAR])
    check_refused(log, tmp_path / "ended", "first hand the operation over")


def test_a_person_who_operates_is_not_erased(tmp_path: Path) -> None:
    log = sample_log(11)
    handed = {"ledger": ledger_subject(log.origin), "operator": AUTHOR, "reason": "x"}
    log.say(handed, [AUTHOR, OPERATOR, REGISTRAR], topic="ledger.operation_handed_over/1")
    log.say(person_erased(token=AUTHOR), [AUTHOR, REGISTRAR])
    check_refused(log, tmp_path, "first hand the operation over")


def test_the_registrar_does_not_operate(tmp_path: Path) -> None:
    log = sample_log(11)
    handed = {"ledger": ledger_subject(log.origin), "operator": REGISTRAR, "reason": "x"}
    log.say(handed, OFFICERS, topic="ledger.operation_handed_over/1")
    check_refused(log, tmp_path, "only !@registrar may be the `operator` of it")


def test_no_ledger_opens_with_one_party_for_both_officers(tmp_path: Path) -> None:
    log = sample_log(1)
    value = canonical.load(parse_entry(log.entries.pop()).payload)
    value["body"]["operator"] = REGISTRAR
    log.sign(canonical.dump(value), [party_key(party) for party in PARTIES])
    check_refused(log, tmp_path, "only !registrar may be the `operator` of it")


@pytest.mark.parametrize("holder", [OPERATOR, REGISTRAR, FIRM])
def test_no_mandate_makes_one_key_of_both_officers(holder: str, tmp_path: Path) -> None:
    """Where both sign each does by a key of its own; where one does, its mandate counts."""
    log = sample_log(11)
    for principal in {*OFFICERS} - {holder}:
        terms = {"principal": principal, "holder": holder, "topics": ["*"]}
        log.say(
            mandate_given(mandate=f"mandate:{principal[6:]}", **terms),
            sorted({principal, OPERATOR}),
        )
    before, key = log.size, [party_key(holder)]
    log.say(party_dissolved(party=RIVAL, attested_by=None), [REGISTRAR], keys=key)
    assert before + 1 == verified(log, tmp_path / "one").checkpoint.size
    topic, body = refusers(log, format_vkey(stranger(f"{log.origin}/refusals")))
    log.say(body, OFFICERS, topic=topic, keys=key)
    why = "binds none of the signers" if holder == FIRM else "no line binds"
    check_refused(log, tmp_path / "both", why)


def test_no_witness_of_a_trust_root_bears_the_log_s_name(tmp_path: Path) -> None:
    """Its cosignature would be read as the log's own, to the second."""
    log = sample_log(11)
    vkeys = [format_vkey(each) for each in log_signers(log.origin)]
    for name in (log.origin, "w.example/w"):
        lines = witnessed(name)["policy"]
        root = {**trust_root(log.origin, vkeys, log.entries[0]), "policy": "\n".join([*lines, ""])}
        trust = court.dumps(root).encode()
        step = "step 1" if name == log.origin else "step 4"
        with pytest.raises(Refused, match=step):
            verify_export(log.write(tmp_path), trust, workers=1)
        with pytest.raises(court.Refused, match=step):
            court.verify(whole_bundle(log), trust)


@pytest.mark.parametrize("changed", ["log_keys", "policy"])
def test_a_trust_root_whose_keys_or_policy_the_log_never_had(changed: str, tmp_path: Path) -> None:
    log = sample_log(11)
    root, note = json.loads(log.trust_root()), log.checkpoint()
    if changed == "log_keys":
        note, root["log_keys"] = log.checkpoint_by_another_too()
    else:
        root["policy"] = f"# another\n{root['policy']}"
    trust = court.dumps(root).encode()
    (log.write(tmp_path) / "checkpoint").write_bytes(note)
    with pytest.raises(Refused, match="step 4"):
        verify_export(tmp_path, trust, workers=1)
    with pytest.raises(court.Refused, match="step 4"):
        court.verify(bundle_of(log, range(log.size), checkpoint=note), trust)


def test_entry_0_that_opens_another_ledger_than_it_is_meant_for(tmp_path: Path) -> None:
    log = sample_log(1)
    value = canonical.load(parse_entry(log.entries.pop()).payload)
    value["body"]["origin"] = "other.example/techledger/0badcafe"
    log.sign(canonical.dump(value), [party_key(party) for party in PARTIES])
    refused = refusal_of(log, tmp_path)
    assert (Check.GENESIS, 0) == (refused.step, refused.position)
