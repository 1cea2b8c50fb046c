"""Trust policies: the file, the quorum, and checkpoints opened under both."""

import pickle
from hashlib import sha256

import pytest

from ledger.log.checkpoint import CheckpointRefused
from ledger.log.key import BadNoteSignature
from ledger.log.note import Ed25519NoteSigner, format_vkey
from ledger.log.policy import (
    QUORUM_NONE_POLICY,
    MalformedPolicy,
    QuorumMissed,
    open_witnessed_checkpoint,
    parse_policy,
)
from tests.support.log import (
    ORIGIN,
    TIME,
    ed25519_key,
    flip,
    log_signers,
    signed_checkpoint,
    verifiers,
    witness,
)

STATE = witness("state.example/w1")
INSTITUTES = [witness(f"institute.example/w{n}") for n in range(3)]
FIRMS = [witness(f"firm.example/w{n}") for n in range(3)]
LOG_KEYS = verifiers(log_signers())
W1 = f"witness w1 {format_vkey(STATE)}\n"
W2 = f"witness w2 {format_vkey(FIRMS[0])}\n"
THREE_GROUPS = "".join(
    [
        "# State, institutes and firms: a majority of each\n",
        *(f"log {format_vkey(signer)} https://ledger.example.vn/\n" for signer in log_signers()),
        f"witness state {format_vkey(STATE)} https://state.example/\n",
        *(f"witness inst-{n} {format_vkey(INSTITUTES[n])}\n" for n in range(3)),
        *(f"witness firm-{n} {format_vkey(FIRMS[n])}\n" for n in range(3)),
        "group institutes 2 inst-0 inst-1 inst-2\n",
        "group firms 2 firm-0 firm-1 firm-2\n",
        "group everyone all state institutes firms\n",
        "quorum everyone\n",
    ]
)
POLICY = parse_policy(THREE_GROUPS.encode())
QUORUM = ["state", "inst-0", "inst-2", "firm-1", "firm-2"]


def test_a_policy_reads_as_logs_witnesses_groups_and_quorum():
    assert [ORIGIN, ORIGIN] == [each.verifier.name for each in POLICY.logs]
    assert "https://ledger.example.vn/" == POLICY.logs[0].url
    assert ["https://state.example/", None] == [each.url for each in POLICY.witnesses[:2]]
    assert [2, 2, 3] == [each.threshold for each in POLICY.groups]
    assert "everyone" == POLICY.quorum


def test_a_policy_is_pinned_by_the_hash_of_its_bytes():
    assert sha256(THREE_GROUPS.encode()).hexdigest() == POLICY.sha256


def test_groups_are_satisfied_from_the_inside_out():
    assert POLICY.satisfied(QUORUM)
    for missing in QUORUM:
        assert not POLICY.satisfied(set(QUORUM) - {missing})


def test_only_witnesses_cosign():
    """A group's name among the cosigners must not count for the group."""
    assert not POLICY.satisfied(["everyone"])
    assert not POLICY.satisfied(["state", "institutes", "firms"])
    assert not POLICY.satisfied(["nobody"])


def test_the_policy_without_witnesses_asks_for_none():
    policy = parse_policy(QUORUM_NONE_POLICY)
    assert policy.quorum is None
    assert policy.satisfied([])


def test_thirty_two_of_each_are_supported():
    """C2SP tlog-policy recommends that much at the least."""
    lines = [
        f"log {format_vkey(Ed25519NoteSigner(f'log{n}.example', ed25519_key(f'log{n}')))}\n"
        for n in range(32)
    ]
    lines += [f"witness w{n} {format_vkey(witness(f'w{n}.example'))}\n" for n in range(32)]
    lines += [f"group g{n} all w{n}\n" for n in range(32)]
    policy = parse_policy("".join([*lines, "quorum g31\n"]).encode())
    assert (32, 32, 32) == (len(policy.logs), len(policy.witnesses), len(policy.groups))
    assert policy.satisfied(["w31"])
    assert not policy.satisfied(["w30"])


def test_names_are_octets_of_any_kind():
    """Neither Unicode spaces nor broken UTF-8 part two words (tlog-policy, "Character set")."""
    name = b"\xff\xe2\x80\xa8\xc2\xa0K"
    vkey = format_vkey(STATE).encode()
    policy = parse_policy(b"witness " + name + b" " + vkey + b"\nquorum " + name + b"\n")
    assert policy.satisfied([name.decode("utf-8", "surrogateescape")])
    with pytest.raises(MalformedPolicy):
        parse_policy(b"witness K " + vkey + "\nquorum \N{KELVIN SIGN}\n".encode())


@pytest.mark.parametrize(
    ("policy", "line"),
    [
        ("", 0),
        ("\n# nothing\n", 0),
        ("quorum none", 1),
        ("quorum none\r\n", 0),
        ("quorum none\0\n", 0),
        ("quorum none\x7f\n", 0),
        ("quorum none\nquorum none\n", 0),
        ("quorum\n", 1),
        ("quorum none none\n", 1),
        ("Quorum none\n", 1),
        ("quorumnone\n", 1),
        ("quorum\u00a0none\n", 1),
        (W1 + "quorum w2\n", 2),
        (f"witness {format_vkey(STATE)}\nquorum none\n", 1),
        (W1[:-1] + " url more\nquorum w1\n", 1),
        (W1[:-2] + "\nquorum w1\n", 1),
        ("witness none " + format_vkey(STATE) + "\nquorum none\n", 1),
        (W1 + W1.replace("w1", "w2") + "quorum w1\n", 2),
        (W1 + W2.replace("w2", "w1") + "quorum w1\n", 2),
        (W1 + "group w1 any w1\nquorum w1\n", 2),
        (W1 + "group none any w1\nquorum w1\n", 2),
        (W1 + "group g any\nquorum g\n", 2),
        (W1 + "group g\nquorum g\n", 2),
        (W1 + "group g any g\nquorum g\n", 2),
        (W1 + "group g any none\nquorum g\n", 2),
        (W1 + "group g any w1 w1\nquorum g\n", 2),
        (W1 + W2 + "group g any w1\ngroup h any w1 w2\nquorum h\n", 4),
        (W1 + "group g 0 w1\nquorum g\n", 2),
        (W1 + "group g 2 w1\nquorum g\n", 2),
        (W1 + "group g 01 w1\nquorum g\n", 2),
        (W1 + "group g -1 w1\nquorum g\n", 2),
        (W1 + "group g most w1\nquorum g\n", 2),
        ("group g any w1\n" + W1 + "quorum g\n", 1),
        ("quorum w1\n" + W1, 1),
        ("log\nquorum none\n", 1),
        (f"log {format_vkey(log_signers()[0])} url more\nquorum none\n", 1),
        (f"log {format_vkey(STATE)}\nquorum none\n", 1),
        (f"witness w {format_vkey(log_signers()[0])}\nquorum w\n", 1),
        (f"log {format_vkey(log_signers()[1])}\n" * 2 + "quorum none\n", 2),
    ],
)
def test_what_is_no_policy_is_refused_with_its_line(policy, line):
    with pytest.raises(MalformedPolicy) as refused:
        parse_policy(policy.encode())
    assert line == refused.value.line
    assert line == pickle.loads(pickle.dumps(refused.value)).line


def test_a_log_cannot_be_listed_as_a_witness_of_itself():
    """Stricter than tlog-policy, which compares logs with logs and witnesses with witnesses."""
    own = f"log {format_vkey(log_signers()[1])}\nwitness w {format_vkey(log_signers()[1])}\n"
    with pytest.raises(MalformedPolicy):
        parse_policy(f"{own}quorum w\n".encode())


def test_a_policy_over_a_mebibyte_is_refused():
    with pytest.raises(MalformedPolicy):
        parse_policy(b"#" * (1 << 20) + b"\nquorum none\n")


def by_name(names):
    everyone = {"state": STATE}
    everyone |= {f"inst-{n}": INSTITUTES[n] for n in range(3)}
    everyone |= {f"firm-{n}": FIRMS[n] for n in range(3)}
    return [everyone[name] for name in names]


def test_a_checkpoint_with_a_quorum_opens_with_the_times_of_its_witnesses():
    raw = signed_checkpoint(cosigners=by_name(QUORUM))
    opened = open_witnessed_checkpoint(raw, ORIGIN, LOG_KEYS, POLICY)
    assert 300 == opened.checkpoint.size
    assert dict.fromkeys(QUORUM, TIME) == opened.times


@pytest.mark.parametrize("missing", QUORUM)
def test_a_checkpoint_without_a_quorum_does_not_open(missing):
    raw = signed_checkpoint(cosigners=by_name(set(QUORUM) - {missing}))
    with pytest.raises(QuorumMissed):
        open_witnessed_checkpoint(raw, ORIGIN, LOG_KEYS, POLICY)


def test_one_witness_under_many_lines_is_one_witness():
    raw = signed_checkpoint(cosigners=[STATE] * 5)
    with pytest.raises(QuorumMissed):
        open_witnessed_checkpoint(raw, ORIGIN, LOG_KEYS, POLICY)


def test_a_quorum_does_not_stand_in_for_the_log():
    raw = signed_checkpoint(cosigners=by_name(QUORUM))
    line = raw.index("\N{EM DASH}".encode()) + len("\N{EM DASH} ".encode())
    with pytest.raises(CheckpointRefused):
        open_witnessed_checkpoint(flip(raw, line), ORIGIN, LOG_KEYS, POLICY)


def test_a_bad_line_of_a_witness_refuses_the_checkpoint_even_with_a_quorum():
    raw = signed_checkpoint(cosigners=by_name([*QUORUM, "inst-1"]))
    with pytest.raises(BadNoteSignature):
        open_witnessed_checkpoint(flip(raw, len(raw) - 20), ORIGIN, LOG_KEYS, POLICY)


def test_a_policy_that_lists_other_logs_is_not_met():
    other = format_vkey(Ed25519NoteSigner("other.example", ed25519_key("other")))
    policy = parse_policy(f"log {other}\nquorum none\n".encode())
    with pytest.raises(QuorumMissed, match="does not list"):
        open_witnessed_checkpoint(signed_checkpoint(), ORIGIN, LOG_KEYS, policy)


def test_a_policy_without_logs_leaves_the_log_to_the_verifier():
    policy = parse_policy(QUORUM_NONE_POLICY)
    assert {} == open_witnessed_checkpoint(signed_checkpoint(), ORIGIN, LOG_KEYS, policy).times
